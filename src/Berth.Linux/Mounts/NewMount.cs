// A file system made step by step (fsopen(2), Linux 5.2): options one at a time, and the kernel's own words for what it dislikes.
using System.Text;
using Berth.Linux.Programs;

namespace Berth.Linux.Mounts;

/// <summary>A file system context, until it is attached.</summary>
public sealed unsafe class NewMount : IDisposable
{
    private const int SetFlag = 0, SetString = 1, SetFd = 5, Create = 6;

    private readonly Fd _context;
    private readonly string _type;

    private NewMount(Fd context, string type) => (_context, _type) = (context, type);

    /// <summary>Begins one of this type.</summary>
    /// <exception cref="LinuxException">ENODEV: the kernel lacks it.</exception>
    public static NewMount Open(string type)
    {
        byte[] name = Text(type);
        nint fd;
        fixed (byte* p = name) fd = Interpreter.syscall(Syscall.FsOpen, (nint)p, 1, 0, 0, 0, 0);
        return fd < 0 ? throw new LinuxException("fsopen", type, LastErrno) : new NewMount(new Fd((int)fd), type);
    }

    /// <summary>Sets an option, with or without a value.</summary>
    /// <exception cref="LinuxException">It is unknown, or the value is not understood.</exception>
    public NewMount Set(string key, string? value = null)
    {
        byte[] k = Text(key), v = Text(value ?? "");
        fixed (byte* pk = k)
        fixed (byte* pv = v)
        {
            if (Interpreter.syscall(Syscall.FsConfig, _context.Number, value is null ? SetFlag : SetString, (nint)pk, value is null ? 0 : (nint)pv, 0, 0) < 0) throw Failure(value is null ? key : $"{key}={value}");
        }
        return this;
    }

    /// <summary>Sets an option to an open directory or a detached mount (overlayfs takes them since Linux 6.13).</summary>
    /// <exception cref="LinuxException">It is unknown, or takes no descriptor.</exception>
    public NewMount Set(string key, Fd value)
    {
        fixed (byte* k = Text(key))
        {
            if (Interpreter.syscall(Syscall.FsConfig, _context.Number, SetFd, (nint)k, 0, value.Number, 0) < 0) throw Failure(key);
        }
        return this;
    }

    /// <summary>Makes it and attaches it at a path.</summary>
    /// <exception cref="LinuxException">It cannot be made, or not there.</exception>
    public void Attach(string target, MountFlags flags)
    {
        using Fd mount = Make(BindFlags.Attributes(flags));
        Tree.Attach(mount, target);
    }

    /// <summary>Makes it, attached nowhere yet: it goes when the descriptor is closed before it is.</summary>
    /// <exception cref="LinuxException">It cannot be made.</exception>
    public Fd Make(MountAttributes attributes)
    {
        if (Interpreter.syscall(Syscall.FsConfig, _context.Number, Create, 0, 0, 0, 0) < 0) throw Failure("the whole");
        nint fd = Interpreter.syscall(Syscall.FsMount, _context.Number, 1, (nint)(ulong)attributes, 0, 0, 0);
        return fd < 0 ? throw Failure("its flags") : new Fd((int)fd);
    }

    /// <inheritdoc/>
    public void Dispose() => _context.Dispose();

    private static Errno LastErrno => (Errno)(*Interpreter.__errno_location());

    private static byte[] Text(string text) => [.. Encoding.UTF8.GetBytes(text), 0];

    private LinuxException Failure(string what)
    {
        Errno errno = LastErrno;
        Span<byte> log = stackalloc byte[256];
        int n = Files.KernelPath.Read(_context, log);
        string words = n > 2 ? ": " + Encoding.UTF8.GetString(log[2..n]).TrimEnd('\n', '\0') : "";
        return new LinuxException("fsconfig", $"{_type}, {what}{words}", errno);
    }
}
