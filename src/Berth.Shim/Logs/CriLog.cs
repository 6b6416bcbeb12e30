// The log format of Kubernetes' CRI, which conmon calls k8s-file: time, stream, P or F, text.
using Berth.Shim.Streams;

namespace Berth.Shim.Logs;

/// <summary>Writes one line for each line of output; F says that it is whole, P that the rest follows in the next line of its stream.</summary>
internal sealed class CriLog(LogFile file) : IOutputSink, ILogDriver
{
    // Readers of the format take no longer line at once.
    private const int Longest = 16 * 1024;

    private readonly TimeStamp _clock = new();
    // Time, blank, stream, blank, tag, blank.
    private readonly byte[] _prefix = new byte[TimeStamp.Length + 10];

    /// <inheritdoc/>
    public bool IsFull => false;

    /// <inheritdoc/>
    public bool IsOwed => file.IsStuck;

    /// <inheritdoc/>
    public bool IsStill => file.IsStill;

    /// <inheritdoc/>
    public Linux.Fd? Descriptor => file.Descriptor;

    /// <inheritdoc/>
    public LogPlace? Place => file.Place;

    /// <inheritdoc/>
    public void Write(StandardStream stream, ReadOnlySpan<byte> bytes)
    {
        if (file.TakeLost() is > 0 and long lost) Add(StandardStream.Error, System.Text.Encoding.ASCII.GetBytes(LogFile.Confession(lost)));
        Add(stream, bytes);
        file.Flush();
    }

    private void Add(StandardStream stream, ReadOnlySpan<byte> bytes)
    {
        _clock.Now.CopyTo(_prefix);
        (stream == StandardStream.Error ? " stderr F "u8 : " stdout F "u8).CopyTo(_prefix.AsSpan(TimeStamp.Length));
        while (!bytes.IsEmpty)
        {
            int newLine = bytes.IndexOf((byte)'\n');
            bool partial = newLine < 0 || newLine > Longest;
            ReadOnlySpan<byte> line = bytes[..(partial ? Math.Min(bytes.Length, Longest) : newLine + 1)];
            bytes = bytes[line.Length..];
            if (!file.Begin(_prefix.Length + line.Length + (partial ? 1 : 0))) continue;
            _prefix[^2] = partial ? (byte)'P' : (byte)'F';
            file.Append(_prefix);
            file.Append(line);
            if (partial) file.Append("\n"u8);
        }
    }

    /// <inheritdoc/>
    public void Complete(StandardStream stream) => file.Flush();

    /// <inheritdoc/>
    public void Reopen() => file.Reopen();

    /// <inheritdoc/>
    public void Sync() => file.Sync();

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
