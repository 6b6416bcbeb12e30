// run and create: a container from an image.
using System.Text;
using Berth.Cli.Commands.Images;
using Berth.Cli.Progress;
using Berth.Cli.Tracing;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Engine.Images;
using Berth.Oci.Faults;
using Berth.Store.Records;

namespace Berth.Cli.Commands.Containers;

/// <summary>The verbs.</summary>
internal static class Run
{
    /// <summary>run.</summary>
    public static Command MakeRun() => new()
    {
        Usage = "IMAGE [COMMAND] [ARG...]",
        About = "The image is pulled if it is not here. The exit code is that of the command; 125: berth failed, 126: the command cannot be executed, 127: there is no such command.",
        Least = 1,
        StopsAtArgument = true,
        Offers = Offer.Images,
        Options = [.. RunOptions.Table(starts: true)],
        Examples =
        [
            new("berth run -it --rm debian:12", "A shell, and nothing is left of it"),
            new("berth run -d --name web -p 8080:80 nginx", "A server in the background, at port 8080 of this host"),
            new("berth run --rm -v \"$PWD:/work\" -w /work -m 512m --cpus 2 golang make", "A build, with limits"),
        ],
        Run = RunAsync,
    };

    /// <summary>create.</summary>
    public static Command MakeCreate() => new()
    {
        Usage = "IMAGE [COMMAND] [ARG...]",
        About = "The container is not started. Its id is printed.",
        Least = 1,
        StopsAtArgument = true,
        Offers = Offer.Images,
        Options = [.. RunOptions.Table(starts: false)],
        Examples = [new("berth create --name db -v data:/var/lib/postgresql/data postgres", "To be started later")],
        Run = static async invocation =>
        {
            Container container = await CreateAsync(invocation, WithoutPorts(invocation, RunReading.Read(invocation))).ConfigureAwait(false);
            invocation.Session.Out.WriteLine(container.Id);
            return 0;
        },
    };

    private static async Task<int> RunAsync(Invocation invocation)
    {
        using Timeline? timeline = Timeline.Begin(invocation);
        ContainerSpec spec = WithoutPorts(invocation, RunReading.Read(invocation));
        bool isDetached = invocation.Has("detach");
        List<string> attached = invocation.All("attach");
        if (isDetached && attached.Count > 0) throw new BerthException(Fault.InvalidArgument, "--detach and --attach exclude each other");
        if (!isDetached) Foreground.RequireTerminal(spec.HasTerminal, spec.HasInput);
        // Docker's rule: the input of one that was attached to ends when we go.
        spec = spec with { IsInputOnce = spec.HasInput && !isDetached };
        Container container = await CreateAsync(invocation, spec).ConfigureAwait(false);
        try
        {
            if (isDetached)
            {
                await container.StartAsync(new StartSpec { Descriptors = PreservedDescriptors.Read(invocation) }, invocation.Session.Ending).ConfigureAwait(false);
                timeline?.Write();
                await WarnAsync(invocation).ConfigureAwait(false);
                WritePid(invocation, container);
                invocation.Session.Out.WriteLine(container.Id);
                return 0;
            }
            return await ShowAsync(invocation, container, attached, timeline).ConfigureAwait(false);
        }
        catch (BerthException) when (spec.IsRemovedAtEnd && container.Observe().Status == ContainerStatus.Configured)
        {
            await container.RemoveAsync(force: true, withVolumes: true).ConfigureAwait(false);
            throw;
        }
    }

    // Where a container has no network of its own, podman drops its ports with a warning; docker refuses them.
    private static ContainerSpec WithoutPorts(Invocation invocation, ContainerSpec spec)
    {
        string network = spec.Connection.Networks is [{ Network: var name }] ? name.Split(':')[0] : "";
        if (invocation.Session.Role != Role.Podman || spec.Connection.Ports.Count == 0 || network is not ("host" or "none" or "container" or "ns")) return spec;
        invocation.Session.Error.WriteLine($"Port mappings have been discarded because \"{network}\" network namespace mode does not support them");
        invocation.Session.Error.Flush();
        return spec with { Connection = spec.Connection with { Ports = [] } };
    }

