// Times of log lines as RFC 3339 with nanoseconds; what does not change within a second is not made again.
using Berth.Linux.Processes;

namespace Berth.Shim.Logs;

/// <summary>Makes <c>2026-11-22T04:32:40.123456789+01:00</c>, 35 bytes in the host's time zone.</summary>
internal sealed class TimeStamp
{
    /// <summary>Length in bytes.</summary>
    public const int Length = 35;

    private readonly byte[] _text = "0000-00-00T00:00:00.000000000+00:00"u8.ToArray();
    private long _second = -1;
    private int _offset = int.MinValue;

    /// <summary>Now.</summary>
    public ReadOnlySpan<byte> Now => Of(Self.RealTime);

    /// <summary>The time so many nanoseconds after 1970; valid until the next one is made.</summary>
    public ReadOnlySpan<byte> Of(long nanoseconds)
    {
        (long second, long rest) = Math.DivRem(nanoseconds, 1_000_000_000);
        if (second != _second) SetSecond(second);
        for (int i = 28; i >= 20; i--, rest /= 10) _text[i] = (byte)('0' + (rest % 10));
        return _text;
    }

    private void SetSecond(long second)
    {
        LocalTime time = LocalTime.Of(second);
        Two(0, time.Year / 100);
        Two(2, time.Year % 100);
        Two(5, time.Month);
        Two(8, time.Day);
        Two(11, time.Hour);
        Two(14, time.Minute);
        Two(17, time.Second);
        _second = second;
        if (time.Offset == _offset) return;
        _offset = time.Offset;
        int minutes = Math.Abs(time.Offset) / 60;
        _text[29] = (byte)(time.Offset < 0 ? '-' : '+');
        Two(30, minutes / 60);
        Two(33, minutes % 60);
    }

    private void Two(int at, int value)
    {
        _text[at] = (byte)('0' + (value / 10));
        _text[at + 1] = (byte)('0' + (value % 10));
    }
}
