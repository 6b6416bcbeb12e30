// Calls with more than one message, between our client and our server, and frame by frame as the protocol says.
using Berth.Rpc.Protobuf;
using Berth.Rpc.Tests.Protos;
using Berth.Rpc.Ttrpc;

namespace Berth.Rpc.Tests.Ttrpc;

public class StreamTests
{
    private static readonly Tree Three = new() { Branches = { new Tree { Name = "a" }, new Tree(), new Tree { Name = "c" } } };
    private static readonly byte[] A = ProtobufWriter.ToBytes(Three.Branches[0]);

    private readonly TtrpcServerConnection _server = new();
    private readonly TtrpcClientConnection _client = new();
    private readonly Echoes _echoes = new();

    [Fact]
    public void A_server_streams_messages_and_ends()
    {
        uint stream = _client.Call(EchoService.Methods.Watch, Three, new() { Streaming = TtrpcStreaming.Server });
        Assert.Equal(["a", "", "c", "end"], Talk(stream));
        Assert.Equal(0, _client.InFlight);
        Assert.Equal(0, _server.InFlight);
    }

    [Fact]
    public void A_client_streams_messages_and_gets_one_answer()
    {
        uint stream = _client.Call(EchoService.Methods.Collect, new Tree(), new() { Streaming = TtrpcStreaming.Client });
        foreach (Tree branch in Three.Branches) _client.Send(stream, branch);
        Assert.Empty(Talk(stream));
        _client.End(stream);
        Assert.Equal(["response a,,c"], Talk(stream));
        Assert.Equal(["Collect ended"], _echoes.Ended);
    }

    [Fact]
    public void Both_stream_messages_while_other_calls_come_and_go()
    {
        uint chat = _client.Call(EchoService.Methods.Chat, new Tree(), new() { Streaming = TtrpcStreaming.Client });
        Assert.Empty(Talk(chat));
        foreach (Tree branch in Three.Branches)
        {
            _client.Send(chat, branch);
            Assert.Equal([branch.Name], Talk(chat));
            uint other = _client.Call(EchoService.Methods.Say, new Everything());
            Assert.Equal(["response "], Talk(other));
        }
        _client.End(chat);
        Assert.Equal(["end"], Talk(chat));
        Assert.Equal(0, _server.InFlight);
    }

    [Fact]
    public void An_empty_message_is_a_message_and_no_message_is_none()
    {
        Serve([.. Wire.Request(1, "Collect", flags: 2), .. Wire.Frame(1, 3, 0, []), .. Wire.Frame(1, 3, 4, [])]);
        Assert.Equal(2, ProtobufReader.Read(Assert.Single(Serve(Wire.Frame(1, 3, 1, []))).AsResponse.Payload.Span, new Tree()).Branches.Count);
    }

    [Fact]
    public void The_last_message_may_say_that_it_is_the_last() =>
        Assert.Equal(A, ProtobufReader.Read(Serve([.. Wire.Request(1, "Collect", flags: 2), .. Wire.Frame(1, 3, 1, A)])[0].AsResponse.Payload.Span, new Tree()).Branches.Select(ProtobufWriter.ToBytes).Single());

    [Fact]
    public void A_stream_that_ends_is_told_by_a_frame_without_data()
    {
        List<WireFrame> frames = Serve(Wire.Request(1, "Watch", payload: ProtobufWriter.ToBytes(Three), flags: 1));
        Assert.Equal([(3, 0, 3), (3, 0, 0), (3, 0, 3), (3, 1 | 4, 0)], frames.Select(frame => ((int)frame.Kind, (int)frame.Flags, frame.Data.Length)));
    }

    [Fact]
    public void Data_for_no_stream_is_refused()
    {
        Refused(Serve(Wire.Frame(1, 3, 0, A)), "StreamID is no longer active");
        Serve(Wire.Request(1));
        Refused(Serve(Wire.Frame(1, 3, 0, A)), "StreamID is no longer active");
    }

    [Fact]
    public void Data_on_a_stream_with_one_message_ends_it()
    {
        _echoes.Later = true;
        Serve(Wire.Request(1));
        Refused(Serve(Wire.Frame(1, 3, 0, A)), "StreamID is no longer active");
        _echoes.Waiting[0].Reply.Send(new Everything());
        Assert.Empty(Serve([]));
    }

