// LNX-21 to LNX-24: what a filter denies, how, and who is asked.
using System.Text;
using System.Text.Json.Nodes;
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.LinuxSection;

[Row("LNX-21")]
public sealed class SeccompTests : ContainerTest
{
    private static string Deny(string action, string more = "") =>
        $$"""{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"{{action}}"{{more}}}]}""";

    [Fact]
    public void A_denied_call_fails_with_permission_denied_by_default()
    {
        Outcome outcome = Run(config => config.Shell("mkdir /x").SetJson("linux.seccomp", Deny("SCMP_ACT_ERRNO"))).Failed();
        Assert.Contains("Operation not permitted", outcome.Error);
    }

    [Theory]
    [InlineData(28, "No space left on device")]
    [InlineData(38, "Function not implemented")]
    [InlineData(13, "Permission denied")]
    public void A_denied_call_fails_with_the_chosen_error(int errno, string text)
    {
        Outcome outcome = Run(config => config.Shell("mkdir /x").SetJson("linux.seccomp", Deny("SCMP_ACT_ERRNO", $", \"errnoRet\": {errno}"))).Failed();
        Assert.Contains(text, outcome.Error);
    }

    [Fact]
    public void An_error_of_zero_pretends_success()
    {
        Shell("mkdir /x && echo pretended", config => config.SetJson("linux.seccomp", Deny("SCMP_ACT_ERRNO", ", \"errnoRet\": 0"))).Says("pretended");
        Assert.False(Directory.Exists($"{Dock.Root}/x"));
    }

    // Octal numbers: 384 is 0600, 448 is 0700, 320 is 0500, 388 is 0604.
    [Theory]
    [InlineData("SCMP_CMP_EQ", 384, 0, "600", "700")]
    [InlineData("SCMP_CMP_NE", 384, 0, "700", "600")]
    [InlineData("SCMP_CMP_LT", 384, 0, "500", "600")]
    [InlineData("SCMP_CMP_LE", 384, 0, "600", "700")]
    [InlineData("SCMP_CMP_GE", 384, 0, "600", "500")]
    [InlineData("SCMP_CMP_GT", 384, 0, "700", "600")]
    [InlineData("SCMP_CMP_MASKED_EQ", 7, 4, "604", "600")]
    public void An_argument_is_compared(string op, int value, int second, string denied, string allowed)
    {
        string rule(string name, int index) =>
            $$"""{"names":["{{name}}"],"action":"SCMP_ACT_ERRNO","args":[{"index":{{index}},"value":{{value}},"valueTwo":{{second}},"op":"{{op}}"}]}""";
        Shell($"touch /f; chmod {denied} /f 2>/dev/null || echo denied; chmod {allowed} /f && echo allowed", config => config.SetJson("linux.seccomp",
            $$"""{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{{rule("chmod", 1)}},{{rule("fchmodat", 2)}}]}""")).Says("denied\nallowed");
    }

    [Fact]
    public void All_conditions_of_a_rule_must_hold() =>
        // kill(1, 10), by the shell's own kill; a first process ignores what it has no handler for.
        Shell("kill -USR2 1 && echo one; kill -USR1 1 2>/dev/null || echo both", config => config.SetJson("linux.seccomp", """
            {"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
             {"names":["kill"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"},{"index":1,"value":10,"op":"SCMP_CMP_EQ"}]}]}
            """)).Says("one\nboth");

    [Fact]
    public void Two_conditions_on_one_argument_are_alternatives() =>
        // What runc made of libseccomp's refusal, and profiles rely on (they list the personalities that way).
        Shell("touch /f; for m in 600 700 755; do chmod $m /f 2>/dev/null && echo $m; done; exit 0", config => config.SetJson("linux.seccomp", """
            {"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
             {"names":["chmod"],"action":"SCMP_ACT_ERRNO","args":[{"index":1,"value":384,"op":"SCMP_CMP_EQ"},{"index":1,"value":448,"op":"SCMP_CMP_EQ"}]},
             {"names":["fchmodat"],"action":"SCMP_ACT_ERRNO","args":[{"index":2,"value":384,"op":"SCMP_CMP_EQ"},{"index":2,"value":448,"op":"SCMP_CMP_EQ"}]}]}
            """)).Says("755");

