// Waiting for what a container does: words in its output, an open port, health; and reading all of what it says.
using System.Text;
using Berth.Engine.Networks;
using Berth.Linux.Files;
using Berth.Oci.Faults;

namespace Berth.Engine.Containers;

/// <summary>What a program that has ended has said.</summary>
/// <param name="ExitCode">Its exit status; 128 and the signal's number for one that was killed.</param>
/// <param name="Output">Its standard output.</param>
/// <param name="Error">Its standard error; empty where it had a terminal.</param>
public sealed record CommandResult(int ExitCode, string Output, string Error);

public sealed partial class Container
{
    private const int LastLines = 20;
    private static readonly TimeSpan s_usualPatience = TimeSpan.FromMinutes(1), s_pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Executes a program in it, and waits for its end.</summary>
    /// <exception cref="BerthException">WrongState: it does not run. CommandNotFound, CommandNotExecutable.</exception>
    public async Task<CommandResult> ExecToEndAsync(IReadOnlyList<string> command, CancellationToken ct = default)
    {
        using ContainerProcess process = await ExecAsync(new ExecSpec { Command = command }, ct).ConfigureAwait(false);
        (string output, string error) = await ReadAllAsync(process.Streams!, ct).ConfigureAwait(false);
        return new CommandResult(await process.WaitAsync(ct).ConfigureAwait(false), output, error);
    }

    /// <summary>Waits until a line of its output contains a text.</summary>
    /// <param name="text">The text; case counts.</param>
    /// <param name="patience">How long; null: a minute.</param>
    /// <param name="ct">Ends the waiting.</param>
    /// <exception cref="BerthException">TimedOut. WrongState: it ended before; the message has its last lines.</exception>
    public async Task WaitForOutputAsync(string text, TimeSpan? patience = null, CancellationToken ct = default)
    {
        using CancellationTokenSource timed = Timed(patience, ct);
        Queue<string> last = [];
        try
        {
            await foreach (LogEntry entry in ReadLogsAsync(new LogOptions { Follow = true }, timed.Token).ConfigureAwait(false))
            {
                string line = Encoding.UTF8.GetString(entry.Bytes.Span);
                if (line.Contains(text, StringComparison.Ordinal)) return;
                last.Enqueue(line.TrimEnd('\n'));
                if (last.Count > LastLines) last.Dequeue();
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw Late($"say '{text}'", patience, last);
        }
        throw new BerthException(Fault.WrongState, $"container {Name} ended before it said '{text}'; its last lines:\n{string.Join('\n', last)}");
    }

    /// <summary>Waits until a program in it listens on a port. Nothing is sent to it: the kernel's table of its network is looked at.</summary>
    /// <param name="port">Port of TCP, inside the container.</param>
    /// <param name="patience">How long; null: a minute.</param>
    /// <param name="ct">Ends the waiting.</param>
    /// <exception cref="BerthException">TimedOut. WrongState: it ended before.</exception>
    public Task WaitForPortAsync(int port, TimeSpan? patience = null, CancellationToken ct = default) =>
        WaitAsync($"listen on port {port}", state => IsListening(state.Pid, port), patience, ct);

    /// <summary>Waits until its health check says that it is well.</summary>
    /// <exception cref="BerthException">TimedOut. WrongState: it ended before, or has no health check.</exception>
    public async Task WaitForHealthAsync(TimeSpan? patience = null, CancellationToken ct = default)
    {
        if (_record.Settled.Health is null or { IsOff: true }) throw new BerthException(Fault.WrongState, $"cannot wait for the health of container {Name}: it has no health check");
        using CancellationTokenSource timed = Timed(patience, ct);
        try
        {
            while (true)
            {
                ContainerState state = await InspectAsync(timed.Token).ConfigureAwait(false);
                if (state.Health is { Status: "healthy" }) return;
                if (!state.IsAlive) throw Ended("was healthy", state);
                await Task.Delay(s_pause, timed.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw Late("be healthy", patience, []);
        }
    }

    /// <summary>The port of the host by which a port of the container is reached.</summary>
    /// <exception cref="BerthException">NotFound: it is not published, or the container does not run.</exception>
    public int HostPortOf(int port, string protocol = "tcp")
    {
        foreach (Attachment attachment in _parts.Networks.AttachmentsOf(_record.AttachedAs))
        {
            foreach (PortBinding binding in attachment.Ports)
            {
                if (binding.ContainerPort == port && binding.Protocol == protocol && binding.HostPort != 0) return binding.HostPort;
            }
        }
        throw new BerthException(Fault.NotFound, $"port {port}/{protocol} of container {Name} is not published", "say so when it is made: Ports, or -p");
    }

    internal static async Task<(string Output, string Error)> ReadAllAsync(ContainerStreams streams, CancellationToken ct)
    {
        using MemoryStream output = new(), error = new();
        while (await streams.ReadAsync(ct).ConfigureAwait(false) is { } piece) (piece.Kind == OutputKind.Error ? error : output).Write(piece.Bytes.Span);
        return (Encoding.UTF8.GetString(output.GetBuffer().AsSpan(0, (int)output.Length)), Encoding.UTF8.GetString(error.GetBuffer().AsSpan(0, (int)error.Length)));
    }

    private async Task WaitAsync(string what, Func<ContainerState, bool> isSo, TimeSpan? patience, CancellationToken ct)
    {
        using CancellationTokenSource timed = Timed(patience, ct);
        try
        {
            while (true)
            {
                ContainerState state = Observe();
                if (!state.IsAlive) throw Ended($"did {what}", state);
                if (isSo(state)) return;
                await Task.Delay(s_pause, timed.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw Late(what, patience, []);
        }
    }

    private static CancellationTokenSource Timed(TimeSpan? patience, CancellationToken ct)
    {
        CancellationTokenSource timed = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timed.CancelAfter(patience ?? s_usualPatience);
        return timed;
    }

    private BerthException Ended(string what, ContainerState state) =>
        new(Fault.WrongState, $"container {Name} ended with {state.ExitCode} before it {what}", $"what it said: berth logs {Name}");

    private BerthException Late(string what, TimeSpan? patience, IReadOnlyCollection<string> last) =>
        new(Fault.TimedOut, $"container {Name} did not {what} within {(patience ?? s_usualPatience).TotalSeconds:0.#} seconds{(last.Count > 0 ? $"; its last lines:\n{string.Join('\n', last)}" : "")}");

    // Lines of /proc/PID/net/tcp: number, local address:port in hexadecimal, remote one, state; 0A is LISTEN.
    private static bool IsListening(int pid, int port)
    {
        string end = $":{port:X4}";
        foreach (string file in (ReadOnlySpan<string>)["tcp", "tcp6"])
        {
            if (KernelFile.TryReadText($"/proc/{pid}/net/{file}") is not { } table) continue;
            foreach (string line in table.Split('\n'))
            {
                string[] words = line.Split(' ', 5, StringSplitOptions.RemoveEmptyEntries);
                if (words.Length > 3 && words[3] == "0A" && words[1].EndsWith(end, StringComparison.Ordinal)) return true;
            }
        }
        return false;
    }
}
