// Everything that can be known of a tree, as lines that can be compared.
using System.Security.Cryptography;
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Store.Layers;

namespace Berth.Store.Tests;

internal static class TreeState
{
    /// <summary>One line a node, sorted by path: type, mode, owner, size, time, device, links, target, attributes, content.</summary>
    public static List<string> Of(string directory, bool times = true, Func<string, bool>? withoutTime = null)
    {
        using Fd top = KernelPath.Open(directory, OpenFlags.Directory);
        using TreeWalk walk = new(top, sorted: true);
        Dictionary<ulong, string> first = [];
        List<string> lines = [Line(top, "."u8.ToArray(), ".", TreeFacts.Of(top), times && withoutTime?.Invoke("") != true, first)];
        while (true)
        {
            while (walk.Next(out byte[]? name, out NodeFacts facts))
            {
                string path = Encoding.Latin1.GetString(walk.PathOf(name));
                lines.Add(Line(walk.Here, name, path, facts, times && withoutTime?.Invoke(path) != true, first));
                if (facts.IsDirectory) walk.Enter(name, facts);
            }
            if (walk.Depth == 0) return lines;
            walk.Leave();
        }
    }

    private static string Line(Fd at, byte[] name, string path, NodeFacts facts, bool time, Dictionary<ulong, string> first)
    {
        StringBuilder line = new();
        line.Append($"{path} {Convert.ToString(facts.Mode, 8)} {facts.Uid}:{facts.Gid}");
        if (time) line.Append($" {facts.Modified.Seconds}.{facts.Modified.Nanoseconds:D9}");
        if (facts.Type is NodeType.CharacterDevice or NodeType.BlockDevice) line.Append($" dev={facts.Number.Major}:{facts.Number.Minor}");
        if (facts.IsLink) line.Append($" ->{Encoding.Latin1.GetString(TreeFd.TryReadLink(at, name, out _)!)}");
        if (facts.IsFile)
        {
            using Fd file = TreeFd.TryOpen(at, name, OpenFlags.ReadOnly, out _)!;
            using FileStream stream = new(new Microsoft.Win32.SafeHandles.SafeFileHandle(file.Number, ownsHandle: false), FileAccess.Read);
            line.Append($" {facts.Size} {Convert.ToHexStringLower(SHA256.HashData(stream))[..16]}");
        }
        // The names that are seen count: overlayfs shows the number of a lower node, some names of which may be hidden.
        if (!facts.IsDirectory && facts.Links > 1 && !first.TryAdd(facts.Inode, path)) line.Append($" same={first[facts.Inode]}");
        foreach (string attribute in ExtendedAttributes.List(at, name, out _).Order(StringComparer.Ordinal))
        {
            line.Append($" {attribute}={Convert.ToHexStringLower(ExtendedAttributes.TryRead(at, name, attribute, out _) ?? [])}");
        }
        return line.ToString();
    }
}
