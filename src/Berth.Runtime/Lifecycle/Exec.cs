// Exec: another process inside a container, with the same confinement as its first.
using Berth.Cgroups;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Bundles;
using Berth.Runtime.Lifecycle;
using Berth.Runtime.Plan;
using Berth.Runtime.State;

namespace Berth.Runtime;

/// <summary>What exec is asked for.</summary>
public sealed record ExecRequest
{
    /// <summary>The container.</summary>
    public required string Id { get; init; }

    /// <summary>Makes the process from the container's own; the first process's is given.</summary>
    public required Func<Spec, ProcessSpec> Process { get; init; }

    /// <summary>Unix socket that receives the terminal.</summary>
    public string? ConsoleSocket { get; init; }

    /// <summary>Unix socket that receives a pidfd of the process.</summary>
    public string? PidFdSocket { get; init; }

    /// <summary>File that gets the process's id.</summary>
    public string? PidFile { get; init; }

    /// <summary>Return as soon as the program runs.</summary>
    public bool Detach { get; init; }

    /// <summary>Also when the container is paused: it then waits for resume.</summary>
    public bool IgnorePaused { get; init; }

    /// <summary>Descriptors from 3 on that pass to the program.</summary>
    public int PreserveFds { get; init; }

    /// <summary>Cgroups below the container's: a path, or controller[,controller...]:path.</summary>
    public IReadOnlyList<string> Cgroups { get; init; } = [];

    /// <summary>Leave orphaned processes to the system's reaper.</summary>
    public bool NoSubreaper { get; init; }
}

public sealed partial class ContainerRuntime
{
    /// <summary>Runs a process inside a container.</summary>
    /// <returns>Its exit code; 0 when detached.</returns>
    /// <exception cref="BerthException">It could not be started.</exception>
    public int Exec(ExecRequest request)
    {
        Preserve.Check(request.PreserveFds);
        (ContainerRecord record, ContainerStatus status) = State(request.Id);
        LifecycleTable.Require(Verb.Exec, status, request.IgnorePaused);
        byte[] config = KernelFile.Read(_store.ConfigOf(request.Id));
        Spec spec = LoadSpec(request.Id);
        ProcessSpec process = request.Process(spec);
        if (!_options.Strict) Leniency.ApplyToProcess(process, _options.Warn);
        SpecCheck.CheckProcess(process);
        ConsoleChecks.Check(process, request.ConsoleSocket, request.Detach);
        if (!request.NoSubreaper && !request.Detach) Self.BecomeSubreaper();
        using Foreground? foreground = request.Detach ? null : new Foreground();
        using ExecLaunch launch = new(this, request, record, spec with { Process = process }, config);
        SpawnedChild child = launch.Go();
        using Fd pidFd = child.PidFd;
        _options.Debug("child process in init()");
        _options.Debug("setns_init: about to exec");
        return foreground is null ? 0 : WaitStatus.ExitCode(foreground.Stay(child, launch.TerminalSocket));
    }

    /// <summary>Runs a program inside a container, confined as the container's own is: as its user, with its capabilities, filter, limits and cgroups.</summary>
    private CommandResult RunConfined(ContainerRecord record, Spec spec, Command command)
    {
        ProcessSpec process = spec.Process! with { Args = [.. command.Arguments], Terminal = false, ExecCpuAffinity = null };
        using ExecLaunch launch = new(this, new ExecRequest { Id = record.Id, Process = _ => process }, record, spec with { Process = process }, KernelFile.Read(_store.ConfigOf(record.Id)));
        return launch.Run(command);
    }

    /// <summary>The parts of an exec.</summary>
    private sealed class ExecLaunch(ContainerRuntime runtime, ExecRequest request, ContainerRecord record, Spec spec, byte[] config) : IDisposable
    {
        private readonly List<IDisposable> _open = [];

        public Fd? TerminalSocket { get; private set; }

        public SpawnedChild Go()
        {
            Way way = Open(runtime._options.Warn);
            using ChildProgram program = Compile(way, streams: null);
            try
            {
                return Spawn(program, way.Cgroup, HidesWithoutRoot(way.Input));
            }
            catch (StepFailedException failure)
            {
                throw StepWords.Explain(failure, spec, record.Rootfs, way.Input.Environment);
            }
        }

        public CommandResult Run(Command command)
        {
            // What there is to warn of was said when the container was created.
            Way way = Open(static _ => { });
            way = way with { Input = way.Input with { Program = command.Candidates[0], Environment = command.Environment, PreserveFds = 0 } };
            return CommandRunner.Run(command with { Cgroup = way.Cgroup, Steps = streams => Compile(way, streams) });
        }

        private Way Open(Action<string> warn)
        {
            HostFacts host = HostFacts.Observe();
            Fd init = Keep(PidFd.TryOpen(record.Pid) ?? throw new BerthException(Fault.WrongState, "cannot exec in a stopped container"));
            // Only now is the number known to be the recorded process's: the handle was opened before this look.
            if (!Facts.IsAlive(record)) throw new BerthException(Fault.WrongState, "cannot exec in a stopped container");
            Namespaces kinds = Entry.Kinds(spec, record.Pid);
            Membership? membership = MembershipOf();
            PlanInput input = Prepare(host, init, membership, warn);
            return new Way(input, kinds, membership?.OpenUnified() is { } cgroup ? Keep(cgroup) : null);
        }

        private Membership? MembershipOf()
        {
            if (record.Cgroups is not { } c || CgroupTree.Open(c) is not { HasCgroup: true } tree) return null;
            return tree.Membership(request.Cgroups.Count == 0 ? null : SubCgroups.Parse(request.Cgroups), record.Pid);
        }

