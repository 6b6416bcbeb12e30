// CRN-01 to CRN-09: what crun adds to the specification by annotations and mount options.
using System.Buffers.Binary;
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.CrunExtras;

public sealed class CrunExtrasTests : ContainerTest
{
    private const string AskAboutMkdir = """{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_NOTIFY"}]}""";

    [Fact]
    [Row("CRN-01")]
    public void A_seccomp_listener_goes_to_the_annotated_receiver()
    {
        using DescriptorSocket socket = new($"{Dock.Folder}/receiver");
        Dock.Write(config => config.Annotate("run.oci.seccomp.receiver", socket.Path).Shell("mkdir /x; echo $?").SetJson("linux.seccomp", AskAboutMkdir));
        using Live live = Dock.Command("run", "--bundle", Dock.Bundle, Id).Start();
        int listener = Assert.Single(socket.Receive().Descriptors);
        Native.AnswerSeccomp(listener, error: 0);
        live.Wait().Succeeded().Says("0");
        Native.Close(listener);
        Assert.False(Directory.Exists($"{Dock.Root}/x"));
    }

    [Fact]
    [Row("CRN-01")]
    public void An_unknown_call_is_an_error_when_asked_for()
    {
        Run(config => config.Annotate("run.oci.seccomp_fail_unknown_syscall", "1")
            .SetJson("linux.seccomp", """{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["no_such_call"],"action":"SCMP_ACT_ERRNO"}]}""")).Failed().Explains("no_such_call");
        IsGone();
    }

    [Fact]
    [Row("CRN-01")]
    public void A_filter_can_be_given_as_raw_data()
    {
        Assert.SkipUnless(System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64, "the filter names calls of x86_64");
        // Load the number of the call; mkdir (83) and mkdirat (258) give EPERM, all else passes.
        (ushort Code, byte True, byte False, uint Value)[] filter = [(0x20, 0, 0, 0), (0x15, 2, 0, 83), (0x15, 1, 0, 258), (0x06, 0, 0, 0x7fff0000), (0x06, 0, 0, 0x00050001)];
        byte[] raw = new byte[filter.Length * 8];
        for (int i = 0; i < filter.Length; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(raw.AsSpan(i * 8), filter[i].Code);
            (raw[(i * 8) + 2], raw[(i * 8) + 3]) = (filter[i].True, filter[i].False);
            BinaryPrimitives.WriteUInt32LittleEndian(raw.AsSpan((i * 8) + 4), filter[i].Value);
        }
        Shell("mkdir /x 2>/dev/null || echo denied", config => config.Annotate("run.oci.seccomp_bpf_data", Convert.ToBase64String(raw))
            .SetJson("linux.seccomp", """{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[]}""")).Says("denied");
    }

    [Fact]
    [Row("CRN-02")]
    public void The_callers_groups_can_be_kept()
    {
        Machine.NeedsProgram("setpriv");
        Dock.Write(config => config.Annotate("run.oci.keep_original_groups", "1").Shell("grep Groups /proc/self/status | tr -s '\\t ' ' '"));
        Dock.Through(["setpriv", "--groups", "3,4"], "run", "--bundle", Dock.Bundle, Id).Run().Succeeded().Says("Groups: 3 4");
    }

    [Fact]
    [Row("CRN-03")]
    public void A_pidfd_goes_to_the_annotated_receiver()
    {
        using DescriptorSocket socket = new($"{Dock.Folder}/receiver");
        Started(config => config.Annotate("run.oci.pidfd_receiver", socket.Path));
        int descriptor = Assert.Single(socket.Receive().Descriptors);
        Assert.Contains($"Pid:\t{Dock.Pid()}\n", File.ReadAllText($"/proc/self/fdinfo/{descriptor}"));
        Native.Close(descriptor);
    }

    [Fact]
    [Row("CRN-03")]
    public void The_words_of_hooks_can_be_kept_in_files()
    {
        Dock.Write();
        string hook = Dock.Program("hook", "echo out; echo err >&2");
        string output = Dock.NewFile("hooks.out", "before\n");
        Run(config => config.Annotate("run.oci.hooks.stdout", output).Annotate("run.oci.hooks.stderr", $"{Dock.Folder}/hooks.err")
            .Append("hooks.createRuntime", $$"""{"path":"{{hook}}"}""")).Succeeded();
        Assert.Equal("before\nout\n", File.ReadAllText(output));
        Assert.Equal("err\n", File.ReadAllText($"{Dock.Folder}/hooks.err"));
    }

