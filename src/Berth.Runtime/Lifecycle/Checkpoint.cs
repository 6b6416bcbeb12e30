// Checkpoint: the processes of a container become an image, by CRIU.
using System.Globalization;
using Berth.Cgroups;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Checkpoint;
using Berth.Runtime.Lifecycle;
using Berth.Runtime.State;

namespace Berth.Runtime;

public sealed partial class ContainerRuntime
{
    private const string DumpLog = "dump.log";

    /// <summary>In the image: the container had a socket for readiness, whose mount the restored one needs too.</summary>
    private const string NotifyMark = "notify-socket";

    /// <summary>Dumps a container; it is gone afterwards unless it is asked to run on.</summary>
    /// <exception cref="BerthException"><see cref="Fault.WrongState"/>; <see cref="Fault.Unsupported"/>: no CRIU, or it lacks something; <see cref="Fault.Failed"/>: CRIU could not do it, and the container runs on.</exception>
    public void Checkpoint(CheckpointRequest request)
    {
        using Fd held = _store.Lock(request.Id);
        (ContainerRecord record, ContainerStatus status) = State(request.Id);
        LifecycleTable.Require(Verb.Checkpoint, status);
        WarnUnlessRoot("checkpoint");
        Spec spec = LoadSpec(request.Id);
        spec.Mounts.AddRange(LiveMountFile.Read(_store.DirectoryOf(request.Id)));
        if (NotifyProxy.IsPartOf(_store, request.Id)) spec.Mounts.Add(NotifyProxy.MountOf(_store, request.Id));
        ExternalMounts.Check(spec);
        using CriuDirectories directories = CriuDirectories.Open(request.Image, make: true);
        CheckParent(request);
        CheckStatusFd(request);
        try
        {
            Dump(request, spec, record, directories);
        }
        catch (BerthException e) when (e.Kind == Fault.Failed)
        {
            directories.QuoteLog(DumpLog, _options.Warn);
            throw;
        }
        if (request.LeaveRunning || request.PreDump) return;
        End(record);
        Remove(record, spec);
    }

    private void Dump(CheckpointRequest request, Spec spec, ContainerRecord record, CriuDirectories directories)
    {
        using CriuWorker criu = CriuWorker.Start(new CriuStart { Executable = _options.Criu });
        CriuVersions.Require(criu.Version(), CriuVersions.Least, "this runtime");
        CriuFeatures wanted = new(request.PreDump, request.Image.LazyPages);
        if (wanted != default) CriuVersions.Require(wanted, criu.Check(wanted));
        CgroupTree? cgroups = record.Cgroups is { } c && CgroupTree.Open(c) is { HasCgroup: true } tree ? tree : null;
        CriuOptions options = DumpOptions(request, spec, record, directories, cgroups);
        AddExternalNamespaces(options.External, spec);
        // A pre-dump looks at memory only.
        StandardStreams? streams = request.PreDump ? null : StandardStreams.Of(record.Pid, record.StandardStreams);
        if (streams is not null)
        {
            ExternalMounts.AddForDump(options.External, spec, record, cgroups);
            options.External.AddRange(streams.Files);
            LiveMountFile.Write(directories.ImagePath, LiveMountFile.Read(_store.DirectoryOf(record.Id)));
            if (NotifyProxy.IsPartOf(_store, record.Id)) KernelPath.WriteAtomically($"{directories.ImagePath}/{NotifyMark}", [], 0x180);
        }
        int? statusFd = request.StatusFd;
        criu.Perform(request.PreDump ? CriuRequestType.PreDump : CriuRequestType.Dump, options, (notice, _) =>
        {
            _options.Debug($"criu: {notice.Point}");
            // Everything is dumped and still stands: the files' lengths are those that CRIU has noted.
            if (notice.Point == "post-dump") streams?.Save(directories.ImagePath);
            if (notice.Point != "status-ready" || statusFd is not { } fd) return;
            using Fd status = new(fd);
            statusFd = null;
            if (!RawIo.WriteAll(fd, [0])) _options.Warn($"cannot write to --status-fd {fd}");
        });
    }

