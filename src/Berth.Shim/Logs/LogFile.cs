// A log file: how large it may become, what happens then, and a disk that is full.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Polling;
using Berth.Oci.Faults;

namespace Berth.Shim.Logs;

/// <summary>What becomes of a log file that has reached its size.</summary>
internal sealed record LogLimits
{
    /// <summary>Bytes of one file; 0 or less: without limit.</summary>
    public long MostBytes { get; init; } = -1;

    /// <summary>Bytes ever; what comes after is not logged. 0 or less: without limit.</summary>
    public long MostBytesEver { get; init; } = -1;

    /// <summary>How many full files are kept beside it, as PATH.1 (the newest) to PATH.N; 0 keeps none: the file begins anew.</summary>
    public int Backups { get; init; }

    /// <summary>Directories of which a log that is rotated must lie in one; empty: anywhere.</summary>
    public IReadOnlyList<string> AllowedDirectories { get; init; } = [];
}

/// <summary>
/// An append-only file. What a full disk does not take is kept, up to a bound, and tried again; the container goes on. What
/// comes on top of that is lost, and counted.
/// </summary>
internal sealed class LogFile : IDisposable
{
    private const int ToAppend = 0x1 | 0x40 | 0x400, Exclusive = 0x80;
    private const uint Mode = 0x1A0;
    private const int RetryMilliseconds = 250, MostOwed = 4 * 1024 * 1024;

    private readonly EventLoop _loop;
    private readonly string _path;
    private readonly LogLimits _limits;
    private readonly Action<string> _warn;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(72 * 1024);
    private Fd _fd;
    private int _used;
    private long _inFile;
    private long _ever;
    private long _lost;
    private bool _isWarned;
    private Alarm? _retry;
    private bool _reopens;
    private long _refusedUntil;

    /// <summary>Opens the file, or makes it.</summary>
    /// <exception cref="BerthException">It cannot be opened.</exception>
    public LogFile(EventLoop loop, string path, LogLimits limits, Action<string> warn)
    {
        (_loop, _path, _limits, _warn) = (loop, path, limits, warn);
        _fd = OpenOrMake(path);
        _ever = _inFile = KernelPath.Facts(_fd).Size;
    }

    /// <summary>Goes on in a file that is open for appending, and is closed here.</summary>
    public LogFile(EventLoop loop, Fd fd, string path, LogLimits limits, Action<string> warn)
    {
        (_loop, _path, _limits, _warn, _fd) = (loop, path, limits, warn, fd);
        _ever = _inFile = KernelPath.Facts(_fd).Size;
    }

    /// <summary>Makes the file if it is not there.</summary>
    /// <exception cref="BerthException">It cannot be made, or not be written to.</exception>
    public static void Make(string path) => OpenOrMake(path).Dispose();

    private static Fd OpenOrMake(string path) => KernelPath.TryOpen(path, ToAppend, Mode)
        ?? throw new BerthException(Fault.Failed, $"Failed to open log file {path}: {KernelPath.LastErrno.Sentence()}");

    /// <summary>Whether everything is in the file.</summary>
    public bool IsStill => _retry is null && _used == 0 && _owed is null && _lost == 0 && !_reopens;

    /// <summary>The file.</summary>
    public Fd Descriptor => _fd;

    /// <summary>Where the next line will be.</summary>
    public LogPlace Place
    {
        get
        {
            FileFacts facts = KernelPath.Facts(_fd);
            return new LogPlace(_path, facts.Inode, facts.Size + _used + (_owed?.Count ?? 0));
        }
    }

    /// <summary>Whether a full disk holds things up.</summary>
    public bool IsStuck => _retry is not null;

    /// <summary>How many bytes could not be logged since this was asked for the last time; 0 as long as the disk takes nothing.</summary>
    public long TakeLost()
    {
        long lost = IsStuck ? 0 : _lost;
        _lost -= lost;
        return lost;
    }

    /// <summary>What stands in the log where something is missing.</summary>
    public static string Confession(long lost) => $"berth-shim: {lost} bytes are missing here: the disk took nothing\n";

    /// <summary>
    /// Makes room for one line of at most this many bytes: in the buffer, and in the file, which is changed for a new one first
    /// if the line would make it too large.
    /// </summary>
    /// <returns>False when it is not to be logged: enough is logged for ever, or the disk takes nothing and we are full.</returns>
    public bool Begin(int bytes)
    {
        if (IsStuck && (_owed?.Count ?? 0) + bytes > MostOwed)
        {
            _lost += bytes;
            return false;
        }
        if (_limits.MostBytesEver > 0 && _ever >= _limits.MostBytesEver) return false;
        if (_limits.MostBytes > 0 && _inFile + bytes > _limits.MostBytes)
        {
            if (!IsStuck) Flush();
            // Not while the old one is owed something. And where it cannot be, not for each line: names are looked up for that.
            if (!IsStuck && _inFile >= _refusedUntil && !Change()) _refusedUntil = _inFile + _limits.MostBytes;
        }
        _inFile += bytes;
        _ever += bytes;
        return true;
    }

