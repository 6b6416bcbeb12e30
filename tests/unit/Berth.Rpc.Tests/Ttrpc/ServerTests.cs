// The server's end: what it takes, what it refuses and in which words, and what it bounds.
using System.Text;
using Berth.Rpc.Protobuf;
using Berth.Rpc.Tests.Protos;
using Berth.Rpc.Ttrpc;

namespace Berth.Rpc.Tests.Ttrpc;

public class ServerTests
{
    private static readonly byte[] Hello = ProtobufWriter.ToBytes(new Everything { AString = "hello" });

    private readonly TtrpcServerConnection _server = new();
    private readonly Echoes _echoes = new();

    [Fact]
    public void A_request_is_answered_on_its_stream_without_a_status()
    {
        WireFrame answer = Assert.Single(Ask(Wire.Request(1, payload: Hello)));
        Assert.Equal((1u, WireFrame.Response, 0), (answer.Stream, answer.Kind, answer.Flags));
        Assert.Null(answer.AsResponse.Status);
        Assert.Equal(Hello, answer.AsResponse.Payload.ToByteArray());
    }

    [Fact]
    public void A_request_may_come_in_two_pieces_cut_anywhere()
    {
        byte[] two = [.. Wire.Request(1, payload: Hello), .. Wire.Request(3, payload: Hello, metadata: ("k", "v"))];
        for (int cut = 0; cut <= two.Length; cut++)
        {
            TtrpcServerConnection server = new();
            _echoes.Serve(server, two.AsSpan(0, cut));
            _echoes.Serve(server, two.AsSpan(cut));
            Assert.Equal([1u, 3u], Wire.Drain(server).Select(frame => frame.Stream));
        }
    }

    [Fact]
    public void A_request_may_come_byte_by_byte()
    {
        foreach (byte b in Wire.Request(1, payload: Hello)) _echoes.Serve(_server, [b]);
        Assert.Equal(Hello, Assert.Single(Wire.Drain(_server)).AsResponse.Payload.ToByteArray());
    }

    [Fact]
    public void Answers_may_come_later_and_in_any_order()
    {
        _echoes.Later = true;
        for (uint stream = 1; stream < 100; stream += 2) Assert.Empty(Ask(Wire.Request(stream, payload: ProtobufWriter.ToBytes(new Everything { AUint32 = stream }))));
        Assert.Equal(50, _server.InFlight);
        foreach ((TtrpcReply<Everything> reply, Everything request) in _echoes.Waiting.OrderBy(waiting => waiting.Request.AUint32 * 7919 % 101)) reply.Send(request);
        List<WireFrame> answers = Wire.Drain(_server);
        Assert.Equal(50, answers.Count);
        Assert.NotEqual(answers.Select(answer => answer.Stream).Order(), answers.Select(answer => answer.Stream));
        Assert.All(answers, answer => Assert.Equal(answer.Stream, ProtobufReader.Read(answer.AsResponse.Payload.Span, new Everything()).AUint32));
        Assert.Equal(0, _server.InFlight);
    }

    [Fact]
    public void The_handler_sees_the_time_limit_and_what_was_sent_along()
    {
        _server.Receive(Wire.Request(1, timeout: 5_000_000_000, metadata: [("containerd-namespace-ttrpc", "k8s.io"), ("containerd-namespace-ttrpc", "other"), ("traceparent", "00")]));
        Assert.True(_server.Next(out TtrpcCall? call));
        Assert.Equal(5_000_000_000, call.TimeoutNano);
        Assert.Equal("k8s.io", call.Metadata("containerd-namespace-ttrpc"));
        Assert.Equal("00", call.Metadata("traceparent"));
        Assert.Null(call.Metadata("x"));
    }

    [Theory]
    [InlineData("berth.oracle.Echo", "Sing", "method Sing")]
    [InlineData("berth.oracle.Echo", "say", "method say")]
    [InlineData("berth.oracle.Choir", "Say", "service berth.oracle.Choir")]
    [InlineData("", "", "service ")]
    public void Unknown_services_and_methods_are_refused_in_the_words_of_Gos_server(string service, string method, string words) =>
        Refused(Assert.Single(Ask(Wire.Request(1, method, service))), StatusCode.Unimplemented, words);

