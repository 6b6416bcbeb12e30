// A small disk for logs, that can be filled and freed.
namespace Berth.SystemTests.Crash;

/// <summary>A file system in memory with room for so much.</summary>
public sealed class Disk : IDisposable
{
    private readonly Dock _dock = new();
    private readonly HostMount _mount;
    private readonly long _size;

    /// <summary>Makes it.</summary>
    public Disk(long roomy)
    {
        _size = roomy;
        _mount = new HostMount(_dock, "disk", "tmpfs", "tmpfs", $"size={roomy}");
        Path = _dock.NewFolder("disk/log");
    }

    /// <summary>A folder on it.</summary>
    public string Path { get; }

    /// <summary>Whether nothing fits any more.</summary>
    public bool IsFull => new DriveInfo(_mount.Path).AvailableFreeSpace == 0;

    /// <summary>Leaves so much room.</summary>
    public void Fill(long leaving)
    {
        using FileStream file = File.Create(Ballast);
        byte[] block = new byte[1 << 20];
        for (long left = _size - leaving - 4096; left > 0; left -= block.Length) file.Write(block, 0, (int)Math.Min(block.Length, left));
    }

    /// <summary>Makes room.</summary>
    public void Free() => File.Delete(Ballast);

    /// <inheritdoc/>
    public void Dispose()
    {
        _mount.Dispose();
        _dock.Dispose();
    }

    private string Ballast => $"{_mount.Path}/ballast";
}