        private PlanInput Prepare(HostFacts host, Fd init, Membership? membership, Action<string> warn)
        {
            ProcessSpec process = spec.Process!;
            List<Fd> tasks = [];
            foreach (string file in membership?.TaskFiles ?? [])
            {
                Fd? task = KernelPath.TryOpen(file, OpenFlags.WriteOnly);
                if (task is null)
                {
                    membership!.RequireDirectories();
                    throw new BerthException(Fault.Denied, $"cannot open {file}: {KernelPath.LastErrno.Sentence()}");
                }
                tasks.Add(Keep(task));
            }
            SeccompPlan seccomp = SeccompPlan.Of(spec, config, DefaultRoot(), warn);
            Fd? listener = seccomp.Connect() is { } agent ? Keep(agent) : null;
            return new PlanInput
            {
                Spec = spec,
                Bundle = record.Bundle,
                Rootfs = record.Rootfs,
                Host = host,
                Id = record.Id,
                // A process with CAP_SYS_PTRACE inside sees what ours has open: the host's procfs only if a label must be written.
                Proc = string.IsNullOrEmpty(process.ApparmorProfile) && string.IsNullOrEmpty(process.SelinuxLabel) ? null : Keep(OpenProc()),
                ExecutableExit = host.IsRoot ? Keep(ExecutableExit.Open("berth-exec")) : null,
                ConsoleSocket = process.Terminal ? Keep(OpenConsole()) : null,
                TerminalSize = process.Terminal && request.ConsoleSocket is null ? Linux.Terminals.Terminal.SizeOf(0) : null,
                SeccompFilter = seccomp.Filter,
                SeccompFlags = seccomp.Flags,
                SeccompNotifies = seccomp.Notifies,
                PreserveFds = Preserve.Count(request.PreserveFds),
                TaskFiles = tasks,
                Container = init,
                Warn = warn,
                Environment = ProcessEnvironment.Of(process, $"/proc/{record.Pid}/root", Preserve.Listen),
                Actions = new PlanActions { Ready = Ready, SendListener = child => seccomp.Send(listener!, child, record, "running") },
            };
        }

        private ChildProgram Compile(Way way, CommandStreams? streams)
        {
            ChildProgram program = new();
            try
            {
                if (streams is { } three)
                {
                    program.Step("connect the standard streams", null, "before everything else is closed");
                    three.Connect(program);
                }
                Beginnings.Add(program, way.Input);
                if (HidesWithoutRoot(way.Input)) Hide(program);
                ExecPlan.AddAffinity(program, spec.Process!.ExecCpuAffinity?.Initial, "initial", "while the runtime enters the container");
                ExecPlan.Join(program, way.Input.Container!, record.Pid, way.Kinds);
                if (spec.Process.ExecCpuAffinity?.Final is { Length: > 0 } final) ExecPlan.AddAffinity(program, final, "final", "once inside its cgroup");
                else if (string.IsNullOrEmpty(spec.Process.ExecCpuAffinity?.Initial)) ExecPlan.ResetAffinity(program);
                ExecPlan.Add(program, way.Input);
                return program;
            }
            catch
            {
                program.Dispose();
                throw;
            }
        }

        /// <summary>Root's are hidden from the beginning. Of a hidden one nobody but root can take the seccomp listener.</summary>
        private static bool HidesWithoutRoot(PlanInput input) => !input.Host.IsRoot && !input.SeccompNotifies;

        /// <summary>The container's root and we are one user to the kernel: it could trace what enters, while that has a socket to us.</summary>
        private void Hide(ChildProgram program)
        {
            if (spec.Process!.OomScoreAdj is not null)
            {
                program.Step("wait for the OOM score", null, "the files of an undumpable process are closed to its user");
                program.Meet(SetOomScore);
            }
            program.Step("become undumpable", null, "processes in joined namespaces must not trace this one (CVE-2016-9962)");
            program.SetDumpable(false);
        }

        private void SetOomScore(SpawnedChild child)
        {
            if (spec.Process!.OomScoreAdj is { } score) OomScore.Set(child.Pid, score, runtime._options.Warn);
        }

        private SpawnedChild Spawn(ChildProgram program, Fd? cgroup, bool isHidden) => program.Spawn(new SpawnOptions
        {
            Cgroup = cgroup,
            Meanwhile = child =>
            {
                runtime._options.Debug($"nsexec container setup: process {child.Pid} enters {record.Id}");
                if (spec.Process!.ExecCpuAffinity?.Initial is { Length: > 0 } cpus) runtime._options.Debug($"nsexec[{child.Pid}]: affinity: 0x{Mask(cpus):x}");
                if (!isHidden) SetOomScore(child);
            },
        });

        private static ulong Mask(string cpus) => BitConverter.ToUInt64(MemoryPolicies.BitList(cpus, 8192, "process.execCPUAffinity"));

        private Fd OpenConsole()
        {
            if (request.ConsoleSocket is { } path) return DescriptorSocket.Connect(path);
            (Fd ours, Fd theirs) = DescriptorSocket.Pair();
            TerminalSocket = Keep(ours);
            return theirs;
        }

        private void Ready(SpawnedChild child)
        {
            if (request.PidFile is { } file) PidFiles.Write(file, child.Pid);
            if (request.PidFdSocket is { } socket) PidFiles.Send(socket, child.PidFd);
        }

        private T Keep<T>(T resource) where T : IDisposable
        {
            _open.Add(resource);
            return resource;
        }

        public void Dispose()
        {
            foreach (IDisposable fd in _open) fd.Dispose();
        }

        /// <summary>What leads into the container.</summary>
        private sealed record Way(PlanInput Input, Namespaces Kinds, Fd? Cgroup);
    }
}