    private static async Task<int> ShowAsync(Invocation invocation, Container container, List<string> attached, Timeline? timeline)
    {
        ContainerSpec spec = container.Record.Spec;
        bool all = attached.Count == 0;
        using ContainerStreams streams = await container.StartAttachedAsync(new StartSpec { Size = spec.HasTerminal ? Foreground.Size : null, Descriptors = PreservedDescriptors.Read(invocation) }).ConfigureAwait(false);
        timeline?.Write();
        await WarnAsync(invocation).ConfigureAwait(false);
        WritePid(invocation, container);
        bool hasEnded = await Foreground.ShowAsync(streams, new ForegroundOptions
        {
            HasInput = spec.HasInput && (all || Names(attached, "stdin")),
            HasTerminal = spec.HasTerminal,
            ShowsOutput = all || Names(attached, "stdout"),
            ShowsError = all || Names(attached, "stderr"),
            DetachKeys = DetachSequence.Parse(invocation.Find("detach-keys") ?? "ctrl-p,ctrl-q"),
            Signal = invocation.Truth("sig-proxy") == false ? null : signal => container.KillAsync(signal),
            Resize = (rows, columns) => container.ResizeAsync(rows, columns),
        }).ConfigureAwait(false);
        if (!hasEnded) return 0;
        int code = await container.WaitAsync().ConfigureAwait(false);
        if (spec.RemovesImage) await WarnAsync(invocation).ConfigureAwait(false);
        // podman's code for one whose time was over.
        bool isLate = invocation.Session.Role == Role.Podman && spec.Timeout > 0 && code == 137;
        return isLate ? 255 : code;
    }

    private static async Task WarnAsync(Invocation invocation)
    {
        foreach (string warning in (await invocation.Session.EngineAsync().ConfigureAwait(false)).Containers.TakeWarnings()) invocation.Session.Warn($"warning: {warning}");
    }

    private static bool Names(List<string> attached, string stream) => attached.Exists(name => name.Equals(stream, StringComparison.OrdinalIgnoreCase));

    private static void WritePid(Invocation invocation, Container container)
    {
        if (invocation.Find("pidfile") is { } path) File.WriteAllText(path, container.Observe().Pid.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    private static async Task<Container> CreateAsync(Invocation invocation, ContainerSpec spec)
    {
        Engine.Engine engine = await invocation.Session.EngineAsync().ConfigureAwait(false);
        string? idFile = invocation.Find("cidfile");
        // podman writes over what is there, docker does not.
        if (idFile is not null && File.Exists(idFile) && invocation.Session.Role != Role.Podman) throw new BerthException(Fault.Conflict, $"cannot write the container's id to {idFile}: the file is there already", "remove it, or name another one");
        if (invocation.Has("replace") && spec.Name is not null && engine.Containers.TryFind(spec.Name) is { } former) await former.RemoveAsync(force: true).ConfigureAwait(false);
        if (spec.RootFolder is null) spec = spec with { Image = await PullAsync(invocation, engine.Images, spec.Image).ConfigureAwait(false) };
        Container container = NewPod.IsAsked(spec) ? await NewPod.CreateAsync(engine, spec).ConfigureAwait(false) : engine.Containers.Create(spec);
        if (idFile is not null) await File.WriteAllTextAsync(idFile, container.Id, Encoding.ASCII).ConfigureAwait(false);
        return container;
    }

    /// <summary>Brings an image here, as --pull says.</summary>
    /// <returns>What it is called here.</returns>
    public static async Task<string> PullAsync(Invocation invocation, EngineImages images, string name)
    {
        PullPolicy policy = invocation.Find("pull") switch
        {
            null or "missing" or "" => PullPolicy.Missing,
            "always" or "newer" or "true" => PullPolicy.Always,
            "never" or "false" => PullPolicy.Never,
            { } other => throw new BerthException(Fault.InvalidArgument, $"--pull is always, missing, newer or never, not '{other}'"),
        };
        if (policy != PullPolicy.Always && IsHere(images, name)) return name;
        PullOptions options = new() { Access = AccessFlags.Read(invocation), Platform = Pull.PlatformOf(invocation), Policy = policy };
        if (policy != PullPolicy.Never) Pull.Announce(invocation, name);
        using Display display = Display.For(invocation);
        StoredImage image = await images.PullAsync(name, options, display, invocation.Session.Ending).ConfigureAwait(false);
        // docker-archive:file has another name here than where it came from.
        bool isElsewhere = ImagePlace.Parse(name).TransportName is not ("" or "berth" or "docker");
        return !isElsewhere ? name : image.Names.Count > 0 ? image.Names[0] : image.Id.Encoded;
    }

    private static bool IsHere(EngineImages images, string name)
    {
        try
        {
            images.Find(name);
            return true;
        }
        catch (BerthException e) when (e.Kind == Fault.NotFound)
        {
            return false;
        }
    }
}
