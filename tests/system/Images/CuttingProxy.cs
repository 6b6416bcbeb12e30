// A stretch of network between a client and a server that breaks now and then, and counts.
using System.Net;
using System.Net.Sockets;

namespace Berth.SystemTests.Images;

/// <summary>Passes bytes on; the first connections are cut after so many of them.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _port;
    private readonly long _cutAfter;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private int _cutsLeft;
    private long _bytes;

    public CuttingProxy(int port, long cutAfter, int cuts)
    {
        (_port, _cutAfter, _cutsLeft) = (port, cutAfter, cuts);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Name => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>What went to the client.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public int CutsLeft => Volatile.Read(ref _cutsLeft);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> passing = [];
        try
        {
            while (true) passing.Add(PassAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (OperationCanceledException) { }
        await Task.WhenAll(passing);
    }

    private async Task PassAsync(TcpClient client)
    {
        using TcpClient server = new();
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _port, _stop.Token);
            await Task.WhenAny(CopyAsync(client, server, false), CopyAsync(server, client, true));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException) { }
        finally { client.Dispose(); }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to, bool isAnswer)
    {
        byte[] buffer = new byte[16 * 1024];
        long passed = 0;
        try
        {
            for (int n; (n = await from.GetStream().ReadAsync(buffer, _stop.Token)) > 0;)
            {
                if (isAnswer)
                {
                    Interlocked.Add(ref _bytes, n);
                    if ((passed += n) > _cutAfter && Interlocked.Decrement(ref _cutsLeft) >= 0) return;
                }
                await to.GetStream().WriteAsync(buffer.AsMemory(0, n), _stop.Token);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException) { }
    }
}
