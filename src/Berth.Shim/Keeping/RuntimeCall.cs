// One call of an OCI runtime that nobody waits for: what it said, and how it ended, is told later.
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Polling;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Shim.Launch;

namespace Berth.Shim.Keeping;

/// <summary>How a call ended.</summary>
/// <param name="Status">Wait status; -1 if it could not be executed.</param>
/// <param name="Output">What it wrote, where that was collected.</param>
internal readonly record struct RuntimeResult(int Status, byte[] Output)
{
    /// <summary>Whether it was killed because its time was over.</summary>
    public bool TimedOut { get; init; }

    /// <summary>Exit status 0.</summary>
    public bool Succeeded => Status == 0;

    /// <summary>Ended by a signal: it had no time to undo what it had done.</summary>
    public bool WasKilled => Status > 0 && (Status & 0x7F) != 0;

    /// <summary>As Go prints it.</summary>
    public string Words => Status < 0 ? Text : WaitStatus.Describe(Status) + (Text.Length > 0 ? ": " + Text : "");

    /// <summary>What it wrote.</summary>
    public string Text => Encoding.UTF8.GetString(Output).Trim();
}

/// <summary>Streams of a call; those that are null lead nowhere, or are collected.</summary>
internal sealed record RuntimeStreams(Fd? Input = null, Fd? Output = null, Fd? Error = null)
{
    /// <summary>What else the program gets.</summary>
    public IReadOnlyList<HandedDescriptor> Handed { get; init; } = [];
}

/// <summary>Makes calls.</summary>
internal static class RuntimeCall
{
    // A list of all processes of a container is the longest that is asked for.
    private const int MostOutput = 4 * 1024 * 1024;

    /// <summary>Starts a program, and tells its end.</summary>
    /// <param name="loop">Whose thread tells.</param>
    /// <param name="start">The program; its streams are set here.</param>
    /// <param name="streams">Null: output and error are collected, and there is no input.</param>
    /// <param name="ended">Called once.</param>
    /// <returns>The call, to be killed; null if it failed at once.</returns>
    public static int? Begin(EventLoop loop, RuntimeStart start, RuntimeStreams? streams, Action<RuntimeResult> ended)
    {
        Collector? collector = null;
        try
        {
            using Fd nothing = KernelPath.Open("/dev/null", 2);
            Fd? output = null;
            if (streams?.Output is null || streams.Error is null) collector = new Collector(loop, MostOutput, out output);
            int pid;
            using (output)
            {
                pid = (start with
                {
                    Input = streams?.Input ?? nothing,
                    Output = streams is null ? output : streams.Output ?? nothing,
                    Error = streams is null ? output : streams.Error ?? nothing,
                    ClosesOthers = true,
                    Handed = streams?.Handed ?? [],
                }).Start();
            }
            loop.OnExit(pid, status => ended(new RuntimeResult(status, collector?.Finish() ?? [])));
            return pid;
        }
        catch (Exception e) when (e is LinuxException or StepFailedException)
        {
            collector?.Finish();
            ended(new RuntimeResult(-1, Encoding.UTF8.GetBytes(e.Message)));
            return null;
        }
    }

    private sealed class Collector
    {
        private const int Chunk = 4096, MostLeft = 1024 * 1024;

        private readonly Fd _read;
        private readonly Watch _watch;
        private readonly int _most;
        private readonly List<byte> _bytes = [];

        public Collector(EventLoop loop, int most, out Fd write)
        {
            _most = most;
            (_read, write) = KernelPath.Pipe();
            FdIo.SetNonBlocking(_read);
            _watch = loop.Look(_read, Readiness.Read, _ => Take());
        }

        /// <summary>A process that the runtime left behind may hold the pipe, and write on: only what fits in it is taken.</summary>
        public byte[] Finish()
        {
            for (int reads = MostLeft / Chunk; reads > 0 && Take(); reads--) { }
            _watch.Remove();
            _read.Dispose();
            return [.. _bytes];
        }

        private bool Take()
        {
            Span<byte> buffer = stackalloc byte[Chunk];
            int n = FdIo.TryRead(_read, buffer, out Errno errno);
            if (n <= 0)
            {
                if (n == 0 || errno != Errno.EAGAIN) _watch.Remove();
                return false;
            }
            _bytes.AddRange(buffer[..Math.Min(n, Math.Max(0, _most - _bytes.Count))]);
            return true;
        }
    }
}
