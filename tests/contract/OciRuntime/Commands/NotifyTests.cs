// CLI-16: readiness as systemd knows it.
using System.Net.Sockets;
using System.Text;
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Commands;

[Row("CLI-16")]
public sealed class NotifyTests : ContainerTest
{
    private const string Sender = """
        #include <sys/socket.h>
        #include <sys/un.h>
        #include <stdlib.h>
        #include <string.h>
        #include <stdio.h>
        #include <unistd.h>
        int main(int n, char **v) {
            char *path = getenv("NOTIFY_SOCKET");
            if (!path) { puts("no NOTIFY_SOCKET"); return 3; }
            struct sockaddr_un a = { .sun_family = AF_UNIX };
            strncpy(a.sun_path, path, sizeof a.sun_path - 1);
            int s = socket(AF_UNIX, SOCK_DGRAM, 0);
            if (sendto(s, v[1], strlen(v[1]), 0, (void *)&a, sizeof a) < 0) { perror(path); return 4; }
            puts("sent"); fflush(stdout);
            pause();
        }
        """;

    [Fact]
    public void A_message_of_the_container_reaches_the_socket_of_the_host()
    {
        Dock.Write(config => config.Args("/bin/notify", "READY=1"));
        NativeProgram.Install(Sender, $"{Dock.Root}/bin/notify");
        using Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint($"{Dock.Folder}/notify.sock"));
        using Live live = Dock.Command("run", "--detach", "--bundle", Dock.Bundle, Id).Env("NOTIFY_SOCKET", $"{Dock.Folder}/notify.sock").Start();
        List<string> messages = [];
        Until.True(() => { messages.AddRange(Read(socket)); return live.HasExited; }, "run returns once the container is ready");
        live.Wait().Succeeded();
        messages.AddRange(Read(socket));
        Assert.Contains(messages, message => message.Contains("READY=1", StringComparison.Ordinal));
        if (Runtime.Kind != RuntimeKind.Crun) Assert.Contains(messages, message => message.Contains($"MAINPID={Dock.Pid()}", StringComparison.Ordinal));
    }

    // A barrier (sd_notify(3)) comes with a descriptor, and its sender waits until we have closed it.
    private static List<string> Read(Socket socket)
    {
        List<string> messages = [];
        while (socket.Poll(TimeSpan.FromMilliseconds(5), SelectMode.SelectRead))
        {
            (byte[] data, int[] descriptors) = Native.Receive((int)socket.Handle);
            foreach (int descriptor in descriptors) Native.Close(descriptor);
            messages.Add(Encoding.UTF8.GetString(data));
        }
        return messages;
    }

    [Fact]
    public void Without_a_socket_nothing_is_passed()
    {
        Shell("echo \"[$NOTIFY_SOCKET]\"").Says("[]");
    }
}
