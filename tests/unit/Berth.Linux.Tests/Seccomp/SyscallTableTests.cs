// The table of system calls against libseccomp's.
using Berth.Linux.Seccomp;

namespace Berth.Linux.Tests.Seccomp;

public sealed class SyscallTableTests
{
    [Fact]
    public void Every_name_is_found_at_its_place()
    {
        string? before = null;
        for (int i = 0; i < SyscallTable.Length; i++)
        {
            string name = SyscallTable.NameAt(i);
            Assert.True(string.CompareOrdinal(before, name) < 0, name);
            Assert.Equal(i, SyscallTable.IndexOf(name));
            before = name;
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("rea")]
    [InlineData("reads")]
    [InlineData("Read")]
    [InlineData("no_such_call")]
    [InlineData("ré")]
    public void A_name_that_is_no_system_call_is_not_found(string name) => Assert.Equal(-1, SyscallTable.IndexOf(name));

    [Theory]
    [InlineData(SeccompArch.X86_64, "read", 0u)]
    [InlineData(SeccompArch.X86_64, "seccomp", 317u)]
    [InlineData(SeccompArch.X86_64, "open_tree_attr", 467u)]
    [InlineData(SeccompArch.X86, "socketcall", 102u)]
    [InlineData(SeccompArch.X32, "execve", 0x40000208u)]
    [InlineData(SeccompArch.Aarch64, "seccomp", 277u)]
    [InlineData(SeccompArch.Aarch64, "open", null)]
    [InlineData(SeccompArch.Arm, "set_tls", 0xF0005u)]
    [InlineData(SeccompArch.Arm, "sync_file_range2", 341u)]
    [InlineData(SeccompArch.Mips, "read", 4003u)]
    [InlineData(SeccompArch.Mips64, "read", 5000u)]
    [InlineData(SeccompArch.Mips64N32, "read", 6000u)]
    [InlineData(SeccompArch.S390X, "clone3", 435u)]
    public void Numbers_are_those_of_the_kernel(SeccompArch arch, string name, uint? number)
    {
        Assert.Equal(number, SyscallTable.Number(arch, name));
        if (number is { } known && name != "sync_file_range2") Assert.Equal(name, SyscallTable.NameOf(arch, known));
    }

    [Fact]
    public void Numbers_equal_those_of_libseccomp_for_every_name_both_know()
    {
        Libseccomp.Require();
        int compared = 0;
        foreach (SeccompArch arch in Enum.GetValues<SeccompArch>())
        {
            if (Libseccomp.Number(arch, "read") < 0) continue;
            for (int i = 0; i < SyscallTable.Length; i++)
            {
                int theirs = Libseccomp.Number(arch, SyscallTable.NameAt(i));
                if (theirs < 0) continue;
                // Until 2.5.5 the 64-bit table of parisc had this one of the 32-bit table.
                if (arch == SeccompArch.Parisc64 && SyscallTable.NameAt(i) == "_llseek") continue;
                Assert.True(SyscallTable.Number(arch, i) == (uint)theirs, $"{arch} {SyscallTable.NameAt(i)}: {SyscallTable.Number(arch, i)} instead of {theirs}");
                compared++;
            }
        }
        Assert.True(compared > 5000);
    }
}
