// One container that counts, as one role keeps it: what a fault must not change, and how it is seen afterwards.
namespace Berth.SystemTests.Crash;

/// <summary>What a container is to have.</summary>
public sealed record Wishes
{
    /// <summary>Where its log lies; null: in the test's own folder.</summary>
    public string? LogFolder { get; init; }

    /// <summary>Bytes of one log file; 0: no rotation.</summary>
    public int MostBytes { get; init; }

    /// <summary>Lines before a pause; 0: none.</summary>
    public int First { get; init; }
}

/// <summary>A container that counts.</summary>
public abstract class Kept
{
    /// <summary>How much more must be logged before it counts as going on.</summary>
    private const long Enough = 1 << 20;

    private static int _number;

    /// <summary>A container with a name and files of its own.</summary>
    protected Kept(Dock dock, Wishes wishes)
    {
        Name = $"k{Interlocked.Increment(ref _number)}x{dock.Id}";
        Folder = dock.NewFolder($"{Name}/shared");
        LogFolder = wishes.LogFolder ?? dock.NewFolder($"{Name}/log");
        Counter = new Counter(Folder, "/shared") { First = wishes.First };
    }

    /// <summary>Its name, which no other has.</summary>
    public string Name { get; }

    /// <summary>The program in it.</summary>
    public Counter Counter { get; }

    /// <summary>The folder that it shares with the test, as /shared.</summary>
    public string Folder { get; }

    /// <summary>The first process.</summary>
    public int Pid { get; protected set; }

    /// <summary>The process that keeps it.</summary>
    public int Keeper { get; protected set; }

    /// <summary>Where its log lies.</summary>
    protected string LogFolder { get; }

    /// <summary>Its log; older files are .1 and so on.</summary>
    public string Log => $"{LogFolder}/log";

    /// <summary>How the log is written.</summary>
    public abstract LogForm Form { get; }

    /// <summary>Whether the program runs.</summary>
    public bool IsAlive => Processes.Lives(Pid);

    /// <summary>The log's files, the oldest first.</summary>
    public string[] LogFiles => [.. Directory.GetFiles(LogFolder, "log*").OrderByDescending(path => path == Log ? 0 : int.TryParse(path[(Log.Length + 1)..], out int number) ? number : -1)];

    /// <summary>How much is logged.</summary>
    public long Logged
    {
        get
        {
            long sum = 0;
            foreach (string path in Directory.GetFiles(LogFolder, "log*"))
            {
                try { sum += new FileInfo(path).Length; }
                catch (FileNotFoundException) { } // it has another name by now
            }
            return sum;
        }
    }

    /// <summary>Waits until more is logged than now.</summary>
    public void AwaitMore()
    {
        long now = Logged;
        // A file that is renamed while they are looked at may be counted twice or not at all: two looks in a row.
        Until.True(() => Logged > now + Enough && Logged > now + Enough, () => $"{Name} logs on; it has logged {now} and then {Logged} bytes, its program is '{Processes.State(Pid)}', its keeper '{Processes.State(Keeper)}'");
    }

    /// <summary>Waits for its end and returns the exit code that its engine finds.</summary>
    public abstract int AwaitExit();

    /// <summary>Takes it away as a user does.</summary>
    public abstract void Remove();

    /// <summary>Asserts that the log has each line once, from the first to the last.</summary>
    public void JudgeLog()
    {
        CountedLog log = new(Form);
        foreach (string path in LogFiles) log.Read(path);
        log.EndsWith(Counter.Last);
    }

    /// <summary>Stops the program and asserts all that is true of a container that nothing has happened to.</summary>
    public void EndsWell()
    {
        Counter.Stop();
        Assert.Equal(Counter.ExitCode, AwaitExit());
        JudgeLog();
        Remove();
        NothingIsLeft();
    }

    /// <summary>Words that only processes, cgroups and files of this container have.</summary>
    protected virtual string[] Marks => [Name];

    /// <summary>Files and folders that must be gone with it.</summary>
    protected virtual string[] Traces => [];

    /// <summary>Asserts that nothing is left.</summary>
    public void NothingIsLeft()
    {
        string[] left = [];
        try { Until.True(() => (left = [.. Left()]).Length == 0, "", TimeSpan.FromSeconds(10)); }
        catch (TimeoutException) { Assert.Fail($"left behind of {Name}:\n" + string.Join('\n', left)); }
    }

    private IEnumerable<string> Left()
    {
        string mounts = File.ReadAllText("/proc/self/mountinfo");
        foreach (string mark in Marks)
        {
            foreach (int pid in Processes.With(mark)) yield return $"process {pid}: {Processes.Words(pid)}";
            foreach (string line in mounts.Split('\n').Where(line => line.Split(' ') is { Length: > 4 } fields && fields[4].Contains(mark, StringComparison.Ordinal))) yield return $"mount {line}";
            foreach (string tree in Machine.CgroupTrees)
            {
                foreach (string cgroup in Cgroups(tree, mark)) yield return $"cgroup {cgroup}";
            }
        }
        foreach (string path in Traces.Where(Path.Exists)) yield return path;
    }

    private static string[] Cgroups(string tree, string mark)
    {
        try { return Directory.GetDirectories(tree, $"*{mark}*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2 }); }
        catch (IOException) { return []; } // another's, that is gone by now
    }
}
