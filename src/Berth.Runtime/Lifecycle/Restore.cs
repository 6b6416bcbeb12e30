// Restore: the processes of an image become a container again, by CRIU.
using Berth.Cgroups;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Mounts;
using Berth.Linux.Network;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Bundles;
using Berth.Runtime.Checkpoint;
using Berth.Runtime.Hooks;
using Berth.Runtime.Lifecycle;
using Berth.Runtime.State;

namespace Berth.Runtime;

public sealed partial class ContainerRuntime
{
    /// <summary>Restores a container from an image.</summary>
    /// <returns>The exit code of its program; 0 when detached.</returns>
    /// <exception cref="BerthException">It could not be restored; nothing is left of it.</exception>
    public int Restore(RestoreRequest request)
    {
        WarnUnlessRoot("restore");
        if (!request.NoSubreaper && !request.Detach) Self.BecomeSubreaper();
        using Foreground? foreground = request.Detach ? null : new Foreground();
        using RestoreLaunch launch = new(this, request);
        ContainerRecord record = launch.Go();
        using Fd process = PidFd.Open(record.Pid);
        if (foreground is null) return 0;
        int status = foreground.Stay(record.Pid, process, launch.TerminalSocket, launch.Notify);
        if (!request.Keep) RemoveOwn(record, launch.Spec);
        return WaitStatus.ExitCode(status);
    }

    /// <summary>The parts of a restore, in the order in which they are acquired; what fails undoes them backwards.</summary>
    private sealed class RestoreLaunch : IDisposable
    {
        private const string Log = "restore.log";

        private readonly ContainerRuntime _runtime;
        private readonly RestoreRequest _request;
        private readonly Undo _undo = new();
        private Fd? _held;
        private readonly List<IDisposable> _open = [];
        private readonly Bundle _bundle;
        private readonly List<Fd> _extra = [];
        private ContainerRecord _record;
        private CgroupTree? _cgroups;
        private Fd? _console;

        public RestoreLaunch(ContainerRuntime runtime, RestoreRequest request)
        {
            _runtime = runtime;
            _request = request;
            StateStore.CheckId(request.Id);
            _bundle = Bundle.Open(request.Bundle, request.Config);
            SpecCheck.Check(Spec, runtime._options.Strict);
            if (!runtime._options.Strict) Leniency.Apply(Spec, runtime._options.Warn);
            ExternalMounts.Check(Spec);
            ConsoleChecks.Check(Spec.Process, request.ConsoleSocket, request.Detach);
            _record = new ContainerRecord
            {
                Id = request.Id,
                OciVersion = Spec.OciVersion,
                Bundle = _bundle.Directory,
                Rootfs = _bundle.ResolveRootfs(),
                Created = Timestamp.Now,
                Owner = Self.UserId,
                Annotations = Spec.Annotations,
                StandardStreams = Spec.Process!.Terminal ? null : StandardStreams.OwnPipes(),
            };
        }

        public Spec Spec => _bundle.Spec;

        /// <summary>Our end, in the foreground with a terminal.</summary>
        public Fd? TerminalSocket { get; private set; }

        /// <summary>Where the program says how it is, if anybody wants to know.</summary>
        public NotifyProxy? Notify { get; private set; }

        public ContainerRecord Go()
        {
            using Undo undo = _undo;
            CriuDirectories directories = Keep(CriuDirectories.Open(_request.Image, make: false));
            Claim(directories);
            MakeCgroups();
            RestorePlan.MakeMountPoints(Spec, _record);
            CriuOptions options = OptionsOf();
            ConnectNamespaces(options);
            if (Spec.Process!.Terminal) _console = Keep(OpenConsole());
            else ConnectStreams(options, directories);
            ExternalMounts.AddForRestore(options.External, Spec, _record, _cgroups);
            try
            {
                Perform(options, directories);
            }
            catch (BerthException e) when (e.Kind == Fault.Failed)
            {
                directories.QuoteLog(Log, _runtime._options.Warn);
                throw;
            }
            if (_request.PidFile is { } file) PidFiles.Write(file, _record.Pid);
            undo.Dismiss();
            _held!.Dispose();
            return _record;
        }

        private string ImagePlace => $"{_runtime._store.DirectoryOf(_request.Id)}/criu-image";

        private string CriuRoot => $"{_runtime._store.DirectoryOf(_request.Id)}/criu-root";