    [Fact]
    public void A_payload_that_is_no_such_message_is_refused_and_the_handler_not_asked()
    {
        _echoes.Later = true;
        Refused(Assert.Single(Ask(Wire.Request(1, payload: [0xff]))), StatusCode.Internal, "ttrpc: error unmarshalling payload: ");
        Assert.Empty(_echoes.Waiting);
    }

    [Fact]
    public void A_request_that_is_no_request_is_refused_and_the_connection_goes_on()
    {
        List<WireFrame> answers = Ask([.. Wire.Frame(1, WireFrame.Request, 0, [0xff]), .. Wire.Frame(3, WireFrame.Request, 0, Encoding.UTF8.GetBytes("GET / HTTP/1.1\r\n")), .. Wire.Request(5, payload: Hello)]);
        Assert.Equal(3, answers.Count);
        Refused(answers[0], StatusCode.InvalidArgument, "unmarshal request error: ");
        Refused(answers[1], StatusCode.InvalidArgument, "unmarshal request error: ");
        Assert.Null(answers[2].AsResponse.Status);
    }

    [Fact]
    public void Streams_are_odd_and_rise()
    {
        Refused(Assert.Single(Ask(Wire.Request(2))), StatusCode.InvalidArgument, "StreamID must be odd for client initiated streams");
        Refused(Assert.Single(Ask(Wire.Request(0))), StatusCode.InvalidArgument, "StreamID must be odd for client initiated streams");
        Assert.Null(Assert.Single(Ask(Wire.Request(7))).AsResponse.Status);
        Refused(Assert.Single(Ask(Wire.Request(7))), StatusCode.InvalidArgument, "StreamID cannot be re-used and must increment");
        Refused(Assert.Single(Ask(Wire.Request(5))), StatusCode.InvalidArgument, "StreamID cannot be re-used and must increment");
        Assert.Null(Assert.Single(Ask(Wire.Request(uint.MaxValue))).AsResponse.Status);
    }

    [Fact]
    public void A_stream_that_is_used_again_while_it_waits_gets_one_answer()
    {
        _echoes.Later = true;
        Ask(Wire.Request(1));
        Refused(Assert.Single(Ask(Wire.Request(1))), StatusCode.InvalidArgument, "StreamID cannot be re-used and must increment");
        Assert.False(_echoes.Waiting[0].Reply.Call.IsOpen);
        _echoes.Waiting[0].Reply.Send(new Everything());
        Assert.Empty(Wire.Drain(_server));
    }

