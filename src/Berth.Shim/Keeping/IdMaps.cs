// Root file systems whose files belong to the ids of a user namespace (uidmap= and gidmap= among the options of a mount).
using System.Globalization;
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Mounts;
using Berth.Linux.Programs;
using Berth.Oci.Faults;

namespace Berth.Shim.Keeping;

/// <summary>Maps the ids of mounts (mount_setattr(2), Linux 5.12; layers of an overlay from 5.19 on).</summary>
internal static class IdMaps
{
    private const string Uids = "uidmap=", Gids = "gidmap=", Layers = "lowerdir=";

    /// <summary>Takes both maps out of a mount's options, which no file system knows.</summary>
    /// <returns>A user namespace with those maps; null where not both are there.</returns>
    /// <exception cref="BerthException">A map is no <c>inside:outside:size</c>.</exception>
    public static Fd? Take(List<string> options)
    {
        string? uids = Take(options, Uids), gids = Take(options, Gids);
        if (uids is null || gids is null) return null;
        string uidLines = Lines(uids), gidLines = Lines(gids);
        return UserNamespace.Make(pid =>
        {
            KernelFile.Write($"/proc/{pid}/uid_map", uidLines);
            KernelFile.Write($"/proc/{pid}/gid_map", gidLines);
        });
    }

    /// <summary>Has the layers of an overlay looked at through a mapped view of the directory that holds them all.</summary>
    /// <remarks>
    /// The view lies where the overlay will: it disappears beneath it, and whoever unmounts the one unmounts the other. At a place of its own it
    /// would be left behind by a crash, for somebody's recursive removal to find.
    /// </remarks>
    public static void MapLayers(List<string> options, string target, Fd users)
    {
        int at = options.FindIndex(static option => option.StartsWith(Layers, StringComparison.Ordinal));
        if (at < 0) throw new BerthException(Fault.InvalidArgument, "an overlay whose ids are mapped has no layers", null);
        string[] layers = options[at][Layers.Length..].Split(':');
        string common = Common(layers);
        using (Fd view = Tree.Clone(common, recursive: true))
        {
            Tree.MapIds(view, users, recursive: true, MountAttributes.ReadOnly);
            Tree.Attach(view, target);
        }
        for (int i = 0; i < layers.Length; i++) layers[i] = target + layers[i][common.Length..];
        options[at] = Layers + string.Join(':', layers);
    }

    /// <summary>Replaces what is mounted at a path by a mapped view of it.</summary>
    public static void MapInPlace(string target, Fd users)
    {
        using Fd view = Tree.Clone(target, recursive: true);
        Tree.MapIds(view, users, recursive: true);
        HostMount.Detach(target);
        Tree.Attach(view, target);
    }

    /// <summary>The innermost directory that holds all of them.</summary>
    internal static string Common(ReadOnlySpan<string> paths)
    {
        string first = paths[0];
        int length = first.Length;
        foreach (string path in paths) length = Math.Min(length, path.AsSpan().CommonPrefixLength(first));
        int slash = first.AsSpan(0, length).LastIndexOf('/');
        return slash > 0 ? first[..slash] : throw new BerthException(Fault.InvalidArgument, $"layers {string.Join(':', paths.ToArray())} lie in no directory of their own");
    }

    /// <summary>As the kernel wants them, from <c>inside:outside:size</c> with commas between.</summary>
    internal static string Lines(string map)
    {
        StringBuilder lines = new();
        foreach (string part in map.Split(','))
        {
            string[] numbers = part.Split(':');
            bool plain = numbers.Length == 3;
            foreach (string number in numbers) plain &= uint.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out _);
            if (!plain) throw new BerthException(Fault.InvalidArgument, $"map of ids {part} is no inside:outside:size");
            lines.Append(numbers[0]).Append(' ').Append(numbers[1]).Append(' ').Append(numbers[2]).Append('\n');
        }
        return lines.ToString();
    }

    private static string? Take(List<string> options, string name)
    {
        int at = options.FindIndex(option => option.StartsWith(name, StringComparison.Ordinal));
        if (at < 0) return null;
        string value = options[at][name.Length..];
        options.RemoveAt(at);
        return value;
    }
}
