// TOML as its specification has it, as far as configuration files of container tools can have it.
using Berth.Distribution.Toml;
using Berth.Oci.Faults;

namespace Berth.Distribution.Tests.Toml;

public sealed class TomlTests
{
    [Fact]
    public void Strings_of_all_four_kinds_are_read()
    {
        TomlTable table = TomlReader.Read("""
            basic = "a\tb \"c\" \u00E9 \U0001F600"
            literal = 'C:\no\escape'
            several = '''
            first
            second'''
            folded = "\u0022one \\ two"
            "quoted key" = "x"
            'literal key' = "y"
            empty = ""
            """);
        Assert.Equal("a\tb \"c\" é 😀", table.Text("basic"));
        Assert.Equal(@"C:\no\escape", table.Text("literal"));
        Assert.Equal("first\nsecond", table.Text("several"));
        Assert.Equal("\"one \\ two", table.Text("folded"));
        Assert.Equal("x", table.Text("quoted key"));
        Assert.Equal("y", table.Text("literal key"));
        Assert.Equal("", table.Text("empty"));
        Assert.Equal("one two", TomlReader.Read("a = \"\"\"one \\\n\n   two\"\"\"").Text("a"));
        Assert.Equal("a\"\"", TomlReader.Read("a = \"\"\"a\"\"\"\"\"").Text("a"));
        Assert.Equal("", TomlReader.Read("a = ''''''").Text("a"));
    }

    [Theory]
    [InlineData("0", 0L), InlineData("+17", 17L), InlineData("-1_000", -1000L), InlineData("0xdead_beef", 0xdeadbeefL), InlineData("0o755", 493L), InlineData("0b1101", 13L)]
    [InlineData("9223372036854775807", long.MaxValue), InlineData("1.5", 1.5), InlineData("-3e2", -300.0), InlineData("6.626e-34", 6.626e-34), InlineData("inf", double.PositiveInfinity), InlineData("true", true)]
    public void Numbers_and_flags_are_read(string text, object value) => Assert.Equal(value, TomlReader.Read($"a = {text}").Find("a"));

    [Theory]
    [InlineData("1979-05-27"), InlineData("1979-05-27T07:32:00Z"), InlineData("1979-05-27 07:32:00.5+01:00"), InlineData("07:32:00")]
    public void Times_are_read_as_they_were_written(string text) => Assert.Equal(new TomlTime(text), TomlReader.Read($"a = {text} # then").Find("a"));

    [Fact]
    public void Tables_and_lists_are_read_in_their_order()
    {
        TomlTable table = TomlReader.Read("""
            # a comment
            list = [ "a", # of the first
              "b",
            ]
            nested = [[1, 2], ["x"]]
            point = { x = 1, y.z = 2 }
            a.b.c = true
            a.b.d = false
            [host."https://one.example"]
            capabilities = ["pull"]
            [host."https://two.example".header]
            x = "y"
            [[registry]]
            prefix = "one"
            [[registry.mirror]]
            location = "m1"
            [[registry.mirror]]
            location = "m2"
            [[registry]]
            prefix = "two"
            """);
        Assert.Equal(["a", "b"], table.Texts("list")!);
        Assert.Equal(2, table.List("nested")!.Count);
        Assert.Equal(2L, table.Table("point")!.Table("y")!.Find("z"));
        Assert.True(table.Table("a")!.Table("b")!.Flag("c"));
        Assert.Equal(["https://one.example", "https://two.example"], table.Table("host")!.Keys);
        Assert.Equal(["one", "two"], table.Tables("registry").Select(one => one.Text("prefix")));
        Assert.Equal(["m1", "m2"], table.Tables("registry")[0].Tables("mirror").Select(one => one.Text("location")));
        Assert.Empty(table.Tables("registry")[1].Tables("mirror"));
    }

    [Theory]
    [InlineData("a = 1\na = 2", "line 2"), InlineData("a = ", "line 1"), InlineData("a", "'='"), InlineData("= 1", "key"), InlineData("a = 1 b = 2", "behind the value"), InlineData("[a", "closed"), InlineData("[a]\n[a]", "there already")]
    [InlineData("a = {x = 1}\n[a.b]", "there already"), InlineData("a = [1]\n[[a]]", "there already"), InlineData("[a]\n[[a]]", "there already"), InlineData("a.b = 1\n[a]", "there already"), InlineData("a = {x = 1, }", "key")]
    [InlineData("a = {x = 1\n}", "closed"), InlineData("a = \"x", "closed"), InlineData("a = \"x\ny\"", "closed in its line"), InlineData(@"a = ""\q""", "backslash"), InlineData(@"a = ""\uD800""", "character"), InlineData("a = yes", "quotes"), InlineData("a = 012", "value")]
    [InlineData("a = 1__0", "value"), InlineData("a = _1", "value"), InlineData("a = 0xfg", "number"), InlineData("a = 9223372036854775808", "value"), InlineData("a = 1.", "value"), InlineData("a = [1 2]", "closed"), InlineData("a = \"\x01\"", "control"), InlineData("[[a]]\n[a]", "there already")]
    [InlineData("a = 2024-13-01", "value"), InlineData("a.b = 1\na.b.c = 2", "there already"), InlineData("# \x02", "control"), InlineData("\"\"\"k\"\"\" = 1", "several lines")]
    public void What_is_not_TOML_is_refused_with_its_line(string text, string reason)
    {
        BerthException fault = Assert.Throws<BerthException>(() => TomlReader.Read(text));
        Assert.Equal(Fault.InvalidArgument, fault.Kind);
        Assert.Contains(reason, fault.Message);
        Assert.StartsWith("line ", fault.Message);
    }

    [Fact]
    public void What_lies_too_deep_or_is_of_another_type_is_refused()
    {
        Assert.Contains("deep", Assert.Throws<BerthException>(() => TomlReader.Read("a = " + new string('[', 10_000))).Message);
        Assert.Contains("'r.x' must be true or false", Assert.Throws<BerthException>(() => TomlReader.Read("[r]\nx = 1").Table("r")!.Flag("x")).Message);
        Assert.Contains("a list of strings", Assert.Throws<BerthException>(() => TomlReader.Read("x = [1]").Texts("x")).Message);
    }

    [Fact]
    public void Random_damage_never_does_more_than_a_refusal()
    {
        const string Good = "a = [1, \"x\\u0041\", 'y']\n[b.\"c d\"]\ne = { f = 1.5, g.h = 1979-05-27 07:32:00 }\n[[i]]\nj = \"\"\"k\\\n l\"\"\"\n";
        Random random = new(7);
        for (int round = 0; round < 20_000; round++)
        {
            char[] text = Good.ToCharArray();
            for (int i = random.Next(1, 4); i > 0; i--) text[random.Next(text.Length)] = "[]{}\"'\\.=,\n# 1ae-\r\u0001"[random.Next(19)];
            try { TomlReader.Read(new string(text)); }
            catch (BerthException e) when (e.Kind == Fault.InvalidArgument) { }
        }
    }
}
