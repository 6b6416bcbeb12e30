// berth-cni: the CNI plugin that its name or its first word says, the CNI runtime, the DNS server of networks, or the DHCP client of containers. Wiring only; see Berth.Network.
using System.Text;
using Berth.Linux.Files;
using Berth.Network.Ipam.Dhcp;
using Berth.Network.Names;
using Berth.Network.Plugins;
using Berth.Network.Rootless;
using Berth.Network.Runtime;

string[] words = Environment.GetCommandLineArgs();
string name = words[0][(words[0].LastIndexOf('/') + 1)..];
if (name == "berth-dns") return NameServerProgram.Main(args);
if (name == "berth-usernet") return UserNetworkProgram.Main(args);
// Also as `berth-cni dhcp daemon`.
if (name == "dhcp" && args is ["daemon", ..]) return DhcpDaemonProgram.Main(args.AsSpan(1));
if (name == "berth-cni" && args is ["dhcp", "daemon", ..]) return DhcpDaemonProgram.Main(args.AsSpan(2));
if (name != "berth-cni") return PluginProgram.Run(name);
return args switch
{
    ["--version"] => Say(1, "berth-cni 0.1.0\n", 0),
    ["--help"] or ["-h"] => Say(1, Usage(), 0),
    [LabelledTap.Word, ..] => LabelledTap.Run(args),
    [var verb, ..] when NetworkTool.Verbs.Contains(verb) => NetworkTool.Run(args),
    [var plugin] => PluginProgram.Run(plugin),
    _ => Say(2, Usage(), 1),
};

static string Usage() => $"""
    usage: berth-cni PLUGIN, or by a link that has the plugin's name
    What is to be done comes by CNI_COMMAND and the other variables of the specification, the configuration by standard input.
    plugins: {string.Join(' ', BuiltIn.Names)}

    berth-cni dhcp daemon: gets and prolongs the leases of the plugin dhcp; -h shows its flags

    {NetworkTool.Usage}

    """;

static int Say(int stream, string text, int code)
{
    RawIo.WriteAll(stream, Encoding.UTF8.GetBytes(text));
    return code;
}
