// Create and run: from a bundle to a first process that waits for start, or runs at once.
using Berth.Cgroups;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Bundles;
using Berth.Runtime.Checkpoint;
using Berth.Runtime.Hooks;
using Berth.Runtime.Lifecycle;
using Berth.Runtime.Plan;
using Berth.Runtime.State;

namespace Berth.Runtime;

/// <summary>What create and run are asked for.</summary>
public sealed record CreateRequest
{
    /// <summary>The new container's id.</summary>
    public required string Id { get; init; }

    /// <summary>The bundle's directory.</summary>
    public required string Bundle { get; init; }

    /// <summary>Another configuration file than config.json.</summary>
    public string? Config { get; init; }

    /// <summary>Unix socket that receives the terminal.</summary>
    public string? ConsoleSocket { get; init; }

    /// <summary>Unix socket that receives a pidfd of the first process.</summary>
    public string? PidFdSocket { get; init; }

    /// <summary>File that gets the first process's id.</summary>
    public string? PidFile { get; init; }

    /// <summary>chroot and move instead of pivot_root.</summary>
    public bool NoPivot { get; init; }

    /// <summary>Keep the caller's session keyring.</summary>
    public bool NoNewKeyring { get; init; }

    /// <summary>Descriptors from 3 on that pass to the program.</summary>
    public int PreserveFds { get; init; }

    /// <summary>Write a timeline of the steps to this file.</summary>
    public string? Trace { get; init; }
}

public sealed partial class ContainerRuntime
{
    /// <summary>Makes a container whose program waits for <see cref="Start"/>.</summary>
    /// <exception cref="BerthException">It could not be made; nothing is left of it.</exception>
    public ContainerRecord Create(CreateRequest request)
    {
        Preserve.Check(request.PreserveFds);
        using Launch launch = new(this, request, waitForStart: true);
        return launch.Go().Record;
    }

    /// <summary>The parts of a launch, in the order in which they are acquired; what fails undoes them backwards.</summary>
    internal sealed class Launch : IDisposable
    {
        private readonly ContainerRuntime _runtime;
        private readonly CreateRequest _request;
        private readonly bool _wait;
        private readonly Undo _undo = new();
        private readonly List<IDisposable> _open = [];
        private readonly Bundle _bundle;
        private ContainerRecord _record;
        private Fd? _held;
        private CgroupTree? _cgroups;
        private bool _entersFromOutside;
        private IntelRdt? _rdt;
        private StepTrace? _trace;

        public Launch(ContainerRuntime runtime, CreateRequest request, bool waitForStart)
        {
            _runtime = runtime;
            _request = request;
            _wait = waitForStart;
            _trace = request.Trace is null ? null : new StepTrace();
            StateStore.CheckId(request.Id);
            _bundle = Bundle.Open(request.Bundle, request.Config);
            SpecCheck.Check(_bundle.Spec, runtime._options.Strict);
            if (!runtime._options.Strict) Leniency.Apply(_bundle.Spec, runtime._options.Warn);
            _trace?.Mark("read the bundle");
            _record = new ContainerRecord
            {
                Id = request.Id,
                OciVersion = _bundle.Spec.OciVersion,
                Bundle = _bundle.Directory,
                Created = Timestamp.Now,
                Owner = Self.UserId,
                Annotations = _bundle.Spec.Annotations,
                StandardStreams = _bundle.Spec.Process!.Terminal ? null : StandardStreams.OwnPipes(),
            };
        }

        /// <summary>Run the startContainer hooks at the last meeting: in `run` nobody calls start.</summary>
        public bool StartHooksInline { get; set; }

        /// <summary>Where the program says that it is ready, if anybody wants to know.</summary>
        public NotifyProxy? Notify { get; private set; }

        /// <summary>The spec of the container.</summary>
        public Spec Spec => _bundle.Spec;

