// The DNS server of networks, asked by real clients.
using System.Net;
using Berth.Network.Names;
using Berth.Oci.Faults;

namespace Berth.Network.Tests.Names;

public sealed class NameServerTests : IDisposable
{
    private const string Gateway = "127.0.0.11", Other = "127.0.0.12";
    private readonly ServedNames _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void A_container_is_found_by_name_alias_id_and_domain_as_soon_as_it_is_attached()
    {
        _host.Service.Attach(_host.Network("web", Gateway), ServedNames.Container("Front", "10.1.0.2,fd00::2", "www"));
        foreach (string name in (string[])["front", "FRONT", "www", "front.berth", "www.Berth", "front.web", "front0000000"])
        {
            Reply reply = _host.At(Gateway).Ask(name)!;
            Assert.Equal(0, reply.Code);
            Assert.Equal(["10.1.0.2"], reply.Answers);
        }
        Assert.Equal(["fd00::2"], _host.At(Gateway).Ask("front", DnsClient.Aaaa)!.Answers);
    }

    [Fact]
    public void The_letters_of_the_question_come_back_as_they_were()
    {
        _host.Service.Attach(_host.Network("web", Gateway), ServedNames.Container("front", "10.1.0.2"));
        byte[] packet = DnsClient.Question("fRoNt", DnsClient.A);
        Reply reply = _host.At(Gateway).Send(packet)!;
        Assert.Equal(packet[12..], reply.Raw[12..packet.Length]);
        Assert.True(reply.IsAuthoritative);
    }

    [Fact]
    public void A_name_without_addresses_of_the_kind_is_no_data_and_an_unknown_one_does_not_exist()
    {
        _host.Service.Attach(_host.Network("web", Gateway), ServedNames.Container("front", "10.1.0.2"));
        Reply none = _host.At(Gateway).Ask("front", DnsClient.Aaaa)!;
        Assert.Equal((0, 0, 1), (none.Code, none.Answers.Count, none.Authorities));
        Reply text = _host.At(Gateway).Ask("front.berth", DnsClient.Txt)!;
        Assert.Equal((0, 0, 1), (text.Code, text.Answers.Count, text.Authorities));
        Reply unknown = _host.At(Gateway).Ask("back.berth")!;
        Assert.Equal((3, 1), (unknown.Code, unknown.Authorities));
    }

    [Fact]
    public void Containers_with_one_alias_are_answered_in_turns()
    {
        for (int i = 2; i < 5; i++) _host.Service.Attach(_host.Network("web", Gateway), ServedNames.Container($"c{i}x", $"10.1.0.{i}", "all"));
        HashSet<string> firsts = [];
        for (int i = 0; i < 3; i++)
        {
            Reply reply = _host.At(Gateway).Ask("all")!;
            Assert.Equal(3, reply.Answers.Count);
            firsts.Add(reply.Answers[0]);
        }
        Assert.Equal(3, firsts.Count);
    }

    [Fact]
    public void An_address_has_its_container_s_name()
    {
        _host.Service.Attach(_host.Network("web", Gateway), ServedNames.Container("front", "10.1.0.2,fd00::2"));
        Assert.Equal(["front.berth"], _host.At(Gateway).Ask("2.0.1.10.in-addr.arpa", DnsClient.Ptr)!.Answers);
        Assert.Equal(["front.berth"], _host.At(Gateway).Ask("2." + string.Concat(Enumerable.Repeat("0.", 27)) + "0.0.d.f.ip6.arpa", DnsClient.Ptr)!.Answers);
        Assert.Equal(3, _host.At(Gateway).Ask("3.0.1.10.in-addr.arpa", DnsClient.Ptr)!.Code);
    }

    [Fact]
    public void The_host_has_names()
    {
        _host.Service.Attach(_host.Network("web", Gateway), ServedNames.Container("front", "10.1.0.2"));
        Assert.Equal([Gateway], _host.At(Gateway).Ask("host.docker.internal")!.Answers);
        Assert.Equal([Gateway], _host.At(Gateway).Ask("host.containers.internal")!.Answers);
    }

