// Starts a program that is not ours: an OCI runtime, an exit command, a logger.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;

namespace Berth.Shim.Launch;

/// <summary>A program to start, and what it gets.</summary>
internal sealed record RuntimeStart
{
    /// <summary>Path of the program, which is argv[0] too.</summary>
    public required string Program { get; init; }

    /// <summary>argv from 1 on.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>NAME=VALUE each.</summary>
    public required IReadOnlyList<string> Environment { get; init; }

    /// <summary>Its standard input; null leaves ours.</summary>
    public Fd? Input { get; init; }

    /// <summary>Its standard output; null leaves ours.</summary>
    public Fd? Output { get; init; }

    /// <summary>Its standard error; null leaves ours.</summary>
    public Fd? Error { get; init; }

    /// <summary>Whether it is killed when we die: half a container is worse than none.</summary>
    public bool DiesWithUs { get; init; }

    /// <summary>Name of a variable that tells it its own pid, or null.</summary>
    public string? PidVariable { get; init; }

    /// <summary>What its oom_score_adj is set to, or null.</summary>
    public string? OomScore { get; init; }

    /// <summary>Its working directory; null keeps ours.</summary>
    public string? Directory { get; init; }

    /// <summary>Closes everything but the standard streams before.</summary>
    public bool ClosesOthers { get; init; }

    /// <summary>Descriptors that it gets besides its streams; numbers between them lead nowhere.</summary>
    public IReadOnlyList<HandedDescriptor> Handed { get; init; } = [];

    /// <summary>The first number above those of descriptors that are handed on.</summary>
    public static int Above(IReadOnlyList<HandedDescriptor> handed) => handed.Count == 0 ? 3 : handed.Max(static one => one.Number) + 1;

    /// <summary>Starts it.</summary>
    /// <returns>Its pid. It is a child of ours.</returns>
    /// <exception cref="StepFailedException">It cannot be executed.</exception>
    /// <exception cref="LinuxException">No process can be made.</exception>
    public int Start()
    {
        int above = Above(Handed);
        using Reserved numbers = new(above);
        using ChildProgram program = new();
        using Fd? proc = OomScore is null ? null : KernelPath.Open("/proc", OpenFlags.Path | OpenFlags.Directory);
        program.Step("prepare", Program);
        if (DiesWithUs) program.SetParentDeathSignal(9);
        program.ResetSignals();
        if (OomScore is { } score) program.WriteFile(proc!, "self/oom_score_adj", score, Resolve.Beneath, ifPresent: true);
        if (Input is not null) program.DuplicateTo(Input, 0);
        if (Output is not null) program.DuplicateTo(Output, 1);
        if (Error is not null) program.DuplicateTo(Error, 2);
        for (int number = 3; number < above; number++) program.DuplicateTo(numbers.SourceOf(Handed, number), number);
        if (ClosesOthers) program.CloseOnExecFrom(above);
        if (Directory is { } directory) program.ChangeDirectory(directory);
        program.Step("execute", Program);
        Slot found = program.FindProgram([Program]);
        program.Execute(found, [Program, .. Arguments], Environment, PidVariable);
        SpawnedChild child = program.Spawn(new SpawnOptions());
        child.PidFd.Dispose();
        return child.Pid;
    }

    /// <summary>
    /// Takes all numbers below a bound while a program is started: what the child needs on its way to execve, and what it is handed, lies above,
    /// and nothing is overwritten before it is used.
    /// </summary>
    private sealed class Reserved : IDisposable
    {
        private readonly List<Fd> _taken = [];
        private readonly Fd? _nothing;
        private readonly int _above;

        public Reserved(int above)
        {
            _above = above;
            if (above <= 3) return;
            while (true)
            {
                Fd fd = KernelPath.Open("/dev/null", 2);
                _taken.Add(fd);
                if (fd.Number < above) continue;
                _nothing = fd;
                return;
            }
        }

        /// <summary>What becomes this number.</summary>
        public Fd SourceOf(IReadOnlyList<HandedDescriptor> handed, int number)
        {
            if (handed.FirstOrDefault(one => one.Number == number) is not { } found) return _nothing!;
            Fd above = found.Fd.DuplicateAbove(_above);
            _taken.Add(above);
            return above;
        }

        public void Dispose()
        {
            foreach (Fd fd in _taken) fd.Dispose();
        }
    }

    /// <summary>Our own environment, without some variables.</summary>
    public static List<string> Inherited(params ReadOnlySpan<string> without)
    {
        List<string> result = [];
        foreach (System.Collections.DictionaryEntry variable in System.Environment.GetEnvironmentVariables())
        {
            string name = (string)variable.Key;
            if (!without.Contains(name)) result.Add($"{name}={variable.Value}");
        }
        return result;
    }
}
