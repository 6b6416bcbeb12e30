// Faults as users see them: a line, a hint, and an exit code.
using Berth.Cli.Values;
using Berth.Engine.Diagnosis;
using Berth.Oci.Faults;

namespace Berth.Cli.Verbs;

/// <summary>The one place where faults become exit codes.</summary>
internal static class Failure
{
    /// <summary>The fault is ours or its user's, and nothing was run: docker's and podman's code.</summary>
    public const int Own = 125;

    /// <summary>Prints a fault.</summary>
    /// <returns>The exit code.</returns>
    public static int Say(Session session, string path, BerthException fault)
    {
        session.Out.Flush();
        string code = FaultCatalogue.CodeOf(fault);
        if (session.Globals.IsErrorJson)
        {
            session.Error.WriteLine(ValueJson.Write(Report(fault, code, CodeOf(session, path, fault.Kind)), ValueJson.Style.Line));
            return CodeOf(session, path, fault.Kind);
        }
        session.Error.WriteLine(session.Role == Role.Podman ? $"Error: {PodmanWords.Of(fault, path)}" : $"{session.Program}: {fault.Message}");
        // What was written for podman compares all that it says.
        if (fault.Hint is not null && (session.Role != Role.Podman || session.Globals.IsDebug)) session.Error.WriteLine($"hint: {fault.Hint}");
        // A line of its own, behind the message: what compares messages finds them as they were. A kind alone says no more than the message does.
        if (session.Role == Role.Berth && (code != FaultCatalogue.CodeOf(fault.Kind) || fault.Kind is Fault.CommandNotFound or Fault.CommandNotExecutable)) session.Error.WriteLine($"more: {session.Program} help errors {code}");
        if (session.Globals.IsDebug)
        {
            for (Exception? inner = fault.InnerException; inner is not null; inner = inner.InnerException) session.Error.WriteLine($"because: {inner.GetType().Name}: {inner.Message}");
        }
        return CodeOf(session, path, fault.Kind);
    }

    // The names are the contract of docs/errors.md.
    private static Value Report(BerthException fault, string code, int exit) => Value.Record.Of(
        Member.Of("code", code),
        Member.Of("kind", FaultCatalogue.CodeOf(fault.Kind)),
        Member.Of("message", fault.Message),
        fault.Hint is null ? null : Member.Of("hint", fault.Hint),
        Member.Of("exitCode", exit));

    /// <summary>It was interrupted, or took too long.</summary>
    public static int SayEnded(Session session)
    {
        session.Out.Flush();
        bool interrupted = session.Signal != default;
        session.Error.WriteLine(interrupted ? $"{session.Program}: interrupted" : $"{session.Program}: it took longer than --command-timeout allows");
        return interrupted ? 128 + (session.Signal switch { System.Runtime.InteropServices.PosixSignal.SIGINT => 2, System.Runtime.InteropServices.PosixSignal.SIGHUP => 1, _ => 15 }) : CodeOf(session, "", Fault.TimedOut);
    }

    /// <summary>The exit code: skopeo's, or podman's, which tells an image that is not there and one that is in use from the rest when it is to be removed.</summary>
    public static int CodeOf(Session session, string path, Fault kind) => (session.Role, Verb(path), kind) switch
    {
        (Role.Skopeo, _, _) => 1,
        // docker's, and podman's for what is not there; 125 says that nothing was run, and here nothing is.
        _ when path.StartsWith(session.Program + " network", StringComparison.Ordinal) => 1,
        (_, "rmi" or "rm", Fault.NotFound) => 1,
        (_, "rmi" or "rm", Fault.WrongState or Fault.Conflict) => 2,
        (_, _, Fault.CommandNotExecutable) => 126,
        (_, _, Fault.CommandNotFound) => 127,
        _ => Own,
    };

    private static string Verb(string path) => path[(path.LastIndexOf(' ') + 1)..];
}
