// Makes calls of plugins and answers them: the same for a program of its own and for a plugin inside the caller.
using Berth.Linux.Files;
using Berth.Network.Calls;
using Berth.Network.Contract;

namespace Berth.Network.Plugins;

/// <summary>From texts to a call, and from a call to the method that answers it.</summary>
internal static class PluginCalls
{
    /// <summary>Refuses a version that is not spoken, or that does not know the command yet.</summary>
    public static void RequireVersion(CniCommand command, string version)
    {
        string since = command switch
        {
            CniCommand.Check => "0.4.0",
            CniCommand.Collect or CniCommand.Status => "1.1.0",
            _ => CniVersions.Oldest,
        };
        if (since != CniVersions.Oldest && !CniVersions.AtLeast(version, since))
        {
            throw new CniException(CniCode.IncompatibleVersion, $"config version does not allow {command.Word()}");
        }
        CniVersions.Require(version);
    }

    /// <summary>A call with what its configuration says.</summary>
    public static PluginCall Make(CniCommand command, PluginConfiguration configuration) => new()
    {
        Command = command,
        Configuration = configuration,
        PreviousResult = configuration.Member("prevResult") is { } previous ? CniJson.ReadResult(previous, configuration.CniVersion) : null,
        Valid = command == CniCommand.Collect ? Valid(configuration) : [],
    };

    /// <summary>Calls the method; the result of ADD, else null.</summary>
    public static CniResult? Perform(IPlugin plugin, PluginCall call)
    {
        switch (call.Command)
        {
            case CniCommand.Add: return plugin.Add(call);
            case CniCommand.Delete: plugin.Delete(call); break;
            case CniCommand.Check: plugin.Check(call); break;
            case CniCommand.Collect: plugin.Collect(call); break;
            case CniCommand.Status: plugin.Status(call); break;
        }
        return null;
    }

    /// <summary>The namespace's path; null when it is not said, and for DEL also when it is gone: there is nothing in it to undo.</summary>
    public static string? Namespace(CniCommand command, string? path) =>
        string.IsNullOrEmpty(path) || (command == CniCommand.Delete && !KernelFile.Exists(path)) ? null : path;

    /// <summary>CNI_ARGS: <c>K=V;K2=V2</c>.</summary>
    public static List<KeyValuePair<string, string>> Arguments(string text)
    {
        List<KeyValuePair<string, string>> pairs = [];
        foreach (Range range in text.AsSpan().Split(';'))
        {
            ReadOnlySpan<char> pair = text.AsSpan()[range];
            if (pair.IsEmpty && text.Length == 0) continue;
            int equals = pair.IndexOf('=');
            if (equals < 0) throw new CniException(CniCode.InvalidEnvironment, $"ARGS: invalid pair \"{pair}\"");
            pairs.Add(new(pair[..equals].ToString(), pair[(equals + 1)..].ToString()));
        }
        return pairs;
    }

    /// <summary>CNI_PATH.</summary>
    public static string[] Folders(string path) => path.Split(':', StringSplitOptions.RemoveEmptyEntries);

    private static List<AttachmentId> Valid(PluginConfiguration configuration)
    {
        // The specification calls it so, its library for some time only wrote the other. Go writes an empty list as null.
        string name = configuration.Json.TryGetProperty("cni.dev/valid-attachments", out _) ? "cni.dev/valid-attachments" : "cni.dev/attachments";
        if (!configuration.Json.TryGetProperty(name, out _))
        {
            throw CniException.Wrong("cannot collect: cni.dev/valid-attachments is not there, and without it everything would be removed");
        }
        List<AttachmentId> valid = [];
        foreach (PluginConfiguration one in configuration.Objects(name)) valid.Add(new AttachmentId(one.Text("containerID") ?? "", one.Text("ifname") ?? ""));
        return valid;
    }
}
