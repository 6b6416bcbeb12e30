// The default filter: what it lets pass, what it never does, and what capabilities bring.
using System.Runtime.InteropServices;
using Berth.Oci.RuntimeSpec;

namespace Berth.Oci.Tests;

public class DefaultSeccompTests
{
    private static IEnumerable<string> Allowed(params string[] capabilities) =>
        DefaultSeccomp.For(capabilities, Architecture.X64).Syscalls!.Where(rule => rule.Action == "SCMP_ACT_ALLOW" && rule.Args is null).SelectMany(rule => rule.Names);

    [Fact]
    public void It_answers_with_EPERM_to_what_it_does_not_name()
    {
        SeccompSpec seccomp = DefaultSeccomp.For([], Architecture.X64);
        Assert.Equal(("SCMP_ACT_ERRNO", 1u), (seccomp.DefaultAction, seccomp.DefaultErrnoRet));
    }

    [Fact]
    public void Programs_can_do_what_programs_do() =>
        Assert.Superset(new HashSet<string> { "read", "execve", "futex", "clock_gettime", "arch_prctl", "rseq", "statx", "ptrace" }, Allowed().ToHashSet());

    [Theory]
    [InlineData("mount", "CAP_SYS_ADMIN")]
    [InlineData("unshare", "CAP_SYS_ADMIN")]
    [InlineData("bpf", "CAP_BPF")]
    [InlineData("chroot", "CAP_SYS_CHROOT")]
    [InlineData("finit_module", "CAP_SYS_MODULE")]
    [InlineData("open_by_handle_at", "CAP_DAC_READ_SEARCH")]
    [InlineData("clock_settime", "CAP_SYS_TIME")]
    [InlineData("reboot", "CAP_SYS_BOOT")]
    [InlineData("syslog", "CAP_SYSLOG")]
    [InlineData("perf_event_open", "CAP_PERFMON")]
    public void A_capability_brings_its_calls(string call, string capability)
    {
        Assert.DoesNotContain(call, Allowed());
        Assert.Contains(call, Allowed(capability));
    }

    [Theory]
    [InlineData("kexec_load")]
    [InlineData("io_uring_setup")]
    [InlineData("userfaultfd")]
    [InlineData("keyctl")]
    [InlineData("add_key")]
    [InlineData("swapon")]
    public void Some_calls_no_capability_brings(string call) =>
        Assert.DoesNotContain(call, Allowed("CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_MODULE", "CAP_SYS_PTRACE", "CAP_BPF"));

    [Fact]
    public void New_namespaces_need_CAP_SYS_ADMIN()
    {
        List<SeccompRule> without = DefaultSeccomp.For([], Architecture.X64).Syscalls!;
        SeccompRule clone = Assert.Single(without, rule => rule.Names.Contains("clone"));
        Assert.Equal((0u, 0x7E020000ul, "SCMP_CMP_MASKED_EQ"), (clone.Args![0].Index, clone.Args[0].Value, clone.Args[0].Op));
        SeccompRule clone3 = Assert.Single(without, rule => rule.Names.Contains("clone3"));
        Assert.Equal(("SCMP_ACT_ERRNO", 38u), (clone3.Action, clone3.ErrnoRet));
        Assert.Superset(new HashSet<string> { "clone", "clone3" }, Allowed("CAP_SYS_ADMIN").ToHashSet());
    }

    [Fact]
    public void Neither_vsock_nor_the_kernels_ciphers_can_be_reached()
    {
        // 38 is AF_ALG, 40 AF_VSOCK.
        IEnumerable<SeccompArg> families = DefaultSeccomp.For([], Architecture.X64).Syscalls!.Where(rule => rule.Names is ["socket"]).Select(rule => rule.Args![0]);
        Assert.Equal([(38ul, "SCMP_CMP_LT"), (39ul, "SCMP_CMP_EQ"), (40ul, "SCMP_CMP_GT")], families.Select(family => (family.Value, family.Op)));
    }

    [Fact]
    public void The_architectures_a_kernel_runs_beside_its_own_are_covered()
    {
        Assert.Equal(["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"], DefaultSeccomp.For([], Architecture.X64).Architectures!);
        Assert.Equal(["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"], DefaultSeccomp.For([], Architecture.Arm64).Architectures!);
    }
}
