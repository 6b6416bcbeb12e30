// In the place of a shim that has nothing to do: waits for what would wake it, and executes it again.
using System.Runtime.InteropServices;

namespace Berth.InitApp;

/// <summary>
/// <code>berth-shim keep --socket PATH --asleep PROGRAM,STATE,POLLER,SIGNALS,MILLISECONDS</code>
/// Called so by a shim that falls asleep (Berth.Shim, Slumber): the first four are descriptors, of which this program looks at the third and the
/// fourth; it waits so long at most, -1 is without end. The words stay as they are: they are the shim's own, and tell it where its memory is.
/// </summary>
internal static unsafe class Hold
{
    private const long Readable = 1L << 32, MilliToNano = 1_000_000;
    private const int Interrupted = -4;

    public static void Wait(byte** words, int count, byte** variables)
    {
        byte* at = words[count - 1];
        long program = Number(&at);
        Number(&at);
        Pair entries, time;
        entries.First = Number(&at) | Readable;
        entries.Second = Number(&at) | Readable;
        long milliseconds = Number(&at);
        Kernel.BeCalled("berth-shim\0"u8.Start);
        time.First = milliseconds / 1000;
        time.Second = milliseconds % 1000 * MilliToNano;
        // The kernel counts the time down: what is left after a signal is not waited for anew.
        while (Kernel.Poll((long*)&entries, 2, milliseconds < 0 ? null : (long*)&time) == Interrupted) { }
        while (true)
        {
            Kernel.Execute((int)program, words, variables);
            // A filter of calls may not know that one.
            Place place;
            Kernel.Execute(PathOf(program, (byte*)&place), words, variables);
            // The host has no memory for it now. What the container writes waits in the pipe.
            time.First = 0;
            time.Second = 100 * MilliToNano;
            Kernel.Poll((long*)&entries, 0, (long*)&time);
        }
    }

    // Two struct pollfd, or a struct timespec.
    private struct Pair { public long First, Second; }

    [StructLayout(LayoutKind.Sequential, Size = 48)]
    private struct Place { }

    // Its path in /proc, with the digits from the last on.
    private static byte* PathOf(long descriptor, byte* place)
    {
        byte* start = "/proc/self/fd/"u8.Start;
        int length = 0;
        for (; length < 14; length++) place[length] = start[length];
        long digits = 1;
        while (digits <= descriptor / 10) digits *= 10;
        for (; digits > 0; digits /= 10) place[length++] = (byte)('0' + (descriptor / digits % 10));
        place[length] = 0;
        return place;
    }

    // The next of the numbers, of which a comma or the end is behind each.
    private static long Number(byte** at)
    {
        byte* digit = *at;
        bool isNegative = *digit == '-';
        if (isNegative) digit++;
        long number = 0;
        for (; *digit >= '0' && *digit <= '9'; digit++) number = (number * 10) + (*digit - '0');
        *at = *digit == ',' ? digit + 1 : digit;
        return isNegative ? -number : number;
    }
}
