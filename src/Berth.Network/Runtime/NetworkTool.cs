// cnitool's role: a network namespace is attached to a configured network by hand, looked at, detached.
using System.Text;
using System.Text.Json;
using Berth.Linux.Files;
using Berth.Network.Cache;
using Berth.Network.Contract;
using Berth.Network.Firewall;
using Berth.Network.Lists;
using Berth.Oci.Faults;

namespace Berth.Network.Runtime;

/// <summary>Command line of the CNI runtime, with cnitool's words, variables and container ids: either undoes what the other did.</summary>
public static class NetworkTool
{
    /// <summary>Its verbs.</summary>
    public static IReadOnlyList<string> Verbs => ["add", "check", "del", "gc", "status"];

    /// <summary>What <c>--help</c> says of it.</summary>
    public const string Usage = """
        usage: berth-cni add|check|del NETWORK NETNS [-i IFNAME] [--execute]
               berth-cni gc|status NETWORK [--execute]
        Attaches the network namespace NETNS (a path) to a network of NETCONFPATH (/etc/cni/net.d), looks whether it still is as it was, detaches it.
        gc removes what is left of attachments whose network namespace is gone. status asks the plugins whether they are ready.
        CNI_PATH: folders of plugins. CAP_ARGS: capabilities as JSON, such as {"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]}.
        CNI_ARGS: pairs such as IgnoreUnknown=1;IP=10.1.2.3. CNI_IFNAME: eth0 without it. CNI_CACHE: folder of results, /var/lib/cni.
        Plugins of ours run in-process; with --execute all are executed.

        """;

    /// <summary>Does one verb.</summary>
    /// <returns>Exit code.</returns>
    public static int Run(ReadOnlySpan<string> words)
    {
        try
        {
            string answer = Perform(words);
            RawIo.WriteAll(1, Encoding.UTF8.GetBytes(answer));
            return 0;
        }
        catch (BerthException e)
        {
            RawIo.WriteAll(2, Encoding.UTF8.GetBytes($"berth-cni: {e.Sentence}\n"));
            return 1;
        }
    }

    private static string Perform(ReadOnlySpan<string> words)
    {
        List<string> names = [];
        string? interfaceName = null;
        bool execute = false;
        for (int i = 1; i < words.Length; i++)
        {
            if (words[i] is "-i" or "--ifname" && i + 1 < words.Length) interfaceName = words[++i];
            else if (words[i] == "--execute") execute = true;
            else if (words[i].StartsWith('-')) throw new BerthException(Fault.InvalidArgument, $"{words[i]} is no option", "berth-cni --help");
            else names.Add(words[i]);
        }
        bool needsNamespace = words[0] is "add" or "check" or "del";
        if (names.Count < (needsNamespace ? 2 : 1)) throw new BerthException(Fault.InvalidArgument, $"{words[0]} needs the name of a network{(needsNamespace ? " and the path of a network namespace" : "")}", "berth-cni --help");
        NetworkList list = new NetworkListFolder(Variable("NETCONFPATH") ?? NetworkListFolder.Standard).Load(names[0]);
        CniRuntimeOptions options = new() { Prefer = execute ? Prefer.Executed : Prefer.InProcess, CacheFolder = Variable("CNI_CACHE") ?? ResultCache.Standard };
        if (Variable("CNI_PATH") is { } path) options = options with { PluginFolders = path.Split(':', StringSplitOptions.RemoveEmptyEntries) };
        return Perform(words[0], new CniRuntime(options), list, needsNamespace ? Request(names[1], interfaceName) : null);
    }

    private static string Perform(string verb, CniRuntime runtime, NetworkList list, AttachmentRequest? request)
    {
        switch (verb)
        {
            case "add": return Encoding.UTF8.GetString(CniJson.WriteResult(runtime.Add(list, request!), list.CniVersion)) + "\n";
            case "check": runtime.Check(list, request!); return "";
            case "del": runtime.Delete(list, request!); return "";
            case "status": runtime.Status(list); return "";
            case "gc": runtime.Collect(list, Alive(runtime, list)); return "";
            default: throw new BerthException(Fault.InvalidArgument, $"{verb} is no verb", "berth-cni --help");
        }
    }

    private static List<AttachmentId> Alive(CniRuntime runtime, NetworkList list)
    {
        List<AttachmentId> alive = [];
        foreach (CachedAttachment cached in runtime.Cache.All())
        {
            if (cached.NetworkName == list.Name && KernelFile.Exists(cached.NetworkNamespace)) alive.Add(cached.Attachment);
        }
        return alive;
    }

    private static AttachmentRequest Request(string path, string? interfaceName)
    {
        string full = Path.GetFullPath(path);
        return new AttachmentRequest
        {
            ContainerId = "cnitool-" + Convert.ToHexStringLower(ChainName.Hash(Encoding.UTF8.GetBytes(full)).AsSpan(0, 10)),
            NetworkNamespace = full,
            InterfaceName = interfaceName ?? Variable("CNI_IFNAME") ?? "eth0",
            Arguments = Arguments(Variable("CNI_ARGS")),
            Capabilities = Capabilities(Variable("CAP_ARGS")),
        };
    }

    private static List<KeyValuePair<string, string>> Arguments(string? text)
    {
        List<KeyValuePair<string, string>> pairs = [];
        foreach (string pair in (text ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split('=', 2);
            if (parts.Length < 2 || parts[0].Length == 0) throw new BerthException(Fault.InvalidArgument, $"CNI_ARGS has \"{pair}\", which is no pair", "K8S_POD_NAME=a;IP=10.1.2.3");
            pairs.Add(new KeyValuePair<string, string>(parts[0], parts[1]));
        }
        return pairs;
    }

    private static Dictionary<string, string> Capabilities(string? text)
    {
        Dictionary<string, string> capabilities = [];
        if (text is null) return capabilities;
        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            foreach (JsonProperty property in json.RootElement.EnumerateObject()) capabilities[property.Name] = property.Value.GetRawText();
            return capabilities;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new BerthException(Fault.InvalidArgument, "CAP_ARGS is no object of JSON", """{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]}""", e);
        }
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
