// inotify(7) on one directory: which names appeared, changed or went away.
using System.Runtime.InteropServices;
using System.Text;

namespace Berth.Linux.Files;

/// <summary>
/// Changes of a directory. A change is in the queue before the call that made it returns, so that who looks here after hearing
/// of a change by another way finds it.
/// </summary>
public sealed unsafe partial class DirectoryWatch : IDisposable
{
    // IN_CLOSE_WRITE, IN_MOVED_FROM, IN_MOVED_TO, IN_DELETE; IN_ONLYDIR.
    private const uint Wanted = 0x8 | 0x40 | 0x80 | 0x200 | 0x1000000;
    private const uint IN_Q_OVERFLOW = 0x4000, IN_IGNORED = 0x8000;
    private readonly byte[] _buffer = new byte[4096];

    /// <summary>Watches a directory.</summary>
    /// <exception cref="LinuxException">It is not there, or the user's limit of watches is reached.</exception>
    public DirectoryWatch(string path)
    {
        Descriptor = new Fd(Check.Result(inotify_init1(0x80800), "inotify_init1"));
        if (inotify_add_watch(Descriptor.Number, path, Wanted) >= 0) return;
        Errno errno = Check.LastErrno;
        Descriptor.Dispose();
        throw new LinuxException("inotify_add_watch", path, errno);
    }

    /// <summary>Readable when something has changed.</summary>
    public Fd Descriptor { get; }

    /// <summary>Takes the names that changed, each as often as it did.</summary>
    /// <param name="names">Where they are put.</param>
    /// <returns>False when some were lost, or the directory is gone: all of it is to be looked at.</returns>
    public bool Take(List<string> names)
    {
        bool complete = true;
        while (true)
        {
            int length = FdIo.TryRead(Descriptor, _buffer, out _);
            if (length <= 0) return complete;
            for (int at = 0; at + 16 <= length;)
            {
                uint mask = BitConverter.ToUInt32(_buffer, at + 4);
                int size = BitConverter.ToInt32(_buffer, at + 12);
                if ((mask & (IN_Q_OVERFLOW | IN_IGNORED)) != 0) complete = false;
                ReadOnlySpan<byte> name = _buffer.AsSpan(at + 16, size);
                int end = name.IndexOf((byte)0);
                if (size > 0) names.Add(Encoding.UTF8.GetString(end < 0 ? name : name[..end]));
                at += 16 + size;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Descriptor.Dispose();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_init1(int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int inotify_add_watch(int fd, string path, uint mask);
}