    [Fact]
    public void Names_of_other_networks_are_seen_only_by_who_is_in_them()
    {
        _host.Service.Attach(_host.Network("web", Gateway), ServedNames.Container("front", "127.0.0.71"));
        _host.Service.Attach(_host.Network("web", Gateway), ServedNames.Container("both", "127.0.0.72"));
        _host.Service.Attach(_host.Network("data", Other), ServedNames.Container("both", "127.0.0.82"));
        _host.Service.Attach(_host.Network("data", Other), ServedNames.Container("base", "127.0.0.83"));
        Assert.Equal(3, _host.At(Gateway).Ask("base", from: "127.0.0.71")!.Code);
        Assert.Equal(["127.0.0.83"], _host.At(Gateway).Ask("base", from: "127.0.0.72")!.Answers);
        Assert.Equal(["127.0.0.83"], _host.At(Other).Ask("base", from: "127.0.0.83")!.Answers);
    }

    [Fact]
    public void An_answer_that_does_not_fit_is_asked_for_again_over_tcp()
    {
        for (int i = 1; i <= 60; i++) _host.Service.Attach(_host.Network("web", Gateway), ServedNames.Container($"c{i}x", $"10.1.0.{i}", "all"));
        Reply small = _host.At(Gateway).Ask("all")!;
        Assert.True(small.IsTruncated);
        Assert.Empty(small.Answers);
        Assert.Equal(60, _host.At(Gateway).Ask("all", edns: 4096)!.Answers.Count);
        Assert.Equal(60, _host.At(Gateway).AskOverTcp(DnsClient.Question("all", DnsClient.A))[0].Answers.Count);
    }

    [Fact]
    public void Edns_is_answered_with_edns_and_a_new_version_of_it_is_refused()
    {
        _host.Service.Attach(_host.Network("web", Gateway), ServedNames.Container("front", "10.1.0.2"));
        Assert.Equal(1, _host.At(Gateway).Ask("front", edns: 1232)!.Additional);
        byte[] packet = DnsClient.Question("front", DnsClient.A, 1232);
        packet[^5] = 1;
        Reply reply = _host.At(Gateway).Send(packet)!;
        // BADVERS is 16: its upper part stands in OPT.
        Assert.Equal((0, 1), (reply.Code, reply.Raw[^6]));
    }

    [Fact]
    public void All_else_is_asked_elsewhere_and_the_answer_has_the_asker_s_id()
    {
        using FakeUpstream upstream = new((query, _) => FakeUpstream.Addresses(query, 2));
        _host.Service.Attach(_host.Network("web", Gateway, upstream.Endpoint), ServedNames.Container("front", "10.1.0.2"));
        byte[] packet = DnsClient.Question("Example.ORG", DnsClient.A, id: 0x1234);
        Reply reply = _host.At(Gateway).Send(packet)!;
        Assert.Equal(0x1234, reply.Id);
        Assert.Equal(["192.0.2.1", "192.0.2.2"], reply.Answers);
        Assert.Equal(packet[12..], reply.Raw[12..packet.Length]);
        Assert.Equal(3, _host.At(Gateway).Ask("nobody.berth")!.Code);
        Assert.Equal(1, upstream.Asked);
    }

    [Fact]
    public void What_was_answered_elsewhere_is_not_asked_again_whoever_asks_and_by_whatever_way()
    {
        using FakeUpstream upstream = new((query, _) => FakeUpstream.Addresses(query, 100));
        _host.Service.Attach(_host.Network("web", Gateway, upstream.Endpoint), ServedNames.Container("front", "10.1.0.2"));
        Assert.Equal(100, _host.At(Gateway).Ask("example.org", edns: 4096)!.Answers.Count);
        Assert.True(_host.At(Gateway).Ask("Example.ORG", from: "127.0.0.73")!.IsTruncated);
        Assert.Equal(100, _host.At(Gateway).AskOverTcp(DnsClient.Question("example.org", DnsClient.A))[0].Answers.Count);
        Assert.Equal((100, 1), (_host.At(Gateway).Ask("example.org", edns: 2048)!.Answers.Count, upstream.Asked));
    }

    [Fact]
    public void A_network_without_a_way_out_asks_nobody()
    {
        _host.Service.Attach(_host.Network("web", Gateway), ServedNames.Container("front", "10.1.0.2"));
        Assert.Equal(3, _host.At(Gateway).Ask("example.org")!.Code);
    }

