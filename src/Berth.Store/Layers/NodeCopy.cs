// Copies one node with everything that it has: content by sharing blocks where the file system can, holes, owner, mode, attributes, time.
using System.Buffers;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Faults;

namespace Berth.Store.Layers;

/// <summary>From a name in an open directory to a name in another.</summary>
internal static class NodeCopy
{
    private const int BlockSize = 256 * 1024;

    /// <summary>Anything but a directory; nothing may stand there yet.</summary>
    public static void Copy(Fd from, ReadOnlySpan<byte> name, NodeFacts facts, Fd to, ReadOnlySpan<byte> newName)
    {
        switch (facts.Type)
        {
            case NodeType.File: CopyContent(from, name, facts, to, newName); break;
            case NodeType.Link:
                byte[] target = TreeFd.TryReadLink(from, name, out Errno errno) ?? throw Failure(errno, "read", name);
                Check(TreeFd.MakeLink(target, to, newName), "make", newName);
                break;
            default: Check(TreeFd.MakeNode(to, newName, facts.Type | 0x180, facts.Number), "make", newName); break;
        }
        Describe(from, name, facts, to, newName);
    }

    /// <summary>Gives a node of the same type the owner, mode, attributes and time of another.</summary>
    public static void Describe(Fd from, ReadOnlySpan<byte> name, NodeFacts facts, Fd to, ReadOnlySpan<byte> newName)
    {
        Check(TreeFacts.Read(to, newName, out NodeFacts own), "look at", newName);
        if (own.Uid != facts.Uid || own.Gid != facts.Gid) Check(TreeOwnership.SetOwner(to, newName, facts.Uid, facts.Gid), "give away", newName);
        CopyAttributes(from, name, to, newName);
        Check(TreeOwnership.SetTime(to, newName, facts.Modified), "set the time of", newName);
        // Behind the owner, which drops setuid, and last, since it may shut out whoever is not root.
        if (!facts.IsLink) Check(TreeOwnership.SetModeOfNoLink(to, newName, facts.Permissions), "set the mode of", newName);
    }

    private static void CopyAttributes(Fd from, ReadOnlySpan<byte> name, Fd to, ReadOnlySpan<byte> newName)
    {
        IReadOnlyList<string> attributes = ExtendedAttributes.List(from, name, out Errno errno);
        Check(errno, "list the attributes of", name);
        foreach (string attribute in attributes)
        {
            if (OverlayNames.IsReserved(attribute)) continue;
            byte[]? value = ExtendedAttributes.TryRead(from, name, attribute, out errno);
            // Gone meanwhile, or of a kind that is listed and not shown.
            if (value is null) continue;
            errno = ExtendedAttributes.Set(to, newName, attribute, value);
            bool mayMiss = attribute != "security.capability" && errno is Errno.EPERM or Errno.EOPNOTSUPP;
            if (!mayMiss) Check(errno, $"set {attribute} of", newName);
        }
    }

    private static void CopyContent(Fd from, ReadOnlySpan<byte> name, NodeFacts facts, Fd to, ReadOnlySpan<byte> newName)
    {
        using Fd source = TreeFd.TryOpen(from, name, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out Errno errno) ?? throw Failure(errno, "read", name);
        using Fd copy = TreeFd.TryOpen(to, newName, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, out errno, 0x180) ?? throw Failure(errno, "make", newName);
        if (facts.Size == 0 || FileData.Share(source, copy) == Errno.None) return;
        foreach ((long offset, long length) in FileData.Runs(source, facts.Size))
        {
            errno = FileData.Copy(source, copy, offset, length);
            if (errno is Errno.EXDEV or Errno.EINVAL or Errno.ENOSYS or Errno.EOPNOTSUPP) errno = CopyByHand(source, copy, offset, length);
            Check(errno, "write", newName);
        }
        Check(FileData.SetLength(copy, facts.Size), "set the length of", newName);
    }

    private static Errno CopyByHand(Fd source, Fd copy, long offset, long length)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            while (length > 0)
            {
                int n = FileData.Read(source, buffer.AsSpan(0, (int)Math.Min(length, BlockSize)), offset);
                if (n == 0) return Errno.None;
                Errno errno = FileData.Write(copy, buffer.AsSpan(0, n), offset);
                if (errno != Errno.None) return errno;
                offset += n;
                length -= n;
            }
            return Errno.None;
        }
        finally { ArrayPool<byte>.Shared.Return(buffer); }
    }

    public static void Check(Errno errno, string what, ReadOnlySpan<byte> name)
    {
        if (errno != Errno.None) throw Failure(errno, what, name);
    }

    public static BerthException Failure(Errno errno, string what, ReadOnlySpan<byte> name) => errno is Errno.ENOSPC or Errno.EDQUOT
        ? new BerthException(Fault.Exhausted, $"cannot {what} '{LayerPath.Show(name)}': {errno.Sentence()}", "free space with prune, or give the store a larger disk") { Code = FaultCode.DiskFull }
        : new BerthException(errno is Errno.EPERM or Errno.EACCES ? Fault.Denied : Fault.Failed, $"cannot {what} '{LayerPath.Show(name)}': {errno.Sentence()}");
}
