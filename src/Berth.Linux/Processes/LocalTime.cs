// The calendar of this host: its time zone as the C library knows it, without the framework's tables.
using System.Runtime.InteropServices;

namespace Berth.Linux.Processes;

/// <summary>A second in the time zone of this host (localtime(3)).</summary>
/// <param name="Year">Full year.</param>
/// <param name="Month">1 to 12.</param>
/// <param name="Day">1 to 31.</param>
/// <param name="Hour">0 to 23.</param>
/// <param name="Minute">0 to 59.</param>
/// <param name="Second">0 to 60.</param>
/// <param name="Offset">Seconds east of UTC.</param>
public readonly unsafe partial record struct LocalTime(int Year, int Month, int Day, int Hour, int Minute, int Second, int Offset)
{
    /// <summary>The second so many after 1970.</summary>
    public static LocalTime Of(long unixSeconds)
    {
        Tm tm = default;
        return localtime_r(&unixSeconds, &tm) == null
            ? new LocalTime(1970, 1, 1, 0, 0, 0, 0)
            : new LocalTime(tm.Year + 1900, tm.Month + 1, tm.Day, tm.Hour, tm.Minute, tm.Second, (int)tm.Offset);
    }

    /// <summary>Reads TZ and the host's zone file again.</summary>
    public static void Refresh() => tzset();

    /// <summary>struct tm of glibc and musl on 64-bit systems.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Tm
    {
        public int Second, Minute, Hour, Day, Month, Year, WeekDay, YearDay, IsSummer;
        public long Offset;
        public nint Zone;
    }

    [LibraryImport("libc")]
    private static partial Tm* localtime_r(long* seconds, Tm* result);

    [LibraryImport("libc")]
    private static partial void tzset();
}
