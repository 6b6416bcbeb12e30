// Places of images as people write them.
using Berth.Engine.Images;
using Berth.Oci.Faults;

namespace Berth.Engine.Tests;

public sealed class PlaceTests
{
    [Theory]
    [InlineData("docker://quay.io/a/b:c", "docker", "quay.io/a/b:c")]
    [InlineData("oci:/a/b:tag", "oci", "/a/b:tag")]
    [InlineData("docker-archive:x.tar:a/b:1", "docker-archive", "x.tar:a/b:1")]
    [InlineData("dir:/x", "dir", "/x")]
    [InlineData("debian:12", "", "debian:12")]
    [InlineData("localhost:5000/a", "", "localhost:5000/a")]
    [InlineData("berth:debian", "berth", "debian")]
    public void A_place_is_read_and_written_back(string text, string transport, string rest)
    {
        ImagePlace place = ImagePlace.Parse(text);
        Assert.Equal((transport, rest, text), (place.TransportName, place.Rest, place.ToString()));
    }

    [Theory]
    [InlineData("docker:quay.io/a", Fault.InvalidArgument)]
    [InlineData("docker://", Fault.InvalidArgument)]
    [InlineData("oci:", Fault.InvalidArgument)]
    [InlineData("docker-daemon:a:1", Fault.Unsupported)]
    [InlineData("ostree:x", Fault.Unsupported)]
    public void A_place_that_is_none_is_refused(string text, Fault kind) => Assert.Equal(kind, Assert.Throws<BerthException>(() => ImagePlace.Parse(text)).Kind);

    [Theory]
    [InlineData("debian", "names no transport")]
    [InlineData("foo:bar", "'foo', which is unknown")]
    public void Where_a_transport_must_be_named_a_plain_name_is_refused(string text, string part) =>
        Assert.Contains(part, Assert.Throws<BerthException>(() => ImagePlace.ParseExplicit(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Access_does_not_print_its_password() => Assert.DoesNotContain("secret", $"{new AccessOptions { User = "me", Password = "secret", RegistryToken = "secret" }}", StringComparison.Ordinal);
}
