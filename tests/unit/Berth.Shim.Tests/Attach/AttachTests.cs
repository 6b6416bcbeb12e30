// Clients of the attach socket who behave badly.
using System.Net.Sockets;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Sockets;
using Berth.Shim.Attach;
using Berth.Shim.Streams;

namespace Berth.Shim.Tests.Attach;

public sealed class AttachTests : IDisposable
{
    private readonly Scene _scene = new();
    private readonly OutputHub _hub;
    private readonly InputPipe _input;
    private readonly AttachServer _server;
    private readonly Fd _inputRead;
    private readonly string _path;

    public AttachTests()
    {
        _hub = new OutputHub(_scene.Loop);
        _input = new InputPipe(_scene.Loop);
        _path = $"{_scene.Folder}/attach";
        _server = new AttachServer(_scene.Loop, UnixSocket.Bind(SocketKind.Packets, _path, 0x1C0), _hub, _input) { ClosesInput = true };
        (_inputRead, Fd write) = KernelPath.Pipe(nonBlocking: true);
        _input.Open(write);
    }

    public void Dispose()
    {
        _server.Dispose();
        _hub.Dispose();
        _input.Dispose();
        _inputRead.Dispose();
        _scene.Dispose();
    }

    private Socket Client()
    {
        Socket client = new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified) { Blocking = true };
        client.Connect(new UnixDomainSocketEndPoint(_path));
        client.Blocking = false;
        _scene.Settle();
        return client;
    }

    [Fact]
    public void The_socket_is_for_its_owner_only() => Assert.Equal(0xC1C0u, KernelPath.Facts(_path)!.Value.Mode);

    [Fact]
    public void A_client_that_went_away_unnoticed_does_not_disturb_the_output()
    {
        RecordingSink log = new();
        _hub.Add(log);
        Socket client = Client();
        client.Dispose();
        // Before the hang-up was looked at.
        _hub.Pass(StandardStream.Output, "x"u8);
        _scene.Settle();
        _hub.Pass(StandardStream.Output, "y"u8);
        Assert.Equal("xy", log.Text);
        Assert.True(_input.IsClosed);
    }

    [Fact]
    public void What_a_client_sent_before_it_went_arrives_though_there_was_output_for_it()
    {
        using (Socket client = Client())
        {
            _hub.Pass(StandardStream.Output, "never read"u8);
            client.Send("command\n"u8);
        }
        _hub.Pass(StandardStream.Output, "x"u8);
        _scene.Settle();
        byte[] buffer = new byte[100];
        Assert.Equal(8, FdIo.TryRead(_inputRead, buffer, out _));
        Assert.Equal(0, FdIo.TryRead(_inputRead, buffer, out _));
    }

    [Fact]
    public void Output_flows_to_a_client_whose_input_nobody_reads()
    {
        using Socket client = Client();
        // The program waits with its output for us, and reads no input until then.
        byte[] packet = new byte[16 * 1024];
        for (int sent = 0; sent < 40; sent++)
        {
            try { client.Send(packet); }
            catch (SocketException) { break; }
            _scene.Settle();
        }
        Assert.True(_input.IsFull);
        for (int i = 0; i < 100; i++) _hub.Pass(StandardStream.Output, packet);
        int got = 0;
        byte[] buffer = new byte[9000];
        _scene.Until(() =>
        {
            while (client.Available > 0) got += client.Receive(buffer) - 1;
            return got == 100 * packet.Length;
        });
    }

    [Fact]
    public void A_client_that_reads_nothing_holds_the_output_up_and_costs_no_rounds()
    {
        using Socket client = Client();
        for (int i = 0; i < 100; i++) _hub.Pass(StandardStream.Output, new byte[8192]);
        Assert.True(_hub.IsOwed);
        _scene.Settle();
        Assert.Equal(0, _scene.Settle());
    }

    [Fact]
    public void A_client_that_is_behind_when_the_doors_close_gets_the_rest()
    {
        Socket client = Client();
        using Socket idle = Client();
        for (int i = 0; i < 100; i++) _hub.Pass(StandardStream.Output, new byte[8192]);
        int got = 0, others = 0;
        byte[] buffer = new byte[9000];
        while (idle.Available > 0) others += idle.Receive(buffer) - 1;
        _server.Close();
        Assert.True(_server.IsOwed);
        _scene.Until(() =>
        {
            while (client.Available > 0) got += client.Receive(buffer) - 1;
            while (idle.Available > 0) others += idle.Receive(buffer) - 1;
            return !_server.IsOwed;
        });
        while (client.Available > 0) got += client.Receive(buffer) - 1;
        Assert.Equal(100 * 8192, got);
        Assert.Equal(0, client.Receive(buffer));
        client.Dispose();
    }

    [Fact]
    public void More_clients_than_there_is_place_for_wait_outside_and_come_in_later()
    {
        List<Socket> clients = [];
        for (int i = 0; i < 256; i++) clients.Add(Client());
        using Socket late = new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        late.Connect(new UnixDomainSocketEndPoint(_path));
        late.Blocking = false;
        Assert.Equal(0, _scene.Settle());
        _hub.Pass(StandardStream.Output, "a"u8);
        Assert.Equal(0, late.Available);
        clients[0].Dispose();
        _scene.Settle();
        _hub.Pass(StandardStream.Output, "b"u8);
        byte[] buffer = new byte[10];
        Assert.Equal(2, late.Receive(buffer));
        Assert.Equal((byte)'b', buffer[1]);
        foreach (Socket client in clients) client.Dispose();
        _scene.Settle();
    }
}
