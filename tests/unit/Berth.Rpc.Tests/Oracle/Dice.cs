// Random numbers that are the same everywhere, and a mutator of bytes.
using System.Globalization;
using System.Text;

namespace Berth.Rpc.Tests.Oracle;

/// <summary>xorshift64*: the framework's own generator may change between versions.</summary>
internal sealed class Dice(int seed)
{
    private static readonly string[] Texts = ["a", "container", "/run/containerd/s/0", "Grüße", "日本語", "\U0001F6A2", "\0", "line\nline", new string('x', 126), new string('y', 127), new string('z', 128), new string('w', 20_000)];
    private static readonly ulong[] Borders = [0, 1, 127, 128, 16383, 16384, int.MaxValue, 0x80000000, uint.MaxValue, 0x100000000, long.MaxValue, 0x8000000000000000, ulong.MaxValue];

    private ulong _state = (ulong)seed * 0x9E3779B97F4A7C15 + 1;

    /// <summary>BERTH_FUZZ sets how much is tried, BERTH_FUZZ_SEED where it begins.</summary>
    public static int Count(int otherwise) => Variable("BERTH_FUZZ", otherwise);

    public static Dice FromEnvironment() => new(Variable("BERTH_FUZZ_SEED", 1));

    public ulong Bits()
    {
        _state ^= _state >> 12;
        _state ^= _state << 25;
        _state ^= _state >> 27;
        return _state * 0x2545F4914F6CDD1D;
    }

    public int Below(int limit) => (int)((Bits() >> 33) % (ulong)limit);

    public bool OneIn(int of) => Below(of) == 0;

    /// <summary>Any number, often one at a border.</summary>
    public ulong Number() => OneIn(2) ? Borders[Below(Borders.Length)] : Bits() >> Below(64);

    /// <summary>Any double but -0: Google's classes take that for the default and do not write it.</summary>
    public double Double() => BitConverter.UInt64BitsToDouble(Number()) is var value && value == 0 ? 0 : value;

    public float Float() => BitConverter.UInt32BitsToSingle((uint)Number()) is var value && value == 0 ? 0 : value;

    public string Text() => OneIn(3) ? "" : OneIn(40) ? Texts[^1] : Texts[Below(Texts.Length - 1)];

    public byte[] Bytes()
    {
        byte[] bytes = new byte[OneIn(3) ? 0 : OneIn(10) ? 200 : Below(10)];
        for (int i = 0; i < bytes.Length; i++) bytes[i] = (byte)Below(256);
        return bytes;
    }

    /// <summary>Damage of several kinds, one to four at a time.</summary>
    public byte[] Mutate(byte[] bytes)
    {
        for (int times = 1 + Below(4); times > 0; times--) bytes = Once(bytes);
        return bytes;
    }

    private byte[] Once(byte[] b)
    {
        if (b.Length == 0) return Bytes();
        int at = Below(b.Length);
        switch (Below(8))
        {
            case 0: return Replace(b, at, 1, [(byte)(b[at] ^ (1 << Below(8)))]);
            case 1: return Replace(b, at, 1, [(byte)Below(256)]);
            case 2: return OneIn(4) ? b[..at] : b;
            case 3: return Replace(b, at, Math.Min(Below(20), b.Length - at), []);
            case 4: return Replace(b, at, 0, b.AsSpan(at, Math.Min(Below(100), b.Length - at)));
            case 5: return Replace(b, at, 0, Varint(Number()));
            case 6: return Replace(b, at, 0, Bytes());
            default:
                // A field with a length of its own, true or not.
                byte[] content = OneIn(2) ? Bytes() : Encoding.UTF8.GetBytes(Texts[Below(Texts.Length - 1)]);
                return Replace(b, at, 0, [(byte)(Below(32) << 3 | Below(8)), .. OneIn(4) ? Varint(Number()) : Varint((ulong)content.Length), .. content]);
        }
    }

    public static byte[] Varint(ulong value)
    {
        List<byte> bytes = [];
        for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
        return [.. bytes, (byte)value];
    }

    private static byte[] Replace(byte[] d, int start, int length, ReadOnlySpan<byte> by) => [.. d.AsSpan(0, start), .. by, .. d.AsSpan(start + length)];

    private static int Variable(string name, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : otherwise;
}
