// Runs another program to its end and takes what it said: hooks, newuidmap, CRIU's helpers.
using Berth.Linux.Files;
using Berth.Linux.Programs;

namespace Berth.Linux.Processes;

/// <summary>A program to run.</summary>
public sealed record Command
{
    /// <summary>Paths tried in order.</summary>
    public required IReadOnlyList<string> Candidates { get; init; }

    /// <summary>argv, including argv[0].</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Environment.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>What it reads from standard input.</summary>
    public ReadOnlyMemory<byte> Input { get; init; }

    /// <summary>File its standard output is appended to; null collects it.</summary>
    public string? OutputFile { get; init; }

    /// <summary>File its standard error is appended to; null collects it.</summary>
    public string? ErrorFile { get; init; }

    /// <summary>Working directory, after the namespaces are joined; null keeps it.</summary>
    public string? Directory { get; init; }

    /// <summary>How much of its output is kept, in bytes; the rest is read and dropped.</summary>
    public int MostOutput { get; init; } = 64 * 1024;

    /// <summary>Seconds until it is killed; 0 or less waits for ever.</summary>
    public int Timeout { get; init; }

    /// <summary>A process whose namespaces it runs in, or null.</summary>
    public Fd? Inside { get; init; }

    /// <summary>Which of them.</summary>
    public Namespaces Namespaces { get; init; }

    /// <summary>Makes the steps that lead to the program, execution included, where more is to be done than joining namespaces.</summary>
    public Func<CommandStreams, ChildProgram>? Steps { get; init; }

    /// <summary>A v2 cgroup that it is born in, or null.</summary>
    public Fd? Cgroup { get; init; }
}

/// <summary>What a program is to have as its standard streams.</summary>
/// <param name="Input">For descriptor 0.</param>
/// <param name="Output">For descriptor 1.</param>
/// <param name="Error">For descriptor 2.</param>
public readonly record struct CommandStreams(Fd Input, Fd Output, Fd Error)
{
    /// <summary>Puts them into their places: first of all steps, before others are closed.</summary>
    /// <param name="program">The steps.</param>
    public void Connect(ChildProgram program) => program.DuplicateTo(Input, 0).DuplicateTo(Output, 1).DuplicateTo(Error, 2);
}

/// <summary>How a program ended.</summary>
/// <param name="Status">Wait status.</param>
/// <param name="TimedOut">It was killed because its time was over.</param>
/// <param name="Output">What it said on standard output and error, cut at 64 KiB.</param>
public readonly record struct CommandResult(int Status, bool TimedOut, string Output);

/// <summary>Runs commands.</summary>
public static class CommandRunner
{
    private const int Append = 0x1 | 0x40 | 0x400;

    // pipe(7): what one read can find.
    private const int PipeSize = 64 * 1024;

    /// <summary>Runs the program and waits for it.</summary>
    /// <exception cref="StepFailedException">It could not be executed.</exception>
    public static CommandResult Run(Command command)
    {
        using Fd input = KernelPath.MemoryFile("stdin", command.Input.Span);
        (Fd output, Fd write) = KernelPath.Pipe();
        using Fd read = output;
        SpawnedChild child;
        using (write)
        using (Fd? outFile = command.OutputFile is { } o ? KernelPath.Open(o, Append, 0x1A4) : null)
        using (Fd? errFile = command.ErrorFile is { } e ? KernelPath.Open(e, Append, 0x1A4) : null)
        using (ExecutableExit? exit = command is { Inside: not null, Steps: null } && Self.UserId == 0 ? ExecutableExit.Open("berth-hook") : null)
        {
            CommandStreams streams = new(input, outFile ?? write, errFile ?? write);
            using ChildProgram program = command.Steps is { } steps ? steps(streams) : Compile(command, exit, streams);
            child = program.Spawn(new SpawnOptions { Cgroup = command.Cgroup });
        }
        return Await(child, command, read);
    }

    private static ChildProgram Compile(Command command, ExecutableExit? exit, CommandStreams streams)
    {
        ChildProgram program = new();
        program.Step("prepare", command.Candidates[0], null);
        program.ResetSignals();
        streams.Connect(program);
        if (command.Inside is { } process)
        {
            // Who is in these namespaces already must not trace this one, nor find in it a way to the host or to our binary.
            CloseOthers(program, process, exit);
            if (exit is not null) program.ShedExecutable(exit, command.Candidates[0]);
            program.SetDumpable(false);
            program.Step("join the namespaces for", command.Candidates[0], null);
            program.Join(process, command.Namespaces);
            if ((command.Namespaces & Namespaces.Pid) != 0) program.CloneAgain();
        }
        if (command.Directory is { } directory) program.ChangeDirectory(directory);
        if (command.Inside is not null) program.RequireCwdInside();
        program.CloseOnExecFrom(3);
        program.Step("execute", command.Candidates[0], null);
        Slot found = program.FindProgram(command.Candidates);
        program.Execute(found, command.Arguments, command.Environment);
        return program;
    }

    private static void CloseOthers(ChildProgram program, Fd process, ExecutableExit? exit)
    {
        List<int> keep = [process.Number];
        if (exit is not null) keep.Add(exit.Substitute.Number);
        if (exit?.Image is { } image) keep.Add(image.Number);
        program.CloseAllExcept(3, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(keep));
    }

    private static CommandResult Await(SpawnedChild child, Command command, Fd output)
    {
        using Fd process = child.PidFd;
        long deadline = command.Timeout > 0 ? Self.Monotonic + (command.Timeout * 1_000_000_000L) : long.MaxValue;
        List<byte> text = [];
        byte[] buffer = new byte[PipeSize];
        Span<PollEntry> entries = stackalloc PollEntry[2];
        int outputFd = output.Number;
        bool timedOut = false;
        while (true)
        {
            entries[0] = new PollEntry { Fd = process.Number, Events = 1 };
            entries[1] = new PollEntry { Fd = outputFd, Events = 1 };
            long left = deadline == long.MaxValue ? -1 : Math.Max(0, (deadline - Self.Monotonic) / 1_000_000);
            Poll.Wait(entries, (int)Math.Min(left, int.MaxValue));
            // One read in each round: a program that never stops talking must not keep us from looking at the clock.
            if (entries[1].Returned != 0 && !Take(output, buffer, text, command.MostOutput)) outputFd = -1;
            if (entries[0].Returned != 0) break;
            if (Self.Monotonic < deadline) continue;
            timedOut = true;
            break;
        }
        int status = timedOut ? Child.KillAndReap(child.Pid) : Child.Reap(child.Pid);
        entries[1] = new PollEntry { Fd = outputFd, Events = 1 };
        if (Poll.Wait(entries[1..], 0) > 0) Take(output, buffer, text, command.MostOutput);
        return new CommandResult(status, timedOut, System.Text.Encoding.UTF8.GetString([.. text]));
    }

    /// <summary>Takes all that is in the pipe; what a chatty program says beyond <paramref name="most"/> is dropped, so that it does not block.</summary>
    /// <returns>False at the end of the output.</returns>
    private static bool Take(Fd output, byte[] buffer, List<byte> text, int most)
    {
        int n = KernelPath.Read(output, buffer);
        text.AddRange(buffer.AsSpan(0, Math.Min(n, Math.Max(0, most - text.Count))));
        return n > 0;
    }
}
