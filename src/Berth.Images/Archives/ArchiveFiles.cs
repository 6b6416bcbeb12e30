// A tar archive whose members are read in any order: its headers are read once, and remembered.
using System.Text;
using Berth.Images.Compressed;
using Berth.Images.Tar;
using Berth.Oci.Faults;
using Microsoft.Win32.SafeHandles;

namespace Berth.Images.Archives;

/// <summary>The members of an archive by name. For several threads.</summary>
internal sealed class ArchiveFiles : IDisposable
{
    // Of an archive of images: blobs and small files, not the files of root file systems.
    private const int MostMembers = 100_000;

    private readonly Dictionary<string, (long Offset, long Size, string? Link)> _members = [];
    private readonly SafeFileHandle _file;

    private ArchiveFiles(string name, SafeFileHandle file) => (Name, _file) = (name, file);

    /// <summary>For messages.</summary>
    public string Name { get; }

    /// <summary>Names of all members.</summary>
    public IEnumerable<string> Names => _members.Keys;

    /// <summary>Opens one; a compressed one, or one that can be read only once, is first unpacked into a file that nobody sees.</summary>
    /// <exception cref="BerthException">NotFound; InvalidArgument: it is no archive.</exception>
    public static ArchiveFiles Open(string path)
    {
        FileStream file;
        try { file = new FileStream(path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.ReadWrite, BufferSize = 0 }); }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException) { throw new BerthException(Fault.NotFound, $"{path} is not there", inner: e); }
        byte[] head = new byte[4];
        if (!file.CanSeek) return Open(path, file);
        file.ReadAtLeast(head, 4, throwOnEndOfStream: false);
        file.Position = 0;
        return LayerCompression.Detect(head) == Oci.Content.Compression.None ? Scan(path, file) : Open(path, file);
    }

    /// <summary>From a stream, which is read to its end and disposed.</summary>
    public static ArchiveFiles Open(string name, Stream stream)
    {
        FileStream spool = new(Path.Combine(Path.GetTempPath(), $"berth-archive-{Guid.NewGuid():N}"), new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, BufferSize = 0, Options = FileOptions.DeleteOnClose, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        try
        {
            using (Stream tar = LayerCompression.Open(stream)) tar.CopyTo(spool, 256 * 1024);
            spool.Position = 0;
            return Scan(name, spool);
        }
        catch
        {
            spool.Dispose();
            throw;
        }
    }

    /// <summary>Whether there is such a member.</summary>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>The content of a member from an offset on.</summary>
    /// <exception cref="BerthException">NotFound.</exception>
    public Stream Open(string name, long offset)
    {
        (long begin, long size) = Find(name) ?? throw new BerthException(Fault.NotFound, $"{Name} has no member {name}");
        return new MemberStream(_file, begin + Math.Min(offset, size), Math.Max(0, size - offset));
    }

    /// <summary>Bytes of a member.</summary>
    public long SizeOf(string name) => (Find(name) ?? throw new BerthException(Fault.NotFound, $"{Name} has no member {name}")).Size;

    /// <summary>A small member.</summary>
    /// <exception cref="BerthException">NotFound; InvalidArgument: it is larger than such a member may be.</exception>
    public byte[] ReadSmall(string name, long most)
    {
        (_, long size) = Find(name) ?? throw new BerthException(Fault.NotFound, $"{Name} has no member {name}");
        if (size > most) throw new BerthException(Fault.InvalidArgument, $"{name} in {Name} has {size} bytes; the most is {most}");
        using Stream stream = Open(name, 0);
        byte[] bytes = new byte[size];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static ArchiveFiles Scan(string name, FileStream file)
    {
        ArchiveFiles archive = new(name, file.SafeFileHandle);
        try
        {
            using TarReader reader = new(file);
            while (reader.Next() is { } entry)
            {
                if (archive._members.Count >= MostMembers) throw new BerthException(Fault.InvalidArgument, $"{name} has more than {MostMembers} members");
                string path = Normal(entry.PathText);
                // The first one counts: a second of the same name is what two readers would disagree about.
                if (entry.Kind == TarKind.File && entry.Sparse is null) archive._members.TryAdd(path, (reader.Position, entry.Size, null));
                else if (entry.Kind == TarKind.HardLink) archive._members.TryAdd(path, (0, 0, Normal(Encoding.UTF8.GetString(entry.LinkTarget))));
                else if (entry.Kind == TarKind.SymbolicLink) archive._members.TryAdd(path, (0, 0, Normal(Path.Combine(Path.GetDirectoryName(path) ?? "", Encoding.UTF8.GetString(entry.LinkTarget)))));
            }
            return archive;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private (long Offset, long Size)? Find(string name)
    {
        // Older versions of Docker write equal layers as links; more than a few in a row is a circle.
        for (int i = 0; i < 8; i++)
        {
            if (!_members.TryGetValue(Normal(name), out (long Offset, long Size, string? Link) member)) return null;
            if (member.Link is null) return (member.Offset, member.Size);
            name = member.Link;
        }
        return null;
    }

    /// <summary>Without dots: these are keys, no paths of the host.</summary>
    private static string Normal(string path)
    {
        List<string> parts = [];
        foreach (string part in path.Split('/'))
        {
            if (part == ".." && parts.Count > 0) parts.RemoveAt(parts.Count - 1);
            else if (part is not ("" or "." or "..")) parts.Add(part);
        }
        return string.Join('/', parts);
    }

    private sealed class MemberStream(SafeFileHandle file, long at, long left) : ReadOnlyStream
    {
        public override int Read(Span<byte> into)
        {
            if (left == 0 || into.IsEmpty) return 0;
            int n = RandomAccess.Read(file, into[..(int)Math.Min(into.Length, left)], at);
            if (n == 0) throw new EndOfStreamException("the archive became shorter while it was read");
            at += n;
            left -= n;
            return n;
        }
    }
}
