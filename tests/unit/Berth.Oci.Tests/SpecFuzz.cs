// Damaged documents by the thousand: the reader answers each with a record or with a fault, never with anything else.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Oci.Tests;

/// <summary>A fuzzer with a fixed seed. BERTH_FUZZ sets how many documents, BERTH_FUZZ_SEED where it begins.</summary>
public class SpecFuzz
{
    private const int Documents = 20_000;

    // A hang, not a measurement: the slowest document takes about a millisecond.
    private static readonly TimeSpan Endless = TimeSpan.FromSeconds(10);

    [Fact]
    public void A_damaged_document_is_read_or_refused_and_nothing_else()
    {
        int count = Number("BERTH_FUZZ", Documents);
        Mutator mutator = new(Number("BERTH_FUZZ_SEED", 1));
        byte[][] seeds = Seeds();
        int refused = 0;
        for (int i = 0; i < count; i++)
        {
            byte[] document = mutator.Mutate(seeds[i % seeds.Length]);
            long started = Stopwatch.GetTimestamp();
            if (!Survives(document)) refused++;
            Assert.True(Stopwatch.GetElapsedTime(started) < Endless, $"document {i} took too long:\n{Encoding.UTF8.GetString(document)}");
        }
        // Both outcomes have to be common, or the fuzzer tests nothing.
        Assert.InRange(refused, count / 10, count * 9 / 10);
    }

    private static bool Survives(byte[] document)
    {
        try
        {
            byte[] written = SpecWriter.ToJson(SpecReader.Read(document), indented: false);
            Assert.Equal(written, SpecWriter.ToJson(SpecReader.Read(written), indented: false));
            return true;
        }
        catch (BerthException fault)
        {
            Assert.Equal(Fault.InvalidArgument, fault.Kind);
            Assert.StartsWith("config.json: ", fault.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(fault.Message, char.IsControl);
            return false;
        }
        catch (Exception e) when (e is not Xunit.Sdk.IAssertionException)
        {
            Assert.Fail($"{e}\n{Convert.ToBase64String(document)}");
            throw;
        }
    }

    private static byte[][] Seeds() =>
    [
        SpecWriter.ToJson(Filled.Of<Spec>(), indented: false),
        SpecWriter.ToJson(new Spec { Process = Filled.Of<ProcessSpec>() }, indented: true),
        SpecWriter.ToJson(new Spec { Linux = new() { Resources = Filled.Of<ResourcesSpec>() } }, indented: false),
        SpecWriter.ToJson(new Spec { Linux = new() { Seccomp = Filled.Of<SeccompSpec>() }, Hooks = Filled.Of<HooksSpec>() }, indented: true),
        """{"ociVersion":"1.3.0","process":{"user":{"uid":0,"gid":0},"args":["sh"],"cwd":"/"},"root":{"path":"rootfs"},"linux":{"namespaces":[{"type":"pid"}],"sysctl":{"a":"b"}}}"""u8.ToArray(),
    ];

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : otherwise;

    /// <summary>Damage of seven kinds, one to four at a time, drawn from a generator that is the same everywhere.</summary>
    private sealed class Mutator(int seed)
    {
        private static readonly byte[][] Tokens =
        [
            .. new[]
            {
                "null", "true", "false", "0", "-1", "1e3", "1.5", "1e400", "-0", "18446744073709551616", "9e99999999999", "1e-5", "\"\"", "\"\\u0000\"",
                "\"\\ud800\"", "\"\\ud83d\\ude00\"", "[]", "{}", "[[", "}}", "{\"a\":", ",", ":", "\"", "\\", "\uFEFF", "//", "/**/", "NaN",
                "\"process\":", "\"linux\":null,", "\"names\":[],", "\"name\":\"read\",",
            }.Select(Encoding.UTF8.GetBytes),
        ];

        private ulong _state = (ulong)seed * 0x9E3779B97F4A7C15 + 1;

        public byte[] Mutate(byte[] document)
        {
            for (int times = 1 + Below(4); times > 0; times--) document = Once(document);
            return document;
        }

        private byte[] Once(byte[] d)
        {
            if (d.Length == 0) return Tokens[Below(Tokens.Length)];
            int at = Below(d.Length);
            switch (Below(9))
            {
                case 0: return Replace(d, at, 1, [(byte)(d[at] ^ (1 << Below(8)))]);
                case 1: return Replace(d, at, 1, [(byte)Below(256)]);
                case 2: return Below(4) == 0 ? d[..at] : d;
                case 3: return Replace(d, at, Math.Min(Below(40), d.Length - at), []);
                case 4: return Replace(d, at, 0, d.AsSpan(at, Math.Min(Below(200), d.Length - at)));
                case 5: return Replace(d, at, 0, Tokens[Below(Tokens.Length)]);
                case 6: return SwapTokens(d, at);
                case 7: return Nest(d, at);
                default:
                    (int start, int length) = TokenNear(d, at);
                    return Replace(d, start, length, Tokens[Below(Tokens.Length)]);
            }
        }

        private byte[] SwapTokens(byte[] d, int at)
        {
            (int start, int length) = TokenNear(d, at);
            (int otherStart, int otherLength) = TokenNear(d, Below(d.Length));
            return Replace(d, start, length, d.AsSpan(otherStart, otherLength));
        }

        private byte[] Nest(byte[] d, int at)
        {
            int depth = Below(80);
            (int start, int length) = TokenNear(d, at);
            string open = Below(2) == 0 ? "[" : "{\"x\":";
            string nested = string.Concat(Enumerable.Repeat(open, depth)) + Encoding.Latin1.GetString(d, start, length) + new string(open == "[" ? ']' : '}', depth);
            return Replace(d, start, length, Encoding.Latin1.GetBytes(nested));
        }

        private static (int Start, int Length) TokenNear(byte[] d, int at)
        {
            int start = at;
            while (start > 0 && !IsBorder(d[start - 1])) start--;
            int end = at;
            while (end < d.Length && !IsBorder(d[end])) end++;
            return (start, end - start);
        }

        private static bool IsBorder(byte b) => b is (byte)',' or (byte)':' or (byte)'[' or (byte)']' or (byte)'{' or (byte)'}';

        private static byte[] Replace(byte[] d, int start, int length, ReadOnlySpan<byte> by) => [.. d.AsSpan(0, start), .. by, .. d.AsSpan(start + length)];

        // xorshift64*: the runtime's own generator may change between versions.
        private int Below(int limit)
        {
            _state ^= _state >> 12;
            _state ^= _state << 25;
            _state ^= _state >> 27;
            return (int)((_state * 0x2545F4914F6CDD1D >> 33) % (ulong)limit);
        }
    }
}
