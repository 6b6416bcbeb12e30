// One call of the runtime: stdio in files (a detached container may keep them), extra descriptors and limits by a shell prelude.
using System.Diagnostics;

namespace Berth.Contract.OciRuntime.Stage;

/// <summary>A command line to be started; every setter returns the command.</summary>
public sealed class Command
{
    private const string Script = "in=$1 out=$2 err=$3; shift 3\n";
    private readonly IReadOnlyList<string> _words;
    private readonly string _files;
    private readonly Dictionary<string, string> _environment = new()
    {
        ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ["HOME"] = "/root",
    };

    private string _prelude = "";
    private string? _input;
    private bool _closed;
    private string? _terminal;
    private string _directory = "/";
    private TimeSpan _patience = TimeSpan.FromSeconds(60);

    /// <summary>A command whose stdio files are called <paramref name="files"/> plus .out and .err.</summary>
    public Command(IEnumerable<string> words, string files) => (_words, _files) = ([.. words], files);

    /// <summary>Shell lines that are executed in the same process before the command: redirections, ulimit, umask.</summary>
    public Command After(string shell)
    {
        _prelude += shell + "\n";
        return this;
    }

    /// <summary>Sets a variable; the rest of the environment is PATH and HOME.</summary>
    public Command Env(string name, string value)
    {
        _environment[name] = value;
        return this;
    }

    /// <summary>The text is on standard input.</summary>
    public Command Input(string text)
    {
        File.WriteAllText(_input = _files + ".in", text);
        return this;
    }

    /// <summary>Standard input is this file.</summary>
    public Command InputFrom(string path)
    {
        _input = path;
        return this;
    }

    /// <summary>Standard input is closed.</summary>
    public Command WithoutInput()
    {
        _closed = true;
        return this;
    }

    /// <summary>Standard input, output and error are this terminal, which becomes the controlling one of a new session.</summary>
    public Command On(Pty terminal)
    {
        _terminal = terminal.Path;
        return this;
    }

    /// <summary>Started in this folder.</summary>
    public Command In(string folder)
    {
        _directory = folder;
        return this;
    }

    /// <summary>How long it may take before it counts as hung.</summary>
    public Command Patience(TimeSpan patience)
    {
        _patience = patience;
        return this;
    }

    /// <summary>Starts it and waits for its end.</summary>
    public Outcome Run()
    {
        using Live live = Start();
        return live.Wait();
    }

    /// <summary>Starts it.</summary>
    public Live Start()
    {
        string output = _files + ".out", error = _files + ".err";
        // Not /dev/null: crun before 1.24 gives even a device of the host to the container's root.
        if (_input is null) Input("");
        File.WriteAllText(output, "");
        File.WriteAllText(error, "");
        ProcessStartInfo start = new(_terminal is null ? "/bin/sh" : "/usr/bin/setsid") { WorkingDirectory = _directory };
        if (_terminal is not null) start.ArgumentList.Add("/bin/sh");
        // A terminal is one open file in all three places, as a login makes it.
        string redirect = _terminal is not null ? "exec \"$@\" <>\"$in\" >&0 2>&0" : $"exec \"$@\" {(_closed ? "<&-" : "<\"$in\"")} >\"$out\" 2>\"$err\"";
        string[] head = ["-c", Script + _prelude + redirect, "sh", _terminal ?? _input!, _terminal ?? output, _terminal ?? error];
        foreach (string word in (IEnumerable<string>)[.. head, .. _words]) start.ArgumentList.Add(word);
        start.Environment.Clear();
        foreach ((string name, string value) in _environment) start.Environment[name] = value;
        Process process = Process.Start(start) ?? throw new InvalidOperationException($"cannot start {start.FileName}");
        return new Live(process, new Outcome(string.Join(' ', _words), -1, output, error), _patience);
    }
}

/// <summary>A command that runs.</summary>
public sealed class Live(Process process, Outcome sofar, TimeSpan patience) : IDisposable
{
    /// <summary>Its process id: the shell before it, and the launcher, were replaced by it.</summary>
    public int Pid => process.Id;

    /// <summary>Whether it ended.</summary>
    public bool HasExited => process.HasExited;

    /// <summary>What it printed up to now.</summary>
    public Outcome SoFar => sofar;

    /// <summary>Kills it, and not what it started.</summary>
    public void Kill() => process.Kill();

    /// <summary>Waits for its end.</summary>
    /// <exception cref="TimeoutException">It hangs; it and its children are killed.</exception>
    public Outcome Wait()
    {
        if (process.WaitForExit(patience)) return sofar with { ExitCode = process.ExitCode };
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        throw new TimeoutException($"hung for {patience.TotalSeconds:0} s: {sofar}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        process.Dispose();
    }
}
