// The root file system of a debugger: tools, and the way to the files that it looks at.
using System.Globalization;
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Mounts;
using Berth.Linux.Programs;
using Berth.Oci.Faults;

namespace Berth.Engine.Containers;

/// <summary>Furnishes it. It is the debugger's own, and goes with it.</summary>
internal static class DebugRoot
{
    private const uint Program = 0x1ED, Folder = 0x1ED, Public = 0x3FF, Text = 0x1A4;
    private const int Piece = 256 * 1024;

    /// <summary>Lays out tools where the host's are used, and the link to the files of a container that runs.</summary>
    /// <param name="parts">The engine's.</param>
    /// <param name="id">The debugger, whose root file system is not mounted yet: where ids are mapped, we could not write there.</param>
    /// <param name="target">What is looked at.</param>
    /// <param name="pid">Its first process, as we see it; 0: it does not run, and its files are mounted.</param>
    public static void Furnish(ContainerParts parts, string id, DebugTarget target, int pid)
    {
        using Fd top = parts.Images.Store.Snapshots.OpenRoot(id, forWriting: true);
        if (target.HasHostTools) LayTools(top);
        // Made below the root and not along a path: what an image has at this place leads nowhere. It sees the process by another number.
        if (pid != 0) TreeFd.MakeLink(Encoding.ASCII.GetBytes($"/proc/{NumberInside(pid)}/root"), top, Encoding.ASCII.GetBytes(Debugging.Place[1..]));
    }

    /// <summary>The files of a container that does not run, as they are now; they cannot be written.</summary>
    /// <exception cref="BerthException">NotFound: it was removed.</exception>
    public static Fd FilesOf(ContainerParts parts, string id)
    {
        ContainerRecord record = parts.Folder.Read(id) ?? throw new BerthException(Fault.NotFound, $"there is no container {id[..12]} any more") { Code = FaultCode.ContainerUnknown };
        if (record.Spec.RootFolder is { } folder && !record.Spec.IsRootFolderKept) return Tree.Clone(folder, recursive: false);
        using Fd? space = record.Settled.Ids is { } ids ? UserNamespaceHandle.Make(ids) : null;
        return parts.Images.Store.Snapshots.OpenRoot(id, forWriting: false, space);
    }

    private static void LayTools(Fd top)
    {
        foreach (string name in (ReadOnlySpan<string>)["bin", "dev", "etc", "proc", "root", "run", "sys"]) TreeFd.MakeDirectory(top, Encoding.ASCII.GetBytes(name), Folder);
        TreeFd.MakeDirectory(top, "tmp"u8, Public);
        // Whatever our umask says.
        TreeOwnership.SetModeOfNoLink(top, "tmp"u8, Public);
        string path = HostTools.Require();
        using Fd bin = In(top, "bin"), etc = In(top, "etc");
        using (Fd from = KernelPath.Open(path, OpenFlags.ReadOnly))
        using (Fd to = Make(bin, "busybox", Program))
        {
            byte[] piece = new byte[Piece];
            while (KernelPath.Read(from, piece) is > 0 and int count) KernelPath.WriteAll(to, piece.AsSpan(0, count), path);
        }
        foreach (string name in HostTools.NamesOf(path)) TreeFd.MakeLink("busybox"u8, bin, Encoding.ASCII.GetBytes(name));
        using Fd users = Make(etc, "passwd", Text), groups = Make(etc, "group", Text);
        KernelPath.WriteAll(users, "root:x:0:0:root:/root:/bin/sh\n"u8, "passwd");
        KernelPath.WriteAll(groups, "root:x:0:\n"u8, "group");
    }

    private static Fd In(Fd top, string name) =>
        TreeFd.TryOpen(top, Encoding.ASCII.GetBytes(name), OpenFlags.Path | OpenFlags.Directory | OpenFlags.NoFollow, out Errno errno) ?? throw new LinuxException("open", name, errno);

    private static Fd Make(Fd folder, string name, uint mode)
    {
        Fd file = TreeFd.TryOpen(folder, Encoding.ASCII.GetBytes(name), OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow, out Errno errno, mode) ?? throw new LinuxException("open", name, errno);
        // Whatever our umask says.
        FdIo.TrySetMode(file, mode);
        return file;
    }

    // The last number of NSpid is that in the innermost namespace: its own.
    private static string NumberInside(int pid)
    {
        foreach (string line in (KernelFile.TryReadText($"/proc/{pid}/status") ?? "").Split('\n'))
        {
            if (!line.StartsWith("NSpid:", StringComparison.Ordinal)) continue;
            string number = line[(line.LastIndexOf('\t') + 1)..].Trim();
            if (int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out _)) return number;
        }
        return "1";
    }
}
