// Hooks: executables that get the state on standard input; their failure is the container's failure, but for poststop.
using Berth.Linux;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Hooks;

/// <summary>Where hooks run and what they are told.</summary>
internal sealed record HookContext
{
    public required string Point { get; init; }

    public required ContainerState State { get; init; }

    /// <summary>Environment of hooks that name none: the runtime's own, or the container process's.</summary>
    public IReadOnlyList<string>? DefaultEnvironment { get; init; }

    /// <summary>Run inside this process's namespaces; null runs in the runtime's.</summary>
    public Fd? Inside { get; init; }

    /// <summary>Working directory of the hooks.</summary>
    public string? Directory { get; init; }

    public Namespaces Namespaces { get; init; }

    /// <summary>Runs one; by default with the runtime's rights.</summary>
    public Func<Command, CommandResult> Run { get; init; } = CommandRunner.Run;

    public string? StandardOutput { get; init; }

    public string? StandardError { get; init; }
}

internal static class HookRunner
{
    /// <summary>Runs the hooks in order; the first failure ends it.</summary>
    /// <exception cref="BerthException">A hook failed, or took too long.</exception>
    public static void Run(List<HookSpec>? hooks, HookContext context)
    {
        if (hooks is not { Count: > 0 }) return;
        byte[] state = context.State.ToJson();
        for (int i = 0; i < hooks.Count; i++) RunOne(hooks[i], i, state, context);
    }

    private static List<string> OwnEnvironment()
    {
        List<string> result = [];
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables()) result.Add($"{variable.Key}={variable.Value}");
        return result;
    }

    private static void RunOne(HookSpec hook, int index, byte[] state, HookContext context)
    {
        string subject = $"error running {context.Point} hook #{index}: {hook.Path}";
        CommandResult result;
        try
        {
            result = context.Run(new Command
            {
                Candidates = [hook.Path],
                Arguments = hook.Args is { Count: > 0 } args ? args : [hook.Path],
                Environment = hook.Env ?? context.DefaultEnvironment ?? OwnEnvironment(),
                Input = state,
                OutputFile = context.StandardOutput,
                ErrorFile = context.StandardError,
                Timeout = hook.Timeout ?? 0,
                Directory = context.Directory,
                Inside = context.Inside,
                Namespaces = context.Namespaces,
            });
        }
        catch (StepFailedException failure)
        {
            throw new BerthException(Fault.Failed, $"{subject}: {failure.Errno.Sentence()}",
                failure.Errno == Errno.ENOENT ? "hook paths are absolute" : null, failure);
        }
        if (result.TimedOut) throw new BerthException(Fault.Unavailable, $"{subject}: hook ran past specified timeout of {hook.Timeout}.0s");
        if (result.Status == 0) return;
        string said = result.Output.Trim();
        throw new BerthException(Fault.Failed,
            $"{subject}: {WaitStatus.Describe(result.Status)}{(said.Length == 0 ? "" : $", output: {said}")}");
    }
}
