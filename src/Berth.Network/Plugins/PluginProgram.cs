// The main function of a plugin: environment and standard input become a call, its result or its error goes to standard output.
using System.Text;
using Berth.Linux.Files;
using Berth.Network.Calls;
using Berth.Network.Contract;

namespace Berth.Network.Plugins;

/// <summary>Runs a plugin as the program that the specification describes (1.1, section 2).</summary>
public static class PluginProgram
{
    /// <summary>A list of valid attachments for GC may be long; no honest configuration is longer than this.</summary>
    private const int MostInput = 8 * 1024 * 1024;

    /// <summary>Answers one call.</summary>
    /// <param name="name">The plugin's name.</param>
    /// <returns>Exit code: 0, or 1 after an error.</returns>
    public static int Run(string name)
    {
        IPlugin? plugin = BuiltIn.Find(name);
        if (plugin is null)
        {
            Say(2, Encoding.UTF8.GetBytes($"berth-cni: {name} is none of its plugins: {string.Join(", ", BuiltIn.Names)}\n"));
            return 1;
        }
        return Run(name, plugin, Environment.GetEnvironmentVariable, ReadInput, Say);
    }

    /// <summary>As <see cref="Run(string)"/>, in a world of the caller's.</summary>
    internal static int Run(string name, IPlugin plugin, Func<string, string?> variable, Func<byte[]> input, Action<int, byte[]> say)
    {
        if (string.IsNullOrEmpty(variable("CNI_COMMAND")))
        {
            say(2, Encoding.UTF8.GetBytes($"CNI {name} plugin of berth\nCNI protocol versions supported: {string.Join(", ", CniVersions.All)}\n"));
            return 0;
        }
        string version = CniVersions.Current;
        try
        {
            byte[] answer = Answer(plugin, new PluginEnvironment(variable), input, ref version);
            if (answer.Length > 0) say(1, answer);
            return 0;
        }
        catch (Exception e)
        {
            // Whatever it is, the caller reads an error object: a stack trace on standard error would only be "no error message" to it.
            say(1, CniJson.WriteError(PluginFaults.Of(e), version));
            return 1;
        }
    }

    private static byte[] Answer(IPlugin plugin, PluginEnvironment environment, Func<byte[]> input, ref string version)
    {
        environment.Check();
        if (environment.Command == "VERSION") return CniJson.WriteVersions();
        PluginConfiguration configuration = CniJson.Configuration(input());
        CniNames.RequireNetworkName(configuration.NetworkName);
        CniCommand command = environment.Known();
        if (CniVersions.Speaks(configuration.CniVersion)) version = configuration.CniVersion;
        PluginCalls.RequireVersion(command, configuration.CniVersion);
        environment.RequireForeignNamespace(command);
        PluginCall call = PluginCalls.Make(command, configuration) with
        {
            ContainerId = environment.ContainerId,
            NetworkNamespace = PluginCalls.Namespace(command, environment.NetworkNamespace),
            InterfaceName = environment.InterfaceName,
            Arguments = PluginCalls.Arguments(environment.Arguments),
            Path = PluginCalls.Folders(environment.Path),
        };
        CniResult? result = PluginCalls.Perform(plugin, call);
        try
        {
            call.Rules.Commit();
        }
        catch when (command == CniCommand.Add)
        {
            // What is attached without its rules is half a success.
            call.Rules.Clear();
            plugin.Delete(call);
            call.Rules.Commit();
            throw;
        }
        return result is null ? [] : CniJson.WriteResult(result, configuration.CniVersion);
    }

    private static byte[] ReadInput()
    {
        byte[] bytes = new byte[16 * 1024];
        int length = 0;
        while (true)
        {
            int n = RawIo.Read(0, bytes.AsSpan(length));
            if (n < 0) throw new CniException(CniCode.InputOutput, $"cannot read standard input");
            if (n == 0) return bytes.AsSpan(0, length).ToArray();
            length += n;
            if (length > MostInput) throw new CniException(CniCode.InputOutput, $"cannot read standard input: it is longer than {MostInput >> 20} MiB");
            if (length == bytes.Length) Array.Resize(ref bytes, length * 4);
        }
    }

    private static void Say(int stream, byte[] bytes)
    {
        if (!RawIo.WriteAll(stream, bytes) && stream == 1) throw new CniException(CniCode.InputOutput, "cannot write the result to standard output");
    }
}
