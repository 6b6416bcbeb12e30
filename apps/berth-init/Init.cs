// The first process of a container that wants one: it starts the program, hands signals on to it, and takes the ends of all orphans.
using System;
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Berth.InitApp;

/// <summary>
/// <code>berth-init [-g] [-s] [--] PROGRAM [WORD...]</code>
/// As tini is called. It ends as the program ends: with its exit code, or 128 and the signal's number; with 127 and 126 where it cannot be executed.
/// </summary>
internal static unsafe class Init
{
    private const int Longest = 3800, EndOfChild = 17, Pipe = 13;
    // Faults of our own, and what terminals say to a background process, are nobody else's.
    private const ulong Own = (1ul << (4 - 1)) | (1ul << (5 - 1)) | (1ul << (6 - 1)) | (1ul << (7 - 1)) | (1ul << (8 - 1)) | (1ul << (11 - 1)) | (1ul << (31 - 1));
    private const ulong Silent = (1ul << (21 - 1)) | (1ul << (22 - 1));

    [RuntimeExport("berth_init")]
    private static void Main(nint* stack)
    {
        int count = (int)stack[0], first = 1;
        byte** words = (byte**)(stack + 1);
        byte** variables = words + count + 1;
        if (count > 2 && Is(words[0], "berth-shim"u8)) Hold.Wait(words, count, variables);
        bool group = false;
        for (; first < count && words[first][0] == '-'; first++)
        {
            byte* word = words[first] + 1;
            if (Is(word, "-"u8)) { first++; break; }
            if (Is(word, "g"u8)) group = true;
            else if (Is(word, "s"u8)) Kernel.AdoptOrphans();
            else if (Is(word, "-version"u8)) { Say(1, "berth-init: an init for containers, called as tini version 0.19.0\n"u8); Kernel.Exit(0); }
            else { Say(2, "berth-init: an unknown option: "u8); Say(2, words[first]); Say(2, "\n"u8); Kernel.Exit(1); }
        }
        if (first >= count)
        {
            Say(2, "usage: berth-init [-g] [-s] [--] PROGRAM [WORD...]\n"u8);
            Kernel.Exit(1);
        }
        ulong former;
        Kernel.Hold(~Own, &former);
        int child = Kernel.Fork();
        if (child == 0)
        {
            Kernel.Lead();
            Kernel.Hold(former, null);
            Execute(words, first, variables);
        }
        if (child < 0)
        {
            Say(2, "berth-init: no process can be made\n"u8);
            Kernel.Exit(1);
        }
        Look(child, group);
    }

    private static void Look(int child, bool group)
    {
        while (true)
        {
            int signal = Kernel.Take(~(Own | Silent));
            if (signal > 0 && signal != EndOfChild) Kernel.Signal(group ? -child : child, signal);
            int status, ended;
            while ((ended = Kernel.Reap(&status)) > 0)
            {
                if (ended != child) continue;
                int killer = status & 0x7F;
                Kernel.Exit(killer == 0 ? (status >> 8) & 0xFF : 128 + killer);
            }
        }
    }

    [StructLayout(LayoutKind.Sequential, Size = Longest)]
    private struct Place { }

    // Where a shell would look for it; a text without a first line that names its reader is the shell's.
    [SkipLocalsInit]
    private static void Execute(byte** words, int first, byte** variables)
    {
        byte* name = words[first];
        int error = Kernel.NoEntry;
        if (Has(name, (byte)'/'))
        {
            error = Try(name, words, first, variables);
        }
        else
        {
            Place place;
            byte* buffer = (byte*)&place;
            byte* path = Variable(variables, "PATH="u8);
            while (path != null && *path != 0)
            {
                byte* next = path;
                while (*next != 0 && *next != ':') next++;
                if (Join(buffer, path, next, name))
                {
                    int said = Try(buffer, words, first, variables);
                    if (said != Kernel.NoEntry && said != Kernel.NotADirectory) error = said;
                }
                path = *next == 0 ? next : next + 1;
            }
        }
        Say(2, "berth-init: cannot execute "u8);
        Say(2, name);
        Say(2, error == Kernel.NoEntry ? ": there is no such program\n"u8 : error == Kernel.NoAccess ? ": it may not be executed\n"u8 : ": the kernel does not take it\n"u8);
        Kernel.Exit(error == Kernel.NoEntry ? 127 : 126);
    }

    private static int Try(byte* path, byte** words, int first, byte** variables)
    {
        int error = -Kernel.Execute(path, words + first, variables);
        if (error != Kernel.NotExecutable) return error;
        byte* former = words[first - 1], own = words[first];
        words[first - 1] = "/bin/sh\0"u8.Start;
        words[first] = path;
        Kernel.Execute("/bin/sh\0"u8.Start, words + first - 1, variables);
        words[first - 1] = former;
        words[first] = own;
        return error;
    }

    private static bool Join(byte* buffer, byte* from, byte* until, byte* name)
    {
        int length = 0;
        for (; from < until; from++)
        {
            if (length >= Longest - 2) return false;
            buffer[length++] = *from;
        }
        // An empty place is the folder one is in.
        if (length == 0) buffer[length++] = (byte)'.';
        buffer[length++] = (byte)'/';
        for (; ; name++)
        {
            if (length >= Longest) return false;
            buffer[length++] = *name;
            if (*name == 0) return true;
        }
    }

    private static byte* Variable(byte** variables, ReadOnlySpan<byte> start)
    {
        for (; *variables != null; variables++)
        {
            int same = 0;
            while (same < start.Length && (*variables)[same] == start.Start[same]) same++;
            if (same == start.Length) return *variables + same;
        }
        return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\0"u8.Start;
    }

    public static bool Is(byte* word, ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (word[i] != text.Start[i]) return false;
        }
        return word[text.Length] == 0;
    }

    private static bool Has(byte* text, byte mark)
    {
        while (*text != 0 && *text != mark) text++;
        return *text == mark;
    }

    private static void Say(int fd, ReadOnlySpan<byte> text) => Kernel.Write(fd, text.Start, text.Length);

    private static void Say(int fd, byte* text)
    {
        int length = 0;
        while (text[length] != 0) length++;
        Kernel.Write(fd, text, length);
    }
}
