// Output of a process as it comes, and its input.
using Berth.Engine.Keeping;
using Berth.Rpc.Ttrpc;
using Berth.Shim.Contract.Protos;

namespace Berth.Engine.Containers;

/// <summary>Which stream it is.</summary>
public enum OutputKind
{
    /// <summary>Standard output, and all that a terminal shows.</summary>
    Output,

    /// <summary>Standard error.</summary>
    Error,
}

/// <summary>A piece of output.</summary>
/// <param name="Kind">Of which stream.</param>
/// <param name="Bytes">The bytes.</param>
public readonly record struct OutputPiece(OutputKind Kind, ReadOnlyMemory<byte> Bytes);

/// <summary>A process to which somebody is attached. A process whose output nobody takes waits, when much of it is there.</summary>
public sealed class ContainerStreams : IDisposable
{
    private const uint ErrorStream = 3;
    // A shim that has more than this at once waits for its program to read.
    private const int MostInput = 32 * 1024;

    private readonly KeeperConnection _keeper;
    private readonly KeeperStream<OutputChunk> _stream;

    private ContainerStreams(KeeperConnection keeper, KeeperStream<OutputChunk> stream) => (_keeper, _stream) = (keeper, stream);

    internal static async Task<ContainerStreams> OpenAsync(string socket, AttachInput what, CancellationToken ct)
    {
        KeeperConnection keeper = KeeperConnection.TryConnect(socket) ?? throw new Oci.Faults.BerthException(Oci.Faults.Fault.Unavailable, "the shim that keeps the container has ended");
        try
        {
            KeeperStream<OutputChunk> stream = await keeper.OpenAsync<OutputChunk>(KeeperService.Methods.Attach, what, TtrpcStreaming.Client, ct).ConfigureAwait(false);
            return new ContainerStreams(keeper, stream);
        }
        catch (Exception)
        {
            keeper.Dispose();
            throw;
        }
    }

    /// <summary>The next piece; null: the process has ended, and nothing comes any more.</summary>
    /// <exception cref="Oci.Faults.BerthException">Unavailable: the shim is gone.</exception>
    public async ValueTask<OutputPiece?> ReadAsync(CancellationToken ct = default) =>
        await _stream.NextAsync(ct).ConfigureAwait(false) is { } chunk ? new OutputPiece(chunk.Stream == ErrorStream ? OutputKind.Error : OutputKind.Output, chunk.Bytes) : null;

    /// <summary>Writes to its input.</summary>
    public async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct = default)
    {
        while (!bytes.IsEmpty)
        {
            ReadOnlyMemory<byte> part = bytes[..Math.Min(bytes.Length, MostInput)];
            await _stream.SendAsync(new AttachInput { Input = part.ToArray() }, ct).ConfigureAwait(false);
            bytes = bytes[part.Length..];
        }
    }

    /// <summary>Says that no more input comes.</summary>
    public Task EndInputAsync(CancellationToken ct = default) => _stream.EndAsync(ct);

    /// <inheritdoc/>
    public void Dispose() => _keeper.Dispose();
}
