// A process in front of the user: its output is ours, our input its own, the terminal raw and restored whatever happens.
using System.Runtime.InteropServices;
using Berth.Engine.Containers;
using Berth.Linux.Files;
using Berth.Linux.Terminals;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>How a process is brought in front.</summary>
internal sealed record ForegroundOptions
{
    /// <summary>Whether our input becomes its own.</summary>
    public bool HasInput { get; init; }

    /// <summary>Whether it has a terminal.</summary>
    public bool HasTerminal { get; init; }

    /// <summary>Whether its standard output is shown.</summary>
    public bool ShowsOutput { get; init; } = true;

    /// <summary>Whether its standard error is shown.</summary>
    public bool ShowsError { get; init; } = true;

    /// <summary>Keys that let it go on without us; empty: none.</summary>
    public byte[] DetachKeys { get; init; } = [16, 17];

    /// <summary>Sends it a signal that we were sent; null: ours are ours.</summary>
    public Func<int, Task>? Signal { get; init; }

    /// <summary>Tells it the size of the terminal.</summary>
    public Func<ushort, ushort, Task>? Resize { get; init; }
}

/// <summary>Brings a process in front.</summary>
internal static class Foreground
{
    private const int WindowChanged = 28;

    // SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGCONT, SIGTTOU and others: those that somebody sends on purpose.
    private static ReadOnlySpan<int> Proxied => [1, 2, 3, 10, 12, 14, 15, 18];

    /// <summary>The size of our terminal; null: there is none.</summary>
    public static (ushort Rows, ushort Columns)? Size => Terminal.SizeOf(0) ?? Terminal.SizeOf(1);

    /// <summary>Whether <c>-t</c> can be had: our input is a terminal.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static void RequireTerminal(bool hasTerminal, bool hasInput)
    {
        if (hasTerminal && hasInput && !Terminal.Is(0)) throw new BerthException(Fault.InvalidArgument, "the input device is not a terminal", "leave out -t where the input is a pipe or a file");
    }

    /// <summary>Shows it until it ends, or until the user detaches.</summary>
    /// <returns>Whether it has ended; false: the user has detached.</returns>
    public static async Task<bool> ShowAsync(ContainerStreams streams, ForegroundOptions options)
    {
        using Terminal? raw = options.HasTerminal && options.HasInput ? Terminal.MakeRaw(0) : null;
        using CancellationTokenSource detached = new();
        List<PosixSignalRegistration> signals = Listen(options);
        try
        {
            if (options.HasInput) ReadInput(streams, options, detached);
            while (await streams.ReadAsync(detached.Token).ConfigureAwait(false) is { } piece) Write(piece, options);
            return true;
        }
        catch (OperationCanceledException) when (detached.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            foreach (PosixSignalRegistration signal in signals) signal.Dispose();
        }
    }

    private static void Write(OutputPiece piece, ForegroundOptions options)
    {
        bool isError = piece.Kind == OutputKind.Error;
        // Where nobody reads it any more, it is taken all the same: the program is not to be held up.
        if (isError ? options.ShowsError : options.ShowsOutput) RawIo.WriteAll(isError ? 2 : 1, piece.Bytes.Span);
    }

    private static List<PosixSignalRegistration> Listen(ForegroundOptions options)
    {
        List<PosixSignalRegistration> signals = [];
        if (options.Signal is { } send)
        {
            foreach (int signal in Proxied)
            {
                int number = signal;
                signals.Add(PosixSignalRegistration.Create(Named(signal), context =>
                {
                    context.Cancel = true;
                    _ = TellAsync(send(number));
                }));
            }
        }
        if (options is { HasTerminal: true, Resize: { } resize })
        {
            signals.Add(PosixSignalRegistration.Create(Named(WindowChanged), context =>
            {
                context.Cancel = false;
                if (Size is { } size) _ = TellAsync(resize(size.Rows, size.Columns));
            }));
        }
        return signals;
    }

    // The framework has negative numbers for the signals that it knows itself.
    private static PosixSignal Named(int signal) => signal switch
    {
        1 => PosixSignal.SIGHUP,
        2 => PosixSignal.SIGINT,
        3 => PosixSignal.SIGQUIT,
        15 => PosixSignal.SIGTERM,
        18 => PosixSignal.SIGCONT,
        WindowChanged => PosixSignal.SIGWINCH,
        _ => (PosixSignal)signal,
    };

    private static async Task TellAsync(Task telling)
    {
        try
        {
            await telling.ConfigureAwait(false);
        }
        catch (BerthException)
        {
            // It has ended meanwhile.
        }
    }

    // read(2) cannot be called off: the thread ends with the program, or with the end of the input.
    private static void ReadInput(ContainerStreams streams, ForegroundOptions options, CancellationTokenSource detached)
    {
        Thread reading = new(() =>
        {
            byte[] buffer = new byte[16 * 1024];
            DetachSequence keys = new(options.HasTerminal ? options.DetachKeys : []);
            try
            {
                while (RawIo.Read(0, buffer) is > 0 and int count)
                {
                    byte[] passed = keys.Take(buffer.AsSpan(0, count), out bool isComplete);
                    if (passed.Length > 0) streams.WriteAsync(passed).GetAwaiter().GetResult();
                    if (!isComplete) continue;
                    detached.Cancel();
                    return;
                }
                streams.EndInputAsync().GetAwaiter().GetResult();
            }
            catch (Exception e) when (e is BerthException or ObjectDisposedException or InvalidOperationException)
            {
                // The process has ended, and wants no input any more.
            }
        }, 256 * 1024) { IsBackground = true };
        reading.Start();
    }
}
