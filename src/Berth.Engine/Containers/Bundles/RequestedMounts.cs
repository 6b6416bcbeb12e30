// The mounts that were asked for: paths of the host, volumes, images, memory, file systems of the kernel.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Engine.Containers;

/// <summary>Turns settled mounts into mounts of the specification.</summary>
internal static class RequestedMounts
{
    /// <summary>All of them, in the order in which they were said.</summary>
    /// <exception cref="BerthException">NotFound: a source is not there. InvalidArgument.</exception>
    public static List<MountSpec> Build(ContainerRecord record, BundleFacts facts, Account account)
    {
        IReadOnlyList<SettledMount> settled = record.Settled.Mounts;
        List<MountSpec> mounts = new(settled.Count + 8);
        for (int i = 0; i < settled.Count; i++)
        {
            MountRequest request = settled[i].Request;
            string? source = i < facts.MountSources.Count ? facts.MountSources[i] : null;
            mounts.Add(request.Kind switch
            {
                MountKind.Tmpfs => Tmpfs(request),
                MountKind.Kernel => new MountSpec { Destination = request.Destination, Type = request.Source, Source = request.Source, Options = Options(request, ["rprivate"]) },
                MountKind.Overlay => Overlay(request, source),
                _ => Bind(record, request, source, facts, account),
            });
        }
        return mounts;
    }

    private static MountSpec Tmpfs(MountRequest request) => new()
    {
        Destination = request.Destination,
        Type = "tmpfs",
        Source = "tmpfs",
        Options = Options(request, ["rprivate", "nosuid", "nodev", "noexec"]),
    };

    private static MountSpec Overlay(MountRequest request, string? folder)
    {
        SpecBuilder.Require(request.Source, "mount", FaultCode.MountSourceMissing);
        string? upper = null, work = null;
        List<string> options = [];
        foreach (string option in request.Options)
        {
            if (option.StartsWith("upperdir=", StringComparison.Ordinal)) upper = option[9..];
            else if (option.StartsWith("workdir=", StringComparison.Ordinal)) work = option[8..];
            else if (!IsOurs(option)) options.Add(option);
        }
        if (folder is null && (upper is null || work is null)) throw new BerthException(Fault.InvalidArgument, $"cannot mount a layer above {request.Source}: there is no place for what is written", "say upperdir=FOLDER,workdir=FOLDER");
        options.AddRange(["lowerdir=" + Escaped(request.Source), "upperdir=" + Escaped(upper ?? $"{folder}/upper"), "workdir=" + Escaped(work ?? $"{folder}/work"), "private"]);
        return new MountSpec { Destination = request.Destination, Type = "overlay", Source = "overlay", Options = options };
    }

