// eventfd(2): a counter the kernel raises on our behalf.
using System.Runtime.InteropServices;

namespace Berth.Linux.Files;

/// <summary>A counter that can be polled for POLLIN (1) and is zero again when it was taken.</summary>
public sealed unsafe partial class EventCounter : IDisposable
{
    private readonly Fd _fd;

    /// <summary>A counter at zero.</summary>
    /// <exception cref="LinuxException">The limit of open files is reached.</exception>
    public EventCounter() => _fd = new Fd(Check.Result(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd"));

    /// <summary>One that another program has made.</summary>
    /// <param name="fd">It is closed here.</param>
    public EventCounter(Fd fd) => _fd = fd;

    /// <summary>The descriptor.</summary>
    public Fd Descriptor => _fd;

    /// <summary>Its number.</summary>
    public int Number => _fd.Number;

    /// <summary>What it counted since the last time.</summary>
    public ulong Take()
    {
        ulong count = 0;
        return read(_fd.Number, &count, sizeof(ulong)) == sizeof(ulong) ? count : 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _fd.Dispose();

    private const int EFD_CLOEXEC = 0x80000, EFD_NONBLOCK = 0x800;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint value, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int fd, ulong* value, nuint size);
}
