// Where things lie in a store, and how one process tells another that it is at work.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Store.Layers;

namespace Berth.Store.Places;

/// <summary>
/// The folders of a store. What has its place below blobs, trees and snapshots is whole: it was made elsewhere and renamed there.
/// <code>
/// images.jsonl          what images there are (a line each), replaced as a whole
/// lock                  held for the moment in which that changes, or something becomes garbage
/// blobs/sha256/HEX      content as it came
/// trees/diff/HEX        an unpacked layer that needs none below it: fs, facts
/// trees/chain/HEX       one that borrows from those below it, named by the chain
/// coming/HEX            a blob on its way; locked while somebody fetches it
/// making/NAME           a tree on its way; its lease is NAME's first part
/// leases/NAME           what somebody relies on; locked while he lives
/// snapshots/NAME        a root file system: record, fs, work
/// trash/NAME            what nobody needs, until it is erased
/// </code>
/// </summary>
internal sealed class StorePlaces
{
    public StorePlaces(string root)
    {
        Root = Path.GetFullPath(root);
        (Blobs, Trees, Coming, Making, Leases, Snapshots, Trash) = (At("blobs"), At("trees"), At("coming"), At("making"), At("leases"), At("snapshots"), At("trash"));
    }

    public string Root { get; }

    public string Blobs { get; }

    public string Trees { get; }

    public string Coming { get; }

    public string Making { get; }

    public string Leases { get; }

    public string Snapshots { get; }

    public string Trash { get; }

    public string Images => At("images.jsonl");

    public string Version => At("version");

    public string BlobPath(Digest digest) => $"{Blobs}/{digest.Algorithm}/{digest.Encoded}";

    public string TreePath(string tree) => $"{Trees}/{tree}";

    /// <summary>A name in the trash or among the things that are made, which nothing else has.</summary>
    public static string NewName() => Guid.NewGuid().ToString("N");

    /// <summary>Makes the folders.</summary>
    /// <exception cref="BerthException">Denied, WrongState: they cannot be made.</exception>
    public void Make()
    {
        try
        {
            // Nobody but its owner walks about in layers: they hold other people's setuid programs.
            KernelPath.MakeDirectories(Root, 0x1C0);
            foreach (string folder in (ReadOnlySpan<string>)[Blobs, $"{Blobs}/{Digest.Sha256}", Trees, $"{Trees}/diff", $"{Trees}/chain", Coming, Leases, Snapshots, Trash]) KernelPath.MakeDirectory(folder, 0x1C0);
            if (KernelPath.MakeDirectory(Making, 0x1C0)) LayerRoom.Prepare(Making);
        }
        catch (LinuxException e)
        {
            throw new BerthException(e.Errno is Errno.EACCES or Errno.EPERM ? Fault.Denied : Fault.WrongState, $"cannot make the store {Root}: {e.Message}", "name another folder, or run as a user who may write there", e);
        }
    }

    /// <summary>Alone for a moment: nobody else changes the list of images or takes things away.</summary>
    public Fd Lock()
    {
        Fd file = KernelPath.Open(At("lock"), OpenFlags.ReadWrite | OpenFlags.Create, 0x180);
        try { KernelPath.Lock(file, wait: true); }
        catch { file.Dispose(); throw; }
        return file;
    }

    /// <summary>A file by this path that is locked by us, made if need be; null: somebody else has it.</summary>
    public static Fd? TryHold(string path)
    {
        while (true)
        {
            Fd file = KernelPath.Open(path, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Append, 0x180);
            if (!KernelPath.Lock(file, wait: false))
            {
                file.Dispose();
                return null;
            }
            // Who had it may have renamed or removed it before we got it: then this is no longer the file of that name.
            if (KernelPath.Facts(path) is { } there && there.Inode == KernelPath.Facts(file).Inode) return file;
            file.Dispose();
        }
    }

    /// <summary>Whether somebody who lives holds the file.</summary>
    public static bool IsHeld(string path)
    {
        using Fd? file = KernelPath.TryOpen(path, OpenFlags.ReadOnly);
        // Whom we cannot ask lives, as far as we know.
        return file is null ? KernelPath.LastErrno != Errno.ENOENT : !KernelPath.Lock(file, wait: false);
    }

    /// <summary>What is in a folder of the store. One that cannot be read is not empty: who sweeps would take that for a reason.</summary>
    /// <exception cref="LinuxException">It cannot be read.</exception>
    public static List<string> List(string folder) =>
        KernelDirectory.TryListAll(folder, out Errno errno) ?? (errno == Errno.ENOENT ? [] : throw new LinuxException("open", folder, errno));

    private string At(string name) => $"{Root}/{name}";
}
