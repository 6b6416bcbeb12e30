// How far each part of a transfer is.
using Berth.Images.Copying;
using Berth.Oci.Content;

namespace Berth.Cli.Progress;

/// <summary>A part that moves.</summary>
internal sealed class Part(Digest digest, long size, TimeSpan began)
{
    private TimeSpan _marked = began;
    private long _markedBytes;

    /// <summary>Which.</summary>
    public Digest Digest => digest;

    /// <summary>Bytes of it.</summary>
    public long Size => size;

    /// <summary>Where it is.</summary>
    public BlobStage Stage { get; private set; }

    /// <summary>Bytes that have come.</summary>
    public long Moved { get; private set; }

    /// <summary>Bytes in a second of the last few; 0 where that is not known yet.</summary>
    public double Rate { get; private set; }

    /// <summary>Takes a word of it.</summary>
    public void Take(BlobStage stage, long moved, TimeSpan now)
    {
        Stage = stage;
        Moved = stage == BlobStage.Moving ? Math.Min(moved, size) : size;
        double seconds = (now - _marked).TotalSeconds;
        if (seconds < 0.5) return;
        // What was lately counts more, and one slow moment does not throw it about. What is begun anew goes backwards once.
        double latest = Math.Max(0, moved - _markedBytes) / seconds;
        Rate = Rate == 0 ? latest : (0.6 * Rate) + (0.4 * latest);
        (_marked, _markedBytes) = (now, moved);
    }
}

/// <summary>All parts, in the order in which they were first heard of.</summary>
internal sealed class Board
{
    private readonly Dictionary<Digest, Part> _parts = [];
    private readonly List<Part> _order = [];

    /// <summary>The parts.</summary>
    public IReadOnlyList<Part> Parts => _order;

    /// <summary>Takes a word.</summary>
    /// <returns>The part, and whether its stage is another than before.</returns>
    public (Part Part, bool Changed) Take(CopyProgress word, TimeSpan now)
    {
        bool isNew = !_parts.TryGetValue(word.Blob.Digest, out Part? part);
        if (part is null)
        {
            part = new Part(word.Blob.Digest, word.Blob.Size, now);
            _parts.Add(word.Blob.Digest, part);
            _order.Add(part);
        }
        BlobStage before = part.Stage;
        part.Take(word.Stage, word.Moved, now);
        return (part, isNew || before != part.Stage);
    }
}
