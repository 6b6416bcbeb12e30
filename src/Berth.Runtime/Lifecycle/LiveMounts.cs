// Mounts added to and taken from a container that runs (crun's `mounts`).
using Berth.Linux;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Lifecycle;
using Berth.Runtime.Plan;
using Berth.Runtime.State;

namespace Berth.Runtime;

public sealed partial class ContainerRuntime
{
    /// <summary>Adds mounts to a container: all of them or none.</summary>
    /// <param name="id">The container.</param>
    /// <param name="mounts">As in config.json; relative sources start in its bundle.</param>
    /// <exception cref="BerthException"><see cref="Fault.NotFound"/>, <see cref="Fault.WrongState"/>, <see cref="Fault.Unsupported"/>, or a mount's failure.</exception>
    public void AddMounts(string id, IReadOnlyList<MountSpec> mounts)
    {
        using Fd held = _store.Lock(id);
        using LiveContainer live = new(this, id);
        using Undo undo = new();
        foreach (MountSpec mount in mounts)
        {
            live.Add(mount);
            undo.Push(() => live.Remove(mount));
        }
        LiveMountFile.Write(_store.DirectoryOf(id), [.. LiveMountFile.Read(_store.DirectoryOf(id)), .. mounts]);
        undo.Dismiss();
    }

    /// <summary>Takes mounts from a container, in the opposite order; only their destinations count.</summary>
    /// <exception cref="BerthException"><see cref="Fault.NotFound"/>, <see cref="Fault.WrongState"/>, or a failure.</exception>
    public void RemoveMounts(string id, IReadOnlyList<MountSpec> mounts)
    {
        using Fd held = _store.Lock(id);
        using LiveContainer live = new(this, id);
        List<MountSpec> left = LiveMountFile.Read(_store.DirectoryOf(id));
        for (int i = mounts.Count - 1; i >= 0; i--)
        {
            live.Remove(mounts[i]);
            int last = left.FindLastIndex(m => MountList.Inside(m.Destination) == MountList.Inside(mounts[i].Destination));
            if (last >= 0) left.RemoveAt(last);
            LiveMountFile.Write(_store.DirectoryOf(id), left);
        }
    }

    /// <summary>A container whose mounts are changed.</summary>
    private sealed class LiveContainer : IDisposable
    {
        private readonly ContainerRecord _record;
        private readonly Spec _spec;
        private readonly HostFacts _host = HostFacts.Observe();
        private readonly Namespaces _kinds;
        private readonly Fd _process;
        private readonly Fd _proc;

        public LiveContainer(ContainerRuntime runtime, string id)
        {
            (_record, ContainerStatus status) = runtime.State(id);
            LifecycleTable.Require(Verb.ChangeMounts, status);
            _spec = runtime.LoadSpec(id);
            _kinds = Entry.Kinds(_spec, _record.Pid);
            if ((_kinds & Namespaces.Mount) == 0) throw new BerthException(Fault.Unsupported, $"cannot change mounts of container {id}: it shares the mount namespace of the host");
            if (!_host.HasMountApi) throw new BerthException(Fault.Unsupported, $"cannot change mounts of container {id}: this kernel has no detached mounts", "Linux 5.12 has them");
            _process = PidFd.TryOpen(_record.Pid) ?? throw Gone();
            // Only now is the number known to be the recorded process's: the handle was opened before this look.
            if (!Facts.IsAlive(_record))
            {
                _process.Dispose();
                throw Gone();
            }
            _proc = OpenProc();
        }

        public void Add(MountSpec mount)
        {
            Check(mount);
            using MountSources sources = new(_spec with { Mounts = [mount] }, _record.Bundle, []);
            PlanInput input = InputFor(mount, sources);
            using (input.ExecutableExit)
            {
                using ChildProgram program = LiveMountPlan.Add(input, _record.Pid, KindsFor(mount));
                Run(program, mount, input);
            }
        }

        public void Remove(MountSpec mount)
        {
            Check(mount);
            PlanInput input = InputFor(mount, null);
            using (input.ExecutableExit)
            {
                using ChildProgram program = LiveMountPlan.Remove(input, _record.Pid, _kinds & (Namespaces.Mount | Namespaces.User));
                Run(program, mount, input);
            }
        }

        private static BerthException Gone() => new(Fault.WrongState, "container not running");

        private static void Check(MountSpec mount)
        {
            if (MountList.Inside(mount.Destination) == ".") throw new BerthException(Fault.InvalidArgument, "mounts: the root of a container that runs cannot be covered or taken away");
            if (mount.Type is "cgroup" or "cgroup2") throw new BerthException(Fault.Unsupported, $"mount {mount.Destination}: cgroups are mounted when a container is created, and not later");
        }

        /// <summary>Besides its mounts and its users only what the file system asks for: the fewer, the less the container sees of us.</summary>
        private Namespaces KindsFor(MountSpec mount) => _kinds & (Namespaces.Mount | Namespaces.User | mount.Type switch
        {
            "proc" => Namespaces.Pid,
            "sysfs" => Namespaces.Network,
            "mqueue" => Namespaces.Ipc,
            _ => Namespaces.None,
        });

        private PlanInput InputFor(MountSpec mount, MountSources? sources) => new()
        {
            Spec = _spec with { Mounts = [mount] },
            Bundle = _record.Bundle,
            Rootfs = _record.Rootfs,
            Host = _host,
            Id = _record.Id,
            Proc = _proc,
            Container = _process,
            ExecutableExit = _host.IsRoot ? ExecutableExit.Open("berth-mounts") : null,
            Actions = sources is null ? new PlanActions() : new PlanActions { OpenSource = sources.Open, MapMount = sources.MapIds },
        };

        private void Run(ChildProgram program, MountSpec mount, PlanInput input)
        {
            try
            {
                program.Spawn(new SpawnOptions()).PidFd.Dispose();
            }
            catch (StepFailedException failure)
            {
                throw Explain(failure, mount) ?? StepWords.Explain(failure, _spec, _record.Rootfs, input.Environment);
            }
        }

        private BerthException? Explain(StepFailedException failure, MountSpec mount) => (failure.Step.Name, failure.Errno) switch
        {
            ("unmount", Errno.EINVAL or Errno.ENOENT) => new(Fault.NotFound, $"nothing is mounted at {mount.Destination} in container {_record.Id}", null, failure),
            ("unmount", Errno.ELOOP) => new(Fault.InvalidArgument, $"{mount.Destination} leads over a link in container {_record.Id}", "name the place itself", failure),
            ("copy the mount of", Errno.EINVAL) when (_kinds & Namespaces.User) != 0 => new(Fault.Denied, $"cannot mount {mount.Source} at {mount.Destination}: {failure.Errno.Sentence()}", "what is mounted below the source must not be uncovered: use rbind", failure),
            ("copy the mount of", Errno.EPERM or Errno.EACCES) => new(Fault.Denied, $"cannot mount {mount.Source} at {mount.Destination}: {failure.Errno.Sentence()}", null, failure),
            ("copy the mount of", _) => new(Fault.NotFound, $"cannot mount {mount.Source} at {mount.Destination}: {failure.Errno.Sentence()}", null, failure),
            _ => null,
        };

        public void Dispose()
        {
            _process.Dispose();
            _proc.Dispose();
        }
    }
}
