// What the reader refuses, what it passes over, and what it bounds.
using Berth.Rpc.Protobuf;
using Berth.Rpc.Tests.Oracle;
using Berth.Rpc.Tests.Protos;

namespace Berth.Rpc.Tests.Protobuf;

public class ReaderTests
{
    [Theory]
    [InlineData("08", "in the middle")] // a tag and no number
    [InlineData("0880808080808080808002", "64 bits")] // ten bytes of which the last has a second bit
    [InlineData("08808080808080808080808001", "64 bits")]
    [InlineData("4501", "in the middle")] // four bytes, of which one
    [InlineData("4901020304", "in the middle")]
    [InlineData("720561", "in the middle")] // a longer text than there is
    [InlineData("72ffffffff0f", "in the middle")]
    [InlineData("72ffffffffffffffffff01", "in the middle")]
    [InlineData("00", "field number")]
    [InlineData("0001", "field number")]
    [InlineData("ffffffffff01", "field number")] // beyond 2^29 - 1
    [InlineData("0e", "encoding")]
    [InlineData("0f", "encoding")]
    [InlineData("0c", "group")] // an end without a beginning
    [InlineData("a3060c", "group")] // the end of another
    [InlineData("a306", "in the middle")] // a group without an end
    [InlineData("7201ff", "UTF-8")]
    [InlineData("7203eda080", "UTF-8")] // half a surrogate pair
    [InlineData("7202c080", "UTF-8")] // a zero in two bytes
    [InlineData("8a01020a05", "in the middle")] // an inner message whose text is longer than the inner message
    [InlineData("8202028001", "")] // packed: fine
    [InlineData("82020180", "in the middle")] // packed: half a number
    [InlineData("b202050102030405", "in the middle")] // packed: one and a quarter
    public void Malformed_bytes_are_refused_with_the_reason(string hex, string reason)
    {
        byte[] bytes = Convert.FromHexString(hex);
        if (reason.Length == 0) ProtobufReader.Read(bytes, new Everything());
        else Assert.Contains(reason, Assert.Throws<ProtobufException>(() => ProtobufReader.Read(bytes, new Everything())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_known_is_passed_over()
    {
        // Field 100 in every encoding, groups in groups among them, around field 14.
        byte[] bytes = Convert.FromHexString("a006ff01" + "a1060102030405060708" + "a20603616263" + "a306" + "a806ff01" + "ab06b206026161ac06" + "a406" + "72026869" + "a50601020304");
        Everything read = ProtobufReader.Read(bytes, new Everything());
        Assert.Equal("hi", read.AString);
        Assert.Equal(Convert.FromHexString("72026869"), ProtobufWriter.ToBytes(read));
    }

    [Fact]
    public void A_field_in_an_encoding_that_is_not_its_own_is_passed_over()
    {
        // Field 14 is a text, and comes as a number.
        Assert.Equal("", ProtobufReader.Read([14 << 3, 5], new Everything()).AString);
    }

    [Fact]
    public void Numbers_are_cut_to_their_width_as_others_cut_them()
    {
        byte[] bytes = [2 << 3, .. Dice.Varint(0x1_0000_0007), 4 << 3, .. Dice.Varint(0x7_0000_0008), 1 << 3, .. Dice.Varint(1UL << 40), 6 << 3, .. Dice.Varint(0x1_0000_0003)];
        Everything read = ProtobufReader.Read(bytes, new Everything());
        Assert.Equal((7, 8u, true, -2), (read.AnInt32, read.AUint32, read.ABool, read.ASint32));
    }

    [Fact]
    public void A_member_of_a_oneof_takes_the_others_away()
    {
        byte[] bytes = [.. ProtobufWriter.ToBytes(new Everything { ChosenString = "a" }), .. ProtobufWriter.ToBytes(new Everything { ChosenNumber = 0 })];
        Everything read = ProtobufReader.Read(bytes, new Everything());
        Assert.Null(read.ChosenString);
        Assert.Equal(0ul, read.ChosenNumber);
    }

    [Fact]
    public void The_entry_of_a_map_is_a_message_in_which_the_last_wins()
    {
        // Key 1, name "a", key 2, an empty tree; then an entry with nothing.
        Forest read = ProtobufReader.Read(Convert.FromHexString("0a0b" + "0801" + "12030a0161" + "0802" + "1200" + "0a00"), new Forest());
        Assert.Equal([(2, "a"), (0, "")], read.Trees.Select(entry => (entry.Key, entry.Value.Name)));
    }

    [Fact]
    public void Messages_may_be_nested_as_deep_as_the_limit_and_no_deeper()
    {
        Assert.Equal(ProtobufReader.MaxDepth, Depth(ProtobufReader.Read(Nested(ProtobufReader.MaxDepth), new Tree())));
        Assert.Contains("too deeply", Assert.Throws<ProtobufException>(() => ProtobufReader.Read(Nested(ProtobufReader.MaxDepth + 1), new Tree())).Message, StringComparison.Ordinal);
        Assert.Contains("too deeply", Assert.Throws<ProtobufException>(() => ProtobufReader.Read(Nested(50_000), new Tree())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_groups_may_not_be_nested_deeper_than_that_either()
    {
        byte[] groups = [.. Enumerable.Repeat((byte)(15 << 3 | 3), 100_000)];
        Assert.Contains("too deeply", Assert.Throws<ProtobufException>(() => ProtobufReader.Read(groups, new Tree())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_of_nothing_but_empty_messages_does_not_fill_the_memory()
    {
        byte[] bytes = new byte[4 << 20];
        for (int i = 0; i < bytes.Length; i += 2) bytes[i] = 2 << 3 | 2;
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("too many parts", Assert.Throws<ProtobufException>(() => ProtobufReader.Read(bytes, new Tree())).Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20);
    }

    [Fact]
    public void An_announced_length_allocates_nothing()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ProtobufException>(() => ProtobufReader.Read([15 << 3 | 2, .. Dice.Varint(int.MaxValue), 1, 2, 3], new Everything()));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 10);
    }

    private static byte[] Nested(int depth)
    {
        // From the inside out, without recursion.
        List<byte> reversed = [];
        for (int i = 0; i < depth; i++)
        {
            foreach (byte b in Enumerable.Reverse(Dice.Varint((ulong)reversed.Count))) reversed.Add(b);
            reversed.Add(2 << 3 | 2);
        }
        reversed.Reverse();
        return [.. reversed];
    }

    private static int Depth(Tree tree)
    {
        int depth = 0;
        while (tree.Branches.Count > 0) (tree, depth) = (tree.Branches[0], depth + 1);
        return depth;
    }
}