    [Fact]
    public void Several_rules_for_one_call_are_alternatives() =>
        Shell("touch /f; for m in 600 700 755; do chmod $m /f 2>/dev/null && echo $m; done; exit 0", config => config.SetJson("linux.seccomp", """
            {"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
             {"names":["chmod"],"action":"SCMP_ACT_ERRNO","args":[{"index":1,"value":384,"op":"SCMP_CMP_EQ"}]},
             {"names":["chmod"],"action":"SCMP_ACT_ERRNO","args":[{"index":1,"value":448,"op":"SCMP_CMP_EQ"}]},
             {"names":["fchmodat"],"action":"SCMP_ACT_ERRNO","args":[{"index":2,"value":384,"op":"SCMP_CMP_EQ"}]},
             {"names":["fchmodat"],"action":"SCMP_ACT_ERRNO","args":[{"index":2,"value":448,"op":"SCMP_CMP_EQ"}]}]}
            """)).Says("755");

    // A list on which an ordinary program and the last steps of a runtime live, without mkdir.
    private const string Ordinary = """
        "access","arch_prctl","brk","capget","capset","chdir","clock_gettime","clock_nanosleep","clone","clone3","close","close_range","dup","dup2","dup3","epoll_create1","epoll_ctl",
        "epoll_pwait","execve","execveat","exit","exit_group","faccessat","faccessat2","fchdir","fchown","fcntl","fork","fstat","fstatfs","futex","getcwd","getdents64","getegid",
        "geteuid","getgid","getgroups","getpgid","getpgrp","getpid","getppid","getrandom","getrlimit","getsid","gettid","getuid","getxattr","ioctl","keyctl","lseek","lstat","madvise","mmap",
        "mprotect","mremap","munmap","nanosleep","newfstatat","open","openat","openat2","pipe","pipe2","poll","ppoll","prctl","pread64","prlimit64","pselect6","read","readlink","readlinkat",
        "restart_syscall","rseq","rt_sigaction","rt_sigprocmask","rt_sigreturn","sched_getaffinity","sched_yield","select","sendmsg","set_robust_list","set_tid_address","setgid","setgroups",
        "setresgid","setresuid","setsid","setuid","sigaltstack","socketpair","stat","statfs","statx","tgkill","time","umask","uname","vfork","wait4","write","writev"
        """;

    [Theory]
    [InlineData("", "Operation not permitted")]
    [InlineData(", \"defaultErrnoRet\": 28", "No space left on device")]
    public void A_list_of_what_is_allowed_denies_the_rest(string more, string text)
    {
        Outcome outcome = Run(config => config.Shell("echo works; mkdir /x")
            .SetJson("linux.seccomp", $$"""{"defaultAction":"SCMP_ACT_ERRNO"{{more}},"architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32"],"syscalls":[{"names":[{{Ordinary}}],"action":"SCMP_ACT_ALLOW"}]}""")).Failed();
        Assert.Equal("works", outcome.Text);
        Assert.Contains(text, outcome.Error);
    }

    [Theory]
    [Row("LNX-22")]
    [InlineData("SCMP_ACT_KILL", "159")]
    [InlineData("SCMP_ACT_KILL_PROCESS", "159")]
    [InlineData("SCMP_ACT_KILL_THREAD", "159")]
    [InlineData("SCMP_ACT_TRAP", "159")]
    [InlineData("SCMP_ACT_ERRNO", "1")]
    [InlineData("SCMP_ACT_TRACE", "1")]
    [InlineData("SCMP_ACT_ALLOW", "0")]
    [InlineData("SCMP_ACT_LOG", "0")]
    public void An_action_does_what_it_says(string action, string code) =>
        // A child, as a first process is not killed by its own signals.
        Assert.Equal(code, Shell("mkdir /x; echo $?", config => config.SetJson("linux.seccomp", Deny(action))).Lines[^1]);

    [Theory]
    [Row("LNX-23")]
    [InlineData("SECCOMP_FILTER_FLAG_TSYNC")]
    [InlineData("SECCOMP_FILTER_FLAG_LOG")]
    [InlineData("SECCOMP_FILTER_FLAG_SPEC_ALLOW")]
    public void A_flag_is_accepted(string flag) =>
        Shell("grep '^Seccomp:' /proc/self/status | cut -f 2", config => config.SetJson("linux.seccomp", $$"""{"defaultAction":"SCMP_ACT_ALLOW","flags":["{{flag}}"],"syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ERRNO"}]}""")).Says("2");

