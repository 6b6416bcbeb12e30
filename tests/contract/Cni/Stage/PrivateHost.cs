// A host of a test's own: network and mounts of the machine are not touched, and all of it is gone when its first process is.
using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Berth.Contract.Cni.Stage;

/// <summary>A network namespace and a mount namespace with a /run of their own; containers are named network namespaces in it.</summary>
public sealed partial class PrivateHost : IDisposable
{
    private const string SetUp = """
        mount -t tmpfs tmpfs /run && mount -t sysfs sysfs /sys && mkdir -p /run/netns /run/cni /run/data && ip link set lo up &&
        for f in /etc/cni /var/lib/cni; do ! test -d $f || mount -t tmpfs tmpfs $f || exit 1; done
        echo ready && exec cat
        """;

    private readonly Process _first;
    private readonly List<Process> _others = [];

    public PrivateHost(string folder)
    {
        Folder = folder;
        ProcessStartInfo start = new("unshare", ["-n", "-m", "sh", "-c", SetUp]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        _first = Process.Start(start)!;
        Assert.Equal("ready", _first.StandardOutput.ReadLine());
    }

    /// <summary>The plugins under test.</summary>
    public string Folder { get; }

    /// <summary>Words that bring a command here.</summary>
    internal string[] Enter => ["nsenter", "-t", $"{_first.Id}", "-n", "-m", "--"];

    /// <summary>The container's address plugin, with leases here.</summary>
    public static string HostLocal(string ranges, string more = "") => $$"""{"type":"host-local","dataDir":"/run/data","ranges":[{{ranges}}]{{more}}}""";

    /// <summary>Makes a container; its network namespace is <c>/run/netns/NAME</c>.</summary>
    public PrivateHost Container(string name)
    {
        Run($"ip netns add {name}");
        Run($"ip -n {name} link set lo up");
        return this;
    }

    /// <summary>A machine beside this one, joined by a pair of interfaces: the host is 192.0.2.1 and 2001:db8::1, the machine .2 and ::2.</summary>
    public PrivateHost Neighbour(string name)
    {
        Container(name);
        // Bridges that are made later have a working address of IPv6 at once.
        Run("for i in all default; do echo 0 > /proc/sys/net/ipv6/conf/$i/accept_dad; done");
        Run($"ip link add outside type veth peer name eth0 netns {name}");
        foreach (string line in (ReadOnlySpan<string>)["addr add 192.0.2.{0}/24 dev {1}", "addr add 2001:db8::{0}/64 dev {1} nodad", "link set {1} up"])
        {
            Run("ip " + string.Format(null, line, 1, "outside"));
            Run($"ip -n {name} " + string.Format(null, line, 2, "eth0"));
        }
        AwaitCarrier("", "outside");
        AwaitCarrier(name, "eth0");
        return this;
    }

    /// <summary>The kernel tells of a carrier up to a second later, and IPv6 waits for that.</summary>
    public void AwaitCarrier(string container, string name) => Run($"{Inside(container)} timeout 5 sh -c 'until ip link show {name} | grep -q LOWER_UP.*state.UP; do :; done'");

    /// <summary>Runs a plugin here, by default for the interface eth0 of container c1.</summary>
    public Answer Call(string command, string type, string configuration, string container = "c1", string interfaceName = "eth0", string? arguments = null) => new PluginRun(Folder, type)
    {
        Host = this,
        Command = command,
        ContainerId = container,
        NetworkNamespace = $"/run/netns/{container}",
        InterfaceName = interfaceName,
        Arguments = arguments,
    }.Run(configuration);

    /// <summary>Runs a command here; it must succeed.</summary>
    public string Run(string command)
    {
        (int code, string output, string error) = Try(command);
        Assert.True(code == 0, $"{command}: {code}: {output}{error}");
        return output;
    }

    /// <summary>Runs a command here.</summary>
    public (int Code, string Output, string Error) Try(string command)
    {
        using Process process = Begin(command);
        process.StandardInput.Close();
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.GetAwaiter().GetResult());
    }

    private Process Begin(string command)
    {
        ProcessStartInfo start = new(Enter[0]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string word in Enter.AsSpan(1)) start.ArgumentList.Add(word);
        foreach (string word in (ReadOnlySpan<string>)["sh", "-c", command]) start.ArgumentList.Add(word);
        return Process.Start(start)!;
    }

    /// <summary>Addresses of an interface, those of the link itself left out; in the host with "" as the container.</summary>
    public string[] Addresses(string container, string name) =>
        [.. Links(container).Where(l => l.GetProperty("ifname").GetString() == name).SelectMany(static l => l.GetProperty("addr_info").EnumerateArray())
            .Where(static a => a.GetProperty("scope").GetString() is "global").Select(static a => $"{a.GetProperty("local").GetString()}/{a.GetProperty("prefixlen").GetInt32()}")];

