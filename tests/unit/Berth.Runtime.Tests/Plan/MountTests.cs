// What the plan makes of `mounts`, with detached mounts and with mount(2).
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using static Berth.Runtime.Plan.Base;

namespace Berth.Runtime.Plan;

public sealed class MountTests
{
    private static PlanInput Old(Action<Spec>? change = null) => Input(change) with { Host = new HostFacts { HasMountApi = false } };

    private static readonly string[] NewCalls = ["open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "mount_setattr"];

    [Fact]
    public void A_bind_without_flags_changes_none() =>
        Assert.Equal(["open_tree", "openat2, mkdirat", "fstatfs", "move_mount", "fstat", "close", "close"], Calls(Input(s => s.Mount("/m", "bind", "/x", "bind")), "bind /x on /m"));

    [Theory]
    [InlineData("ro")]
    [InlineData("dev")]
    [InlineData("atime")]
    public void A_bind_with_any_flag_sets_them_all_before_it_is_attached(string option) =>
        InOrder(Steps(s => s.Mount("/m", "bind", "/x", "bind", option)), "bind /x on /m", "set flags of /x on /m", "attach /x on /m");

    [Fact]
    public void A_refused_flag_is_tried_again_with_those_that_are_locked() =>
        Assert.Equal(["mount_setattr", "fstatfs", "mount_setattr"], Calls(Input(s => s.Mount("/m", "bind", "/x", "bind", "ro")), "set flags of /x on /m"));

    [Fact]
    public void Propagation_is_set_after_the_mount_is_attached() =>
        InOrder(Steps(s => s.Mount("/m", "bind", "/x", "rbind", "ro", "rslave")), "set flags of /x on /m", "attach /x on /m", "set propagation of /x on /m");

    [Fact]
    public void Recursive_flags_come_after_those_of_the_top() =>
        InOrder(Steps(s => s.Mount("/m", "bind", "/x", "rbind", "ro", "rnodev")), "set flags of /x on /m", "set flags of all below /x on /m");

    [Theory]
    [InlineData("bind", "idmap")]
    [InlineData("rbind", "ridmap")]
    public void Ids_are_mapped_while_the_mount_is_detached(string bind, string option) =>
        InOrder(Steps(s => s.Mount("/m", "bind", "/x", bind, option)), "bind /x on /m", "wait for the id mapping of /x on /m", "attach /x on /m");

    [Fact]
    public void Ids_are_mapped_where_mappings_stand_beside_the_options()
    {
        List<IdMapping> map = [new() { ContainerId = 0, HostId = 5, Size = 1 }];
        Assert.Contains("wait for the id mapping of /x on /m", Steps(s => s.Mounts.Add(new MountSpec { Destination = "/m", Source = "/x", Options = ["bind"], UidMappings = map, GidMappings = map })));
    }

    [Fact]
    public void Only_binds_can_be_id_mapped() =>
        Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => Steps(s => s.Mount("/m", "tmpfs", "tmpfs", "idmap"))).Kind);

    [Fact]
    public void In_a_user_namespace_the_parent_opens_what_the_child_may_not()
    {
        Assert.Contains("meet the parent", Calls(Input(s => { s.NewUserNamespace(); s.Mount("/m", "bind", "/x", "bind"); }), "bind /x on /m"));
        Assert.DoesNotContain("meet the parent", Calls(Input(s => s.Mount("/m", "bind", "/x", "bind")), "bind /x on /m"));
        PlanInput rootless = Input(s => { s.NewUserNamespace(); s.Mount("/m", "bind", "/x", "bind"); }) with { Host = new HostFacts { UserId = 1000 } };
        Assert.DoesNotContain("meet the parent", Calls(rootless, "bind /x on /m"));
    }

    [Fact]
    public void A_read_only_tmpfs_is_writable_until_all_is_made_in_it() =>
        InOrder(Steps(s => { s.Mount("/t", "tmpfs", "tmpfs", "ro"); s.Mount("/t/in", "tmpfs", "tmpfs"); }), "mount tmpfs on /t", "mount tmpfs on /t/in", "make read-only t", "pivot the root");

    [Fact]
    public void A_tmpfs_without_a_mode_asks_for_that_of_the_directory_below()
    {
        // The other look at the directory is for words when attaching fails.
        Assert.Equal(2, Calls(Input(s => s.Mount("/t", "tmpfs", "tmpfs")), "mount tmpfs on /t").Count(static c => c == "fstat"));
        Assert.Single(Calls(Input(s => s.Mount("/t", "tmpfs", "tmpfs", "mode=700")), "mount tmpfs on /t"), "fstat");
    }

    [Fact]
    public void Copying_up_comes_before_the_tmpfs_covers_what_it_copies() =>
        Assert.Equal(["getdents64, openat", "move_mount"], Calls(Input(s => s.Mount("/t", "tmpfs", "tmpfs", "tmpcopyup")), "copy up into tmpfs on /t").Take(2));

    [Fact]
    public void A_destination_may_be_named_as_the_host_sees_it() =>
        Assert.Contains("make read-only m/x", Steps(s => s.Mount("/bundle/rootfs/m/x", "tmpfs", "tmpfs", "ro")));

    [Fact]
    public void A_remount_makes_no_new_mount()
    {
        Assert.DoesNotContain("fsopen", Calls(Input(s => s.Mount("/t", "tmpfs", "tmpfs", "remount", "nosuid")), "remount tmpfs on /t"));
        Assert.DoesNotContain("open_tree", Calls(Input(s => s.Mount("/t", "bind", "/x", "bind", "remount", "ro")), "remount /x on /t"));
    }

    [Fact]
    public void Options_too_long_for_fsconfig_go_through_mount() =>
        Assert.Contains("mount", Calls(Input(s => s.Mount("/o", "overlay", "overlay", "lowerdir=" + new string('a', 300))), "mount overlay on /o"));

    [Fact]
    public void Sysfs_in_a_user_namespace_falls_back_to_the_hosts() =>
        InOrder(Steps(s => s.NewUserNamespace()), "mount sysfs on /sys", "bind /sys on /sys");

    [Fact]
    public void Nothing_but_procfs_goes_on_proc() =>
        Assert.Contains("not of type proc", Assert.Throws<BerthException>(() => Steps(s => s.Mounts[0].Type = "tmpfs")).Message);

    [Fact]
    public void Nothing_goes_on_the_root_itself() =>
        Assert.Contains("on the top of rootfs", Assert.Throws<BerthException>(() => Steps(s => s.Mount("/x/..", "tmpfs", "tmpfs"))).Message);

    [Fact]
    public void With_mount_2_no_newer_call_is_made()
    {
        PlanInput input = Old(s =>
        {
            s.NewUserNamespace();
            s.Mount("/a", "bind", "/x", "rbind", "ro", "rslave");
            s.Mount("/b", "tmpfs", "tmpfs", "tmpcopyup", "ro");
            s.Mount("/c", "tmpfs", "tmpfs", "remount");
            s.Mount("/sys/fs/cgroup", "cgroup", "cgroup", "ro");
        });
        List<string> calls = Look(input, p => Enumerable.Range(0, p.Steps.Count).SelectMany(i => p.CallsOf(i)).Distinct().ToList());
        Assert.DoesNotContain(calls, c => NewCalls.Contains(c));
    }

    [Fact]
    public void With_mount_2_flags_follow_the_bind() =>
        InOrder(Steps(Old(s => s.Mount("/m", "bind", "/x", "bind", "ro"))), "bind /x on /m", "set flags of /x on /m");

    [Theory]
    [InlineData("rro")]
    [InlineData("idmap")]
    public void What_mount_2_cannot_do_is_refused(string option) =>
        Assert.Equal(Fault.Unsupported, Assert.Throws<BerthException>(() => Steps(Old(s => s.Mount("/m", "bind", "/x", "bind", option)))).Kind);

    [Fact]
    public void Both_ways_take_the_same_steps_but_for_attaching()
    {
        static void Change(Spec s) => s.Mount("/m", "bind", "/x", "bind", "ro");
        Assert.Equal(Steps(Input(Change)).Where(static s => !s.StartsWith("attach ", StringComparison.Ordinal)), Steps(Old(Change)));
    }

    [Fact]
    public void Without_a_cgroup_namespace_the_whole_tree_of_version_2_is_mounted_and_bound_where_that_is_refused()
    {
        List<string> calls = Base.Calls(Base.Input(), "mount cgroup2 on /sys/fs/cgroup");
        Assert.Contains("fsopen", calls);
        Assert.Contains("open_tree", calls);
    }
}
