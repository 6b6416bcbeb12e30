// The foreground: signals forwarded, the terminal copied both ways and restored, the exit status brought back.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Linux.Terminals;

namespace Berth.Runtime.Lifecycle;

/// <summary>Stays with a process until it ends.</summary>
internal sealed class Foreground : IDisposable
{
    private const int SIGWINCH = 28;

    // All that can be forwarded: not KILL and STOP, not CHLD, not the faults of this process itself, not the C library's own.
    private static readonly int[] Forwarded =
    [
        1, 2, 3, 6, 10, 12, 13, 14, 15, 16, 18, 20, 21, 22, 23, 24, 25, 26, 27, SIGWINCH, 29, 30,
        34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64,
    ];

    private readonly SignalInbox _signals = SignalInbox.Open(Forwarded);

    /// <summary>Waits for the end.</summary>
    /// <param name="child">The process.</param>
    /// <param name="terminalSocket">Socket that brings the master of its terminal, or null.</param>
    /// <param name="notify">Where it says that it is ready, or null.</param>
    /// <returns>Its wait status.</returns>
    public int Stay(SpawnedChild child, Fd? terminalSocket, NotifyProxy? notify = null) => Stay(child.Pid, child.PidFd, terminalSocket, notify);

    /// <summary>As the other form, for a child that something else made.</summary>
    public int Stay(int pid, Fd process, Fd? terminalSocket, NotifyProxy? notify)
    {
        using Fd? master = terminalSocket is null ? null : DescriptorSocket.Receive(terminalSocket, stackalloc byte[64], out _);
        using Terminal? raw = master is null ? null : Terminal.MakeRaw(0);
        if (master is not null)
        {
            if (Terminal.Is(0)) Terminal.CopySize(0, master);
        }
        Copy(process, master, notify);
        int status = Child.Reap(pid);
        if (master is not null) DrainTo(master);
        while (Child.TryReap(-1, out _) > 0) { }
        return status;
    }

    private void Copy(Fd process, Fd? master, NotifyProxy? notify)
    {
        Span<PollEntry> entries = stackalloc PollEntry[5];
        Span<byte> buffer = stackalloc byte[8192];
        int input = master is null ? -1 : 0, output = master?.Number ?? -1;
        while (true)
        {
            entries[0] = new PollEntry { Fd = process.Number, Events = 1 };
            entries[1] = new PollEntry { Fd = _signals.Descriptor.Number, Events = 1 };
            entries[2] = new PollEntry { Fd = input, Events = 1 };
            entries[3] = new PollEntry { Fd = output, Events = 1 };
            entries[4] = new PollEntry { Fd = notify?.Descriptor.Number ?? -1, Events = 1 };
            Poll.Wait(entries, -1);
            if (entries[4].Returned != 0) notify!.Forward(Self.ProcessId);
            if (entries[1].Returned != 0) Forward(process, master);
            if (entries[3].Returned != 0 && !Move(output, 1, buffer)) output = -1;
            if (entries[2].Returned != 0 && !Move(0, master!.Number, buffer)) input = -1;
            if (entries[0].Returned != 0) return;
        }
    }

    private void Forward(Fd process, Fd? master)
    {
        for (int signal = _signals.Take(); signal != 0; signal = _signals.Take())
        {
            if (signal == SIGWINCH && master is not null)
            {
                Terminal.CopySize(0, master);
                continue;
            }
            try { PidFd.Signal(process, signal); }
            catch (LinuxException e) when (e.Errno is Errno.ESRCH) { }
        }
    }

    /// <returns>False when that direction is over: end of file, or EIO from a terminal whose other end is closed.</returns>
    private static bool Move(int from, int to, Span<byte> buffer)
    {
        int n = RawIo.Read(from, buffer);
        return n > 0 && RawIo.WriteAll(to, buffer[..n]);
    }

    private static void DrainTo(Fd master)
    {
        Span<byte> buffer = stackalloc byte[8192];
        Span<PollEntry> entries = stackalloc PollEntry[1];
        while (true)
        {
            entries[0] = new PollEntry { Fd = master.Number, Events = 1 };
            if (Poll.Wait(entries, 0) <= 0 || !Move(master.Number, 1, buffer)) return;
        }
    }

    public void Dispose() => _signals.Dispose();
}
