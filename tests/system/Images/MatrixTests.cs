// An image on its way through all places and all tools: it stays the one it was.
using System.Text.Json.Nodes;

namespace Berth.SystemTests.Images;

public sealed class MatrixTests(TravellingImage image) : IClassFixture<TravellingImage>
{
    private static readonly string[] s_transports = ["docker", "oci", "oci-archive", "docker-archive", "dir", "berth"];

    /// <summary>From each to each.</summary>
    public static TheoryData<string, string> Pairs()
    {
        TheoryData<string, string> pairs = [];
        foreach (string from in s_transports)
        {
            foreach (string to in s_transports) pairs.Add(from, to);
        }
        return pairs;
    }

    [Theory, MemberData(nameof(Pairs))]
    public void An_image_is_the_same_wherever_berth_takes_it(string from, string to)
    {
        image.Make();
        string source = image.Source(from), place = image.Place(to, $"{from}-to-{to}");
        Identity before = image.Inspect(source);
        image.Berth("copy", "-q", source, place);
        Identity after = image.Inspect(place);
        Assert.Equal((image.Identity.Id, image.Identity.Diffs), (after.Id, after.Diffs));
        // docker save knows no compressed layers, and no manifest.
        if (from != "docker-archive" && to != "docker-archive") Assert.Equal(image.Identity.Manifest, after.Manifest);
        if (from == to) Assert.Equal(before, after);
    }

    [Theory]
    [InlineData("docker"), InlineData("docker", "--format", "v2s2")]
    [InlineData("oci"), InlineData("oci", "--dest-compress-format", "zstd")]
    [InlineData("oci-archive"), InlineData("docker-archive")]
    [InlineData("dir"), InlineData("dir", "--format", "v2s2"), InlineData("dir", "--dest-decompress")]
    public void What_skopeo_wrote_is_the_same_in_our_store(string transport, params string[] flags)
    {
        image.Make();
        string name = $"skopeo{string.Concat(flags).Replace('-', 'x')}", place = image.Place(transport, name), stored = $"berth:{name}/{transport}:v1";
        string[] plain = transport == "docker" ? ["--dest-tls-verify=false"] : [];
        string origin = image.Origin;
        if (flags.Contains("zstd"))
        {
            // It compresses only what is not compressed.
            origin = image.Place("dir", "plain");
            image.Run("skopeo", "copy", "-q", "--insecure-policy", "--dest-decompress", image.Origin, origin);
        }
        image.Run("skopeo", ["copy", "-q", "--insecure-policy", .. plain, .. flags, origin, place]);
        if (flags.Contains("zstd")) Assert.Contains("tar+zstd", image.Run("skopeo", "inspect", "--raw", place), StringComparison.Ordinal);
        Identity theirs = image.Inspect(place);
        Assert.Equal(image.Identity.Diffs, theirs.Diffs);
        image.Berth("copy", "-q", place, stored);
        Identity ours = image.Inspect(stored);
        Assert.Equal((theirs.Id, theirs.Diffs), (ours.Id, ours.Diffs));
        if (transport != "docker-archive") Assert.Equal(theirs.Manifest, ours.Manifest);
        JsonNode said = JsonNode.Parse(image.Berth("image", "inspect", $"{name}/{transport}:v1"))![0]!;
        Assert.Equal((theirs.Id, theirs.Diffs), (said["Id"]!.GetValue<string>(), string.Join(' ', said["RootFS"]!["Layers"]!.AsArray().Select(static layer => layer!.GetValue<string>()))));
    }

    [Theory]
    [InlineData("docker", "distribution.manifest.v2", "--format", "v2s2"), InlineData("docker", "tar+zstd", "--dest-compress-format", "zstd", "--dest-force-compress-format")]
    [InlineData("oci", "tar+zstd", "--dest-compress-format", "zstd", "--dest-force-compress-format"), InlineData("oci-archive", "image.layer.v1.tar\"", "--dest-decompress")]
    [InlineData("dir", "distribution.manifest.v2", "--format", "v2s2"), InlineData("dir", "image.layer.v1.tar\"", "--dest-decompress")]
    public void In_another_form_it_has_the_same_files_for_skopeo_and_podman(string transport, string expected, params string[] flags)
    {
        image.Make();
        string place = image.Place(transport, $"form{string.Concat(flags)}");
        image.Berth(["copy", "-q", .. flags, image.Origin, place]);
        Identity after = image.Inspect(place);
        Assert.Equal((image.Identity.Id, image.Identity.Diffs), (after.Id, after.Diffs));
        string[] plain = transport == "docker" ? ["--tls-verify=false"] : [];
        Assert.Contains(expected, image.Run("skopeo", ["inspect", "--raw", .. plain, place]), StringComparison.Ordinal);
        string id = image.Run("podman", ["pull", "-q", .. plain, "--signature-policy", image.Policy, place]).Trim();
        Assert.Equal(image.Identity.Id, $"sha256:{id}");
        image.Run("podman", "rmi", "-f", id);
    }

