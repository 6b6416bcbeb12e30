// One execution of a plugin, as an engine executes it.
using System.Diagnostics;
using System.Text.Json;

namespace Berth.Contract.Cni.Stage;

/// <summary>What a plugin said.</summary>
public sealed record Answer(int Code, string Output, string Error)
{
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    /// <summary>The addresses of a result of version 0.3.0 or newer.</summary>
    public string[] Addresses => [.. Json.GetProperty("ips").EnumerateArray().Select(static one => one.GetProperty("address").GetString()!)];

    /// <summary>What it said, without what is another's each time.</summary>
    public string Plain => PrivateHost.Plain(Output.Trim());

    public Answer Succeeds()
    {
        Assert.True(Code == 0, $"{Code}: {Output} {Error}");
        return this;
    }

    /// <summary>A configuration with this result as the one before.</summary>
    public string After(string configuration) => $"{configuration.TrimEnd()[..^1]},\"prevResult\":{Output}}}";

    public Answer Refuses(int code, string message = "")
    {
        Assert.True(Code == 1, $"{Code}: {Output} {Error}");
        Assert.Equal(code, Json.GetProperty("code").GetInt32());
        Assert.Contains(message, Json.GetProperty("msg").GetString(), StringComparison.Ordinal);
        return this;
    }
}

/// <summary>A plugin and the environment it is to have; null takes a variable away.</summary>
public sealed record PluginRun(string Folder, string Type)
{
    public string? Command { get; init; } = "ADD";

    public string? ContainerId { get; init; } = "c1";

    public string? NetworkNamespace { get; init; } = "/run/netns/there-is-none";

    public string? InterfaceName { get; init; } = "eth0";

    public string? Arguments { get; init; }

    public string? Path { get; init; } = "";

    /// <summary>The host that it runs on; null is the machine itself.</summary>
    public PrivateHost? Host { get; init; }

    public Answer Run(string configuration)
    {
        string program = System.IO.Path.Combine(Folder, Type);
        ProcessStartInfo start = new(Host is null ? program : Host.Enter[0]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        if (Host is not null)
        {
            foreach (string word in Host.Enter.AsSpan(1)) start.ArgumentList.Add(word);
            start.ArgumentList.Add(program);
        }
        Set(start, "CNI_COMMAND", Command);
        Set(start, "CNI_CONTAINERID", ContainerId);
        Set(start, "CNI_NETNS", NetworkNamespace);
        Set(start, "CNI_IFNAME", InterfaceName);
        Set(start, "CNI_ARGS", Arguments);
        Set(start, "CNI_PATH", Path is { Length: 0 } ? Folder : Path);
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        try
        {
            process.StandardInput.Write(configuration);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It did not want to read: VERSION, or it refused before.
        }
        Assert.True(process.WaitForExit(60_000), $"{program} {Command} does not end");
        return new Answer(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    private static void Set(ProcessStartInfo start, string name, string? value)
    {
        start.Environment.Remove(name);
        if (value is not null) start.Environment[name] = value;
    }
}
