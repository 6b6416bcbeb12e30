// The file that says which images there are: replaced as a whole, read without a lock.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Store.Places;

namespace Berth.Store.Records;

/// <summary>The list of images.</summary>
internal sealed class ImageList(StorePlaces places)
{
    private static readonly byte[] s_header = "{\"berth-images\":1}\n"u8.ToArray();

    /// <summary>All of them, in the order in which they came.</summary>
    public IReadOnlyList<StoredImage> Read()
    {
        byte[] bytes;
        try { bytes = File.ReadAllBytes(places.Images); }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException) { return []; }
        List<StoredImage> images = [];
        foreach (ReadOnlyMemory<byte> line in Lines(bytes)) images.Add(RecordText.Read(line));
        return images;
    }

    /// <summary>Those whose lines are not damaged.</summary>
    public IReadOnlyList<StoredImage> ReadWhatCanBe(out int lost)
    {
        List<StoredImage> images = [];
        lost = 0;
        foreach (ReadOnlyMemory<byte> line in Lines(File.ReadAllBytes(places.Images)))
        {
            try
            {
                StoredImage image = RecordText.Read(line);
                _ = image.Layers;
                images.Add(image);
            }
            catch (BerthException) { lost++; }
        }
        return images;
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Lines(ReadOnlyMemory<byte> rest)
    {
        for (bool header = true; !rest.IsEmpty; header = false)
        {
            int end = rest.Span.IndexOf((byte)'\n');
            ReadOnlyMemory<byte> line = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            if (!header && !line.IsEmpty) yield return line;
        }
    }

    /// <summary>Replaces it. The lock of the store must be held.</summary>
    public void Write(IReadOnlyList<StoredImage> images, Fd held)
    {
        ObjectDisposedException.ThrowIf(held.IsClosed, held);
        using MemoryStream text = new();
        text.Write(s_header);
        foreach (StoredImage image in images) text.Write(RecordText.Write(image));
        string fresh = places.Images + ".new";
        using (Fd file = KernelPath.Open(fresh, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate, 0x180))
        {
            KernelPath.WriteAll(file, text.GetBuffer().AsSpan(0, (int)text.Length), fresh);
            // The only file that nothing else could be made from again.
            if (!FdIo.TrySync(file, out Errno errno)) throw new LinuxException("fsync", fresh, errno);
        }
        KernelPath.Rename(fresh, places.Images);
    }
}
