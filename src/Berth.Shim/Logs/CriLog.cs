// The log format of Kubernetes' CRI, which conmon calls k8s-file: time, stream, P or F, text.
using Berth.Shim.Streams;

namespace Berth.Shim.Logs;

/// <summary>Writes one line for each line of output; F says that it is whole, P that the rest follows in the next line of its stream.</summary>
internal sealed class CriLog(LogFile file) : IOutputSink, ILogDriver
{
    private readonly TimeStamp _clock = new();
    // Time, blank, stream, blank, tag, blank.
    private readonly byte[] _prefix = new byte[TimeStamp.Length + 10];

    /// <inheritdoc/>
    public bool IsFull => file.IsStuck;

    /// <inheritdoc/>
    public void Write(StandardStream stream, ReadOnlySpan<byte> bytes)
    {
        _clock.Now.CopyTo(_prefix);
        (stream == StandardStream.Error ? " stderr F "u8 : " stdout F "u8).CopyTo(_prefix.AsSpan(TimeStamp.Length));
        while (!bytes.IsEmpty)
        {
            int newLine = bytes.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = newLine < 0 ? bytes : bytes[..(newLine + 1)];
            if (!file.Begin(_prefix.Length + line.Length + (newLine < 0 ? 1 : 0))) break;
            if (newLine < 0) _prefix[^2] = (byte)'P';
            file.Append(_prefix);
            file.Append(line);
            if (newLine < 0) file.Append("\n"u8);
            bytes = bytes[line.Length..];
        }
        file.Flush();
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