    /// <summary>Names of the interfaces, lo left out.</summary>
    public string[] Names(string container) => [.. Links(container).Select(static l => l.GetProperty("ifname").GetString()!).Where(static n => n != "lo").Order(StringComparer.Ordinal)];

    /// <summary>An interface as ip(8) describes it with details.</summary>
    public JsonElement Link(string container, string name) => Links(container).Single(l => l.GetProperty("ifname").GetString() == name);

    private JsonElement[] Links(string container)
    {
        // Old ones of ip(8) write an empty object for what does not match.
        JsonElement json = JsonDocument.Parse(Run($"ip {In(container)} -d -j addr show")).RootElement;
        return [.. json.EnumerateArray().Where(static l => l.TryGetProperty("ifname", out _))];
    }

    /// <summary>Routes of a table as ip(8) writes them, those of links and groups left out.</summary>
    public string[] Routes(string container, string table = "main")
    {
        string text = Try($"ip {In(container)} route show table {table}").Output + Try($"ip {In(container)} -6 route show table {table}").Output;
        return [.. text.Split('\n').Select(static l => l.Trim().Replace(" pref medium", "", StringComparison.Ordinal)).Where(static l => l.Length > 0 && !l.StartsWith("fe80:", StringComparison.Ordinal) && !l.Contains("ff00::", StringComparison.Ordinal))];
    }

    /// <summary>A value below /proc/sys.</summary>
    public string Sysctl(string container, string name) => Run($"{Inside(container)} cat /proc/sys/{name}").Trim();

    private static string In(string container) => container.Length == 0 ? "" : $"-n {container}";

    private static string Inside(string container) => container.Length == 0 ? "" : $"ip netns exec {container}";

    /// <summary>Starts a server that answers with its peer's address; it listens when this returns.</summary>
    /// <param name="container">Where.</param>
    /// <param name="kind">TCP4, TCP6, UDP4 or UDP6.</param>
    /// <param name="port">The port.</param>
    public void Serve(string container, string kind, int port)
    {
        // Of both versions at once there would be one port for two servers.
        string only = kind[3] == '6' ? ",ipv6only" : "";
        string address = kind[0] == 'T' ? $"{kind}-LISTEN:{port},fork,reuseaddr{only}" : $"{kind}-RECVFROM:{port},fork{only}";
        Process process = Begin($"exec {Inside(container)} socat -d -d {address} SYSTEM:'read x; echo $SOCAT_PEERADDR'");
        _others.Add(process);
        string? line;
        do line = process.StandardError.ReadLine();
        while (line is not null && !line.Contains("AF=", StringComparison.Ordinal));
        Assert.True(line?.Contains(" N ", StringComparison.Ordinal), line);
        _ = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Starts a program that stays until the end of the test, or until it is killed.</summary>
    /// <param name="command">What to execute.</param>
    /// <param name="ready">A condition of the shell that becomes true when it is ready.</param>
    public Process Start(string command, string ready)
    {
        Process process = Begin($"exec {command} > /run/output.$$ 2>&1");
        _others.Add(process);
        Run($"timeout 10 sh -c 'until {ready}; do sleep 0.02; done' || {{ cat /run/output.*; false; }}");
        return process;
    }

    /// <summary>Waits for a condition of the shell.</summary>
    public void Await(string condition, int seconds = 20) => Run($"timeout {seconds} sh -c 'until {condition}; do sleep 0.05; done'");

    /// <summary>Asks such a server; its answer, or empty when there is none.</summary>
    public string Ask(string container, string kind, string address, int port, string options = "")
    {
        string host = address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;
        string connect = kind[0] == 'T' ? ",connect-timeout=1" : "";
        return Try($"echo ask | {Inside(container)} socat -t1 - {kind}:{host}:{port}{connect}{options}").Output.Trim().Trim('[', ']');
    }

    /// <summary>Whether one reaches the other over TCP.</summary>
    public bool Reaches(string container, string address, int port) => Ask(container, address.Contains(':', StringComparison.Ordinal) ? "TCP6" : "TCP4", address, port).Length > 0;

    /// <summary>A text with the names and addresses taken out that are another's each time.</summary>
    public static string Plain(string text)
    {
        text = HardwareAddress().Replace(text, "MAC");
        text = Pair().Replace(text, "VETH");
        return Ifb().Replace(text, "IFB");
    }

    [GeneratedRegex("\\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\\b")]
    private static partial Regex HardwareAddress();

    [GeneratedRegex("\\bveth[0-9a-f]{8}\\b")]
    private static partial Regex Pair();

    [GeneratedRegex("\\bbwp[0-9a-f]{12}\\b")]
    private static partial Regex Ifb();

    public void Dispose()
    {
        foreach (Process process in _others)
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
        _first.StandardInput.Close();
        _first.WaitForExit();
        _first.Dispose();
    }
}
