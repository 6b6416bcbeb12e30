// Layers mounted on one another (overlayfs), read-only or with a directory for what is written; with ids mapped for a user namespace.
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Mounts;
using Berth.Linux.Programs;
using Berth.Oci.Faults;

namespace Berth.Store.Layers;

/// <summary>What is mounted.</summary>
internal sealed record OverlayRequest
{
    /// <summary>Unpacked layers, top first; at least one.</summary>
    public required IReadOnlyList<string> Lowers { get; init; }

    /// <summary>
    /// A directory with <c>upper</c> and <c>work</c> in it, of one file system; null for a read-only view. A read-only view of one
    /// layer is a bind mount, since overlayfs wants two: what that layer removes stands there as devices.
    /// </summary>
    public string? Writable { get; init; }

    /// <summary>As in <see cref="UnpackOptions.UserAttributes"/>.</summary>
    public bool UserAttributes { get; init; }

    /// <summary>Nothing is forced to the disk; after a crash of the host the upper directory is worth nothing, and overlayfs refuses it.</summary>
    public bool Volatile { get; init; }

    /// <summary>
    /// Ids of the layers are those inside of this user namespace; nobody changes owners of a tree for it. What is written has the
    /// ids outside: overlayfs makes its nodes as the one who mounts, whom the namespace does not know.
    /// </summary>
    public Fd? UserNamespace { get; init; }
}

/// <summary>Mounts and detaches.</summary>
internal static class OverlayMount
{
    private const int PageSize = 4096, LongestString = 255;

    /// <summary>Mounts at a path.</summary>
    /// <exception cref="BerthException">Unsupported: this host has no overlayfs, or not what is asked of it. Denied, Failed: it did not work.</exception>
    public static void Attach(OverlayRequest request, string target)
    {
        if (request.Lowers.Count == 0) throw new BerthException(Fault.InvalidArgument, $"cannot mount layers on {target}: there are none");
        try
        {
            if (request.Writable is null && request.Lowers.Count == 1) Bind(request, target);
            else if (TryMake(request) is { } mount)
            {
                using (mount) Tree.Attach(mount, target);
            }
            else Classic(request, target);
        }
        catch (LinuxException e)
        {
            throw Failure(e, request, target);
        }
    }

    /// <summary>Makes the mount and attaches it nowhere: it goes with its descriptor, so whoever is killed leaves none.</summary>
    /// <param name="request">What is mounted.</param>
    /// <param name="passing">A folder where an old kernel needs it for a moment.</param>
    /// <exception cref="BerthException">As <see cref="Attach"/>.</exception>
    public static Fd Open(OverlayRequest request, string passing)
    {
        if (request.Lowers.Count == 0) throw new BerthException(Fault.InvalidArgument, $"cannot mount layers on {passing}: there are none");
        try
        {
            if (request.Writable is null && request.Lowers.Count == 1)
            {
                Fd tree = Mapped(request.Lowers[0], request);
                Tree.SetAttributes(tree, MountAttributes.ReadOnly);
                return tree;
            }
            if (TryMake(request) is { } mount) return mount;
            Classic(request, passing);
            try { return Tree.Clone(passing, recursive: false); }
            finally { HostMount.Detach(passing); }
        }
        catch (LinuxException e)
        {
            throw Failure(e, request, passing);
        }
    }

    private static BerthException Failure(LinuxException e, OverlayRequest request, string target)
    {
        // Of a missing layer the kernel only says that something is wrong.
        foreach (string path in (string[])[target, .. request.Lowers])
        {
            if (!KernelFile.Exists(path)) return new BerthException(Fault.NotFound, $"cannot mount layers on {target}: {path} is not there", null, e);
        }
        Fault fault = e.Errno switch
        {
            Errno.ENODEV or Errno.ENOSYS or Errno.EOPNOTSUPP => Fault.Unsupported,
            Errno.EPERM or Errno.EACCES => Fault.Denied,
            _ => Fault.Failed,
        };
        return new BerthException(fault, $"cannot mount layers on {target}: {e.Message}", null, e);
    }

    /// <summary>
    /// Makes <c>upper</c> and <c>work</c> in an empty directory. What the whole mount's root is like, overlayfs takes from the upper
    /// one, so it gets what the topmost layer's root has.
    /// </summary>
    /// <param name="writable">The directory.</param>
    /// <param name="topLayer">Path of the topmost layer.</param>
    /// <param name="ids">The maps of <see cref="OverlayRequest.UserNamespace"/>.</param>
    public static void MakeWritable(string writable, string topLayer, IdMapping? ids = null)
    {
        try
        {
            using Fd top = KernelPath.Open(topLayer, OpenFlags.Directory);
            using Fd directory = KernelPath.Open(writable, OpenFlags.Directory);
            foreach (byte[] name in (byte[][])["upper"u8.ToArray(), "work"u8.ToArray()]) NodeCopy.Check(TreeFd.MakeDirectory(directory, name, 0x1C0), "make", name);
            NodeFacts facts = TreeFacts.Of(top);
            if (ids?.Outside(facts) is { } owner) facts = facts with { Uid = owner.Uid, Gid = owner.Gid };
            NodeCopy.Describe(top, "."u8, facts, directory, "upper"u8);
        }
        catch (LinuxException e)
        {
            throw new BerthException(Fault.Failed, $"cannot make room for what is written above a layer: {e.Message}", null, e);
        }
    }

