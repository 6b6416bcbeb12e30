// The image that MatrixTests sends around: three layers with what is easily lost on the way, and all places it can be at.
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Berth.Images.Tar;
using Berth.Store.Layers;
using Berth.Store.Tests;

namespace Berth.SystemTests.Images;

/// <summary>A folder with the image in a layout of umoci's, a registry, and our store; all go with this.</summary>
public sealed class TravellingImage : IDisposable
{
    // buildah makes a name of a layout's path, and names have no capitals; podman wants its folder for what runs to be shorter than 50.
    private readonly string _folder = $"{Path.GetTempPath().TrimEnd('/')}/berth-matrix-{Guid.NewGuid():N}"[..^22];
    private readonly HashSet<string> _sources = [];
    private Registry? _registry;

    /// <summary>Where everything is.</summary>
    public string Folder => _folder;

    /// <summary>Where it begins.</summary>
    public string Origin => $"oci:{_folder}/origin:v1";

    /// <summary>Of the origin, by skopeo.</summary>
    public Identity Identity { get; private set; } = null!;

    /// <summary>Of the registry.</summary>
    public string Host => (_registry ??= new Registry()).Name;

    /// <summary>A policy by which other people's tools take everything.</summary>
    public string Policy => $"{_folder}/policy.json";

    private static string Binary { get; } = Path.Combine(Tools.Checkout, "out/bin/berth");