    [Fact]
    public void Umoci_and_buildah_see_in_our_layouts_the_files_that_we_mount()
    {
        image.Make();
        string layout = image.Source("oci")[4..], mount = Directory.CreateDirectory($"{image.Folder}/mount").FullName, bundle = $"{image.Folder}/bundle";
        Assert.Equal("v1\n", image.Run("umoci", "ls", "--layout", layout[..^3]));
        JsonNode[] layers = [.. JsonNode.Parse(image.Run("umoci", "stat", "--json", "--image", layout))!["history"]!.AsArray().Where(static one => one!["diff_id"]?.GetValue<string>() is { Length: > 0 }).Select(static one => one!)];
        Assert.Equal(image.Identity.Diffs, string.Join(' ', layers.Select(static one => one["diff_id"]!.GetValue<string>())));
        image.Run("umoci", "unpack", "--image", layout, bundle);
        image.Berth("copy", "-q", $"oci:{layout}", "berth:seen/x:v1");
        image.Berth("storage", "snapshots", "view", "seen", "seen/x:v1");
        image.Berth("storage", "snapshots", "mount", "seen", mount);
        try
        {
            image.Run("diff", "-r", "--no-dereference", mount, $"{bundle}/rootfs");
            string[] ours = Nodes(mount);
            Assert.Equal(10 + 2, ours.Length);
            Assert.Equal(Nodes($"{bundle}/rootfs"), ours);
            Assert.Equal(Attributes($"{bundle}/rootfs"), Attributes(mount));
            string container = image.Run("buildah", "from", "-q", "--signature-policy", image.Policy, $"oci:{layout}").Trim();
            string theirs = image.Run("buildah", "mount", container).Trim();
            image.Run("diff", "-r", "--no-dereference", mount, theirs);
            // Its storage gives each root a mode and a time of its own, whatever a layer says of it.
            Assert.Equal(Nodes(theirs)[1..], ours[1..]);
            Assert.Equal(Attributes(theirs), Attributes(mount));
            image.Run("buildah", "umount", container);
            image.Run("buildah", "rm", container);
        }
        finally
        {
            image.Berth("storage", "snapshots", "unmount", "seen");
            image.Berth("storage", "snapshots", "rm", "seen");
        }
    }

