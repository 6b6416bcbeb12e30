// From the wish to look into a container to a container that does: it shares namespaces, and goes with whoever asked for it.
using Berth.Linux.Processes;
using Berth.Oci.Faults;

namespace Berth.Engine.Containers;

/// <summary>
/// A debugger is a container like others: its shim, its cgroup, its end and its traces are theirs. What is different is said here, and in
/// <see cref="DebugRoot"/> (docs/decisions/0024-debug-is-a-container.md).
/// </summary>
internal sealed class Debugging(ContainerParts parts)
{
    /// <summary>Where the files are that are looked at.</summary>
    public const string Place = "/target";

    private const string Path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>The container that looks.</summary>
    /// <exception cref="BerthException">NotFound: what is to be looked at, or tools. InvalidArgument.</exception>
    public ContainerSpec SpecOf(DebugSpec wish)
    {
        if ((wish.Container is null) == (wish.Image is null)) throw new BerthException(Fault.InvalidArgument, "a container or an image is to be looked at, one of both");
        ContainerRecord? record = wish.Container is { } name ? parts.Folder.Find(name) ?? throw new BerthException(Fault.NotFound, $"there is no container {name}", "berth ps -a lists them") { Code = FaultCode.ContainerUnknown } : null;
        if (record?.Spec.Debugs is not null) throw new BerthException(Fault.InvalidArgument, $"cannot look into container {record.Name}: it looks into another one itself");
        if (wish.ToolsImage is null) HostTools.Require();
        Self.IsAlive(Self.ProcessId, out ulong start);
        bool isUp = record is not null && parts.Facts.Observe(record).IsAlive;
        ContainerSpec spec = new()
        {
            Image = wish.ToolsImage ?? "",
            Debugs = new DebugTarget(record?.Id, wish.ToolsImage is null) { Owner = Self.ProcessId, OwnerStart = start },
            Entrypoint = [],
            Command = CommandOf(wish),
            Environment = [.. wish.ToolsImage is null ? (string[])[Path, "HOME=/root"] : [], $"TARGET={Place}", .. wish.Environment],
            User = wish.User ?? "0:0",
            WorkingFolder = wish.WorkingFolder ?? "/",
            HasTerminal = wish.HasTerminal,
            HasInput = wish.HasInput,
            IsInputOnce = wish.HasInput,
            IsRemovedAtEnd = true,
            Labels = new Dictionary<string, string> { [DebugTarget.Label] = record?.Id ?? wish.Image! },
            EndsWithEngine = true,
            Health = new HealthSpec { IsOff = true },
            Log = new LogSpec { Driver = "none" },
            StopTimeout = 0,
            Security = Security(wish, record?.Spec.Security ?? new SecuritySpec()),
            Runtime = record?.Spec.Runtime,
        };
        if (isUp) return Joined(spec, record!);
        // Volumes of the tools' image are of no use, and those of the target stay where they are.
        MountRequest files = new() { Kind = MountKind.Image, Source = record?.Id ?? wish.Image!, Destination = Place, IsReadOnly = true };
        return spec with
        {
            Storage = new StorageSpec { Mounts = [files], ImageVolumes = "ignore" },
            Connection = new ConnectionSpec { Networks = [new NetworkWish { Network = "none" }] },
        };
    }

    private static ContainerSpec Joined(ContainerSpec spec, ContainerRecord record)
    {
        string same = "container:" + record.Id;
        return spec with
        {
            Storage = new StorageSpec { ImageVolumes = "ignore" },
            Connection = new ConnectionSpec { Networks = [new NetworkWish { Network = same }] },
            // Its cgroup is its own: a container without memory, or one that is paused, can be looked at too.
            Namespaces = new NamespacesSpec { Pid = same, Ipc = same, Uts = same, User = record.Settled.Ids is not null || record.Spec.Namespaces.User.Contains(':', StringComparison.Ordinal) ? same : "" },
        };
    }

    /// <summary>Whether it was made by somebody who was killed before he started it: nobody ever will.</summary>
    public static bool IsAbandoned(ContainerRecord record, ContainerState state) =>
        record.Spec.Debugs is { } target && state.Status == ContainerStatus.Configured && !(Self.IsAlive(target.Owner, out ulong start) && start == target.OwnerStart);

    // As much as the container may do, and what it takes to look at its processes.
    private static SecuritySpec Security(DebugSpec wish, SecuritySpec theirs) => theirs with
    {
        IsPrivileged = theirs.IsPrivileged || wish.IsPrivileged,
        CapabilitiesAdded = [.. theirs.CapabilitiesAdded, "SYS_PTRACE", .. wish.CapabilitiesAdded],
        CapabilitiesDropped = [.. theirs.CapabilitiesDropped.Where(name => !wish.CapabilitiesAdded.Contains(name))],
        Seccomp = wish.IsPrivileged ? "unconfined" : theirs.Seccomp,
    };

    private static IReadOnlyList<string> CommandOf(DebugSpec wish) =>
        wish.Command.Count > 0 ? wish.Command
        : wish.Shell is { } shell ? [shell]
        : ["/bin/sh", "-c", "command -v bash >/dev/null 2>&1 && exec bash; exec sh"];
}
