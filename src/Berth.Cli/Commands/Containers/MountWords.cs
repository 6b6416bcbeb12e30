// -v, --mount and --tmpfs: docker's and podman's words for mounts.
using System.Globalization;
using Berth.Engine.Containers;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>Reads mounts.</summary>
internal static class MountWords
{
    private const string VolumeHint = "write SOURCE:PLACE[:OPTIONS], such as /srv/www:/usr/share/www:ro or data:/var/lib/data";

    /// <summary>-v: <c>[SOURCE:]PLACE[:OPTIONS]</c>.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static MountRequest Volume(string text)
    {
        List<string> parts = AtColons(text);
        if (parts.Count is 0 or > 3 || parts.Exists(static part => part.Length == 0)) throw Wrong("volume", text, "there is a part too many, or one is empty", VolumeHint);
        if (parts.Count == 1) return new MountRequest { Kind = MountKind.Volume, Destination = Place("volume", parts[0], text) };
        // Two parts are a place and options where the second is no path: -v /data:ro
        if (parts.Count == 2 && !parts[1].StartsWith('/'))
        {
            return parts[0].StartsWith('/') && parts[1].Split(',') is { } words && Array.TrueForAll(words, static word => IsOption(word)) ? WithOptions(new MountRequest { Kind = MountKind.Volume, Destination = parts[0] }, parts[1], text)
                : throw Wrong("volume", text, $"the place in the container, '{parts[1]}', is not absolute", VolumeHint, FaultCode.MountTargetInvalid);
        }
        string source = parts[0], place = Place("volume", parts[1], text);
        MountRequest request = IsPath(source) ? new MountRequest { Kind = MountKind.Bind, Source = HostPath(source), Destination = place, MakesSource = true }
            : new MountRequest { Kind = MountKind.Volume, Source = Name(source, "volume", text), Destination = place };
        return parts.Count == 3 ? WithOptions(request, parts[2], text) : request;
    }

