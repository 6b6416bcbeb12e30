// MON-10: what a container says about its readiness, handed on to the host's service manager, and what is not handed on.
using System.Net.Sockets;
using System.Text;
using Berth.Contract.Shim.Stage;

namespace Berth.Contract.Shim.Robustness;

[Row("MON-10")]
public sealed class RelayTests : MonitorTest
{
    [Theory]
    [InlineData("READY=1")]
    [InlineData("MAINPID=1\nREADY=1\n")]
    [InlineData("READY=1\nFDSTORE=1\nNOTIFYACCESS=all")]
    public void Readiness_is_handed_on_alone(string said) => Assert.Equal("READY=1", Relay(said));

    [Theory]
    [InlineData("RELOADING=1\nMONOTONIC_USEC=12345", "RELOADING=1\nMONOTONIC_USEC=12345")]
    [InlineData("STOPPING=1", "STOPPING=1")]
    [InlineData("WATCHDOG=1", "WATCHDOG=1")]
    [InlineData("WATCHDOG=trigger", "WATCHDOG=trigger")]
    [InlineData("STATUS=at work, 50 % done", "STATUS=at work, 50 % done")]
    [InlineData("ERRNO=2\nBUSERROR=org.example.Broken", "ERRNO=2\nBUSERROR=org.example.Broken")]
    [InlineData("READY=1\nFDSTORE=1\nSTATUS=up\nNOTIFYACCESS=all", "READY=1\nSTATUS=up")]
    [InlineData("STATUS=a\rREADY=1", "STATUS=a\nREADY=1")]
    public void What_is_harmless_is_handed_on(string said, string heard) => Assert.Equal(heard, Relay(said));

    [Theory]
    [InlineData("MAINPID=1")]
    [InlineData("READY=0")]
    [InlineData("WATCHDOG_USEC=1")]
    [InlineData("EXTEND_TIMEOUT_USEC=99999999")]
    [InlineData("FDSTORE=1\nFDNAME=x")]
    [InlineData("xSTATUS=up")]
    [InlineData("READY=1x")]
    [InlineData("NOTIFYACCESS=all")]
    public void What_is_not_is_kept_back(string said) => Assert.Equal("READY=1", Relay(said, "READY=1"));

    [Fact]
    public void The_socket_is_for_every_user_of_the_container()
    {
        RunningMonitor monitor = Relaying(out _);
        Assert.Equal((UnixFileMode)0x1ff, File.GetUnixFileMode($"{Dock.Bundle}/notify/notify.sock"));
        Finish(monitor);
    }

    [Fact]
    public void A_manager_that_is_gone_hinders_nobody()
    {
        RunningMonitor monitor = Relaying(out Socket manager);
        manager.Dispose();
        File.Delete($"{Dock.Folder}/manager");
        Say("READY=1");
        Say("STATUS=still here");
        Finish(monitor);
    }

    [Fact]
    public void A_flood_is_handed_on_and_keeps_nobody_waiting()
    {
        RunningMonitor monitor = Relaying(out Socket manager);
        for (int i = 1; i <= 1000; i++)
        {
            Say($"STATUS={i}");
            Assert.Equal($"STATUS={i}", Hear(manager));
        }
        using Socket speaker = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        speaker.Connect(new UnixDomainSocketEndPoint($"{Dock.Bundle}/notify/notify.sock"));
        speaker.Blocking = false;
        // Nobody listens to the other side of it, and it does not end.
        using CancellationTokenSource over = new();
        Thread flood = new(() =>
        {
            byte[] text = "STATUS=much"u8.ToArray();
            while (!over.IsCancellationRequested)
            {
                try { speaker.Send(text); }
                catch (SocketException) { Thread.Yield(); }
            }
        });
        flood.Start();
        Finish(monitor);
        over.Cancel();
        flood.Join();
    }

    [Fact]
    public void A_program_in_the_container_is_heard()
    {
        Socket manager = Hold(new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified));
        manager.Bind(new UnixDomainSocketEndPoint($"{Dock.Folder}/manager"));
        Dock.NewFolder("bundle/notify");
        Dock.Write(config => config.Mount("/run/notify", "bind", $"{Dock.Bundle}/notify", "rbind").Env("NOTIFY_SOCKET", "/run/notify/notify.sock").Args("/bin/tell"));
        NativeProgram.Install("""
            #include <sys/socket.h>
            #include <sys/un.h>
            #include <string.h>
            int main() {
              struct sockaddr_un a = { AF_UNIX, "/run/notify/notify.sock" };
              const char *text = "READY=1\nMAINPID=7\nSTATUS=inside";
              int s = socket(AF_UNIX, SOCK_DGRAM, 0);
              return sendto(s, text, strlen(text), 0, (void *)&a, sizeof a) < 0;
            }
            """, $"{Dock.Root}/bin/tell");
        RunningMonitor monitor = Begun(CreateCall().With("--sdnotify-socket", $"{Dock.Folder}/manager"), Id, Dock.Bundle).Start();
        Assert.Equal("READY=1\nSTATUS=inside", Hear(manager));
        Assert.Equal(0, monitor.AwaitEnd());
    }

    private string Relay(params string[] said)
    {
        RunningMonitor monitor = Relaying(out Socket manager);
        foreach (string text in said) Say(text);
        string heard = Hear(manager);
        Finish(monitor);
        return heard;
    }

    private RunningMonitor Relaying(out Socket manager)
    {
        manager = Hold(new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified));
        manager.Bind(new UnixDomainSocketEndPoint($"{Dock.Folder}/manager"));
        Dock.NewFolder("bundle/notify");
        return Played(new FakeRuntime(Dock, program: "exec sleep 1000"), call => call.With("--sdnotify-socket", $"{Dock.Folder}/manager"));
    }

    private void Say(string text)
    {
        using Socket speaker = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        speaker.SendTo(Encoding.UTF8.GetBytes(text), new UnixDomainSocketEndPoint($"{Dock.Bundle}/notify/notify.sock"));
    }

    private static string Hear(Socket manager)
    {
        Assert.True(manager.Poll(Until.Patience, SelectMode.SelectRead), "the manager heard nothing");
        byte[] buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, manager.Receive(buffer));
    }

    private static void Finish(RunningMonitor monitor)
    {
        Kernel.Signal(monitor.ProgramPid, 9);
        monitor.AwaitEnd();
    }
}