        public (ContainerRecord Record, SpawnedChild Child) Go()
        {
            using Undo undo = _undo;
            string rootfs = _bundle.ResolveRootfs();
            HostFacts host = HostFacts.Observe();
            if (_request.NoPivot) host = host with { KernelMounts = Linux.Mounts.KernelMounts.Whole() };
            ConsoleChecks.Check(Spec.Process, _request.ConsoleSocket, _wait);
            Claim(rootfs);
            MakeCgroups();
            MakeIntelRdt();
            // Where descriptors are what we ran out of, undoing needs some.
            undo.Push(CloseAllButLock);
            PlanInput input = Prepare(rootfs, host);
            _trace?.Mark("prepare");
            using InitPlan plan = InitPlan.Build(input);
            _trace?.Mark("compile the plan");
            if (!input.SeccompFilter.IsEmpty) _runtime._options.Debug($"seccomp filter flags: {input.SeccompFlags}");
            SpawnedChild child = Spawn(plan, input);
            _runtime._options.Debug("child process in init()");
            _runtime._options.Debug("init: closing the pipe to signal completion");
            _trace?.Write(_request.Trace!, plan.Program, child, input.Rootfs);
            undo.Dismiss();
            // Not before: what is undone must not be another's.
            _held!.Dispose();
            return (_record, child);
        }

        private void Claim(string rootfs)
        {
            _held = Keep(_runtime._store.Claim(_request.Id));
            _undo.Push(() => _runtime._store.Remove(_request.Id));
            Fd config = Keep(KernelPath.Open(_runtime._store.ConfigOf(_request.Id), OpenFlags.WriteOnly | 0x40 | 0x80, 0x180));
            StateStore.MarkBeingMade(config);
            KernelPath.WriteAll(config, _bundle.Config, "config.json");
            _record = _record with { Rootfs = rootfs };
            NotifyProxy.AddTo(Spec, _runtime._store, _request.Id);
            if (!_wait && NotifyProxy.Open(_runtime._store, _request.Id) is { } notify) Notify = Keep(notify);
            if (_wait) KernelPath.MakeFifo(_runtime._store.FifoOf(_request.Id), 0x180);
        }

        private void MakeCgroups()
        {
            if (_runtime._options.CgroupsDisabled) return;
            // Before there is a cgroup or a process: what a kill -9 leaves from here on is found by this record.
            _cgroups = _runtime.CreateCgroups(_request.Id, Spec, foreseen => _runtime._store.Save(_record with { Cgroups = foreseen }));
            _undo.Push(() => End(_cgroups));
            _record = _record with { Cgroups = _cgroups.Record };
            if (!_runtime._options.SystemdCgroup) _cgroups.Apply();
        }

        private void MakeIntelRdt()
        {
            if (Spec.Linux?.IntelRdt is not { } rdt) return;
            _rdt = IntelRdt.Create(rdt, _request.Id, IntelRdt.FindRoot(), foreseen => _runtime._store.Save(_record with { IntelRdt = foreseen }));
            _undo.Push(_rdt.Delete);
            _rdt.Apply(rdt);
            _record = _record with { IntelRdt = _rdt.Record };
        }

