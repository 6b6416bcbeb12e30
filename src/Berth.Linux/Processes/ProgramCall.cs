// Executes another program from a process that may have threads, and takes its two streams apart.
using System.Runtime.InteropServices;
using System.Text;
using Berth.Linux.Files;

namespace Berth.Linux.Processes;

/// <summary>A program to execute, alone in a process group.</summary>
public sealed record ProgramCall
{
    /// <summary>Its path; also argv[0].</summary>
    public required string Path { get; init; }

    /// <summary>argv from [1] on.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Environment.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>What it reads from standard input.</summary>
    public ReadOnlyMemory<byte> Input { get; init; }

    /// <summary>How much of each stream is kept, in bytes; the rest is read and dropped.</summary>
    public int MostOutput { get; init; } = 1024 * 1024;

    /// <summary>When it and its group are killed; zero waits for ever.</summary>
    public TimeSpan Timeout { get; init; }
}

/// <summary>How a program ended.</summary>
/// <param name="Status">Wait status.</param>
/// <param name="TimedOut">It was killed because its time was over.</param>
/// <param name="Output">What it wrote to standard output.</param>
/// <param name="Error">What it wrote to standard error.</param>
public readonly record struct ProgramAnswer(int Status, bool TimedOut, byte[] Output, byte[] Error);

/// <summary>
/// Executes programs by posix_spawn(3): the C library takes the steps between clone and execve on a stack of its own, with signals
/// blocked, so no managed code runs in a child whose other threads do not exist. <see cref="CommandRunner"/> is for processes of one thread.
/// </summary>
public static unsafe partial class ProgramCaller
{
    /// <summary>Executes the program and waits for its end. It works in the namespaces of the calling thread.</summary>
    /// <exception cref="LinuxException">It could not be executed.</exception>
    public static ProgramAnswer Run(ProgramCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        using Fd input = KernelPath.MemoryFile("stdin", call.Input.Span);
        (Fd output, Fd outputEnd) = KernelPath.Pipe();
        using Fd readOutput = output;
        using Fd writeOutput = outputEnd;
        (Fd error, Fd errorEnd) = KernelPath.Pipe();
        using Fd readError = error;
        using Fd writeError = errorEnd;
        int pid = Spawn(call, input, writeOutput, writeError);
        // Ends of pipes that we kept would keep the reading from finding their end.
        writeOutput.Dispose();
        writeError.Dispose();
        return Await(pid, call, readOutput, readError);
    }

    private static ProgramAnswer Await(int pid, ProgramCall call, Fd output, Fd error)
    {
        using Fd process = PidFd.Open(pid);
        long deadline = call.Timeout > TimeSpan.Zero ? Self.Monotonic + (call.Timeout.Ticks * 100) : long.MaxValue;
        byte[] buffer = new byte[16 * 1024];
        List<byte> said = [], complained = [];
        Span<PollEntry> entries = [new() { Fd = process.Number, Events = 1 }, new() { Fd = output.Number, Events = 1 }, new() { Fd = error.Number, Events = 1 }];
        bool timedOut = false;
        while (entries[0].Returned == 0 && !timedOut)
        {
            long left = deadline == long.MaxValue ? -1 : Math.Max(0, (deadline - Self.Monotonic + 999_999) / 1_000_000);
            Poll.Wait(entries, (int)Math.Min(left, int.MaxValue));
            if (!Take(entries[1], output, buffer, said, call.MostOutput)) entries[1].Fd = -1;
            if (!Take(entries[2], error, buffer, complained, call.MostOutput)) entries[2].Fd = -1;
            timedOut = entries[0].Returned == 0 && Self.Monotonic >= deadline;
        }
        if (timedOut) kill(-pid, 9);
        int status = Child.Reap(pid);
        // What it wrote before its end; a child of its own that holds the pipes open is not waited for.
        Rest(output, entries[1].Fd, buffer, said, call.MostOutput);
        Rest(error, entries[2].Fd, buffer, complained, call.MostOutput);
        return new ProgramAnswer(status, timedOut, [.. said], [.. complained]);
    }

    private static void Rest(Fd from, int number, byte[] buffer, List<byte> into, int most)
    {
        Span<PollEntry> entry = [new() { Fd = number, Events = 1 }];
        while (entry[0].Fd >= 0 && Poll.Wait(entry, 0) > 0 && Take(entry[0], from, buffer, into, most)) { }
    }

    private static bool Take(PollEntry entry, Fd from, byte[] buffer, List<byte> into, int most)
    {
        if (entry.Returned == 0 || entry.Fd < 0) return true;
        int n = KernelPath.Read(from, buffer);
        into.AddRange(buffer.AsSpan(0, Math.Min(Math.Max(n, 0), Math.Max(0, most - into.Count))));
        return n > 0;
    }

    private static int Spawn(ProgramCall call, Fd input, Fd output, Fd error)
    {
        // Both are opaque; glibc's are 80 and 336 bytes, musl's smaller.
        byte* actions = stackalloc byte[512];
        byte* attributes = stackalloc byte[512];
        ulong* signals = stackalloc ulong[16];
        posix_spawn_file_actions_init(actions);
        posix_spawnattr_init(attributes);
        byte** arguments = Texts([call.Path, .. call.Arguments]);
        byte** environment = Texts(call.Environment);
        try
        {
            posix_spawn_file_actions_adddup2(actions, input.Number, 0);
            posix_spawn_file_actions_adddup2(actions, output.Number, 1);
            posix_spawn_file_actions_adddup2(actions, error.Number, 2);
            for (int i = 0; i < 16; i++) signals[i] = 0;
            posix_spawnattr_setsigmask(attributes, signals);
            // The runtime ignores SIGPIPE, which would be inherited.
            for (int i = 0; i < 16; i++) signals[i] = ulong.MaxValue;
            posix_spawnattr_setsigdefault(attributes, signals);
            posix_spawnattr_setpgroup(attributes, 0);
            posix_spawnattr_setflags(attributes, SetGroup | DefaultSignals | Mask);
            int pid;
            int errno = posix_spawn(&pid, arguments[0], actions, attributes, arguments, environment);
            return errno == 0 ? pid : throw new LinuxException("execute", call.Path, (Errno)errno);
        }
        finally
        {
            posix_spawn_file_actions_destroy(actions);
            posix_spawnattr_destroy(attributes);
            Free(arguments);
            Free(environment);
        }
    }

    /// <summary>A list of C strings that ends with null.</summary>
    private static byte** Texts(IReadOnlyList<string> texts)
    {
        byte** list = (byte**)NativeMemory.AllocZeroed((nuint)texts.Count + 1, (nuint)sizeof(byte*));
        for (int i = 0; i < texts.Count; i++)
        {
            int length = Encoding.UTF8.GetByteCount(texts[i]);
            list[i] = (byte*)NativeMemory.AllocZeroed((nuint)length + 1);
            Encoding.UTF8.GetBytes(texts[i], new Span<byte>(list[i], length));
        }
        return list;
    }

    private static void Free(byte** texts)
    {
        for (byte** at = texts; *at != null; at++) NativeMemory.Free(*at);
        NativeMemory.Free(texts);
    }

    private const short SetGroup = 2, DefaultSignals = 4, Mask = 8;

    [LibraryImport("libc")]
    private static partial int posix_spawn(int* pid, byte* path, byte* actions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2(byte* actions, int from, int to);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigmask(byte* attributes, ulong* signals);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigdefault(byte* attributes, ulong* signals);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setpgroup(byte* attributes, int group);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