    [Fact]
    public void Plain_names_stay_here_when_it_is_said_so()
    {
        using FakeUpstream upstream = new((query, _) => FakeUpstream.Addresses(query, 1));
        NetworkNames network = _host.Network("web", Gateway, upstream.Endpoint);
        _host.Service.Attach(network, ServedNames.Container("front", "10.1.0.2"));
        Assert.Equal(["192.0.2.1"], _host.At(Gateway).Ask("nas")!.Answers);
        _host.Service.Attach(network with { ForwardsSingleLabels = false }, ServedNames.Container("front", "10.1.0.2"));
        Assert.Equal(3, _host.At(Gateway).Ask("nas")!.Code);
    }

    [Fact]
    public void The_next_server_is_asked_when_one_is_silent_gone_or_broken()
    {
        using FakeUpstream silent = new((_, _) => null);
        using FakeUpstream broken = new((query, _) => FakeUpstream.Addresses(query, 0, code: 2));
        using FakeUpstream good = new((query, _) => FakeUpstream.Addresses(query, 1));
        IPEndPoint gone = new(IPAddress.Loopback, ServedNames.FreePort());
        _host.Service.Attach(_host.Network("web", Gateway, silent.Endpoint, gone, broken.Endpoint, good.Endpoint), ServedNames.Container("front", "10.1.0.2"));
        Assert.Equal(["192.0.2.1"], _host.At(Gateway).Ask("example.org")!.Answers);
        int before = silent.Asked;
        Assert.Equal(["192.0.2.1"], _host.At(Gateway).Ask("example.net")!.Answers);
        Assert.Equal(before, silent.Asked);
    }

    [Fact]
    public void Silence_everywhere_is_told_as_a_failure()
    {
        using FakeUpstream silent = new((_, _) => null);
        _host.Service.Attach(_host.Network("web", Gateway, silent.Endpoint), ServedNames.Container("front", "10.1.0.2"));
        Assert.Equal(2, _host.At(Gateway).Ask("example.org")!.Code);
        Assert.Equal(2, silent.Asked);
    }

    [Fact]
    public void Forged_answers_are_passed_over()
    {
        using FakeUpstream forger = new((query, _) =>
        {
            byte[] answer = FakeUpstream.Addresses(query, 1);
            answer[0] ^= 0x55;
            return answer;
        });
        _host.Service.Attach(_host.Network("web", Gateway, forger.Endpoint), ServedNames.Container("front", "10.1.0.2"));
        Assert.Equal(2, _host.At(Gateway).Ask("example.org")!.Code);
        forger.Answer = (query, _) => FakeUpstream.Addresses(DnsClient.Question("example.com", DnsClient.A, id: (ushort)((query[0] << 8) | query[1])), 1);
        Assert.Equal(2, _host.At(Gateway).Ask("example.org")!.Code);
    }

    [Fact]
    public void A_truncated_answer_is_fetched_over_tcp_for_who_asked_over_tcp()
    {
        using FakeUpstream upstream = new((query, stream) => FakeUpstream.Addresses(query, stream ? 100 : 0, truncated: !stream));
        _host.Service.Attach(_host.Network("web", Gateway, upstream.Endpoint), ServedNames.Container("front", "10.1.0.2"));
        Assert.True(_host.At(Gateway).Ask("example.org")!.IsTruncated);
        Assert.Equal(100, _host.At(Gateway).AskOverTcp(DnsClient.Question("example.org", DnsClient.A))[0].Answers.Count);
    }

    [Fact]
    public void Several_questions_go_over_one_connection()
    {
        using FakeUpstream upstream = new((query, _) => FakeUpstream.Addresses(query, 1));
        _host.Service.Attach(_host.Network("web", Gateway, upstream.Endpoint), ServedNames.Container("front", "10.1.0.2"));
        byte[][] questions = [.. Enumerable.Range(0, 100).Select(i => DnsClient.Question(i % 2 == 0 ? "front" : $"n{i}.example.org", DnsClient.A, id: (ushort)i))];
        List<Reply> replies = _host.At(Gateway).AskOverTcp(questions);
        Assert.Equal(Enumerable.Range(0, 100), replies.Select(r => (int)r.Id).Order());
        Assert.All(replies, reply => Assert.Equal(reply.Id % 2 == 0 ? "10.1.0.2" : "192.0.2.1", Assert.Single(reply.Answers)));
    }

