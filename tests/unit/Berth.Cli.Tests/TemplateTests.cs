// Templates say what Go's text/template says.
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Oci.Faults;

namespace Berth.Cli.Tests;

public sealed class TemplateTests
{
    private static readonly Value s_image = Value.Record.Of(
        Member.Of("Name", "debian"),
        Member.Of("Size", 1234),
        Member.Of("Tags", ["a", "b", "c"]),
        Member.Of("Empty", Array.Empty<string>()),
        Member.Of("Labels", new Dictionary<string, string> { ["z"] = "1", ["a.b"] = "<2>" }),
        new Member("NoLabels", Value.NoMap),
        new Member("NoList", Value.NoList),
        Member.Of("Dangling", false),
        new Member("Created", new Value.Moment("2024-01-02T03:04:05.120Z")),
        new Member("Config", Value.Record.Of(Member.Of("User", "root"), new Member("Cmd", Value.None))));

    // The answers are those of Go 1.19 for the same values.
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("{{.Name}}:{{.Size}}", "debian:1234")]
    [InlineData("{{ .Config.User }}", "root")]
    [InlineData("{{.Tags}} {{.Labels}}", "[a b c] map[a.b:<2> z:1]")]
    [InlineData("{{json .Tags}} {{json .Labels}} {{.Name | json}}", """["a","b","c"] {"a.b":"<2>","z":"1"} "debian" """)]
    [InlineData("{{index .Labels \"a.b\"}}{{index .Labels \"none\"}}{{index .Tags 1}}", "<2>b")]
    [InlineData("{{range .Tags}}<{{.}}>{{end}}", "<a><b><c>")]
    [InlineData("{{range $i, $t := .Tags}}{{if $i}},{{end}}{{$t}}{{end}}", "a,b,c")]
    [InlineData("{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}", "a.b=<2>;z=1;")]
    [InlineData("{{range .Empty}}x{{else}}none{{end}}", "none")]
    [InlineData("{{if .Dangling}}yes{{else if eq .Size 1234}}big{{else}}no{{end}}", "big")]
    [InlineData("{{with .Config}}{{.User}} of {{$.Name}}{{end}}{{with .Config.Cmd}}x{{else}}y{{end}}", "root of debiany")]
    [InlineData("{{$x := .Name}}{{$x}}{{if true}}{{$x = \"other\"}}{{end}}{{$x}}", "debianother")]
    [InlineData("a {{- .Name -}} b", "adebianb")]
    [InlineData("{{/* a comment */}}x", "x")]
    [InlineData("{{join .Tags \", \"}} {{upper .Name}} {{title .Name}} {{lower \"ABC\"}}", "a, b, c DEBIAN Debian abc")]
    [InlineData("{{split \"a,b\" \",\"}} {{len .Tags}} {{len (split .Name \"b\")}}", "[a b] 3 2")]
    [InlineData("[{{pad .Name 1 2}}] {{truncate .Name 3}}", "[ debian  ] deb")]
    [InlineData("{{printf \"%-8s|%8s|%05d|%q|%v|%.2s|%%\" .Name .Name 42 .Name .Tags .Name}}", "debian  |  debian|00042|\"debian\"|[a b c]|de|%")]
    [InlineData("{{and .Name .Dangling}} {{or .Dangling .Name}} {{not .Dangling}}", "false debian true")]
    [InlineData("{{if and (eq .Name \"debian\") (gt .Size 1000) (ne .Name \"x\")}}ok{{end}}", "ok")]
    [InlineData("{{eq .Name \"x\" \"debian\"}} {{lt 1 2}} {{le 2 2}} {{ge 1 2}}", "true true true false")]
    [InlineData("{{.NoLabels}} {{json .NoLabels}} {{index .NoLabels \"x\"}}{{.NoList}} {{json .NoList}} {{len .NoList}}{{range .NoList}}x{{end}}", "map[] null [] null 0")]
    [InlineData("{{.Created}}", "2024-01-02 03:04:05.12 +0000 UTC")]
    [InlineData("{{(index .Tags 0)}}{{slice .Name 1 3}}{{slice .Tags 1}}", "aeb[b c]")]
    [InlineData("{{\"quoted \\\" and \\n\"}}{{`raw \\n`}}", "quoted \" and \nraw \\n")]
    [InlineData("{{print .Name 1}} {{println \"x\" 2}}", "debian1 x 2\n")]
    public void A_template_is_filled(string template, string expected) => Assert.Equal(expected.TrimEnd(' '), Template.Parse(template).Fill(s_image).TrimEnd(' '));

    [Theory]
    [InlineData("{{.Nope}}", ".Nope")]
    [InlineData("{{nope .Name}}", "nope")]
    [InlineData("{{.Name", "}}")]
    [InlineData("{{if .Name}}", "end")]
    [InlineData("{{end}}", "beginning")]
    [InlineData("{{}}", "empty")]
    [InlineData("{{\"x}}", "'}}'")]
    [InlineData("{{.Name.First}}", "no parts")]
    [InlineData("{{index .Tags 7}}", "7")]
    [InlineData("{{join .Name \",\"}}", "join")]
    [InlineData("{{range .Name}}{{end}}", "no list")]
    [InlineData("{{(.Name}}", "')'")]
    [InlineData("{{.Name 1}}", "no function")]
    [InlineData("{{$x}}", "$x")]
    public void What_is_wrong_with_a_template_is_said(string template, string part)
    {
        BerthException fault = Assert.Throws<BerthException>(() => Template.Parse(template).Fill(s_image));
        Assert.Equal(Fault.InvalidArgument, fault.Kind);
        Assert.Contains(part, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_nested_without_end_is_refused() =>
        Assert.Contains("deeply", Assert.Throws<BerthException>(() => Template.Parse(string.Concat(Enumerable.Repeat("{{if .Name}}", 10_000)))).Message, StringComparison.Ordinal);

    [Fact]
    public void JSON_comes_back_as_it_was_with_the_order_of_its_members()
    {
        const string Text = """{"b":[1,2.5,true,null,"\u003cx\u003e\"\n"],"a":{}}""";
        Value value = ValueJson.Read(System.Text.Encoding.UTF8.GetBytes(Text));
        Assert.Equal(Text, ValueJson.Write(value, new ValueJson.Style(null, EscapesHtml: true)));
        Assert.Equal("{\n  \"b\": [\n    1,\n    2.5,\n    true,\n    null,\n    \"<x>\\\"\\n\"\n  ],\n  \"a\": {}\n}", ValueJson.Write(value, new ValueJson.Style("  ", EscapesHtml: false)));
    }
}
