// The client's end: answers in any order, late, broken, too large, or to nobody.
using Berth.Rpc.Protobuf;
using Berth.Rpc.Tests.Protos;
using Berth.Rpc.Ttrpc;

namespace Berth.Rpc.Tests.Ttrpc;

public class ClientTests
{
    private readonly TtrpcClientConnection _client = new();

    [Fact]
    public void A_call_is_a_request_as_others_read_it()
    {
        uint stream = _client.Call(EchoService.Methods.Say, new Everything { AString = "hello" }, new() { TimeoutNano = 7, Metadata = [("a", "b"), ("c", "")] });
        WireFrame frame = Assert.Single(Wire.Frames(_client.Outgoing.ToArray()));
        Assert.Equal((1u, stream, WireFrame.Request, 0), (stream, frame.Stream, frame.Kind, frame.Flags));
        global::Ttrpc.Request request = global::Ttrpc.Request.Parser.ParseFrom(frame.Data);
        Assert.Equal(("berth.oracle.Echo", "Say", 7), (request.Service, request.Method, request.TimeoutNano));
        Assert.Equal(["a=b", "c="], request.Metadata.Select(pair => $"{pair.Key}={pair.Value}"));
        Assert.Equal("hello", ProtobufReader.Read(request.Payload.Span, new Everything()).AString);
    }

    [Fact]
    public void Answers_come_in_any_order_cut_anywhere()
    {
        byte[] bytes = [.. Wire.Response(5, payload: [1 << 3, 1]), .. Wire.Response(1, code: 5, message: "no such container"), .. Wire.Response(3)];
        for (int cut = 0; cut <= bytes.Length; cut++)
        {
            TtrpcClientConnection client = new();
            for (int i = 0; i < 3; i++) client.Call(EchoService.Methods.Say, new Everything());
            client.Receive(bytes.AsSpan(0, cut));
            List<string> told = Take(client);
            client.Receive(bytes.AsSpan(cut));
            told.AddRange(Take(client));
            Assert.Equal(["5 Ok  True", "1 NotFound no such container False", "3 Ok  False"], told);
            Assert.Equal(0, client.InFlight);
        }
    }

    [Fact]
    public void An_answer_that_nobody_waits_for_is_passed_over()
    {
        uint forgotten = _client.Call(EchoService.Methods.Say, new Everything()), other = _client.Call(EchoService.Methods.Say, new Everything());
        _client.Forget(forgotten);
        _client.Forget(99);
        _client.Receive([.. Wire.Response(77), .. Wire.Response(forgotten), .. Wire.Frame(other + 1, 9, 9, [1]), .. Wire.Response(other), .. Wire.Response(other)]);
        Assert.Equal(["3 Ok  False"], Take(_client));
    }

    [Fact]
    public void Broken_answers_end_their_call_and_no_other()
    {
        for (int i = 0; i < 5; i++) _client.Call(EchoService.Methods.Say, new Everything());
        _client.Receive([.. Wire.Frame(1, 2, 0, [0xff]), .. Wire.Frame(3, 1, 0, []), .. Wire.Frame(5, 3, 0, [])]);
        _client.Receive(Wire.Frame(7, 2, 0, new byte[5 << 20]));
        _client.Receive(Wire.Response(9));
        Assert.Equal(
            ["1 Internal unmarshal response error: a message ends in the middle of a field False", "3 Internal the server answered a call with something that is no response False",
             "5 Internal the server answered a call with something that is no response False", "7 ResourceExhausted message length 5242880 exceed maximum message size of 4194304 False", "9 Ok  False"], Take(_client));
    }

    [Fact]
    public void A_payload_that_is_no_such_message_is_the_readers_fault()
    {
        _client.Call(EchoService.Methods.Say, new Everything());
        _client.Receive(Wire.Response(1, payload: [0xff]));
        Assert.True(_client.Next(out TtrpcAnswer answer));
        bool refused = false;
        try
        {
            answer.Read(new Everything());
        }
        catch (ProtobufException)
        {
            refused = true;
        }
        Assert.True(refused);
    }

    [Fact]
    public void A_request_beyond_the_limit_is_not_sent()
    {
        Assert.Throws<ProtobufException>(() => _client.Call(EchoService.Methods.Say, new Everything { SomeBytes = new byte[4 << 20] }));
        Assert.True(_client.Outgoing.IsEmpty);
        Assert.Equal(0, _client.InFlight);
        Assert.Equal(1u, _client.Call(EchoService.Methods.Say, new Everything()));
        int length = _client.Outgoing.Length;
        Assert.Throws<ProtobufException>(() => _client.Send(1, new Everything { SomeBytes = new byte[4 << 20] }));
        Assert.Equal(length, _client.Outgoing.Length);
    }

    [Fact]
    public void Details_of_a_status_are_passed_over()
    {
        _client.Call(EchoService.Methods.Say, new Everything());
        // Status with code 3, message "x", and a detail.
        _client.Receive(Wire.Frame(1, 2, 0, [1 << 3 | 2, 9, 1 << 3, 3, 2 << 3 | 2, 1, (byte)'x', 3 << 3 | 2, 2, 1 << 3 | 2, 0]));
        Assert.Equal(["1 InvalidArgument x False"], Take(_client));
    }

    private static List<string> Take(TtrpcClientConnection client)
    {
        List<string> told = [];
        while (client.Next(out TtrpcAnswer answer)) told.Add($"{answer.StreamId} {answer.Code} {answer.Message} {(answer.Code == StatusCode.Ok && answer.Read(new Everything()).ABool)}");
        return told;
    }
}
