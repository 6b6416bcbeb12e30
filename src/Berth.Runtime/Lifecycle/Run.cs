// Run: create and start in one go, and in the foreground stay with the program until it ends.
using Berth.Linux;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Runtime.Lifecycle;
using Berth.Runtime.State;

namespace Berth.Runtime;

/// <summary>What run adds to create.</summary>
public sealed record RunOptions
{
    /// <summary>Return as soon as the program runs.</summary>
    public bool Detach { get; init; }

    /// <summary>Keep the state after the program has ended.</summary>
    public bool Keep { get; init; }

    /// <summary>Leave orphaned processes of the container to the system's reaper.</summary>
    public bool NoSubreaper { get; init; }
}

public sealed partial class ContainerRuntime
{
    /// <summary>Runs a container.</summary>
    /// <returns>The exit code of its program, 128 and more for a signal; 0 when detached.</returns>
    /// <exception cref="BerthException">It could not be made or started; nothing is left of it.</exception>
    public int Run(CreateRequest request, RunOptions? options = null)
    {
        options ??= new RunOptions();
        // First of all: what we open ourselves later must not pass for the caller's.
        Preserve.Check(request.PreserveFds);
        if (!options.NoSubreaper && !options.Detach) Self.BecomeSubreaper();
        using Foreground? foreground = options.Detach ? null : new Foreground();
        using Launch launch = new(this, request, waitForStart: false);
        if (options.Detach) ConsoleChecks.Check(launch.Spec.Process, request.ConsoleSocket, detached: true);
        launch.StartHooksInline = launch.Spec.Hooks?.StartContainer is { Count: > 0 };
        (ContainerRecord record, SpawnedChild child) = launch.Go();
        using Fd process = child.PidFd;
        RunPoststart(launch.Spec, record);
        if (foreground is null)
        {
            launch.Notify?.Await(process, child.Pid);
            return 0;
        }
        int status = foreground.Stay(child, launch.TerminalSocket, launch.Notify);
        if (!options.Keep) RemoveOwn(record, launch.Spec);
        return WaitStatus.ExitCode(status);
    }
}
