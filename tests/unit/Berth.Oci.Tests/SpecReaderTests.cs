// What the reader accepts, and the words it has for what it does not.
using System.Text;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Oci.Tests;

public class SpecReaderTests
{
    private static Spec Read(string json) => SpecReader.Read(Encoding.UTF8.GetBytes(json));

    private static string Fault(string json)
    {
        BerthException fault = Assert.Throws<BerthException>(() => Read(json));
        Assert.Equal(Faults.Fault.InvalidArgument, fault.Kind);
        return fault.Message;
    }

    [Fact]
    public void Unknown_members_are_passed_over()
    {
        Spec spec = Read("""{"windows":{"a":[{"b":null}]},"ociVersion":"1.3.0","x":1,"process":{"y":[[]],"cwd":"/"}}""");
        Assert.Equal(("1.3.0", "/"), (spec.OciVersion, spec.Process!.Cwd));
    }

    [Fact]
    public void Null_is_the_same_as_absent()
    {
        Spec spec = Read("""{"ociVersion":null,"process":{"user":null,"args":null,"terminal":null,"oomScoreAdj":null,"rlimits":null},"root":null,"mounts":null,"annotations":{"a":null},"linux":{"namespaces":null,"netDevices":{"eth0":null}}}""");
        Filled.AssertSame(new Spec { Process = new(), Linux = new() { NetDevices = [] } }, spec);
    }

    [Fact]
    public void An_empty_optional_string_is_the_same_as_absent() =>
        Assert.Null(Read("""{"process":{"apparmorProfile":""}}""").Process!.ApparmorProfile);

    [Fact]
    public void Of_members_given_twice_the_last_one_counts()
    {
        Spec spec = Read("""{"hostname":"a","process":{"cwd":"/a","terminal":true},"hostname":"b","process":{"cwd":"/b"}}""");
        Assert.Equal(("b", "/b", false), (spec.Hostname, spec.Process!.Cwd, spec.Process.Terminal));
    }

    [Fact]
    public void Names_may_be_escaped() => Assert.Equal("b", Read("""{"host\u006eame":"b"}""").Hostname);

    [Fact]
    public void Names_match_whatever_their_capitals_as_in_go_and_the_last_one_counts()
    {
        Assert.Equal("b", Read("""{"HOSTNAME":"a","hostname":"b"}""").Hostname);
        Assert.Equal("a", Read("""{"hostname":"b","HOSTNAME":"a"}""").Hostname);
        Spec spec = Read("""{"Linux":{"Resources":{"hugepagelimits":[{"pagesize":"2MB","LIMIT":9,"unknown":{"a":[1]}}]},"x":1,"Namespaces":[{"TYPE":"pid"}]},"PROCESS":{"User":{"UID":7},"cwd":"/"}}""");
        HugepageLimit limit = Assert.Single(spec.Linux!.Resources!.HugepageLimits!);
        Assert.Equal(("2MB", 9ul, "pid", 7u, "/"), (limit.PageSize, limit.Limit, spec.Linux.Namespaces[0].Type, spec.Process!.User.Uid, spec.Process.Cwd));
    }

    [Fact]
    public void A_wrong_value_is_found_below_a_name_with_other_capitals() => Assert.Contains("Process.CWD", Fault("""{"Process":{"CWD":7}}"""), StringComparison.Ordinal);

    [Fact]
    public void Names_that_are_free_keep_their_capitals() =>
        Assert.Equal(["A", "a"], Read("""{"annotations":{"A":"1","a":"2"}}""").Annotations.Keys);

    [Fact]
    public void A_byte_order_mark_is_tolerated() => Assert.Equal("1.3.0", Read("\uFEFF{\"ociVersion\":\"1.3.0\"}").OciVersion);

    [Fact]
    public void A_seccomp_rule_may_have_a_single_name()
    {
        Spec spec = Read("""{"linux":{"seccomp":{"syscalls":[{"name":"read","action":"A"},{"names":["write"],"name":"x","action":"A"},{"name":"y","names":[]}]}}}""");
        Assert.Equal(["read", "write", "y"], spec.Linux!.Seccomp!.Syscalls!.Select(rule => Assert.Single(rule.Names)));
    }

    [Theory]
    [InlineData("1e3", 1000L)]
    [InlineData("2.0", 2L)]
    [InlineData("2500E-2", 25L)]
    [InlineData("0.00e99", 0L)]
    [InlineData("-0.0", 0L)]
    [InlineData("-9.223372036854775808e18", long.MinValue)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("1.20e1", 12L)]
    [InlineData("120.0e-1", 12L)]
    public void A_whole_number_may_be_written_in_any_way(string number, long value) =>
        Assert.Equal(value, Read("{\"linux\":{\"resources\":{\"memory\":{\"limit\":" + number + "}}}}").Linux!.Resources!.Memory!.Limit);

    [Theory]
    [InlineData("18446744073709551615", ulong.MaxValue)]
    [InlineData("1.8446744073709551615e19", ulong.MaxValue)]
    [InlineData("-0", 0UL)]
    public void Limits_reach_the_largest_number(string number, ulong value) =>
        Assert.Equal(value, Read("{\"process\":{\"rlimits\":[{\"soft\":" + number + "}]}}").Process!.Rlimits![0].Soft);

