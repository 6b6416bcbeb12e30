// An owned file descriptor: one descriptor, one owner, closed once.
using System.Runtime.InteropServices;

namespace Berth.Linux;

/// <summary>A file descriptor this process owns and closes. Descriptors made here are close-on-exec unless a member says otherwise.</summary>
public sealed partial class Fd : SafeHandle
{
    /// <summary>Takes ownership of <paramref name="number"/>.</summary>
    public Fd(int number) : base(-1, ownsHandle: true) => SetHandle(number);

    /// <summary>For the marshaller.</summary>
    public Fd() : base(-1, ownsHandle: true) { }

    /// <inheritdoc/>
    public override bool IsInvalid => handle < 0;

    /// <summary>
    /// The number, for calls and for messages. Of one that is closed -1: its old number may be another file's by now, and a
    /// call that comes too late must not find that one.
    /// </summary>
    public int Number => IsClosed ? -1 : (int)handle;

    /// <summary>A second descriptor of the same open file, close-on-exec.</summary>
    /// <exception cref="LinuxException">The limit of open files is reached.</exception>
    public Fd Duplicate() => new(Check.Result(fcntl(Number, F_DUPFD_CLOEXEC, 0), "fcntl F_DUPFD_CLOEXEC", $"fd {Number}"));

    /// <summary>As <see cref="Duplicate"/>, with a number not below <paramref name="least"/>.</summary>
    public Fd DuplicateAbove(int least) => new(Check.Result(fcntl(Number, F_DUPFD_CLOEXEC, least), "fcntl F_DUPFD_CLOEXEC", $"fd {Number}"));

    /// <summary>Lets the descriptor pass (or not pass) through execve.</summary>
    public void SetCloseOnExec(bool close) => Check.Result(fcntl(Number, F_SETFD, close ? 1 : 0), "fcntl F_SETFD", $"fd {Number}");

    /// <summary>Path by which the kernel lets this process name the open file.</summary>
    public string ProcPath => $"/proc/self/fd/{Number}";

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => close((int)handle) == 0;

    private const int F_SETFD = 2;
    private const int F_DUPFD_CLOEXEC = 1030;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int command, nint argument);
}