        private PlanInput Prepare(string rootfs, HostFacts host)
        {
            Spec spec = Spec;
            Fd proc = Keep(OpenProc());
            List<(Namespaces Kind, Fd Fd)> joins = OpenJoins(spec);
            // Two processes for a moment are one too many for such a limit: then the second is led in from here, which takes its time.
            bool single = spec.Linux?.Resources?.Pids?.Limit is 0 or 1;
            _entersFromOutside = _runtime._options.SystemdCgroup || (single && NamespacePlan.Of(spec, joins).ClonesAgain);
            Membership? membership = _cgroups is { HasCgroup: true } && !_entersFromOutside ? _cgroups.Membership() : null;
            List<Fd> tasks = [];
            foreach (string file in membership?.TaskFiles ?? []) tasks.Add(Keep(KernelPath.Open(file, OpenFlags.WriteOnly)));
            SeccompPlan seccomp = SeccompPlan.Of(spec, _bundle.Config, DefaultRoot(), _runtime._options.Warn);
            Fd? listener = seccomp.Connect() is { } agent ? Keep(agent) : null;
            MountSources sources = Keep(new MountSources(spec, _bundle.Directory, joins));
            return new PlanInput
            {
                Spec = spec,
                Bundle = _bundle.Directory,
                Rootfs = rootfs,
                Host = host,
                Id = _request.Id,
                Proc = proc,
                ExecutableExit = host.IsRoot ? Keep(ExecutableExit.Open("berth-init")) : null,
                StartFifo = _wait ? Keep(KernelPath.Open(_runtime._store.FifoOf(_request.Id), OpenFlags.ReadWrite | OpenFlags.NonBlocking)) : null,
                ConsoleSocket = spec.Process!.Terminal ? Keep(OpenConsole()) : null,
                TerminalSize = spec.Process.Terminal && _request.ConsoleSocket is null ? Linux.Terminals.Terminal.SizeOf(0) : null,
                SeccompFilter = seccomp.Filter,
                SeccompFlags = seccomp.Flags,
                SeccompNotifies = seccomp.Notifies,
                NoPivot = _request.NoPivot,
                NoNewKeyring = _request.NoNewKeyring,
                PreserveFds = Preserve.Count(_request.PreserveFds),
                Joins = joins,
                TaskFiles = tasks,
                Warn = _runtime._options.Warn,
                Cgroups = _cgroups is null ? null : CgroupViews.Of(_cgroups, _runtime._cgroupHost!, spec.Annotations.GetValueOrDefault("run.oci.systemd.force_cgroup_v1")),
                Environment = ProcessEnvironment.Of(spec.Process, rootfs, Preserve.Listen),
                Actions = new PlanActions
                {
                    SendListener = child => seccomp.Send(listener!, child, _record, "creating"),
                    OpenSource = sources.Open,
                    MapMount = sources.MapIds,
                    SetClocks = child => Clocks.Write(child.Pid, spec.Linux!),
                    MapIds = child => IdMaps.Write(child.Pid, spec.Linux!, host),
                    Confine = _entersFromOutside && _cgroups is not null ? EnterCgroups : null,
                    MoveDevices = NetDevices.Any(spec) ? child => NetDevices.Move(spec, child.Pid) : null,
                    BeforePivot = spec.Hooks is { } h && (h.Prestart ?? h.CreateRuntime ?? h.CreateContainer) is not null ? RunEarlyHooks : null,
                    Ready = Record,
                },
            };
        }

        /// <summary>The container's end of a terminal goes to the caller's socket, or to one of our own in the foreground.</summary>
        private Fd OpenConsole()
        {
            if (_request.ConsoleSocket is { } path) return DescriptorSocket.Connect(path);
            (Fd ours, Fd theirs) = DescriptorSocket.Pair();
            TerminalSocket = ours;
            return theirs;
        }

        /// <summary>Our end, in the foreground with a terminal.</summary>
        public Fd? TerminalSocket { get; private set; }

        private List<(Namespaces Kind, Fd Fd)> OpenJoins(Spec spec)
        {
            List<(Namespaces, Fd)> joins = [];
            foreach (NamespaceSpec n in spec.Linux?.Namespaces ?? [])
            {
                if (string.IsNullOrEmpty(n.Path)) continue;
                Fd? fd = KernelPath.TryOpen(n.Path, OpenFlags.ReadOnly);
                if (fd is null)
                {
                    throw new BerthException(Fault.NotFound, $"cannot join the {n.Type} namespace {n.Path}: {KernelPath.LastErrno.Sentence()}",
                        "the process or the mount that kept it is gone");
                }
                joins.Add((NamespacePlan.KindOf(n.Type), Keep(fd)));
            }
            return joins;
        }