    [Theory]
    [InlineData("""{"process":{"rlimits":[{},{},{"soft":"x"}]}}""", "process.rlimits[2].soft: expected a number, found a string")]
    [InlineData("""{"process":{"rlimits":[{"hard":[[1],{"a":[2]}],"soft":-1}]}}""", "process.rlimits[0].hard: expected a number, found an array")]
    [InlineData("""{"process":{"x":[1,2,{"y":[3]}],"rlimits":[{"soft":-1}]}}""", "process.rlimits[0].soft: -1 is out of range, 0 to 18446744073709551615 is allowed")]
    [InlineData("""{"process":{"user":{"uid":4294967296}}}""", "process.user.uid: 4294967296 is out of range, 0 to 4294967295 is allowed")]
    [InlineData("""{"process":{"user":{"uid":1e400}}}""", "process.user.uid: 1e400 is out of range, 0 to 4294967295 is allowed")]
    [InlineData("""{"process":{"user":{"additionalGids":[1,2.5]}}}""", "process.user.additionalGids[1]: 2.5 is not a whole number")]
    [InlineData("""{"process":{"user":{"uid":1e-400}}}""", "process.user.uid: 1e-400 is not a whole number")]
    [InlineData("""{"process":{"oomScoreAdj":-9223372036854775809}}""", "process.oomScoreAdj: -9223372036854775809 is out of range, -2147483648 to 2147483647 is allowed")]
    [InlineData("""{"linux":{"resources":{"blockIO":{"weight":65536}}}}""", "linux.resources.blockIO.weight: 65536 is out of range, 0 to 65535 is allowed")]
    [InlineData("""{"process":{"args":["a",null]}}""", "process.args[1]: expected a value, found null")]
    [InlineData("""{"process":{"args":"a"}}""", "process.args: expected an array, found a string")]
    [InlineData("""{"process":[]}""", "process: expected an object, found an array")]
    [InlineData("""{"process":{"terminal":1}}""", "process.terminal: expected a boolean, found a number")]
    [InlineData("""{"mounts":[{"destination":"/"},{"destination":true}]}""", "mounts[1].destination: expected a string, found a boolean")]
    [InlineData("""{"annotations":{"com.example.a":{}}}""", "annotations[\"com.example.a\"]: expected a string, found an object")]
    [InlineData("""{"linux":{"timeOffsets":{"boottime":{"secs":null,"nanosecs":{}}}}}""", "linux.timeOffsets.boottime.nanosecs: expected a number, found an object")]
    [InlineData("""{"process":{"cwd":"/a\u0000b"}}""", "process.cwd: the string holds a NUL byte, which no path, name or argument can")]
    [InlineData("""{"process":{"cwd":"\ud800"}}""", "process.cwd: the text is not valid Unicode")]
    [InlineData("""{"process":{"\ud800":1}}""", "process.\\ud800: the member's name is not valid Unicode")]
    [InlineData("[]", "expected an object, found an array")]
    [InlineData("null", "expected an object, found null")]
    public void A_wrong_value_is_named_by_its_path(string json, string message)
    {
        // A name that is no plain word is shown in brackets.
        string expected = message.Replace("process.\\ud800", "process[\"\\ud800\"]", StringComparison.Ordinal);
        Assert.Equal($"config.json: {expected}", Fault(json));
    }

    [Theory]
    [InlineData("", "line 1, column 1: unexpected end of the document")]
    [InlineData("{", "line 1, column 2: unexpected end of the document")]
    [InlineData("{\n  \"hostname\": \"a\",\n}", "line 3, column 1: unexpected '}'")]
    [InlineData("{\n  \"hostname\": \"ü\" x}", "line 2, column 19: unexpected 'x'")]
    [InlineData("{} {}", "line 1, column 4: unexpected '{'")]
    [InlineData("{\"a\":01}", "line 1, column 7: unexpected '1'")]
    [InlineData("{\"hostname\":\"a\tb\"}", "line 1, column 15: unexpected byte 0x09")]
    [InlineData("{'a':1}", "line 1, column 2: unexpected '''")]
    public void Wrong_syntax_is_named_by_line_and_column(string json, string message) =>
        Assert.Equal($"config.json: {message}", Fault(json));

    [Fact]
    public void Nesting_ends_at_sixty_four()
    {
        static string Nested(int depth) => "{\"x\":" + new string('[', depth - 1) + new string(']', depth - 1) + "}";
        Read(Nested(64));
        Assert.Equal("config.json: line 1, column 69: nested deeper than 64", Fault(Nested(65)));
    }

    [Fact]
    public void A_document_larger_than_sixteen_mebibytes_is_refused()
    {
        byte[] large = new byte[16 * 1024 * 1024 + 1];
        large.AsSpan().Fill((byte)' ');
        Assert.Equal("config.json: larger than 16 MiB", Assert.Throws<BerthException>(() => SpecReader.Read(large)).Message);
    }

    [Fact]
    public void Annotations_may_hold_anything() => Assert.Equal("a\0b", Read("""{"annotations":{"k":"a\u0000b"}}""").Annotations["k"]);

    [Fact]
    public void Long_and_strange_names_are_cut_in_messages()
    {
        string message = Fault("{\"annotations\":{\"" + new string('k', 1000) + "\":1}}");
        Assert.InRange(message.Length, 60, 150);
    }

    [Fact]
    public void Text_that_is_not_UTF8_is_refused()
    {
        byte[] json = [.. "{\"hostname\":\""u8, 0xC3, 0x28, .. "\"}"u8];
        Assert.Equal("config.json: hostname: the text is not valid Unicode", Assert.Throws<BerthException>(() => SpecReader.Read(json)).Message);
    }

    [Fact]
    public void The_document_is_called_what_the_caller_calls_it() =>
        Assert.Equal("p.json: cwd: expected a string, found a number", Assert.Throws<BerthException>(() => SpecReader.ReadProcess("""{"cwd":1}"""u8, "p.json")).Message);
}
