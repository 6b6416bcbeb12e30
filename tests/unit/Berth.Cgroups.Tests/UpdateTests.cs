// What an update changes, keeps and writes.
using Berth.Oci.RuntimeSpec;

namespace Berth.Cgroups.Tests;

public class UpdateTests
{
    private static readonly ResourcesSpec Stored = new()
    {
        Memory = new() { Limit = 100, Reservation = 50 },
        Cpu = new() { Shares = 100, Quota = 500000, Period = 1000000 },
        Pids = new() { Limit = 20 },
    };

    [Fact]
    public void Of_quota_and_period_the_one_that_is_not_named_keeps_its_stored_value()
    {
        ResourcesUpdate update = ResourcesUpdate.Merge(Stored, new() { Cpu = new() { Period = 900000 } });
        Assert.Equal((500000L, 900000UL), (update.Write.Cpu!.Quota, update.Write.Cpu.Period));
        Assert.Equal((500000L, 900000UL), (update.Stored.Cpu!.Quota, update.Stored.Cpu.Period));
    }

    [Fact]
    public void Quota_and_period_are_not_written_by_an_update_of_something_else_and_yet_stay_stored()
    {
        ResourcesUpdate update = ResourcesUpdate.Merge(Stored, new() { Memory = new() { Limit = 200 } });
        Assert.Null(update.Write.Cpu!.Quota);
        Assert.Equal(500000, update.Stored.Cpu!.Quota);
        Assert.Equal((200L, 50L), (update.Write.Memory!.Limit, update.Write.Memory.Reservation));
        Assert.Null(update.Write.Pids?.Limit);
        Assert.Equal(20, update.Stored.Pids!.Limit);
    }

    [Fact]
    public void Making_a_group_idle_forgets_its_shares()
    {
        ResourcesUpdate update = ResourcesUpdate.Merge(Stored, new() { Cpu = new() { Idle = 1 } });
        Assert.Null(update.Write.Cpu!.Shares);
        Assert.Null(ResourcesUpdate.Merge(update.Stored, new() { Cpu = new() { Period = 10000 } }).Write.Cpu!.Shares);
        Assert.Null(ResourcesUpdate.Merge(update.Stored, new() { Cpu = new() { Period = 10000 } }).Write.Cpu!.Idle);
        Assert.Equal(7UL, ResourcesUpdate.Merge(Stored, new() { Cpu = new() { Idle = 1, Shares = 7 } }).Write.Cpu!.Shares);
    }

    [Fact]
    public void Lifting_memory_alone_forgets_a_stored_swap_limit()
    {
        ResourcesSpec stored = Stored with { Memory = new() { Limit = 100, Swap = 300 } };
        Assert.Null(ResourcesUpdate.Merge(stored, new() { Memory = new() { Limit = -1 } }).Write.Memory!.Swap);
        Assert.Equal(300, ResourcesUpdate.Merge(stored, new() { Memory = new() { Limit = 200 } }).Write.Memory!.Swap);
    }

    [Fact]
    public void A_known_device_is_changed_where_it_stands_last_and_a_new_one_is_appended()
    {
        ResourcesSpec stored = new() { BlockIo = new() { ThrottleReadBpsDevice = [new() { Major = 8, Rate = 1 }, new() { Major = 8, Rate = 2 }], WeightDevice = [new() { Major = 7, Weight = 5, LeafWeight = 6 }] } };
        BlockIoSpec io = ResourcesUpdate.Merge(stored, new()
        {
            BlockIo = new() { ThrottleReadBpsDevice = [new() { Major = 8, Rate = 9 }, new() { Major = 9, Rate = 3 }], WeightDevice = [new() { Major = 7, Weight = 8 }] },
        }).Write.BlockIo!;
        Assert.Equal([(8L, 1UL), (8, 9), (9, 3)], io.ThrottleReadBpsDevice!.Select(d => (d.Major, d.Rate)));
        Assert.Equal([((ushort?)8, (ushort?)6)], io.WeightDevice!.Select(d => (d.Weight, d.LeafWeight)));
    }

    [Fact]
    public void An_update_of_a_container_without_limits_starts_from_nothing()
    {
        ResourcesUpdate update = ResourcesUpdate.Merge(null, new() { Cpu = new() { Quota = 30000 }, Pids = new() { Limit = 0 } });
        Assert.Equal(["pids.max=1", "cpu.max=30000 100000"], UnifiedLimits.Plan(update.Write).Select(w => w.ToString()));
    }
}
