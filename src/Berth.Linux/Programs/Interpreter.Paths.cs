// Paths and trees in the child: a target below a root that is made if it is missing, and the copy behind `tmpcopyup`.
namespace Berth.Linux.Programs;

internal unsafe ref partial struct Interpreter
{
    /// <summary>What <see cref="OpenTarget"/> makes when the last component is missing.</summary>
    internal const int TargetDirectory = 0, TargetFile = 1, TargetLikeSlot = 2;

    internal const ulong ResolveNoMagicLinks = 0x02, ResolveNoSymlinks = 0x04, ResolveBeneath = 0x08, ResolveInRoot = 0x10, ResolveNoXDev = 0x01;

    private const int PathMax = 4096;

    private long OpenInRoot(int root, byte* path)
    {
        ulong* how = stackalloc ulong[3];
        how[0] = O_PATH | O_CLOEXEC;
        how[1] = 0;
        how[2] = ResolveInRoot | ResolveNoMagicLinks;
        return Call(Syscall.OpenAt2, root, (long)path, (long)how, 24);
    }

    /// <summary>
    /// Opens (O_PATH) a path with the root's own view of symbolic links. Missing components are made one at a time, each
    /// below a directory that is held open, so that a link swapped in meanwhile is resolved inside the root again.
    /// </summary>
    private long OpenTarget(int root, byte* path, int kind, uint mode, long likeSlot)
    {
        byte* buffer = stackalloc byte[PathMax];
        byte* link = stackalloc byte[PathMax];
        byte* joined = stackalloc byte[PathMax];
        int length = 0;
        while (path[length] != 0)
        {
            if (length == PathMax - 1) return Error(Errno.ENAMETOOLONG);
            buffer[length] = path[length];
            length++;
        }
        buffer[length] = 0;
        if (kind == TargetLikeSlot)
        {
            long likeMode = ModeOf((int)Slot[likeSlot]);
            if (likeMode < 0) return -1;
            kind = (likeMode & S_IFMT) == S_IFDIR ? TargetDirectory : TargetFile;
            if (kind == TargetFile) mode = 0x1A4;
        }

        for (int tries = 0; tries < 256; tries++)
        {
            long fd = OpenInRoot(root, buffer);
            if (fd >= 0 || _errno != (int)Errno.ENOENT) return fd;
            if (!MakeMissing(root, buffer, link, joined, kind, mode)) return -1;
        }
        return Error(Errno.ELOOP);
    }

    /// <summary>Makes the first missing component of the path, or rewrites the path where a dangling link stands in the way.</summary>
    private bool MakeMissing(int root, byte* path, byte* link, byte* joined, int kind, uint mode)
    {
        // Mostly it is the last component that is missing.
        int slash = LastSlash(path);
        if (slash > 0)
        {
            path[slash] = 0;
            long directory = OpenInRoot(root, path);
            path[slash] = (byte)'/';
            if (directory >= 0) return MakeIn(directory, path, slash + 1, EndOf(path, slash + 1), link, joined, kind, mode);
        }
        long parent = Call(Syscall.OpenAt, root, (long)Dot(), O_PATH | O_CLOEXEC);
        if (parent < 0) return false;
        int start = 0;
        while (true)
        {
            while (path[start] == '/') start++;
            int end = EndOf(path, start);
            byte kept = path[end];
            path[end] = 0;
            long fd = OpenInRoot(root, path);
            path[end] = kept;
            if (fd < 0)
            {
                if (_errno == (int)Errno.ENOENT) return MakeIn(parent, path, start, end, link, joined, kind, mode);
                int errno = _errno;
                Call(Syscall.Close, parent);
                _errno = errno;
                return false;
            }
            Call(Syscall.Close, parent);
            parent = fd;
            if (kept == 0)
            {
                // Somebody else made it meanwhile.
                Call(Syscall.Close, parent);
                return true;
            }
            start = end;
        }
    }

    /// <summary>Makes one component in its open parent, which is closed.</summary>
    private bool MakeIn(long parent, byte* path, int start, int end, byte* link, byte* joined, int kind, uint mode)
    {
        byte kept = path[end];
        bool last = kept == 0 || path[end + 1] == 0;
        path[end] = 0;
        bool made = last && kind == TargetFile
            ? MakeFile((int)parent, path + start, mode)
            : Call(Syscall.MkdirAt, parent, (long)(path + start), last ? mode : 0x1ED) >= 0;
        if (!made && _errno == (int)Errno.EEXIST) made = FollowDangling((int)parent, path, start, end, kept, link, joined);
        else path[end] = kept;
        int errno = _errno;
        Call(Syscall.Close, parent);
        _errno = errno;
        return made;
    }

    private static int EndOf(byte* path, int start)
    {
        while (path[start] != 0 && path[start] != '/') start++;
        return start;
    }

    /// <summary>Where the last component's slash is, or -1 where the path ends with one.</summary>
    private static int LastSlash(byte* path)
    {
        int slash = -1, i = 0;
        for (; path[i] != 0; i++)
        {
            if (path[i] == '/') slash = i;
        }
        return slash == i - 1 ? -1 : slash;
    }

    private bool MakeFile(int parent, byte* name, uint mode)
    {
        long fd = Call(Syscall.OpenAt, parent, (long)name, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd < 0) return false;
        Call(Syscall.Close, fd);
        return true;
    }

    private bool FollowDangling(int parent, byte* path, int start, int end, byte kept, byte* link, byte* joined)
    {
        long n = Call(Syscall.ReadLinkAt, parent, (long)(path + start), (long)link, PathMax - 1);
        path[end] = kept;
        if (n <= 0) return false;
        int at = 0;
        if (link[0] != '/')
        {
            for (int i = 0; i < start; i++) joined[at++] = path[i];
        }
        int rest = 0;
        while (path[end + rest] != 0) rest++;
        if (at + n + rest >= PathMax)
        {
            _errno = (int)Errno.ENAMETOOLONG;
            return false;
        }
        for (int i = 0; i < n; i++) joined[at++] = link[i];
        for (int i = 0; i < rest; i++) joined[at++] = path[end + i];
        for (int i = 0; i < at; i++) path[i] = joined[i];
        path[at] = 0;
        return true;
    }

    private static byte* Dot()
    {
        ReadOnlySpan<byte> dot = "."u8;
        // A u8 literal lies in the image's read-only data with a zero behind it: it never moves.
        return (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref System.Runtime.InteropServices.MemoryMarshal.GetReference(dot));
    }

    private const int DepthMax = 64;

    /// <summary>Copies directories, regular files and links with mode, owner and times; sockets, pipes and devices are left out.</summary>
    private long CopyTree(int from, int to, int depth)
    {
        if (depth > DepthMax) return Error(Errno.ELOOP);
        const int Size = 8192;
        byte* entries = stackalloc byte[Size];
        // O_PATH descriptors cannot be listed: open the directory itself.
        long list = Call(Syscall.OpenAt, from, (long)Dot(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (list < 0) return -1;
        long result = 0;
        while (result >= 0)
        {
            long n = Call(Syscall.GetDents64, list, (long)entries, Size);
            if (n <= 0)
            {
                result = n;
                break;
            }
            for (long at = 0; at < n && result >= 0; at += *(ushort*)(entries + at + 16))
            {
                byte* name = entries + at + 19;
                if (name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0))) continue;
                result = CopyEntry((int)list, to, name, depth);
            }
        }
        int errno = _errno;
        Call(Syscall.Close, list);
        _errno = errno;
        return result;
    }

    private long CopyEntry(int from, int to, byte* name, int depth)
    {
        byte* stat = stackalloc byte[256];
        long fd = Call(Syscall.OpenAt, from, (long)name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0) return -1;
        if (Call(Syscall.FStat, fd, (long)stat) < 0) return -1;
        Call(Syscall.Close, fd);
        uint mode = *(uint*)(stat + (Arm ? 16 : 24));
        uint uid = *(uint*)(stat + (Arm ? 24 : 28));
        uint gid = *(uint*)(stat + (Arm ? 28 : 32));
        long* times = stackalloc long[4];
        times[0] = *(long*)(stat + 72);
        times[1] = *(long*)(stat + 80);
        times[2] = *(long*)(stat + 88);
        times[3] = *(long*)(stat + 96);
        const int NoFollow = 0x100;
        switch (mode & S_IFMT)
        {
            case S_IFDIR:
                {
                    if (Call(Syscall.MkdirAt, to, (long)name, mode & 0xFFF) < 0 && _errno != (int)Errno.EEXIST) return -1;
                    long source = Call(Syscall.OpenAt, from, (long)name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
                    long target = Call(Syscall.OpenAt, to, (long)name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
                    if (source < 0 || target < 0) return -1;
                    long copied = CopyTree((int)source, (int)target, depth + 1);
                    Call(Syscall.Close, source);
                    Call(Syscall.Close, target);
                    if (copied < 0) return -1;
                    break;
                }
            case S_IFREG:
                if (CopyFile(from, to, name, mode) < 0) return -1;
                break;
            case S_IFLNK:
                {
                    byte* link = stackalloc byte[PathMax];
                    long n = Call(Syscall.ReadLinkAt, from, (long)name, (long)link, PathMax - 1);
                    if (n < 0) return -1;
                    link[n] = 0;
                    if (Call(Syscall.SymlinkAt, (long)link, to, (long)name) < 0 && _errno != (int)Errno.EEXIST) return -1;
                    break;
                }
            default:
                return 0;
        }
        if (Call(Syscall.FChownAt, to, (long)name, uid, gid, NoFollow) < 0) return -1;
        // chown clears set-id bits, so the mode comes after it.
        if ((mode & S_IFMT) != S_IFLNK && Call(Syscall.FChmodAt, to, (long)name, mode & 0xFFF) < 0) return -1;
        return Call(Syscall.UtimensAt, to, (long)name, (long)times, NoFollow);
    }

    private long CopyFile(int from, int to, byte* name, uint mode)
    {
        const int Size = 32768;
        byte* data = stackalloc byte[Size];
        long source = Call(Syscall.OpenAt, from, (long)name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (source < 0) return -1;
        long target = Call(Syscall.OpenAt, to, (long)name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, mode & 0xFFF);
        if (target < 0) return -1;
        while (true)
        {
            long n = Call(Syscall.Read, source, (long)data, Size);
            if (n < 0) return -1;
            if (n == 0) break;
            for (long done = 0; done < n;)
            {
                long w = Call(Syscall.Write, target, (long)(data + done), n - done);
                if (w < 0) return -1;
                done += w;
            }
        }
        Call(Syscall.Close, source);
        Call(Syscall.Close, target);
        return 0;
    }
}
