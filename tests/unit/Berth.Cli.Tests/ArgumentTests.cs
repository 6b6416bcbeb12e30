// The dialect of flags that docker, podman and skopeo share.
using Berth.Cli.Arguments;
using Berth.Oci.Faults;

namespace Berth.Cli.Tests;

public sealed class ArgumentTests
{
    private static readonly Option[] s_table =
    [
        Option.Switch("all", "", 'a'), Option.Switch("quiet", "", 'q'), Option.With("format", "FORMAT", "", 'f'), Option.Many("filter", "F", ""), Option.Many("tag", "T", "") with { SplitsAtCommas = true },
        Option.Refused("sign-by", "KEY", "nothing is signed here"), Option.With("retry-times", "N", ""),
    ];

    private static Parsed Read(string line) => Parsed.Read(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), s_table);

    [Theory]
    [InlineData("-aq x --format json y")]
    [InlineData("x -a --quiet=true -fjson y")]
    [InlineData("x y -qa -f json")]
    [InlineData("-qaf json x -- y")]
    [InlineData("--all --quiet --format=xml -f=json x y")]
    public void Flags_may_stand_anywhere_and_in_every_shape(string line)
    {
        Parsed parsed = Read(line);
        Assert.True(parsed.Has("all") && parsed.Has("quiet"));
        Assert.Equal("json", parsed.Find("format"));
        Assert.Equal(["x", "y"], parsed.Arguments);
    }

    [Fact]
    public void Some_are_given_several_times()
    {
        Parsed parsed = Read("--filter a,b --filter=c --tag x,y --tag z --all=false");
        Assert.Equal(["a,b", "c"], parsed.All("filter"));
        Assert.Equal(["x", "y", "z"], parsed.All("tag"));
        Assert.False(parsed.Has("all"));
        Assert.False(parsed.Truth("all"));
        Assert.Null(parsed.Truth("quiet"));
    }

    [Fact]
    public void Two_hyphens_end_the_flags_and_one_is_an_argument() => Assert.Equal(["-", "-a", "--format"], Read("- -- -a --format").Arguments);

    [Theory]
    [InlineData("--nope", "unknown flag: --nope", null)]
    [InlineData("--quite", "unknown flag: --quite", "did you mean --quiet?")]
    [InlineData("-ax", "unknown flag: -x", null)]
    [InlineData("--format", "--format wants a value: FORMAT", null)]
    [InlineData("-f", "-f wants a value: FORMAT", null)]
    [InlineData("--all=maybe", "--all is true or false, not 'maybe'", null)]
    [InlineData("--sign-by me", "--sign-by is not supported: nothing is signed here", null)]
    public void What_cannot_be_read_is_said(string line, string message, string? hint)
    {
        BerthException fault = Assert.Throws<BerthException>(() => Read(line));
        Assert.Equal((message, hint), (fault.Message, fault.Hint));
    }

    [Fact]
    public void A_number_is_one() => Assert.Equal("--retry-times wants a whole number, not 'x'", Assert.Throws<BerthException>(() => Read("--retry-times x").Number("retry-times")).Message);

    [Fact]
    public void Help_is_asked_for_by_word_and_letter() => Assert.True(Read("--help").WantsHelp && Read("-ah").WantsHelp && !Read("-a").WantsHelp);

    [Fact]
    public void In_front_of_a_verb_the_first_argument_ends_the_flags() => Assert.Equal(["verb", "--all"], Parsed.Read(["-q", "verb", "--all"], s_table, stopsAtArgument: true).Arguments);
}