        private void Claim(CriuDirectories directories)
        {
            _held = Keep(_runtime._store.Claim(_request.Id));
            _undo.Push(() => _runtime._store.Remove(_request.Id));
            AddTimeNamespace();
            KernelPath.WriteAtomically(_runtime._store.ConfigOf(_request.Id), StoredConfig.Change(_bundle.Config, SpecReader.Read(_bundle.Config), Spec), 0x180);
            StateStore.MarkBeingMade(Keep(KernelPath.Open(_runtime._store.ConfigOf(_request.Id), OpenFlags.ReadOnly)));
            List<MountSpec> live = LiveMountFile.Read(directories.ImagePath);
            LiveMountFile.Write(_runtime._store.DirectoryOf(_request.Id), live);
            Spec.Mounts.AddRange(live);
            if (KernelFile.Exists($"{directories.ImagePath}/{NotifyMark}")) NotifyProxy.AddAlways(Spec, _runtime._store, _request.Id);
            if (!_request.Detach && NotifyProxy.Open(_runtime._store, _request.Id) is { } notify) Notify = Keep(notify);
            KernelPath.MakeDirectory(CriuRoot, 0x1ED);
            KernelPath.MakeDirectory(ImagePlace, 0x1ED);
        }

        private void MapImage(Fd tree)
        {
            try
            {
                using Fd users = UsersOfSpec();
                Tree.MapIds(tree, users, recursive: false);
            }
            catch (LinuxException e)
            {
                // Then the image must be readable for that root as it is.
                _runtime._options.Debug($"the image is not id-mapped: {e.Message}");
            }
        }

        private Fd UsersOfSpec()
        {
            foreach (NamespaceSpec n in Spec.Linux!.Namespaces)
            {
                if (n.Type == "user" && !string.IsNullOrEmpty(n.Path)) return KernelPath.Open(n.Path, OpenFlags.ReadOnly);
            }
            // CRIU's first process opens some images before its ids are mapped, as the host's root with no rights but its
            // group's; so the group stays what it is.
            List<IdMapping> groups = [new IdMapping { ContainerId = 0, HostId = 0, Size = uint.MaxValue }];
            return UserNamespace.Make(pid => IdMaps.WriteMaps(pid, Spec.Linux.UidMappings ?? [], groups));
        }

        /// <summary>CRIU gives restored processes a time namespace, so that their clocks go on: exec must find it in the configuration.</summary>
        private void AddTimeNamespace()
        {
            if (ExternalMounts.HasNamespace(Spec, "time") || !KernelFile.Exists("/proc/self/ns/time")) return;
            Spec.Linux!.Namespaces.Add(new NamespaceSpec { Type = "time" });
        }

        private void MakeCgroups()
        {
            if (_runtime._options.CgroupsDisabled) return;
            _cgroups = _runtime.CreateCgroups(_request.Id, Spec, foreseen => _runtime._store.Save(_record with { Cgroups = foreseen }));
            _undo.Push(() => End(_cgroups));
            _record = _record with { Cgroups = _cgroups.Record };
            if (!_runtime._options.SystemdCgroup) _cgroups.Apply();
        }

        private CriuOptions OptionsOf() => new()
        {
            LogFile = Log,
            Root = CriuRoot,
            EvasiveDevices = true,
            RestoreAsSibling = true,
            ExternalUnixSockets = _request.Image.ExternalUnixSockets,
            TcpEstablished = _request.Image.TcpEstablished,
            TcpClose = _request.Image.TcpClose,
            ShellJob = _request.Image.ShellJob,
            FileLocks = _request.Image.FileLocks,
            AutoDedup = _request.Image.AutoDedup,
            LazyPages = _request.Image.LazyPages,
            CgroupMode = CriuWords.CgroupMode(_request.Image.CgroupsMode),
            NetworkLock = CriuWords.NetworkLock(_request.Image.NetworkLock),
            EmptyNamespaces = (uint)Namespaces.Network,
            ConfigFile = CriuDirectories.ConfigFile(Spec),
            LsmProfile = string.IsNullOrEmpty(_request.LsmProfile) ? null : _request.LsmProfile,
            LsmMountContext = string.IsNullOrEmpty(_request.LsmMountContext) ? null : _request.LsmMountContext,
        };

        /// <summary>Network and pid namespaces are handed to CRIU open, the others by path.</summary>
        private void ConnectNamespaces(CriuOptions options)
        {
            foreach (NamespaceSpec n in Spec.Linux!.Namespaces)
            {
                if (string.IsNullOrEmpty(n.Path)) continue;
                if (n.Type == "cgroup") throw new BerthException(Fault.Unsupported, "cannot restore into an existing cgroup namespace", "CRIU does not know how: leave out its path");
                if (CriuWords.ExternalNamespace(n.Type) is { } words)
                {
                    Fd fd = KernelPath.TryOpen(n.Path, OpenFlags.ReadOnly)
                        ?? throw new BerthException(Fault.NotFound, $"Requested {n.Type} namespace {n.Path} does not exist: {KernelPath.LastErrno.Sentence()}");
                    _extra.Add(Keep(fd));
                    options.Inherit.Add((words.Key, fd.Number));
                }
                else
                {
                    options.Join.Add((Plan.NamespacePlan.KindOf(n.Type).ProcName(), n.Path));
                }
            }
        }

