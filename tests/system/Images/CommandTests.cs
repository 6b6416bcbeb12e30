// The command as it is shipped, beside skopeo and podman: what scripts read of it, and its exit codes.
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Images.Copying;
using Berth.Images.Layouts;
using Berth.Images.Tests;
using Berth.Oci.Content;

namespace Berth.SystemTests.Images;

public sealed class CommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("berth-command-").FullName;

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    private static string Berth { get; } = Path.Combine(Tools.Checkout, "out/bin/berth");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Layout => $"{_folder}/layout";

    private async Task<Digest> MakeLayoutAsync()
    {
        TestImage image = TestImage.Of(["one", "two"]);
        await ImageCopier.CopyAsync(image, new OciLayout(Layout).Target("v1"), ct: Now);
        return image.Manifest.Digest;
    }

    /// <summary>Runs a program; ours called as skopeo is a link with that name.</summary>
    private (int Code, string Output, string Error) Run(string program, params string[] words)
    {
        if (program is "berth" or "our-skopeo") Assert.SkipUnless(File.Exists(Berth), "berth is not built");
        else Assert.SkipUnless(File.Exists($"/usr/bin/{program}"), $"{program} is not installed");
        string path = program switch { "berth" => Berth, "our-skopeo" => $"{_folder}/skopeo", _ => $"/usr/bin/{program}" };
        if (program == "our-skopeo" && !File.Exists(path)) File.CreateSymbolicLink(path, Berth);
        ProcessStartInfo start = new(path, words) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["BERTH_ROOT"] = $"{_folder}/store";
        start.Environment["REGISTRY_AUTH_FILE"] = $"{_folder}/auth.json";
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> error = process.StandardError.ReadToEndAsync(Now);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }

    private string Good(string program, params string[] words)
    {
        (int code, string output, string error) = Run(program, words);
        Assert.True(code == 0, $"{program} {string.Join(' ', words)}: {output}{error}");
        return output;
    }

    [Fact]
    public async Task Inspect_says_what_skopeo_says()
    {
        using Registry registry = new();
        await MakeLayoutAsync();
        Good("skopeo", "copy", "--dest-tls-verify=false", $"oci:{Layout}:v1", $"docker://{registry.Name}/a/b:v1");
        foreach ((string place, string[] flags) in new[] { ($"docker://{registry.Name}/a/b:v1", new[] { "--tls-verify=false" }), ($"docker://{registry.Name}/a/b:v1", ["--tls-verify=false", "-n"]), ($"oci:{Layout}:v1", []) })
        {
            JsonObject theirs = JsonNode.Parse(Good("skopeo", ["inspect", .. flags, place]))!.AsObject(), ours = JsonNode.Parse(Good("our-skopeo", ["inspect", .. flags, place]))!.AsObject();
            Assert.All(theirs, member => Assert.True(JsonNode.DeepEquals(member.Value, ours[member.Key]), $"{place} {member.Key}: {member.Value} and {ours[member.Key]}"));
            // What is more is in newer versions.
            Assert.Empty(ours.Select(static member => member.Key).Except(theirs.Select(static member => member.Key)).Except(["LayersData", "Variant"]));
            foreach (string[] more in (string[][])[["--raw"], ["--config", "--raw"], ["--format", "{{.Digest}} {{.Architecture}} {{.Layers}} {{.Labels}}"]])
            {
                Assert.Equal(Good("skopeo", ["inspect", .. flags, .. more, place]), Good("our-skopeo", ["inspect", .. flags, .. more, place]));
            }
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Good("skopeo", ["inspect", "--config", .. flags, place])), JsonNode.Parse(Good("our-skopeo", ["inspect", "--config", .. flags, place]))));
        }
    }

    [Fact]
    public async Task List_tags_delete_and_manifest_digest_are_skopeos()
    {
        using Registry registry = new();
        Digest digest = await MakeLayoutAsync();
        foreach (string tag in (string[])["a", "b"]) Good("our-skopeo", "copy", "--dest-tls-verify=false", $"oci:{Layout}:v1", $"docker://{registry.Name}/t:{tag}");
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Good("skopeo", "list-tags", "--tls-verify=false", $"docker://{registry.Name}/t")), JsonNode.Parse(Good("our-skopeo", "list-tags", "--tls-verify=false", $"docker://{registry.Name}/t"))));
        Good("skopeo", "copy", $"oci:{Layout}:v1", $"docker-archive:{_folder}/a.tar:x/y:1");
        Assert.Contains("x/y:1", Good("our-skopeo", "list-tags", $"docker-archive:{_folder}/a.tar"), StringComparison.Ordinal);
        string manifest = Directory.GetFiles($"{Layout}/blobs/sha256", digest.Encoded)[0];
        Assert.Equal(Good("skopeo", "manifest-digest", manifest), Good("our-skopeo", "manifest-digest", manifest));
        Good("our-skopeo", "delete", "--tls-verify=false", $"docker://{registry.Name}/t:a");
        Assert.NotEqual(0, Run("skopeo", "inspect", "--tls-verify=false", $"docker://{registry.Name}/t:b").Code);
    }

    [Fact]
    public async Task Copies_by_the_flags_of_skopeo_are_skopeos_copies()
    {
        await MakeLayoutAsync();
        foreach ((string name, string[] flags, string target) in new (string, string[], string)[]
        {
            ("plain", [], "dir:{0}"),
            ("docker", ["--format", "v2s2"], "dir:{0}"),
            ("decompressed", ["--dest-decompress"], "dir:{0}"),
            ("kept", ["--preserve-digests"], "dir:{0}"),
            ("archive", ["--additional-tag", "x/y:2"], "docker-archive:{0}:x/y:1"),
        })
        {
            string theirs = $"{_folder}/{name}-theirs", ours = $"{_folder}/{name}-ours";
            Good("skopeo", ["copy", .. flags, $"oci:{Layout}:v1", string.Format(null, target, theirs)]);
            Good("our-skopeo", ["copy", .. flags, "--digestfile", $"{ours}.digest", $"oci:{Layout}:v1", string.Format(null, target, ours)]);
            string[] places = target.StartsWith("dir", StringComparison.Ordinal) ? [$"dir:{theirs}", $"dir:{ours}"] : [$"docker-archive:{theirs}:x/y:2", $"docker-archive:{ours}:x/y:2"];
            JsonNode[] said = [.. places.Select(place => JsonNode.Parse(Good("skopeo", "inspect", place))!)];
            Assert.True(JsonNode.DeepEquals(said[0]["Layers"], said[1]["Layers"]), name);
            if (name != "archive") Assert.Equal(JsonNode.Parse(Good("skopeo", "inspect", places[1]))!["Digest"]!.GetValue<string>(), File.ReadAllText($"{ours}.digest"));
        }
    }

    [Theory]
    [InlineData("inspect", "docker://127.0.0.1:1/x")]
    [InlineData("inspect", "oci:/nowhere:x")]
    [InlineData("inspect", "foo")]
    [InlineData("inspect", "foo:bar")]
    [InlineData("copy", "dir:/nowhere")]
    [InlineData("copy", "--nope", "a", "b")]
    [InlineData("list-tags", "oci:/nowhere")]
    [InlineData("manifest-digest", "/nowhere")]
    [InlineData("manifest-digest")]
    [InlineData("delete", "dir:/nowhere")]
    [InlineData("nosuch")]
    [InlineData("copy", "--help")]
    [InlineData("--version")]
    public void Exit_codes_are_skopeos(params string[] words)
    {
        int theirs = Run("skopeo", words).Code;
        // Without arguments, skopeo 1.9 shows its help and calls that good.
        Assert.Equal(words is ["copy", "dir:/nowhere"] ? 1 : theirs, Run("our-skopeo", words).Code);
    }

    [Fact]
    public async Task Sync_fills_folders_and_registries_as_skopeo_does()
    {
        using Registry registry = new();
        await MakeLayoutAsync();
        foreach (string tag in (string[])["1", "2"]) Good("berth", "copy", $"oci:{Layout}:v1", $"docker://{registry.Name}/a/s:{tag}");
        foreach ((string scope, int i) in new[] { ("", 0), ("--scoped", 1) })
        {
            string[] flags = scope.Length > 0 ? [scope] : [];
            Good("skopeo", ["sync", .. flags, "--src-tls-verify=false", "--src", "docker", "--dest", "dir", $"{registry.Name}/a/s", $"{_folder}/theirs{i}"]);
            Good("our-skopeo", ["sync", .. flags, "--src-tls-verify=false", "--src", "docker", "--dest", "dir", $"{registry.Name}/a/s", $"{_folder}/ours{i}"]);
            Assert.Equal(Images($"{_folder}/theirs{i}"), Images($"{_folder}/ours{i}"));
        }
        Good("our-skopeo", "sync", "--dest-tls-verify=false", "--src", "dir", "--dest", "docker", $"{_folder}/theirs0", $"{registry.Name}/back");
        Assert.Contains("\"2\"", Good("skopeo", "list-tags", "--tls-verify=false", $"docker://{registry.Name}/back/s"), StringComparison.Ordinal);

        static IEnumerable<string> Images(string folder) => Directory.GetFiles(folder, "manifest.json", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, Path.GetDirectoryName(file)!)).Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task An_image_lives_its_life_and_podman_takes_what_is_saved()
    {
        using Registry registry = new();
        await MakeLayoutAsync();
        string name = $"{registry.Name}/x/y:1";
        Good("berth", "copy", $"oci:{Layout}:v1", $"docker://{name}");
        string id = Good("berth", "pull", "-q", name).Trim();
        Assert.Equal(id[..12] + "\n", Good("berth", "images", "-q"));
        Assert.Equal(id, Good("berth", "pull", "--policy", "missing", "-q", name).Trim());
        Assert.Equal($"{registry.Name}/x/y 1\n", Good("berth", "images", "--format", "{{.Repository}} {{.Tag}}", "*/*/*"));
        Good("berth", "tag", name, "mine:2");
        Good("berth", "push", "-q", "mine:2", $"docker://{registry.Name}/again:2");
        Assert.Equal(Good("skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", $"docker://{name}"), Good("skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", $"docker://{registry.Name}/again:2"));
        Good("berth", "save", "-q", "-o", $"{_folder}/saved.tar", "mine:2", name);
        Assert.Contains("mine:2", Good("skopeo", "list-tags", $"docker-archive:{_folder}/saved.tar"), StringComparison.Ordinal);
        string store = $"{_folder}/podman";
        Assert.Contains("mine:2", Good("podman", "--root", store, "--runroot", $"{_folder}/run", "load", "-i", $"{_folder}/saved.tar"), StringComparison.Ordinal);
        string copied = Good("berth", "copy", $"containers-storage:[overlay@{store}]localhost/mine:2", $"oci:{_folder}/from-podman:1");
        Assert.StartsWith("sha256:", copied, StringComparison.Ordinal);
        Assert.Equal(id, JsonNode.Parse(Good("skopeo", "inspect", "--raw", $"oci:{_folder}/from-podman:1"))!["config"]!["digest"]!.GetValue<string>()[7..]);
        Good("podman", "--root", store, "--runroot", $"{_folder}/run", "rmi", "-af");
        Assert.Equal((2, ""), (Run("berth", "rmi", id).Code, Run("berth", "rmi", id).Output));
        Good("berth", "rmi", "-f", id);
        Assert.Contains("mine:2", Good("berth", "load", "-q", "-i", $"{_folder}/saved.tar"), StringComparison.Ordinal);
        Good("berth", "storage", "check");
        Good("berth", "rmi", "-af");
        Assert.Equal("", Good("berth", "images", "-q"));
    }

    [Fact]
    public async Task A_gate_for_builds_fails_an_image_that_wastes()
    {
        await MakeLayoutAsync();
        // Both layers have the same file.
        (int code, string output, _) = Run("berth", "image", "layers", "--ci", $"oci:{Layout}:v1");
        Assert.Equal(1, code);
        Assert.Contains("FAIL  lowest-efficiency: 50%", output, StringComparison.Ordinal);
        Assert.Equal(0, Run("berth", "image", "layers", "--ci", "--lowest-efficiency", "0.4", "--highest-wasted-percent", "100", $"oci:{Layout}:v1").Code);
        Assert.Contains("\"Layer\":2", Good("berth", "image", "blame", "--format", "json", $"oci:{Layout}:v1", "/file"), StringComparison.Ordinal);
        Assert.Equal(1, Run("berth", "image", "blame", $"oci:{Layout}:v1", "/nothing").Code);
    }

    [Fact]
    public async Task Progress_is_JSON_where_that_is_wanted()
    {
        await MakeLayoutAsync();
        string error = Run("berth", "copy", "--progress", "json", $"oci:{Layout}:v1", $"dir:{_folder}/d").Error;
        Assert.All(error.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Contains(JsonDocument.Parse(line).RootElement.GetProperty("status").GetString(), (IEnumerable<string?>)["moving", "done", "reused"]));
    }

    [Fact]
    public async Task A_push_to_another_repository_of_the_same_registry_sends_no_layer()
    {
        using Registry registry = new();
        await MakeLayoutAsync();
        Good("berth", "copy", $"oci:{Layout}:v1", $"docker://{registry.Name}/first:1");
        Good("berth", "pull", "-q", $"{registry.Name}/first:1");
        string error = Run("berth", "push", "--progress", "json", $"{registry.Name}/first:1", $"docker://{registry.Name}/second:1").Error;
        Assert.DoesNotContain("\"moving\"", error, StringComparison.Ordinal);
        Assert.Equal(2, error.Split("\"reused\"").Length - 1);
        Good("skopeo", "copy", "-q", "--src-tls-verify=false", $"docker://{registry.Name}/second:1", $"dir:{_folder}/second");
    }

    [Theory]
    [InlineData("bash", "bash -n")]
    [InlineData("bash", "bash -c 'source \"$0\"; COMP_WORDS=(berth image pr); COMP_CWORD=2; _berth; test \"${COMPREPLY[*]}\" = prune'")]
    [InlineData("bash", "bash -c 'source \"$0\"; COMP_WORDS=(berth sync --src do); COMP_CWORD=3; _berth; test \"${COMPREPLY[*]}\" = docker'")]
    public void Completion_is_understood_by_its_shell(string shell, string check)
    {
        string script = $"{_folder}/completion";
        File.WriteAllText(script, Good("berth", "completion", shell));
        using Process process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"{check} {script}"]))!;
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