    [Fact]
    [Row("LNX-23")]
    public void A_flag_that_is_not_known_is_refused()
    {
        Run(config => config.SetJson("linux.seccomp", """{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_NO_SUCH"],"syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ERRNO"}]}""")).Failed().Explains("SECCOMP_FILTER_FLAG_NO_SUCH");
        IsGone();
    }

    [Fact]
    public void A_call_that_is_not_known_is_ignored() =>
        Shell("mkdir /x 2>/dev/null || echo denied", config => config.SetJson("linux.seccomp", """{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["call_of_the_future","mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO"}]}""")).Says("denied");

    [Theory]
    [InlineData("SCMP_ARCH_NO_SUCH")]
    [InlineData("x86_64")]
    public void An_architecture_that_is_not_known_is_refused(string name)
    {
        Run(config => config.SetJson("linux.seccomp", $$"""{"defaultAction":"SCMP_ACT_ALLOW","architectures":["{{name}}"],"syscalls":[]}""")).Failed().Explains(name);
        IsGone();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_filter_is_loaded_with_and_without_new_privileges(bool none) =>
        Shell("grep '^Seccomp:' /proc/self/status | cut -f 2; mkdir /x 2>/dev/null || echo denied",
            config => config.Set("process.noNewPrivileges", none).SetJson("linux.seccomp", Deny("SCMP_ACT_ERRNO"))).Says("2\ndenied");

    [Fact]
    public void A_filter_holds_for_an_unprivileged_user() =>
        Shell("mkdir /tmp/x 2>/dev/null || echo denied", config => config.Set("process.user.uid", 1000).SetJson("process.capabilities", "{}").SetJson("linux.seccomp", Deny("SCMP_ACT_ERRNO"))).Says("denied");

    [Fact]
    [Row("LNX-24")]
    public void An_agent_is_asked_and_its_answer_counts()
    {
        using DescriptorSocket socket = new($"{Dock.Folder}/seccomp.sock");
        Dock.Write(config => config.Shell("mkdir /x; echo $?; mkdir /y 2>&1; echo end").SetJson("linux.seccomp", $$"""
            {"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"{{socket.Path}}","listenerMetadata":"some metadata",
             "syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_NOTIFY"}]}
            """));
        using Live live = Dock.Command("run", "--bundle", Dock.Bundle, Id).Start();
        (byte[] data, int[] descriptors) = socket.Receive();
        JsonNode told = JsonNode.Parse(Encoding.UTF8.GetString(data).TrimEnd('\0'))!;
        Assert.Equal("some metadata", (string?)told["metadata"]);
        Assert.Equal(["seccompFd"], told["fds"]!.AsArray().Select(name => (string)name!));
        Assert.Equal(Id, (string?)told["state"]!["id"]);
        Assert.True((int)told["pid"]! > 0);
        int listener = Assert.Single(descriptors);
        Native.AnswerSeccomp(listener, error: 0);
        Native.AnswerSeccomp(listener, error: 28);
        Outcome outcome = live.Wait().Succeeded();
        Native.Close(listener);
        Assert.Equal("0", outcome.Lines[0]);
        Assert.Contains("No space left on device", outcome.Output);
        Assert.False(Directory.Exists($"{Dock.Root}/x"), "the agent pretended, nobody made it");
    }

    [Fact]
    [Row("LNX-24")]
    public void An_agent_that_is_not_there_is_an_error()
    {
        Run(config => config.SetJson("linux.seccomp", $$"""{"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"{{Dock.Folder}}/nobody","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_NOTIFY"}]}""")).Failed().Explains("nobody");
        IsGone();
    }

    [Fact]
    [Row("LNX-24")]
    public void Notify_without_a_listener_is_refused()
    {
        Run(config => config.SetJson("linux.seccomp", Deny("SCMP_ACT_NOTIFY"))).Failed().Explains("listenerPath");
        IsGone();
    }

    [Fact]
    [Row("LNX-24")]
    public void Notify_cannot_be_the_default()
    {
        using DescriptorSocket socket = new($"{Dock.Folder}/seccomp.sock");
        Run(config => config.SetJson("linux.seccomp", $$"""{"defaultAction":"SCMP_ACT_NOTIFY","listenerPath":"{{socket.Path}}","syscalls":[]}""")).Failed().Explains("SCMP_ACT_NOTIFY");
        IsGone();
    }
}
