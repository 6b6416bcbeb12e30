// A monitor in the background and what an engine sees of it: pid files, exit files, the log, the socket, the fifo.
using System.Globalization;

namespace Berth.Contract.Shim.Stage;

/// <summary>The monitor of one container or one exec session.</summary>
/// <param name="Dock">Where everything lies.</param>
/// <param name="Name">Its own word among the dock's files: the container's id, or the session's.</param>
/// <param name="Home">The folder of its socket and fifos: the bundle, or the session's folder.</param>
/// <param name="Sync">The pipe on which it reports.</param>
public sealed record RunningMonitor(Dock Dock, string Name, string Home, ReportPipe Sync)
{
    /// <summary>The monitor's process.</summary>
    public int Pid { get; } = Read($"{Dock.Folder}/{Name}.monitor");

    /// <summary>The pid that was reported, or what stood in its place.</summary>
    public int Reported { get; init; }

    /// <summary>The container's process, or the session's.</summary>
    public int ProgramPid => Read($"{Dock.Folder}/{Name}.pid");

    /// <summary>Its k8s-file log.</summary>
    public string LogPath => $"{Dock.Folder}/{Name}.log";

    /// <summary>Where the exit code of the container lands for whoever watches one folder.</summary>
    public string ExitFile => $"{Dock.Folder}/exits/{Dock.Id}";

    /// <summary>The container's own folder for what outlives its end.</summary>
    public string Persist => $"{Dock.Folder}/{Name}.persist";

    /// <summary>The attach socket.</summary>
    public string Socket => $"{Home}/attach";

    /// <summary>Whether the monitor runs.</summary>
    public bool IsAlive => Kernel.IsAlive(Pid);

    /// <summary>The lines of the log as of now.</summary>
    public IReadOnlyList<LogLine> Log => LogLine.Read(LogPath);

    /// <summary>What the log has of a stream as of now.</summary>
    public string Logged(string stream = "stdout") => LogLine.Joined(Log, stream);

    /// <summary>Waits until the log has the text.</summary>
    public string AwaitLog(string text, string stream = "stdout") =>
        Until.NotNull(() => Logged(stream) is { } all && all.Contains(text, StringComparison.Ordinal) ? all : null, $"{LogPath} has '{text}' of {stream}");

    /// <summary>Starts the container.</summary>
    public RunningMonitor Start()
    {
        Dock.Call("start", Dock.Id).Succeeded();
        return this;
    }

    /// <summary>Waits until the monitor is gone, and returns what it wrote of the container's end.</summary>
    public int AwaitEnd()
    {
        AwaitGone();
        return Read(ExitFile);
    }

    /// <summary>Waits until the monitor is gone.</summary>
    public RunningMonitor AwaitGone()
    {
        Until.True(() => !IsAlive, $"monitor {Pid} ends");
        return this;
    }

    /// <summary>A client of the container's streams, whom the monitor knows of.</summary>
    public AttachClient Attach()
    {
        HashSet<string> before = Sockets();
        AttachClient client = new(Socket);
        Until.True(() => !Sockets().IsSubsetOf(before) || !IsAlive, "the client is accepted");
        return client;
    }

    /// <summary>Says something on the control fifo.</summary>
    public void Control(string text)
    {
        int fifo = Kernel.OpenWriter($"{Home}/ctl");
        try { Kernel.Write(fifo, System.Text.Encoding.ASCII.GetBytes(text)); }
        finally { Kernel.Close(fifo); }
    }

    private HashSet<string> Sockets() => [.. Kernel.Open(Pid).Values.Where(target => target.StartsWith("socket:", StringComparison.Ordinal))];

    private static int Read(string path) => int.Parse(File.ReadAllText(path), NumberStyles.Integer, CultureInfo.InvariantCulture);
}
