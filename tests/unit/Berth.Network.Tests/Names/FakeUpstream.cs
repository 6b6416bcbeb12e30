// A server elsewhere: answers as a test wants it, over UDP and TCP.
using System.Net;
using System.Net.Sockets;

namespace Berth.Network.Tests.Names;

/// <summary>Its answers are made by <see cref="Answer"/>, null says nothing.</summary>
internal sealed class FakeUpstream : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly TcpListener _listener;
    private readonly Thread _udp;
    private readonly Thread _tcp;
    private int _asked;

    public FakeUpstream(Func<byte[], bool, byte[]?> answer)
    {
        Answer = answer;
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Endpoint = (IPEndPoint)_socket.LocalEndPoint!;
        _listener = new TcpListener(IPAddress.Loopback, Endpoint.Port);
        _listener.Start();
        _udp = new Thread(ServeDatagrams);
        _tcp = new Thread(ServeStreams);
        _udp.Start();
        _tcp.Start();
    }

    public Func<byte[], bool, byte[]?> Answer { get; set; }

    public IPEndPoint Endpoint { get; }

    public int Asked => Volatile.Read(ref _asked);

    /// <summary>An answer with so many addresses 192.0.2.N, or one that says to come by TCP.</summary>
    public static byte[] Addresses(byte[] query, int count, int code = 0, bool truncated = false)
    {
        int end = 12;
        while (query[end] != 0) end += query[end] + 1;
        end += 5;
        List<byte> answer = [.. query.AsSpan(0, end)];
        answer[2] = (byte)(0x81 | (truncated ? 0x02 : 0));
        answer[3] = (byte)(0x80 | code);
        (answer[6], answer[7]) = ((byte)(count >> 8), (byte)count);
        for (int i = 8; i < 12; i++) answer[i] = 0;
        for (int i = 0; i < count; i++) answer.AddRange([0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, (byte)(i + 1)]);
        return [.. answer];
    }

    private void ServeDatagrams()
    {
        byte[] buffer = new byte[4096];
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        try
        {
            while (true)
            {
                int length = _socket.ReceiveFrom(buffer, ref from);
                Interlocked.Increment(ref _asked);
                if (Answer(buffer.AsSpan(0, length).ToArray(), false) is { } answer) _socket.SendTo(answer, from);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed: the test is over.
        }
    }

    private void ServeStreams()
    {
        try
        {
            while (true)
            {
                using TcpClient client = _listener.AcceptTcpClient();
                NetworkStream stream = client.GetStream();
                byte[] length = new byte[2];
                stream.ReadExactly(length);
                byte[] query = new byte[(length[0] << 8) | length[1]];
                stream.ReadExactly(query);
                if (Answer(query, true) is not { } answer) continue;
                // In two parts, as networks deliver.
                byte[] framed = [(byte)(answer.Length >> 8), (byte)answer.Length, .. answer];
                stream.Write(framed.AsSpan(0, 1));
                stream.Flush();
                stream.Write(framed.AsSpan(1));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
            // Closed: the test is over.
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        _listener.Stop();
        _udp.Join();
        _tcp.Join();
    }
}
