// Names, filters, patterns and changes of images as docker and podman understand them; verbs over a store in a folder.
using Berth.Cli.Commands.Images;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;

namespace Berth.Cli.Tests;

public sealed class ImageVerbTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("berth-cli-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Task<(int Code, string Output, string Error)> RunAsync(params string[] words) => CommandTreeTests.RunAsync(["--root", $"{_folder}/store", .. words]);

    [Theory]
    [InlineData("docker.io/library/debian:12", "debian", "12")]
    [InlineData("docker.io/grafana/grafana:1.2", "grafana/grafana", "1.2")]
    [InlineData("localhost:5000/a/b:c", "localhost:5000/a/b", "c")]
    [InlineData("quay.io/a@sha256:0123", "quay.io/a", "sha256:0123")]
    public void A_name_is_shown_without_what_people_leave_out(string full, string repository, string tag) => Assert.Equal((repository, tag), ImageNames.Split(full));

    [Theory]
    [InlineData("deb*", "debian", true)]
    [InlineData("deb*", "debian/x", false)]
    [InlineData("*/x", "debian/x", true)]
    [InlineData("*:1*2", "a:1.12.2", true)]
    [InlineData("d?b", "dab", true)]
    [InlineData("d?b", "d/b", false)]
    [InlineData("[a-c]x", "bx", true)]
    [InlineData("[^a-c]x", "bx", false)]
    [InlineData("[]a]x", "]x", true)]
    [InlineData("[", "[", false)]
    [InlineData("a\\*", "a*", true)]
    [InlineData("", "", true)]
    [InlineData("**a*", "bba", true)]
    public void Patterns_are_those_of_Go(string pattern, string text, bool matches) => Assert.Equal(matches, Glob.Matches(pattern, text));

    [Theory]
    [InlineData("253402300800")]
    [InlineData("99999999999999")]
    [InlineData("1000000w")]
    [InlineData("1000000w1000000w")]
    public void A_time_that_no_calendar_has_is_refused(string text) =>
        Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => ImageFilter.Time(text, new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))).Kind);

    [Fact]
    public void A_pattern_of_many_stars_ends_soon() => Assert.False(Glob.Matches(string.Concat(Enumerable.Repeat("*a", 30)) + "b", new string('a', 200)));

    [Fact]
    public void Changes_are_instructions_of_a_Dockerfile()
    {
        ContainerConfig config = Changes.Apply(new ContainerConfig { Env = ["A=1", "B=2"] },
            ["CMD [\"sh\", \"-c\", \"x y\"]", "entrypoint run it", "ENV A=3 C=\"x y\"", "LABEL a=b c='d e'", "EXPOSE 80 53/udp", "VOLUME [\"/data\"]", "USER nobody", "WORKDIR /w", "STOPSIGNAL SIGINT", "ENV OLD style value"]);
        Assert.Equal(["sh", "-c", "x y"], config.Cmd!);
        Assert.Equal(["/bin/sh", "-c", "run it"], config.Entrypoint!);
        Assert.Equal(["B=2", "A=3", "C=x y", "OLD=style value"], config.Env!);
        Assert.Equal("d e", config.Labels!["c"]);
        Assert.Equal(["53/udp", "80/tcp"], config.ExposedPorts!.Keys.Order());
        Assert.Equal(["/data"], config.Volumes!.Keys);
        Assert.Equal(("nobody", "/w", "SIGINT"), (config.User, config.WorkingDir, config.StopSignal));
        Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => Changes.Apply(config, ["RUN x"])).Kind);
    }

    [Fact]
    public async Task A_store_that_is_not_there_is_empty_and_is_not_made_by_looking()
    {
        Assert.Equal((0, "REPOSITORY   TAG       IMAGE ID   CREATED   SIZE\n", ""), await RunAsync("images"));
        Assert.Equal((1, "", ""), await RunAsync("image", "exists", "x"));
        Assert.False(Directory.Exists($"{_folder}/store"));
    }

    [Theory]
    [InlineData(1, "rmi", "nosuch")]
    [InlineData(0, "rmi", "-f", "nosuch")]
    [InlineData(0, "rmi", "--ignore", "nosuch")]
    [InlineData(125, "rmi")]
    [InlineData(125, "inspect", "nosuch")]
    [InlineData(125, "history", "nosuch")]
    [InlineData(125, "images", "--filter", "colour=red")]
    [InlineData(125, "images", "--filter", "dangling=perhaps")]
    [InlineData(125, "image", "prune")]
    [InlineData(125, "pull")]
    [InlineData(125, "login", "--password-stdin", "registry.example")]
    [InlineData(125, "system", "prun")]
    public async Task Exit_codes_are_podmans(int code, params string[] words) => Assert.Equal(code, (await RunAsync(words)).Code);

    [Fact]
    public async Task Images_are_listed_filtered_and_removed()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "layers are unpacked by root");
        string tar = $"{_folder}/fs.tar";
        await System.Formats.Tar.TarFile.CreateFromDirectoryAsync(Directory.CreateDirectory($"{_folder}/fs/etc").Parent!.FullName, tar, includeBaseDirectory: false, TestContext.Current.CancellationToken);
        Assert.Equal(0, (await RunAsync("import", "--change", "LABEL stage=test", tar, "quay.io/x/one:1")).Code);
        Assert.Equal(0, (await RunAsync("import", "--message", "second", tar, "two")).Code);
        Assert.Equal(0, (await RunAsync("tag", "two", "three:3")).Code);
        Assert.Equal("three:3\n", (await RunAsync("images", "--format", "{{.Repository}}:{{.Tag}}", "three")).Output);
        Assert.Equal("quay.io/x/one\n", (await RunAsync("images", "--format", "{{.Repository}}", "--filter", "label=stage=test")).Output);
        Assert.Equal("NAME            VER\nquay.io/x/one   1\n".Replace("NAME            VER", "REPOSITORY      TAG"), (await RunAsync("images", "--format", "table {{.Repository}}\\t{{.Tag}}", "quay.io/x/*")).Output);
        Assert.Equal("second\n", (await RunAsync("history", "--format", "{{.Comment}}", "two")).Output);
        Assert.Equal("[\"three:3\",\"two:latest\"]\n", (await RunAsync("inspect", "--format", "{{json .RepoTags}}", "two")).Output.Replace("\"two:latest\",\"three:3\"", "\"three:3\",\"two:latest\""));
        Assert.Equal(0, (await RunAsync("image", "pin", "two")).Code);
        Assert.Contains("quay.io/x/one", (await RunAsync("image", "prune", "-a", "-f", "--dry-run")).Output, StringComparison.Ordinal);
        Assert.DoesNotContain("two", (await RunAsync("image", "prune", "-a", "-f")).Output, StringComparison.Ordinal);
        Assert.Equal("Untagged: three:3\n", (await RunAsync("rmi", "three:3")).Output);
        (int code, string output, string error) = await RunAsync("rmi", "two", "nosuch");
        Assert.Equal(1, code);
        Assert.Contains("Deleted: sha256:", output, StringComparison.Ordinal);
        Assert.Contains("nosuch", error, StringComparison.Ordinal);
        Assert.Equal(("", 0), ((await RunAsync("images", "-q")).Output, (await RunAsync("storage", "check")).Code));
    }
}
