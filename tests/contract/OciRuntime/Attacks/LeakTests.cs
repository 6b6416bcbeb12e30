// HRD-01, HRD-04: what the runtime itself has open or is, seen from a container: closed streams, hooks inside, a first process that waits.
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Attacks;

public sealed class LeakTests : ContainerTest
{
    // Fails where nothing is found: a runtime keeps procfs open under one of these numbers, or it does not.
    private const string LookForProc = "for f in /proc/1/fd/*; do [ -e $f/uptime -o -e $f/../../../../uptime ] && echo escaped through $(readlink $f); done; exit 0";

    [Theory]
    [Row("HRD-04")]
    [InlineData("<&-")]
    [InlineData(">&-")]
    [InlineData("2>&-")]
    [InlineData("<&- >&- 2>&-")]
    public void A_closed_stream_is_not_taken_by_a_file_of_the_runtime(string closed)
    {
        // The next file to be opened gets the lowest number: it would take the runtime's messages, and be given to the container's user.
        Dock.Write(config => config.Shell($"for n in 0 1 2; do {Look} >> /seen; done; exit 0"));
        Through(closed, "run", "--bundle", Dock.Bundle, Id);
        AreHarmless();
    }

    [Fact]
    [Row("HRD-04")]
    public void A_closed_stream_of_a_container_that_waits_is_not_taken_by_a_file_of_the_runtime()
    {
        Dock.Write(config => config.Shell("true"));
        Through("<&- >&- 2>&-", "create", "--bundle", Dock.Bundle, Id);
        Assert.Equal(["/dev/null", "/dev/null", "/dev/null"], Enumerable.Range(0, 3).Select(n => new FileInfo($"/proc/{Dock.Pid()}/fd/{n}").LinkTarget));
    }

    [Fact]
    [Row("HRD-04")]
    public void A_closed_stream_of_exec_is_not_taken_by_a_file_of_the_runtime()
    {
        Started();
        Through("<&- >&- 2>&-", "exec", Id, "/bin/sh", "-c", $"for n in 0 1 2; do {Look.Replace("/proc/1/", "/proc/$$/")} >> /seen; done; exit 0");
        AreHarmless();
    }

    private const string Look = "{ readlink /proc/1/fd/$n || echo closed; }";

    private void Through(string closed, params string[] words) => Dock.Through(["sh", "-c", $"exec \"$@\" {closed}", "sh"], words).Run().Succeeded();

    private void AreHarmless()
    {
        string[] targets = File.ReadAllLines($"{Dock.Root}/seen");
        Assert.Equal(3, targets.Length);
        Assert.All(targets, target => Assert.True(target is "/dev/null" or "/seen" || target.StartsWith("pipe:", StringComparison.Ordinal) || target.Contains("/io/", StringComparison.Ordinal), $"{target} is a standard stream of the container"));
    }

    [Fact]
    [Row("HRD-04")]
    public void A_first_process_that_waits_holds_no_procfs_of_the_host()
    {
        // With CAP_SYS_PTRACE being undumpable is no hindrance, and exec is allowed before start.
        Dock.Create(config => config.Shell("true").Capabilities("CAP_SYS_PTRACE").SetJson("linux.sysctl", """{"net.ipv4.ip_unprivileged_port_start":"0"}"""));
        Assert.DoesNotContain("escaped", Dock.Exec("/bin/sh", "-c", LookForProc).Succeeded().Output);
    }

    [Fact]
    [Row("HRD-04")]
    public void A_hook_inside_the_container_cannot_be_led_to_a_folder_of_the_host()
    {
        // CVE-2024-21626 by way of startContainer, whose working directory is that of the program: a link that is changed after create.
        Dock.Write();
        Dock.Program("rootfs-hook", $"ls ../../../../../../..{Dock.Folder}/bundle/config.json && echo escaped > /escaped; exit 0");
        File.Copy($"{Dock.Folder}/rootfs-hook", $"{Dock.Root}/bin/hook");
        for (int number = 3; number < 20; number++)
        {
            File.Delete($"{Dock.Root}/place");
            File.CreateSymbolicLink($"{Dock.Root}/place", "/tmp");
            Dock.Create(config => config.Shell("true").Set("process.cwd", "/place").Append("hooks.startContainer", """{"path":"/bin/hook"}"""));
            File.Delete($"{Dock.Root}/place");
            File.CreateSymbolicLink($"{Dock.Root}/place", $"/proc/self/fd/{number}");
            Call("start", Id);
            Assert.False(File.Exists($"{Dock.Root}/escaped"), $"a hook ran in the host's folder that was descriptor {number}");
            Call("delete", "--force", Id);
        }
    }

    [Fact]
    [Row("HRD-01")]
    public void A_hook_inside_the_container_does_not_execute_the_runtime()
    {
        // A hook's path is found in the image, which can make a script of it whose interpreter is whoever executes it.
        Dock.Write();
        File.WriteAllText($"{Dock.Root}/bin/hook", "#!/proc/self/exe\n");
        File.SetUnixFileMode($"{Dock.Root}/bin/hook", (UnixFileMode)0x1ed);
        Outcome outcome = Run(config => config.Shell("echo ran").Append("hooks.startContainer", """{"path":"/bin/hook","args":["hook","--version"]}""")).Failed();
        Assert.DoesNotContain("No help topic", outcome.Error);
        Assert.DoesNotContain("nknown command", outcome.Error);
        Assert.DoesNotContain("spec:", outcome.Error);
    }

    [Fact]
    [Row("HRD-04")]
    public void A_run_that_is_short_of_descriptors_leaves_nothing()
    {
        // Undoing needs some itself: to list a folder, to read who is in a cgroup.
        Assert.SkipUnless(Runtime.IsOurs, "how many a runtime needs is its own affair");
        Dock.Write(config => config.Remove("process.rlimits").Shell("true"));
        foreach (int limit in (int[])[4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20])
        {
            Dock.Command("run", "--bundle", Dock.Bundle, Id).After($"ulimit -n {limit}").Run();
            Assert.False(Directory.Exists($"{Dock.StateRoot}/{Id}"), $"state is left with {limit} descriptors");
            Assert.Null(Dock.CgroupFolder("pids"));
        }
    }

    [Theory]
    [Row("HRD-02")]
    [InlineData(3000)]
    [InlineData(12000)]
    public void Of_thousands_of_masked_paths_each_is_masked(int count)
    {
        Dock.Write();
        for (int i = 0; i < count; i += 500) File.WriteAllText($"{Dock.Root}/etc/masked{i}", "seen");
        Run(config => config.SetStrings("linux.maskedPaths", [.. Enumerable.Range(0, count).Select(i => $"/etc/masked{i}"), "/etc/passwd"])
            .Shell("cat /etc/masked*; cat /etc/passwd")).Succeeded().Says("");
    }

    [Fact]
    [Row("HRD-02")]
    public void A_trace_of_thousands_of_steps_does_not_write_beyond_its_memory()
    {
        Assert.SkipUnless(Runtime.IsOurs, "--trace is ours");
        Dock.Write(config => config.SetStrings("linux.maskedPaths", [.. Enumerable.Range(0, 6000).Select(i => $"/etc/masked{i}")]).Shell("echo fine"));
        Call("run", "--trace", $"{Dock.Folder}/trace", "--bundle", Dock.Bundle, Id).Succeeded().Says("fine");
        Assert.Contains("masked5999", File.ReadAllText($"{Dock.Folder}/trace"));
    }
}
