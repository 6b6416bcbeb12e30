// The writer's buffer: grown, used again, given back; and what it refuses.
using Berth.Rpc.Protobuf;
using Berth.Rpc.Tests.Protos;

namespace Berth.Rpc.Tests.Protobuf;

public class WriterTests
{
    [Fact]
    public void Nothing_is_written_of_a_message_without_content() => Assert.Empty(ProtobufWriter.ToBytes(new Everything()));

    [Theory]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(16_383)]
    [InlineData(16_384)]
    [InlineData(2_097_152)]
    public void A_nested_message_of_any_length_has_its_length_before_it(int length)
    {
        Tree leaf = new() { Name = new string('n', length) };
        Tree read = ProtobufReader.Read(ProtobufWriter.ToBytes(new Tree { Branches = { new Tree { Branches = { leaf, leaf } } } }), new Tree());
        Assert.Equal([leaf.Name, leaf.Name], read.Branches[0].Branches.Select(branch => branch.Name));
    }

    [Fact]
    public void The_buffer_is_used_again_and_a_large_one_given_back()
    {
        ProtobufWriter writer = new();
        Tree small = new() { Name = "small" }, large = new() { Name = new string('l', 1 << 20) };
        small.Write(writer);
        writer.Clear();
        long before = GC.GetAllocatedBytesForCurrentThread();
        small.Write(writer);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        writer.Clear();
        large.Write(writer);
        writer.Clear();
        small.Write(writer);
        Assert.Equal(ProtobufWriter.ToBytes(small), writer.Written.ToArray());
    }

    [Fact]
    public void A_message_that_contains_itself_is_refused()
    {
        Tree tree = new();
        tree.Branches.Add(tree);
        Assert.Contains("too deeply", Assert.Throws<ProtobufException>(() => ProtobufWriter.ToBytes(tree)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_beyond_the_limit_is_refused()
    {
        Everything large = new() { SomeBytes = new byte[ProtobufWriter.MaxLength] };
        Assert.Contains("64 MiB", Assert.Throws<ProtobufException>(() => ProtobufWriter.ToBytes(large)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_written_as_something_that_can_be_read() =>
        Assert.Equal("a\uFFFDb", ProtobufReader.Read(ProtobufWriter.ToBytes(new Tree { Name = "a\ud83db" }), new Tree()).Name);

    [Fact]
    public void Minus_zero_is_not_zero() =>
        Assert.True(double.IsNegative(ProtobufReader.Read(ProtobufWriter.ToBytes(new Everything { ADouble = -0.0 }), new Everything()).ADouble));
}