    private static string Escaped(string path) => path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal);

    private static MountSpec Bind(ContainerRecord record, MountRequest request, string? source, BundleFacts facts, Account account)
    {
        string path = source ?? request.Source;
        if (request.Subpath is { Length: > 0 } below) path = Below(path, below, request);
        else if (KernelPath.Facts(path) is null) Make(path, request);
        List<string> options = Options(request, ["rprivate"]);
        bool isRecursive = true, hasOwner = false;
        string? map = null;
        foreach (string option in request.Options)
        {
            if (option is "bind" or "bind-nonrecursive" or "norbind") isRecursive = false;
            else if (option == "U") hasOwner = true;
            else if (option is "idmap" or "ridmap") map = "";
            else if (option.StartsWith("idmap=", StringComparison.Ordinal)) map = option[6..];
        }
        MountSpec mount = new() { Destination = request.Destination, Type = "bind", Source = path, Options = options };
        options.Insert(0, isRecursive ? "rbind" : "bind");
        if (hasOwner) facts.Notes.Owned.Add(new OwnedPath(path, SpecBuilder.Outside(record.Settled.Ids?.Uids, account.Uid), SpecBuilder.Outside(record.Settled.Ids?.Gids, account.Gid)));
        if (map is not null) MapIds(mount, map, record.Settled.Ids);
        return mount;
    }

    private static void Make(string path, MountRequest request)
    {
        if (!request.MakesSource || !path.StartsWith('/')) throw new BerthException(Fault.NotFound, $"cannot mount {path} at {request.Destination}: it is not there", request.Kind == MountKind.Bind ? $"mkdir -p {path}" : null) { Code = FaultCode.MountSourceMissing };
        try
        {
            KernelPath.MakeDirectories(path, 0x1ED); // 0755
        }
        catch (LinuxException e)
        {
            throw new BerthException(Fault.NotFound, $"cannot mount {path} at {request.Destination}: it is not there, and cannot be made: {e.Message}", null, e) { Code = FaultCode.MountSourceMissing };
        }
    }

    // What is in a volume was written by containers: its links are resolved inside it.
    private static string Below(string root, string below, MountRequest request)
    {
        using Fd? place = RootedFile.TryOpen(root, below, OpenFlags.Path);
        string? path = place is null ? null : KernelPath.ReadLink($"/proc/self/fd/{place.Number}");
        return path ?? throw new BerthException(Fault.NotFound, $"cannot mount {below} of {(request.Source.Length > 0 ? request.Source : "the volume")} at {request.Destination}: it is not there") { Code = FaultCode.MountSourceMissing };
    }

    private static void MapIds(MountSpec mount, string map, IdMaps? ids)
    {
        if (map.Length == 0 && ids is null) return;
        mount.Options.Add("idmap");
        mount.UidMappings = map.Length == 0 ? SpecBuilder.Mappings(ids!.Uids) : IdMapText(map, "uids=");
        mount.GidMappings = map.Length == 0 ? SpecBuilder.Mappings(ids!.Gids) : IdMapText(map, "gids=");
    }

    // uids=INSIDE-OUTSIDE-COUNT#...;gids=...
    private static List<IdMapping> IdMapText(string map, string kind)
    {
        List<IdMapping> mappings = [];
        foreach (string part in map.Split(';'))
        {
            if (!part.StartsWith(kind, StringComparison.Ordinal)) continue;
            foreach (string range in part[kind.Length..].Split('#'))
            {
                string[] numbers = range.TrimStart('@').Split('-');
                if (numbers.Length != 3 || !uint.TryParse(numbers[0], out uint inside) || !uint.TryParse(numbers[1], out uint outside) || !uint.TryParse(numbers[2], out uint count) || count == 0)
                {
                    throw new BerthException(Fault.InvalidArgument, $"'{map}' is no map of ids", "write idmap=uids=0-100000-65536;gids=0-100000-65536");
                }
                mappings.Add(new IdMapping { ContainerId = inside, HostId = outside, Size = count });
            }
        }
        return mappings.Count > 0 ? mappings : throw new BerthException(Fault.InvalidArgument, $"'{map}' is no map of ids: {kind.TrimEnd('=')} are missing", "write idmap=uids=0-100000-65536;gids=0-100000-65536");
    }

    private static List<string> Options(MountRequest request, List<string> usual)
    {
        List<string> options = new(usual.Count + request.Options.Count + 2);
        foreach (string option in usual)
        {
            if (option == "rprivate" && HasPropagation(request.Options)) continue;
            options.Add(option);
        }
        bool isAccessSaid = false;
        foreach (string option in request.Options)
        {
            if (IsOurs(option)) continue;
            isAccessSaid |= option is "ro" or "rw" or "rro";
            options.Add(option);
        }
        if (request.IsReadOnly && !options.Contains("ro")) options.Add("ro");
        // A read-only mount is so with all that is mounted below it: otherwise it could be written through there.
        if (request is { IsReadOnly: true, Kind: MountKind.Bind or MountKind.Volume or MountKind.Image } && IsReadOnlyBelow(request.Options) && !options.Contains("rro")) options.Add("rro");
        if (!request.IsReadOnly && !isAccessSaid) options.Add("rw");
        return options;
    }

    // mount_setattr(2) is there from Linux 5.12 on; before, only who insists on it is refused.
    private static bool IsReadOnlyBelow(IReadOnlyList<string> options)
    {
        foreach (string option in options)
        {
            if (option == "ro-nonrecursive") return false;
            if (option == "ro-force-recursive") return true;
        }
        return Environment.OSVersion.Version >= new Version(5, 12);
    }

    private static bool HasPropagation(IReadOnlyList<string> options)
    {
        foreach (string option in options)
        {
            if (option is "private" or "rprivate" or "shared" or "rshared" or "slave" or "rslave" or "unbindable" or "runbindable") return true;
        }
        return false;
    }

    // Words for us, not for the kernel.
    private static bool IsOurs(string option) => option is "bind" or "rbind" or "norbind" or "bind-nonrecursive" or "ro-nonrecursive" or "ro-force-recursive" or "z" or "Z" or "U" or "O" or "copy" or "nocopy" or "cached" or "delegated" or "consistent" or "idmap" or "ridmap" or "notmpcopyup" or "no-dereference"
        || option.StartsWith("idmap=", StringComparison.Ordinal);
}
