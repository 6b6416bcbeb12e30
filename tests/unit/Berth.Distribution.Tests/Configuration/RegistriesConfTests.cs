// registries.conf with all that it can say, and what comes of it.
using Berth.Distribution.Configuration;
using Berth.Distribution.Tests.Stage;
using Berth.Oci.Faults;
using Berth.Oci.References;

namespace Berth.Distribution.Tests.Configuration;

public sealed class RegistriesConfTests : IDisposable
{
    private readonly Home _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public void Without_any_file_short_names_are_Docker_Hubs()
    {
        ShortNames names = new(RegistriesConf.Read(_home.Places, null), _home.Places);
        Assert.Equal(["docker.io/library/debian:latest"], Words(names, "debian"));
        Assert.Equal(["docker.io/a/b:v@sha256:" + new string('0', 64)], Words(names, "a/b:v@sha256:" + new string('0', 64)));
        Assert.Equal(["quay.io/a/b:latest"], Words(names, "quay.io/a/b"));
    }

    [Fact]
    public void A_file_that_names_no_registries_to_search_makes_short_names_an_error()
    {
        _home.Write("etc/containers/registries.conf", "[[registry]]\nprefix = \"a.io\"\n");
        BerthException fault = Assert.Throws<BerthException>(() => new ShortNames(RegistriesConf.Read(_home.Places, null), _home.Places).Candidates(ImageName.Parse("debian")));
        Assert.Equal(Fault.NotFound, fault.Kind);
        Assert.Contains("docker.io/debian", fault.Hint);
    }

    [Fact]
    public void Aliases_stand_before_the_search_and_the_users_choice_before_all()
    {
        _home.Write("etc/containers/registries.conf", "unqualified-search-registries = [\"a.io\", \"b.io/team\"]\nshort-name-mode = \"enforcing\"\n[aliases]\nalpine = \"quay.io/alpine\"\nempty = \"quay.io/empty\"");
        _home.Write("etc/containers/registries.conf.d/50.conf", "[aliases]\n\"alpine\" = \"c.io/library/alpine\"\n\"empty\" = \"\"");
        RegistriesConf conf = RegistriesConf.Read(_home.Places, null);
        ShortNames names = new(conf, _home.Places);
        Assert.Equal("enforcing", conf.ShortNameMode);
        Assert.Equal(["c.io/library/alpine:3"], Words(names, "alpine:3"));
        Assert.Equal(["a.io/empty:latest", "b.io/team/empty:latest"], Words(names, "empty"));
        names.Remember("alpine", ImageReference.Parse("d.io/mine/alpine:9"));
        names.Remember("other", ImageReference.Parse("d.io/other"));
        Assert.Equal(["d.io/mine/alpine:3"], Words(names, "alpine:3"));
        Assert.Equal("[aliases]\n  \"alpine\" = \"d.io/mine/alpine\"\n  \"other\" = \"d.io/other\"\n", File.ReadAllText($"{_home.Folder}/home/.cache/containers/short-name-aliases.conf"));
    }

    [Fact]
    public void The_users_own_file_replaces_the_systems_and_a_named_one_both()
    {
        _home.Write("etc/containers/registries.conf", "unqualified-search-registries = [\"system.io\"]");
        _home.Write("etc/containers/registries.conf.d/a.conf", "[[registry]]\nprefix = \"dropped.io\"\nblocked = true");
        Assert.Equal(["system.io"], RegistriesConf.Read(_home.Places, null).Search);
        Assert.True(RegistriesConf.Read(_home.Places, null).Find(ImageReference.Parse("dropped.io/x"))!.IsBlocked);
        _home.Write("home/.config/containers/registries.conf", "unqualified-search-registries = [\"own.io\"]");
        _home.Write("home/.config/containers/registries.conf.d/b.conf", "[[registry]]\nprefix = \"owndropped.io\"\ninsecure = true");
        RegistriesConf own = RegistriesConf.Read(_home.Places, null);
        Assert.Equal(["own.io"], own.Search);
        Assert.Null(own.Find(ImageReference.Parse("dropped.io/x")));
        Assert.True(own.Find(ImageReference.Parse("owndropped.io/x"))!.IsInsecure);
        _home.Environment["CONTAINERS_REGISTRIES_CONF"] = _home.Write("named.conf", "unqualified-search-registries = [\"named.io\"]");
        Assert.Equal(["named.io"], RegistriesConf.Read(_home.Places, null).Search);
        Assert.Equal(Fault.NotFound, Assert.Throws<BerthException>(() => RegistriesConf.Read(_home.Places, "/no/such/file")).Kind);
    }

