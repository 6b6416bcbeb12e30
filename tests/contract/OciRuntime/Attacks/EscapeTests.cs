// HRD-04 to HRD-07: leaked descriptors, hostile words, hostile ids, little memory.
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Attacks;

public sealed class EscapeTests : ContainerTest
{
    [Theory]
    [Row("HRD-04")]
    [InlineData("fd")]
    [InlineData("task")]
    public void A_working_directory_that_is_a_leaked_descriptor_is_refused_or_inside(string kind)
    {
        // CVE-2024-21626: the runtime had a folder of the host open when it changed directory; the number is guessed.
        for (int number = 3; number < 16; number++)
        {
            string path = kind == "fd" ? $"/proc/self/fd/{number}" : $"/proc/self/task/1/fd/{number}";
            Outcome outcome = Run(config => config.Set("process.cwd", path).Shell($"pwd; ls ../../../../../../..{Dock.Folder}/bundle/config.json && echo escaped"));
            Assert.DoesNotContain("escaped", outcome.Output);
        }
    }

    [Fact]
    [Row("HRD-04")]
    public void Exec_into_a_leaked_descriptor_is_refused_or_inside()
    {
        Started();
        for (int number = 3; number < 16; number++)
        {
            Outcome outcome = Call("exec", "--cwd", $"/proc/self/fd/{number}", Id, "/bin/sh", "-c", $"ls ../../../../../../..{Dock.Folder}/bundle/config.json && echo escaped");
            Assert.DoesNotContain("escaped", outcome.Output);
        }
    }

    [Fact]
    [Row("HRD-04")]
    public void A_link_to_a_leaked_descriptor_as_working_directory_is_refused_or_inside()
    {
        Dock.Write();
        for (int number = 3; number < 12; number++)
        {
            File.Delete($"{Dock.Root}/foo");
            File.CreateSymbolicLink($"{Dock.Root}/foo", $"/proc/self/fd/{number}");
            Outcome outcome = Run(config => config.Set("process.cwd", "/foo").Shell($"ls ../../../../../../..{Dock.Folder}/bundle/config.json && echo escaped"));
            Assert.DoesNotContain("escaped", outcome.Output);
        }
    }

    [Fact]
    [Row("HRD-04")]
    public void The_first_process_before_start_holds_no_folder_of_the_host()
    {
        Dock.Create(config => config.Shell(Obedient));
        int pid = Dock.Pid();
        string hostRoot = new FileInfo("/proc/self/ns/mnt").LinkTarget!;
        Assert.NotEqual(hostRoot, new FileInfo($"/proc/{pid}/ns/mnt").LinkTarget);
        foreach (string link in Directory.GetFiles($"/proc/{pid}/fd"))
        {
            string target = new FileInfo(link).LinkTarget ?? "";
            // A folder with a path that exists on the host and is not in the container's own view would be a way out.
            Assert.False(target.StartsWith('/') && Directory.Exists(link) && target != "/" && !target.StartsWith("/proc", StringComparison.Ordinal) && !target.StartsWith("/dev", StringComparison.Ordinal), $"{link} leads to {target}");
        }
        Call("start", Id).Succeeded();
    }

    [Theory]
    [Row("HRD-05")]
    [InlineData("root")]
    [InlineData("-1")]
    [InlineData("0:-1")]
    [InlineData("4294967296")]
    [InlineData("18446744073709551616")]
    [InlineData("0x0")]
    [InlineData(":")]
    [InlineData("0:")]
    [InlineData(":0")]
    [InlineData("0:0:0")]
    [InlineData(" 0")]
    [InlineData("0 ")]
    [InlineData("1e3")]
    [InlineData("٣")]
    [InlineData("0\n")]
    public void A_user_that_is_no_number_is_refused(string user)
    {
        Started(config => config.Set("process.user.uid", 1000).Set("process.user.gid", 1000));
        Outcome outcome = Call("exec", $"--user={user}", Id, "/bin/id", "-u").Failed().Explains("parsing");
        Assert.DoesNotContain("0\n", outcome.Output);
        Assert.Equal("running", Dock.Status());
    }

