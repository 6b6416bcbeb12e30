// From a record to a process: what a container needs is prepared side by side, a shim is started, and the runtime makes it.
using System.Diagnostics;
using System.Text;
using Berth.Engine.Keeping;
using Berth.Engine.Networks;
using Berth.Engine.Tracing;
using Berth.Engine.Volumes;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Mounts;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Shim.Contract.Protos;
using Berth.Store.Snapshots;

namespace Berth.Engine.Containers;

/// <summary>
/// Starts containers. In order:
/// <code>
///   what is left of the run before is taken away
///   the bundle's folder
///   the shim          |  the root file system, volumes  |  the network namespace, attached
///   config.json
///   create, by the runtime; clients attach
///   start
///   the record: it runs
/// </code>
/// Each step is undone when a later one fails; one who is killed leaves what the next look finds by the bundle's folder.
/// </summary>
internal sealed class Starting(ContainerParts parts, Ending ending)
{
    private const uint Private = 0x180, Searchable = 0x1C9, Readable = 0x1A4;
    // Time for an engine that waits to take away itself what its container leaves.
    private const uint ExitGrace = 10_000;
    private const int Patience = 30_000, Again = 10;

    /// <summary>Starts one.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="attach">Called when it is made and not started: whoever wants all of its output attaches now.</param>
    /// <param name="size">Size of its terminal.</param>
    /// <param name="ct">Ends the waiting, not the container.</param>
    /// <exception cref="BerthException">NotFound. WrongState: it runs. What the network, the store or the runtime say.</exception>
    public async Task<ContainerRecord> StartAsync(string id, Func<KeeperConnection, Task>? attach, BoxSpec? size, CancellationToken ct)
    {
        using Activity? activity = EngineActivities.Begin("start the container");
        using FileLock held = parts.Folder.Lock(id);
        ContainerRecord record = parts.Folder.Read(id) ?? throw new BerthException(Fault.NotFound, $"there is no container {id[..12]}") { Code = FaultCode.ContainerUnknown };
        ContainerState state = parts.Facts.Observe(record);
        if (state.IsAlive || state.Status == ContainerStatus.Restarting) throw new BerthException(Fault.WrongState, $"cannot start container {record.Name}: it runs already") { Code = FaultCode.ContainerRunning };
        if (state.IsLeft) record = await ending.ClearAsync(record, state, held, ct).ConfigureAwait(false);
        using Undo undo = new();
        try
        {
            record = await StartAsync(record, attach, size, undo, ct).ConfigureAwait(false);
        }
        catch (BerthException e) when (e.Kind == Fault.Failed && e.Message.StartsWith("OCI runtime", StringComparison.Ordinal))
        {
            throw RuntimeFaults.Of(e, $"start container {record.Name}");
        }
        catch (LinuxException e)
        {
            throw new BerthException(Fault.Failed, $"cannot start container {record.Name}: {e.Message}", inner: e);
        }
        undo.Dismiss();
        parts.Events.Add("container", "start", id, record.Name, ("image", record.Spec.Image));
        return record;
    }

    private async Task<ContainerRecord> StartAsync(ContainerRecord record, Func<KeeperConnection, Task>? attach, BoxSpec? size, Undo undo, CancellationToken ct)
    {
        ContainerPlaces places = parts.Places;
        string bundle = places.Bundle(record.Id), socket = places.Socket(record.Id);
        KernelPath.MakeDirectories(places.RootFs(record.Id), Searchable);
        KernelPath.MakeDirectories(socket[..socket.LastIndexOf('/')], Searchable);
        if (record.Spec.Pod is { } pod) undo.Push(() => parts.Pods!.Leave(pod));
        undo.Push(() => HostCgroups.RemoveLeft(record));
        undo.Push(() => KernelPath.RemoveTree(bundle));
        if (record.Settled.Ids is not null) LetIn(places.Run);
        Task<KeeperConnection> shim = Task.Run(() => ConnectAsync(record, socket, ct), ct);
        try
        {
            WriteConfiguration(record, await PrepareAsync(record, size, undo, ct).ConfigureAwait(false));
        }
        catch (Exception)
        {
            // A shim that keeps nothing ends with its last client.
            await shim.ContinueWith(static started =>
            {
                if (started.IsCompletedSuccessfully) started.Result.Dispose();
            }, TaskScheduler.Default).ConfigureAwait(false);
            throw;
        }
        KeeperConnection keeper = await shim.ConfigureAwait(false);
        using KeeperConnection? own = record.Spec.EndsWithEngine ? null : keeper;
        if (own is null) parts.Hold(record.Id, keeper);
        ct.ThrowIfCancellationRequested();
        // What the runtime has begun is not left half-done: these two are waited for, whoever has lost patience.
        CreateResponse made = await MakeAsync(keeper, record).ConfigureAwait(false);
        try
        {
            if (attach is not null) await attach(keeper).ConfigureAwait(false);
            DateTimeOffset now = parts.Clock.GetUtcNow();
            StartResponse started = await LetRunAsync(keeper, record.Id, made).ConfigureAwait(false);
            Self.IsAlive((int)started.Pid, out ulong ticks);
            record = record with { IsStopped = false, Run = new RunRecord { Started = now, Pid = (int)started.Pid, StartTicks = ticks, Boot = Facts.Boot } };
            parts.Folder.Write(record);
            return record;
        }
        catch (Exception)
        {
            await ending.DropAsync(keeper, record).ConfigureAwait(false);
            throw;
        }
    }

