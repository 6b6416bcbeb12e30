// MON-10, MON-11: a container that ran out of memory is known for it, also when nobody watched.
using Berth.Contract.Shim.Stage;

namespace Berth.Contract.Shim.Exits;

[Row("MON-10", "MON-11")]
public sealed class OutOfMemoryTests : MonitorTest
{
    [Fact]
    public void A_file_tells_it_in_both_folders()
    {
        Machine.NeedsController("memory");
        RunningMonitor monitor = Started(config => config.Set("linux.resources.memory.limit", 24 << 20)
            .Shell("dd if=/dev/zero of=/dev/null bs=200M count=1; sleep 1000"));
        Until.True(() => File.Exists($"{monitor.Persist}/oom"), "the file is in the container's own folder");
        Until.True(() => File.Exists($"{Dock.Bundle}/oom"), "the file is in the bundle");
        Dock.Call("kill", Id, "KILL").Succeeded();
        monitor.AwaitEnd();
    }

    [Fact]
    public void A_program_that_is_killed_for_it_leaves_both_the_file_and_the_code()
    {
        Machine.NeedsController("memory");
        RunningMonitor monitor = Started(config => config.Set("linux.resources.memory.limit", 24 << 20).Args("/bin/dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1"));
        Assert.Equal(137, monitor.AwaitEnd());
        Assert.True(File.Exists($"{monitor.Persist}/oom"));
    }

    [Fact]
    public void There_is_no_file_without_a_reason()
    {
        RunningMonitor monitor = Started(config => config.Set("linux.resources.memory.limit", 64 << 20).Shell("exit 1"));
        monitor.AwaitEnd();
        Dock.Call("delete", Id).Succeeded();
        Assert.False(File.Exists($"{monitor.Persist}/oom"));
        Assert.False(File.Exists($"{Dock.Bundle}/oom"));
    }

    [Fact]
    public void A_file_of_an_earlier_life_does_not_hinder()
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "exit 2"), call => File.WriteAllText($"{Dock.NewFolder($"{Id}.persist")}/oom", ""));
        Assert.Equal(2, monitor.AwaitEnd());
    }
}
