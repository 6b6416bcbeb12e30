// RT-10: which open files reach the program.
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Lifecycle;

[Row("RT-10")]
public sealed class DescriptorTests : ContainerTest
{
    // `ls` is a child of the shell that is listed, so that its own descriptors are not.
    private const string List = "ls /proc/$$/fd; exit 0";

    private static string[] Numbers(Outcome outcome) => outcome.Lines;

    [Fact]
    public void Only_the_standard_three_reach_the_program()
    {
        Dock.Write(config => config.Shell(List));
        string file = Dock.NewFile("secret", "s");
        Outcome outcome = Dock.Command("run", "--bundle", Dock.Bundle, Id).After($"exec 3<{file} 4<{file} 7<{Dock.Folder}").Run().Succeeded();
        Assert.Equal(["0", "1", "2"], Numbers(outcome));
    }

    [Fact]
    public void Only_the_standard_three_reach_an_executed_program()
    {
        Started();
        string file = Dock.NewFile("secret", "s");
        Outcome outcome = Dock.Command("exec", Id, "/bin/sh", "-c", List).After($"exec 3<{file} 4<{file} 7<{Dock.Folder}").Run().Succeeded();
        Assert.Equal(["0", "1", "2"], Numbers(outcome));
    }

    [Fact]
    public void Preserve_fds_passes_the_following_ones()
    {
        Dock.Write(config => config.Shell("cat <&3; cat <&4; [ -e /proc/$$/fd/5 ] && echo five"));
        Dock.Command("run", "--preserve-fds", "2", "--bundle", Dock.Bundle, Id)
            .After($"exec 3<{Dock.NewFile("three", "3")} 4<{Dock.NewFile("four", "4")} 5<{Dock.NewFile("five", "5")}")
            .Run().Exited(1).Says("34");
    }

    [Fact]
    public void Preserve_fds_works_for_a_container_that_is_created_and_started()
    {
        Dock.Write(config => config.Shell("cat <&3"));
        Outcome created = Dock.Command("create", "--preserve-fds", "1", "--bundle", Dock.Bundle, Id).After($"exec 3<{Dock.NewFile("three", "3")}").Run().Succeeded();
        Call("start", Id).Succeeded();
        Dock.Await("stopped");
        created.Says("3");
    }

    [Fact]
    public void Preserve_fds_that_are_not_open_is_an_error()
    {
        Dock.Write();
        Dock.Command("run", "--preserve-fds", "2", "--bundle", Dock.Bundle, Id).After($"exec 3<{Dock.NewFile("three", "3")} 4<&-").Run().Failed().Explains("fd 4");
        IsGone();
    }

    [Fact]
    public void Exec_preserves_descriptors_too()
    {
        Started();
        Dock.Command("exec", "--preserve-fds", "1", Id, "/bin/sh", "-c", "cat <&3").After($"exec 3<{Dock.NewFile("three", "3")}").Run().Succeeded().Says("3");
    }

    [Fact]
    [Row("CLI-16")]
    public void Listen_fds_passes_sockets_the_way_systemd_does()
    {
        Dock.Write(config => config.Shell("cat <&3; echo \"fds=$LISTEN_FDS pid=$LISTEN_PID\""));
        Dock.Command("run", "--bundle", Dock.Bundle, Id)
            .After($"exec 3<{Dock.NewFile("three", "3")}\nexport LISTEN_PID=$$ LISTEN_FDS=1")
            .Run().Succeeded().Says("3fds=1 pid=1");
    }

    [Theory]
    [InlineData("/dev/fd", "/proc/self/fd")]
    [InlineData("/dev/stdin", "/proc/self/fd/0")]
    [InlineData("/dev/stdout", "/proc/self/fd/1")]
    [InlineData("/dev/stderr", "/proc/self/fd/2")]
    public void The_usual_names_of_descriptors_are_there(string link, string target) => Shell($"readlink {link}").Says(target);

    [Fact]
    public void Standard_input_reaches_the_program() =>
        Dock.Write(config => config.Shell("tr a-z A-Z")).Command("run", "--bundle", Dock.Bundle, Id).Input("some words").Run().Succeeded().Says("SOME WORDS");

    [Theory]
    [InlineData("null", 3, false)]
    [InlineData("null", 3, true)]
    [InlineData("zero", 5, false)]
    [InlineData("zero", 5, true)]
    public void A_device_of_the_host_as_standard_input_keeps_its_owner(string name, int minor, bool inUserNamespace)
    {
        // A node of our own: the host's would be everybody's loss.
        string node = $"{Dock.Folder}/{name}";
        Dock.Tool("mknod", "-m", "666", node, "c", "1", $"{minor}").Run().Succeeded();
        Dock.Write(config =>
        {
            if (inUserNamespace) config.UserNamespace();
            config.Set("process.user.uid", 1000).Set("process.user.gid", 1000).Shell("true");
        });
        Dock.Command("run", "--bundle", Dock.Bundle, Id).InputFrom(node).Run().Succeeded();
        Dock.Tool("stat", "-c", "%u:%g", node).Run().Says("0:0");
    }

    [Fact]
    public void A_file_as_standard_input_can_be_opened_again_by_the_user()
    {
        Dock.Write(config => config.Set("process.user.uid", 1000).Shell("cat /dev/stdin"));
        string file = Dock.NewFile("words", "again");
        File.SetUnixFileMode(file, UnixFileMode.UserRead);
        Dock.Command("run", "--bundle", Dock.Bundle, Id).InputFrom(file).Run().Succeeded().Says("again");
    }

    [Fact]
    public void Standard_error_stays_apart_from_standard_output()
    {
        Outcome outcome = Shell("echo out; echo err >&2");
        outcome.Says("out");
        Assert.Equal("err", outcome.Error.Trim());
    }

    [Fact]
    public void A_closed_standard_input_does_not_hand_another_file_to_the_program()
    {
        // With 0 closed, the first file a careless runtime opens becomes the program's standard input.
        Dock.Write(config => config.Shell("readlink /proc/self/fd/0 || echo none"));
        Outcome outcome = Dock.Command("run", "--bundle", Dock.Bundle, Id).WithoutInput().Run().Succeeded();
        Assert.Contains(outcome.Text, (string[])["none", "/dev/null"]);
    }
}