    private async Task<CreateResponse> MakeAsync(KeeperConnection keeper, ContainerRecord record)
    {
        using Activity? activity = EngineActivities.Begin("have it made");
        CreateRequest request = RequestOf(record);
        CreateResponse made = await keeper.CallAsync<CreateResponse>(KeeperService.Methods.Create, request, CancellationToken.None).ConfigureAwait(false);
        StartTimeline.AddCreation(activity, made.BeganNs, made.AnsweredNs, request.Runtime!.Trace);
        return made;
    }

    private static async Task<StartResponse> LetRunAsync(KeeperConnection keeper, string id, CreateResponse made)
    {
        using Activity? activity = EngineActivities.Begin("let it run");
        Task<long>? first = activity is null ? null : StartTimeline.SeeFirstInstructionAsync((int)made.Pid);
        StartResponse started = await keeper.CallAsync<StartResponse>(KeeperService.Methods.Start, new ProcessRequest { Id = id }, CancellationToken.None).ConfigureAwait(false);
        StartTimeline.AddCall(activity, "have the runtime start it", started.BeganNs, started.AnsweredNs);
        if (first is not null && await first.ConfigureAwait(false) is > 0 and long at) EngineActivities.Add("up to the first instruction", "container", (long)started.BeganNs, at, activity);
        return started;
    }

    private async Task<BundleFacts> PrepareAsync(ContainerRecord record, BoxSpec? size, Undo undo, CancellationToken ct)
    {
        NetworkMode mode = NetworkMode.Of(record.Spec.Connection);
        PodShare? pod = record.Spec.Pod is null ? null : parts.Pods!.Open(record);
        Task<string?> network = mode.Kind == NetworkKind.Networks ? Task.Run(() => Attach(record, mode, undo), ct) : Task.FromResult(NamespaceOf(mode, pod));
        BundleFacts facts;
        try
        {
            facts = Prepare(record, pod, size, undo);
        }
        catch (Exception)
        {
            // Its undoing must find all that it has done.
            await network.ContinueWith(static _ => { }, TaskScheduler.Default).ConfigureAwait(false);
            throw;
        }
        return WithFiles(record, mode, pod, facts with { NetworkNamespace = await network.ConfigureAwait(false) });
    }

    private void WriteConfiguration(ContainerRecord record, BundleFacts facts)
    {
        using Activity? activity = EngineActivities.Begin("write its configuration");
        Spec spec = SpecBuilder.Build(record, facts);
        foreach (string warning in facts.Notes.Warnings) parts.Warnings.Enqueue(warning);
        foreach (OwnedPath owned in facts.Notes.Owned) OwnedTree.Change(owned);
        using Fd file = KernelPath.Open($"{parts.Places.Bundle(record.Id)}/config.json", OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate, Private);
        KernelPath.WriteAll(file, SpecWriter.ToJson(spec, indented: false), "config.json");
    }

    // Root of the container's users passes through the folder, and sees nothing in it but what is his.
    private static void LetIn(string run)
    {
        using Fd folder = KernelPath.Open(run, OpenFlags.Directory);
        if ((KernelPath.Facts(folder).Mode & 0x1FF) == 0x1C0) FdIo.TrySetMode(folder, Searchable);
    }

