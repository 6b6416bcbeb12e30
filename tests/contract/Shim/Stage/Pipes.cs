// The pipes by which an engine and a monitor talk while a container is made: the monitor gets its end by number, named in the environment.
using System.Text;
using System.Text.Json.Nodes;

namespace Berth.Contract.Shim.Stage;

/// <summary>A pipe on which the monitor reports: _OCI_SYNCPIPE or _OCI_ATTACHPIPE.</summary>
public sealed class ReportPipe : IDisposable
{
    private readonly string _path;
    private readonly int _number;
    private readonly List<byte> _seen = [];
    private int _fd;
    private int _taken;
    private bool _ended;

    /// <summary>Opens the engine's end; the monitor will find its own at <paramref name="number"/>.</summary>
    public ReportPipe(string path, int number)
    {
        (_path, _number) = (path, number);
        Kernel.MakeFifo(path);
        _fd = Kernel.OpenReader(path);
    }

    /// <summary>The redirection that gives the monitor its end.</summary>
    public string Redirection => $"exec {_number}>'{_path}'";

    /// <summary>The next line.</summary>
    public JsonNode Next()
    {
        string? line = null;
        Until.True(() => (line = TakeLine()) is not null || _ended, $"{_path} has a line");
        Assert.True(line is not null, "the monitor closed the pipe without a word");
        return JsonNode.Parse(line)!;
    }

    /// <summary>All lines that are left, once the monitor has closed its end.</summary>
    public IReadOnlyList<string> ToEnd()
    {
        Until.True(() => { Look(); return _ended; }, $"{_path} is closed");
        string[] lines = Encoding.Latin1.GetString([.. _seen[_taken..]]).Split('\n');
        Assert.True(lines[^1].Length == 0, $"a last line without its end: {lines[^1]}");
        return lines[..^1];
    }

    /// <summary>Whether nothing is there to read.</summary>
    public bool IsSilent => TakeLine() is null;

    /// <summary>Closes the engine's end, as its death would.</summary>
    public void Dispose()
    {
        if (_fd >= 0) Kernel.Close(_fd);
        _fd = -1;
    }

    private string? TakeLine()
    {
        Look();
        int end = _seen.IndexOf((byte)'\n', _taken);
        if (end < 0) return null;
        string line = Encoding.Latin1.GetString([.. _seen[_taken..end]]);
        _taken = end + 1;
        return line;
    }

    private void Look()
    {
        if (_ended) return;
        if (Kernel.ReadSome(_fd) is { } bytes) _seen.AddRange(bytes);
        else _ended = true;
    }
}

/// <summary>The pipe by which an engine lets a monitor go on: _OCI_STARTPIPE.</summary>
public sealed class StartPipe : IDisposable
{
    private readonly string _path;
    private readonly int _number;
    private int _fd;

    /// <summary>Opens the engine's end; the monitor will find its own at <paramref name="number"/>.</summary>
    public StartPipe(string path, int number)
    {
        (_path, _number) = (path, number);
        Kernel.MakeFifo(path);
        _fd = Kernel.OpenBoth(path);
    }

    /// <summary>The redirection that gives the monitor its end.</summary>
    public string Redirection => $"exec {_number}<'{_path}'";

    /// <summary>Lets the monitor go on.</summary>
    public void Go() => Kernel.Write(_fd, [0]);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_fd >= 0) Kernel.Close(_fd);
        _fd = -1;
    }
}
