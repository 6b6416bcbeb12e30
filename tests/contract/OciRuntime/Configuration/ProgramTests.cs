// CFG-02, CFG-12: arguments, environment, working directory, host name.
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Configuration;

[Row("CFG-02")]
public sealed class ProgramTests : ContainerTest
{
    [Fact]
    public void Arguments_arrive_as_they_are() =>
        Run(config => config.Args("/bin/sh", "-c", "for a; do echo \"<$a>\"; done", "zero", "a b", "", "ü\n\t'\"", "$HOME")).Succeeded()
            .Says("<a b>\n<>\n<ü\n\t'\">\n<$HOME>");

    [Fact]
    public void The_program_is_found_in_the_path_of_the_container()
    {
        Dock.Write();
        Directory.CreateDirectory($"{Dock.Root}/opt/own");
        File.WriteAllText($"{Dock.Root}/opt/own/greet", "#!/bin/sh\necho from own path\n");
        File.SetUnixFileMode($"{Dock.Root}/opt/own/greet", (UnixFileMode)0x1ed);
        Run(config => config.Args("greet").SetStrings("process.env", "PATH=/opt/own:/bin")).Succeeded().Says("from own path");
    }

    [Fact]
    public void A_program_named_relatively_is_taken_from_the_working_directory()
    {
        Dock.Write();
        File.WriteAllText($"{Dock.Root}/tmp/here", "#!/bin/sh\necho relative\n");
        File.SetUnixFileMode($"{Dock.Root}/tmp/here", (UnixFileMode)0x1ed);
        Run(config => config.Args("./here").Set("process.cwd", "/tmp")).Succeeded().Says("relative");
    }

    [Fact]
    public void The_environment_is_exactly_that_of_the_config()
    {
        Dock.Write(config => config.Args("/bin/env").SetStrings("process.env", "PATH=/bin", "A=1", "B=two words", "C=", "D=x=y"));
        Outcome outcome = Dock.Command("run", "--bundle", Dock.Bundle, Id).Env("HOST_ONLY", "1").Run().Succeeded();
        // HOME is a courtesy of some runtimes when the config has none.
        Assert.Equal(["A=1", "B=two words", "C=", "D=x=y", "PATH=/bin"], outcome.Lines.Where(line => !line.StartsWith("HOME=", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Of_two_settings_of_one_variable_the_last_counts() =>
        Shell("echo $A", config => config.Env("A", "first").Env("A", "last")).Says("last");

    [Fact]
    public void Home_is_set_from_passwd_when_the_config_has_none() =>
        Shell("echo $HOME", config => config.Set("process.user.uid", 1000)).Says("/home/user");

    [Fact]
    public void The_working_directory_is_honoured() => Shell("pwd", config => config.Set("process.cwd", "/var")).Says("/var");

    [Fact]
    public void A_missing_working_directory_is_made() => Shell("pwd; ls -d /not/there", config => config.Set("process.cwd", "/not/there")).Says("/not/there\n/not/there");

    [Theory]
    [InlineData("relative")]
    [InlineData("")]
    public void A_working_directory_must_be_absolute(string path)
    {
        Run(config => config.Set("process.cwd", path)).Failed().Explains("cwd");
        IsGone();
    }

    [Fact]
    public void A_working_directory_that_is_a_file_is_an_error()
    {
        Run(config => config.Set("process.cwd", "/etc/passwd")).Failed().Explains("/etc/passwd");
        IsGone();
    }

    [Fact]
    public void A_working_directory_that_only_the_user_may_enter_is_entered()
    {
        Dock.Write();
        string folder = $"{Dock.Root}/home/user";
        Native.Own(folder, 1000, 1000);
        File.SetUnixFileMode(folder, (UnixFileMode)0x1c0);
        Shell("pwd", config => config.Set("process.user.uid", 1000).Set("process.user.gid", 1000).Set("process.cwd", "/home/user")
            .SetJson("process.capabilities", "{}")).Says("/home/user");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(42)]
    [InlineData(255)]
    public void The_exit_code_is_that_of_the_program(int code) => Run(config => config.Shell($"exit {code}")).Exited(code);

    [Fact]
    public void A_program_that_is_killed_by_a_signal_exits_with_128_and_the_signal() =>
        // A first process ignores signals it sends to itself, so its child speaks for it.
        Run(config => config.Shell("sh -c 'kill -SEGV $$'; exit $?")).Exited(139);

    [Fact]
    [Row("CFG-12")]
    public void The_host_name_is_set() => Shell("hostname", config => config.Set("hostname", "berth-01")).Says("berth-01");

    [Fact]
    [Row("CFG-12")]
    public void The_domain_name_is_set() => Shell("cat /proc/sys/kernel/domainname", config => config.Set("domainname", "example.test")).Says("example.test");

    [Fact]
    [Row("CFG-12")]
    public void A_domain_name_that_a_sysctl_contradicts_is_refused()
    {
        Run(config => config.Set("domainname", "example.test").SetJson("linux.sysctl", """{"kernel.domainname":"other.test"}""")).Failed().Explains("domainname");
        IsGone();
        Shell("cat /proc/sys/kernel/domainname", config => config.Set("domainname", "example.test").SetJson("linux.sysctl", """{"kernel.domainname":"example.test"}""")).Says("example.test");
    }

    [Fact]
    [Row("CFG-12")]
    public void Without_a_uts_namespace_a_host_name_is_refused_and_the_hosts_stays()
    {
        string before = File.ReadAllText("/proc/sys/kernel/hostname");
        Run(config => config.NoNamespace("uts").Set("hostname", "must-not-be")).Failed().Explains("uts");
        Assert.Equal(before, File.ReadAllText("/proc/sys/kernel/hostname"));
        IsGone();
    }

    [Fact]
    [Row("CFG-16")]
    public void Annotations_of_images_are_carried_like_others()
    {
        Started(config => config.Annotate("org.opencontainers.image.os", "linux").Annotate("org.opencontainers.image.stopSignal", "SIGQUIT"));
        Assert.Equal("linux", (string?)State()["annotations"]!["org.opencontainers.image.os"]);
        Assert.Equal("SIGQUIT", (string?)State()["annotations"]!["org.opencontainers.image.stopSignal"]);
    }

    [Fact]
    public void A_program_of_a_thousand_arguments_is_started()
    {
        string[] words = [.. Enumerable.Range(0, 1000).Select(i => $"word-{i:0000}-{new string('x', 40)}")];
        Run(config => config.Args(["/bin/sh", "-c", "echo $#", "sh", .. words])).Succeeded().Says("1000");
    }

    [Fact]
    public void A_large_environment_is_passed()
    {
        string value = new('v', 100_000);
        Shell("echo ${#BIG}", config => config.Env("BIG", value)).Says("100000");
    }
}
