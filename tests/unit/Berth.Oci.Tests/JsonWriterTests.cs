// The writer's output is what System.Text.Json reads back, and is laid out as users of other runtimes know it.
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Oci.Json;

namespace Berth.Oci.Tests;

public sealed class JsonWriterTests
{
    private static string Text(JsonWriter writer) => Encoding.UTF8.GetString(writer.Written);

    private static JsonWriter Sample(string? indent)
    {
        JsonWriter w = new(indent);
        w.WriteStartObject();
        w.WriteString("a"u8, "x");
        w.WriteStartArray("list"u8);
        w.WriteNumberValue(-1);
        w.WriteStringValue(null);
        w.WriteStartObject();
        w.WriteEndObject();
        w.WriteEndArray();
        w.WriteStartObject("o");
        w.WriteBoolean("b"u8, true);
        w.WriteNumber("n"u8, ulong.MaxValue);
        w.WriteEndObject();
        w.WriteStartArray("none"u8);
        w.WriteEndArray();
        w.WriteNull("z");
        w.WriteEndObject();
        return w;
    }

    [Fact]
    public void On_one_line_there_is_no_space() =>
        Assert.Equal("""{"a":"x","list":[-1,null,{}],"o":{"b":true,"n":18446744073709551615},"none":[],"z":null}""", Text(Sample(null)));

    [Fact]
    public void Indented_every_value_has_a_line_and_what_is_empty_none() =>
        Assert.Equal("""
            {
              "a": "x",
              "list": [
                -1,
                null,
                {}
              ],
              "o": {
                "b": true,
                "n": 18446744073709551615
              },
              "none": [],
              "z": null
            }
            """, Text(Sample("  ")));

    [Theory]
    [InlineData("")]
    [InlineData("plain /path-with_everything.else?&<>'")]
    [InlineData("\"quoted\" and \\ back")]
    [InlineData("\0\u0001\b\t\n\f\r\u001f\u007f")]
    [InlineData("Grüße, 日本語, 😀, \u2028")]
    public void Any_text_comes_back(string text)
    {
        JsonWriter w = new();
        w.WriteStartObject();
        w.WriteString(text, text);
        w.WriteEndObject();
        JsonObject back = JsonNode.Parse(w.Written)!.AsObject();
        Assert.Equal(text, back.Single().Key);
        Assert.Equal(text, (string?)back.Single().Value);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_replaced()
    {
        JsonWriter w = new();
        w.WriteStringValue("a\ud800b");
        Assert.Equal("a\ufffdb", JsonSerializer.Deserialize<string>(w.Written));
    }

    [Fact]
    public void It_grows_with_what_is_written()
    {
        string large = new('x', 100_000);
        JsonWriter w = new();
        w.WriteStartArray();
        for (int i = 0; i < 20; i++) w.WriteStringValue(large);
        w.WriteEndArray();
        Assert.All(JsonNode.Parse(w.Written)!.AsArray(), node => Assert.Equal(large, (string?)node));
    }
}