    [Fact]
    public void Data_after_the_end_is_refused()
    {
        _server.Receive([.. Wire.Request(1, "Watch", flags: 1), .. Wire.Frame(1, 3, 0, A)]);
        Assert.True(_server.Next(out TtrpcCall? call));
        Assert.False(_server.Next(out _));
        Refused(Wire.Drain(_server), "stream closed");
        Assert.False(call.IsOpen);
    }

    [Fact]
    public void A_call_with_one_answer_cannot_stream()
    {
        _echoes.Later = true;
        Serve(Wire.Request(1));
        Assert.Throws<InvalidOperationException>(() => _echoes.Waiting[0].Reply.Call.Send(new Everything()));
        Assert.Throws<InvalidOperationException>(() => _echoes.Waiting[0].Reply.Call.End());
    }

    [Theory]
    [InlineData("Watch", 0, "answers with a stream")]
    [InlineData("Collect", 0, "takes a stream")]
    [InlineData("Chat", 1, "takes a stream")]
    public void A_stream_has_to_be_asked_for(string method, byte flags, string words)
    {
        Refused(Serve(Wire.Request(1, method, flags: flags)), words);
        Assert.Equal(0, _server.InFlight);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_message_that_is_none_ends_its_stream(byte flags)
    {
        Serve(Wire.Request(1, "Chat", flags: 2));
        Refused(Serve(Wire.Frame(1, 3, flags, [0xff])), "data handling error: a message ends in the middle");
        Assert.Equal(["Chat gone"], _echoes.Ended);
        Assert.Equal(0, _server.InFlight);
    }

    [Fact]
    public void A_failing_stream_ends_with_a_response()
    {
        _server.Receive(Wire.Request(1, "Watch", flags: 1));
        Assert.True(_server.Next(out TtrpcCall? call));
        call.Send(new Tree { Name = "a" });
        call.Send(new Tree { Name = new string('x', 5 << 20) });
        Assert.False(call.IsOpen);
        List<WireFrame> frames = Wire.Drain(_server);
        Assert.Equal([3, 2], frames.Select(frame => (int)frame.Kind));
        Assert.Equal(StatusCode.ResourceExhausted, (StatusCode)frames[1].AsResponse.Status.Code);
        Assert.Throws<InvalidOperationException>(call.End);
    }

    [Fact]
    public void Who_gathers_is_told_when_its_caller_breaks_the_rules()
    {
        Serve(Wire.Request(1, "Collect", flags: 2));
        Serve(Wire.Frame(1, 3, 0, [], length: 5 << 20));
        Assert.Equal(["Collect gone"], _echoes.Ended);
    }

    private List<WireFrame> Serve(byte[] bytes)
    {
        _echoes.Serve(_server, bytes);
        return Wire.Drain(_server);
    }

    private static void Refused(List<WireFrame> frames, string words)
    {
        Assert.Equal(StatusCode.InvalidArgument, (StatusCode)Assert.Single(frames).AsResponse.Status.Code);
        Assert.Contains(words, frames[0].AsResponse.Status.Message, StringComparison.Ordinal);
    }

    // Carries all bytes to and fro, and returns what the client was told about one call.
    private List<string> Talk(uint stream)
    {
        _echoes.Serve(_server, _client.Outgoing);
        _client.Sent(_client.Outgoing.Length);
        _client.Receive(_server.Outgoing);
        _server.Sent(_server.Outgoing.Length);
        List<string> told = [];
        while (_client.Next(out TtrpcAnswer answer))
        {
            Assert.Equal(stream, answer.StreamId);
            Assert.Equal(StatusCode.Ok, answer.Code);
            told.Add(answer.Kind switch
            {
                TtrpcAnswerKind.Data => answer.Read(new Tree()).Name,
                TtrpcAnswerKind.End => "end",
                _ => "response " + string.Join(',', answer.Read(new Tree()).Branches.Select(branch => branch.Name)),
            });
        }
        return told;
    }
}
