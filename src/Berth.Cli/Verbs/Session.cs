// What surrounds a verb: its streams, its engine, the signal that ends it.
using System.Runtime.InteropServices;
using Berth.Cli.Output;
using Berth.Engine;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Linux.Terminals;

namespace Berth.Cli.Verbs;

/// <summary>In whose words the command speaks.</summary>
internal enum Role
{
    /// <summary>Ours: docker's and podman's.</summary>
    Berth,

    /// <summary>skopeo's.</summary>
    Skopeo,

    /// <summary>podman's, where it has other ones than docker: see docs/decisions/0026.</summary>
    Podman,
}

/// <summary>One run of the program.</summary>
internal sealed class Session : IAsyncDisposable
{
    private Engine.Engine? _engine;
    private CancellationTokenSource? _ending;
    private readonly List<PosixSignalRegistration> _signals = [];

    /// <summary>Whose words.</summary>
    public Role Role { get; init; }

    /// <summary>The name by which it was called.</summary>
    public string Program { get; init; } = "berth";

    /// <summary>Standard output.</summary>
    public Lines Out { get; init; } = Lines.To(1);

    /// <summary>Standard error.</summary>
    public Lines Error { get; init; } = Lines.To(2);

    /// <summary>Variables of the environment.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Options in front of the verb.</summary>
    public GlobalOptions Globals { get; set; } = new();

    /// <summary>Puts a file in the place of standard output, where one was asked for.</summary>
    /// <exception cref="LinuxException">It cannot be opened.</exception>
    public void RedirectOutput()
    {
        if (Globals.OutputFile is not { } file) return;
        using Fd fd = KernelPath.Open(file, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate, 0x1B6);
        Daemon.PutAt(fd, 1);
    }

    /// <summary>Whether standard error is a terminal, for progress and questions.</summary>
    public bool ErrorIsTerminal { get; init; } = Terminal.Is(2);

    /// <summary>Ends when somebody interrupts or terminates the program. Asked for by what takes long; to look for signals costs a thread.</summary>
    public CancellationToken Ending
    {
        get
        {
            if (_ending is not null) return _ending.Token;
            _ending = new CancellationTokenSource();
            if (Globals.Timeout is { } timeout) _ending.CancelAfter(timeout);
            foreach (PosixSignal signal in (ReadOnlySpan<PosixSignal>)[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP])
            {
                _signals.Add(PosixSignalRegistration.Create(signal, context =>
                {
                    // The second one ends it at once.
                    if (_ending.IsCancellationRequested) return;
                    context.Cancel = true;
                    Signal = signal;
                    _ending.Cancel();
                }));
            }
            return _ending.Token;
        }
    }

    /// <summary>The signal that ended it, or the default.</summary>
    public PosixSignal Signal { get; private set; }

    /// <summary>What was said of the engine's places.</summary>
    public EngineOptions EngineOptions => new() { Root = Globals.Root, RunRoot = Globals.RunRoot, Runtime = Globals.Runtime, RegistriesFile = Globals.RegistriesFile };

    /// <summary>The engine.</summary>
    public async ValueTask<Engine.Engine> EngineAsync() => _engine ??= await Engine.Engine.OpenAsync(EngineOptions).ConfigureAwait(false);

    /// <summary>The engine, where it was asked for already.</summary>
    public Engine.Engine? Opened => _engine;

    /// <summary>Images.</summary>
    public async ValueTask<Engine.Images.EngineImages> ImagesAsync() => (await EngineAsync().ConfigureAwait(false)).Images;

    /// <summary>A word to the user that is no result.</summary>
    public void Warn(string message)
    {
        const string Mark = "warning: ";
        if (Role == Role.Podman) Error.WriteLine($"time=\"{Clock.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss'Z'}\" level=warning msg={Values.ValueJson.Write(Values.Value.Of(message.StartsWith(Mark, StringComparison.Ordinal) ? message[Mark.Length..] : message), Values.ValueJson.Style.Line)}");
        else Error.WriteLine($"{Program}: {message}");
        Error.Flush();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_engine is not null) await _engine.DisposeAsync().ConfigureAwait(false);
        foreach (PosixSignalRegistration signal in _signals) signal.Dispose();
        _ending?.Dispose();
        Out.Flush();
        Error.Flush();
    }
}
