// exec, attach, start: processes in containers, in front of the user or behind.
using Berth.Cli.Arguments;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>The verbs.</summary>
internal static class Executing
{
    private static readonly Option s_keys = Option.With("detach-keys", "KEYS", "Keys by which it goes on without us: ctrl-p,ctrl-q");
    private static readonly Option s_proxy = Option.With("sig-proxy", "BOOL", "Pass signals on");

    /// <summary>exec.</summary>
    public static Command Exec() => new()
    {
        Usage = "CONTAINER COMMAND [ARG...]",
        Least = 1,
        StopsAtArgument = true,
        Offers = Offer.Containers,
        Options =
        [
            Option.Switch("detach", "In the background", 'd'),
            s_keys,
            Option.Many("env", "KEY=VALUE", "A variable; KEY alone: as it is here", 'e'),
            Option.Many("env-file", "FILE", "Variables from a file") with { IsPath = true },
            Option.Switch("interactive", "Our input is its own", 'i'),
            Option.Switch("privileged", "With all capabilities"),
            Option.Switch("tty", "With a terminal", 't'),
            Option.With("user", "USER[:GROUP]", "As another user", 'u'),
            Option.With("workdir", "FOLDER", "In another folder", 'w'),
            Option.Switch("latest", "In the container that was made last", 'l'),
            .. PreservedDescriptors.Options(), Option.Switch("wait-for-start", "Not before it runs") with { IsHidden = true },
        ],
        Examples = [new("berth exec -it web sh", "A shell in a container that runs"), new("berth exec web cat /etc/hosts", "A command")],
        Run = ExecAsync,
    };

    /// <summary>attach.</summary>
    public static Command Attach() => new()
    {
        Usage = "CONTAINER",
        Most = 1,
        Offers = Offer.Containers,
        Options = [s_keys, Option.Switch("no-stdin", "Leave its input alone"), s_proxy, Option.Switch("latest", "The container that was made last", 'l')],
        Examples = [new("berth attach web", "What it writes, from now on")],
        Run = static async invocation =>
        {
            Container container = await OneAsync(invocation).ConfigureAwait(false);
            if (container.Observe().Status == ContainerStatus.Paused) throw new BerthException(Fault.WrongState, $"cannot attach to container {container.Name}: it is paused", $"berth unpause {container.Name}") { Code = FaultCode.ContainerPaused };
            bool hasTerminal = container.Record.Spec.HasTerminal;
            using ContainerStreams streams = await container.AttachAsync(replay: hasTerminal).ConfigureAwait(false);
            if (hasTerminal && Foreground.Size is { } size) await container.ResizeAsync(size.Rows, size.Columns).ConfigureAwait(false);
            bool hasEnded = await Foreground.ShowAsync(streams, OptionsFor(invocation, container, hasInput: container.Record.Spec.HasInput && !invocation.Has("no-stdin"))).ConfigureAwait(false);
            return hasEnded ? await container.WaitAsync().ConfigureAwait(false) : 0;
        },
    };

    /// <summary>start.</summary>
    public static Command Start() => new()
    {
        Usage = "CONTAINER...",
        Offers = Offer.Containers,
        Options =
        [
            Option.Switch("attach", "Show what it writes, and end with its exit code", 'a'), Option.Switch("interactive", "Our input is its own", 'i'), s_keys, s_proxy,
            Option.Switch("all", "All containers"), Option.Switch("latest", "The one that was made last", 'l'), Option.Many("filter", "NAME=VALUE", $"Those that match: {ContainerFilter.Names}", 'f'), Option.Many("cidfile", "FILE", "Those whose ids are in files") with { IsPath = true },
        ],
        Examples = [new("berth start db web", "Two that were made before"), new("berth start -ai shell", "One in front")],
        Run = StartAsync,
    };