        private void ConnectStreams(CriuOptions options, CriuDirectories directories)
        {
            Fd nothing = Keep(KernelPath.Open("/dev/null", OpenFlags.ReadWrite));
            _extra.Add(nothing);
            options.Inherit.AddRange(StandardStreams.Connect(directories.ImagePath, nothing, _runtime._options.Warn));
        }

        private Fd OpenConsole()
        {
            if (_request.ConsoleSocket is { } path) return DescriptorSocket.Connect(path);
            (Fd ours, Fd theirs) = DescriptorSocket.Pair();
            TerminalSocket = Keep(ours);
            return theirs;
        }

        private void Perform(CriuOptions options, CriuDirectories directories)
        {
            using CriuWorker criu = CriuWorker.Start(new CriuStart
            {
                Executable = _runtime._options.Criu,
                OwnStreams = !Spec.Process!.Terminal,
                Extra = _extra,
                Namespaces = Namespaces.Mount,
                Before = program => BeforeCriu(program, directories),
            });
            int version = criu.Version();
            CriuVersions.Require(version, CriuVersions.Least, "this runtime");
            if (options.LsmProfile is not null) CriuVersions.Require(version, CriuVersions.LsmProfile, "--lsm-profile");
            if (options.LsmMountContext is not null) CriuVersions.Require(version, CriuVersions.LsmProfile, "--lsm-mount-context");
            (options.ImagesFd, options.WorkFd) = (directories.ImageFd, directories.WorkFd);
            AddCgroupRoots(options, criu.Pid);
            criu.Perform(CriuRequestType.Restore, options, Notice);
        }

        private void BeforeCriu(ChildProgram program, CriuDirectories directories)
        {
            RestorePlan.BindRoot(program, _record, CriuRoot);
            directories.OpenAgain(program, IdMaps.HasUserNamespace(Spec) ? MapImage : null, ImagePlace);
            if (_cgroups is not { HasCgroup: true }) return;
            program.Step("wait for the cgroups", null, "what CRIU makes starts where CRIU is");
            program.Meet(child =>
            {
                _cgroups.Enter(child.Pid);
                if (!_runtime._options.SystemdCgroup) return;
                _cgroups.Apply();
                _record = _record with { Cgroups = _cgroups.Record };
            });
        }

        /// <summary>CRIU restores the image's cgroups below the ones it is in, which need not be those of the dump.</summary>
        private static void AddCgroupRoots(CriuOptions options, int pid)
        {
            foreach (string line in (KernelFile.TryReadText($"/proc/{pid}/cgroup") ?? "").Split('\n'))
            {
                string[] parts = line.Split(':', 3);
                if (parts.Length < 3) continue;
                foreach (string controller in parts[1].Split(',')) options.CgroupRoots.Add((controller, parts[2]));
            }
        }

        private void Notice(CriuResponse notice, Fd? fd)
        {
            _runtime._options.Debug($"criu: {notice.Point}");
            switch (notice.Point)
            {
                case "setup-namespaces":
                    RunHooks(notice.Pid);
                    break;
                case "orphan-pts-master" when fd is not null && _console is not null:
                    DescriptorSocket.Send(_console, "/dev/ptmx"u8, fd.Number);
                    break;
                case "post-restore":
                    Record(notice.Pid);
                    break;
            }
        }

        private void RunHooks(int pid)
        {
            if (Spec.Hooks is not { } hooks) return;
            HookContext context = _runtime.HooksOf(Spec, "prestart", StateFor(_record with { Pid = pid }, _runtime.StatusBeforeStart));
            HookRunner.Run(hooks.Prestart, context);
            HookRunner.Run(hooks.CreateRuntime, context with { Point = "createRuntime" });
        }

        private void Record(int pid)
        {
            if (!Self.IsAlive(pid, out ulong start)) return;
            _record = _record with { Pid = pid, StartTime = start, Created = Timestamp.Now };
            _runtime._store.Save(_record);
        }

        private T Keep<T>(T resource) where T : IDisposable
        {
            _open.Add(resource);
            return resource;
        }

        public void Dispose()
        {
            foreach (IDisposable resource in _open) resource.Dispose();
        }
    }
}