    [Theory]
    [Row("CRN-06")]
    [InlineData("no-such-handler")]
    public void A_handler_that_is_not_there_is_an_error(string handler)
    {
        Run(config => config.Annotate("run.oci.handler", handler)).Failed().Explains(handler);
        IsGone();
    }

    [Fact]
    [Row("CRN-08")]
    public void A_link_is_copied_instead_of_bound()
    {
        File.CreateSymbolicLink($"{Dock.Folder}/link", "/etc/passwd");
        Shell("readlink /copied", config => config.Mount("/copied", "bind", $"{Dock.Folder}/link", "bind", "copy-symlink")).Says("/etc/passwd");
    }

    [Fact]
    [Row("CRN-08")]
    public void A_link_as_source_is_bound_itself()
    {
        File.CreateSymbolicLink($"{Dock.Folder}/link", "/no/where");
        Dock.Write();
        File.CreateSymbolicLink($"{Dock.Root}/target", "/etc");
        Shell("readlink /target", config => config.Mount("/target", "bind", $"{Dock.Folder}/link", "bind", "src-nofollow", "dest-nofollow")).Says("/no/where");
    }

    [Fact]
    [Row("CRN-08")]
    public void A_link_as_destination_is_covered_itself()
    {
        string source = Dock.NewFile("source", "covered");
        Dock.Write();
        File.CreateSymbolicLink($"{Dock.Root}/target", "/etc/passwd");
        Shell("cat /target; head -c 4 /etc/passwd", config => config.Mount("/target", "bind", source, "bind", "dest-nofollow")).Says("coveredroot");
    }

    [Theory]
    [Row("CRN-08")]
    [InlineData("idmap=uids=7-5007-1;gids=8-6008-1", "5007:6008")]
    [InlineData("idmap=uids=0-100-5#7-207-3;gids=0-300-20", "207:308")]
    public void An_id_mapping_can_be_written_into_the_option(string option, string shown)
    {
        string file = Dock.NewFile("source/file", "");
        Native.Own(file, 7, 8);
        Shell("stat -c %u:%g /m/file", config => config.Mount("/m", "bind", $"{Dock.Folder}/source", "bind", option)).Says(shown);
    }

    [Fact]
    [Row("CRN-08")]
    public void An_id_mapping_can_be_relative_to_the_user_namespace()
    {
        string file = Dock.NewFile("source/file", "");
        Native.Own(file, 7, 8);
        Dock.Write();
        Directory.CreateDirectory($"{Dock.Root}/m");
        // 7 on disk is 2 in the container, 8 is 3.
        Shell("stat -c %u:%g /m/file", config => config.UserNamespace().Mount("/m", "bind", $"{Dock.Folder}/source", "bind", "idmap=uids=@7-2-1;gids=@8-3-1")).Says("2:3");
    }

    [Fact]
    [Row("CRN-08")]
    public void Idmap_without_mapping_takes_the_user_namespace_of_the_container()
    {
        string file = Dock.NewFile("source/file", "");
        Native.Own(file, 7, 8);
        Dock.Write();
        Directory.CreateDirectory($"{Dock.Root}/m");
        Shell("stat -c %u:%g /m/file", config => config.UserNamespace().Mount("/m", "bind", $"{Dock.Folder}/source", "bind", "idmap")).Says("7:8");
    }

    [Fact]
    [Row("CRN-04")]
    public void A_delegated_cgroup_is_the_payloads()
    {
        Assert.SkipUnless(Machine.Cgroups == CgroupLayout.Unified, "delegation is a matter of cgroup version 2");
        Started(config => config.Annotate("run.oci.systemd.subgroup", "sub").Annotate("run.oci.delegate-cgroup", "payload"));
        Assert.EndsWith("/sub/payload", File.ReadAllText($"/proc/{Dock.Pid()}/cgroup").Trim());
    }

