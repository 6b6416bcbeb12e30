// A plugin that is a program: found in folders, told by environment and standard input, heard by standard output.
using System.Collections;
using System.Globalization;
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Network.Calls;
using Berth.Network.Contract;

namespace Berth.Network.Plugins;

/// <summary>Calls a program as the specification says.</summary>
internal static class ExecutedPlugin
{
    /// <summary>A package manager that replaces a plugin is writing it for a moment.</summary>
    private const Errno TextFileBusy = (Errno)26;
    private const int BusyTries = 50;
    private const int BusyPause = 100_000;

    /// <summary>The program of a type, or null.</summary>
    /// <exception cref="CniException">The type is no name.</exception>
    public static string? Find(string type, IReadOnlyList<string> folders)
    {
        if (type.Length == 0 || type is "." or ".." || type.Contains('/', StringComparison.Ordinal)) throw CniException.Wrong($"invalid plugin name: {type}");
        foreach (string folder in folders)
        {
            if (KernelPath.Facts($"{folder}/{type}") is { IsRegular: true }) return $"{folder}/{type}";
        }
        return null;
    }

    /// <summary>The complaint when there is none.</summary>
    public static CniException Missing(string type, IReadOnlyList<string> folders) =>
        CniException.Failed($"failed to find plugin \"{type}\" in path [{string.Join(' ', folders)}]");

    /// <summary>Calls it.</summary>
    /// <returns>The result of ADD, else null.</returns>
    /// <exception cref="CniException">What the plugin said, or why it could not be asked.</exception>
    public static CniResult? Call(string path, PluginCall call, ReadOnlyMemory<byte> input, TimeSpan timeout)
    {
        byte[] output = Ask(path, Environment(call), input, timeout);
        return call.Command == CniCommand.Add ? CniJson.ReadResult(output, call.Configuration.CniVersion) : null;
    }

    /// <summary>Asks for its versions; one that does not know the question speaks 0.1.0.</summary>
    public static IReadOnlyList<string> Versions(string path, TimeSpan timeout)
    {
        PluginCall call = new()
        {
            Command = CniCommand.Version,
            // Plugins of the first days want these to be there.
            NetworkNamespace = "dummy",
            InterfaceName = "dummy",
            Path = ["dummy"],
            Configuration = CniJson.Configuration("{}"u8.ToArray()),
        };
        PluginConfiguration said;
        try
        {
            said = CniJson.Configuration(Ask(path, Environment(call), "{\"cniVersion\":\"1.1.0\"}"u8.ToArray(), timeout));
        }
        catch (CniException e) when (e.Message == "unknown CNI_COMMAND: VERSION")
        {
            return ["0.1.0"];
        }
        if (said.Texts("supportedVersions") is { Count: > 0 } versions) return versions;
        if (said.Text("cniVersion") == "0.2.0") return ["0.1.0", "0.2.0"];
        throw new CniException(CniCode.Decoding, "cannot read the versions of the plugin: supportedVersions is not there");
    }

    private static byte[] Ask(string path, List<string> environment, ReadOnlyMemory<byte> input, TimeSpan timeout)
    {
        ProgramAnswer answer = Execute(new ProgramCall { Path = path, Environment = environment, Input = input, Timeout = timeout });
        if (answer.TimedOut)
        {
            throw new CniException(CniCode.TryAgainLater, string.Create(CultureInfo.InvariantCulture, $"{path} did not answer in {timeout.TotalSeconds} seconds and was killed"), Words(answer.Error));
        }
        if (answer.Status == 0) return answer.Output;
        string how = WaitStatus.Describe(answer.Status);
        if (answer.Output.Length == 0)
        {
            throw CniException.Failed(answer.Error.Length == 0 ? $"netplugin failed with no error message: {how}" : $"netplugin failed: \"{Words(answer.Error)}\": {how}");
        }
        CniException? error = CniJson.ReadError(answer.Output);
        if (error is null) throw CniException.Failed($"netplugin failed but error parsing its diagnostic message \"{Words(answer.Output)}\": {how}");
        throw error.Details is null && answer.Error.Length > 0 ? new CniException(error.Code, error.Message, Words(answer.Error)) : error;
    }

    private static ProgramAnswer Execute(ProgramCall call)
    {
        for (int tries = 1; ; tries++)
        {
            try
            {
                return ProgramCaller.Run(call);
            }
            catch (LinuxException e) when (e.Errno == TextFileBusy && tries < BusyTries)
            {
                ShortPause.Microseconds(BusyPause);
            }
            catch (LinuxException e)
            {
                throw new CniException(CniCode.InputOutput, $"cannot execute the plugin {call.Path}: {e.Message}", null, e);
            }
        }
    }

    /// <summary>Ours with the variables of CNI in place of what we may have been called with ourselves.</summary>
    private static List<string> Environment(PluginCall call)
    {
        List<string> environment = [];
        foreach (DictionaryEntry variable in System.Environment.GetEnvironmentVariables())
        {
            string name = (string)variable.Key;
            if (!name.StartsWith("CNI_", StringComparison.Ordinal) || name == "CNI_NETNS_OVERRIDE") environment.Add($"{name}={variable.Value}");
        }
        environment.Add($"CNI_COMMAND={call.Command.Word()}");
        environment.Add($"CNI_CONTAINERID={call.ContainerId}");
        environment.Add($"CNI_NETNS={call.NetworkNamespace}");
        environment.Add($"CNI_ARGS={Arguments(call)}");
        environment.Add($"CNI_IFNAME={call.InterfaceName}");
        environment.Add($"CNI_PATH={string.Join(':', call.Path)}");
        return environment;
    }

    private static string Arguments(PluginCall call)
    {
        StringBuilder text = new();
        foreach (KeyValuePair<string, string> pair in call.Arguments)
        {
            if (text.Length > 0) text.Append(';');
            text.Append(pair.Key).Append('=').Append(pair.Value);
        }
        return text.ToString();
    }

    /// <summary>The end of what it said: there the reason stands.</summary>
    private static string? Words(byte[] said)
    {
        string text = Encoding.UTF8.GetString(said.AsSpan(Math.Max(0, said.Length - 2048))).Trim();
        return text.Length == 0 ? null : text;
    }
}