    [Fact]
    public void One_asker_does_not_take_all_places()
    {
        using FakeUpstream upstream = new((query, _) => query[13] == (byte)'s' ? null : FakeUpstream.Addresses(query, 1));
        _host.Service.Attach(_host.Network("web", Gateway, upstream.Endpoint) with { TimeoutMilliseconds = 3000 }, ServedNames.Container("front", "10.1.0.2"));
        using System.Net.Sockets.UdpClient greedy = new(new IPEndPoint(IPAddress.Parse("127.0.0.99"), 0));
        for (int i = 0; i < 600; i++) greedy.Send(DnsClient.Question($"s{i}.org", DnsClient.A), new IPEndPoint(IPAddress.Parse(Gateway), _host.Port));
        Assert.Equal(["192.0.2.1"], _host.At(Gateway).Ask("example.org")!.Answers);
        Assert.InRange(upstream.Asked, 1, 129);
    }

    [Fact]
    public void A_server_that_leads_back_here_is_not_asked()
    {
        _host.Service.Attach(_host.Network("web", Gateway, new IPEndPoint(IPAddress.Parse(Gateway), _host.Port)), ServedNames.Container("front", "10.1.0.2"));
        Assert.Equal(2, _host.At(Gateway).Ask("example.org")!.Code);
    }

    [Fact]
    public void A_container_s_own_servers_are_asked_for_it()
    {
        using FakeUpstream common = new((query, _) => FakeUpstream.Addresses(query, 1));
        using FakeUpstream own = new((query, _) => FakeUpstream.Addresses(query, 2));
        _host.Service.Attach(_host.Network("web", Gateway, common.Endpoint), ServedNames.Container("front", "127.0.0.71") with { Upstreams = [own.Endpoint] });
        Assert.Equal(2, _host.At(Gateway).Ask("example.org", from: "127.0.0.71")!.Answers.Count);
        Assert.Single(_host.At(Gateway).Ask("example.org")!.Answers);
    }

    [Fact]
    public void What_is_no_query_is_refused_or_met_with_silence()
    {
        _host.Service.Attach(_host.Network("web", Gateway), ServedNames.Container("front", "10.1.0.2"));
        byte[] two = DnsClient.Question("front", DnsClient.A);
        two[5] = 2;
        Assert.Equal(1, _host.At(Gateway).Send(two)!.Code);
        byte[] circle = [.. DnsClient.Question("front", DnsClient.A).AsSpan(0, 12), 0xC0, 12, 0, 1, 0, 1];
        Assert.Equal(1, _host.At(Gateway).Send(circle)!.Code);
        byte[] status = DnsClient.Question("front", DnsClient.A);
        status[2] |= 0x10;
        Assert.Equal(4, _host.At(Gateway).Send(status)!.Code);
        Assert.Equal(5, _host.At(Gateway).Ask("front", 252)!.Code);
        byte[] answer = DnsClient.Question("front", DnsClient.A);
        answer[2] |= 0x80;
        Assert.Null(_host.At(Gateway).Send(answer, milliseconds: 50));
        Assert.Null(_host.At(Gateway).Send([1, 2, 3], milliseconds: 50));
    }

    [Fact]
    public void Detaching_takes_the_names_away_and_the_last_one_ends_the_server()
    {
        _host.Service.Attach(_host.Network("web", Gateway), ServedNames.Container("front", "10.1.0.2"));
        _host.Service.Attach(_host.Network("data", Other), ServedNames.Container("base", "10.2.0.2"));
        _host.Service.Detach(ServedNames.Attachment("web", "front"));
        Assert.Null(_host.At(Gateway).Ask("front", milliseconds: 200));
        Assert.Equal(["10.2.0.2"], _host.At(Other).Ask("base")!.Answers);
        _host.Service.Detach(ServedNames.Attachment("data", "base"));
        _host.WaitForEnd();
        Assert.False(File.Exists(_host.State + "/dns/server.socket"));
        _host.Service.Attach(_host.Network("web", Gateway), ServedNames.Container("front", "10.1.0.3"));
        Assert.Equal(["10.1.0.3"], _host.At(Gateway).Ask("front")!.Answers);
    }

