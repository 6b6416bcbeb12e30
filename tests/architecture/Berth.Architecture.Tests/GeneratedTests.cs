// Generated files are what the generator makes, and the generator refuses what it does not know.
using Berth.Protogen;

namespace Berth.Architecture.Tests;

public sealed class GeneratedTests
{
    [Fact]
    public void Messages_are_what_protogen_makes_of_their_proto_files()
    {
        IReadOnlyDictionary<string, string> made = Generator.Run(TheHouse.Now.Checkout);
        Assert.NotEmpty(made);
        TheHouse.HasNone(made.Where(file => !File.Exists(file.Key) || File.ReadAllText(file.Key) != file.Value).Select(file => $"{file.Key} is not what its .proto file says: make protos"));
        TheHouse.HasNone(Generator.Existing(TheHouse.Now.Checkout).Where(path => !made.ContainsKey(path)).Select(path => $"{path} has no .proto file"));
    }

    [Fact]
    public void No_generated_type_is_public_but_those_of_a_contract_of_our_own() =>
        TheHouse.HasNone(Generator.Run(TheHouse.Now.Checkout).Where(file => !file.Key.Contains("/Contract/", StringComparison.Ordinal)).SelectMany(file => file.Value.Split('\n').Where(line => line.StartsWith("public ", StringComparison.Ordinal)).Select(line => $"{file.Key}: {line}")));

    [Theory]
    [InlineData("syntax = \"proto2\";", "only proto3")]
    [InlineData("message A {}", "expected syntax")]
    [InlineData("syntax = \"proto3\"; message A { required string b = 1; }", "expected =")]
    [InlineData("syntax = \"proto3\"; message A { string b = 1 [default = \"x\"]; }", "option default")]
    [InlineData("syntax = \"proto3\"; message A { string b = 1; string c = 1; }", "field 1 twice")]
    [InlineData("syntax = \"proto3\"; message A { string b = 1; string b = 2; }", "has b twice")]
    [InlineData("syntax = \"proto3\"; message A { string b = 0; }", "no number for a field")]
    [InlineData("syntax = \"proto3\"; message A { string b = 536870912; }", "no number for a field")]
    [InlineData("syntax = \"proto3\"; message A { string b = 19500; }", "no number for a field")]
    [InlineData("syntax = \"proto3\"; message A { map<bytes, string> b = 1; }", "cannot be a key")]
    [InlineData("syntax = \"proto3\"; message A { string b = 1;", "ends too early")]
    [InlineData("syntax = \"proto3\"; message A { string b = x; }", "expected a number")]
    [InlineData("syntax = \"proto3\"; enum A { B = 1; }", "has to be zero")]
    [InlineData("syntax = \"proto3\"; extend A { string b = 1; }", "extend is not known")]
    [InlineData("syntax = \"proto3\";\n/* two\nlines */ // and one\nextend", "x.proto:4: extend")]
    [InlineData("syntax = \"proto3", "does not end")]
    public void What_protogen_does_not_know_it_refuses(string file, string words) =>
        Assert.Contains(words, Assert.Throws<FormatException>(() => Parser.Parse("x.proto", file)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_name_means_the_innermost_type_of_that_name()
    {
        ProtoFile file = Parser.Parse("x.proto", "syntax = \"proto3\"; package a.b; message M { message N { M m = 1; N n = 2; b.M p = 3; .a.b.M q = 4; } message M {} } message N {}");
        Names names = new();
        names.Add(file, "Space");
        Assert.Equal("a.b.M.M", names.Resolve("M", "a.b.M.N"));
        Assert.Equal("a.b.M.N", names.Resolve("N", "a.b.M.N"));
        Assert.Equal("a.b.M", names.Resolve("b.M", "a.b.M.N"));
        Assert.Equal("a.b.M", names.Resolve(".a.b.M", "a.b.M.N"));
        Assert.Equal("MN", names.Said("a.b.M.N", "Space"));
        Assert.Equal("global::Space.MN", names.Said("a.b.M.N", "Other"));
        Assert.Throws<FormatException>(() => names.Resolve("X", "a.b.M"));
        Assert.Throws<FormatException>(() => names.Add(Parser.Parse("y.proto", "syntax = \"proto3\"; package c; message M {}"), "Space"));
    }

    [Theory]
    [InlineData("exited_at", "ExitedAt")]
    [InlineData("avg10", "Avg10")]
    [InlineData("per_cpu", "PerCpu")]
    [InlineData("CPUStat", "CPUStat")]
    public void Names_are_written_as_in_CSharp(string proto, string name) => Assert.Equal(name, Names.Pascal(proto));

    [Theory]
    [InlineData("LOG_LEVEL_INFO", "LogLevel", "Info")]
    [InlineData("UNKNOWN", "Status", "Unknown")]
    [InlineData("STATUS", "Status", "Status")]
    [InlineData("STATUS_2", "Status", "Status2")]
    public void Values_go_without_the_name_of_their_enum(string value, string type, string name) => Assert.Equal(name, Names.Value(value, type));
}