        private SpawnedChild Spawn(InitPlan plan, PlanInput input)
        {
            using Fd? cgroup = _entersFromOutside ? null : _cgroups?.Membership().OpenUnified();
            try
            {
                return plan.Program.Spawn(new SpawnOptions
                {
                    Namespaces = plan.Clone,
                    Cgroup = cgroup,
                    ReturnAfterLastMeeting = _wait,
                    Trace = _trace is not null,
                    Meanwhile = Meanwhile,
                });
            }
            catch (StepFailedException failure)
            {
                throw StepWords.Explain(failure, Spec, input.Rootfs, input.Environment);
            }
        }

        private void Meanwhile(SpawnedChild child)
        {
            _rdt?.Enter(child.Pid);
            // The words are those that readers of runc's debug log look for.
            _runtime._options.Debug($"nsexec container setup: process {child.Pid} works through its plan");
            if (Spec.Process!.OomScoreAdj is { } score) OomScore.Set(child.Pid, score, _runtime._options.Warn);
        }

        private void EnterCgroups(SpawnedChild child)
        {
            _cgroups!.Enter(child.Pid);
            if (!_runtime._options.SystemdCgroup) return;
            _cgroups.Apply();
            _runtime.WarnOf(_cgroups);
            _record = _record with { Cgroups = _cgroups.Record };
        }

        private void RunEarlyHooks(SpawnedChild child)
        {
            HooksSpec hooks = Spec.Hooks!;
            ContainerState state = StateFor(_record with { Pid = child.Pid }, _runtime.StatusBeforeStart);
            HookContext context = _runtime.HooksOf(Spec, "prestart", state);
            HookRunner.Run(hooks.Prestart, context);
            HookRunner.Run(hooks.CreateRuntime, context with { Point = "createRuntime" });
            HookRunner.Run(hooks.CreateContainer, context with
            {
                Point = "createContainer",
                Inside = child.PidFd,
                Directory = _record.Rootfs,
                Namespaces = Entry.Kinds(Spec, child.Pid),
            });
        }

        private void Record(SpawnedChild child)
        {
            if (!Self.IsAlive(child.Pid, out ulong start)) return;
            _record = _record with { Pid = child.Pid, StartTime = start };
            _runtime._store.Save(_record);
            if (StartHooksInline) _runtime.RunStartHooks(Spec, _record);
            if (_request.PidFile is { } file) PidFiles.Write(file, child.Pid);
            if (_request.PidFdSocket is { } socket) PidFiles.Send(socket, child.PidFd);
            if (Spec.Annotations.GetValueOrDefault("run.oci.pidfd_receiver") is { } receiver) PidFiles.Send(receiver, child.PidFd);
        }

        private T Keep<T>(T resource) where T : IDisposable
        {
            _open.Add(resource);
            return resource;
        }

        private void CloseAllButLock()
        {
            foreach (IDisposable fd in _open)
            {
                if (fd != _held) fd.Dispose();
            }
        }

        public void Dispose()
        {
            foreach (IDisposable fd in _open) fd.Dispose();
        }
    }

    private CgroupTree CreateCgroups(string id, Spec spec, Action<CgroupRecord>? announce = null) => CgroupTree.Create(_cgroupHost ??= CgroupHost.Discover(), new CgroupRequest
    {
        Id = id,
        CgroupsPath = spec.Linux?.CgroupsPath,
        Resources = spec.Linux?.Resources,
        Devices = spec.Linux?.Devices,
        Driver = _options.SystemdCgroup ? CgroupDriver.Systemd : CgroupDriver.Cgroupfs,
        // As root of a user's own namespace it may have no cgroup either.
        Rootless = _options.Rootless ?? (Self.UserId != 0 || Self.IsInUserNamespace),
        Owner = IdMaps.HostRoot(spec),
        Options = CgroupOptions.Of(spec.Annotations),
        Announce = announce,
    });

    private HookContext HooksOf(Spec spec, string point, ContainerState state) => new()
    {
        Point = point,
        State = state,
        Directory = point == "poststop" ? null : state.Bundle,
        StandardOutput = spec.Annotations.GetValueOrDefault("run.oci.hooks.stdout"),
        StandardError = spec.Annotations.GetValueOrDefault("run.oci.hooks.stderr"),
    };
}
