// Which requests go through a proxy, by the environment.
using Berth.Distribution.Transport;

namespace Berth.Distribution.Tests.Transport;

public sealed class EnvironmentProxyTests
{
    [Theory]
    [InlineData("https://quay.io/v2/", "", true), InlineData("https://quay.io/v2/", "*", false), InlineData("https://quay.io/", "quay.io", false), InlineData("https://cdn.quay.io/", "quay.io", false), InlineData("https://notquay.io/", "quay.io", true)]
    [InlineData("https://quay.io/", ".quay.io", true), InlineData("https://cdn.quay.io/", "*.quay.io", false), InlineData("https://cdn.quay.io/", ".QUAY.io", false), InlineData("https://quay.io:5000/", "quay.io:5000", false), InlineData("https://quay.io:5001/", "quay.io:5000", true)]
    [InlineData("https://10.1.2.3/", "10.0.0.0/8", false), InlineData("https://11.1.2.3/", "a, 10.0.0.0/8", true), InlineData("https://[fd00::1]:5000/", "fd00::/8", false), InlineData("https://10.1.2.3/", "10.1.2.3", false), InlineData("https://localhost:5000/", "", false), InlineData("https://127.0.0.9/", "", false), InlineData("https://[::1]/", "", false)]
    public void NO_PROXY_has_names_ports_addresses_and_networks(string destination, string except, bool isProxied)
    {
        EnvironmentProxy proxy = Of(("HTTPS_PROXY", "http://proxy:3128"), ("no_proxy", except));
        Assert.Equal(isProxied ? new Uri("http://proxy:3128") : null, proxy.GetProxy(new Uri(destination)));
        Assert.Equal(!isProxied, proxy.IsBypassed(new Uri(destination)));
    }

    [Fact]
    public void Each_scheme_has_its_own_and_passwords_go_to_the_proxy()
    {
        EnvironmentProxy proxy = Of(("http_proxy", "plain:80"), ("HTTPS_PROXY", "https://me:p%40ss@proxy:443"));
        Assert.Equal("http://plain/", proxy.GetProxy(new Uri("http://quay.io/"))!.AbsoluteUri);
        Uri secure = proxy.GetProxy(new Uri("https://quay.io/"))!;
        Assert.Equal("p@ss", proxy.Credentials!.GetCredential(secure, "Basic")!.Password);
        Assert.Equal("https://proxy/", secure.AbsoluteUri);
        Assert.False(Of().IsAny);
        Assert.Null(Of(("HTTP_PROXY", "http://p")).GetProxy(new Uri("https://quay.io/")));
        Assert.NotNull(Of(("ALL_PROXY", "socks5://p:1080")).GetProxy(new Uri("https://quay.io/")));
    }

    private static EnvironmentProxy Of(params (string Name, string Value)[] variables) => new(name => variables.FirstOrDefault(one => one.Name == name).Value);
}
