// What the container may not see or change: sysctls set first, then read-only and masked paths, then the root itself.
using Berth.Linux;
using Berth.Linux.Programs;

namespace Berth.Runtime.Plan;

internal static class Restrictions
{
    public static void Add(ChildProgram program, PlanInput input, MountCalls calls)
    {
        AddSysctls(program, input);
        IReadOnlyList<string> readOnly = input.Spec.Linux?.ReadonlyPaths ?? [];
        IReadOnlyList<string> masked = input.Spec.Linux?.MaskedPaths ?? [];
        if (readOnly.Count == 0 && masked.Count == 0 && input.Spec.Root is not { ReadOnly: true }) return;
        Slot mark = program.MarkSlots();
        program.Step("open the root", "/", "paths below are resolved from here");
        Slot root = program.OpenAt2(ProgramFd.Cwd, "/", OpenFlags.Path | OpenFlags.Directory, Resolve.None);
        if (input.Spec.Root is { ReadOnly: true })
        {
            program.Step("make the root read-only", "/", "after everything that is made in it");
            calls.SetFlags(root, FlagChange.Add(MountFlags.ReadOnly));
        }
        foreach (string path in readOnly) AddReadOnly(program, calls, root, path);
        AddMasks(program, calls, root, masked);
        program.Close(root);
        program.ReleaseSlots(mark);
    }

    /// <summary>Written through the host's procfs: /proc/sys shows the namespaces of whoever looks, and no mount of the container can redirect it (CVE-2025-52881).</summary>
    private static void AddSysctls(ChildProgram program, PlanInput input)
    {
        if (input.Spec.Linux?.Sysctl is not { Count: > 0 } sysctls || input.Proc is null) return;
        foreach ((string key, string value) in sysctls)
        {
            program.Step("set sysctl", key, "through the host's procfs, in the container's namespaces");
            program.WriteFile(input.Proc, "sys/" + PathOf(key), value, Resolve.Beneath | Resolve.NoSymlinks | Resolve.NoMagicLinks);
        }
    }

    /// <summary>sysctl(8): dots separate unless a slash comes first; then the two change roles.</summary>
    internal static string PathOf(string key)
    {
        int dot = key.IndexOf('.'), slash = key.IndexOf('/');
        if (dot < 0 || (slash >= 0 && slash < dot)) return key;
        return string.Create(key.Length, key, static (span, k) =>
        {
            for (int i = 0; i < span.Length; i++) span[i] = k[i] switch { '.' => '/', '/' => '.', char c => c };
        });
    }

    private static void AddReadOnly(ChildProgram program, MountCalls calls, Slot root, string path)
    {
        Slot mark = program.MarkSlots();
        Label absent = program.NewLabel();
        program.Step("make read-only", path, "linux.readonlyPaths; what does not exist needs no protection");
        Slot target = program.OpenAt2(root, MountList.Inside(path), OpenFlags.Path, Resolve.InRoot | Resolve.NoMagicLinks);
        program.OnError(absent, Errno.ENOENT, Errno.ENOTDIR);
        BindSource itself = calls.Source(target, recursive: true);
        Slot mounted = calls.Bind(itself, new MountPoint(target, root, MountList.Inside(path)), path, FlagChange.Add(MountFlags.ReadOnly));
        program.Close(mounted).Close(target);
        program.Mark(absent);
        program.ReleaseSlots(mark);
    }

    /// <summary>Files get the container's /dev/null, directories one shared empty tmpfs: a mask more costs no superblock.</summary>
    private static void AddMasks(ChildProgram program, MountCalls calls, Slot root, IReadOnlyList<string> paths)
    {
        if (paths.Count == 0) return;
        program.Step("prepare masks", "/dev/null and an empty directory", "an inaccessible file and an empty read-only directory");
        Slot nullDevice = program.OpenAt2(root, "dev/null", OpenFlags.Path | OpenFlags.NoFollow, Resolve.InRoot | Resolve.NoMagicLinks);
        // The image's idea of /dev/null would give the container a writable file in place of the masked one (CVE-2025-31133).
        program.RequireDevice(nullDevice, DeviceNodes.Number(1, 3), Errno.ENODEV);
        Slot empty = calls.PrepareEmpty();
        HashSet<string> seen = [];
        foreach (string path in paths)
        {
            if (!seen.Add(MountList.Inside(path))) continue;
            Slot mark = program.MarkSlots();
            Label absent = program.NewLabel(), file = program.NewLabel();
            program.Step("mask", path, "linux.maskedPaths; what does not exist needs no mask");
            Slot target = program.OpenAt2(root, MountList.Inside(path), OpenFlags.Path, Resolve.InRoot | Resolve.NoMagicLinks);
            program.OnError(absent, Errno.ENOENT, Errno.ENOTDIR);
            MountPoint point = new(target, root, MountList.Inside(path));
            program.JumpUnlessDirectory(target, file);
            calls.CoverWithEmpty(empty, point);
            program.Close(target);
            program.GoTo(absent);
            program.Mark(file);
            program.Close(calls.Bind(calls.Source(nullDevice, recursive: false), point)).Close(target);
            program.Mark(absent);
            program.ReleaseSlots(mark);
        }
        calls.CloseEmpty(empty);
        program.Close(nullDevice);
    }
}
