// One call of the monitor as an engine makes it: options, environment, pipes; and what came of it.
namespace Berth.Contract.Shim.Stage;

/// <summary>A command line of the monitor; every setter returns the call.</summary>
public sealed class MonitorCall
{
    private readonly Dock _dock;
    private readonly List<string[]> _options = [];
    private readonly List<(string Name, string Value)> _environment = [];
    private IReadOnlyList<string> _launcher = [];
    private string _prelude = "";

    /// <summary>A call without any option.</summary>
    public MonitorCall(Dock dock)
    {
        _dock = dock;
        // What it makes for a short time is ours to look at, and ours to take away.
        Env("TMPDIR", dock.NewFolder("tmp"));
    }

    /// <summary>Adds an option with its values, or plain words.</summary>
    public MonitorCall With(params string[] words)
    {
        _options.Add(words);
        return this;
    }

    /// <summary>Takes an option away.</summary>
    public MonitorCall Without(string name)
    {
        Assert.True(_options.RemoveAll(option => option[0] == name) > 0, $"{name} is not among the options");
        return this;
    }

    /// <summary>Gives an option another value.</summary>
    public MonitorCall Instead(string name, string value) => Without(name).With(name, value);

    /// <summary>The value of an option.</summary>
    public string Value(string name) => _options.Single(option => option[0] == name)[1];

    /// <summary>Sets a variable; the rest of the environment is PATH, HOME and TMPDIR.</summary>
    public MonitorCall Env(string name, string value)
    {
        _environment.Add((name, value));
        return this;
    }

    /// <summary>Shell lines before the monitor in the same process: redirections, limits, another folder.</summary>
    public MonitorCall After(string shell)
    {
        _prelude += shell + "\n";
        return this;
    }

    /// <summary>A program that executes the monitor in its turn.</summary>
    public MonitorCall Through(params string[] launcher)
    {
        _launcher = launcher;
        return this;
    }

    /// <summary>A pipe for the result of the runtime, and the exit codes of exec sessions.</summary>
    public ReportPipe Reports(int number = 3) => Hand(new ReportPipe(NewPath("sync"), number), "_OCI_SYNCPIPE", number);

    /// <summary>A pipe on which the monitor says that an exec session can be attached to.</summary>
    public ReportPipe ReportsAttach(int number = 4) => Hand(new ReportPipe(NewPath("attach"), number), "_OCI_ATTACHPIPE", number);

    /// <summary>A pipe on which the monitor waits for the engine.</summary>
    public StartPipe Waits(int number = 5)
    {
        StartPipe pipe = new(NewPath("start"), number);
        After(pipe.Redirection).Env("_OCI_STARTPIPE", $"{number}");
        return pipe;
    }

    /// <summary>Starts it.</summary>
    public Live Start()
    {
        Command command = _dock.Tool([.. _launcher, MonitorUnderTest.Current.Path, .. _options.SelectMany(option => option)]).After(_prelude);
        foreach ((string name, string value) in _environment) command.Env(name, value);
        return command.Start();
    }

    /// <summary>Starts it and waits for the end of the process that was started; the monitor itself goes on in the background.</summary>
    public Outcome Run()
    {
        using Live live = Start();
        return live.Wait();
    }

    private ReportPipe Hand(ReportPipe pipe, string variable, int number)
    {
        After(pipe.Redirection).Env(variable, $"{number}");
        return pipe;
    }

    private string NewPath(string name) => $"{_dock.Folder}/io/{name}-{Guid.NewGuid():n}";
}