    /// <summary>Starts a shim, and speaks with it. One of the run before may be about to end, or have clients that look on: then it serves this run too.</summary>
    private async Task<KeeperConnection> ConnectAsync(ContainerRecord record, string socket, CancellationToken ct)
    {
        using Activity? activity = EngineActivities.Begin("start the shim");
        long deadline = Environment.TickCount64 + Patience;
        while (true)
        {
            ProgramAnswer answer = ProgramCaller.Run(new ProgramCall
            {
                Path = EnginePrograms.Find("berth-shim"),
                Arguments = ["keep", "--socket", socket],
                Environment = Variables(),
                Timeout = TimeSpan.FromMilliseconds(Patience),
            });
            if (await ending.ConnectAsync(record, CancellationToken.None).ConfigureAwait(false) is { } keeper) return keeper;
            bool isEnding = KernelFile.Exists(socket) && Environment.TickCount64 < deadline;
            if (answer.TimedOut || (answer.Status != 0 && !isEnding)) throw new BerthException(Fault.Failed, $"cannot start a shim: {(answer.TimedOut ? "it took too long" : Encoding.UTF8.GetString(answer.Error).Trim())}");
            if (answer.Status == 0 && Environment.TickCount64 >= deadline) throw new BerthException(Fault.Unavailable, $"cannot start container {record.Name}: its shim does not answer at {socket}") { Code = FaultCode.ShimGone };
            await Task.Delay(Again, ct).ConfigureAwait(false);
        }
    }

