// The places where things lie, and the time.
using System.Globalization;

namespace Berth.Engine.Diagnosis.Host;

/// <summary>Checks of folders and of the clock.</summary>
internal static class PlaceChecks
{
    private const long Overlay = 0x794C7630, Nfs = 0x6969, Tmpfs = 0x01021994, Fuse = 0x65735546, Smb = 0xFF534D42, Vfat = 0x4D44;
    private const ulong Little = 2UL << 30, VeryLittle = 200UL << 20;

    public static Seen Space(HostFacts facts)
    {
        foreach (string folder in (ReadOnlySpan<string>)[facts.Root, facts.Run])
        {
            if (facts.Room(folder) is not { } room) return Seen.Warning($"{folder} cannot be looked at");
            // A run folder holds little.
            (ulong little, ulong least) = folder == facts.Root ? (Little, VeryLittle) : (16UL << 20, 4UL << 20);
            string words = $"{Megabytes(room.FreeBytes)} free below {folder}";
            if (room.FreeBytes < least) return Seen.Failure(words, "berth system df; berth system prune");
            if (room.FreeBytes < little) return Seen.Warning(words, "berth system df; berth system prune");
        }
        return Seen.Ok(facts.Room(facts.Root) is { } whole ? $"{Megabytes(whole.FreeBytes)} free below {facts.Root}" : "");
    }

    public static Seen Inodes(HostFacts facts)
    {
        if (facts.Room(facts.Root) is not { Files: > 0 } room) return Seen.Ok("as many as there is room for");
        string words = $"{room.FreeFiles.ToString(CultureInfo.InvariantCulture)} of {room.Files.ToString(CultureInfo.InvariantCulture)} are free below {facts.Root}";
        return room.FreeFiles < 1000 ? Seen.Failure(words, "berth system prune; a file system with more inodes: mkfs.ext4 -i 8192") : room.FreeFiles < room.Files / 20 ? Seen.Warning(words, "berth system prune") : Seen.Ok(words);
    }

    public static Seen Kind(HostFacts facts) => facts.Room(facts.Root)?.Type switch
    {
        Overlay => Seen.Failure($"{facts.Root} lies on an overlay: overlayfs cannot write above one", "mount a disk or a tmpfs there: berth --root FOLDER"),
        Nfs => Seen.Failure($"{facts.Root} lies on NFS: overlayfs cannot write above it", "put the store on a disk of this host: berth --root FOLDER"),
        Smb or Vfat => Seen.Failure($"{facts.Root} lies on a file system without owners of files", "put the store on ext4, xfs or btrfs: berth --root FOLDER"),
        Fuse => Seen.Warning($"{facts.Root} lies on a file system of FUSE: it may lack what overlayfs needs"),
        Tmpfs => Seen.Warning($"{facts.Root} lies in memory: it is empty after a start of the host"),
        null => Seen.Warning($"{facts.Root} cannot be looked at"),
        _ => Seen.Ok($"{facts.Root} is well placed"),
    };

    public static Seen RunFolder(HostFacts facts) => facts.Room(facts.Run)?.Type is Tmpfs or Overlay
        ? Seen.Ok($"{facts.Run}") : Seen.Warning($"{facts.Run} is not in memory: after a start of the host, what is in it is stale", "berth container cleanup after each start; or --runroot below /run");

    public static Seen Clock(HostFacts facts) => facts.Now < facts.Built
        ? Seen.Failure($"it is {facts.Now.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC here, which is before this program was made", "timedatectl set-ntp true")
        : Seen.Ok(facts.Now.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) + " UTC");

    private static string Megabytes(ulong bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20} MiB");
}
