// Damaged frames and garbage: both ends go on, say only whole frames, and keep within bounds.
using Berth.Rpc.Protobuf;
using Berth.Rpc.Tests.Oracle;
using Berth.Rpc.Tests.Protos;
using Berth.Rpc.Ttrpc;

namespace Berth.Rpc.Tests.Ttrpc;

/// <summary>A fuzzer with a fixed seed; see <see cref="Dice"/>.</summary>
public class ConnectionFuzz
{
    private const int Conversations = 2_000;

    [Fact]
    public void A_server_answers_garbage_with_frames_and_never_fails()
    {
        Dice dice = Dice.FromEnvironment();
        int answered = 0, refused = 0;
        for (int i = Dice.Count(Conversations * 10) / 10; i > 0; i--)
        {
            TtrpcServerConnection server = new();
            Echoes echoes = new() { Later = dice.OneIn(2) };
            byte[] bytes = Conversation(dice);
            long before = GC.GetAllocatedBytesForCurrentThread();
            foreach (ReadOnlyMemory<byte> piece in Pieces(bytes, dice))
            {
                if (server.WantsBytes) echoes.Serve(server, piece.Span);
                if (dice.OneIn(3) && echoes.Waiting.Count > 0)
                {
                    int which = dice.Below(echoes.Waiting.Count);
                    echoes.Waiting[which].Reply.Send(echoes.Waiting[which].Request);
                    echoes.Waiting.RemoveAt(which);
                }
                foreach (WireFrame frame in Wire.Drain(server))
                {
                    if (frame.Kind == WireFrame.Response && frame.AsResponse.Status is not null) refused++;
                    else answered++;
                }
            }
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (1 << 20) + 2048L * bytes.Length);
            server.Close();
            Assert.Equal(0, server.InFlight);
        }
        Assert.NotEqual(0, answered);
        Assert.NotEqual(0, refused);
    }

    [Fact]
    public void A_client_takes_garbage_for_answers_and_never_fails()
    {
        Dice dice = Dice.FromEnvironment();
        for (int i = Dice.Count(Conversations * 10) / 10; i > 0; i--)
        {
            TtrpcClientConnection client = new();
            for (int call = 0; call < 8; call++) client.Call(EchoService.Methods.Say, new Everything(), new() { Streaming = (TtrpcStreaming)dice.Below(3) });
            byte[] bytes = Answers(dice);
            foreach (ReadOnlyMemory<byte> piece in Pieces(bytes, dice))
            {
                client.Receive(piece.Span);
                while (client.Next(out TtrpcAnswer answer))
                {
                    try
                    {
                        answer.Read(new Everything());
                    }
                    catch (ProtobufException)
                    {
                    }
                }
            }
            Assert.InRange(client.InFlight, 0, 8);
        }
    }

    private static byte[] Conversation(Dice dice)
    {
        List<byte> bytes = [];
        uint stream = 1;
        for (int frames = 1 + dice.Below(8); frames > 0; frames--)
        {
            byte[] payload = dice.OneIn(2) ? ProtobufWriter.ToBytes(Filling.Fill(new Tree(), dice)) : dice.Bytes();
            switch (dice.Below(6))
            {
                case 0: bytes.AddRange(Wire.Frame((uint)dice.Number(), (byte)dice.Below(5), (byte)dice.Below(8), payload)); break;
                case 1: bytes.AddRange(Wire.Frame(stream, WireFrame.Message, (byte)dice.Below(8), payload)); break;
                case 2: bytes.AddRange(Wire.Request(stream += 2, dice.OneIn(2) ? "Chat" : "Collect", flags: 2)); break;
                case 3: bytes.AddRange(Wire.Request(stream += 2, "Watch", payload: payload, flags: 1)); break;
                default: bytes.AddRange(Wire.Request(stream += 2, dice.OneIn(5) ? dice.Text() : "Say", payload: payload, timeout: (long)dice.Number(), metadata: (dice.Text(), dice.Text()))); break;
            }
        }
        return dice.OneIn(3) ? [.. bytes] : dice.Mutate([.. bytes]);
    }

    private static byte[] Answers(Dice dice)
    {
        List<byte> bytes = [];
        for (int frames = 1 + dice.Below(12); frames > 0; frames--)
        {
            uint stream = (uint)dice.Below(20);
            byte[] payload = dice.Bytes();
            if (dice.OneIn(2)) bytes.AddRange(Wire.Response(stream, payload, dice.Below(20), dice.Text()));
            else bytes.AddRange(Wire.Frame(stream, (byte)dice.Below(5), (byte)dice.Below(8), payload));
        }
        return dice.OneIn(3) ? [.. bytes] : dice.Mutate([.. bytes]);
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Pieces(byte[] bytes, Dice dice)
    {
        for (int at = 0; at < bytes.Length;)
        {
            int length = Math.Min(dice.OneIn(3) ? 1 + dice.Below(20) : bytes.Length, bytes.Length - at);
            yield return bytes.AsMemory(at, length);
            at += length;
        }
    }
}
