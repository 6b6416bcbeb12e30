// Verbs that only name a container: start, kill, delete, pause, resume.
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Oci.Faults;

namespace Berth.Runtime.Commands;

internal static class SimpleVerbs
{
    public static int Start(Invocation call)
    {
        call.Runtime.Start(call.Id);
        return 0;
    }

    public static int Kill(Invocation call)
    {
        string word = call.Arguments.Count > 1 ? call.Arguments[1] : "SIGTERM";
        int signal = Signals.Parse(word) ?? throw new BerthException(Fault.InvalidArgument, $"unknown signal \"{word}\"", "give a name such as TERM, SIGKILL or RTMIN+1, or a number up to 64");
        call.Runtime.Kill(call.Id, signal, call.Flags.Has("all"));
        return 0;
    }

    public static int Delete(Invocation call)
    {
        bool force = call.Flags.Has("force");
        if (!call.Flags.Has("regex"))
        {
            call.Runtime.Delete(call.Id, force);
            return 0;
        }
        using PosixPattern pattern = PosixPattern.Compile(call.Id) ?? throw new BerthException(Fault.InvalidArgument, $"\"{call.Id}\" is no extended regular expression (regex(7))");
        foreach (string id in call.Runtime.Store.Ids())
        {
            if (pattern.Matches(id)) call.Runtime.Delete(id, force);
        }
        return 0;
    }

    public static int Pause(Invocation call)
    {
        call.Runtime.Pause(call.Id);
        return 0;
    }

    public static int Resume(Invocation call)
    {
        call.Runtime.Resume(call.Id);
        return 0;
    }
}