    private static List<string> Variables()
    {
        List<string> variables = [];
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables()) variables.Add($"{variable.Key}={variable.Value}");
        return variables;
    }

    private string? Attach(ContainerRecord record, NetworkMode mode, Undo undo)
    {
        using Activity? activity = EngineActivities.Begin("attach it to its networks", "network");
        string path = parts.Places.NetworkNamespace(record.Id);
        using (EngineActivities.Begin("make a network namespace", "network")) NetworkNamespaces.Make(path);
        lock (undo) undo.Push(() => NetworkNamespaces.Remove(path));
        lock (undo) undo.Push(() => parts.Networks.DisconnectAll(record.Id));
        bool isFirst = true;
        foreach (NetworkWish wish in mode.Wishes)
        {
            try
            {
                parts.Networks.Connect(wish.Network, AttachmentWishes.Of(record, wish, path, isFirst));
            }
            catch (BerthException e)
            {
                throw new BerthException(e.Kind, Named(e.Message), e.Hint, e) { Code = e.Code };
            }
            isFirst = false;
        }
        return path;
    }

    // Networks know containers by their ids; people know them by their names.
    private string Named(string sentence)
    {
        foreach (ContainerRecord one in parts.Folder.All()) sentence = sentence.Replace(one.Id, one.Name, StringComparison.Ordinal);
        return sentence;
    }

    private string? NamespaceOf(NetworkMode mode, PodShare? pod) => mode.Kind switch
    {
        NetworkKind.Pod => pod?.Network,
        NetworkKind.Container => $"/proc/{Running(mode.Argument, "its network is to be shared").Pid}/ns/net",
        NetworkKind.Path => mode.Argument,
        _ => null,
    };

    private ContainerState Running(string container, string what)
    {
        ContainerRecord other = parts.Folder.Find(container) ?? throw new BerthException(Fault.NotFound, $"there is no container {container}, and {what}") { Code = FaultCode.ContainerUnknown };
        ContainerState state = parts.Facts.Observe(other);
        return state.IsAlive ? state : throw new BerthException(Fault.WrongState, $"container {other.Name} does not run, and {what}", $"start it first: berth start {other.Name}") { Code = FaultCode.ContainerNotRunning };
    }

    private BundleFacts Prepare(ContainerRecord record, PodShare? pod, BoxSpec? size, Undo undo)
    {
        string root = RootOf(parts.Places, record);
        if (record.Spec.RootFolder is null || record.Spec.IsRootFolderKept) MountRoot(record, root, undo);
        using Activity? activity = EngineActivities.Begin("prepare volumes and namespaces");
        HandedSecrets secrets = HandedSecrets.Lay(parts.Secrets, record, parts.Places.Bundle(record.Id));
        List<string?> sources = [];
        foreach (SettledMount mount in record.Settled.Mounts) sources.Add(SourceOf(record, mount, root, sources.Count, undo));
        NamespacesSpec spaces = record.Spec.Namespaces;
        return FactsFor(parts, record) with
        {
            MountSources = sources,
            FurtherMounts = secrets.Mounts,
            FurtherEnvironment = secrets.Environment,
            Joined = new NamespacePaths
            {
                Pid = Joined(spaces.Pid, "pid", pod),
                Ipc = Joined(spaces.Ipc, "ipc", pod),
                Uts = Joined(spaces.Uts, "uts", pod),
                User = Joined(spaces.User, "user", pod),
                Cgroup = Joined(spaces.Cgroup, "cgroup", pod),
                Time = Joined(spaces.Time, "time", pod),
            },
            ShmPath = spaces.Ipc == "pod" ? pod?.Shm : spaces.Ipc.StartsWith("container:", StringComparison.Ordinal) ? $"/proc/{Running(spaces.Ipc[10..], "its queues are to be shared").Pid}/root/dev/shm" : null,
            InitProgram = record.Spec.HasInit && record.Spec.InitPath is null ? EnginePrograms.Find("berth-init") : record.Spec.InitPath,
            CgroupsPath = HostCgroups.PathOf(record.Spec.Limits, record.Id),
            Cgroups = HostCgroups.Facts(),
            ConsoleSize = size,
        };
    }

    private string? Joined(string wish, string kind, PodShare? pod) =>
        wish == "pod" ? pod?.PathOf(kind)
        : wish.StartsWith("container:", StringComparison.Ordinal) ? $"/proc/{Running(wish[10..], $"its {kind} namespace is to be shared").Pid}/ns/{kind}"
        : wish.StartsWith("ns:", StringComparison.Ordinal) ? wish[3..] : null;

    private void MountRoot(ContainerRecord record, string root, Undo undo)
    {
        using Activity? activity = EngineActivities.Begin("mount its root file system");
        if (RootMounts.IsMounted(parts.Places, record.Id))
        {
            // Somebody looks at it already: what is written is to be the same for both.
            using Fd there = Tree.Clone(parts.Places.Mounted(record.Id), recursive: false);
            Tree.Attach(there, root);
            lock (undo) undo.Push(() => HostMount.Detach(root));
            return;
        }
        RootMount mount = parts.Images.Store.Snapshots.Mounts(record.Id);
        if (record.Settled.Ids is { } ids)
        {
            // Files have the ids that the image has, and are seen as those of the container's users.
            using Fd space = UserNamespaceHandle.Make(ids);
            mount.Attach(root, space);
        }
        else
        {
            mount.Attach(root);
        }
        lock (undo) undo.Push(() => HostMount.Detach(root));
    }

    /// <summary>The root file system of one that runs, as it is seen from here.</summary>
    public static string RootOf(ContainerPlaces places, ContainerRecord record) =>
        record.Spec.RootFolder is { } folder && !record.Spec.IsRootFolderKept ? folder : places.RootFs(record.Id);

    /// <summary>What is known of one without preparing anything.</summary>
    public static BundleFacts FactsFor(ContainerParts parts, ContainerRecord record) => new()
    {
        RootPath = RootOf(parts.Places, record),
        IsRootless = !Rootless.UserSession.IsRoot,
        Capabilities = HostCapabilities.Bounding,
    };

    private string? SourceOf(ContainerRecord record, SettledMount mount, string root, int number, Undo undo)
    {
        switch (mount.Request.Kind)
        {
            case MountKind.Volume:
                VolumeRecord volume = parts.Volumes.TryFind(mount.Volume!) ?? parts.Volumes.Create(VolumeFor(mount), mount.IsAnonymous, ignoreExisting: true);
                EngineVolumes.Use(volume);
                if (!mount.Request.IsNotFilled) VolumeFilling.Fill(volume, root, mount.Request.Destination);
                return volume.Path;
            case MountKind.Image:
                string place = $"{parts.Places.Bundle(record.Id)}/image-{number}", name = $"{record.Id}-image-{number}";
                SnapshotStore snapshots = parts.Images.Store.Snapshots;
                KernelPath.MakeDirectories(place, Searchable);
                foreach (Store.Records.SnapshotRecord old in snapshots.Walk())
                {
                    if (old.Name == name) snapshots.Remove(name, force: true);
                }
                snapshots.View(name, parts.Images.Looked.Find(mount.Request.Source));
                lock (undo) undo.Push(() => snapshots.Remove(name, force: true));
                snapshots.Mounts(name).Attach(place);
                lock (undo) undo.Push(() => HostMount.Detach(place));
                return place;
            case MountKind.Overlay:
                string above = $"{parts.Places.Folder(record.Id)}/overlay-{number}";
                KernelPath.MakeDirectories($"{above}/upper", 0x1ED);
                KernelPath.MakeDirectories($"{above}/work", 0x1C0);
                return above;
            case MountKind.Bind when mount.Request.MakesSource && !KernelFile.Exists(mount.Request.Source):
                KernelPath.MakeDirectories(mount.Request.Source, 0x1ED);
                return null;
            default:
                return null;
        }
    }

    public static VolumeSpec VolumeFor(SettledMount mount) => new()
    {
        Name = mount.Volume!,
        Driver = mount.Request.VolumeDriver ?? "local",
        Options = mount.Request.VolumeOptions,
        Labels = mount.Request.VolumeLabels,
    };

    /// <summary>Writes the three files that tell a container of names.</summary>
    private BundleFacts WithFiles(ContainerRecord record, NetworkMode mode, PodShare? pod, BundleFacts facts)
    {
        using Activity? activity = EngineActivities.Begin("write hosts and resolv.conf");
        string bundle = parts.Places.Bundle(record.Id);
        ConnectionSpec connection = record.Spec.Connection;
        if (mode.Kind == NetworkKind.Container && parts.Folder.Find(mode.Argument) is { } other)
        {
            return Sharing(facts, connection, parts.Places.Bundle(other.Id));
        }
        if (mode.Kind == NetworkKind.Pod && pod is not null) return Sharing(facts, connection, pod.Folder);
        ContainerFiles files = parts.Networks.FilesOf(record.Id, new NameWishes
        {
            HostName = record.Settled.HostName,
            Servers = connection.NameServers,
            Search = connection.NameSearch,
            Options = connection.NameOptions,
            Hosts = connection.Hosts,
        });
        return facts with
        {
            HostsFile = connection.LeavesHosts ? null : Written($"{bundle}/hosts", files.Hosts),
            ResolvConfFile = connection.LeavesResolvConf ? null : Written($"{bundle}/resolv.conf", files.ResolvConf),
            HostNameFile = connection.LeavesHostName || record.Settled.HostName.Length == 0 ? null : Written($"{bundle}/hostname", record.Settled.HostName + "\n"),
        };
    }

    // Who shares a network shares its names.
    private static BundleFacts Sharing(BundleFacts facts, ConnectionSpec connection, string theirs) => facts with
    {
        HostsFile = connection.LeavesHosts ? null : Existing($"{theirs}/hosts"),
        ResolvConfFile = connection.LeavesResolvConf ? null : Existing($"{theirs}/resolv.conf"),
        HostNameFile = connection.LeavesHostName ? null : Existing($"{theirs}/hostname"),
    };

    private static string? Existing(string path) => KernelFile.Exists(path) ? path : null;

    private static string Written(string path, string text)
    {
        using Fd file = KernelPath.Open(path, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate, Readable);
        KernelPath.WriteAll(file, Encoding.UTF8.GetBytes(text), path);
        return path;
    }

    private CreateRequest RequestOf(ContainerRecord record)
    {
        ContainerSpec spec = record.Spec;
        string runtime = RuntimeOf(parts.Runtime, spec);
        CreateRequest request = new()
        {
            Id = record.Id,
            Bundle = parts.Places.Bundle(record.Id),
            Runtime = new Runtime { Binary = runtime, Root = parts.Places.RuntimeState, Trace = EngineActivities.IsHeard && runtime.EndsWith("/berth-runtime", StringComparison.Ordinal) ? $"{parts.Places.Bundle(record.Id)}/timeline.json" : "" },
            Terminal = spec.HasTerminal,
            Input = spec.HasInput,
            InputOnce = spec.IsInputOnce,
            Restart = KeeperWords.PolicyOf(spec.Restart),
            Health = KeeperWords.HealthOf(record, FactsFor(parts, record)),
            ExitGraceMs = ExitGrace,
            EndsWithClient = spec.EndsWithEngine,
            MostMs = (ulong)Math.Max(0, spec.Timeout) * 1000,
        };
        if (KeeperWords.LogOf(record, parts.Places.Log(record.Id)) is { } log) request.Logs.Add(log);
        if (CleanupCommand() is { } command) request.ExitCommand.AddRange([.. command, record.Id]);
        return request;
    }

    /// <summary>The runtime of a container: its name stays, so that each shim finds it where it is then.</summary>
    public static string RuntimeOf(string? usual, ContainerSpec spec) => (spec.Runtime ?? usual) switch
    {
        null or "berth" or "berth-runtime" => EnginePrograms.Find("berth-runtime"),
        { } name => EnginePrograms.TryFind(name) ?? throw new BerthException(Fault.NotFound, $"there is no OCI runtime {name}", "its name is looked for in PATH; a path may be given as well") { Code = FaultCode.RuntimeUnknown },
    };

    // Without the command, what a container leaves is taken away by the next look.
    private List<string>? CleanupCommand()
    {
        string? program = Environment.ProcessPath is { } own && own.EndsWith("/berth", StringComparison.Ordinal) ? own : EnginePrograms.TryFind("berth");
        return program is null ? null : [program, "--root", parts.Places.Root, "--runroot", parts.Places.Run, "container", "cleanup"];
    }
}
