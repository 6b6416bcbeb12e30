// The table of what incumbents lack or do otherwise, by test and version, each found by running the suite on them.
using static Berth.Contract.Shim.Stage.MonitorGap;

namespace Berth.Contract.Shim;

/// <summary>Which tests an incumbent is excused from.</summary>
public static class KnownGaps
{
    /// <summary>By <c>Class</c>, <c>Class.Method</c> or <c>Class.Method(first argument)</c>.</summary>
    public static IReadOnlyDictionary<string, Stage.MonitorGap[]> All { get; } = new Dictionary<string, Stage.MonitorGap[]>
    {
        ["OptionTests.Help_lists_it(--log-allowlist-dir)"] = [Conmon("does not rotate", before: "2.2")],
        ["OptionTests.Help_lists_it(--log-label)"] = [Conmon("has no labels", before: "2.2")],
        ["OptionTests.Help_lists_it(--log-max-files)"] = [Conmon("does not rotate", before: "2.2")],
        ["OptionTests.Help_lists_it(--log-rotate)"] = [Conmon("does not rotate", before: "2.2")],
        ["OptionTests.Help_lists_it(--no-container-partial-message)"] = [Conmon("marks every part", before: "2.2")],
        ["OptionTests.Version_goes_before_everything_else"] = [Conmon("does not rotate", before: "2.2")],
        ["OptionTests.A_number_of_files_is_not_negative"] = [Conmon("does not rotate", before: "2.2")],
        ["OptionTests.Rotation_keeps_at_least_one_file"] = [Conmon("does not rotate", before: "2.2")],
        ["OptionTests.An_option_of_the_journal_without_a_journal_is_a_warning"] = [Conmon("marks every part", before: "2.2")],

        ["OptionTests.Plugins_for_seccomp_are_refused"] = [Conmon("loads them", from: "2.2")],

        ["RuntimeWordsTests.The_console_socket_is_removed_when_the_runtime_fails"] = [Conmon("leaves it")],
        ["SyncPipeTests.A_failure_without_a_word_is_told_as_well"] = [Conmon("closes the pipe without a word", before: "2.2")],
        ["SyncPipeTests.A_runtime_that_cannot_be_executed_has_failed"] = [Conmon("closes the pipe without a word", before: "2.2")],
        ["SyncPipeTests.What_a_runtime_that_is_killed_has_made_is_deleted"] = [Conmon("leaves it")],
        ["SyncPipeTests.A_runtime_that_writes_no_pid_file_has_failed"] = [Conmon("closes the pipe without a word", before: "2.2.2")],
        ["TerminalTests.A_runtime_that_sends_no_terminal_has_failed"] = [Conmon("closes the pipe without a word", before: "2.2")],

        ["TerminalTests.Lines_may_come_together_or_in_pieces"] = [Conmon("loses what comes behind a first line", before: "2.2")],
        ["TerminalTests.Lines_may_come_together_or_in_pieces(1 41 101\n1 4)"] = [Conmon("mixes what it reads with what it writes")],
        ["TerminalTests.Lines_may_come_together_or_in_pieces(bad line\n1 42 102\n)"] = [Conmon("throws away what came with a bad line")],
        ["TerminalTests.A_size_that_is_none_is_ignored(1 -1 -1)"] = [Conmon("takes any number", before: "2.2")],
        ["TerminalTests.A_size_that_is_none_is_ignored(1 1001 1000)"] = [Conmon("takes any number", before: "2.2")],
        ["TerminalTests.A_size_that_is_none_is_ignored(1 1000 1001)"] = [Conmon("takes any number", before: "2.2")],
        ["TerminalTests.A_size_that_is_none_is_ignored(1 100000 100000)"] = [Conmon("takes any number", before: "2.2")],
        ["TerminalTests.A_size_that_is_none_is_ignored(1 99999999999 99999999999)"] = [Conmon("takes any number", before: "2.2")],
        ["StreamTests.Who_has_connected_misses_nothing_of_what_is_said_afterwards"] = [Conmon("takes one connection at a time, and the line comes between")],
        ["StreamTests.A_program_that_closes_its_input_hinders_nobody"] = [Conmon("tries to write for ever")],
        ["BirthTests.The_monitor_is_spared_when_memory_runs_out_and_the_runtime_is_not"] = [Conmon("forgets what it was", before: "2.2")],

        ["ExecTests.A_command_that_cannot_be_started_is_told_with_the_runtimes_words"] = [Conmon("closes the pipe without a word", from: "2.2", before: "2.2.2")],
        ["ExecTests.A_command_of_a_container_that_is_gone_is_an_error"] = [Conmon("closes the pipe without a word", from: "2.2", before: "2.2.2")],
        ["ExecTests.A_runtime_that_fails_at_exec_is_told_to_the_old_kind_too"] = [Conmon("closes the pipe without a word", from: "2.2", before: "2.2.2")],
        ["AttachedExecTests.A_command_that_cannot_be_started_is_told_to_the_engine_and_the_client_hears_the_end"] = [Conmon("closes the pipe without a word", from: "2.2", before: "2.2.2")],
        ["AttachedExecTests.A_terminal_that_cannot_be_started_is_told_too"] = [Conmon("closes the pipe without a word", from: "2.2", before: "2.2.2")],

        ["ExitFileTests.The_socket_and_its_link_are_gone_afterwards_and_the_fifos_stay"] = [Conmon("leaves the link", before: "2.2")],
        ["OutOfMemoryTests.A_file_tells_it_in_both_folders"] = [Conmon("writes it where it was called instead of the bundle", before: "2.2")],

        ["FormatTests.The_file_is_readable_by_owner_and_group_and_kept_if_it_is_there"] = [Conmon("makes it for its owner alone", before: "2.2")],
        ["FormatTests.The_umask_of_the_engine_does_not_matter"] = [Conmon("makes files without any mode", before: "2.2")],
        ["DriverTests.A_file_takes_no_label"] = [Conmon("has no labels", before: "2.2")],
        ["DriverTests.A_label_has_a_name_and_a_value"] = [Conmon("has no labels", before: "2.2")],
        ["JournalTests.Labels_become_fields"] = [Conmon("has no labels", before: "2.2")],
        ["JournalTests.Parts_need_not_say_so"] = [Conmon("marks every part", before: "2.2")],
        ["JournalTests.A_line_may_tell_its_own_priority(<0>text)"] = [Conmon("does not look for it", before: "2.2")],
        ["JournalTests.A_line_may_tell_its_own_priority(<3>text)"] = [Conmon("does not look for it", before: "2.2")],
        ["JournalTests.A_line_may_tell_its_own_priority(<7>text)"] = [Conmon("does not look for it", before: "2.2")],
        ["JournalTests.A_line_may_tell_its_own_priority(<3>)"] = [Conmon("does not look for it", before: "2.2")],
        ["SizeTests.What_a_file_had_before_counts"] = [Conmon("counts from nothing", before: "2.2")],
        ["SizeTests.Rotation_loses_nothing_at_full_speed"] = [Conmon("does not rotate", before: "2.2")],
        ["SizeTests.Both_streams_come_through_rotation"] = [Conmon("does not rotate", before: "2.2")],
        ["SizeTests.Rotation_keeps_as_many_old_files_as_it_was_told_to"] = [Conmon("does not rotate", before: "2.2")],
        ["SizeTests.Rotation_keeps_as_many_old_files_as_it_was_told_to(1)"] = [Conmon("keeps two")],
        ["SizeTests.Rotation_keeps_one_old_file_unless_it_is_told_more"] = [Conmon("keeps two")],
        ["SizeTests.A_new_file_has_the_mode_of_the_first"] = [Conmon("does not rotate", before: "2.2")],
        ["SizeTests.Who_reads_the_old_file_can_read_it_to_its_end"] = [Conmon("does not rotate", before: "2.2")],
        ["SizeTests.Rotation_without_a_size_comes_on_demand_only"] = [Conmon("does not rotate", before: "2.2")],
        ["SizeTests.A_log_in_a_folder_that_is_allowed_is_rotated"] = [Conmon("does not rotate", before: "2.2")],
        ["SizeTests.A_limit_for_all_files_holds_across_rotation"] = [Conmon("does not rotate", before: "2.2")],
        ["ReopenTests.With_rotation_the_monitor_moves_it_away_itself"] = [Conmon("does not rotate", before: "2.2")],

        ["RelayTests.What_is_harmless_is_handed_on"] = [Conmon("hands on readiness alone", before: "2.2")],
        ["RelayTests.A_program_in_the_container_is_heard"] = [Conmon("hands on readiness alone", before: "2.2")],
        ["RelayTests.What_is_not_is_kept_back(READY=1x)"] = [Conmon("looks at the beginning", before: "2.2")],
        ["EndureTests.An_engine_that_does_not_wait_for_the_pid_hinders_nobody"] = [Conmon("ends, and leaves the container alone", before: "2.2")],
        ["EndureTests.A_client_that_never_reads_does_not_keep_the_engine_from_its_work"] = [Conmon("waits for the slowest client and for nothing else")],
        ["EndureTests.A_full_disk_loses_nothing_once_there_is_room_again"] = [Conmon("drops what does not fit")],
        ["EndureTests.A_thousand_short_sessions_leave_nothing"] = [Conmon("leaves the link", before: "2.2")],
    };
}
