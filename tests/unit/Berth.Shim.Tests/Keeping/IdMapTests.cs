// Maps of ids among the options of a mount, as containerd writes them.
using Berth.Oci.Faults;
using Berth.Shim.Keeping;

namespace Berth.Shim.Tests.Keeping;

public sealed class IdMapTests
{
    [Theory]
    [InlineData("0:1000:100000", "0 1000 100000\n")]
    [InlineData("0:1000:1,1:5000:65535", "0 1000 1\n1 5000 65535\n")]
    public void A_map_becomes_the_kernels_lines(string map, string lines) => Assert.Equal(lines, IdMaps.Lines(map));

    [Theory]
    [InlineData("")]
    [InlineData("0:1000")]
    [InlineData("0:1000:x")]
    [InlineData("0:-1:5")]
    [InlineData("0:1:5,")]
    public void Anything_else_is_refused(string map) => Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => IdMaps.Lines(map)).Kind);

    [Theory]
    [InlineData("/s/1/fs:/s/12/fs:/s/2/fs", "/s")]
    [InlineData("/s/1/fs:/s/1/fs2", "/s/1")]
    [InlineData("/s/1/fs", "/s/1")]
    public void Layers_are_looked_at_through_what_holds_them_all(string layers, string common) => Assert.Equal(common, IdMaps.Common(layers.Split(':')));

    [Theory]
    [InlineData("/a/fs:/b/fs")]
    [InlineData("fs")]
    public void The_whole_host_is_not_mapped(string layers) => Assert.Throws<BerthException>(() => IdMaps.Common(layers.Split(':')));

    [Fact]
    public void Without_both_maps_nothing_is_mapped()
    {
        List<string> options = ["lowerdir=/a", "uidmap=0:1:1"];
        Assert.Null(IdMaps.Take(options));
        Assert.Equal(["lowerdir=/a"], options);
    }
}
