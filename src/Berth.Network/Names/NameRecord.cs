// The file of one attachment in the name server's directory: lines of a key and a value.
using System.Globalization;
using System.Net;
using System.Text;
using Berth.Oci.Faults;

namespace Berth.Network.Names;

/// <summary>
/// An attachment as the server finds it: a file <c>NETWORK@CONTAINER@INTERFACE.names</c>. Each holds all there is to know of its network,
/// so that attachments come and go without a lock and without a common file; where two disagree about the network, the later one holds.
/// <code>
/// berth-dns 1
/// written 1763820000000000000
/// network web
/// listen 10.89.0.1
/// port 53
/// domain berth
/// internal no
/// single-labels yes
/// upstream 192.0.2.53:53
/// timeout 2000
/// attempts 2
/// ttl 5
/// host-name host.containers.internal
/// host-address 10.89.0.1
/// container 7a3f…
/// interface eth0
/// address 10.89.0.2
/// name web
/// alias www
/// container-upstream 192.0.2.54:53
/// </code>
/// Lines that are not known are passed over.
/// </summary>
internal sealed record NameRecord(NetworkNames Network, ContainerNames Container, long Written)
{
    public const string Suffix = ".names";
    private const string FirstLine = "berth-dns 1";
    private const int LongestFileName = 255 - 4;

    /// <summary>The file's name.</summary>
    public static string FileName(string network, string container, string @interface) => $"{network}@{container}@{@interface}{Suffix}";

