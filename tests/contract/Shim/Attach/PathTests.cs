// MON-09: where the socket and the fifos lie, and who may use them.
using Berth.Contract.Shim.Stage;

namespace Berth.Contract.Shim.Attach;

[Row("MON-09")]
public sealed class PathTests : MonitorTest
{
    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    [Fact]
    public void The_socket_is_reached_by_a_link_in_the_folder_of_sockets()
    {
        RunningMonitor monitor = Sleeping();
        string link = $"{Dock.Folder}/sockets/{Id}";
        Assert.Equal(Dock.Bundle, new FileInfo(link).LinkTarget);
        using (AttachClient client = new($"{link}/attach")) client.Listen();
        Finish(monitor);
    }

    [Fact]
    public void With_the_full_path_there_is_no_link()
    {
        RunningMonitor monitor = Sleeping("--full-attach");
        Assert.Empty(Directory.GetFileSystemEntries($"{Dock.Folder}/sockets"));
        using (AttachClient client = monitor.Attach()) client.Listen();
        Finish(monitor);
        Assert.False(File.Exists(monitor.Socket));
    }

    [Fact]
    public void With_the_full_path_the_folder_of_sockets_need_not_exist()
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "echo said"), call => call.Instead("--socket-dir-path", "/no/such/folder").With("--full-attach"));
        monitor.AwaitEnd();
        Assert.Equal("said\n", monitor.Logged());
    }

    [Fact]
    public void A_folder_of_sockets_that_is_not_there_is_an_error()
    {
        FakeRuntime runtime = new(Dock);
        MonitorCall call = FakeCall(runtime).Instead("--socket-dir-path", "/no/such/folder");
        ReportPipe sync = Hold(call.Reports());
        call.Run();
        // Nobody is told but by the end of the pipe; and no container is made.
        sync.ToEnd();
        Assert.False(File.Exists($"{Dock.Folder}/fake/argv"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_path_may_be_longer_than_an_address(bool full)
    {
        string folder = Dock.NewFolder(string.Join('/', Enumerable.Repeat(new string('d', 60), 4)));
        MonitorCall call = FakeCall(new FakeRuntime(Dock, program: "exec sleep 1000")).Instead("--bundle", folder).Instead("--socket-dir-path", Dock.NewFolder(string.Join('/', Enumerable.Repeat(new string('s', 60), 4))));
        if (full) call.With("--full-attach");
        RunningMonitor monitor = Begun(call, Id, folder);
        using (AttachClient client = monitor.Attach()) client.Listen();
        Finish(monitor);
        Assert.False(File.Exists(monitor.Socket));
    }

    [Theory]
    [InlineData(105)]
    [InlineData(106)]
    [InlineData(107)]
    [InlineData(108)]
    [InlineData(109)]
    public void A_link_is_made_for_paths_about_as_long_as_an_address(int length)
    {
        string sockets = Dock.NewFolder(new string('s', length - Dock.Folder.Length - Id.Length - 2));
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "exec sleep 1000"), call => call.Instead("--socket-dir-path", sockets));
        string link = Assert.Single(Directory.GetFileSystemEntries(sockets));
        // Engines cut what does not fit an address with its last zero.
        Assert.Equal(length == 107 ? $"{sockets}/{Id}"[..^1] : $"{sockets}/{Id}", link);
        Finish(monitor);
    }

    [Fact]
    public void A_link_of_an_earlier_life_is_replaced()
    {
        File.CreateSymbolicLink($"{Dock.NewFolder("sockets")}/{Id}", "/no/such/bundle");
        RunningMonitor monitor = Sleeping();
        Assert.Equal(Dock.Bundle, new FileInfo($"{Dock.Folder}/sockets/{Id}").LinkTarget);
        Finish(monitor);
    }

    [Fact]
    public void A_socket_and_fifos_of_an_earlier_life_are_replaced()
    {
        Dock.NewFile("bundle/attach", "");
        Dock.NewFile("bundle/ctl", "");
        Dock.NewFile("bundle/winsz", "");
        RunningMonitor monitor = Sleeping();
        using (AttachClient client = monitor.Attach()) client.Listen();
        Assert.Equal((UnixFileMode)0x1a0, File.GetUnixFileMode($"{Dock.Bundle}/ctl"));
        monitor.Control("2 0 0\n");
        Finish(monitor);
    }

    [Fact]
    public void The_socket_is_its_owners_and_the_fifos_are_their_groups_to_read()
    {
        RunningMonitor monitor = Sleeping();
        Assert.Equal(OwnersAlone, File.GetUnixFileMode(monitor.Socket));
        Assert.Equal((UnixFileMode)0x1a0, File.GetUnixFileMode($"{Dock.Bundle}/ctl"));
        Assert.Equal((UnixFileMode)0x1a0, File.GetUnixFileMode($"{Dock.Bundle}/winsz"));
        Finish(monitor);
    }

    [Fact]
    public void The_socket_is_there_before_the_runtime_is_called()
    {
        FakeRuntime runtime = new(Dock, "ls \"$here/../bundle\" > \"$here/seen\"\n" + FakeRuntime.Creates);
        Played(runtime).AwaitEnd();
        string[] seen = File.ReadAllLines($"{Dock.Folder}/fake/seen");
        Assert.Contains("attach", seen);
        Assert.Contains("ctl", seen);
        Assert.Contains("winsz", seen);
    }

    private RunningMonitor Sleeping(params string[] options) => Played(new FakeRuntime(Dock, program: "exec sleep 1000"), call => call.With(options));

    private static void Finish(RunningMonitor monitor)
    {
        Kernel.Signal(monitor.ProgramPid, 9);
        monitor.AwaitEnd();
    }
}
