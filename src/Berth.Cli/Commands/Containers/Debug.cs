// debug: a shell with tools in the namespaces of a container, or beside the files of one that does not run.
using Berth.Cli.Arguments;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Linux.Terminals;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>The verb.</summary>
internal static class Debug
{
    private const string ToolsVariable = "BERTH_DEBUG_IMAGE";

    /// <summary>debug.</summary>
    public static Command Make() => new()
    {
        Usage = "CONTAINER|IMAGE [COMMAND] [ARG...]",
        About = "A shell, or a command, with tools of its own: in the processes, network, queues, host name and users of a container that runs, or beside the files of a container that does not, or of an image. Those files are at /target (of one that runs the living ones; else they cannot be written). Nothing in the container is changed, and nothing of the debugger is left. Without --image the tools are the host's busybox. The exit code is that of the command.",
        Least = 1,
        StopsAtArgument = true,
        Offers = Offer.Containers,
        Options =
        [
            Option.With("image", "IMAGE", $"Image with the tools [{ToolsVariable}]"),
            Option.With("command", "LINE", "A line for the shell", 'c'),
            Option.With("shell", "SHELL", "The shell: bash where the tools have it, else sh") with { Words = ["auto", "sh", "bash", "ash", "zsh", "fish"] },
            Option.Many("env", "KEY=VALUE", "A variable; KEY alone: as it is here", 'e'),
            Option.Many("env-file", "FILE", "Variables from a file") with { IsPath = true },
            Option.With("user", "USER[:GROUP]", "Not as root", 'u'),
            Option.With("workdir", "FOLDER", "In another folder", 'w'),
            Option.Switch("privileged", "With all capabilities, and without a filter of system calls"),
            Option.Many("cap-add", "CAPABILITY", "More than the container has and SYS_PTRACE") with { SplitsAtCommas = true },
            Option.Switch("interactive", "Our input is its own (of a shell, and at a terminal, it is)", 'i'),
            Option.Switch("tty", "With a terminal (there is one where ours is one)", 't'),
            Option.With("pull", "WHEN", "always, missing or never") with { Words = ["always", "missing", "never"] },
        ],
        Examples =
        [
            new("berth debug web", "A shell beside the processes of a container without one"),
            new("berth debug --image nicolaka/netshoot web tcpdump -i eth0", "Other tools"),
            new("berth debug -c 'ls -l /target/etc' alpine", "The files of an image, or of a container that has ended"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Engine.Engine engine = await invocation.Session.EngineAsync().ConfigureAwait(false);
        string said = invocation.Arguments[0];
        string? tools = invocation.Find("image") ?? (invocation.Session.Variable(ToolsVariable) is { Length: > 0 } usual ? usual : null);
        bool isContainer = engine.Containers.TryFind(said) is not null;
        if (!isContainer) await FindImageAsync(invocation, engine, said).ConfigureAwait(false);
        if (tools is not null) await Run.PullAsync(invocation, engine.Images, tools).ConfigureAwait(false);
        List<string> command = CommandOf(invocation);
        bool atTerminal = Terminal.Is(0) && Terminal.Is(1);
        bool hasTerminal = invocation.Truth("tty") ?? atTerminal, hasInput = invocation.Truth("interactive") ?? (command.Count == 0 || atTerminal);
        Foreground.RequireTerminal(hasTerminal, hasInput);
        Container debugger = await engine.Containers.CreateDebuggerAsync(new DebugSpec
        {
            Container = isContainer ? said : null,
            Image = isContainer ? null : said,
            ToolsImage = tools,
            Command = command,
            Shell = ShellOf(invocation),
            Environment = [.. hasTerminal && invocation.Session.Variable("TERM") is { Length: > 0 } kind ? (string[])[$"TERM={kind}"] : [], .. EnvironmentFlags.Read(invocation)],
            User = invocation.Find("user"),
            WorkingFolder = invocation.Find("workdir"),
            IsPrivileged = invocation.Has("privileged"),
            CapabilitiesAdded = invocation.All("cap-add"),
            HasTerminal = hasTerminal,
            HasInput = hasInput,
        }).ConfigureAwait(false);
        return await ShowAsync(debugger, hasTerminal, hasInput).ConfigureAwait(false);
    }

    private static async Task<int> ShowAsync(Container debugger, bool hasTerminal, bool hasInput)
    {
        try
        {
            using ContainerStreams streams = await debugger.StartAttachedAsync(new StartSpec { Size = hasTerminal ? Foreground.Size : null }).ConfigureAwait(false);
            await Foreground.ShowAsync(streams, new ForegroundOptions
            {
                HasInput = hasInput,
                HasTerminal = hasTerminal,
                // It ends with us: there is nothing to come back to.
                DetachKeys = [],
                Signal = signal => debugger.KillAsync(signal),
                Resize = (rows, columns) => debugger.ResizeAsync(rows, columns),
            }).ConfigureAwait(false);
            return await debugger.WaitAsync().ConfigureAwait(false);
        }
        catch (BerthException)
        {
            await debugger.RemoveAsync(force: true, withVolumes: true).ConfigureAwait(false);
            throw;
        }
    }

    private static async Task FindImageAsync(Invocation invocation, Engine.Engine engine, string said)
    {
        try
        {
            await Run.PullAsync(invocation, engine.Images, said).ConfigureAwait(false);
        }
        catch (BerthException e)
        {
            throw new BerthException(e.Kind, $"there is no container {said}, and no image: {e.Message}", "berth ps -a lists containers, berth images images", e) { Code = e.Code };
        }
    }

    private static List<string> CommandOf(Invocation invocation)
    {
        List<string> words = [.. invocation.Arguments.Skip(1)];
        return invocation.Find("command") is { } line ? [ShellOf(invocation) ?? "/bin/sh", "-c", line, .. words.Count > 0 ? (string[])["sh", .. words] : []] : words;
    }

    private static string? ShellOf(Invocation invocation) => invocation.Find("shell") is { Length: > 0 } shell && shell != "auto" ? shell : null;
}
