// Whose leases are where, beside the folder of leases: so that an attachment is found without reading every lease there is.
using System.Buffers.Binary;
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;

namespace Berth.Network.Ipam.HostLocal;

/// <summary>
/// A stamp (number and time of the folder) and lines <c>LF owner TAB address LF</c>. Nothing depends on it: the leases are the truth, it is
/// believed only while the folder is as it was when the stamp was made, and what it says is held against the lease. The reference
/// plugin does not know it, and changes the folder's time with every lease.
/// </summary>
internal sealed class LeaseIndex
{
    private const int ReadWrite = 2, Create = 0x40;
    private const int Header = 24;

    private readonly string _path;
    private readonly string _folder;
    private byte[] _text;
    private bool _changed;

    private LeaseIndex(string path, string folder, byte[] text)
    {
        _path = path;
        _folder = folder;
        _text = text;
    }

    /// <summary>Whether the folder is as it was; if not, the leases must be read and <see cref="Fill"/> be called.</summary>
    public bool IsTrusted { get; private set; }

    /// <summary>Where the index of a folder is: beside it, where the reference plugin does not look.</summary>
    public static string PathOf(string folder)
    {
        int slash = folder.LastIndexOf('/');
        return $"{folder[..slash]}/.{folder[(slash + 1)..]}.leases";
    }

    /// <summary>Reads the index of a folder.</summary>
    public static LeaseIndex Load(string folder)
    {
        string path = PathOf(folder);
        byte[] text = KernelFile.TryRead(path, out _) ?? [];
        Span<byte> now = stackalloc byte[Header];
        bool trusted = text.Length >= Header && Stamp(folder, now) && text.AsSpan(0, Header).SequenceEqual(now);
        return new LeaseIndex(path, folder, trusted ? text : new byte[Header]) { IsTrusted = trusted };
    }

    /// <summary>The addresses that an owner may have.</summary>
    public List<string> Find(string owner)
    {
        List<string> addresses = [];
        byte[] start = Encoding.UTF8.GetBytes($"\n{Word(owner)}\t");
        for (int at = 0; _text.AsSpan(at).IndexOf(start) is >= 0 and var next;)
        {
            at += next + start.Length;
            int end = _text.AsSpan(at).IndexOf((byte)'\n');
            if (end < 0) break;
            addresses.Add(Encoding.UTF8.GetString(_text, at, end));
        }
        return addresses;
    }

    /// <summary>Notes a lease that was made.</summary>
    public void Add(string owner, string address) => Set([.. _text, .. Line(owner, address)]);

    /// <summary>Notes that a lease was removed.</summary>
    public void Remove(string owner, string address)
    {
        byte[] line = Line(owner, address);
        int at = _text.AsSpan(Header).IndexOf(line);
        if (at >= 0) Set([.. _text.AsSpan(0, Header + at), .. _text.AsSpan(Header + at + line.Length)]);
        else _changed = true;
    }

    /// <summary>Takes over what was found in the leases.</summary>
    public void Fill(IReadOnlyList<(string Address, string Owner)> leases)
    {
        List<byte> text = [.. new byte[Header]];
        foreach ((string address, string owner) in leases) text.AddRange(Line(owner, address));
        Set([.. text]);
        IsTrusted = true;
    }

    /// <summary>
    /// Writes it, last of all that is done under the lock: first the stamp is taken away, then the lines come, then the stamp. Whoever
    /// is killed in between leaves an index that nobody believes. It is for speed alone, so a full disk is no fault here.
    /// </summary>
    public void Save()
    {
        if (!_changed || !IsTrusted) return;
        if (KernelPath.TryOpen(_path, ReadWrite | Create, 0x180) is not { } opened) return;
        using Fd file = opened;
        Span<byte> stamp = stackalloc byte[Header];
        stamp.Clear();
        if (FileData.Write(file, stamp, 0) != Errno.None || FileData.Write(file, _text.AsSpan(Header), Header) != Errno.None) return;
        if (FileData.SetLength(file, _text.Length) == Errno.None && Stamp(_folder, stamp)) FileData.Write(file, stamp, 0);
    }

    private void Set(byte[] text)
    {
        _text = text;
        _changed = true;
    }

    private static byte[] Line(string owner, string address) => Encoding.UTF8.GetBytes($"\n{Word(owner)}\t{address}\n");

    private static string Word(string owner) => owner.Replace("\r\n", "/", StringComparison.Ordinal).Replace('\n', ' ');

    private static bool Stamp(string folder, Span<byte> stamp)
    {
        using Fd? file = KernelDirectory.TryOpen(folder, out _);
        if (file is null) return false;
        NodeFacts facts = TreeFacts.Of(file);
        BinaryPrimitives.WriteUInt64LittleEndian(stamp, facts.Inode);
        BinaryPrimitives.WriteInt64LittleEndian(stamp[8..], facts.Modified.Seconds);
        // An index without a stamp has zeros there.
        BinaryPrimitives.WriteInt64LittleEndian(stamp[16..], facts.Modified.Nanoseconds + 1L);
        return true;
    }
}
