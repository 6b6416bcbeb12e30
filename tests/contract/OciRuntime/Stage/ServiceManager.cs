// The other end of sd_notify(3): a socket that collects what a service tells its manager.
using System.Net.Sockets;
using System.Text;

namespace Berth.Contract.OciRuntime.Stage;

/// <summary>Listens as systemd would; descriptors that come along are closed, which is how a barrier is answered.</summary>
public sealed class ServiceManager : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly List<string> _said = [];

    /// <summary>Binds a path in the dock's folder, or an abstract name.</summary>
    public ServiceManager(Dock dock, bool isAbstract = false)
    {
        Address = isAbstract ? $"@{dock.Id}" : $"{dock.Folder}/manager";
        _socket.Bind(new UnixDomainSocketEndPoint(isAbstract ? $"\0{dock.Id}" : Address));
    }

    /// <summary>What NOTIFY_SOCKET says.</summary>
    public string Address { get; }

    /// <summary>All lines up to now.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            byte[] buffer = new byte[4096];
            while (_socket.Poll(0, SelectMode.SelectRead))
            {
                int length = _socket.Receive(buffer);
                _said.AddRange(Encoding.UTF8.GetString(buffer, 0, length).Split('\n', StringSplitOptions.RemoveEmptyEntries));
            }
            return _said;
        }
    }

    /// <summary>Waits for a line.</summary>
    public void Await(string line) => Until.True(() => Lines.Contains(line), $"{line} is heard");

    /// <summary>Answers everything until the command ends.</summary>
    public Outcome Serve(Live live)
    {
        Until.True(() => Lines.Count >= 0 && live.HasExited, "the runtime returns");
        return live.Wait();
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
