// Freeze and Thaw: all processes of the container stand still, or go on.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Oci.Faults;

namespace Berth.Cgroups;

/// <summary>Whether the processes of a cgroup may run.</summary>
public enum FreezerState
{
    /// <summary>There is no freezer.</summary>
    Unknown,

    /// <summary>They run.</summary>
    Thawed,

    /// <summary>They stand still.</summary>
    Frozen,
}

public sealed partial class CgroupTree
{
    private const int FreezeTimeoutMilliseconds = 10_000;

    /// <summary>Whether the container itself was frozen; a frozen cgroup above it does not count.</summary>
    /// <exception cref="BerthException">The freezer says something unknown.</exception>
    public FreezerState Freezer
    {
        get
        {
            FreezerState unified = UnifiedFreezer is { } path ? StateOf(KernelFile.TryReadText(path), "1", "0") : FreezerState.Unknown;
            if (unified == FreezerState.Frozen || LegacyFreezer is not { } directory) return unified;
            FreezerState legacy = LegacyState(directory);
            return legacy == FreezerState.Unknown ? unified : legacy;
        }
    }

    /// <summary>Stops all processes and returns when they have stopped.</summary>
    /// <exception cref="BerthException">There is no freezer, or they do not stop.</exception>
    public void Freeze()
    {
        RequireForeign();
        if (UnifiedFreezer is { } path && KernelFile.TryWrite(path, "1", out Errno errno)) WaitFrozen(path);
        else if (LegacyFreezer is { } directory) FreezeLegacy(directory);
        else throw new BerthException(Fault.Unsupported, "cannot toggle freezer: cgroups not configured for container");
    }

    /// <summary>Lets all processes go on, whichever freezer holds them.</summary>
    /// <exception cref="BerthException">There is no freezer, or it refuses.</exception>
    public void Thaw()
    {
        bool thawed = false;
        Errno errno = Errno.None;
        if (UnifiedFreezer is { } path) thawed = KernelFile.TryWrite(path, "0", out errno);
        if (LegacyFreezer is { } directory && (!thawed || KernelFile.TryReadText(directory + "/freezer.state") != "THAWED"))
        {
            thawed = KernelFile.TryWrite(directory + "/freezer.state", "THAWED", out errno);
        }
        if (thawed) return;
        throw errno == Errno.None
            ? new BerthException(Fault.Unsupported, "cannot toggle freezer: cgroups not configured for container")
            : new BerthException(FaultOf(errno), $"cannot thaw the container's cgroup: {errno.Sentence()}");
    }

    // On a hybrid host the v2 freezer is preferred: what it stops can be killed, and new processes do not escape it.
    private string? UnifiedFreezer => UnifiedDirectory is { } path ? path + "/cgroup.freeze" : null;

    private string? LegacyFreezer => _paths[(int)Controller.Freezer];

    private static void WaitFrozen(string freezeFile)
    {
        string events = freezeFile[..^"freeze".Length] + "events";
        using WatchedFile? file = WatchedFile.TryOpen(events, out Errno errno);
        if (file is null) throw new BerthException(FaultOf(errno), $"cannot wait for the cgroup to freeze: open {events}: {errno.Sentence()}");
        long start = Environment.TickCount64;
        while (true)
        {
            if (file.Read() is not { } text || KeyedFile.Value(text, "frozen") != 0) return;
            int left = (int)(FreezeTimeoutMilliseconds - (Environment.TickCount64 - start));
            if (left <= 0)
            {
                // A half-frozen container is worse than a running one.
                KernelFile.TryWrite(freezeFile, "0", out _);
                throw new BerthException(Fault.Unavailable, $"timeout of {FreezeTimeoutMilliseconds / 1000}s reached waiting for the cgroup to freeze");
            }
            file.Wait(left);
        }
    }

    private static void FreezeLegacy(string directory)
    {
        string file = directory + "/freezer.state";
        try
        {
            // While processes appear in it, a v1 cgroup may stay FREEZING: writing again, and now and then letting go for a
            // moment, gets there in the end. The numbers are those that runc found to work.
            for (int i = 0; i < 1000; i++)
            {
                if (i % 50 == 49)
                {
                    KernelFile.TryWrite(file, "THAWED", out _);
                    ShortPause.Microseconds(10_000);
                }
                KernelFile.Write(file, "FROZEN");
                if (i % 25 == 24) ShortPause.Microseconds(10);
                switch (KernelFile.TryReadText(file))
                {
                    case "FREEZING": continue;
                    case "FROZEN": return;
                    case { } other: throw new BerthException(Fault.Failed, $"unexpected state {other} while freezing {directory}");
                    case null: throw new BerthException(Fault.NotFound, $"cannot freeze: {file} is gone");
                }
            }
            throw new BerthException(Fault.Unavailable, $"unable to freeze {directory}: processes keep appearing in it");
        }
        catch (LinuxException e)
        {
            KernelFile.TryWrite(file, "THAWED", out _);
            throw new BerthException(FaultOf(e.Errno), $"cannot freeze the container's cgroup: {e.Message}", inner: e);
        }
        catch (BerthException)
        {
            KernelFile.TryWrite(file, "THAWED", out _);
            throw;
        }
    }

    private static FreezerState LegacyState(string directory)
    {
        for (int i = 0; i < FreezeTimeoutMilliseconds; i++)
        {
            string? text = KernelFile.TryReadText(directory + "/freezer.state");
            if (text != "FREEZING")
            {
                // FROZEN is also said of a cgroup whose parent is frozen.
                return text == "FROZEN" && KernelFile.TryReadText(directory + "/freezer.self_freezing") == "0"
                    ? FreezerState.Thawed
                    : StateOf(text, "FROZEN", "THAWED");
            }
            ShortPause.Microseconds(1000);
        }
        throw new BerthException(Fault.Unavailable, $"{directory} stays between thawed and frozen");
    }

    private static FreezerState StateOf(string? text, string frozen, string thawed)
    {
        if (text is null) return FreezerState.Unknown;
        if (text == frozen) return FreezerState.Frozen;
        return text == thawed ? FreezerState.Thawed : throw new BerthException(Fault.Failed, $"unknown freezer state \"{text}\"");
    }
}
