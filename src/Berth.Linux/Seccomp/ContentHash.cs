// A quick 128-bit hash of bytes, for naming and checking files that only we write.
using System.Buffers.Binary;

namespace Berth.Linux.Seccomp;

/// <summary>
/// Two lanes of multiply-and-fold. Not cryptographic: whoever is to be kept out must not be able to write the files at all.
/// </summary>
/// <param name="High">First half.</param>
/// <param name="Low">Second half.</param>
internal readonly record struct ContentHash(ulong High, ulong Low)
{
    private const ulong First = 0x9E3779B97F4A7C15, Second = 0xC2B2AE3D27D4EB4F, Third = 0x165667B19E3779F9;

    /// <summary>Hashes bytes.</summary>
    /// <param name="bytes">What is hashed.</param>
    /// <param name="seed">Tells apart equal bytes that mean different things.</param>
    public static ContentHash Of(ReadOnlySpan<byte> bytes, ulong seed)
    {
        ulong a = seed ^ First, b = (ulong)bytes.Length ^ Second;
        while (bytes.Length >= 16)
        {
            Mix(ref a, ref b, BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
            bytes = bytes[16..];
        }
        Span<byte> rest = stackalloc byte[16];
        rest.Clear();
        bytes.CopyTo(rest);
        Mix(ref a, ref b, BinaryPrimitives.ReadUInt64LittleEndian(rest), BinaryPrimitives.ReadUInt64LittleEndian(rest[8..]));
        Mix(ref a, ref b, Second, Third);
        return new ContentHash(a, b);
    }

    /// <summary>32 hexadecimal digits.</summary>
    public string ToHex() => string.Create(32, this, static (digits, hash) =>
    {
        for (int i = 0; i < 16; i++)
        {
            digits[i] = Digit(hash.High >> (60 - i * 4));
            digits[i + 16] = Digit(hash.Low >> (60 - i * 4));
        }
    });

    private static char Digit(ulong value) => (char)((value & 15) < 10 ? '0' + (int)(value & 15) : 'a' + (int)(value & 15) - 10);

    private static void Mix(ref ulong a, ref ulong b, ulong x, ulong y)
    {
        ulong high = Math.BigMul(a ^ x, First | 1, out ulong low);
        ulong high2 = Math.BigMul(b ^ y, Third, out ulong low2);
        a = (low ^ high2) + Second;
        b = (low2 ^ high) + a;
    }
}