    [Fact]
    public void A_socket_and_a_record_that_were_left_behind_are_no_hindrance()
    {
        Directory.CreateDirectory(_host.State + "/dns");
        using (Linux.Fd stale = Linux.Sockets.UnixSocket.Bind(Linux.Sockets.SocketKind.Stream, _host.State + "/dns/server.socket", 0x180)) { }
        File.WriteAllText(_host.State + "/dns/web@half@eth0.names.new", "berth-dns 1\nnetw");
        File.WriteAllText(_host.State + "/dns/web@odd@eth0.names", "something else\n");
        _host.Service.Attach(_host.Network("web", Gateway), ServedNames.Container("front", "10.1.0.2"));
        Assert.Equal(["10.1.0.2"], _host.At(Gateway).Ask("front")!.Answers);
        _host.Service.Reconcile([ServedNames.Attachment("web", "front")]);
        Assert.Equal(["web@front" + new string('0', 59) + "@eth0.names"], Directory.GetFiles(_host.State + "/dns", "*@*").Select(Path.GetFileName));
    }

    [Fact]
    public void Reconciling_starts_the_server_for_records_that_are_there()
    {
        Directory.CreateDirectory(_host.State + "/dns");
        NameRecord record = new(_host.Network("web", Gateway), ServedNames.Container("front", "10.1.0.2"), 1);
        File.WriteAllBytes($"{_host.State}/dns/{NameRecord.FileName("web", record.Container.ContainerId, "eth0")}", record.ToBytes());
        _host.Service.Reconcile([ServedNames.Attachment("web", "front")]);
        Assert.Equal(["10.1.0.2"], _host.At(Gateway).Ask("front")!.Answers);
    }

    [Fact]
    public void A_port_that_another_has_is_told_and_nothing_is_left()
    {
        using System.Net.Sockets.UdpClient other = new(new IPEndPoint(IPAddress.Parse(Gateway), _host.Port));
        BerthException fault = Assert.Throws<BerthException>(() => _host.Service.Attach(_host.Network("web", Gateway), ServedNames.Container("front", "10.1.0.2")));
        Assert.Equal(Fault.Conflict, fault.Kind);
        Assert.Empty(Directory.GetFiles(_host.State + "/dns", "*.names"));
        _host.WaitForEnd();
    }

    [Fact]
    public void Many_attach_and_detach_at_once()
    {
        _host.Service.Attach(_host.Network("web", Gateway), ServedNames.Container("stays", "10.1.0.1"));
        Parallel.For(0, 50, i =>
        {
            string name = $"c{i}x";
            for (int round = 0; round < 5; round++)
            {
                _host.Service.Attach(_host.Network("web", Gateway), ServedNames.Container(name, $"10.1.{round}.{i + 2}"));
                Assert.Equal([$"10.1.{round}.{i + 2}"], _host.At(Gateway).Ask(name)!.Answers);
                if (round < 4) _host.Service.Detach(ServedNames.Attachment("web", name));
            }
        });
        Assert.Equal(1, _host.Started);
    }

    [Fact]
    public void A_server_that_ends_while_others_attach_is_followed_by_another()
    {
        Parallel.For(0, 8, i =>
        {
            for (int round = 0; round < 40; round++)
            {
                _host.Service.Attach(_host.Network($"n{i}", $"127.0.1.{i + 1}"), ServedNames.Container($"c{i}", $"10.1.{i}.2"));
                Assert.Equal([$"10.1.{i}.2"], _host.At($"127.0.1.{i + 1}").Ask($"c{i}")!.Answers);
                _host.Service.Detach(ServedNames.Attachment($"n{i}", $"c{i}"));
            }
        });
        _host.WaitForEnd();
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("a\nlisten 1.2.3.4")]
    [InlineData(".a")]
    [InlineData("a..b")]
    public void A_name_that_is_none_is_refused(string name)
    {
        BerthException fault = Assert.Throws<BerthException>(() => _host.Service.Attach(_host.Network("web", Gateway), ServedNames.Container("front", "10.1.0.2", name)));
        Assert.Equal(Fault.InvalidArgument, fault.Kind);
    }
}