    /// <summary>Makes the image, once.</summary>
    public void Make()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root: owners, capabilities, mounts");
        Assert.SkipUnless(File.Exists(Binary), "berth is not built");
        foreach (string tool in (string[])["skopeo", "umoci"]) Assert.SkipUnless(File.Exists($"/usr/bin/{tool}"), $"{tool} is not installed");
        if (Identity is not null) return;
        Directory.CreateDirectory(_folder);
        File.WriteAllText(Policy, """{"default":[{"type":"insecureAcceptAnything"}]}""");
        Run("umoci", "init", "--layout", $"{_folder}/origin");
        Run("umoci", "new", "--image", $"{_folder}/origin:v1");
        foreach (TestTar layer in Layers())
        {
            File.WriteAllBytes($"{_folder}/layer.tar", layer.Bytes());
            Run("umoci", "raw", "add-layer", "--image", $"{_folder}/origin:v1", $"{_folder}/layer.tar");
        }
        Run("umoci", "config", "--image", $"{_folder}/origin:v1", "--config.cmd", "sh", "--config.env", "A=b", "--config.label", "of=matrix", "--author", "<umoci & co>");
        Identity = Inspect(Origin);
    }

    /// <summary>A place that nothing is at yet.</summary>
    public string Place(string transport, string name) => transport switch
    {
        "docker" => $"docker://{Host}/{name}:v1",
        "oci" => $"oci:{_folder}/{name}-layout:v1",
        "oci-archive" => $"oci-archive:{_folder}/{name}-oci.tar:v1",
        "docker-archive" => $"docker-archive:{_folder}/{name}-docker.tar:{name}/x:v1",
        "dir" => $"dir:{_folder}/{name}-dir",
        _ => $"{transport}:{name}/x:v1",
    };

    /// <summary>The place where berth has put the image from where it begins.</summary>
    public string Source(string transport)
    {
        string place = Place(transport, $"from-{transport}");
        // The store has one manifest of an image: that by which it came last, and another test may have brought it by another.
        if (_sources.Add(transport) || transport == "berth") Berth("copy", "-q", Origin, place);
        return place;
    }

    /// <summary>What skopeo says of the image at a place, all blobs of which it must be able to read; of our store, a folder is made first.</summary>
    public Identity Inspect(string place)
    {
        string scratch = $"{_folder}/scratch-{Guid.NewGuid():N}";
        if (place.StartsWith("berth:", StringComparison.Ordinal))
        {
            Berth("copy", "-q", place, $"dir:{scratch}");
            Identity identity = Inspect($"dir:{scratch}");
            Directory.Delete(scratch, recursive: true);
            return identity;
        }
        string[] plain = place.StartsWith("docker:", StringComparison.Ordinal) ? ["--tls-verify=false"] : [], from = place.StartsWith("docker:", StringComparison.Ordinal) ? ["--src-tls-verify=false"] : [];
        string manifest = Run("skopeo", ["inspect", "--raw", .. plain, place]), config = Run("skopeo", ["inspect", "--config", "--raw", .. plain, place]);
        Run("skopeo", ["copy", "-q", "--insecure-policy", .. from, place, $"dir:{scratch}"]);
        Directory.Delete(scratch, recursive: true);
        string id = JsonNode.Parse(manifest)!["config"]!["digest"]!.GetValue<string>();
        Assert.Equal(id, Hash(config));
        return new(Hash(manifest), id, string.Join(' ', JsonNode.Parse(config)!["rootfs"]!["diff_ids"]!.AsArray().Select(static diff => diff!.GetValue<string>())));
    }

    /// <summary>Runs berth with the store of this.</summary>
    /// <returns>What it said.</returns>
    public string Berth(params string[] words) => BerthAt("store", words);

    /// <summary>Runs berth with another store.</summary>
    /// <returns>What it said.</returns>
    public string BerthAt(string store, params string[] words) => Start(Binary, ["--root", $"{_folder}/{store}", .. words]);

    /// <summary>Runs berth with one more variable in its environment, NAME=VALUE.</summary>
    /// <returns>What it said.</returns>
    public string BerthWith(string variable, params string[] words) => Start("/usr/bin/env", [variable, Binary, "--root", $"{_folder}/store", .. words]);

    /// <summary>Runs a tool of the system, with a store in the folder where it has one.</summary>
    /// <returns>What it said.</returns>
    public string Run(string program, params string[] words)
    {
        Assert.SkipUnless(File.Exists($"/usr/bin/{program}"), $"{program} is not installed");
        string[] own = ["--root", $"{_folder}/{program}", "--runroot", $"{_folder}/{program}-run", "--storage-driver", "overlay"];
        return Start($"/usr/bin/{program}", program switch
        {
            "podman" => [.. own, "--tmpdir", $"{_folder}/podman-tmp", "--cgroup-manager", "cgroupfs", "--events-backend", "none", .. words],
            "buildah" => [.. own, .. words],
            _ => words,
        });
    }

    public void Dispose()
    {
        _registry?.Dispose();
        // Later mounts may lie on earlier ones.
        foreach (string line in File.ReadLines("/proc/self/mountinfo").Where(line => line.Split(' ')[4].StartsWith($"{_folder}/", StringComparison.Ordinal)).Reverse().ToList())
        {
            Start("/usr/bin/umount", [line.Split(' ')[4]]);
        }
        if (Directory.Exists(_folder)) TreeEraser.Erase(_folder);
    }

    private static TestTar[] Layers()
    {
        TarTime time = new(1_600_000_000, 123_456_789);
        const string Capability = "\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
        return
        [
            new TestTar().Add(TarKind.Directory, "./", mode: 0x1ED, time: time)
                .Add(TarKind.Directory, "d", mode: 0x5ED, uid: 1, gid: 50, time: time)
                .Add(TarKind.File, "d/f", new string('x', 100_000), 0x9ED, time: time, uid: 1000, gid: 1000, attributes: ("user.a", "1"))
                .Add(TarKind.HardLink, "d/linked", link: "d/f", mode: 0x9ED, time: time, uid: 1000, gid: 1000)
                .Add(TarKind.File, "capable", "x", 0x1ED, time: time, uid: 33, attributes: ("security.capability", Capability))
                .Add(TarKind.SymbolicLink, "symbolic", link: "../d/f", mode: 0x1FF, time: time, uid: 7, gid: 8)
                .Add(TarKind.File, new string('n', 255), "long", time: time)
                .Add(TarKind.File, "gone", "1", time: time)
                .Add(TarKind.Directory, "opaque", mode: 0x3FF, time: time).Add(TarKind.File, "opaque/hidden", "1", time: time),
            new TestTar().Add(TarKind.Directory, "./", mode: 0x1ED, time: time)
                .File(".wh.gone").Add(TarKind.Directory, "opaque", mode: 0x1C0, time: time).File("opaque/.wh..wh..opq").Add(TarKind.File, "opaque/seen", "2", time: time),
            new TestTar().Add(TarKind.Directory, "./", mode: 0x1ED, time: time).Add(TarKind.File, "third", "3", time: time with { Nanoseconds = 1 }),
        ];
    }

    private static string Hash(string text) => $"sha256:{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text)))}";

    private static string Start(string path, string[] words)
    {
        using Process process = Process.Start(new ProcessStartInfo(path, words) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.StandardInput.Close();
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{path} {string.Join(' ', words)}: {output}{error.Result}");
        return output;
    }
}

/// <summary>By what an image is known: its manifest, its config, its layers without compression.</summary>
public sealed record Identity(string Manifest, string Id, string Diffs);
