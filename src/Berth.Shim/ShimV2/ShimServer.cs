// The long life of a shim: connections of containerd, the task service behind them, events to containerd.
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Polling;
using Berth.Oci.Faults;
using Berth.Rpc.Ttrpc;
using Berth.Shim.Serving;
using Berth.Shim.ShimV2.Protos;

namespace Berth.Shim.ShimV2;

/// <summary>Serves the containers of one pod, or one container.</summary>
internal sealed class ShimServer : IDisposable
{
    private const int SIGINT = 2, SIGTERM = 15;
    private const int ReadWrite = 2, NonBlocking = 0x800;

    private readonly EventLoop _loop;
    private readonly Publisher _publisher;
    private readonly TaskApi _tasks;
    private readonly SandboxApi _sandbox;
    private readonly List<TtrpcPort> _ports = [];
    private readonly Listener _listener;
    private readonly Fd? _log;
    private bool _ending;

    /// <summary>Serves a listening socket.</summary>
    /// <param name="space">containerd's namespace.</param>
    /// <param name="events">Where events go.</param>
    /// <param name="bundle">Of the first container: there containerd has a fifo for what we have to say.</param>
    /// <param name="listener">The socket.</param>
    public ShimServer(string space, string events, string bundle, Fd listener)
    {
        _log = KernelPath.TryOpen($"{bundle}/log", ReadWrite | NonBlocking);
        _loop = new EventLoop([SIGTERM, SIGINT], _ => EndIfEmpty());
        _publisher = new Publisher(_loop, events, space, Warn) { Drained = EndIfDone };
        _tasks = new TaskApi(_loop, space, _publisher) { ShutdownAsked = EndIfEmpty };
        _sandbox = new SandboxApi(_loop, () => _tasks.IsEmpty) { ShutdownAsked = EndIfEmpty };
        _tasks.Equip = _sandbox.Equip;
        _listener = new Listener(_loop, listener, socket => _ports.Add(new TtrpcPort(_loop, socket, Find) { Closed = port => _ports.Remove(port) }));
        _loop.BeforeSleep = FlushAll;
        // All containers of a pod are in our care: what fails for one is not the end of the others.
        _loop.Failed = Bear;
    }

    /// <summary>Serves until it is asked to end and has no container.</summary>
    public void Run() => _loop.Run();

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (TtrpcPort port in (TtrpcPort[])[.. _ports]) port.Dispose();
        _listener.Dispose();
        _publisher.Dispose();
        _log?.Dispose();
        _loop.Dispose();
    }

    private bool Bear(Exception e)
    {
        if (e is not (BerthException or LinuxException)) return false;
        Warn(e.Message);
        return true;
    }

    private TtrpcService? Find(string name) => name switch
    {
        TaskService.FullName or TaskService.FullNameV2 => _tasks,
        SandboxService.FullName => _sandbox,
        _ => null,
    };

    /// <summary>Answers are given whenever a runtime's call has ended: they go out before we sleep.</summary>
    private void FlushAll()
    {
        for (int i = _ports.Count - 1; i >= 0; i--) _ports[i].Flush();
    }

    private void EndIfEmpty()
    {
        if (!_tasks.IsEmpty || _sandbox.IsHeld) return;
        _ending = true;
        EndIfDone();
    }

    private void EndIfDone()
    {
        if (!_ending || _publisher.IsBusy) return;
        FlushAll();
        _loop.Stop();
    }

    private void Warn(string text)
    {
        if (_log is not null) FdIo.TryWrite(_log, Encoding.UTF8.GetBytes($"level=warning msg=\"{text.Replace("\"", "\\\"", StringComparison.Ordinal).ReplaceLineEndings(" ")}\"\n"), out _);
    }
}
