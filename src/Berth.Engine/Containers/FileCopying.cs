// Copies files into containers, out of them and between them: docker's rules of what goes where, over a stream of tar.
using Berth.Engine.Files;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Microsoft.Win32.SafeHandles;

namespace Berth.Engine.Containers;

/// <summary>
/// Copies. Both ends are opened first and held; one side packs, the other unpacks, and neither takes a name from the other that it
/// does not look at.
/// </summary>
internal sealed class FileCopying(FileRoots roots)
{
    /// <summary>Copies.</summary>
    public async Task<FileCopyReport> CopyAsync(CopyEnd from, CopyEnd to, FileCopyOptions options, CancellationToken ct)
    {
        List<string> leftOut = [];
        void Leave(string what)
        {
            lock (leftOut) leftOut.Add(what);
        }
        if (from is CopyEnd.Archive { Stream: var tar })
        {
            using Target whole = await TargetOfAsync(to, null, ct).ConfigureAwait(false);
            return new FileCopyReport(await Task.Run(() => Unpack(tar, whole, options, Leave, ct), ct).ConfigureAwait(false), leftOut);
        }
        using Source source = await SourceOfAsync(from, options, ct).ConfigureAwait(false);
        if (to is CopyEnd.Archive { Stream: var stream })
        {
            await Task.Run(() => Pack(stream, source, source.IsContent ? "."u8.ToArray() : source.Place.BaseName, new PackRules { HasAttributes = options.KeepsOwners, LeftOut = Leave }, ct), ct).ConfigureAwait(false);
            return new FileCopyReport(0, leftOut);
        }
        using Target target = await TargetOfAsync(to, source, ct).ConfigureAwait(false);
        RequireOutside(from, source, to, target);
        return new FileCopyReport(await ThroughPipeAsync(source, target, options, Leave, ct).ConfigureAwait(false), leftOut);
    }

    // It would grow while it is read.
    private static void RequireOutside(CopyEnd from, Source source, CopyEnd to, Target target)
    {
        bool isSame = (from, to) switch
        {
            (CopyEnd.Inside one, CopyEnd.Inside other) => one.Container.Id == other.Container.Id,
            (CopyEnd.Host, CopyEnd.Host) => true,
            _ => false,
        };
        if (isSame && source.Place.IsFolder && $"{target.Folder.Path}/".StartsWith($"{source.Place.Path}/", StringComparison.Ordinal)) throw new BerthException(Fault.InvalidArgument, $"cannot copy {source.Tree.Label}{source.Place.Path} into itself");
    }

