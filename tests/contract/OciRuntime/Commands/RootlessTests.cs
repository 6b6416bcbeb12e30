// CLI-19: containers of somebody who is not root.
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Commands;

[Row("CLI-19")]
public sealed class RootlessTests : ContainerTest
{
    private const int User = 4242;

    private static readonly string[] Become = ["setpriv", "--reuid", $"{User}", "--regid", $"{User}", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"];

    private Dock WriteRootless(Action<Config> edit)
    {
        Machine.NeedsProgram("setpriv");
        Dock.Write(config =>
        {
            config.Namespace("user").NoNamespace("network").Remove("linux.resources").Remove("linux.cgroupsPath")
                .SetJson("linux.uidMappings", $$"""[{"containerID":0,"hostID":{{User}},"size":1}]""")
                .SetJson("linux.gidMappings", $$"""[{"containerID":0,"hostID":{{User}},"size":1}]""")
                .Unmount("/dev/pts").Mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620")
                .Unmount("/sys").Mount("/sys", "none", "/sys", "rbind", "nosuid", "noexec", "nodev", "ro");
            edit(config);
        });
        Directory.CreateDirectory(Dock.StateRoot);
        foreach (string path in (string[])[Dock.Root, Dock.StateRoot, Dock.Bundle, $"{Dock.Folder}/io", .. Directory.GetDirectories(Dock.Root)]) Native.Own(path, User, User);
        return Dock;
    }

    private Command As(params string[] words) => Dock.Through(Become, words).Env("HOME", Dock.Folder).Env("XDG_RUNTIME_DIR", Dock.StateRoot);

    [Fact]
    [Row("HRD-04")]
    public void A_container_of_ones_own_cannot_trace_the_runtime_that_executes_in_it()
    {
        // Without root both are one user to the kernel: only what is undumpable is closed to the other.
        WriteRootless(config => config.Capabilities("CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE").Shell("echo ready; while :; do for p in /proc/[0-9]*; do "
            + "case $p in /proc/1) ;; *) e=$(readlink $p/exe 2>/dev/null); case $e in ''|/bin/busybox) ;; *) echo caught $e;; esac;; esac; done; done"));
        Outcome started = As("run", "--detach", "--bundle", Dock.Bundle, Id).Run().Succeeded();
        Until.FileHas(started.OutputFile, "ready");
        for (int i = 0; i < 40; i++) As("exec", Id, "/bin/true").Run().Succeeded();
        As("exec", "--process", Dock.NewFile("process.json", $$"""{"args":["/bin/cat","/proc/self/oom_score_adj"],"cwd":"/","user":{"uid":0,"gid":0},"oomScoreAdj":500}"""), Id).Run().Succeeded().Says("500");
        As("delete", "--force", Id).Run().Succeeded();
        Assert.DoesNotContain("caught", File.ReadAllText(started.OutputFile));
    }

    [Theory]
    [InlineData("folder")]
    [InlineData("link")]
    public void A_state_directory_that_a_stranger_made_first_is_refused(string kind)
    {
        Assert.SkipUnless(Runtime.IsOurs, "where states are by default is ours");
        string place = $"/tmp/berth-{User}";
        Assert.SkipWhen(Path.Exists(place), $"{place} is in use");
        if (kind == "link") File.CreateSymbolicLink(place, Dock.NewFolder("elsewhere"));
        else Directory.CreateDirectory(place, (UnixFileMode)0x1ff);
        try { Dock.Tool([.. Become, Dock.Binary, "list"]).Env("HOME", Dock.Folder).Run().Failed().Explains(place); }
        finally { Leftovers.Remove(place); }
    }

    [Fact]
    public void A_container_of_one_user_runs_without_any_privileged_program()
    {
        WriteRootless(config => config.Shell("id -u; tr -s ' ' < /proc/self/uid_map; touch /file; grep NoNewPrivs /proc/self/status | cut -f 2"));
        As("run", "--bundle", Dock.Bundle, Id).Run().Succeeded().Says($"0\n 0 {User} 1\n1");
        Dock.Tool("stat", "-c", "%u", $"{Dock.Root}/file").Run().Says($"{User}");
    }

    [Fact]
    public void The_lifecycle_works_for_everybody()
    {
        WriteRootless(config => config.Shell(Obedient));
        As("create", "--bundle", Dock.Bundle, Id).Run().Succeeded();
        As("start", Id).Run().Succeeded();
        Assert.Equal("running", (string?)As("state", Id).Run().Succeeded().Json["status"]);
        As("exec", Id, "/bin/id", "-u").Run().Succeeded().Says("0");
        As("kill", Id, "KILL").Run().Succeeded();
        Until.True(() => (string?)As("state", Id).Run().Succeeded().Json["status"] == "stopped", "it stopped");
        As("delete", Id).Run().Succeeded();
    }

    [Fact]
    [Row("CLI-14")]
    public void Mounts_can_be_added_to_a_container_that_runs_and_removed()
    {
        WriteRootless(config => config.Shell(Obedient));
        As("create", "--bundle", Dock.Bundle, Id).Run().Succeeded();
        As("start", Id).Run().Succeeded();
        Dock.NewFile("source/file", "late");
        string list = Dock.NewFile("mounts.json", $$"""[{"destination":"/late","type":"bind","source":"{{Dock.Folder}}/source","options":["bind"]}]""");
        As("mounts", "add", Id, list).Run().Succeeded();
        As("exec", Id, "/bin/cat", "/late/file").Run().Succeeded().Says("late");
        As("mounts", "remove", Id, list).Run().Succeeded();
        As("exec", Id, "/bin/ls", "/late").Run().Succeeded().Says("");
    }

    [Fact]
    public void A_tree_of_the_host_that_belongs_to_root_is_not_written()
    {
        WriteRootless(config => config.Shell("touch /bin/x").Set("root.readonly", false));
        Native.Own($"{Dock.Root}/bin", 0, 0);
        As("run", "--bundle", Dock.Bundle, Id).Run().Failed();
    }

    [Fact]
    public void Limits_that_nobody_delegated_are_an_error_or_a_warning_but_the_hosts_stay()
    {
        WriteRootless(config => config.Shell("echo fine").Set("linux.resources.pids.limit", 10));
        Outcome outcome = As("run", "--bundle", Dock.Bundle, Id).Run();
        if (outcome.ExitCode == 0) outcome.Says("fine");
    }

    [Fact]
    public void A_mapping_of_sub_ids_uses_the_hosts_tools()
    {
        Machine.NeedsProgram("newuidmap");
        string[] entry = (File.Exists("/etc/subuid") ? File.ReadAllLines("/etc/subuid") : []).FirstOrDefault(line => !line.StartsWith("root:", StringComparison.Ordinal))?.Split(':') ?? [];
        Assert.SkipUnless(entry.Length == 3, "no user of this host has sub-ids");
        Outcome uid = Dock.Tool("id", "-u", entry[0]).Run(), gid = Dock.Tool("id", "-g", entry[0]).Run();
        Assert.SkipUnless(uid.ExitCode == 0, $"no user {entry[0]}");
        WriteRootless(config => config.Shell("tr -s ' ' < /proc/self/uid_map | tail -n 1")
            .SetJson("linux.uidMappings", $$"""[{"containerID":0,"hostID":{{uid.Text}},"size":1},{"containerID":1,"hostID":{{entry[1]}},"size":1000}]""")
            .SetJson("linux.gidMappings", $$"""[{"containerID":0,"hostID":{{gid.Text}},"size":1},{"containerID":1,"hostID":{{entry[1]}},"size":1000}]"""));
        foreach (string path in (string[])[Dock.Root, Dock.StateRoot]) Native.Own(path, int.Parse(uid.Text), int.Parse(gid.Text));
        Dock.Through(["setpriv", "--reuid", uid.Text, "--regid", gid.Text, "--init-groups"], "run", "--bundle", Dock.Bundle, Id).Env("HOME", Dock.Folder).Run().Succeeded().Says($"1 {entry[1]} 1000");
    }
}
