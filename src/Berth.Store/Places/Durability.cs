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

    // While it is brought to the disk.
    private string Resting => $"{places.Root}/syncing";

    private static string Boot => KernelFile.TryReadText("/proc/sys/kernel/random/boot_id") ?? "";

    /// <summary>What was written a while ago is brought to the disk, which by now has most of it.</summary>
    public void Rest()
    {
        if (!KernelFile.Exists(Mark) || clock.GetUtcNow() - Since(Mark) < s_rest) return;
        using (Fd held = places.Lock())
        {
            // What is written from here on is not in this sync: it makes a mark of its own.
            if (KernelFile.Exists(Mark)) KernelPath.Rename(Mark, Resting);
        }
        Settle();
    }

    /// <summary>Something is about to be written. The lock of the store must be held.</summary>
    public void Begin(Fd held)
    {
        ObjectDisposedException.ThrowIf(held.IsClosed, held);
        if (!KernelFile.Exists(Mark)) KernelPath.WriteAtomically(Mark, System.Text.Encoding.ASCII.GetBytes(Boot + "\n"), 0x180);
    }

    /// <summary>Since when something may have been lost, if the machine stopped before it was on the disk; else null.</summary>
    public DateTimeOffset? Doubtful()
    {
        DateTimeOffset? since = null;
        foreach (string mark in (ReadOnlySpan<string>)[Mark, Resting])
        {
            if (KernelFile.TryReadText(mark) is { } boot && boot != Boot && (since is null || Since(mark) < since)) since = Since(mark);
        }
        return since;
    }

    /// <summary>It was looked at.</summary>
    public void Settled()
    {
        using (Fd held = places.Lock())
        {
            if (KernelFile.Exists(Mark)) KernelPath.Rename(Mark, Resting);
        }
        Settle();
    }

    private void Settle()
    {
        using Fd root = KernelPath.Open(places.Root, OpenFlags.Directory);
        if (FileData.SyncFileSystem(root) == Errno.None) KernelPath.Remove(Resting);
    }

    private static DateTimeOffset Since(string mark) => File.GetLastWriteTimeUtc(mark);
}
