// The records of forwards, and the sockets and links that they ask for.
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Linux.Polling;

namespace Berth.Network.Rootless;

/// <summary>Brings what is open to what the records say.</summary>
internal sealed class ForwardDirectory : IDisposable
{
    private readonly string _path;
    private readonly EventLoop _loop;
    private readonly HostRequests _host;
    private readonly DirectoryWatch _watch;
    private readonly Watch _looked;
    private readonly Dictionary<string, Forward> _forwards = new(StringComparer.Ordinal);
    private readonly Stack<SplicePipe> _pipes = [];
    private AddressedDatagrams? _batch;

    public ForwardDirectory(string path, EventLoop loop, HostRequests host)
    {
        (_path, _loop, _host) = (path, loop, host);
        // Watched first: what is written while the directory is read is found again.
        _watch = new DirectoryWatch(path);
        _looked = loop.Look(_watch.Descriptor, Readiness.Read, _ => Refresh());
        ReadAll();
    }

    public bool IsEmpty => _forwards.Count == 0;

    /// <summary>Called when the last record is gone.</summary>
    public Action? Emptied { get; set; }

    /// <summary>What could not be opened: a line for each, with the record's name, the number of the error, and words.</summary>
    public void Tell(StringBuilder said)
    {
        foreach ((string name, Forward forward) in _forwards)
        {
            if (forward.Failure is { } failure) said.Append("failed ").Append(name).Append(' ').Append(failure).Append('\n');
        }
    }

    public void Refresh()
    {
        List<string> changed = [];
        if (_watch.Take(changed))
        {
            foreach (string name in changed) Look(name);
        }
        else
        {
            ReadAll();
        }
        if (IsEmpty) Emptied?.Invoke();
    }

    public void ReadAll()
    {
        List<string> names = KernelPath.List(_path);
        foreach (string known in new List<string>(_forwards.Keys))
        {
            if (!names.Contains(known)) Close(known);
        }
        foreach (string name in names) Look(name);
    }

    public void Dispose()
    {
        foreach (string name in new List<string>(_forwards.Keys)) Close(name);
        _looked.Remove();
        _watch.Dispose();
        _batch?.Dispose();
        foreach (SplicePipe pipe in _pipes) pipe.Dispose();
    }

    private void Look(string name)
    {
        if (!name.EndsWith(ForwardRecord.Suffix, StringComparison.Ordinal)) return;
        byte[]? bytes = KernelFile.TryRead($"{_path}/{name}", out _);
        // The same again, and it is served: its connections stay.
        if (bytes is not null && _forwards.TryGetValue(name, out Forward? known) && known.Failure is null && bytes.AsSpan().SequenceEqual(known.Written)) return;
        Close(name);
        if (bytes is not null && ForwardRecord.Parse(bytes) is { } record) _forwards[name] = new Forward(this, name[..^ForwardRecord.Suffix.Length], record, bytes);
    }

    private void Close(string name)
    {
        if (_forwards.Remove(name, out Forward? forward)) forward.Dispose();
    }

    /// <summary>One record's.</summary>
    private sealed class Forward : IDisposable
    {
        // Room for datagrams of any size, of which few are at their largest.
        private const int BatchCount = 16, Longest = 65535;
        private readonly List<IDisposable> _open = [];
        private readonly OwnLink? _link;

        public Forward(ForwardDirectory owner, string name, ForwardRecord record, byte[] written)
        {
            Written = written;
            try
            {
                ForwardTarget target;
                if (record.Namespace is { } place)
                {
                    _link = new OwnLink(owner._path, owner._loop, owner._host, name, place, record.InterfaceName, record.Link);
                    target = new ForwardTarget(_link.Namespace, _link.Addresses);
                }
                else
                {
                    List<InetEndpoint> addresses = [];
                    foreach (System.Net.IPAddress address in record.Targets) addresses.Add(new InetEndpoint(address, 0));
                    target = new ForwardTarget(null, addresses);
                }
                foreach (ForwardedPort port in record.Ports) Open(owner, port, target);
            }
            catch (LinuxException e)
            {
                Dispose();
                Failure = $"{(int)e.Errno} {e.Message}";
            }
            catch (Oci.Faults.BerthException e)
            {
                Dispose();
                Failure = $"0 {e.Message}";
            }
        }

        public byte[] Written { get; }

        public string? Failure { get; }

        public void Dispose()
        {
            foreach (IDisposable one in _open) one.Dispose();
            _open.Clear();
            _link?.Dispose();
        }

        private void Open(ForwardDirectory owner, ForwardedPort port, ForwardTarget target)
        {
            Fd socket;
            try
            {
                socket = owner._host.Listen(port);
            }
            // A kernel without IPv6 has no clients of it.
            catch (LinuxException e) when (!port.Host.Is4 && port.Host.Address == 0 && e.Errno is Errno.EAFNOSUPPORT or Errno.EADDRNOTAVAIL)
            {
                return;
            }
            _open.Add(port.Datagram
                ? new DatagramForward(owner._loop, socket, target, port.Port, owner._batch ??= new AddressedDatagrams(BatchCount, Longest))
                : new StreamForward(owner._loop, socket, target, port.Port, owner._pipes));
        }
    }
}
