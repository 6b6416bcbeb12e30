// Id maps as the kernel shows them, and who root of a container is on the host.
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Lifecycle;

namespace Berth.Runtime.Plan;

public sealed class IdMapTests
{
    [Fact]
    public void Lines_of_uid_map_are_read() =>
        Assert.Equal([new IdMapping { ContainerId = 0, HostId = 100000, Size = 65536 }, new IdMapping { ContainerId = 65536, HostId = 1, Size = 2 }],
            IdMaps.Parse("         0     100000      65536\n     65536          1          2\n"));

    [Fact]
    public void Root_of_a_container_is_whom_the_maps_say()
    {
        Assert.Null(IdMaps.HostRoot(Base.Input().Spec));
        Assert.Equal(100000u, IdMaps.HostRoot(Base.Input(s => s.NewUserNamespace()).Spec)!.Uid);
    }
}