    [Theory]
    [InlineData("docker-archive"), InlineData("oci-archive"), InlineData("dir"), InlineData("oci")]
    public void Podman_loads_what_we_wrote_and_we_read_its_storage(string transport)
    {
        image.Make();
        string place = image.Place(transport, $"podman-{transport}"), path = place.Split(':')[1];
        image.Berth("copy", "-q", image.Origin, place);
        string said = image.Run("podman", "load", "-q", "--signature-policy", image.Policy, "-i", path).Trim(), loaded = said[(said.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        Compare(loaded, transport);
    }

    [Fact]
    public void We_read_from_podmans_storage_what_it_pulled()
    {
        image.Make();
        string name = image.Source("docker")[9..];
        image.Run("podman", "pull", "-q", "--tls-verify=false", "--signature-policy", image.Policy, name);
        Compare(name, "pulled");
    }

    [Fact]
    public void The_same_work_is_the_same_image_and_stays_it_through_registries()
    {
        image.Make();
        image.Berth("copy", "-q", image.Origin, "berth:work/base:v1");
        string id = Work("one", "HOME=/", "--created", "2021-01-01T00:00:00Z");
        Assert.Equal(id, Work("two", "SOURCE_DATE_EPOCH=1609459200"));
        foreach (string name in (string[])["one", "two"]) image.Berth("push", "-q", $"work/{name}:v1", $"docker://{image.Host}/work/{name}:v1");
        Identity first = image.Inspect($"docker://{image.Host}/work/one:v1");
        Assert.Equal(id, first.Id);
        Assert.Equal(first, image.Inspect($"docker://{image.Host}/work/two:v1"));
        Assert.StartsWith($"{image.Identity.Diffs} sha256:", first.Diffs, StringComparison.Ordinal);
        // Again, over another store.
        image.BerthAt("fresh", "pull", "-q", $"{image.Host}/work/one:v1");
        image.BerthAt("fresh", "push", "-q", $"{image.Host}/work/one:v1", $"docker://{image.Host}/work/again:v1");
        Assert.Equal(first, image.Inspect($"docker://{image.Host}/work/again:v1"));
        image.BerthAt("fresh", "storage", "check");
        image.Run("skopeo", "copy", "-q", "--insecure-policy", "--src-tls-verify=false", $"docker://{image.Host}/work/again:v1", $"oci:{image.Folder}/committed:v1");
        image.Run("umoci", "unpack", "--image", $"{image.Folder}/committed:v1", $"{image.Folder}/committed-bundle");
        string tree = $"{image.Folder}/committed-bundle/rootfs";
        Assert.Equal("new", File.ReadAllText($"{tree}/new/file"));
        Assert.Empty(Directory.GetFileSystemEntries($"{tree}/opaque"));
        Assert.False(File.Exists($"{tree}/third"));
    }

    /// <summary>Changes files in a snapshot, at the time that it is, and commits them.</summary>
    /// <returns>The image's id.</returns>
    private string Work(string name, string variable, params string[] flags)
    {
        string mount = Directory.CreateDirectory($"{image.Folder}/work-{name}").FullName;
        image.Berth("storage", "snapshots", "prepare", name, "work/base:v1");
        image.Berth("storage", "snapshots", "mount", name, mount);
        Directory.CreateDirectory($"{mount}/new");
        File.WriteAllText($"{mount}/new/file", "new");
        File.CreateSymbolicLink($"{mount}/new/link", "file");
        File.Delete($"{mount}/third");
        Directory.Delete($"{mount}/opaque", recursive: true);
        Directory.CreateDirectory($"{mount}/opaque");
        File.AppendAllText($"{mount}/d/f", "more");
        image.Berth("storage", "snapshots", "unmount", name);
        string id = image.BerthWith(variable, ["storage", "snapshots", "commit", .. flags, "--author", "one", "--message", "work", name, $"work/{name}:v1"]).Trim();
        image.Berth("storage", "snapshots", "rm", name);
        return id;
    }

    private void Compare(string podman, string name)
    {
        JsonNode theirs = JsonNode.Parse(image.Run("podman", "image", "inspect", podman))![0]!;
        Assert.Equal(image.Identity.Id, $"sha256:{theirs["Id"]!.GetValue<string>()}");
        Assert.Equal(image.Identity.Diffs, string.Join(' ', theirs["RootFS"]!["Layers"]!.AsArray().Select(static layer => layer!.GetValue<string>())));
        image.Berth("copy", "-q", $"containers-storage:[overlay@{image.Folder}/podman]{podman}", $"berth:storage/{name}:v1");
        Assert.Equal(image.Identity.Id, image.Inspect($"berth:storage/{name}:v1").Id);
        // skopeo also writes ids.
        foreach (string id in (string[])[$"@{image.Identity.Id[7..]}", $"{podman}@{image.Identity.Id[7..]}"])
        {
            image.Berth("copy", "-q", $"containers-storage:[overlay@{image.Folder}/podman]{id}", $"berth:storage/{name}:v2");
        }
        Identity ours = image.Inspect($"berth:storage/{name}:v2");
        Assert.Equal((image.Identity.Id, image.Identity.Diffs), (ours.Id, ours.Diffs));
        image.Run("podman", "rmi", "-f", podman);
    }

    /// <summary>A line for each node, and one for each name of d/f.</summary>
    private string[] Nodes(string tree) =>
        [.. $"{image.Run("find", tree, "-printf", @"%P %y %m %U %G %T@ %s %l\n")}{image.Run("find", tree, "-samefile", $"{tree}/d/f", "-printf", @"%P same\n")}".Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];

    private string[] Attributes(string tree)
    {
        string said = image.Run("getfattr", "-R", "-h", "-d", "-m", "-", "--absolute-names", tree);
        Assert.Contains("security.capability", said, StringComparison.Ordinal);
        return [.. said.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(block => block.Replace(tree, "", StringComparison.Ordinal).Trim()).Order(StringComparer.Ordinal)];
    }
}