    [Fact]
    public void The_longest_prefix_counts_and_is_replaced_by_its_location()
    {
        _home.Write("etc/containers/registries.conf", """
            [[registry]]
            prefix = "a.io"
            location = "b.io"
            [[registry]]
            prefix = "a.io/team"
            location = "c.io:5000/mirror/of-team"
            [[registry]]
            prefix = "a.io/team/exact:v1"
            blocked = true
            [[registry]]
            prefix = "*.example.com"
            location = "d.io"
            [[registry]]
            location = "e.io"
            insecure = true
            """);
        RegistriesConf conf = RegistriesConf.Read(_home.Places, null);
        string Of(string name)
        {
            ImageReference image = ImageReference.Parse(name);
            return conf.Find(image) is { } rule ? rule.Rewrite(image, rule.Location).ToString() : "-";
        }
        Assert.Equal("b.io/x/y:z", Of("a.io/x/y:z"));
        Assert.Equal("b.io/teamwork:latest", Of("a.io/teamwork"));
        Assert.Equal("c.io:5000/mirror/of-team/app:1", Of("a.io/team/app:1"));
        Assert.True(conf.Find(ImageReference.Parse("a.io/team/exact:v1"))!.IsBlocked);
        Assert.Equal("d.io/x:latest", Of("foo.bar.example.com/x"));
        Assert.Equal("-", Of("example.com/x"));
        Assert.Equal("e.io/x:latest", Of("e.io/x"));
        Assert.True(conf.IsInsecure("e.io"));
        Assert.Equal("-", Of("a.io.evil/x"));
    }

    [Fact]
    public void The_first_version_of_the_format_is_read()
    {
        _home.Write("etc/containers/registries.conf", "[registries.search]\nregistries = ['a.io']\n[registries.insecure]\nregistries = ['b.io']\n[registries.block]\nregistries = ['c.io', 'b.io']");
        RegistriesConf conf = RegistriesConf.Read(_home.Places, null);
        Assert.Equal(["a.io"], conf.Search);
        Assert.True(conf.Find(ImageReference.Parse("b.io/x")) is { IsInsecure: true, IsBlocked: true });
        Assert.True(conf.Find(ImageReference.Parse("c.io/x"))!.IsBlocked);
    }

    [Theory]
    [InlineData("[[registry]]\ninsecure = true", "neither"), InlineData("[[registry]]\nprefix = \"*.a.io/x\"", "pattern"), InlineData("[[registry]]\nprefix = \"a*.io\"", "'*'"), InlineData("short-name-mode = \"maybe\"", "short-name-mode")]
    [InlineData("[[registry]]\nlocation = \"https://a.io\"", "address"), InlineData("[[registry]]\nlocation = \"a.io\"\n[[registry.mirror]]\nlocation = \"b.io\"\npull-from-mirror = \"x\"", "pull-from-mirror"), InlineData("unqualified-search-registries = [\"a b\"]", "search")]
    [InlineData("[[registry]]\nlocation = \"a.io\"\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = \"b.io\"\npull-from-mirror = \"all\"", "mirror-by-digest-only"), InlineData("[[registry]]\nlocation = \"a.io\"\n[[registry.mirror]]\ninsecure = true", "no location"), InlineData("[[registry]]\nlocation = 1", "string")]
    public void What_cannot_be_meant_is_refused_with_the_files_name(string text, string reason)
    {
        string path = _home.Write("etc/containers/registries.conf", text);
        BerthException fault = Assert.Throws<BerthException>(() => RegistriesConf.Read(_home.Places, null));
        Assert.Equal(Fault.InvalidArgument, fault.Kind);
        Assert.Contains(path, fault.Message);
        Assert.Contains(reason, fault.Message);
    }

