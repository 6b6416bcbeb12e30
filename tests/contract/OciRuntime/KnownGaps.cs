// The table of what incumbents lack or do otherwise, by test, family and version, each found by running the suite on them.
using static Berth.Contract.OciRuntime.Stage.Gap;

namespace Berth.Contract.OciRuntime.Stage;

/// <summary>Which tests an incumbent is excused from.</summary>
public static class KnownGaps
{
    /// <summary>By <c>Class</c>, <c>Class.Method</c> or <c>Class.Method(first argument)</c>.</summary>
    public static IReadOnlyDictionary<string, Gap[]> All { get; } = new Dictionary<string, Gap[]>
    {
        ["BundleTests.A_major_version_of_the_future_is_refused"] = [Runc("does not look at ociVersion"), Crun("hardly looks at ociVersion")],
        ["BundleTests.Versions_of_the_first_major_are_accepted(1.3.0)"] = [Crun("knows only 1.0", before: "1.9")],
        ["BundleTests.Required_values_that_are_not_understood_are_refused(linux.rootfsPropagation)"] = [Crun("ignores an unknown propagation")],
        ["BundleTests.Required_values_that_are_not_understood_are_refused(process.user.uid)"] = [Crun("takes a text for a number")],

        ["KillTests.Kill_all_reaches_every_process"] = [Runc("ignores --all", from: "1.2")],
        ["KillTests.A_signal_is_named_or_numbered(usr1)"] = [Crun("knows signals in capitals only")],
        ["KillTests.A_signal_is_named_or_numbered(sigusr2)"] = [Crun("knows signals in capitals only")],
        ["KillTests.An_unknown_signal_is_refused"] = [Crun("takes unknown signals for 0", before: "1.9")],
        ["KillTests.A_paused_container_can_be_killed"] = [Crun("does not thaw a version 1 freezer after SIGKILL")],

        ["HookTests.Hooks_run_in_the_order_of_the_specification_and_in_the_order_of_their_list"] = [Runc("runs poststart hooks before the program is started"), Crun("does not wait for startContainer hooks before poststart hooks")],
        ["HookTests.A_hook_is_told_the_state_on_standard_input(poststart)"] = [Runc("runs poststart hooks before the program is started")],
        ["HookTests.A_hook_is_told_the_state_on_standard_input(createContainer)"] = [Crun("tells pid 0 to createContainer hooks")],
        ["HookTests.A_failing_poststop_hook_is_a_warning_and_the_following_ones_run"] = [Runc("stops at the first failing poststop hook")],
        ["HookTests.A_failing_poststart_hook_ends_the_container"] = [Crun("hangs", before: "1.9")],

        ["DescriptorTests.Preserve_fds_that_are_not_open_is_an_error"] = [Runc("has files of its own there"), Crun("does not look whether they are open")],
        ["DescriptorTests.A_closed_standard_input_does_not_hand_another_file_to_the_program"] = [Runc("hands a pipe of its own to the program"), Crun("fails or crashes")],
        ["DescriptorTests.Listen_fds_passes_sockets_the_way_systemd_does"] = [Crun("passes the files without the variables")],

        ["ProgramTests.A_working_directory_must_be_absolute"] = [Crun("accepts a relative cwd")],
        ["ProgramTests.The_domain_name_is_set"] = [Runc("does not know domainname", before: "1.2")],

        ["IdentityTests.A_limit_given_twice_is_refused"] = [Runc("takes the last"), Crun("takes the last")],
        ["IdentityTests.The_scheduler_is_set"] = [Runc("does not know scheduler", before: "1.2"), Crun("does not know scheduler", before: "1.9")],
        ["IdentityTests.Deadline_scheduling_is_set_with_its_times"] = [Runc("does not know scheduler", before: "1.2"), Crun("does not know scheduler", before: "1.9")],
        ["IdentityTests.An_unknown_scheduler_is_refused"] = [Runc("does not know scheduler", before: "1.2"), Crun("does not know scheduler", before: "1.9")],
        ["IdentityTests.The_io_priority_is_set"] = [Runc("does not know ioPriority", before: "1.2"), Crun("does not know ioPriority", before: "1.9")],
        ["IdentityTests.An_executed_program_is_moved_to_its_final_processors"] = [Runc("does not know execCPUAffinity", before: "1.3"), Crun("does not take it from the container's config")],
        ["IdentityTests.An_apparmor_profile_is_an_error_where_the_kernel_has_none"] = [Crun("ignores the profile there", from: "1.9")],

        ["RunAndCreateTests.A_pid_file_is_written_in_the_current_folder_when_named_relatively"] = [Crun("is in the bundle by then")],
        ["RunAndCreateTests.Keep_leaves_the_stopped_container"] = [Runc("has no --keep", before: "1.1"), Crun("has no --keep", before: "1.9")],
        ["RunAndCreateTests.The_config_file_may_be_named"] = [Runc("has no --config")],
        ["RunAndCreateTests.A_pidfd_socket_gets_a_handle_of_the_first_process"] = [Runc("has no --pidfd-socket", before: "1.2"), Crun("has no --pidfd-socket")],
        ["GlobalOptionTests.The_cgroup_manager_can_be_chosen"] = [Runc("has no --cgroup-manager")],
        ["GlobalOptionTests.The_log_level_can_be_chosen"] = [Runc("has no --log-level"), Crun("has no --log-level", before: "1.9")],
        ["GlobalOptionTests.The_log_may_be_named_with_its_kind"] = [Runc("takes the whole for a path")],
        ["GlobalOptionTests.Help_lists_the_verbs(-h)"] = [Crun("has no -h")],
        ["GlobalOptionTests.Debug_says_more"] = [Crun("says nothing more", before: "1.9")],
        ["ListAndPsTests.Delete_takes_a_pattern"] = [Runc("has no --regex")],
        ["ListAndPsTests.Ps_passes_options_to_the_hosts_ps"] = [Crun("takes no options for ps")],
        ["ExecTests.Additional_gids_are_set"] = [Crun("has no --additional-gids")],
        ["ExecTests.Cap_adds_capabilities"] = [Crun("sets instead of adding")],
        ["ExecTests.Cgroup_puts_the_command_into_a_group_below_the_containers"] = [Crun("ignores --cgroup on version 1")],
        ["ExecTests.Env_adds_to_the_environment_of_the_container"] = [Crun("replaces the environment", before: "1.9")],
        ["ExecTests.Ignore_paused_lets_exec_wait_for_the_resume"] = [Crun("has no --ignore-paused")],
        ["ExecTests.The_limits_of_the_container_hold_for_the_command"] = [Crun("gives the caller's limits")],
        ["ExecTests.Without_user_the_command_is_the_user_of_the_container"] = [Crun("takes root", before: "1.9")],

        ["OptionTests.An_option_that_clears_a_flag_clears_it"] = [Crun("does not take an earlier option back")],
        ["OptionTests.Nostrictatime_takes_strictatime_back"] = [Crun("does not take an earlier option back")],
        ["OptionTests.An_option_that_sets_a_flag_sets_it(nosymfollow)"] = [Crun("does not know nosymfollow")],
        ["OptionTests.An_option_without_a_visible_flag_is_understood(defaults)"] = [Runc("hands 'defaults' to the file system")],
        ["OptionTests.An_option_without_a_visible_flag_is_understood(silent)"] = [Crun("hands it to the file system")],
        ["OptionTests.An_option_without_a_visible_flag_is_understood(loud)"] = [Crun("hands it to the file system")],
        ["OptionTests.An_option_without_a_visible_flag_is_understood(iversion)"] = [Crun("hands it to the file system")],
        ["OptionTests.An_option_without_a_visible_flag_is_understood(noiversion)"] = [Crun("hands it to the file system")],
        ["OptionTests.Propagation_is_set"] = [Crun("overrides it by the propagation of the root")],
        ["OptionTests.Recursive_propagation_reaches_what_is_mounted_below"] = [Crun("overrides it by the propagation of the root")],
        ["OptionTests.A_slave_follows_the_mount_of_the_host"] = [Crun("overrides it by the propagation of the root")],
        ["OptionTests.What_the_host_mounts_later_appears_in_a_slave"] = [Crun("overrides it by the propagation of the root")],
        ["OptionTests.A_recursive_option_reaches_what_is_mounted_below(rnosymfollow)"] = [Crun("does not know nosymfollow")],
        ["OptionTests.A_recursive_option_reaches_what_is_mounted_below(rrelatime)"] = [Crun("cannot change access times recursively")],
        ["OptionTests.A_recursive_option_reaches_what_is_mounted_below(rnoatime)"] = [Crun("cannot change access times recursively")],
        ["OptionTests.A_recursive_option_reaches_what_is_mounted_below(rnodiratime)"] = [Crun("cannot change access times recursively")],
        ["OptionTests.A_recursive_option_clears_a_flag_below(rsymfollow)"] = [Crun("does not know nosymfollow")],
        ["OptionTests.A_recursive_option_clears_a_flag_below(ratime)"] = [Runc("fails with EINVAL", before: "1.2"), Crun("cannot change access times recursively")],
        ["OptionTests.A_recursive_option_clears_a_flag_below(rdiratime)"] = [Crun("cannot change access times recursively")],
        ["OptionTests.A_recursive_option_clears_a_flag_below(rstrictatime)"] = [Crun("cannot change access times recursively")],
        ["OptionTests.Rnostrictatime_is_understood"] = [Runc("fails with EINVAL", before: "1.2"), Crun("cannot change access times recursively")],
        ["OptionTests.An_id_mapped_mount_shifts_owners_inside_and_leaves_the_host_alone"] = [Runc("has no id-mapped mounts", before: "1.2")],
        ["OptionTests.Ridmap_maps_what_is_mounted_below_and_idmap_does_not"] = [Runc("has no id-mapped mounts", before: "1.2"), Crun("loses what is mounted below", before: "1.9")],
        ["RootTests.The_propagation_of_the_root_is_set(shared)"] = [Runc("makes the root private again", before: "1.2")],
        ["RootTests.The_propagation_of_the_root_is_set(unbindable)"] = [Runc("cannot bind the root to itself then", before: "1.2")],
        ["RootTests.Masked_folders_share_one_file_system"] = [Runc("mounts one for each", before: "1.5"), Crun("mounts one for each", before: "1.9")],
        ["RootTests.A_read_only_path_keeps_its_other_flags"] = [Crun("loses them", before: "1.9")],

        ["NetDeviceTests"] = [Runc("does not know netDevices", before: "1.4"), Crun("does not know netDevices", before: "1.22")],
        ["NetDeviceTests.A_template_lets_the_kernel_choose_the_number"] = [Runc("does not find the interface again"), Crun("does not find the interface again")],
        ["NetDeviceTests.Addresses_of_version_6_come_along"] = [Runc("loses them as it brings the interface down")],
        ["NetDeviceTests.A_name_that_is_taken_inside_is_refused_and_the_interface_stays"] = [Runc("loses the interface"), Crun("loses the interface")],
        ["NetDeviceTests.The_network_namespace_of_the_runtime_is_refused"] = [Runc("renames the host's interface"), Crun("renames the host's interface")],
        ["NetDeviceTests.Without_a_network_namespace_it_is_refused"] = [Crun("renames the host's interface")],
        ["NetDeviceTests.A_name_that_is_none_is_refused"] = [Crun("finds out after the move, and loses the interface")],

        ["NotifyTests.A_detached_run_returns_when_the_program_is_ready"] = [Crun("does not tell the pid")],
        ["NotifyTests.Start_returns_when_the_program_is_ready"] = [Crun("does not tell the pid")],
        ["NotifyTests.The_socket_of_the_host_is_not_named_inside"] = [Runc("waits for READY before it looks whether the program ended"), Crun("has the host's path inside")],
        ["NotifyTests.A_user_namespace_does_not_hinder_it"] = [Crun("does not let other users reach the socket")],
        ["NotifyTests.A_manager_that_is_not_there_is_an_error_before_anything_is_made"] = [Runc("ignores it in the foreground"), Crun("ignores it")],
        ["NotifyTests.In_the_foreground_signals_are_forwarded_before_the_program_is_ready"] = [Runc("forwards nothing before READY")],
        ["NotifyTests.What_names_processes_of_the_container_does_not_pass"] = [Runc("waits for a message that begins with READY")],
        ["NotifyTests.Later_messages_pass_too_in_the_foreground"] = [Runc("passes READY only"), Crun("passes READY only")],
    };
}