    private static async Task<int> StartAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        EngineContainers containers = (await session.EngineAsync().ConfigureAwait(false)).Containers;
        List<(string Said, Container? Container, BerthException? Fault)> chosen = Chosen.Of(invocation, containers, static container => !container.Observe().IsStarted, mayBeNone: false);
        if (invocation.Has("attach") || invocation.Has("interactive"))
        {
            if (chosen.Count != 1) throw new BerthException(Fault.InvalidArgument, "one container can be attached to at a time");
            return await StartInFrontAsync(invocation, chosen[0].Container ?? throw chosen[0].Fault!).ConfigureAwait(false);
        }
        int code = 0;
        foreach ((string said, Container? container, BerthException? fault) in chosen)
        {
            BerthException? told = fault;
            try
            {
                // To start what runs is no fault: it is as it was asked for.
                if (container?.Observe() is { IsStarted: false, Status: not ContainerStatus.Restarting }) await container.StartAsync(session.Ending).ConfigureAwait(false);
            }
            catch (BerthException e)
            {
                told = e;
            }
            if (told is null) session.Out.WriteLine(said);
            else code = Math.Max(code, Failure.Say(session, invocation.Path, told));
        }
        return code;
    }

    private static async Task<int> StartInFrontAsync(Invocation invocation, Container container)
    {
        ContainerSpec spec = container.Record.Spec;
        bool hasInput = spec.HasInput && (invocation.Has("interactive") || !invocation.Has("attach"));
        Foreground.RequireTerminal(spec.HasTerminal, hasInput);
        using ContainerStreams streams = container.Observe().IsStarted
            ? await container.AttachAsync(replay: spec.HasTerminal).ConfigureAwait(false)
            : await container.StartAttachedAsync(new StartSpec { Size = spec.HasTerminal ? Foreground.Size : null }).ConfigureAwait(false);
        bool hasEnded = await Foreground.ShowAsync(streams, OptionsFor(invocation, container, hasInput)).ConfigureAwait(false);
        return hasEnded ? await container.WaitAsync().ConfigureAwait(false) : 0;
    }

    private static async Task<int> ExecAsync(Invocation invocation)
    {
        bool isLatest = invocation.Has("latest");
        List<string> command = [.. invocation.Arguments.Skip(isLatest ? 0 : 1)];
        if (command.Count == 0 && invocation.Session.Role == Role.Podman) throw new BerthException(Fault.InvalidArgument, "must provide a non-empty command to start an exec session: invalid argument");
        if (command.Count == 0) throw new BerthException(Fault.InvalidArgument, $"\"{invocation.Path}\" wants a command", $"usage: {Help.UsageOf(invocation.Command, invocation.Path)}");
        Container container = await OneAsync(invocation).ConfigureAwait(false);
        bool hasTerminal = invocation.Has("tty"), hasInput = invocation.Has("interactive"), isDetached = invocation.Has("detach");
        if (!isDetached) Foreground.RequireTerminal(hasTerminal, hasInput);
        using ContainerProcess process = await container.ExecAsync(new ExecSpec
        {
            Command = command,
            Environment = EnvironmentFlags.Read(invocation),
            User = invocation.Find("user"),
            WorkingFolder = invocation.Find("workdir"),
            HasTerminal = hasTerminal,
            HasInput = hasInput,
            IsPrivileged = invocation.Has("privileged"),
            IsDetached = isDetached,
            Size = hasTerminal ? Foreground.Size : null,
            Descriptors = PreservedDescriptors.Read(invocation),
        }, invocation.Session.Ending).ConfigureAwait(false);
        if (process.Streams is not { } streams)
        {
            invocation.Session.Out.WriteLine(process.Id);
            return 0;
        }
        bool hasEnded = await Foreground.ShowAsync(streams, new ForegroundOptions
        {
            HasInput = hasInput,
            HasTerminal = hasTerminal,
            DetachKeys = DetachSequence.Parse(invocation.Find("detach-keys") ?? "ctrl-p,ctrl-q"),
            Signal = signal => process.KillAsync(signal),
            Resize = (rows, columns) => process.ResizeAsync(rows, columns),
        }).ConfigureAwait(false);
        return hasEnded ? await process.WaitAsync().ConfigureAwait(false) : 0;
    }

    private static ForegroundOptions OptionsFor(Invocation invocation, Container container, bool hasInput) => new()
    {
        HasInput = hasInput,
        HasTerminal = container.Record.Spec.HasTerminal,
        DetachKeys = DetachSequence.Parse(invocation.Find("detach-keys") ?? "ctrl-p,ctrl-q"),
        Signal = invocation.Find("sig-proxy") is "false" or "0" ? null : signal => container.KillAsync(signal),
        Resize = (rows, columns) => container.ResizeAsync(rows, columns),
    };

    private static async Task<Container> OneAsync(Invocation invocation)
    {
        EngineContainers containers = (await invocation.Session.EngineAsync().ConfigureAwait(false)).Containers;
        if (!invocation.Has("latest"))
        {
            return invocation.Arguments.Count > 0 ? containers.Find(invocation.Arguments[0]) : throw invocation.WrongCount(0);
        }
        return containers.List() is [{ } first, ..] ? first : throw new BerthException(Fault.NotFound, "there is no container");
    }
}
