// The directories of one dump or restore, open; and what CRIU's log there says when it failed.
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Checkpoint;

internal sealed class CriuDirectories : IDisposable
{
    private const int MostQuotedLines = 20;

    private Fd _image;
    private Fd? _work;

    private CriuDirectories(string path, Fd image, string? workPath, Fd? work) => (ImagePath, _image, WorkPath, _work) = (path, image, workPath, work);

    /// <summary>Directory of the image.</summary>
    public string ImagePath { get; }

    private string? WorkPath { get; }

    public int ImageFd => _image.Number;

    public int? WorkFd => _work?.Number;

    /// <param name="options">Their paths.</param>
    /// <param name="make">Make the image's directory where it is missing.</param>
    /// <exception cref="BerthException"><see cref="Fault.NotFound"/>, <see cref="Fault.Denied"/>.</exception>
    public static CriuDirectories Open(ImageOptions options, bool make)
    {
        Fd image = OpenOne(options.ImagePath, make, "--image-path");
        try
        {
            return new CriuDirectories(options.ImagePath, image, options.WorkPath, options.WorkPath is null ? null : OpenOne(options.WorkPath, make: true, "--work-path"));
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    private static Fd OpenOne(string path, bool make, string flag)
    {
        try
        {
            if (make) KernelPath.MakeDirectories(path, 0x1C0);
            return KernelPath.Open(path, OpenFlags.Directory);
        }
        catch (LinuxException e)
        {
            throw new BerthException(e.Errno == Errno.ENOENT ? Fault.NotFound : Fault.Failed, $"cannot open {path}: {e.Errno.Sentence()}", $"name a directory with {flag}", e);
        }
    }

    /// <summary>
    /// CRIU opens our descriptors again and works there; in a mount namespace of its own it can only mount in directories of
    /// that one. So its child opens them, and we take copies.
    /// </summary>
    /// <param name="program">The child's steps.</param>
    /// <param name="mapIds">For a container with a user namespace, whose root must read the image too: makes a copy of the mount id-mapped.</param>
    /// <param name="place">A directory to mount that copy on.</param>
    public void OpenAgain(ChildProgram program, Action<Fd>? mapIds, string place)
    {
        // The log is written by the host's root, to whom a mapped directory does not belong.
        OpenAgain(program, WorkPath ?? ImagePath, fd => _work = Replace(_work, fd));
        if (mapIds is null)
        {
            OpenAgain(program, ImagePath, fd => _image = Replace(_image, fd));
            return;
        }
        LetGroupIn(ImagePath);
        program.Step("show the image to the container's root", ImagePath, "an id-mapped mount: CRIU opens images again as that root");
        Slot mark = program.MarkSlots();
        Slot tree = program.CloneTree(ProgramFd.Cwd, ImagePath, recursive: false);
        program.Publish(tree).Meet(child =>
        {
            using Fd published = child.TakePublished();
            mapIds(published);
        });
        Slot target = program.OpenAt2(ProgramFd.Cwd, place, OpenFlags.Path | OpenFlags.Directory, Resolve.None);
        program.Attach(tree, target).Close(tree).Close(target).ReleaseSlots(mark);
        OpenAgain(program, place, fd => _image = Replace(_image, fd));
    }

    /// <summary>Root's own group, which gains nothing by it.</summary>
    private static void LetGroupIn(string path)
    {
        if (KernelPath.Facts(path) is { Gid: 0 } facts && (facts.Mode & 0x28) != 0x28) PermissionBits.Set(path, (facts.Mode & 0xFFF) | 0x28);
    }

    private static void OpenAgain(ChildProgram program, string path, Action<Fd> take)
    {
        program.Step("open for criu", path, "in its mount namespace");
        Slot mark = program.MarkSlots();
        Slot directory = program.OpenAt2(ProgramFd.Cwd, path, OpenFlags.Directory, Resolve.None);
        program.Publish(directory).Meet(child => take(child.TakePublished()));
        program.Close(directory).ReleaseSlots(mark);
    }

    private static Fd Replace(Fd? old, Fd fd)
    {
        old?.Dispose();
        return fd;
    }

    /// <summary>
    /// CRIU's configuration file, whose lines win over what we ask for: the container's own, or the first that is there of
    /// ours, crun's and runc's. An empty annotation means none.
    /// </summary>
    public static string? ConfigFile(Spec spec)
    {
        if (spec.Annotations.TryGetValue("org.criu.config", out string? own)) return own.Length == 0 ? null : own;
        foreach (string path in (ReadOnlySpan<string>)["/etc/criu/berth.conf", "/etc/criu/crun.conf", "/etc/criu/runc.conf"])
        {
            if (KernelFile.Exists(path)) return path;
        }
        return null;
    }

    /// <summary>Quotes the log's lines on errors.</summary>
    public void QuoteLog(string name, Action<string> warn)
    {
        string path = $"{WorkPath ?? ImagePath}/{name}";
        if (KernelFile.TryRead(path, out _) is not { } bytes) return;
        List<string> errors = [];
        foreach (string line in Encoding.UTF8.GetString(bytes).Split('\n'))
        {
            if (line.Contains("Error", StringComparison.Ordinal)) errors.Add(line);
        }
        if (errors.Count == 0) return;
        warn($"--- Quoting \"{path}\"");
        for (int i = Math.Max(0, errors.Count - MostQuotedLines); i < errors.Count; i++) warn(errors[i]);
        warn("---");
    }

    public void Dispose()
    {
        _image.Dispose();
        _work?.Dispose();
    }
}