    [Fact]
    public void Hosts_of_containerd_are_read_in_their_order()
    {
        _home.Write("etc/containerd/certs.d/docker.io/hosts.toml", """
            server = "https://registry-1.docker.io"
            [host."https://mirror.example:8443/proxy"]
              capabilities = ["pull"]
              skip_verify = true
              [host."https://mirror.example:8443/proxy".header]
                x-one = "1"
                x-two = ["2", "3"]
            [host."http://plain.example/v2/odd/"]
              override_path = true
            """);
        _home.Write("etc/containerd/certs.d/_default/hosts.toml", "[host.\"https://any.example\"]\n");
        IReadOnlyList<RegistryHost> hosts = HostsToml.For("docker.io", _home.Places)!;
        Assert.Equal(["https://mirror.example:8443/proxy/v2/", "http://plain.example/v2/odd/", "https://registry-1.docker.io/v2/"], hosts.Select(host => host.Address.AbsoluteUri));
        Assert.True(hosts[0] is { MayPull: true, MayResolve: false, MayPush: false, IsInsecure: true });
        Assert.Equal(["x-one=1", "x-two=2", "x-two=3"], hosts[0].Headers.Select(pair => $"{pair.Key}={pair.Value}"));
        Assert.Equal(["https://any.example/v2/", "https://other.io:5000/v2/"], HostsToml.For("other.io:5000", _home.Places)!.Select(host => host.Address.AbsoluteUri));
        _home.Write("etc/containerd/certs.d/other.io_5000_/hosts.toml", "server = \"ftp://x\"");
        Assert.Contains("no address", Assert.Throws<BerthException>(() => HostsToml.For("other.io:5000", _home.Places)).Message);
    }

    [Fact]
    public void Certificates_are_taken_from_the_first_folder_that_has_the_host_and_pairs_are_whole()
    {
        using System.Security.Cryptography.RSA key = System.Security.Cryptography.RSA.Create(2048);
        using System.Security.Cryptography.X509Certificates.X509Certificate2 certificate = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=test", key, System.Security.Cryptography.HashAlgorithmName.SHA256, System.Security.Cryptography.RSASignaturePadding.Pkcs1).CreateSelfSigned(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(1));
        string pem = certificate.ExportCertificatePem();
        _home.Write("etc/docker/certs.d/a.io:5000/ca.crt", pem);
        _home.Write("home/.config/containers/certs.d/b.io/ca.crt", pem + "\n" + pem);
        _home.Write("home/.config/containers/certs.d/b.io/client.cert", pem);
        string private_ = _home.Write("home/.config/containers/certs.d/b.io/client.key", key.ExportPkcs8PrivateKeyPem());
        _home.Write("etc/containers/certs.d/b.io/broken.crt", "x");
        Assert.Single(Certificates.For("a.io:5000", null, _home.Places).Authorities);
        Assert.Empty(Certificates.For("a.io", null, _home.Places).Authorities);
        Certificates both = Certificates.For("b.io", null, _home.Places);
        Assert.Equal(2, both.Authorities.Count);
        Assert.True(Assert.Single(both.Own).HasPrivateKey);
        File.Delete(private_);
        Assert.Contains("client.key is missing", Assert.Throws<BerthException>(() => Certificates.For("b.io", null, _home.Places)).Message);
        _home.Write("named/broken.crt", "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n");
        Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => Certificates.For("b.io", $"{_home.Folder}/named", _home.Places)).Kind);
    }

    private static IEnumerable<string> Words(ShortNames names, string name) => names.Candidates(ImageName.Parse(name)).Select(one => one.ToString());
}
