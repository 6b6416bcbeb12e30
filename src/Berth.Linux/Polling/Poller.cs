// epoll(7): many descriptors, one thread.
using System.Runtime.InteropServices;

namespace Berth.Linux.Polling;

/// <summary>What a descriptor is ready for (epoll_ctl(2)).</summary>
[Flags]
public enum Readiness
{
    /// <summary>Nothing is asked for; errors and hang-ups are told all the same.</summary>
    None = 0,

    /// <summary>EPOLLIN: there is something to read, or the end was reached.</summary>
    Read = 1,

    /// <summary>EPOLLPRI: an exceptional condition, such as a cgroup file that changed.</summary>
    Exceptional = 2,

    /// <summary>EPOLLOUT: writing does not block.</summary>
    Write = 4,

    /// <summary>EPOLLERR.</summary>
    Error = 8,

    /// <summary>EPOLLHUP: the other end is closed.</summary>
    HangUp = 16,

    /// <summary>EPOLLRDHUP: the peer will send no more.</summary>
    PeerClosed = 0x2000,
}

/// <summary>A descriptor that a <see cref="Poller"/> looks at. It does not own the descriptor.</summary>
public sealed class Watch
{
    private readonly Poller _poller;
    private readonly Fd? _fd;
    private readonly int _number;

    internal Watch(Poller poller, Fd? fd, int number, ulong key, Readiness wanted, Action<Readiness> ready)
    {
        _poller = poller;
        _fd = fd;
        _number = number;
        Key = key;
        Wanted = wanted;
        Ready = ready;
    }

    /// <summary>-1 when it was closed meanwhile: the number may be that of another watch already.</summary>
    internal int Number => _fd?.Number ?? _number;

    /// <summary>Place in the poller's table, and above it a number that no other watch has: an event for one that is gone finds nobody.</summary>
    internal ulong Key { get; }

    internal int Slot => (int)(uint)Key;

    internal Action<Readiness> Ready { get; }

    internal bool IsRemoved { get; private set; }

    /// <summary>What is waited for.</summary>
    public Readiness Wanted { get; private set; }

    /// <summary>Waits for something else.</summary>
    public void Change(Readiness wanted)
    {
        if (IsRemoved || wanted == Wanted) return;
        Wanted = wanted;
        _poller.Modify(this);
    }

    /// <summary>Waits for it no longer; to be called before the descriptor is closed. Twice is once.</summary>
    public void Remove()
    {
        if (IsRemoved) return;
        IsRemoved = true;
        _poller.Forget(this);
    }
}

/// <summary>An epoll instance. One thread uses it.</summary>
public sealed unsafe partial class Poller : IDisposable
{
    private const int Add = 1, Delete = 2, Change = 3, Most = 16;

    // struct epoll_event: 32 bits of events and 64 of data, which x86-64 alone packs.
    private static int Size => DataOffset + 8;

    private static int DataOffset => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    private readonly Fd _epoll;
    private Watch?[] _watches = new Watch?[8];
    private uint _serial;

    /// <summary>
    /// Asked when a handler fails; true goes on. One descriptor's trouble need not be the end of all others. Without it the
    /// exception is the caller's.
    /// </summary>
    public Func<Exception, bool>? Failed { get; set; }

    /// <summary>An instance that looks at nothing yet.</summary>
    /// <exception cref="LinuxException">The limit of open files is reached.</exception>
    public Poller() => _epoll = new Fd(Check.Result(epoll_create1(0x80000), "epoll_create1"));

    /// <summary>Readable when something that is looked at is ready; it stays so in a program that is executed in place of this one, for what stays open there.</summary>
    public Fd Descriptor => _epoll;

    /// <summary>Looks at a descriptor from now on.</summary>
    /// <param name="fd">Open until <see cref="Watch.Remove"/>.</param>
    /// <param name="wanted">What to wait for.</param>
    /// <param name="ready">Called with what came.</param>
    /// <exception cref="LinuxException">EPERM: a regular file, which is always ready.</exception>
    public Watch Look(Fd fd, Readiness wanted, Action<Readiness> ready) => Look(fd, fd.Number, wanted, ready);

    /// <inheritdoc cref="Look(Fd, Readiness, Action{Readiness})"/>
    public Watch Look(int fd, Readiness wanted, Action<Readiness> ready) => Look(null, fd, wanted, ready);

    private Watch Look(Fd? owned, int fd, Readiness wanted, Action<Readiness> ready)
    {
        Watch watch = new(this, owned, fd, (uint)FreeSlot() | ((ulong)++_serial << 32), wanted, ready);
        Control(Add, watch);
        _watches[watch.Slot] = watch;
        return watch;
    }

    /// <summary>Waits once, and tells whom it concerns.</summary>
    /// <param name="milliseconds">-1 waits without end.</param>
    /// <returns>False when nothing came in time, or a signal came.</returns>
    public bool Wait(int milliseconds)
    {
        byte* events = stackalloc byte[Most * Size];
        int count = epoll_wait(_epoll.Number, events, Most, milliseconds);
        if (count < 0) return Check.LastErrno == Errno.EINTR ? false : throw new LinuxException("epoll_wait", null, Check.LastErrno);
        for (int i = 0; i < count; i++)
        {
            byte* one = events + (i * Size);
            ulong key = *(ulong*)(one + DataOffset);
            if (_watches[(int)(uint)key] is not { } watch || watch.Key != key) continue;
            try
            {
                watch.Ready((Readiness)(*(uint*)one));
            }
            catch (Exception e) when (Failed?.Invoke(e) == true)
            {
                // Told to whom it concerns.
            }
        }
        return count > 0;
    }

    internal void Modify(Watch watch) => Control(Change, watch);

    internal void Forget(Watch watch)
    {
        epoll_ctl(_epoll.Number, Delete, watch.Number, null);
        _watches[watch.Slot] = null;
    }

    /// <inheritdoc/>
    public void Dispose() => _epoll.Dispose();

    private void Control(int operation, Watch watch)
    {
        byte* wanted = stackalloc byte[Size];
        *(uint*)wanted = (uint)watch.Wanted;
        *(ulong*)(wanted + DataOffset) = watch.Key;
        Check.Result(epoll_ctl(_epoll.Number, operation, watch.Number, wanted), "epoll_ctl", $"fd {watch.Number}");
    }

    private int FreeSlot()
    {
        int slot = Array.IndexOf(_watches, null);
        if (slot >= 0) return slot;
        slot = _watches.Length;
        Array.Resize(ref _watches, slot * 2);
        return slot;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(int epoll, int operation, int fd, byte* wanted);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(int epoll, byte* events, int most, int milliseconds);
}
