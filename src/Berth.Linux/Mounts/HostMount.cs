// mount(2) and umount2(2) in this process's own mount namespace: root file systems that an engine asks for.
using System.Runtime.InteropServices;
using Berth.Linux.Files;
using Berth.Linux.Programs;

namespace Berth.Linux.Mounts;

/// <summary>Mounts made by name, seen by everybody in this namespace.</summary>
public static partial class HostMount
{
    private const int MNT_DETACH = 2, UMOUNT_NOFOLLOW = 8;

    /// <summary>mount(2).</summary>
    /// <exception cref="LinuxException">With the path as its subject.</exception>
    public static void Mount(string? source, string target, string? type, MountFlags flags, string? data = null) =>
        Check.Result(mount(source, target, type, (ulong)flags, data), "mount", $"{type ?? "bind"} {source} on {target}");

    /// <summary>umount2(2) at once, whoever still uses it; the topmost mount only.</summary>
    /// <returns>False where nothing is mounted there.</returns>
    /// <exception cref="LinuxException">Any other reason than that.</exception>
    public static bool Detach(string target)
    {
        if (umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW) == 0) return true;
        return Check.LastErrno is Errno.EINVAL or Errno.ENOENT ? false : throw new LinuxException("umount2", target, Check.LastErrno);
    }

    /// <summary>Takes away everything that is mounted on a path and below it, the last one first.</summary>
    public static void DetachAll(string path)
    {
        List<string> points = [];
        // The kernel's list has no links in it: /var/run is /run there.
        path = KernelPath.Resolve(path) ?? path;
        string below = path + "/";
        foreach (string line in KernelFile.ReadText("/proc/self/mountinfo").Split('\n'))
        {
            string[] fields = line.Split(' ', 6);
            if (fields.Length < 6) continue;
            string point = Unescape(fields[4]);
            if (point == path || point.StartsWith(below, StringComparison.Ordinal)) points.Add(point);
        }
        for (int i = points.Count - 1; i >= 0; i--) Detach(points[i]);
    }

    /// <summary>Blanks, tabs, new lines and backslashes are written in octal there (proc_pid_mountinfo(5)).</summary>
    private static string Unescape(string text)
    {
        if (!text.Contains('\\')) return text;
        System.Text.StringBuilder plain = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length)
            {
                plain.Append((char)(((text[i + 1] - '0') * 64) + ((text[i + 2] - '0') * 8) + text[i + 3] - '0'));
                i += 3;
            }
            else plain.Append(text[i]);
        }
        return plain.ToString();
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string? source, string target, string? type, ulong flags, string? data);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);
}
