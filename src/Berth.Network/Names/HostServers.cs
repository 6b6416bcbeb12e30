// The servers that the host itself asks: its resolv.conf, as it is now.
using System.Globalization;
using System.Net;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Linux.Processes;

namespace Berth.Network.Names;

/// <summary>Read again when it is older than a second: hosts move from one network to another.</summary>
internal sealed class HostServers(string path)
{
    private const long LongestAge = 1_000_000_000;
    private const ushort Port = 53;
    private readonly List<InetEndpoint> _servers = [];
    private byte[] _text = [];
    private long _read = long.MinValue / 2;

    public List<InetEndpoint> Servers
    {
        get
        {
            Refresh();
            return _servers;
        }
    }

    /// <summary>timeout: of the file in milliseconds; 0 when it is not said.</summary>
    public int Timeout { get; private set; }

    /// <summary>attempts: of the file; 0 when it is not said.</summary>
    public int Attempts { get; private set; }

    private void Refresh()
    {
        long now = Self.Monotonic;
        if (now - _read < LongestAge) return;
        _read = now;
        // For a moment there may be none while it is replaced: the old servers are better than none.
        if (KernelFile.TryRead(path, out _) is not { } text || text.AsSpan().SequenceEqual(_text)) return;
        _text = text;
        _servers.Clear();
        ResolvConf file = ResolvConf.Parse(System.Text.Encoding.UTF8.GetString(text));
        foreach (string server in file.Nameservers)
        {
            if (IPAddress.TryParse(server, out IPAddress? address)) _servers.Add(new InetEndpoint(address, Port));
        }
        Timeout = Math.Clamp(Option(file, "timeout:"), 0, 30) * 1000;
        Attempts = Math.Clamp(Option(file, "attempts:"), 0, 5);
    }

    private static int Option(ResolvConf file, string prefix)
    {
        foreach (string option in file.Options)
        {
            if (option.StartsWith(prefix, StringComparison.Ordinal) && int.TryParse(option.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int value)) return value;
        }
        return 0;
    }
}