    /// <summary>The file's content.</summary>
    public byte[] ToBytes()
    {
        StringBuilder text = new(512);
        text.Append(FirstLine).Append('\n');
        Line(text, "written", Written.ToString(CultureInfo.InvariantCulture));
        Line(text, "network", Network.Name);
        foreach (IPAddress address in Network.Listen) Line(text, "listen", address.ToString());
        Line(text, "port", Number(Network.Port));
        Line(text, "domain", Network.Domain);
        Line(text, "internal", Network.Internal ? "yes" : "no");
        Line(text, "single-labels", Network.ForwardsSingleLabels ? "yes" : "no");
        foreach (IPEndPoint server in Network.Upstreams) Line(text, "upstream", server.ToString());
        Line(text, "timeout", Number(Network.TimeoutMilliseconds));
        Line(text, "attempts", Number(Network.Attempts));
        Line(text, "ttl", Number(Network.TimeToLive));
        foreach (string name in Network.HostNames) Line(text, "host-name", name);
        foreach (IPAddress address in Network.HostAddresses) Line(text, "host-address", address.ToString());
        Line(text, "container", Container.ContainerId);
        Line(text, "interface", Container.InterfaceName);
        foreach (IPAddress address in Container.Addresses) Line(text, "address", address.ToString());
        Line(text, "name", Container.Name);
        foreach (string name in Container.Aliases) Line(text, "alias", name);
        foreach (IPEndPoint server in Container.Upstreams) Line(text, "container-upstream", server.ToString());
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Refuses what could not be read again.</summary>
    /// <exception cref="BerthException">A name has characters that no name has.</exception>
    public void Validate()
    {
        RequirePlain(Network.Name, "the network's name");
        RequirePlain(Container.ContainerId, "the container's id");
        RequirePlain(Container.InterfaceName, "the interface's name");
        if (FileName(Network.Name, Container.ContainerId, Container.InterfaceName).Length > LongestFileName) throw Wrong("the names of the network and the container together", Network.Name);
        if (Network.Domain.Length > 0) RequireName(Network.Domain, "the domain");
        if (Container.Name.Length > 0) RequireName(Container.Name, "the container's name");
        foreach (string alias in Container.Aliases) RequireName(alias, "an alias");
        foreach (string name in Network.HostNames) RequireName(name, "a name of the host");
    }

    /// <summary>Reads a file.</summary>
    /// <returns>Null when it is none of these, or half of one.</returns>
    public static NameRecord? Parse(ReadOnlySpan<byte> bytes)
    {
        Builder builder = new();
        bool first = true;
        foreach (Range range in Split(Encoding.UTF8.GetString(bytes), out string text))
        {
            ReadOnlySpan<char> line = text.AsSpan(range);
            if (first && !line.SequenceEqual(FirstLine)) return null;
            first = false;
            int space = line.IndexOf(' ');
            if (space > 0) builder.Take(line[..space], line[(space + 1)..].ToString());
        }
        return builder.Make();
    }

    private static List<Range> Split(string whole, out string text)
    {
        text = whole;
        List<Range> lines = [];
        for (int at = 0; at < whole.Length;)
        {
            int end = whole.IndexOf('\n', at);
            if (end < 0) end = whole.Length;
            lines.Add(at..end);
            at = end + 1;
        }
        return lines;
    }

    private sealed class Builder
    {
        private readonly List<IPAddress> _listen = [], _hosts = [], _addresses = [];
        private readonly List<IPEndPoint> _upstreams = [], _own = [];
        private readonly List<string> _hostNames = [], _aliases = [];
        private string _network = "", _domain = "", _container = "", _interface = "", _name = "";
        private bool _internal, _singleLabels = true;
        private int _port = 53, _timeout, _attempts, _ttl = 5;
        private long _written;

        public void Take(ReadOnlySpan<char> key, string value)
        {
            switch (key)
            {
                case "written": _ = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _written); break;
                case "network": _network = value; break;
                case "listen": Add(_listen, value); break;
                case "port": Set(ref _port, value); break;
                case "domain": _domain = value; break;
                case "internal": _internal = value == "yes"; break;
                case "single-labels": _singleLabels = value == "yes"; break;
                case "upstream": Add(_upstreams, value); break;
                case "timeout": Set(ref _timeout, value); break;
                case "attempts": Set(ref _attempts, value); break;
                case "ttl": Set(ref _ttl, value); break;
                case "host-name": _hostNames.Add(value); break;
                case "host-address": Add(_hosts, value); break;
                case "container": _container = value; break;
                case "interface": _interface = value; break;
                case "address": Add(_addresses, value); break;
                case "name": _name = value; break;
                case "alias": _aliases.Add(value); break;
                case "container-upstream": Add(_own, value); break;
                default: break;
            }
        }

        public NameRecord? Make()
        {
            if (_network.Length == 0 || _container.Length == 0) return null;
            NetworkNames network = new()
            {
                Name = _network, Listen = _listen, Port = (ushort)_port, Domain = _domain, Internal = _internal, ForwardsSingleLabels = _singleLabels,
                Upstreams = _upstreams, TimeoutMilliseconds = _timeout, Attempts = _attempts, TimeToLive = _ttl, HostNames = _hostNames, HostAddresses = _hosts,
            };
            ContainerNames container = new() { ContainerId = _container, InterfaceName = _interface, Addresses = _addresses, Name = _name, Aliases = _aliases, Upstreams = _own };
            return new NameRecord(network, container, _written);
        }

        private static void Set(ref int number, string value)
        {
            if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int read)) number = read;
        }

        private static void Add(List<IPAddress> list, string value)
        {
            if (IPAddress.TryParse(value, out IPAddress? address)) list.Add(address);
        }

        private static void Add(List<IPEndPoint> list, string value)
        {
            if (IPEndPoint.TryParse(value, out IPEndPoint? server)) list.Add(server);
        }
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static void Line(StringBuilder text, string key, string value) => text.Append(key).Append(' ').Append(value).Append('\n');

    private static void RequirePlain(string value, string what)
    {
        bool good = value.Length > 0 && value[0] != '.';
        foreach (char letter in value) good &= letter is > ' ' and < (char)127 and not ('/' or '@');
        if (!good) throw Wrong(what, value);
    }

    private static void RequireName(string value, string what)
    {
        bool good = value.Length is > 0 and < 254;
        int label = 0;
        foreach (char letter in value)
        {
            label = letter == '.' ? 0 : label + 1;
            good &= letter is > ' ' and < (char)127 && label <= 63;
        }
        if (!good || value[0] == '.' || value[^1] == '.' || value.Contains("..", StringComparison.Ordinal)) throw Wrong(what, value);
    }

    private static BerthException Wrong(string what, string value) =>
        new(Fault.InvalidArgument, $"cannot enter names into a network: {what} cannot be '{value}'", "labels of 1 to 63 letters, digits, '-' and '_', with dots between them");
}
