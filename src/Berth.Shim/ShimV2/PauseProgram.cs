// A program that does nothing, for as long as a pod lives: a static ELF file of a few instructions, written by hand.
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Berth.Shim.ShimV2;

/// <summary>
/// What a pod's first process executes. It has one page and calls pause(2) for ever; that it reaps orphans of a shared pid namespace is the
/// kernel's doing, because it was started with SIGCHLD ignored.
/// </summary>
internal static class PauseProgram
{
    private const int HeaderSize = 64, SegmentSize = 56, Segments = 2;
    private const ulong Base = 0x400000;

    /// <summary>The file, for the machine that we run on.</summary>
    public static byte[] File() => File(RuntimeInformation.ProcessArchitecture);

    internal static byte[] File(Architecture architecture)
    {
        ReadOnlySpan<byte> code = architecture == Architecture.Arm64 ? Arm64 : X64;
        int start = HeaderSize + (Segments * SegmentSize);
        byte[] file = new byte[start + code.Length];
        Span<byte> to = file;
        // elf(5): 64 bits, little endian, version 1; an executable for that machine.
        file[0] = 0x7F;
        "ELF"u8.CopyTo(to[1..]);
        (file[4], file[5], file[6]) = (2, 1, 1);
        Put16(to, 16, 2);
        Put16(to, 18, (ushort)(architecture == Architecture.Arm64 ? 183 : 62));
        Put32(to, 20, 1);
        Put64(to, 24, Base + (ulong)start);
        Put64(to, 32, HeaderSize);
        Put16(to, 52, HeaderSize);
        Put16(to, 54, SegmentSize);
        Put16(to, 56, Segments);
        // All of it, to be read and executed; and a stack that is not.
        Segment(to[HeaderSize..], type: 1, flags: 5, Base, (ulong)file.Length);
        Segment(to[(HeaderSize + SegmentSize)..], type: 0x6474e551, flags: 6, 0, 0);
        code.CopyTo(to[start..]);
        return file;
    }

    // push 34 (pause); pop rax; syscall; jmp back
    private static ReadOnlySpan<byte> X64 => [0x6A, 0x22, 0x58, 0x0F, 0x05, 0xEB, 0xF9];

    // mov x0..x3, 0; mov x8, 73 (ppoll: there is no pause); svc 0; b back
    private static ReadOnlySpan<byte> Arm64 =>
    [
        0x00, 0x00, 0x80, 0xD2, 0x01, 0x00, 0x80, 0xD2, 0x02, 0x00, 0x80, 0xD2, 0x03, 0x00, 0x80, 0xD2,
        0x28, 0x09, 0x80, 0xD2, 0x01, 0x00, 0x00, 0xD4, 0xFA, 0xFF, 0xFF, 0x17,
    ];

    private static void Segment(Span<byte> to, uint type, uint flags, ulong address, ulong size)
    {
        Put32(to, 0, type);
        Put32(to, 4, flags);
        Put64(to, 16, address);
        Put64(to, 24, address);
        Put64(to, 32, size);
        Put64(to, 40, size);
        Put64(to, 48, 0x1000);
    }

    private static void Put16(Span<byte> to, int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(to[at..], value);

    private static void Put32(Span<byte> to, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(to[at..], value);

    private static void Put64(Span<byte> to, int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(to[at..], value);
}