    [Fact]
    public void A_message_beyond_the_limit_is_thrown_away_and_the_connection_goes_on()
    {
        byte[] data = new byte[(4 << 20) + 1];
        byte[] bytes = [.. Wire.Frame(1, WireFrame.Request, 0, data), .. Wire.Request(3, payload: Hello)];
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int at = 0; at < bytes.Length; at += 4096) _echoes.Serve(_server, bytes.AsSpan(at, Math.Min(4096, bytes.Length - at)));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 10);
        List<WireFrame> answers = Wire.Drain(_server);
        Assert.Equal([1u, 3u], answers.Select(answer => answer.Stream));
        Refused(answers[0], StatusCode.ResourceExhausted, "message length 4194305 exceed maximum message size of 4194304");
        Assert.Equal(Hello, answers[1].AsResponse.Payload.ToByteArray());
    }

    [Fact]
    public void A_message_at_the_limit_is_taken()
    {
        int overhead = Wire.Request(1, payload: new byte[4 << 20]).Length - 10 - (4 << 20);
        byte[] bytes = Wire.Request(1, "Sing", payload: new byte[(4 << 20) - overhead]);
        Assert.Equal((4 << 20) + 1, bytes.Length - 10);
        Assert.Equal(StatusCode.ResourceExhausted, (StatusCode)Assert.Single(Ask(bytes)).AsResponse.Status.Code);
        bytes = Wire.Request(1, payload: new byte[(4 << 20) - overhead], method: "Say");
        Assert.Equal(4 << 20, bytes.Length - 10);
        Assert.Equal(StatusCode.Internal, (StatusCode)Assert.Single(Ask(bytes)).AsResponse.Status.Code);
    }

    [Fact]
    public void A_length_that_is_a_lie_allocates_nothing()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        _echoes.Serve(_server, Wire.Frame(1, WireFrame.Request, 0, [], length: 4 << 20));
        _echoes.Serve(new TtrpcServerConnection(), Wire.Frame(1, WireFrame.Request, 0, [], length: uint.MaxValue));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 10);
    }

    [Fact]
    public void An_answer_beyond_the_limit_becomes_a_refusal_and_the_connection_goes_on()
    {
        _echoes.Later = true;
        Ask(Wire.Request(1));
        _echoes.Waiting[0].Reply.Send(new Everything { SomeBytes = new byte[5 << 20] });
        Refused(Assert.Single(Wire.Drain(_server)), StatusCode.ResourceExhausted, "exceed maximum message size of 4194304");
        Tree round = new();
        round.Branches.Add(round);
        Ask(Wire.Request(3));
        _echoes.Waiting[1].Reply.Call.Answer(round);
        Refused(Assert.Single(Wire.Drain(_server)), StatusCode.ResourceExhausted, "too deeply");
        Ask(Wire.Request(5));
        _echoes.Waiting[2].Reply.Send(new Everything { AString = "hello" });
        Assert.Equal(Hello, Assert.Single(Wire.Drain(_server)).AsResponse.Payload.ToByteArray());
    }

    [Fact]
    public void A_message_that_fails_while_it_is_written_leaves_nothing_of_itself()
    {
        _echoes.Later = true;
        Ask(Wire.Request(1));
        Assert.Throws<ArgumentNullException>(() => _echoes.Waiting[0].Reply.Send(new Everything { AString = "half", Strings = { "", null! } }));
        Assert.True(_server.Outgoing.IsEmpty);
        _echoes.Waiting[0].Reply.Fail(StatusCode.Internal, "sorry");
        Refused(Assert.Single(Wire.Drain(_server)), StatusCode.Internal, "sorry");
    }

    [Fact]
    public void A_call_is_answered_once()
    {
        _echoes.Later = true;
        Ask(Wire.Request(1));
        TtrpcReply<Everything> reply = _echoes.Waiting[0].Reply;
        reply.Fail(StatusCode.NotFound, "no such container");
        Assert.False(reply.Call.IsOpen);
        Assert.Throws<InvalidOperationException>(() => reply.Send(new Everything()));
        Assert.Throws<InvalidOperationException>(() => reply.Fail(StatusCode.NotFound, ""));
        Refused(Assert.Single(Wire.Drain(_server)), StatusCode.NotFound, "no such container");
    }

    [Fact]
    public void What_a_request_says_is_gone_with_the_next_one()
    {
        _server.Receive([.. Wire.Request(1), .. Wire.Request(3)]);
        Assert.True(_server.Next(out TtrpcCall? first));
        Assert.True(_server.Next(out _));
        Assert.Throws<InvalidOperationException>(() => first.Read(new Everything()));
        Assert.Throws<InvalidOperationException>(() => first.Metadata("k"));
    }

    [Fact]
    public void Answers_to_a_connection_that_is_gone_are_dropped()
    {
        _echoes.Later = true;
        Ask([.. Wire.Request(1), .. Wire.Request(3), .. Wire.Request(5, "Chat", flags: 2)]);
        _server.Close();
        Assert.True(_server.IsClosed);
        Assert.False(_server.WantsBytes);
        Assert.Equal(0, _server.InFlight);
        Assert.Equal(["Chat gone"], _echoes.Ended);
        Assert.False(_echoes.Waiting[0].Reply.Call.IsOpen);
        _echoes.Waiting[0].Reply.Send(new Everything());
        _echoes.Waiting[1].Reply.Fail(StatusCode.Internal, "too late");
        _echoes.Serve(_server, Wire.Request(7));
        Assert.True(_server.Outgoing.IsEmpty);
    }

    [Fact]
    public void Who_does_not_read_answers_is_not_read_from()
    {
        byte[] payload = ProtobufWriter.ToBytes(new Everything { SomeBytes = new byte[100_000] });
        uint stream = 1;
        for (; _server.WantsBytes; stream += 2) _echoes.Serve(_server, Wire.Request(stream, payload: payload));
        Assert.Equal(7u, stream);
        // What came all the same waits, and is handled when there is room.
        _echoes.Serve(_server, Wire.Request(stream, payload: payload));
        Assert.Equal(3, Wire.Drain(_server).Count);
        Assert.True(_server.WantsBytes);
        Assert.Single(Ask([]));
    }

    [Fact]
    public void Bytes_that_nobody_wanted_do_not_pile_up() =>
        Assert.Throws<InvalidOperationException>(() =>
        {
            byte[] frame = Wire.Request(1, payload: new byte[1 << 20]);
            for (int i = 0; i < 100; i++) _server.Receive(frame);
        });

    [Fact]
    public void So_many_calls_may_wait_and_no_more()
    {
        _echoes.Later = true;
        uint stream = 1;
        for (int i = 0; i < TtrpcServerConnection.MaxInFlight; i++, stream += 2) Assert.Empty(Ask(Wire.Request(stream)));
        Refused(Assert.Single(Ask(Wire.Request(stream))), StatusCode.ResourceExhausted, "too many calls");
        _echoes.Waiting[1000].Reply.Send(new Everything());
        Assert.Single(Wire.Drain(_server));
        Assert.Empty(Ask(Wire.Request(stream + 2)));
    }

    [Fact]
    public void Parts_of_the_answers_may_be_sent()
    {
        byte[] large = ProtobufWriter.ToBytes(new Everything { SomeBytes = [.. Enumerable.Range(0, 150_000).Select(i => (byte)i)] });
        _echoes.Serve(_server, [.. Wire.Request(1, payload: large), .. Wire.Request(3, payload: Hello)]);
        List<byte> sent = [];
        uint more = 5;
        while (!_server.Outgoing.IsEmpty)
        {
            int part = Math.Min(_server.Outgoing.Length, 1 + sent.Count % 5000);
            sent.AddRange(_server.Outgoing[..part]);
            _server.Sent(part);
            if (more < 200) _echoes.Serve(_server, Wire.Request(more += 2, payload: Hello));
        }
        List<WireFrame> frames = Wire.Frames([.. sent]);
        Assert.Equal(100, frames.Count);
        Assert.Equal(large, frames[0].AsResponse.Payload.ToByteArray());
        Assert.All(frames.Skip(1), frame => Assert.Equal(Hello, frame.AsResponse.Payload.ToByteArray()));
        Assert.Throws<ArgumentOutOfRangeException>(() => _server.Sent(1));
    }

    [Fact]
    public void Kinds_of_frames_that_are_not_known_are_passed_over() =>
        Assert.Equal([3u], Ask([.. Wire.Frame(1, 0, 0, [1]), .. Wire.Frame(1, 2, 0, [1]), .. Wire.Frame(1, 200, 255, []), .. Wire.Request(3)]).Select(frame => frame.Stream));

    private List<WireFrame> Ask(byte[] bytes)
    {
        _echoes.Serve(_server, bytes);
        return Wire.Drain(_server);
    }

    private static void Refused(WireFrame frame, StatusCode code, string words)
    {
        Assert.Equal(WireFrame.Response, frame.Kind);
        Assert.Equal(code, (StatusCode)frame.AsResponse.Status.Code);
        Assert.Contains(words, frame.AsResponse.Status.Message, StringComparison.Ordinal);
    }
}
