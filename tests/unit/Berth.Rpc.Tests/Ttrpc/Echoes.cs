// The service that the tests call: it answers with what it was sent, at once or when it is told to.
using Berth.Rpc.Tests.Protos;
using Berth.Rpc.Ttrpc;

namespace Berth.Rpc.Tests.Ttrpc;

/// <summary>Say answers at once unless <see cref="Later"/>; Watch sends the branches; Collect and Chat gather them, and Chat says each back.</summary>
internal sealed class Echoes : EchoService, ITtrpcStream
{
    private readonly Dictionary<TtrpcCall, Tree> _gathered = [];

    public bool Later { get; set; }

    public List<(TtrpcReply<Everything> Reply, Everything Request)> Waiting { get; } = [];

    public List<string> Ended { get; } = [];

    /// <summary>Feeds a connection, and handles what comes.</summary>
    public void Serve(TtrpcServerConnection server, ReadOnlySpan<byte> bytes)
    {
        server.Receive(bytes);
        while (server.Next(out TtrpcCall? call))
        {
            if (call.Service == FullName) Handle(call);
            else Refuse(call);
        }
    }

    void ITtrpcStream.Receive(TtrpcCall call, ReadOnlySpan<byte> message)
    {
        Tree tree = Berth.Rpc.Protobuf.ProtobufReader.Read(message, new Tree());
        _gathered[call].Branches.Add(tree);
        if (call.Method == "Chat") call.Send(tree);
    }

    void ITtrpcStream.End(TtrpcCall call)
    {
        Ended.Add($"{call.Method} {(call.IsOpen ? "ended" : "gone")}");
        if (!call.IsOpen) return;
        if (call.Method == "Chat") call.End();
        else call.Answer(_gathered[call]);
    }

    protected override void Say(Everything request, TtrpcReply<Everything> reply)
    {
        if (Later) Waiting.Add((reply, request));
        else reply.Send(request);
    }

    protected override void Watch(Tree request, TtrpcCall call)
    {
        foreach (Tree branch in request.Branches) call.Send(branch);
        call.End();
    }

    protected override void Collect(TtrpcCall call) => Gather(call);

    protected override void Chat(TtrpcCall call) => Gather(call);

    private void Gather(TtrpcCall call)
    {
        _gathered.Add(call, new Tree());
        call.Stream = this;
    }
}
