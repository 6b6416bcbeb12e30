// What a connection that idles for months keeps of what it once carried.
using System.Runtime.CompilerServices;
using Berth.Rpc.Tests.Protos;
using Berth.Rpc.Ttrpc;

namespace Berth.Rpc.Tests.Ttrpc;

/// <summary>Alone, because it looks at the memory of the whole program.</summary>
[CollectionDefinition(nameof(IdleMemoryTests), DisableParallelization = true)]
[Collection(nameof(IdleMemoryTests))]
public class IdleMemoryTests
{
    private readonly TtrpcServerConnection _server = new();
    private readonly TtrpcClientConnection _client = new();
    private readonly Echoes _echoes = new();

    [Fact]
    public void Nothing_is_left_of_large_messages()
    {
        Exchange(1);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        Exchange(4_000_000);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 200 << 10);
        GC.KeepAlive(this);
    }

    // A method of its own, so that no variable of the test holds any of it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Exchange(int size)
    {
        _client.Call(EchoService.Methods.Say, new Everything { SomeBytes = new byte[size] });
        _echoes.Serve(_server, _client.Outgoing);
        _client.Sent(_client.Outgoing.Length);
        _client.Receive(_server.Outgoing);
        _server.Sent(_server.Outgoing.Length);
        Assert.True(_client.Next(out _));
        Assert.False(_client.Next(out _));
    }
}