    /// <summary>Appends to the line that was begun.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (!IsStuck && bytes.Length > _buffer.Length - _used) Flush();
        // Behind what is owed already, even if it is small enough: the order is kept.
        if (_owed is null && bytes.Length <= _buffer.Length - _used)
        {
            bytes.CopyTo(_buffer.AsSpan(_used));
            _used += bytes.Length;
            return;
        }
        // Behind a full disk: kept in memory until it takes it. Or longer than the buffer.
        (_owed ??= []).AddRange(bytes);
    }

    private List<byte>? _owed;

    /// <summary>
    /// Writes what was appended. A full disk is tried at its time, and out of turn before anything is lost: at full speed the
    /// room that is left is gone long before the next try.
    /// </summary>
    public void Flush()
    {
        if (!IsStuck) TryWriteOut();
        else if ((_owed?.Count ?? 0) >= MostOwed / 2 && TryWriteOut()) Unstick();
    }

    private void Unstick()
    {
        _retry?.Cancel();
        _retry = null;
        ReopenIfAsked();
    }

    /// <returns>Whether nothing is left.</returns>
    private bool TryWriteOut()
    {
        int done = WriteAll(_buffer.AsSpan(0, _used));
        if (done < _used)
        {
            _buffer.AsSpan(done, _used - done).CopyTo(_buffer);
            _used -= done;
            return false;
        }
        _used = 0;
        if (_owed is not { Count: > 0 } owed) return true;
        done = WriteAll(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(owed));
        if (done < owed.Count) owed.RemoveRange(0, done);
        else _owed = null;
        return _owed is null;
    }

    /// <summary>Begins anew in a file of the same name: another has renamed or removed the old one, or asks us to.</summary>
    public void Reopen()
    {
        Flush();
        _reopens = true;
        ReopenIfAsked();
    }

    private void ReopenIfAsked()
    {
        // The old one is owed something; the new one would have it out of order.
        if (!_reopens || IsStuck) return;
        _reopens = false;
        // Renamed by somebody: there is nothing to be kept by us.
        if (KernelPath.Facts(_path, followLink: false) is null) Replace();
        else Change();
    }

    /// <summary>fsync(2).</summary>
    public void Sync()
    {
        if (!FdIo.TrySync(_fd, out Errno errno) && errno != Errno.EINVAL) _warn($"Failed to sync log file before exit: {errno.Sentence()}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _retry?.Cancel();
        _fd.Dispose();
    }

    private int WriteAll(ReadOnlySpan<byte> bytes)
    {
        int done = 0;
        while (done < bytes.Length)
        {
            int n = FdIo.TryWrite(_fd, bytes[done..], out Errno errno);
            if (n > 0)
            {
                done += n;
                _isWarned = false;
                continue;
            }
            if (!_isWarned) _warn($"Failed to write to log file {_path}: {errno.Sentence()}");
            _isWarned = true;
            // No space, a quota, an input/output error: all may pass. There is nowhere else to put it.
            _retry ??= _loop.After(RetryMilliseconds, Retry);
            break;
        }
        return done;
    }

    private void Retry()
    {
        _retry = null;
        if (TryWriteOut()) Unstick();
    }

    private bool Change() => _limits.Backups > 0 ? Rotate() : Replace();

    /// <summary>Without backups: an empty file takes the name at once, so that a reader never finds none.</summary>
    private bool Replace()
    {
        string next = _path + ".tmp";
        Fd? fd = KernelPath.TryOpen(next, ToAppend | 0x200, Mode);
        if (fd is null)
        {
            _warn($"Failed to open log file {_path}: {KernelPath.LastErrno.Sentence()}");
            return false;
        }
        return Adopt(fd, next);
    }

    private bool Rotate()
    {
        if (Refusal() is { } reason)
        {
            _warn($"Cannot rotate log file {_path}: {reason}");
            return false;
        }
        string next = _path + ".new";
        // Left by one that was killed in the middle: empty, since nobody writes there before it has the name.
        KernelPath.Remove(next);
        Fd? fd = KernelPath.TryOpen(next, ToAppend | Exclusive, Mode);
        if (fd is null)
        {
            _warn($"Failed to create new log file {next}: {KernelPath.LastErrno.Sentence()}");
            return false;
        }
        for (int i = _limits.Backups; i >= 2; i--) TryRename($"{_path}.{i - 1}", $"{_path}.{i}");
        if (TryRename(_path, _path + ".1")) return Adopt(fd, next);
        fd.Dispose();
        KernelPath.Remove(next);
        return false;
    }

    private bool Adopt(Fd fd, string name)
    {
        if (!TryRename(name, _path))
        {
            fd.Dispose();
            return false;
        }
        _fd.Dispose();
        _fd = fd;
        _inFile = _refusedUntil = 0;
        return true;
    }

    private bool TryRename(string from, string to)
    {
        try
        {
            KernelPath.Rename(from, to);
            return true;
        }
        catch (LinuxException e)
        {
            if (e.Errno != Errno.ENOENT) _warn($"Failed to rotate log file: {e.Message}");
            return false;
        }
    }

    /// <summary>Renaming follows names, so these must be what they seem.</summary>
    private string? Refusal()
    {
        if (_path.Contains("../", StringComparison.Ordinal) || _path.Contains("/..", StringComparison.Ordinal)) return "it leads through a parent directory";
        if (KernelPath.Facts(_path, followLink: false) is not { } named) return "it is gone";
        if (named.IsLink) return "it is a symbolic link";
        FileFacts ours = KernelPath.Facts(_fd);
        if (named.Inode != ours.Inode || named.Device != ours.Device) return "it is another file by now";
        if (_limits.AllowedDirectories.Count == 0) return null;
        int slash = _path.LastIndexOf('/');
        string directory = KernelPath.Resolve(slash < 0 ? "." : slash == 0 ? "/" : _path[..slash]) ?? "";
        foreach (string allowed in _limits.AllowedDirectories)
        {
            if (allowed.Length == 0 || KernelPath.Resolve(allowed) is not { } resolved) continue;
            if (directory == resolved || directory.StartsWith(resolved + "/", StringComparison.Ordinal)) return null;
        }
        return "it lies in none of the allowed directories";
    }
}
