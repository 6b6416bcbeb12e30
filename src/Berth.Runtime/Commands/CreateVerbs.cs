// create and run.
namespace Berth.Runtime.Commands;

internal static class CreateVerbs
{
    public static int Create(Invocation call)
    {
        call.Runtime.Create(RequestOf(call));
        return 0;
    }

    public static int Run(Invocation call) => call.Runtime.Run(RequestOf(call), new RunOptions
    {
        Detach = call.Flags.Has("detach"),
        Keep = call.Flags.Has("keep"),
        NoSubreaper = call.Flags.Has("no-subreaper"),
    });

    private static CreateRequest RequestOf(Invocation call) => new()
    {
        Id = call.Id,
        Bundle = call.Flags["bundle"] is { Length: > 0 } bundle ? bundle : ".",
        Config = call.Flags["config"],
        ConsoleSocket = call.Flags["console-socket"],
        PidFdSocket = call.Flags["pidfd-socket"],
        PidFile = call.Flags["pid-file"],
        NoPivot = call.Flags.Has("no-pivot"),
        NoNewKeyring = call.Flags.Has("no-new-keyring"),
        PreserveFds = call.Flags.Int("preserve-fds", 0),
        Trace = call.Flags["trace"],
    };
}
