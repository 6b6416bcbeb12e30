// A shim with nothing to do gives its memory back: a program of five kilobytes waits in its place, in the same process (docs/decisions/0025).
using System.Globalization;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Polling;
using Berth.Linux.Processes;
using Berth.Rpc.Protobuf;
using Berth.Shim.Contract.Protos;
using Berth.Shim.Keeping;
using Berth.Shim.Launch;

namespace Berth.Shim.Server;

/// <summary>
/// Falls asleep when nothing has happened for a while, no client is there, and all containers just run. What is known is written to a file in
/// memory, and <c>berth-init</c> is executed, which waits for what would wake the loop, and then executes this program again. Children, their
/// streams, the socket and the process's number stay what they are. Who is woken soon waits longer the next time.
/// </summary>
internal sealed class Slumber(EventLoop loop, KeeperApi api, string socket, Fd listener, Func<bool> hasClients)
{
    /// <summary>The word for the program that wakes: five numbers behind it.</summary>
    public const string Word = "--asleep";

    /// <summary>How long nothing may have happened, unless it is said.</summary>
    public const int UsualIdle = 3000;

    private const int Longest = 64_000, SIGPIPE = 13;
    private const long Sound = 60_000_000_000;

    private Alarm? _alarm;
    private bool _isOwnRound;

    /// <summary>Milliseconds; 0: it never sleeps.</summary>
    public int Idle { get; set; } = UsualIdle;

    /// <summary>Whether it is so long each time, since somebody has said it.</summary>
    public bool IsFixed { get; init; }

    /// <summary>Something has happened: it is called before the loop waits.</summary>
    public void Note()
    {
        if (Idle == 0) return;
        // The round that our own alarm has made is none.
        if (_isOwnRound)
        {
            _isOwnRound = false;
            return;
        }
        _alarm?.Cancel();
        // With a client there is nothing to wait for: its going makes a round.
        _alarm = hasClients() ? null : loop.After(Idle, Try);
    }

    /// <summary>What was known before, from the words of the program that woke us.</summary>
    public static Asleep WakeUp(string numbers)
    {
        string[] all = numbers.Split(',');
        uint Number(int at) => uint.Parse(all[at], CultureInfo.InvariantCulture);
        // Its own name is what programs that look at a list of processes see.
        KernelFile.TryWrite("/proc/self/comm", "berth-shim", out _);
        foreach (int done in (ReadOnlySpan<int>)[0, 2, 3]) SleepingDescriptors.Take(Number(done))?.Dispose();
        using Fd file = SleepingDescriptors.Take(Number(1))!;
        return ProtobufReader.Read(KernelFile.Read(file.ProcPath), new Asleep());
    }

    /// <summary>How long to wait before the next time: who was woken soon was asleep for nothing.</summary>
    public static int NextIdle(Asleep before) =>
        before.IsIdleFixed ? (int)before.IdleMs
        : Self.Monotonic - (long)before.SinceNs < Sound ? (int)Math.Min(Longest, before.IdleMs * 2)
        : UsualIdle;

    private void Try()
    {
        _alarm = null;
        _isOwnRound = true;
        if (hasClients() || !api.IsStill || loop.Wakers is not { } wakers || Holder() is not { } holder) return;
        SleepingDescriptors descriptors = new();
        try
        {
            Sleep(holder, wakers, descriptors);
        }
        catch (LinuxException)
        {
            // No memory, no descriptors, no program: then it stays awake.
            descriptors.TakeBack();
            Daemon.Ignore(SIGPIPE);
            Idle = 0;
        }
    }

    private void Sleep(string holder, (Fd Poller, Fd Signals) wakers, SleepingDescriptors descriptors)
    {
        Asleep state = new() { Listener = descriptors.Pass(listener), IdleMs = (ulong)Idle, SinceNs = (ulong)Self.Monotonic, IsIdleFixed = IsFixed };
        api.FallAsleep(state, descriptors);
        using Fd program = KernelPath.Open("/proc/self/exe", 0);
        using Fd file = KernelPath.MemoryFile("berth-shim", ProtobufWriter.ToBytes(state));
        string numbers = string.Create(CultureInfo.InvariantCulture, $"{descriptors.Pass(program)},{descriptors.Pass(file)},{descriptors.Pass(wakers.Poller)},{descriptors.Pass(wakers.Signals)},{loop.UntilAlarm}");
        throw Daemon.Execute(holder, ["berth-shim", "keep", "--socket", socket, Word, numbers], RuntimeStart.Inherited());
    }

    // Beside this program, also where that was replaced meanwhile: its old name is followed by a word, and the folder is the same.
    private static string? Holder()
    {
        if (KernelPath.ReadLink("/proc/self/exe") is not { } own) return null;
        string path = own[..(own.LastIndexOf('/') + 1)] + "berth-init";
        return KernelFile.IsExecutable(path, out _) ? path : null;
    }
}
