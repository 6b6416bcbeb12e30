// unshare: a program among the files of images, as their root.
using Berth.Cli.Arguments;
using Berth.Cli.Verbs;
using Berth.Engine.Rootless;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands;

/// <summary>The verb.</summary>
internal static class Unshare
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "[COMMAND [ARG...]]",
        Options = [Option.Switch("rootless-netns", "In the network where your containers' bridges are")],
        StopsAtArgument = true,
        About = "For users who are not root: in the namespace they own the files of their images, and may mount them. What is mounted there is seen there only. Without a command, it is the user's shell.",
        Examples = [new("berth unshare", "A shell"), new("berth unshare sh -c 'ls $(berth image mount debian:12)'", "Look into an image")],
        Run = static invocation =>
        {
            if (!UserSession.IsOrdinary) throw new BerthException(Fault.WrongState, "unshare is for users who are not root, and you are", "run the command as it is");
            IReadOnlyList<string> words = invocation.Arguments.Count > 0 ? invocation.Arguments : [invocation.Session.Variable("SHELL") is { Length: > 0 } shell ? shell : "/bin/sh"];
            return Task.FromResult(invocation.Has("rootless-netns") ? throw Engine.UserEntry.Execute(invocation.Session.EngineOptions, words) : UserSession.RunProgram(words));
        },
    };
}
