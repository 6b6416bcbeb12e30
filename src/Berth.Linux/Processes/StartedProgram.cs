// posix_spawn(3): starts a program from a process of many threads, in which no code of ours runs after the clone.
using System.Runtime.InteropServices;
using System.Text;
using Berth.Linux.Files;

namespace Berth.Linux.Processes;

/// <summary>Starts a program that goes into the background by itself, and waits until it has.</summary>
public static unsafe partial class StartedProgram
{
    private const short SetSignalMask = 8, SetSignalDefaults = 4;

    // posix_spawnattr_t has 336 bytes and posix_spawn_file_actions_t 80, in glibc and musl; a sigset_t has 128.
    private const int StructureSize = 512, SignalSetSize = 128, MostSaid = 4096;

    /// <summary>Runs the program with nothing but what it says as a standard stream.</summary>
    /// <param name="path">The program.</param>
    /// <param name="arguments">argv, with argv[0].</param>
    /// <param name="milliseconds">How long the program that was started may take; then it is killed.</param>
    /// <param name="environment">Its environment; null: an empty one.</param>
    /// <returns>How it ended, and what it said.</returns>
    /// <exception cref="LinuxException">It cannot be executed.</exception>
    public static CommandResult Run(string path, IReadOnlyList<string> arguments, int milliseconds, IReadOnlyList<string>? environment = null)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        (Fd read, Fd write) = KernelPath.Pipe();
        using (read)
        {
            int pid;
            using (write) pid = Spawn(path, arguments, environment ?? [], write);
            string said = Listen(read, milliseconds, out bool timedOut);
            return new CommandResult(timedOut ? Child.KillAndReap(pid) : Child.Reap(pid), timedOut, said);
        }
    }

    private static int Spawn(string path, IReadOnlyList<string> arguments, IReadOnlyList<string> environment, Fd said)
    {
        byte* actions = stackalloc byte[StructureSize];
        byte* attributes = stackalloc byte[StructureSize];
        byte* signals = stackalloc byte[SignalSetSize];
        nint* words = stackalloc nint[arguments.Count + 1];
        nint* variables = stackalloc nint[environment.Count + 1];
        posix_spawn_file_actions_init(actions);
        posix_spawnattr_init(attributes);
        try
        {
            for (int i = 0; i <= arguments.Count; i++) words[i] = i < arguments.Count ? Marshal.StringToCoTaskMemUTF8(arguments[i]) : 0;
            for (int i = 0; i <= environment.Count; i++) variables[i] = i < environment.Count ? Marshal.StringToCoTaskMemUTF8(environment[i]) : 0;
            posix_spawn_file_actions_addopen(actions, 0, "/dev/null", 2, 0);
            posix_spawn_file_actions_adddup2(actions, said.Number, 1);
            posix_spawn_file_actions_adddup2(actions, said.Number, 2);
            new Span<byte>(signals, SignalSetSize).Clear();
            posix_spawnattr_setsigmask(attributes, signals);
            new Span<byte>(signals, SignalSetSize).Fill(0xFF);
            posix_spawnattr_setsigdefault(attributes, signals);
            posix_spawnattr_setflags(attributes, SetSignalMask | SetSignalDefaults);
            int pid;
            int error = posix_spawn(&pid, path, actions, attributes, words, variables);
            return error == 0 ? pid : throw new LinuxException("posix_spawn", path, (Errno)error);
        }
        finally
        {
            for (int i = 0; i < arguments.Count; i++) Marshal.FreeCoTaskMem(words[i]);
            for (int i = 0; i < environment.Count; i++) Marshal.FreeCoTaskMem(variables[i]);
            posix_spawn_file_actions_destroy(actions);
            posix_spawnattr_destroy(attributes);
        }
    }

    // Until its end of the pipe is closed: it ended, or it is in the background.
    private static string Listen(Fd read, int milliseconds, out bool timedOut)
    {
        byte[] buffer = new byte[MostSaid];
        StringBuilder said = new();
        long end = Self.Monotonic + (milliseconds * 1_000_000L);
        while (true)
        {
            PollEntry entry = new() { Fd = read.Number, Events = 1 };
            long left = (end - Self.Monotonic) / 1_000_000;
            timedOut = left <= 0;
            if (timedOut) return said.ToString();
            if (Poll.Wait(new Span<PollEntry>(ref entry), (int)Math.Min(left, int.MaxValue)) == 0) continue;
            int length = KernelPath.Read(read, buffer);
            if (length <= 0) return said.ToString();
            if (said.Length < MostSaid) said.Append(Encoding.UTF8.GetString(buffer, 0, length));
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn(int* pid, string path, void* actions, void* attributes, nint* arguments, nint* environment);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(void* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy(void* actions);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn_file_actions_addopen(void* actions, int fd, string path, int flags, uint mode);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2(void* actions, int fd, int to);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_init(void* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_destroy(void* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setflags(void* attributes, short flags);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigmask(void* attributes, void* signals);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigdefault(void* attributes, void* signals);
}