    [Theory]
    [Row("HRD-06")]
    [InlineData("../x")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData(".hidden")]
    [InlineData("a/b")]
    [InlineData("/etc/x")]
    [InlineData("a b")]
    [InlineData("a\nb")]
    [InlineData("")]
    [InlineData("ü")]
    [InlineData("a;b")]
    [InlineData("$(x)")]
    public void An_id_that_is_no_plain_word_is_refused(string id)
    {
        Dock.Write(config => config.Shell("echo ran"));
        Directory.CreateDirectory($"{Dock.StateRoot}/inner");
        Outcome outcome = Dock.Bare("--root", $"{Dock.StateRoot}/inner", "run", "--bundle", Dock.Bundle, id).Run();
        string[] made = Directory.GetFileSystemEntries(Dock.StateRoot);
        Directory.Delete($"{Dock.StateRoot}/inner", recursive: true);
        outcome.Failed().Explains("id");
        Assert.DoesNotContain("ran\n", outcome.Output);
        Assert.Equal([$"{Dock.StateRoot}/inner"], made);
    }

    [Theory]
    [Row("HRD-06")]
    [InlineData("state")]
    [InlineData("kill")]
    [InlineData("exec")]
    [InlineData("delete")]
    public void No_verb_follows_an_id_out_of_the_state_directory(string verb)
    {
        // The victim is a container of another state directory, reached by dots.
        Started();
        string other = Dock.NewFolder("other");
        string[] words = verb switch { "exec" => ["exec", $"../state/{Id}", "/bin/true"], "delete" => ["delete", "--force", $"../state/{Id}"], _ => [verb, $"../state/{Id}"] };
        Outcome outcome = Dock.Bare(["--root", other, .. words]).Run();
        if (verb != "delete") outcome.Failed();
        Assert.Equal("running", Dock.Status());
    }

    [Theory]
    [Row("HRD-06")]
    [InlineData("/../../../tmp/@")]
    [InlineData("../../@")]
    [InlineData("/@/../../..")]
    [InlineData("/@/../@-other")]
    public void A_cgroup_path_with_dots_stays_in_the_tree(string path)
    {
        Run(config => config.Set("linux.cgroupsPath", path.Replace("@", Id)).Shell("true"));
        Assert.False(Directory.Exists($"/tmp/{Id}"));
        Assert.False(Directory.Exists($"/sys/fs/{Id}"));
        IsGone();
    }

    [Theory]
    [Row("HRD-06")]
    [InlineData("org.systemd.property.Delegate", "'; touch /tmp/@; '")]
    [InlineData("run.oci.systemd.subgroup", "../../@")]
    [InlineData("run.oci.delegate-cgroup", "../../../@")]
    [InlineData("run.oci.hooks.stdout", "/proc/self/cwd/../@")]
    [InlineData("org.criu.config", "../../@")]
    public void An_annotation_does_not_lead_out_of_the_containers_place(string name, string value)
    {
        Run(config => config.Annotate(name, value.Replace("@", Id)).Shell("true"));
        Assert.False(Path.Exists($"/tmp/{Id}"));
        foreach (string tree in Machine.CgroupTrees) Assert.False(Directory.Exists($"{Path.GetDirectoryName(tree)}/{Id}"), $"{Id} beside {tree}");
        IsGone();
    }

    // runc starts with 4 MB and crun with 512 kB of memory; the number where ours begins to run is printed for the record.
    [Fact]
    [Row("HRD-07")]
    public void A_small_memory_limit_is_enough_to_start_a_small_program()
    {
        Machine.NeedsController("memory");
        int smallest = 0;
        foreach (int kib in (int[])[16384, 8192, 6144, 4096, 3072, 2048, 1024, 768, 512])
        {
            Outcome outcome = Run(config => config.Args("/bin/echo", "fine").Set("linux.resources.memory.limit", kib << 10));
            if (outcome.ExitCode != 0 || outcome.Text != "fine") break;
            smallest = kib;
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"smallest memory limit that starts echo: {smallest} KiB");
        Assert.InRange(smallest, 1, 4096);
    }

    [Fact]
    [Row("HRD-04")]
    public void A_container_cannot_see_or_trace_the_runtime_that_executes_in_it()
    {
        // While exec works, the runtime is dumpable to nobody: what it has open must not be readable from inside.
        Started(config => config.Capabilities("CAP_SYS_PTRACE")
            .Shell("echo ready; while :; do for p in /proc/[0-9]*; do [ $p = /proc/1 ] || for f in $p/fd/*; do t=$(readlink $f 2>/dev/null); case $t in *bundle*|*state*|*berth-contract*) echo leaked $t;; esac; done; done; done"));
        for (int i = 0; i < 20; i++) Exec("/bin/true").Succeeded();
        Call("kill", Id, "KILL").Succeeded();
        // The streams of exec are files of ours, and are meant to be seen.
        Assert.Equal("", string.Join('\n', File.ReadAllLines($"{Dock.Folder}/io/1.out").Where(line => line.StartsWith("leaked", StringComparison.Ordinal) && !line.Contains("/io/", StringComparison.Ordinal)).Distinct()));
    }
}
