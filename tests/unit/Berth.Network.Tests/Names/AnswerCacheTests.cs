// Answers of other servers that are kept: for how long, for whom, and how many.
using System.Buffers.Binary;
using Berth.Linux.Network;
using Berth.Network.Names;

namespace Berth.Network.Tests.Names;

public sealed class AnswerCacheTests
{
    private const long Second = 1_000_000_000;
    private static readonly List<InetEndpoint> s_servers = [new(System.Net.IPAddress.Parse("192.0.2.53"), 53)];
    private readonly AnswerCache _cache = new();

    [Fact]
    public void An_answer_is_given_again_with_less_time_to_live_and_the_letters_and_id_of_who_asks()
    {
        Store(Question("example.com"), query => FakeUpstream.Addresses(query, 2));
        byte[] packet = Question("EXAMPLE.com");
        byte[] answer = Ask(packet, 10 * Second)!;
        Assert.Equal(packet[..2], answer[..2]);
        Assert.Equal(packet[12..29], answer[12..29]);
        Assert.Equal(50u, Ttl(answer, 29));
        Assert.Equal(50u, Ttl(answer, 45));
        Assert.Equal(2, answer[7]);
        Assert.Null(Ask(packet, 60 * Second));
        Assert.Equal((0, 0), (_cache.Count, _cache.Bytes));
    }

    [Theory]
    [InlineData(60u, 60)]
    [InlineData(0u, 0)]
    [InlineData(86400u, 3600)]
    [InlineData(0x80000000u, 0)]
    public void Nothing_is_kept_for_more_than_it_says_or_an_hour(uint ttl, int seconds)
    {
        Store(Question("example.com"), query => WithTtl(FakeUpstream.Addresses(query, 1), 29, ttl));
        Assert.Equal(seconds > 0, Ask(Question("example.com"), Math.Max(0, (seconds * Second) - 1)) is not null);
        Assert.Null(Ask(Question("example.com"), seconds * Second));
    }

    [Fact]
    public void The_shortest_of_its_records_counts()
    {
        Store(Question("example.com"), query => WithTtl(FakeUpstream.Addresses(query, 3), 45, 5));
        Assert.NotNull(Ask(Question("example.com"), 4 * Second));
        Assert.Null(Ask(Question("example.com"), 5 * Second));
    }

    [Theory]
    [InlineData(3, 60u, 20u, 20)]
    [InlineData(0, 15u, 20u, 15)]
    [InlineData(3, 9000u, 9000u, 300)]
    public void A_no_is_kept_as_long_as_its_start_of_authority_says(int code, uint ttl, uint minimum, int seconds)
    {
        Store(Question("no.example.com"), query => Denial(query, code, ttl, minimum));
        byte[] answer = Ask(Question("no.example.com"), (seconds * Second) - 1)!;
        Assert.Equal(code, answer[3] & 0xF);
        Assert.Equal(1, answer[9]);
        Assert.Null(Ask(Question("no.example.com"), seconds * Second));
    }

    [Theory]
    [InlineData(3, false)]
    [InlineData(0, false)]
    [InlineData(2, false)]
    [InlineData(5, false)]
    [InlineData(0, true)]
    public void A_no_without_authority_a_failure_and_a_half_answer_are_not_kept(int code, bool truncated)
    {
        Store(Question("example.com"), query => FakeUpstream.Addresses(query, truncated ? 1 : 0, code, truncated));
        Assert.Equal(0, _cache.Count);
    }

    [Fact]
    public void What_is_told_of_edns_is_told_anew_to_each()
    {
        byte[] cookie = [0, 0, 41, 0x02, 0x00, 0, 0, 0, 0, 0, 4, 0, 10, 0, 0];
        Store(Question("example.com", edns: 1232), query => [.. WithAdditional(FakeUpstream.Addresses(query, 1)), .. cookie]);
        byte[] plain = Ask(Question("example.com"), 0)!;
        Assert.Equal((0, 45), (plain[11], plain.Length));
        byte[] extended = Ask(Question("example.com", edns: 4096), 0)!;
        Assert.Equal((1, 56), (extended[11], extended.Length));
        Assert.Equal([0, 0, 41, 0x04, 0xD0, 0, 0, 0, 0, 0, 0], extended[45..]);
    }

    [Fact]
    public void Others_ask_other_things()
    {
        Store(Question("example.com"), query => FakeUpstream.Addresses(query, 1));
        Assert.Null(Ask(Question("example.org"), 0));
        Assert.Null(Ask(DnsClient.Question("example.com", DnsClient.Aaaa), 0));
        Assert.Null(Ask(Question("example.com"), 0, [new(System.Net.IPAddress.Parse("192.0.2.54"), 53)]));
        Assert.Null(Ask(Question("example.com"), 0, [.. s_servers, .. s_servers]));
        byte[] secure = Question("example.com", edns: 1232);
        secure[^4] = 0x80;
        Assert.Null(Ask(secure, 0));
        byte[] unchecked_ = Question("example.com");
        unchecked_[3] |= 0x10;
        Assert.Null(Ask(unchecked_, 0));
        Assert.NotNull(Ask(Question("example.com"), 0));
    }

