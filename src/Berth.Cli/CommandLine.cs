// The entrance: words become a verb, the verb runs, its fault becomes a line and an exit code.
using Berth.Cli.Arguments;
using Berth.Cli.Verbs;
using Berth.Engine.Rootless;
using Berth.Linux;
using Berth.Oci.Faults;

namespace Berth.Cli;

/// <summary>The command line of <c>berth</c>; called as <c>skopeo</c>, it has skopeo's verbs, and called as <c>podman</c>, podman's words.</summary>
public static class CommandLine
{
    /// <summary>Runs a command line.</summary>
    /// <param name="program">The path by which the program was called.</param>
    /// <param name="words">The words behind it.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string program, string[] words)
    {
        string name = program[(program.LastIndexOf('/') + 1)..];
        Session session = new() { Program = name, Role = name switch { "skopeo" => Role.Skopeo, "podman" => Role.Podman, _ => Role.Berth } };
        await using (session.ConfigureAwait(false))
        {
            if (UserSession.IsOrdinary && RunMapped(session, program, words) is { } code) return code;
            return await RunAsync(session, words).ConfigureAwait(false);
        }
    }

    /// <summary>Files of images belong to several users: an ordinary one needs a namespace in which he is root.</summary>
    private static int? RunMapped(Session session, string program, string[] words)
    {
        try
        {
            Command root = CommandTree.Root(session.Role);
            Parsed globals = Parsed.Read(words, root.Options, stopsAtArgument: true);
            if (globals.WantsHelp || globals.Has("version") || globals.Arguments.Count == 0 || Find(root, globals.Arguments[0]) is not { } entry) return null;
            if (IsInNetwork(entry, globals) && !words.Contains("--help") && !(words is [.., "-h"])) return Enter(session, globals, program, words);
            return entry.IsOutside ? null : UserSession.Run([program, .. words]);
        }
        catch (BerthException e) when (e.Kind == Fault.Unsupported)
        {
            // These have mostly nothing to do with the store.
            if (words.Contains("copy") || words.Contains("sync") || words.Contains("delete")) return null;
            session.Error.WriteLine($"{session.Program}: warning: {e.Message}: all files of images will belong to you");
            if (e.Hint is { } hint) session.Error.WriteLine($"hint: {hint}");
            return null;
        }
        catch (BerthException e) when (e.Kind == Fault.InvalidArgument) { return null; } // said when it is read again
    }

    private static bool IsInNetwork(CommandEntry entry, Parsed globals) =>
        entry.IsInNetwork || globals.Arguments.Count > 1 && Find(entry.Make(), globals.Arguments[1]) is { IsInNetwork: true };

    // In place of this process: what comes back is why it could not.
    private static int Enter(Session session, Parsed globals, string program, string[] words)
    {
        try
        {
            session.Globals = GlobalOptions.Of(globals, session.Variable);
            throw Engine.UserEntry.Execute(session.EngineOptions, [Environment.ProcessPath ?? program, .. words]);
        }
        catch (BerthException fault)
        {
            return Failure.Say(session, session.Program, fault);
        }
    }

    private static CommandEntry? Find(Command command, string name) => command.Verbs.FirstOrDefault(entry => entry.Name == name || entry.Aliases.Contains(name));

    /// <summary>Runs a command line in a session.</summary>
    internal static async Task<int> RunAsync(Session session, string[] words)
    {
        string path = session.Program;
        try
        {
            Command root = CommandTree.Root(session.Role);
            Parsed globals = Parsed.Read(words, root.Options, stopsAtArgument: true);
            session.Globals = GlobalOptions.Of(globals, session.Variable);
            if (globals.Has("version")) return Commands.Version.Short(session);
            return await GoAsync(session, root, globals, path, CommandTree.Summary(session.Role), p => path = p).ConfigureAwait(false);
        }
        catch (BerthException fault)
        {
            return Failure.Say(session, path, fault);
        }
        // What the system says of files that users have named: there is no better word for it here.
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or LinuxException)
        {
            return Failure.Say(session, path, new BerthException(Fault.Failed, e.Message, inner: e));
        }
        catch (OperationCanceledException) when (session.Signal != default || session.Globals.Timeout is not null)
        {
            return Failure.SayEnded(session);
        }
    }

    private static async Task<int> GoAsync(Session session, Command command, Parsed parsed, string path, string summary, Action<string> at)
    {
        while (command.Verbs.Count > 0)
        {
            if (parsed.WantsHelp || parsed.Arguments.Count == 0 || parsed.Arguments[0] == "help") return ShowHelp(session, command, parsed, path, summary);
            CommandEntry entry = Find(command, parsed.Arguments[0], path);
            (command, path, summary) = (entry.Make(), $"{path} {entry.Name}", entry.Summary);
            at(path);
            // Options of the program may stand behind the verb too, by their long names, where the verb has none of that name.
            Option[] globals = [.. GlobalOptions.Table(session.Role).Where(global => global.Name != "version" && !command.Options.Any(own => own.Name == global.Name)).Select(static global => global with { Short = '\0', IsHidden = true })];
            parsed = Parsed.Read(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(parsed.Arguments)[1..], [.. command.Options, .. globals], stopsAtArgument: command.Verbs.Count > 0 || command.StopsAtArgument);
            if (parsed.HasAny(globals)) session.Globals = GlobalOptions.Of(parsed, session.Variable, session.Globals);
        }
        if (parsed.WantsHelp)
        {
            session.Out.Write(Help.Of(session.Role, command, path, summary));
            return 0;
        }
        session.RedirectOutput();
        Invocation invocation = new(session, command, parsed, path);
        invocation.CheckArguments();
        return await command.Run!(invocation).ConfigureAwait(false);
    }

    private static int ShowHelp(Session session, Command command, Parsed parsed, string path, string summary)
    {
        bool asked = parsed.WantsHelp || parsed.Arguments.Count > 0 || (path == session.Program && session.Role != Role.Podman);
        if (path == session.Program && session.Role != Role.Skopeo && parsed.Arguments is ["help", "errors", .. var codes]) return Commands.Errors.Show(session, codes, null);
        foreach (string word in parsed.Arguments.SkipWhile(static word => word == "help"))
        {
            if (command.Verbs.Count == 0) break;
            CommandEntry entry = Find(command, word, path);
            (command, path, summary) = (entry.Make(), $"{path} {entry.Name}", entry.Summary);
        }
        (asked ? session.Out : session.Error).Write(Help.Of(session.Role, command, path, summary));
        if (!asked && session.Role == Role.Podman) session.Error.WriteLine($"Error: missing command '{path} COMMAND'");
        return asked ? 0 : Failure.CodeOf(session, path, Fault.InvalidArgument);
    }

    private static CommandEntry Find(Command command, string word, string path) =>
        command.Verbs.FirstOrDefault(entry => entry.Name == word || entry.Aliases.Contains(word))
        ?? throw new BerthException(Fault.InvalidArgument, $"'{word}' is no command of {path}",
            Spelling.Nearest(word, command.Verbs.Where(static entry => entry.Group is not null).Select(static entry => entry.Name)) is { } nearest ? $"did you mean '{path} {nearest}'?" : $"'{path} --help' lists them") { Code = FaultCode.VerbUnknown, Subjects = [word] };
}
