// Which lines of mountinfo show the kernel of the host.
namespace Berth.Linux.Mounts;

public sealed class KernelMountsTests
{
    [Fact]
    public void Whole_procfs_and_sysfs_mounts_are_found_in_the_order_of_the_table() => Assert.Equal(["/proc", "/sys", "/with space/proc"], KernelMounts.Parse("""
        21 28 0:19 / /proc rw,nosuid shared:5 - proc proc rw
        22 28 0:20 / /sys rw,nosuid shared:6 master:1 - sysfs sysfs rw
        23 28 0:19 /sys /proc/sys ro - proc proc rw
        24 28 0:30 / /tmp rw - tmpfs tmpfs rw
        25 28 0:31 / /with\040space/proc rw - proc proc rw
        """u8));

    [Fact]
    public void A_mount_that_only_looks_like_one_is_left_out() => Assert.Empty(KernelMounts.Parse("24 28 0:30 / /proc rw - tmpfs proc rw,context=proc\n"u8));

    [Fact]
    public void This_host_has_a_procfs() => Assert.Contains("/proc", KernelMounts.Whole());
}
