// Compiles a device policy into the BPF program that cgroup v2 asks at every open and mknod of a device.
using Berth.Oci.Faults;

namespace Berth.Cgroups;

/// <summary>Instructions of BPF_PROG_TYPE_CGROUP_DEVICE; each is one 64-bit word in the kernel's struct bpf_insn.</summary>
/// <remarks>
/// The context is three 32-bit words: access in the upper and type in the lower half of the first, then major and minor.
/// r2 type · r3 access · r4 major · r5 minor · r0 verdict (1 allows).
/// </remarks>
internal static class DeviceProgram
{
    private const int BlockDevice = 1, CharDevice = 2;

    /// <summary>Compiles a policy.</summary>
    /// <exception cref="BerthException">A device number does not fit into 32 bits.</exception>
    public static ulong[] Compile(DevicePolicy policy)
    {
        List<ulong> code = new(8 + policy.Exceptions.Count * 8)
        {
            Load(2, 0), And(2, 0xffff),
            Load(3, 0), ShiftRight(3, 16),
            Load(4, 4),
            Load(5, 8),
        };
        bool allow = policy.AllowsByDefault;
        foreach (DeviceException exception in policy.Exceptions) AddException(code, exception, !allow);
        code.Add(Move(0, allow ? 1 : 0));
        code.Add(Exit);
        return [.. code];
    }

    private static void AddException(List<ulong> code, DeviceException exception, bool allow)
    {
        if (exception.Access == DeviceAccess.None) return;
        bool someAccess = exception.Access != DeviceAccess.All, major = exception.Major >= 0, minor = exception.Minor >= 0;
        int length = 1 + (someAccess ? 3 : 0) + (major ? 1 : 0) + (minor ? 1 : 0) + 2;
        int next = code.Count + length;
        code.Add(JumpIfNot(2, exception.IsBlock ? BlockDevice : CharDevice, To()));
        if (someAccess)
        {
            code.Add(Copy(1, 3));
            code.Add(And(1, (int)exception.Access));
            // An allowance covers a request only as a whole; a denial catches it by any part.
            code.Add(allow ? JumpIfDiffers(1, 3, To()) : JumpIfZero(1, To()));
        }
        if (major) code.Add(JumpIfNot(4, Number(exception.Major), To()));
        if (minor) code.Add(JumpIfNot(5, Number(exception.Minor), To()));
        code.Add(Move(0, allow ? 1 : 0));
        code.Add(Exit);

        short To() => (short)(next - code.Count - 1);
    }

    private static int Number(long number) => number <= uint.MaxValue
        ? unchecked((int)(uint)number)
        : throw new BerthException(Fault.InvalidArgument, $"device number {number} does not fit into 32 bits");

    // Opcodes of <linux/bpf_common.h> and <linux/bpf.h>; 32-bit jumps (since 5.1) compare numbers above 2^31 rightly.
    private static ulong Load(int register, short offset) => Instruction(0x61, register, 1, offset, 0);

    private static ulong And(int register, int value) => Instruction(0x54, register, 0, 0, value);

    private static ulong ShiftRight(int register, int bits) => Instruction(0x74, register, 0, 0, bits);

    private static ulong Move(int register, int value) => Instruction(0xb4, register, 0, 0, value);

    private static ulong Copy(int to, int from) => Instruction(0xbc, to, from, 0, 0);

    private static ulong JumpIfNot(int register, int value, short distance) => Instruction(0x56, register, 0, distance, value);

    private static ulong JumpIfZero(int register, short distance) => Instruction(0x16, register, 0, distance, 0);

    private static ulong JumpIfDiffers(int register, int other, short distance) => Instruction(0x5e, register, other, distance, 0);

    private static ulong Exit => Instruction(0x95, 0, 0, 0, 0);

    private static ulong Instruction(byte code, int destination, int source, short offset, int value) =>
        code | ((ulong)(uint)(destination | (source << 4)) << 8) | ((ulong)(ushort)offset << 16) | ((ulong)(uint)value << 32);
}
