// Names of images, digests and platforms: what is one, and what it means.
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Oci.References;

namespace Berth.Oci.Tests.Images;

public sealed class ReferenceTests
{
    private const string Hex = "6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b";

    [Theory]
    [InlineData("alpine", "docker.io/library/alpine:latest", "alpine:latest")]
    [InlineData("alpine:3.20", "docker.io/library/alpine:3.20", "alpine:3.20")]
    [InlineData("user/tool", "docker.io/user/tool:latest", "user/tool:latest")]
    [InlineData("docker.io/alpine", "docker.io/library/alpine:latest", "alpine:latest")]
    [InlineData("index.docker.io/library/alpine", "docker.io/library/alpine:latest", "alpine:latest")]
    [InlineData("docker.io/library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest")]
    [InlineData("quay.io/a/b/c:v1", "quay.io/a/b/c:v1", "quay.io/a/b/c:v1")]
    [InlineData("localhost/a", "localhost/a:latest", "localhost/a:latest")]
    [InlineData("localhost:5000/a:b", "localhost:5000/a:b", "localhost:5000/a:b")]
    [InlineData("127.0.0.1:5000/a", "127.0.0.1:5000/a:latest", "127.0.0.1:5000/a:latest")]
    [InlineData("[::1]:5000/a", "[::1]:5000/a:latest", "[::1]:5000/a:latest")]
    [InlineData("Host/a", "Host/a:latest", "Host/a:latest")]
    [InlineData("local/a", "docker.io/local/a:latest", "local/a:latest")]
    [InlineData("a__b-c.d---e", "docker.io/library/a__b-c.d---e:latest", "a__b-c.d---e:latest")]
    [InlineData("alpine@sha256:" + Hex, "docker.io/library/alpine@sha256:" + Hex, "alpine@sha256:" + Hex)]
    [InlineData("alpine:3@sha256:" + Hex, "docker.io/library/alpine:3@sha256:" + Hex, "alpine:3@sha256:" + Hex)]
    public void A_name_is_completed_as_docker_does(string text, string whole, string familiar)
    {
        ImageReference reference = ImageReference.Parse(text);
        Assert.Equal((whole, familiar), (reference.ToString(), reference.Familiar));
        Assert.Equal(reference, ImageReference.Parse(whole));
        Assert.Equal(reference, ImageReference.Parse(familiar));
    }

    [Theory]
    [InlineData("")]
    [InlineData(":tag")]
    [InlineData("a:")]
    [InlineData("a@")]
    [InlineData("Alpine")]
    [InlineData("a/B")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("/a")]
    [InlineData("a___b")]
    [InlineData("a..b")]
    [InlineData("-a")]
    [InlineData("a-")]
    [InlineData("a.-b")]
    [InlineData("a:.b")]
    [InlineData("a b")]
    [InlineData("a\nb")]
    [InlineData("http://a/b")]
    [InlineData("host.:5000/a")]
    [InlineData("host:port/a")]
    [InlineData("[::1/a")]
    [InlineData("[zz]:1/a")]
    [InlineData("../a")]
    [InlineData("a/../b")]
    [InlineData(Hex)]
    [InlineData("a@sha256:abc")]
    [InlineData("a@sha256:" + Hex + "0")]
    [InlineData("a@SHA256:" + Hex)]
    public void What_is_no_name_is_refused_with_a_reason(string text)
    {
        Assert.False(ImageReference.TryParse(text, out _));
        BerthException fault = Assert.Throws<BerthException>(() => ImageReference.Parse(text));
        Assert.Equal(Fault.InvalidArgument, fault.Kind);
    }

    [Fact]
    public void Names_have_a_longest_length()
    {
        Assert.True(ImageReference.TryParse(new string('a', 200), out _));
        Assert.False(ImageReference.TryParse(new string('a', 256), out _));
        Assert.True(ImageReference.TryParse("a:" + new string('t', 128), out _));
        Assert.False(ImageReference.TryParse("a:" + new string('t', 129), out _));
        Assert.True(Assert.Throws<BerthException>(() => ImageReference.Parse("a:" + new string('!', 100_000))).Message.Length < 400);
    }

    [Fact]
    public void A_short_name_is_known_as_one()
    {
        Assert.True(ImageName.Parse("a/b:c").IsShort);
        Assert.False(ImageName.Parse("a.b/c").IsShort);
        Assert.Equal("quay.io/a/b:c", ImageName.Parse("a/b:c").In("quay.io").ToString());
        Assert.Equal("docker.io/library/b", ImageName.Parse("b").In("docker.io").ToString());
    }

