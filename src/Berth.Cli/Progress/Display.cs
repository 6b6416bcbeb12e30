// Tells on standard error how far a transfer is: bars, lines, JSON, or nothing.
using Berth.Cli.Arguments;
using Berth.Cli.Output;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Images.Copying;
using Berth.Linux.Terminals;
using Berth.Oci.Faults;

namespace Berth.Cli.Progress;

/// <summary>How it is told.</summary>
internal enum Manner
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>A line when something begins or ends.</summary>
    Plain,

    /// <summary>Bars that are drawn over each other.</summary>
    Terminal,

    /// <summary>A JSON object in each line.</summary>
    Json,
}

/// <summary>The display of one transfer. For several threads.</summary>
internal sealed class Display : IProgress<CopyProgress>, IDisposable
{
    private static readonly TimeSpan s_between = TimeSpan.FromMilliseconds(100);

    private readonly Board _board = new();
    private readonly Lines _lines;
    private readonly Manner _manner;
    private readonly Func<Screen> _screen;
    private readonly TimeProvider _clock;
    private readonly long _began;
    private readonly Dictionary<string, TimeSpan> _told = [];
    private TimeSpan _drawn = TimeSpan.MinValue;
    private int _height;

    public Display(Lines lines, Manner manner, Func<Screen> screen, TimeProvider clock)
    {
        (_lines, _manner, _screen, _clock) = (lines, manner, screen, clock);
        _began = clock.GetTimestamp();
    }

    /// <summary>The option.</summary>
    public static Option Flag { get; } = Option.With("progress", "WORD", "How to show progress: tty, plain, json or none") with { Words = ["tty", "plain", "json", "none"] };

    /// <summary>As a verb was told, or as standard error allows.</summary>
    public static Display For(Invocation invocation)
    {
        Session session = invocation.Session;
        Manner manner = invocation.Find("progress") switch
        {
            "tty" => Manner.Terminal,
            "plain" => Manner.Plain,
            "json" or "rawjson" => Manner.Json,
            "none" or "quiet" => Manner.None,
            null or "auto" => invocation.Has("quiet") ? Manner.None : session.ErrorIsTerminal && session.Variable("TERM") != "dumb" ? Manner.Terminal : Manner.Plain,
            { } other => throw new BerthException(Fault.InvalidArgument, $"--progress is tty, plain, json or none, not '{other}'"),
        };
        bool colour = string.IsNullOrEmpty(session.Variable("NO_COLOR"));
        return new Display(session.Error, manner, () => Terminal.SizeOf(2) is { Columns: > 0 } size ? new Screen(size.Columns, size.Rows, colour) : new Screen(80, 24, colour), session.Clock);
    }

    /// <inheritdoc/>
    public void Report(CopyProgress value)
    {
        if (_manner == Manner.None) return;
        lock (_board)
        {
            TimeSpan now = _clock.GetElapsedTime(_began);
            (Part part, bool changed) = _board.Take(value, now);
            switch (_manner)
            {
                case Manner.Plain when changed: Say(part); break;
                case Manner.Json: SayJson(part, changed, now); break;
                case Manner.Terminal when _drawn == TimeSpan.MinValue || now - _drawn >= s_between:
                    _drawn = now;
                    Draw();
                    break;
            }
        }
    }

    /// <summary>The last picture stays.</summary>
    public void Dispose()
    {
        lock (_board)
        {
            if (_manner == Manner.Terminal && _board.Parts.Count > 0) Draw();
        }
    }

    private void Say(Part part)
    {
        _lines.WriteLine(part.Stage switch
        {
            BlobStage.Moving => $"{part.Digest.Short}: moving {Words.Size(part.Size)}",
            BlobStage.Reused => $"{part.Digest.Short}: already there",
            _ => $"{part.Digest.Short}: done",
        });
        _lines.Flush();
    }

    private void SayJson(Part part, bool changed, TimeSpan now)
    {
        string id = part.Digest.ToString();
        if (!changed && _told.TryGetValue(id, out TimeSpan last) && now - last < s_between) return;
        _told[id] = now;
        string stage = part.Stage switch { BlobStage.Moving => "moving", BlobStage.Reused => "reused", _ => "done" };
        _lines.WriteLine(ValueJson.Write(Value.Record.Of(Member.Of("id", id), Member.Of("status", stage), Member.Of("current", part.Moved), Member.Of("total", part.Size)), ValueJson.Style.Line));
        _lines.Flush();
    }

    private void Draw()
    {
        IReadOnlyList<string> lines = Bars.Draw(_board, _screen());
        if (_height > 0) _lines.Write($"\e[{_height}A");
        foreach (string line in lines) _lines.Write($"\r\e[K{line}\n");
        // A picture with fewer lines than the last one leaves none of it.
        if (lines.Count < _height) _lines.Write("\e[J");
        _height = lines.Count;
        _lines.Flush();
    }
}