    /// <summary>Takes the topmost mount of a path away, whoever still uses it.</summary>
    /// <returns>False where nothing is mounted.</returns>
    public static bool Detach(string target) => HostMount.Detach(target);

    private static void Bind(OverlayRequest request, string target)
    {
        using Fd tree = Mapped(request.Lowers[0], request);
        Tree.SetAttributes(tree, MountAttributes.ReadOnly);
        Tree.Attach(tree, target);
    }

    /// <returns>Null where the kernel is older than 6.5, or does not know fsopen(2).</returns>
    private static Fd? TryMake(OverlayRequest request)
    {
        List<Fd> held = [];
        try
        {
            using NewMount? context = Open();
            if (context is null) return null;
            context.Set("source", "overlay");
            bool isFirst = true;
            foreach (string lower in request.Lowers)
            {
                try { AddLayer(context, "lowerdir+", lower, request, held); }
                catch (LinuxException e) when (isFirst && e.Errno == Errno.EINVAL && request.UserNamespace is null) { return null; }
                isFirst = false;
            }
            if (request.Writable is { } writable) AddWritable(context, writable, held);
            if (request.UserAttributes) context.Set("userxattr");
            // What is written must be whole in its own directory, or no layer can be made of it. Distributions change the defaults.
            else foreach (string option in (string[])["redirect_dir", "index", "metacopy"]) context.Set(option, "off");
            if (request is { Volatile: true, Writable: not null }) context.Set("volatile");
            return context.Make(request.Writable is null ? MountAttributes.ReadOnly : MountAttributes.None);
        }
        finally
        {
            foreach (Fd fd in held) fd.Dispose();
        }
    }

    private static NewMount? Open()
    {
        try { return NewMount.Open("overlay"); }
        catch (LinuxException e) when (e.Errno == Errno.ENOSYS) { return null; }
    }

    private static void AddLayer(NewMount context, string option, string path, OverlayRequest request, List<Fd> held)
    {
        if (request.UserNamespace is null && Encoding.UTF8.GetByteCount(path) <= LongestString)
        {
            context.Set(option, path);
            return;
        }
        Fd tree = request.UserNamespace is null ? KernelPath.Open(path, OpenFlags.Path | OpenFlags.Directory) : Mapped(path, request);
        held.Add(tree);
        SetOpen(context, option, tree);
    }

    private static void AddWritable(NewMount context, string writable, List<Fd> held)
    {
        foreach ((string option, string name) in ((string, string)[])[("upperdir", "upper"), ("workdir", "work")])
        {
            string path = $"{writable}/{name}";
            if (Encoding.UTF8.GetByteCount(path) <= LongestString)
            {
                context.Set(option, path);
                continue;
            }
            Fd directory = KernelPath.Open(path, OpenFlags.Path | OpenFlags.Directory);
            held.Add(directory);
            SetOpen(context, option, directory);
        }
    }

    private static void SetOpen(NewMount context, string option, Fd directory)
    {
        try { context.Set(option, directory); }
        // Before Linux 6.13 only names are understood; the magic link is one.
        catch (LinuxException e) when (e.Errno == Errno.EINVAL) { context.Set(option, directory.ProcPath); }
    }

    private static Fd Mapped(string path, OverlayRequest request)
    {
        Fd tree = Tree.Clone(path, recursive: false);
        if (request.UserNamespace is null) return tree;
        try
        {
            Tree.MapIds(tree, request.UserNamespace, recursive: false);
            return tree;
        }
        catch (LinuxException)
        {
            tree.Dispose();
            throw;
        }
    }

    /// <summary>mount(2): all options in one page. Where the names are too long for it, magic links stand for them.</summary>
    private static void Classic(OverlayRequest request, string target)
    {
        List<Fd> held = [];
        try
        {
            string data = Options(request, static path => path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal));
            if (request.UserNamespace is not null || Encoding.UTF8.GetByteCount(data) >= PageSize)
            {
                data = Options(request, path =>
                {
                    Fd fd = path == request.Writable ? KernelPath.Open(path, OpenFlags.Path | OpenFlags.Directory) : Mapped(path, request);
                    held.Add(fd);
                    return fd.ProcPath;
                });
            }
            HostMount.Mount("overlay", target, "overlay", request.Writable is null ? MountFlags.ReadOnly : MountFlags.None, data);
        }
        finally
        {
            foreach (Fd fd in held) fd.Dispose();
        }
    }

    private static string Options(OverlayRequest request, Func<string, string> named)
    {
        StringBuilder data = new("lowerdir=");
        data.AppendJoin(':', request.Lowers.Select(named));
        if (request.Writable is { } writable)
        {
            string name = named(writable);
            data.Append($",upperdir={name}/upper,workdir={name}/work");
            if (request.Volatile) data.Append(",volatile");
        }
        return data.Append(request.UserAttributes ? ",userxattr" : ",redirect_dir=off,index=off,metacopy=off").ToString();
    }

    /// <summary>For tests: the way of old kernels.</summary>
    internal static void AttachClassic(OverlayRequest request, string target) => Classic(request, target);
}
