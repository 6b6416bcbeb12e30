// A journal that is played: a datagram socket where the monitor, in a mount namespace of its own, finds the host's.
using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Berth.Contract.Shim.Stage;

/// <summary>Listens as systemd-journald would; the host's own journal is never reached.</summary>
public sealed class Journal : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly string _folder;
    private readonly List<Dictionary<string, string>> _entries = [];

    /// <summary>Binds the socket in the dock's folder.</summary>
    public Journal(Dock dock)
    {
        _folder = dock.NewFolder("journal");
        _socket.Bind(new UnixDomainSocketEndPoint($"{_folder}/socket"));
    }

    /// <summary>The words before a monitor that is to find this journal.</summary>
    public string[] Launcher =>
    [
        "unshare", "--mount", "--propagation", "private", "/bin/sh", "-c",
        "from=$1; shift; mkdir -p /run/systemd && mount -t tmpfs tmpfs /run/systemd && mkdir /run/systemd/journal && mount --bind \"$from\" /run/systemd/journal && exec \"$@\"",
        "sh", _folder,
    ];

    /// <summary>All entries up to now.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, string>> Entries
    {
        get
        {
            while (_socket.Poll(1000, SelectMode.SelectRead)) _entries.Add(Parse(Native.Receive((int)_socket.Handle).Data));
            return _entries;
        }
    }

    /// <summary>Waits until there are that many entries; the messages are in the order of their coming.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, string>> Await(int count) =>
        Until.NotNull(() => Entries is { } all && all.Count >= count ? all : null, $"the journal has {count} entries");

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    // NAME=value, or NAME alone, then the length in eight bytes and the value: so with line breaks inside.
    private static Dictionary<string, string> Parse(ReadOnlySpan<byte> data)
    {
        Dictionary<string, string> fields = [];
        while (data.Length > 0)
        {
            int end = data.IndexOf((byte)'\n'), equals = data[..end].IndexOf((byte)'=');
            if (equals >= 0)
            {
                fields[Encoding.ASCII.GetString(data[..equals])] = Encoding.Latin1.GetString(data[(equals + 1)..end]);
                data = data[(end + 1)..];
                continue;
            }
            int length = (int)BinaryPrimitives.ReadInt64LittleEndian(data[(end + 1)..]);
            fields[Encoding.ASCII.GetString(data[..end])] = Encoding.Latin1.GetString(data.Slice(end + 9, length));
            data = data[(end + 9 + length + 1)..];
        }
        return fields;
    }
}
