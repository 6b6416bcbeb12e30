// A podman with storage, settings and monitor of its own.
namespace Berth.SystemTests.Neighbours;

/// <summary>A private podman over Debian's conmon.</summary>
public class Podman : Neighbour
{
    // Podman makes its usual parent whatever parent it is told, and plain folders where the host has no such controller.
    private const string Cgroups = "/sys/fs/cgroup", UsualParent = "libpod_parent";

    private readonly HashSet<string> _before = [.. Trees(), .. Trees().Select(tree => $"{tree}/{UsualParent}").Where(Directory.Exists)];

    // On a host with v2 alone the folders below are cgroups, and not ours to judge.
    private static string[] Trees() => Machine.CgroupTrees.Contains(Cgroups) ? [Cgroups] : Directory.GetDirectories(Cgroups);

    /// <summary>The program that keeps containers for it.</summary>
    protected virtual string Monitor() => "/usr/bin/conmon";

    /// <summary>The runtime that it calls.</summary>
    protected virtual string RuntimeProgram() => Runtime;

    /// <summary>The image's name.</summary>
    public const string Name = "localhost/busybox";

    /// <summary>A call of podman.</summary>
    public Command Command(params string[] words) => Dock.Tool(["podman", "--root", $"{Dock.Folder}/graph", "--runroot", $"{Dock.Folder}/run", "--tmpdir", $"{Dock.Folder}/tmp", .. words])
        .Env("CONTAINERS_CONF", $"{Dock.Folder}/containers.conf").Env("TMPDIR", Dock.Folder).Env("HOME", Dock.Folder).Patience(TimeSpan.FromMinutes(2));

    /// <summary>A call of podman, waited for.</summary>
    public Outcome Call(params string[] words) => Command(words).Run();

    /// <summary>A container that runs in the foreground without a network.</summary>
    public Outcome Run(params string[] words) => Call(["run", "--rm", "--network", "none", "--cgroup-parent", "/" + Dock.Id, .. words]);

    /// <summary>A container that stays; the result is its id.</summary>
    public string Start(params string[] words) => Call(["run", "--detach", "--network", "none", "--cgroup-parent", "/" + Dock.Id, .. words]).Succeeded().Text;

    /// <inheritdoc/>
    protected override void SetUp()
    {
        foreach (string program in (string[])["podman", "conmon", "tar"]) Machine.NeedsProgram(program);
        Dock.NewFile("containers.conf", $"""
            [containers]
            default_ulimits = [ "nofile={OpenFiles}:{OpenFiles}", "nproc=32768:32768" ]
            apparmor_profile = "unconfined"
            label = false
            [engine]
            conmon_path = [ "{Monitor()}" ]
            cgroup_manager = "cgroupfs"
            events_logger = "file"
            runtime = "{RuntimeProgram()}"
            [network]
            network_backend = "cni"
            """);
        Call("import", Image.WriteTar(Dock), Name).Succeeded();
    }

    /// <inheritdoc/>
    protected override void TearDown()
    {
        if (!Directory.Exists($"{Dock.Folder}/graph")) return;
        Call("rm", "--all", "--force", "--time", "0");
        Call("rmi", "--all", "--force");
        Native.Detach($"{Dock.Folder}/graph/overlay");
        // Podman leaves the parents, and its monitors' group in them; the containers' own groups must be gone by now.
        foreach (string tree in Trees())
        {
            string[] left = [$"{tree}/{Dock.Id}", .. _before.Contains($"{tree}/{UsualParent}") ? (string[])[] : [$"{tree}/{UsualParent}"]];
            if (Machine.CgroupTrees.Contains(tree))
            {
                foreach (string path in left) _ = Native.RemoveFolder($"{path}/conmon") && Native.RemoveFolder(path);
            }
            else if (!_before.Contains(tree)) Directory.Delete(tree, recursive: true);
            else foreach (string path in left.Where(Directory.Exists)) Directory.Delete(path, recursive: true);
        }
    }
}

/// <summary>A private podman over berth-shim.</summary>
public sealed class PodmanOnOurMonitor : Podman
{
    /// <inheritdoc/>
    protected override string Monitor()
    {
        string link = $"{Dock.Folder}/conmon", shim = Path.Combine(RuntimeUnderTest.Checkout, "out/bin/berth-shim");
        Machine.NeedsPath(shim, "berth-shim is not built");
        File.CreateSymbolicLink(link, shim);
        return link;
    }
}