    [Theory]
    [InlineData("sha256:" + Hex, true, true)]
    [InlineData("blake3:" + Hex, true, false)]
    [InlineData("sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564", true, false)]
    [InlineData("sha512:" + Hex + Hex, true, true)]
    [InlineData("sha512:" + Hex, false, false)]
    [InlineData("sha256:", false, false)]
    [InlineData("sha256", false, false)]
    [InlineData(":abc", false, false)]
    [InlineData("a..b:abc", false, false)]
    [InlineData("a:a/b", false, false)]
    [InlineData("../x:a", false, false)]
    public void A_digest_is_an_algorithm_and_an_encoding(string text, bool isOne, bool isVerifiable)
    {
        Assert.Equal(isOne, Digest.TryParse(text, out Digest digest));
        Assert.Equal(isVerifiable, digest.IsVerifiable);
        if (isOne) Assert.Equal(text, digest.ToString());
    }

    [Fact]
    public void Digests_are_those_of_the_content()
    {
        Assert.Equal("sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", Digest.Of("{}"u8).ToString());
        Assert.True(Digest.Of("a"u8).Matches("a"u8));
        Assert.False(Digest.Of("a"u8).Matches("b"u8));
        Assert.Equal(Descriptor.EmptyJson.Digest, Digest.Of(Descriptor.EmptyJson.Data));
        Assert.True(default(Digest).IsEmpty);
    }

    [Theory]
    [InlineData("linux/amd64", "linux", "amd64", null)]
    [InlineData("linux/x86_64", "linux", "amd64", null)]
    [InlineData("linux/aarch64", "linux", "arm64", null)]
    [InlineData("linux/arm64/v8", "linux", "arm64", null)]
    [InlineData("linux/arm", "linux", "arm", "v7")]
    [InlineData("linux/armhf", "linux", "arm", "v7")]
    [InlineData("linux/arm/6", "linux", "arm", "v6")]
    [InlineData("Windows/AMD64", "windows", "amd64", null)]
    [InlineData("macos/arm64", "darwin", "arm64", null)]
    [InlineData("arm64", "linux", "arm64", null)]
    [InlineData("riscv64", "linux", "riscv64", null)]
    public void A_platform_has_one_spelling(string text, string os, string architecture, string? variant)
    {
        Platform platform = Platform.Parse(text);
        Assert.Equal((os, architecture, variant), (platform.Os, platform.Architecture, platform.Variant));
    }

    [Theory]
    [InlineData("linux/")]
    [InlineData("a/b/c/d")]
    [InlineData("")]
    [InlineData("li nux/amd64")]
    public void What_is_no_platform_is_refused(string text) => Assert.Throws<BerthException>(() => Platform.Parse(text));

    [Theory]
    [InlineData("linux/arm64", "linux/amd64 linux/arm/v7 linux/arm64/v8", "linux/arm64/v8")]
    [InlineData("linux/arm/v7", "linux/arm/v5 linux/arm/v6 linux/arm64", "linux/arm/v6")]
    [InlineData("linux/arm/v6", "linux/arm/v7 linux/arm/v5", "linux/arm/v5")]
    [InlineData("linux/amd64", "linux/amd64/v3 linux/amd64", "linux/amd64")]
    [InlineData("linux/amd64/v3", "linux/amd64 linux/amd64/v2 linux/amd64/v4", "linux/amd64/v2")]
    [InlineData("linux/arm64", "linux/arm/v6 linux/arm/v7", "linux/arm/v7")]
    [InlineData("linux/amd64", "linux/arm64 windows/amd64", null)]
    [InlineData("linux/s390x", "unknown/unknown", null)]
    public void The_best_image_of_an_index_is_chosen(string wanted, string offered, string? chosen)
    {
        ImageIndex index = new()
        {
            Manifests = [.. offered.Split(' ').Select(text => text.Split('/')).Select(parts => new Descriptor
            {
                MediaType = MediaType.Manifest, Platform = new Platform { Os = parts[0], Architecture = parts[1], Variant = parts.Length > 2 ? parts[2] : null },
            })],
        };
        Assert.Equal(chosen, index.Choose(Platform.Parse(wanted))?.Platform?.ToString());
    }
}