    private static async Task<long> ThroughPipeAsync(Source source, Target target, FileCopyOptions options, Action<string> leave, CancellationToken ct)
    {
        (Fd read, Fd write) = KernelPath.Pipe();
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Exception? failure = null;
        Task packing = Task.Run(() =>
        {
            try
            {
                using FileStream into = new(new SafeFileHandle(write.Number, ownsHandle: false), FileAccess.Write, 0);
                Pack(into, source, target.Name, new PackRules { HasAttributes = options.KeepsOwners, LeftOut = leave }, ending.Token);
            }
            catch (IOException)
            {
                // The other side has gone, and says why.
            }
            catch (Exception e) when (e is BerthException or LinuxException or OperationCanceledException)
            {
                failure = e;
            }
            finally
            {
                write.Dispose();
            }
        }, CancellationToken.None);
        long bytes = 0;
        Exception? other = null;
        try
        {
            bytes = await Task.Run(() =>
            {
                using FileStream outOf = new(new SafeFileHandle(read.Number, ownsHandle: false), FileAccess.Read, 0);
                return Unpack(outOf, target, options, leave, ct);
            }, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is BerthException or LinuxException or OperationCanceledException)
        {
            other = e;
            await ending.CancelAsync().ConfigureAwait(false);
        }
        finally
        {
            read.Dispose();
            await packing.ConfigureAwait(false);
        }
        // A stream that was cut off is only what follows from the fault of the one who wrote it.
        Exception? first = failure is null or OperationCanceledException ? other ?? failure : failure;
        return first is null ? bytes : throw first;
    }

    private static void Pack(Stream to, Source source, byte[] name, PackRules rules, CancellationToken ct)
    {
        // Not closed: the stream is the caller's.
        BufferedStream buffered = new(to, 128 * 1024);
        TreePacker packer = new(buffered, rules, ct);
        packer.Add(source.Place, name);
        packer.Finish();
        buffered.Flush();
    }

    private static long Unpack(Stream tar, Target target, FileCopyOptions options, Action<string> leave, CancellationToken ct)
    {
        using Fd top = TreeFd.TryOpen(target.Folder.Folder, "."u8, OpenFlags.ReadOnly | OpenFlags.Directory, out Errno errno) ?? throw new BerthException(Fault.Denied, $"cannot open {target.Label}{target.Folder.Path}: {errno.Sentence()}");
        IdShift? ids = target.Folder.Ids;
        using TreeUnpacker unpacker = new(top, new UnpackRules
        {
            Owner = options.KeepsOwners ? null : target.Root is null ? (Self.UserId, Self.GroupId) : ids?.Outside(0, 0) ?? (0, 0),
            Ids = ids,
            Overwrites = options.Overwrites,
            DropsPrivileges = target.Root is null && !options.KeepsOwners,
            IsWhole = options.KeepsOwners,
            Follow = target.Root is { } root ? path => Follow(root.Tree, target.Folder.Path + path) : null,
            LeftOut = leave,
        }, ct);
        return unpacker.Unpack(tar);
    }

    private static Fd? Follow(RootedTree tree, string path)
    {
        using FilePlace place = tree.Resolve(path, follow: true);
        return place.IsFolder && !place.IsReadOnly ? TreeFd.TryOpen(place.Folder, "."u8, OpenFlags.ReadOnly | OpenFlags.Directory, out _) : null;
    }

    private async Task<Source> SourceOfAsync(CopyEnd end, FileCopyOptions options, CancellationToken ct)
    {
        (string path, OpenRoot? root, RootedTree tree) = await OpenAsync(end, forWriting: false, ct).ConfigureAwait(false);
        try
        {
            bool isContent = path.EndsWith("/.", StringComparison.Ordinal) || path is ".";
            bool isFolder = isContent || path.EndsWith('/');
            FilePlace place = tree.Resolve(path, options.FollowsLink || isFolder);
            if (place.Facts is null || isFolder && !place.IsFolder)
            {
                place.Dispose();
                throw place.Facts is null ? new BerthException(Fault.NotFound, $"{tree.Label}{path} is not there") { Code = FaultCode.PathUnknown, Subjects = [path, tree.Label.TrimEnd(':')] } : new BerthException(Fault.InvalidArgument, $"{tree.Label}{path} is no folder");
            }
            return new Source(place, isContent || place.Path.Length == 0, root, tree);
        }
        catch (Exception)
        {
            Close(root, tree);
            throw;
        }
    }

    /// <summary>The folder into which is unpacked, and under which name.</summary>
    private async Task<Target> TargetOfAsync(CopyEnd end, Source? source, CancellationToken ct)
    {
        (string path, OpenRoot? root, RootedTree tree) = await OpenAsync(end, forWriting: true, ct).ConfigureAwait(false);
        try
        {
            FilePlace place = tree.Resolve(path, follow: true);
            try
            {
                return Choose(place, path, source, root, tree);
            }
            catch (Exception)
            {
                place.Dispose();
                throw;
            }
        }
        catch (Exception)
        {
            Close(root, tree);
            throw;
        }
    }

    private static Target Choose(FilePlace place, string path, Source? source, OpenRoot? root, RootedTree tree)
    {
        bool wantsFolder = path.EndsWith('/') || path.EndsWith("/.", StringComparison.Ordinal);
        string shown = tree.Label + path;
        if (place.IsReadOnly) throw new BerthException(Fault.Denied, $"cannot write to {shown}: it is read-only in the container");
        if (source is null) return place.IsFolder ? new Target(place, "."u8.ToArray(), root, tree) : throw new BerthException(place.Facts is null ? Fault.NotFound : Fault.InvalidArgument, place.Facts is null ? $"{shown} is not there" : $"destination \"{shown}\" must be a directory", "an archive is unpacked into a folder");
        if (place.IsFolder) return new Target(place, source.IsContent ? "."u8.ToArray() : source.Place.BaseName, root, tree);
        if (place.Facts is not null && wantsFolder) throw new BerthException(Fault.InvalidArgument, $"{shown} is no folder");
        if (place.Facts is not null && source.Place.IsFolder) throw new BerthException(Fault.Conflict, $"cannot copy a directory to {shown}: it is a file") { Code = FaultCode.PathKindMismatch, Subjects = [path] };
        if (place.Facts is null && wantsFolder && !source.Place.IsFolder) throw new BerthException(Fault.NotFound, $"destination directory {shown} must exist") { Code = FaultCode.PathUnknown, Subjects = [path, tree.Label.TrimEnd(':')] };
        return new Target(place, place.Name, root, tree);
    }

    private async Task<(string Path, OpenRoot? Root, RootedTree Tree)> OpenAsync(CopyEnd end, bool forWriting, CancellationToken ct)
    {
        if (end is CopyEnd.Inside inside)
        {
            OpenRoot root = await roots.OpenAsync(inside.Container.Id, forWriting, ct).ConfigureAwait(false);
            return (inside.Path.Length == 0 ? "/" : inside.Path, root, root.Tree);
        }
        string path = ((CopyEnd.Host)end).Path;
        if (path.Length == 0) throw new BerthException(Fault.InvalidArgument, "a path to copy is empty");
        // Not made plain by its text: a/../b is where the link a leads.
        return (path.StartsWith('/') ? path : $"{Environment.CurrentDirectory}/{path}", null, new RootedTree(KernelPath.Open("/", OpenFlags.Path | OpenFlags.Directory)));
    }

    private static void Close(OpenRoot? root, RootedTree tree)
    {
        if (root is null) tree.Dispose();
        else root.Dispose();
    }

    private sealed record Source(FilePlace Place, bool IsContent, OpenRoot? Root, RootedTree Tree) : IDisposable
    {
        public void Dispose()
        {
            Place.Dispose();
            Close(Root, Tree);
        }
    }

    private sealed record Target(FilePlace Folder, byte[] Name, OpenRoot? Root, RootedTree Tree) : IDisposable
    {
        public string Label => Tree.Label;

        public void Dispose()
        {
            Folder.Dispose();
            Close(Root, Tree);
        }
    }
}
