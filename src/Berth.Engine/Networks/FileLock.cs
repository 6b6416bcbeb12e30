// A lock in a file that the kernel lets go with its process.
using Berth.Linux;
using Berth.Linux.Files;

namespace Berth.Engine.Networks;

/// <summary>Held (flock) from taking to disposing.</summary>
internal sealed class FileLock : IDisposable
{
    private const int ReadWrite = 2, Create = 0x40;
    private const uint Private = 0x180, PrivateFolder = 0x1C0;

    private readonly string _path;
    private readonly Fd _file;

    private FileLock(string path, Fd file) => (_path, _file) = (path, file);

    /// <summary>Takes it.</summary>
    /// <param name="path">Its file; the folder is made.</param>
    /// <param name="wait">Whether to wait for who has it.</param>
    /// <returns>Null: somebody has it, and we do not wait.</returns>
    public static FileLock? Take(string path, bool wait)
    {
        while (true)
        {
            Fd? file = KernelPath.TryOpen(path, ReadWrite | Create, Private);
            if (file is null)
            {
                // Whoever has removed the last thing in a folder removes the folder too.
                KernelPath.MakeDirectories(path[..path.LastIndexOf('/')], PrivateFolder);
                file = KernelPath.TryOpen(path, ReadWrite | Create, Private);
                if (file is null && KernelPath.LastErrno != Errno.ENOENT) throw new LinuxException("open", path, KernelPath.LastErrno);
                if (file is null) continue;
            }
            if (!KernelPath.Lock(file, wait))
            {
                file.Dispose();
                return null;
            }
            // It may have been removed while we waited: then it is nobody's lock any more.
            if (KernelPath.Facts(path) is { } there && there.Inode == KernelPath.Facts(file).Inode) return new FileLock(path, file);
            file.Dispose();
        }
    }

    /// <summary>Takes it, and waits for it.</summary>
    public static FileLock Take(string path) => Take(path, wait: true)!;

    /// <summary>Removes its file while it is held.</summary>
    public void RemoveFile() => KernelPath.Remove(_path);

    public void Dispose() => _file.Dispose();
}
