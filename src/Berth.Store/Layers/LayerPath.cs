// Names in layers: any bytes, made relative to the layer's root by their text, as containerd does it.
using System.Text;
using Berth.Oci.Faults;

namespace Berth.Store.Layers;

/// <summary>Paths without a slash at either end, without empty parts, <c>.</c> and <c>..</c>; the root is empty.</summary>
internal static class LayerPath
{
    /// <summary>Makes it so. An absolute path is one below the root.</summary>
    /// <param name="raw">As the archive has it.</param>
    /// <param name="into">At least as long.</param>
    /// <returns>Its length, or -1: it climbs out.</returns>
    public static int Clean(ReadOnlySpan<byte> raw, Span<byte> into)
    {
        int length = 0;
        while (!raw.IsEmpty)
        {
            int slash = raw.IndexOf((byte)'/');
            ReadOnlySpan<byte> part = slash < 0 ? raw : raw[..slash];
            raw = slash < 0 ? default : raw[(slash + 1)..];
            if (part.IsEmpty || part is [(byte)'.']) continue;
            if (part is [(byte)'.', (byte)'.'])
            {
                if (length == 0) return -1;
                length = Math.Max(into[..length].LastIndexOf((byte)'/'), 0);
                continue;
            }
            if (length > 0) into[length++] = (byte)'/';
            part.CopyTo(into[length..]);
            length += part.Length;
        }
        return length;
    }

    public static ReadOnlySpan<byte> Parent(ReadOnlySpan<byte> path) => path.LastIndexOf((byte)'/') is >= 0 and int slash ? path[..slash] : [];

    public static ReadOnlySpan<byte> Name(ReadOnlySpan<byte> path) => path[(path.LastIndexOf((byte)'/') + 1)..];

    public static byte[] Join(ReadOnlySpan<byte> directory, ReadOnlySpan<byte> name)
    {
        if (directory.IsEmpty) return name.ToArray();
        byte[] path = new byte[directory.Length + 1 + name.Length];
        directory.CopyTo(path);
        path[directory.Length] = (byte)'/';
        name.CopyTo(path.AsSpan(directory.Length + 1));
        return path;
    }

    /// <summary>For messages: an archive's author must not write control characters onto a terminal.</summary>
    public static string Show(ReadOnlySpan<byte> path)
    {
        string text = Encoding.UTF8.GetString(path.Length > 200 ? path[..200] : path);
        if (path.Length > 200) text += "…";
        foreach (char c in text)
        {
            if (char.IsControl(c)) return new string([.. text.Select(static c => char.IsControl(c) ? '?' : c)]);
        }
        return text;
    }

    public static BerthException Refusal(ReadOnlySpan<byte> path, string why, string? hint = null) =>
        new(Fault.InvalidArgument, $"cannot unpack '{Show(path)}' of the layer: {why}", hint);

    /// <summary>Bytes as numbers: a parent stands before what it holds.</summary>
    public static int Compare(byte[] a, byte[] b) => a.AsSpan().SequenceCompareTo(b);
}

/// <summary>Paths as keys.</summary>
internal sealed class PathComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    public static readonly PathComparer Instance = new();

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode(byte[] path) => GetHashCode(path.AsSpan());

    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    // Seeded in each process: nobody outside can choose names that collide.
    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        HashCode hash = default;
        hash.AddBytes(alternate);
        return hash.ToHashCode();
    }

    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
}
