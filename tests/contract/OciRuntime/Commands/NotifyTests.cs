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
        Assert.True(socket.Poll(Until.Patience, SelectMode.SelectRead), "nothing came");
        byte[] buffer = new byte[1024];
        string message = Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer));
        live.Wait().Succeeded();
        Assert.Contains("READY=1", message);
    }

    [Fact]
    public void Without_a_socket_nothing_is_passed()
    {
        Shell("echo \"[$NOTIFY_SOCKET]\"").Says("[]");
    }
}
