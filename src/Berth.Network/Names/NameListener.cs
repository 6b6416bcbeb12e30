// One address at which a network's containers ask: UDP and TCP.
using Berth.Linux;
using Berth.Linux.Network;
using Berth.Linux.Polling;

namespace Berth.Network.Names;

/// <summary>The sockets of one address.</summary>
internal sealed class NameListener : IDisposable
{
    // Datagrams taken together; and how often before others have their turn.
    private const int Batch = 32, Rounds = 4, DatagramSize = 4096, Room = 1 << 20, Backlog = 64;
    private readonly NameServer _server;
    private readonly Neighbours _neighbours;
    private readonly Fd _datagrams;
    private readonly Fd _connections;
    private readonly Watch _datagramWatch;
    private readonly Watch _connectionWatch;

    public NameListener(NameServer server, InetEndpoint endpoint, ServedNetwork network)
    {
        (_server, Endpoint, Network) = (server, endpoint, network);
        _neighbours = new Neighbours(endpoint);
        _datagrams = InetSocket.BindDatagram(endpoint, Room);
        try
        {
            _connections = InetSocket.Listen(endpoint, Backlog);
            AddressedDatagrams.WithLocalAddress(_datagrams, !endpoint.Is4);
            AddressedDatagrams.WithLocalAddress(_connections, !endpoint.Is4);
        }
        catch
        {
            _connections?.Dispose();
            _datagrams.Dispose();
            throw;
        }
        _datagramWatch = server.Loop.Look(_datagrams, Readiness.Read, _ => TakeDatagrams());
        _connectionWatch = server.Loop.Look(_connections, Readiness.Read, _ => TakeConnections());
    }

    public static DatagramBatch NewBatch() => new(Batch, DatagramSize);

    public InetEndpoint Endpoint { get; }

    public ServedNetwork Network { get; set; }

    /// <summary>The server elsewhere that answered last: asked first.</summary>
    public int Preferred { get; set; }

    private bool IsClosed { get; set; }

    public void SendTo(InetEndpoint client, ReadOnlySpan<byte> answer)
    {
        if (!IsClosed) InetSocket.TrySendTo(_datagrams, client, answer, out _);
    }

    public void Dispose()
    {
        IsClosed = true;
        _datagramWatch.Remove();
        _connectionWatch.Remove();
        _datagrams.Dispose();
        _connections.Dispose();
    }

    private void TakeDatagrams()
    {
        DatagramBatch batch = _server.Batch;
        for (int round = 0; round < Rounds && !IsClosed; round++)
        {
            int count = batch.Receive(_datagrams);
            if (count == 0) return;
            // A query that was sent after a record was written is answered by what the record says: looked for between the two.
            _server.Refresh();
            if (IsClosed) return;
            for (int i = 0; i < count; i++)
            {
                InetEndpoint client = batch.From(i);
                if (client.Port == 0 || !_neighbours.Includes(batch.Link(i))) continue;
                int length = _server.Resolver.Answer(Network, client.Address, batch[i], batch.Answer(i), stream: false, out DnsQuery query);
                if (length == Resolver.Forwarded && (length = _server.Forwarder.TryRemembered(this, client, false, batch[i], query, batch.Answer(i))) == 0) length = _server.Forwarder.TryStart(this, client, null, batch[i], query) ? 0 : Resolver.Failure(batch[i], batch.Answer(i), query, DnsCode.ServerFailure);
                if (length > 0) batch.Answered(i, length);
            }
            batch.Send(_datagrams);
            if (count < Batch) return;
        }
    }

    private void TakeConnections()
    {
        for (int i = 0; i < Batch; i++)
        {
            Fd? fd = InetSocket.TryAccept(_connections, out InetEndpoint peer, out _);
            if (fd is null) return;
            if (_neighbours.Includes(InetSocket.LinkOf(fd, !Endpoint.Is4))) _server.Take(this, fd, peer);
            else fd.Dispose();
        }
    }
}