    private Command AsSomebody(params string[] words) => Dock.Through(["setpriv", "--reuid", "4242", "--regid", "4242", "--clear-groups"], words)
        .Env("HOME", Dock.Folder).Env("XDG_RUNTIME_DIR", Dock.StateRoot);

    private void WriteForSomebody(string script, Action<Config>? edit = null)
    {
        Machine.NeedsProgram("setpriv");
        Dock.Write(config => (edit ?? (static _ => { }))(config.Shell(script).NoNamespace("network").Remove("linux.resources").Remove("linux.cgroupsPath")
            .Unmount("/sys").Unmount("/dev/pts").Mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620")));
        Directory.CreateDirectory(Dock.StateRoot);
        foreach (string path in (string[])[Dock.Root, Dock.StateRoot, Dock.Bundle, .. Directory.GetDirectories(Dock.Root)]) Native.Own(path, 4242, 4242);
    }

    [Fact]
    [Row("CRN-09")]
    public void Somebody_who_is_not_root_gets_a_user_namespace_without_asking()
    {
        WriteForSomebody("id -u; tr -s ' ' < /proc/self/uid_map | head -n 1");
        AsSomebody("run", "--bundle", Dock.Bundle, Id).Run().Succeeded().Says("0\n 0 4242 1");
    }

    [Fact]
    [Row("CRN-09")]
    public void Somebody_is_the_user_of_the_program()
    {
        WriteForSomebody("id -u; touch /tmp/mine", config => config.Set("process.user.uid", 7).Set("process.user.gid", 8));
        AsSomebody("run", "--bundle", Dock.Bundle, Id).Run().Succeeded().Says("7");
        Dock.Tool("stat", "-c", "%u", $"{Dock.Root}/tmp/mine").Run().Says("4242");
    }

    [Fact]
    [Row("CRN-09")]
    public void Whoever_enters_such_a_container_is_in_its_user_namespace_too()
    {
        WriteForSomebody(Obedient);
        AsSomebody("create", "--bundle", Dock.Bundle, Id).Run().Succeeded();
        AsSomebody("start", Id).Run().Succeeded();
        AsSomebody("exec", Id, "/bin/sh", "-c", "id -u; readlink /proc/self/ns/user").Run().Succeeded()
            .Says($"0\n{Dock.Tool("readlink", $"/proc/{(int)AsSomebody("state", Id).Run().Json["pid"]!}/ns/user").Run().Text}");
    }

    [Fact]
    [Row("CRN-01")]
    public void Plugins_for_notifications_are_refused_where_there_are_none()
    {
        Run(config => config.Annotate("run.oci.seccomp.plugins", "/no/such/plugin.so").SetJson("linux.seccomp", AskAboutMkdir)).Failed().Explains("plugin");
        IsGone();
    }

    [Fact]
    [Row("CRN-05")]
    public void A_named_hierarchy_of_version_1_can_be_forced()
    {
        Assert.SkipUnless(Machine.CgroupTrees.Contains("/sys/fs/cgroup/systemd"), "this host has no hierarchy name=systemd");
        Shell("grep ' /sys/fs/cgroup' /proc/self/mounts | cut -d ' ' -f 2,3; ls /sys/fs/cgroup/systemd | grep -x cgroup.procs",
            config => config.Annotate("run.oci.systemd.force_cgroup_v1", "/sys/fs/cgroup").Mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev"))
            .Says("/sys/fs/cgroup tmpfs\n/sys/fs/cgroup/systemd cgroup\ncgroup.procs");
    }

    [Fact]
    [Row("CRN-08")]
    public void A_link_is_copied_only_where_there_is_none_or_the_same()
    {
        File.CreateSymbolicLink($"{Dock.Folder}/link", "/etc/passwd");
        Dock.Write();
        File.CreateSymbolicLink($"{Dock.Root}/same", "/etc/passwd");
        File.CreateSymbolicLink($"{Dock.Root}/other", "/etc/group");
        Shell("readlink /same", config => config.Mount("/same", "bind", $"{Dock.Folder}/link", "bind", "copy-symlink")).Says("/etc/passwd");
        Run(config => config.Mount("/other", "bind", $"{Dock.Folder}/link", "bind", "copy-symlink")).Failed().Explains("/other");
        IsGone();
    }
}