    [Fact]
    public void An_answer_for_a_part_of_the_askers_address_is_for_that_one_alone()
    {
        byte[] query = [.. Question("example.com", edns: 1232)[..^2], 0, 8, 0, 8, 0, 4, 0, 1, 24, 0];
        Assert.Equal(0, AnswerCache.WriteKey(new char[AnswerCache.LongestKey], query, Read(query), s_servers));
        byte[] iterative = Question("example.com");
        iterative[2] = 0;
        Assert.Equal(0, AnswerCache.WriteKey(new char[AnswerCache.LongestKey], iterative, Read(iterative), s_servers));
    }

    [Fact]
    public void It_is_bounded_and_forgets_what_was_not_asked_for()
    {
        Store(Question("wanted.example"), query => FakeUpstream.Addresses(query, 1));
        for (int i = 0; i < 3 * AnswerCache.MostEntries; i++)
        {
            Store(Question($"n{i}.example"), query => FakeUpstream.Addresses(query, i % 7));
            if (i % 100 == 0) Assert.NotNull(Ask(Question("wanted.example"), 0));
            Assert.InRange(_cache.Count, 1, AnswerCache.MostEntries);
            Assert.InRange(_cache.Bytes, 1, AnswerCache.MostBytes);
        }
        Assert.Null(Ask(Question("n1.example"), 0));
        for (int i = 0; i < 200; i++) Store(Question($"long{i}.example"), query => FakeUpstream.Addresses(query, 240));
        Assert.InRange(_cache.Bytes, 1, AnswerCache.MostBytes);
    }

    [Fact]
    public void A_damaged_answer_is_not_kept_or_can_be_given_again()
    {
        Random random = new(11);
        byte[] into = new byte[4096];
        for (int i = 0; i < 20_000; i++)
        {
            byte[] packet = Question("example.com", edns: 1232);
            byte[] answer = Denial(packet, random.Next(2) * 3, 60, 60);
            for (int hits = random.Next(6); hits >= 0; hits--) answer[random.Next(answer.Length)] = (byte)random.Next(256);
            answer = answer[..random.Next(12, answer.Length + 1)];
            DnsQuery query = Read(packet);
            uint time = KeptAnswer.TimeOf(answer, query, out int length);
            if (time > 0) KeptAnswer.Write(KeptAnswer.Copy(answer, length), 1, packet, query, into);
        }
    }

    private void Store(byte[] packet, Func<byte[], byte[]> answer)
    {
        DnsQuery query = Read(packet);
        _cache.Store(Key(packet, query, s_servers), answer(packet), query, 0);
    }

    private byte[]? Ask(byte[] packet, long now, List<InetEndpoint>? servers = null)
    {
        byte[] into = new byte[4096];
        DnsQuery query = Read(packet);
        int length = _cache.TryAnswer(Key(packet, query, servers ?? s_servers), packet, query, into, now);
        return length == 0 ? null : into[..length];
    }

    private static char[] Key(byte[] packet, in DnsQuery query, List<InetEndpoint> servers)
    {
        char[] key = new char[AnswerCache.LongestKey];
        return key[..AnswerCache.WriteKey(key, packet, query, servers)];
    }

    private static DnsQuery Read(byte[] packet)
    {
        Assert.Equal(QueryVerdict.Good, DnsQuery.Read(packet, new char[256], out DnsQuery query));
        return query;
    }

    private static byte[] Question(string name, int? edns = null) => DnsClient.Question(name, DnsClient.A, edns);

    private static uint Ttl(byte[] answer, int record) => BinaryPrimitives.ReadUInt32BigEndian(answer.AsSpan(record + 6));

    private static byte[] WithTtl(byte[] answer, int record, uint ttl)
    {
        BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(record + 6), ttl);
        return answer;
    }

    private static byte[] WithAdditional(byte[] answer)
    {
        answer[11]++;
        return answer;
    }

    /// <summary>NXDOMAIN, or no record of that kind, with the zone's start of authority.</summary>
    private static byte[] Denial(byte[] query, int code, uint ttl, uint minimum)
    {
        List<byte> answer = [.. FakeUpstream.Addresses(query, 0, code)];
        answer[9] = 1;
        byte[] numbers = new byte[8];
        BinaryPrimitives.WriteUInt32BigEndian(numbers, ttl);
        BinaryPrimitives.WriteUInt32BigEndian(numbers.AsSpan(4), minimum);
        answer.AddRange([0xC0, 12, 0, 6, 0, 1, .. numbers[..4], 0, 24, 0xC0, 12, 0xC0, 12, .. new byte[16], .. numbers[4..]]);
        return [.. answer];
    }
}
