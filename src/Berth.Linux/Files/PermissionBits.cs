// Permission bits of a file that is there already.
using System.Runtime.InteropServices;

namespace Berth.Linux.Files;

/// <summary>chmod(2).</summary>
public static partial class PermissionBits
{
    /// <summary>Sets the permission bits.</summary>
    /// <exception cref="LinuxException">The file is not ours.</exception>
    public static void Set(string path, uint mode) => Check.Result(chmod(path, mode), "chmod", path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chmod(string path, uint mode);
}
