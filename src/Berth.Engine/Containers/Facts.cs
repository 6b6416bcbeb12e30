// State is seen: from what a shim and a runtime leave in files, and from the kernel.
using System.Buffers.Text;
using System.Text.Json;
using Berth.Cgroups;
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Oci.Faults;

namespace Berth.Engine.Containers;

/// <summary>Looks at containers without asking anybody: three small files for one that runs.</summary>
internal sealed class Facts(ContainerPlaces places)
{
    private const int Unknown = 255;
    private static string? s_boot;
    private CgroupHost? _cgroups;

    /// <summary>This start of the host.</summary>
    public static string Boot => s_boot ??= KernelFile.TryReadText("/proc/sys/kernel/random/boot_id")?.Trim() ?? "";

    /// <summary>Looks at one.</summary>
    public ContainerState Observe(ContainerRecord record)
    {
        string pidFile = places.PidFile(record.Id);
        int pid = KernelFile.TryRead(pidFile, out _) is { } text && Utf8Parser.TryParse(text, out int number, out _) ? number : 0;
        if (pid == 0)
        {
            bool isLeft = KernelFile.Exists(places.Bundle(record.Id));
            // A run that could not be made again had no process.
            if (isLeft && record.Run is { Ended: null, Started: var begun } && KernelFile.TryRead(places.ExitFile(record.Id), out _) is { Length: > 0 } words && ReadExit(words, begun) is { } over) return over;
            // Between two runs there is no process, and no word of the one before.
            if (isLeft && record.Run is { Ended: null } before && before.Boot == Boot && IsKept(record.Id)) return new ContainerState { Status = ContainerStatus.Restarting, Started = before.Started, IsLeft = true };
            return Recorded(record, isLeft);
        }
        RunRecord? run = record.Run is { Ended: null } current ? current : null;
        DateTimeOffset started = run?.Started ?? TimeOf(pidFile);
        if (KernelFile.TryRead(places.ExitFile(record.Id), out _) is { Length: > 0 } exit && ReadExit(exit, started) is { } ended) return ended;
        if (Self.IsAlive(pid, out ulong start) && (run is null || run.Pid != pid || run.StartTicks == start))
        {
            return Alive(pid, run, started);
        }
        // Between the end of a process and what its shim writes down of it, there is a moment: it has ended when that is there.
        if (IsKept(record.Id))
        {
            return KernelFile.TryRead(places.ExitFile(record.Id), out _) is { Length: > 0 } late && ReadExit(late, started) is { } told ? told
                : new ContainerState { Status = ContainerStatus.Running, Pid = pid, Started = started, IsLeft = true };
        }
        return new ContainerState { Status = ContainerStatus.Exited, Started = started, Ended = started, ExitCode = Unknown, Error = "it ended while its shim was not there: its exit code is not known", IsLeft = true };
    }

    // One that was made and not started waits in the runtime's own program.
    private ContainerState Alive(int pid, RunRecord? run, DateTimeOffset started) => run is { IsInitialized: true }
        ? new ContainerState { Status = ContainerStatus.Initialized, Pid = pid, IsLeft = true }
        : new ContainerState { Status = IsFrozen(pid) ? ContainerStatus.Paused : ContainerStatus.Running, Pid = pid, Started = started, IsLeft = true };

    private ContainerState Recorded(ContainerRecord record, bool isLeft)
    {
        if (record.Run is not { } run) return new ContainerState { Status = ContainerStatus.Configured, IsLeft = isLeft };
        // Somebody has emptied the run folder: the kernel knows the process still.
        if (run.Ended is null && run.Boot == Boot && run.Pid != 0 && Self.IsAlive(run.Pid, out ulong start) && start == run.StartTicks) return Alive(run.Pid, run, run.Started);
        // It was made, and has never run.
        if (run is { IsInitialized: true, Ended: null }) return new ContainerState { Status = ContainerStatus.Configured, IsLeft = true };
        bool isOver = run.Ended is not null;
        return new ContainerState
        {
            Status = ContainerStatus.Exited,
            Started = run.Started,
            Ended = run.Ended ?? run.Started,
            ExitCode = isOver ? run.ExitCode : Unknown,
            IsOomKilled = run.IsOomKilled,
            Restarts = run.Restarts,
            Error = isOver ? run.Error : run.Boot == Boot ? "what is known of its run was removed from the run folder" : "the host was started anew while it ran",
            IsLeft = isLeft || !isOver,
        };
    }

    private static ContainerState? ReadExit(byte[] bytes, DateTimeOffset started)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes);
            JsonElement json = document.RootElement;
            return new ContainerState
            {
                Status = json.GetProperty("restarting").GetBoolean() ? ContainerStatus.Restarting : ContainerStatus.Exited,
                Started = started,
                Ended = DateTimeOffset.UnixEpoch.AddTicks(json.GetProperty("exitedAt").GetInt64() / 100),
                ExitCode = json.GetProperty("exitStatus").GetInt32(),
                IsOomKilled = json.GetProperty("oomKilled").GetBoolean(),
                Restarts = json.GetProperty("restarts").GetInt32(),
                IsLeft = true,
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private bool IsKept(string id) =>
        KernelFile.TryRead(places.Socket(id) + ".pid", out _) is { } text && Utf8Parser.TryParse(text, out int shim, out _) && Self.IsAlive(shim, out _);

    private static DateTimeOffset TimeOf(string path) => File.GetLastWriteTimeUtc(path);

    private bool IsFrozen(int pid)
    {
        if (KernelFile.TryReadText($"/proc/{pid}/cgroup") is not { } lines) return false;
        try
        {
            _cgroups ??= CgroupHost.Discover();
        }
        catch (BerthException)
        {
            return false;
        }
        foreach (ReadOnlySpan<char> line in lines.AsSpan().EnumerateLines())
        {
            bool isUnified = line.StartsWith("0::", StringComparison.Ordinal);
            int freezer = isUnified ? -1 : line.IndexOf(":freezer:", StringComparison.Ordinal);
            if (!isUnified && freezer < 0) continue;
            string path = line[(isUnified ? 3 : freezer + 9)..].ToString();
            if (_cgroups.Mount(isUnified ? Controller.Unified : Controller.Freezer) is not { } mount) continue;
            string? state = KernelFile.TryReadText(mount + path + (isUnified ? "/cgroup.freeze" : "/freezer.state"));
            if (state is not null && (isUnified ? state.StartsWith('1') : state.StartsWith("FROZEN", StringComparison.Ordinal))) return true;
        }
        return false;
    }
}
