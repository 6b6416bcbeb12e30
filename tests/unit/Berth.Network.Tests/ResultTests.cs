// Results in every version of the specification, beside what the reference writes.
using System.Text;
using Berth.Network.Contract;

namespace Berth.Network.Tests;

public sealed class ResultTests
{
    public static TheoryData<string, string> All()
    {
        TheoryData<string, string> data = [];
        foreach (string version in CniVersions.All)
        {
            data.Add("rich", version);
            data.Add("lean", version);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_result_is_written_byte_for_byte_as_the_reference_writes_it(string name, string version)
    {
        CniResult result = CniJson.ReadResult(Folder.Golden($"{name}-1.1.0.json"));
        Assert.Equal(Encoding.UTF8.GetString(Folder.Golden($"{name}-{version}.json")), Encoding.UTF8.GetString(CniJson.WriteResult(result, version)));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_result_of_an_old_version_becomes_what_the_reference_makes_of_it(string name, string version)
    {
        CniResult result = CniJson.ReadResult(Folder.Golden($"{name}-{version}.json"));
        Assert.Equal(Encoding.UTF8.GetString(Folder.Golden($"{name}-{version}-to-1.1.0.json")), Encoding.UTF8.GetString(CniJson.WriteResult(result, "1.1.0")));
    }

    [Fact]
    public void A_result_without_a_version_has_that_of_the_configuration()
    {
        CniResult result = CniJson.ReadResult("""{"ips":[{"address":"10.0.0.1/8"}]}"""u8.ToArray(), "1.0.0");
        Assert.Equal("10.0.0.1/8", Assert.Single(result.Addresses).Address.ToString());
        Assert.Empty(CniJson.ReadResult("""{"ips":[{"address":"10.0.0.1/8"}]}"""u8.ToArray()).Addresses);
    }

    [Fact]
    public void Versions_that_have_one_address_refuse_a_result_with_none() =>
        Assert.Throws<CniException>(() => CniJson.WriteResult(new CniResult(), "0.2.0"));

    [Fact]
    public void An_unknown_version_is_refused_with_code_one() =>
        Assert.Equal(CniCode.IncompatibleVersion, Assert.Throws<CniException>(() => CniJson.WriteResult(new CniResult(), "1.2.0")).Code);

    [Theory]
    [InlineData("1.0.0", "0.4.0", true)]
    [InlineData("0.4.0", "0.4", true)]
    [InlineData("", "0.1.0", true)]
    [InlineData("0.3.1", "0.4.0", false)]
    [InlineData("0.10.0", "0.9.9", true)]
    public void Versions_compare_by_their_numbers(string version, string other, bool expected) => Assert.Equal(expected, CniVersions.AtLeast(version, other));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("1.0.0.0")]
    [InlineData("one")]
    [InlineData("1.99999999999999")]
    public void What_is_no_version_is_a_fault(string version)
    {
        if (version.Length == 0) return;
        Assert.Equal(CniCode.Decoding, Assert.Throws<CniException>(() => CniVersions.AtLeast(version, "1.0.0")).Code);
    }

    [Fact]
    public void An_error_has_the_members_of_the_specification()
    {
        string text = Encoding.UTF8.GetString(CniJson.WriteError(new CniException(7, "no <name>", "say one"), "1.0.0"));
        Assert.Equal("{\n    \"cniVersion\": \"1.0.0\",\n    \"code\": 7,\n    \"msg\": \"no \\u003cname\\u003e\",\n    \"details\": \"say one\"\n}", text);
        CniException back = CniJson.ReadError(Encoding.UTF8.GetBytes(text))!;
        Assert.Equal((7, "no <name>", "say one"), (back.Code, back.Message, back.Details));
        Assert.Null(CniJson.ReadError("panic: oops"u8.ToArray()));
    }

    [Theory]
    [InlineData("10.1.2.3/24", "10.1.2.3/24")]
    [InlineData("::ffff:10.1.2.3/120", "10.1.2.3/24")]
    [InlineData("fd00:0:0:0:1:0:0:1/64", "fd00::1:0:0:1/64")]
    [InlineData("2001:DB8:0:1:1:1:1:1/128", "2001:db8:0:1:1:1:1:1/128")]
    [InlineData("::/0", "::/0")]
    [InlineData("fe80::5efe:192.168.1.1/64", "fe80::5efe:c0a8:101/64")]
    [InlineData("1::/16", "1::/16")]
    public void Addresses_are_written_in_one_form(string text, string expected)
    {
        Assert.True(IpPrefix.TryParse(text, out IpPrefix prefix));
        Assert.Equal(expected, prefix.ToString());
    }

    [Theory]
    [InlineData("10.1.2/24")]
    [InlineData("10.01.2.3/24")]
    [InlineData("0x0a.1.1.1/8")]
    [InlineData("10.1.2.3")]
    [InlineData("10.1.2.3/33")]
    [InlineData("::ffff:10.1.2.3/20")]
    [InlineData("fe80::1%eth0/64")]
    [InlineData("[::1]/64")]
    [InlineData("/")]
    public void What_is_no_address_is_refused(string text) => Assert.False(IpPrefix.TryParse(text, out _));
}