    /// <summary>--tmpfs: <c>PLACE[:OPTIONS]</c>.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static MountRequest Tmpfs(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string place = Place("tmpfs", colon < 0 ? text : text[..colon], text);
        List<string> options = [];
        bool isReadOnly = false;
        foreach (string option in colon < 0 ? [] : text[(colon + 1)..].Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            isReadOnly = option switch { "ro" => true, "rw" => false, _ => isReadOnly };
            if (!IsOfTmpfs(option)) throw Wrong("tmpfs", text, $"there is no option '{option}'", "size=64m, mode=1777, uid=N, gid=N, nr_inodes=N, ro, exec, nosuid and their like");
            if (option is not ("ro" or "rw")) options.Add(option.StartsWith("size=", StringComparison.Ordinal) ? SizeOption(option[5..]) : option);
        }
        return new MountRequest { Kind = MountKind.Tmpfs, Destination = place, Options = options, IsReadOnly = isReadOnly };
    }

    /// <summary>--mount: <c>type=bind,source=...,target=...</c>.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static MountRequest Mount(string text)
    {
        string type = "volume", source = "", target = "";
        List<string> options = [];
        Dictionary<string, string> labels = [], driverOptions = [];
        string? driver = null, below = null;
        bool isReadOnly = false, isNotFilled = false, makes = false, isSaid = false;
        foreach (string field in Fields.Split(text, "mount"))
        {
            (string name, string? value) = Fields.Pair(field);
            string said = value ?? "";
            switch (name.ToLowerInvariant())
            {
                case "type": type = said; break;
                case "source" or "src": source = said; break;
                case "target" or "dst" or "destination": target = said; break;
                case "readonly" or "ro": (isReadOnly, isSaid) = (Fields.Truth(name, value, "mount"), true); break;
                case "rw": (isReadOnly, isSaid) = (!Fields.Truth(name, value, "mount"), true); break;
                case "consistency": break;
                case "bind-propagation": options.Add(Propagation(said, text)); break;
                case "bind-nonrecursive": if (Fields.Truth(name, value, "mount")) options.Add("bind-nonrecursive"); break;
                case "bind-recursive": options.AddRange(Recursion(said, text)); break;
                case "bind-create-src" or "bind-create-mountpoint": makes = Fields.Truth(name, value, "mount"); break;
                case "volume-nocopy" or "nocopy": isNotFilled = Fields.Truth(name, value, "mount"); break;
                case "copy" or "volume-copy": isNotFilled = !Fields.Truth(name, value, "mount"); break;
                case "volume-label": AddPair(labels, said); break;
                case "volume-driver": driver = said; break;
                case "volume-opt": AddPair(driverOptions, said); break;
                case "volume-subpath" or "image-subpath" or "subpath": below = said; break;
                case "tmpfs-size" or "size": options.Add(SizeOption(said)); break;
                case "tmpfs-mode" or "mode": options.Add("mode=" + Mode(said, text)); break;
                case "uid" or "gid" or "max" or "nr_inodes" or "nr_blocks": options.Add($"{name}={said}"); break;
                case "relabel": options.Add(said switch { "shared" => "z", "private" => "Z", _ => throw Wrong("mount", text, $"relabel is shared or private, not '{said}'") }); break;
                case "u" or "chown": if (Fields.Truth(name, value, "mount")) options.Add("U"); break;
                case "idmap": options.Add(value is null ? "idmap" : "idmap=" + said); break;
                case "tmpcopyup" or "notmpcopyup": options.Add(name); break;
                case "tmpfs-options": options.AddRange(said.Split(',')); break;
                case "exec" or "noexec" or "suid" or "nosuid" or "dev" or "nodev" or "rro" or "relatime" or "noatime" or "no-dereference" or "norbind" or "rbind": options.Add(name); break;
                case "bind-type" or "cluster-volume": throw Wrong("mount", text, $"{name} is for swarms");
                default: throw Wrong("mount", text, $"there is no field '{name}'", "type, source, target, readonly, bind-propagation, volume-nocopy, volume-subpath, tmpfs-size, tmpfs-mode and others");
            }
        }
        if (target.Length == 0) throw Wrong("mount", text, "target is missing", "type=bind,source=/srv,target=/srv");
        MountRequest request = new()
        {
            Kind = Kind(type, text),
            Source = source,
            Destination = Place("mount", target, text),
            // The files of an image are everybody's: they are written to where that is said.
            IsReadOnly = isSaid ? isReadOnly : type == "image",
            Options = options,
            Subpath = below,
            IsNotFilled = isNotFilled,
            MakesSource = makes,
            VolumeDriver = driver,
            VolumeOptions = driverOptions,
            VolumeLabels = labels,
        };
        return Checked(request, type, text);
    }

    private static MountRequest Checked(MountRequest request, string type, string text)
    {
        switch (request.Kind)
        {
            case MountKind.Bind:
                if (request.Source.Length == 0) throw Wrong("mount", text, "source is missing", "type=bind,source=/srv,target=/srv");
                return request with { Source = HostPath(request.Source) };
            case MountKind.Volume: return request.Source.Length == 0 ? request : request with { Source = Name(request.Source, "mount", text) };
            case MountKind.Image: return request.Source.Length > 0 ? request : throw Wrong("mount", text, "source is missing: the image", "type=image,source=alpine,target=/image");
            case MountKind.Tmpfs: return request.Source is "" or "tmpfs" ? request with { Source = "" } : throw Wrong("mount", text, "a file system in memory has no source");
            default: return request with { Source = type };
        }
    }

    private static MountKind Kind(string type, string text) => type switch
    {
        "bind" => MountKind.Bind,
        "volume" => MountKind.Volume,
        "tmpfs" => MountKind.Tmpfs,
        "image" => MountKind.Image,
        "devpts" or "mqueue" or "ramfs" => MountKind.Kernel,
        "npipe" => throw Wrong("mount", text, "pipes with names are for Windows"),
        "cluster" => throw Wrong("mount", text, "volumes of clusters are for swarms"),
        "glob" => throw Wrong("mount", text, "patterns are not mounted", "mount the folder"),
        "artifact" => throw Wrong("mount", text, "artifacts are not mounted", "type=image mounts the files of an image"),
        _ => throw Wrong("mount", text, $"there is no type '{type}'", "bind, volume, tmpfs, image, devpts, mqueue or ramfs"),
    };

    private static MountRequest WithOptions(MountRequest request, string words, string text)
    {
        List<string> options = [];
        bool isReadOnly = false, isNotFilled = false, isOverlay = false;
        foreach (string option in words.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!IsOption(option)) throw Wrong("volume", text, $"there is no option '{option}'", "ro, rw, z, Z, U, O, nocopy, rslave, rshared, noexec, nosuid, nodev, idmap and their like");
            if (option == "ro") isReadOnly = true;
            else if (option == "nocopy") isNotFilled = true;
            else if (option == "O") isOverlay = true;
            else if (option is not ("rw" or "copy" or "cached" or "delegated" or "consistent")) options.Add(option);
        }
        if (isOverlay && request.Kind != MountKind.Bind) throw Wrong("volume", text, "O is for paths of this host");
        return request with { Kind = isOverlay ? MountKind.Overlay : request.Kind, IsReadOnly = isReadOnly, IsNotFilled = isNotFilled, Options = options, MakesSource = request.MakesSource && !isOverlay };
    }

    // podman's upperdir= may have a colon that is escaped; docker's paths may not.
    private static List<string> AtColons(string text)
    {
        List<string> parts = [];
        System.Text.StringBuilder part = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] == ':') part.Append(text[++i]);
            else if (text[i] == ':')
            {
                parts.Add(part.ToString());
                part.Clear();
            }
            else part.Append(text[i]);
        }
        parts.Add(part.ToString());
        return parts;
    }

    private static bool IsPath(string source) => source[0] is '/' or '.' || source.StartsWith("~/", StringComparison.Ordinal);

    private static string HostPath(string source) => source.StartsWith("~/", StringComparison.Ordinal) ? Path.GetFullPath(Environment.GetEnvironmentVariable("HOME") + source[1..]) : Path.GetFullPath(source);

    private static string Place(string option, string place, string text) => place.StartsWith('/') ? place : throw Wrong(option, text, $"the place in the container, '{place}', is not absolute", "write it from / on", FaultCode.MountTargetInvalid);

    private static string Name(string name, string option, string text)
    {
        bool isName = char.IsAsciiLetterOrDigit(name[0]);
        foreach (char c in name) isName &= char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-';
        return isName ? name : throw Wrong(option, text, $"'{name}' is no name of a volume, and no path", "a path begins with / or .; a name has letters, digits, _, . and -");
    }

    private static bool IsOption(string option) => option is "ro" or "rw" or "rro" or "z" or "Z" or "U" or "O" or "copy" or "nocopy" or "cached" or "delegated" or "consistent" or "bind" or "rbind" or "norbind" or "bind-nonrecursive"
        or "private" or "rprivate" or "shared" or "rshared" or "slave" or "rslave" or "unbindable" or "runbindable" or "exec" or "noexec" or "suid" or "nosuid" or "dev" or "nodev" or "noatime" or "relatime" or "nodiratime" or "sync" or "async" or "idmap" or "ridmap" or "nosymfollow" or "no-dereference"
        || option.StartsWith("idmap=", StringComparison.Ordinal) || option.StartsWith("upperdir=", StringComparison.Ordinal) || option.StartsWith("workdir=", StringComparison.Ordinal);

    private static bool IsOfTmpfs(string option) => option is "ro" or "rw" or "exec" or "noexec" or "suid" or "nosuid" or "dev" or "nodev" or "sync" or "async" or "dirsync" or "mand" or "nomand" or "atime" or "noatime" or "diratime" or "nodiratime" or "relatime" or "norelatime" or "strictatime" or "nostrictatime"
        or "private" or "rprivate" or "shared" or "rshared" or "slave" or "rslave" or "unbindable" or "runbindable" or "tmpcopyup" or "notmpcopyup" or "noswap" or "U" or "remount" or "defaults"
        || (option.IndexOf('=', StringComparison.Ordinal) is > 0 and int equals && option[..equals] is "size" or "mode" or "uid" or "gid" or "nr_inodes" or "nr_blocks" or "mpol" or "huge");

    private static string Propagation(string word, string text) => word is "private" or "rprivate" or "shared" or "rshared" or "slave" or "rslave" ? word : throw Wrong("mount", text, $"bind-propagation is private, shared, slave or one of these with r, not '{word}'");

    private static string[] Recursion(string word, string text) => word switch
    {
        "enabled" or "" => [],
        "disabled" => ["bind-nonrecursive"],
        "writable" => ["ro-nonrecursive"],
        "readonly" => ["ro-force-recursive"],
        _ => throw Wrong("mount", text, $"bind-recursive is enabled, disabled, writable or readonly, not '{word}'"),
    };

    private static string SizeOption(string text) => text.EndsWith('%') ? "size=" + text : "size=" + Quantities.Size(text, "tmpfs size").ToString(CultureInfo.InvariantCulture);

    private static string Mode(string mode, string text)
    {
        foreach (char c in mode)
        {
            if (c is < '0' or > '7') throw Wrong("mount", text, $"mode is in octal, not '{mode}'", "mode=1777");
        }
        return mode.Length > 0 ? mode : throw Wrong("mount", text, "mode is empty", "mode=1777");
    }

    private static void AddPair(Dictionary<string, string> pairs, string text)
    {
        (string name, string? value) = Fields.Pair(text);
        pairs[name] = value ?? "";
    }

    private static BerthException Wrong(string option, string text, string why, string? hint = null, string? code = null) => new(Fault.InvalidArgument, $"cannot read --{option} '{text}': {why}", hint) { Code = code };
}
