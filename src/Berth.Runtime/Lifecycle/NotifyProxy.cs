// sd_notify(3) across the border of a container: its messages go to the host's NOTIFY_SOCKET, with a pid the host knows.
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Linux.Processes;
using Berth.Linux.Sockets;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.State;

namespace Berth.Runtime.Lifecycle;

/// <summary>
/// The host's socket itself is not handed in: it could be anybody's socket, and a service manager judges a message by its
/// sender. So a socket of our own is bound in the container's state directory, which the container sees at /run/notify.
/// <code>
/// container                     runtime                              service manager
/// ---------                     -------                              ---------------
/// READY=1, STATUS=...       ->  known lines, and MAINPID=         -> NOTIFY_SOCKET
///                               BARRIER=1 with a pipe's end       -> closes it when all is read
/// </code>
/// </summary>
internal sealed class NotifyProxy : IDisposable
{
    private const string Inside = "/run/notify";
    private const string SocketName = "notify.sock";

    // systemd's own default for a barrier.
    private const int BarrierMilliseconds = 30_000;

    private readonly Fd _container;
    private readonly Fd _host;

    private NotifyProxy(Fd container, Fd host) => (_container, _host) = (container, host);

    /// <summary>Becomes readable when the container has sent something.</summary>
    public Fd Descriptor => _container;

    private static string? HostAddress => Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is { Length: > 0 } address ? address : null;

    private static string DirectoryOf(StateStore store, string id) => $"{store.DirectoryOf(id)}/notify";

    /// <summary>Whether the container was made with such a socket.</summary>
    public static bool IsPartOf(StateStore store, string id) => KernelFile.Exists(DirectoryOf(store, id));

    /// <summary>Gives a new container the directory and the variable, where the runtime itself has one.</summary>
    public static void AddTo(Spec spec, StateStore store, string id)
    {
        if (HostAddress is not null) AddAlways(spec, store, id);
    }

    /// <summary>As <see cref="AddTo"/>, also where nobody on the host listens: a program that was restored has it open.</summary>
    public static void AddAlways(Spec spec, StateStore store, string id)
    {
        KernelPath.MakeDirectory(DirectoryOf(store, id), 0x1ED);
        spec.Mounts.Add(MountOf(store, id));
        if (spec.Process is { } process) process.Env = [.. process.Env ?? [], $"NOTIFY_SOCKET={Inside}/{SocketName}"];
    }

    /// <summary>The mount that shows the directory.</summary>
    public static MountSpec MountOf(StateStore store, string id) => new()
    {
        Destination = Inside,
        Type = "bind",
        Source = DirectoryOf(store, id),
        Options = ["bind", "nosuid", "noexec", "nodev", "ro"],
    };

    /// <summary>Binds the socket, before the program can look for it; null where nobody on the host listens.</summary>
    /// <exception cref="BerthException"><see cref="Fault.Unavailable"/>: NOTIFY_SOCKET is set, and nobody is there.</exception>
    public static NotifyProxy? Open(StateStore store, string id)
    {
        if (HostAddress is not { } address || !IsPartOf(store, id)) return null;
        Fd host;
        try
        {
            host = UnixDatagram.Connect(address);
        }
        catch (LinuxException e)
        {
            throw new BerthException(Fault.Unavailable, $"cannot reach NOTIFY_SOCKET {address}: {e.Errno.Sentence()}", "unset the variable where there is no service manager", e);
        }
        string path = $"{DirectoryOf(store, id)}/{SocketName}";
        // A start that was killed while it waited leaves its socket behind.
        KernelPath.Remove(path);
        return new NotifyProxy(UnixDatagram.BindForAll(path), host);
    }

    /// <summary>Waits until the program says that it is ready, or ends.</summary>
    public void Await(Fd process, int pid)
    {
        Span<PollEntry> entries = stackalloc PollEntry[2];
        while (true)
        {
            entries[0] = new PollEntry { Fd = _container.Number, Events = 1 };
            entries[1] = new PollEntry { Fd = process.Number, Events = 1 };
            Poll.Wait(entries, -1);
            if (entries[0].Returned != 0 && Forward(pid)) break;
            if (entries[1].Returned != 0 && entries[0].Returned == 0) return;
        }
        // The manager finds out who a message is from by its sender's pid: we must not be gone before it has looked.
        Barrier();
    }

    /// <summary>Passes on one message of the container.</summary>
    /// <param name="mainPid">The process that the service manager shall watch.</param>
    /// <returns>Whether it said READY=1.</returns>
    public bool Forward(int mainPid)
    {
        Span<byte> buffer = stackalloc byte[4096];
        int length = KernelPath.Read(_container, buffer);
        if (length <= 0) return false;
        bool ready = false;
        StringBuilder message = new();
        foreach (string line in Encoding.UTF8.GetString(buffer[..length]).Split('\n'))
        {
            if (!MayPass(line)) continue;
            ready |= line == "READY=1";
            message.Append(line).Append('\n');
        }
        if (message.Length == 0) return false;
        if (ready) message.Append("MAINPID=").Append(mainPid).Append('\n');
        Send(message.ToString());
        return ready;
    }

    /// <summary>Pids and descriptors mean something else outside, and BARRIER=1 is answered by reading.</summary>
    private static bool MayPass(string line)
    {
        int equals = line.IndexOf('=');
        return equals > 0 && line.AsSpan(0, equals) switch
        {
            "READY" or "RELOADING" or "STOPPING" or "STATUS" or "ERRNO" or "BUSERROR" or "VARLINKERROR" or "EXIT_STATUS" => true,
            "WATCHDOG" or "WATCHDOG_USEC" or "EXTEND_TIMEOUT_USEC" or "MONOTONIC_USEC" => true,
            _ => false,
        };
    }

    private void Send(string message)
    {
        try
        {
            DescriptorSocket.Send(_host, Encoding.UTF8.GetBytes(message));
        }
        catch (LinuxException)
        {
            // The manager went away: the container is no worse for it.
        }
    }

    private void Barrier()
    {
        (Fd read, Fd write) = KernelPath.Pipe();
        using Fd end = read;
        using (write)
        {
            try { DescriptorSocket.Send(_host, "BARRIER=1"u8, write.Number); }
            catch (LinuxException) { return; }
        }
        Span<PollEntry> entries = [new PollEntry { Fd = end.Number, Events = 1 }];
        long deadline = Self.Monotonic + (BarrierMilliseconds * 1_000_000L);
        // A signal ends a poll early.
        while (Poll.Wait(entries, (int)Math.Max(0, (deadline - Self.Monotonic) / 1_000_000)) == 0 && Self.Monotonic < deadline) { }
    }

    public void Dispose()
    {
        _container.Dispose();
        _host.Dispose();
    }
}
