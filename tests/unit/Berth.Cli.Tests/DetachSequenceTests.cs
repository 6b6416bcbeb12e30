// Keys by which a user leaves a container.
using System.Text;
using Berth.Cli.Commands.Containers;
using Berth.Oci.Faults;

namespace Berth.Cli.Tests;

public sealed class DetachSequenceTests
{
    [Fact]
    public void Keys_are_read_as_docker_writes_them()
    {
        Assert.Equal([16, 17], DetachSequence.Parse("ctrl-p,ctrl-q"));
        Assert.Equal("ab"u8.ToArray(), DetachSequence.Parse("a,b"));
        Assert.Equal([28], DetachSequence.Parse("ctrl-\\"));
        Assert.Empty(DetachSequence.Parse(""));
        Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => DetachSequence.Parse("ctrl-")).Kind);
        Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => DetachSequence.Parse("ab")).Kind);
    }

    [Theory]
    [InlineData("hello", "hello", false)]
    [InlineData("ab\u0010\u0011cd", "ab", true)]
    [InlineData("\u0010x", "\u0010x", false)]
    [InlineData("\u0010\u0010\u0011", "\u0010", true)]
    public void The_sequence_is_found_in_what_is_typed(string typed, string passed, bool isComplete)
    {
        byte[] rest = new DetachSequence([16, 17]).Take(Encoding.ASCII.GetBytes(typed), out bool complete);
        Assert.Equal((passed, isComplete), (Encoding.ASCII.GetString(rest), complete));
    }

    [Fact]
    public void Reads_may_cut_it()
    {
        DetachSequence keys = new([16, 17]);
        Assert.Empty(keys.Take([16], out bool complete));
        Assert.False(complete);
        keys.Take([17], out complete);
        Assert.True(complete);
    }
}