    private static CriuOptions DumpOptions(CheckpointRequest request, Spec spec, ContainerRecord record, CriuDirectories directories, CgroupTree? cgroups) => new()
    {
        ImagesFd = directories.ImageFd,
        WorkFd = directories.WorkFd,
        LogFile = DumpLog,
        Root = record.Rootfs,
        Pid = record.Pid,
        LeaveRunning = request.LeaveRunning,
        ExternalUnixSockets = request.Image.ExternalUnixSockets,
        TcpEstablished = request.Image.TcpEstablished,
        TcpClose = request.Image.TcpClose,
        TcpSkipInFlight = request.TcpSkipInFlight,
        ShellJob = request.Image.ShellJob,
        FileLocks = request.Image.FileLocks,
        LinkRemap = request.LinkRemap,
        AutoDedup = request.Image.AutoDedup,
        LazyPages = request.Image.LazyPages,
        PageServer = request.PageServer,
        ParentImage = request.ParentPath,
        CgroupMode = CriuWords.CgroupMode(request.Image.CgroupsMode),
        NetworkLock = CriuWords.NetworkLock(request.Image.NetworkLock),
        EmptyNamespaces = (uint)Namespaces.Network,
        FreezeCgroup = FreezerOf(cgroups),
        ConfigFile = CriuDirectories.ConfigFile(spec),
    };

    /// <summary>The one that pause uses too: CRIU thaws what it found frozen, but not a second freezer beside it.</summary>
    private static string? FreezerOf(CgroupTree? cgroups) => cgroups?.UnifiedDirectory is { } unified && KernelFile.Exists(unified + "/cgroup.freeze")
        ? unified
        : cgroups?.Directory(Controller.Freezer);

    /// <summary>A network or pid namespace that the configuration names is not dumped: it must be there again for a restore.</summary>
    private static void AddExternalNamespaces(List<string> external, Spec spec)
    {
        foreach (NamespaceSpec n in spec.Linux?.Namespaces ?? [])
        {
            if (string.IsNullOrEmpty(n.Path) || CriuWords.ExternalNamespace(n.Type) is not { } words) continue;
            FileFacts facts = KernelPath.Facts(n.Path) ?? throw new BerthException(Fault.NotFound, $"cannot find the {n.Type} namespace {n.Path}: {KernelPath.LastErrno.Sentence()}");
            external.Add($"{words.Kind}[{facts.Inode}]:{words.Key}");
        }
    }

    private static void CheckParent(CheckpointRequest request)
    {
        if (request.ParentPath is not { } parent) return;
        if (parent.StartsWith('/')) throw new BerthException(Fault.InvalidArgument, "--parent-path must be relative", "to the directory of --image-path");
        string path = $"{request.Image.ImagePath}/{parent}";
        if (KernelPath.Facts(path) is { IsDirectory: true }) return;
        throw new BerthException(Fault.NotFound, $"invalid --parent-path: {path} is no directory");
    }

    private static void CheckStatusFd(CheckpointRequest request)
    {
        if (request.StatusFd is not { } fd) return;
        if (!Self.IsInherited(fd)) throw new BerthException(Fault.InvalidArgument, $"invalid --status-fd argument {fd}: bad file descriptor");
        foreach (string line in (KernelFile.TryReadText($"/proc/self/fdinfo/{fd}") ?? "").Split('\n'))
        {
            if (!line.StartsWith("flags:", StringComparison.Ordinal)) continue;
            // Octal, as in open(2): the last digit's low bits are the access mode.
            int mode = int.Parse(line.AsSpan(line.Length - 1), CultureInfo.InvariantCulture) & 3;
            if (mode == 0) throw new BerthException(Fault.InvalidArgument, $"invalid --status-fd argument {fd}: not writable");
        }
    }

    private void WarnUnlessRoot(string verb)
    {
        if (Self.UserId != 0) _options.Warn($"{verb} is untested with rootless containers");
    }
}
