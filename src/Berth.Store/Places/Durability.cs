// What the disk has not been told to keep yet: after a power cut it is looked at again.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;

namespace Berth.Store.Places;

/// <summary>
/// Nothing waits for the disk while an image comes: a pull would take twice as long. Instead a mark says since when, and in which
/// boot, something may not be on the disk; it is taken away by a syncfs(2) a minute later, when the kernel has written most of it
/// by itself. A mark of another boot means that the machine stopped in between.
/// </summary>
internal sealed class Durability(StorePlaces places, TimeProvider clock)
{
    private static readonly TimeSpan s_rest = TimeSpan.FromMinutes(1);

    private string Mark => $"{places.Root}/unsynced";

    private static string Boot => KernelFile.TryReadText("/proc/sys/kernel/random/boot_id") ?? "";

    /// <summary>Something is about to be written.</summary>
    public void Begin()
    {
        if (KernelFile.TryReadText(Mark) is not null)
        {
            if (clock.GetUtcNow() - Since() < s_rest) return;
            Sync();
        }
        KernelPath.WriteAtomically(Mark, System.Text.Encoding.ASCII.GetBytes(Boot + "\n"), 0x180);
    }

    /// <summary>Since when something may have been lost, if the machine stopped before it was on the disk; else null.</summary>
    public DateTimeOffset? Doubtful() => KernelFile.TryReadText(Mark) is { } boot && boot != Boot ? Since() : null;

    /// <summary>It was looked at.</summary>
    public void Settle()
    {
        Sync();
        KernelPath.Remove(Mark);
    }

    private DateTimeOffset Since() => File.GetLastWriteTimeUtc(Mark);

    private void Sync()
    {
        using Fd root = KernelPath.Open(places.Root, OpenFlags.Directory);
        FileData.SyncFileSystem(root);
    }
}
