// Tables, sizes and times as docker prints them.
using Berth.Cli.Output;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Oci.Faults;

namespace Berth.Cli.Tests;

public sealed class OutputTests
{
    [Theory]
    [InlineData(0, "0B")]
    [InlineData(999, "999B")]
    [InlineData(1000, "1kB")]
    [InlineData(1234, "1.23kB")]
    [InlineData(12_345, "12.3kB")]
    [InlineData(123_456, "123kB")]
    [InlineData(116_900_000, "117MB")]
    [InlineData(1_050_000_000, "1.05GB")]
    [InlineData(1_500_000_000_000, "1.5TB")]
    public void Sizes_have_three_digits_and_units_of_a_thousand(long bytes, string text) => Assert.Equal(text, Words.Size(bytes));

    [Theory]
    [InlineData("4096", 4096)]
    [InlineData("20MB", 20_000_000)]
    [InlineData("1.5GiB", 1_610_612_736)]
    [InlineData("1k", 1000)]
    public void Sizes_are_read(string text, long bytes) => Assert.Equal(bytes, Words.ParseSize(text));

    [Theory]
    [InlineData("")]
    [InlineData("MB")]
    [InlineData("1XB")]
    [InlineData("-1")]
    public void What_is_no_size_is_refused(string text) => Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => Words.ParseSize(text)).Kind);

    [Theory]
    [InlineData(0, "Less than a second")]
    [InlineData(1, "1 second")]
    [InlineData(59, "59 seconds")]
    [InlineData(60, "About a minute")]
    [InlineData(120, "2 minutes")]
    [InlineData(3600, "About an hour")]
    [InlineData(2 * 3600, "2 hours")]
    [InlineData(47 * 3600, "47 hours")]
    [InlineData(3 * 86400, "3 days")]
    [InlineData(20 * 86400, "2 weeks")]
    [InlineData(100 * 86400, "3 months")]
    [InlineData(800 * 86400, "2 years")]
    public void Times_are_told_in_one_number(int seconds, string text) => Assert.Equal(text, Words.Span(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void Lengths_of_time_are_read() => Assert.Equal((TimeSpan.FromMinutes(90), TimeSpan.FromDays(10), TimeSpan.FromMilliseconds(1500)), (Words.ParseSpan("1h30m"), Words.ParseSpan("10d"), Words.ParseSpan("1.5s")));

    [Fact]
    public void Columns_are_as_wide_as_their_widest_cell()
    {
        Table table = new();
        table.Add("REPOSITORY", "TAG", "SIZE");
        table.Add("a-long-repository", "1", "5MB");
        table.Add("b", "latest", "");
        Assert.Equal("REPOSITORY          TAG       SIZE\na-long-repository   1         5MB\nb                   latest    \n", Text(table.WriteTo));
    }

    [Fact]
    public void A_template_under_heads_is_a_table()
    {
        Value[] rows = [Value.Record.Of(Member.Of("Repository", "a"), Member.Of("CreatedSince", "2 weeks ago")), Value.Record.Of(Member.Of("Repository", "bb"), Member.Of("CreatedSince", "now"))];
        Assert.Equal("REPOSITORY   CREATED\na            2 weeks ago\nbb           now\n", Text(lines => Report.Write(lines, "table {{.Repository}}\\t{{.CreatedSince}}", rows, new Dictionary<string, string> { ["CreatedSince"] = "CREATED" })));
        Assert.Equal("a!\nbb!\n", Text(lines => Report.Write(lines, "{{.Repository}}!", rows)));
        Assert.Equal("{\"Repository\":\"a\",\"CreatedSince\":\"2 weeks ago\"}", Text(lines => Report.Write(lines, "json", rows)).Split('\n')[0]);
    }

    [Fact]
    public void Nothing_more_is_written_when_nobody_reads()
    {
        int writes = 0;
        Lines lines = new(_ =>
        {
            writes++;
            return false;
        });
        lines.WriteLine("a");
        lines.Flush();
        lines.WriteLine("b");
        lines.Flush();
        Assert.Equal((1, false), (writes, lines.IsRead));
    }

    internal static string Text(Action<Lines> write)
    {
        MemoryStream bytes = new();
        Lines lines = new(text =>
        {
            bytes.Write(text.Span);
            return true;
        });
        write(lines);
        lines.Flush();
        return System.Text.Encoding.UTF8.GetString(bytes.ToArray());
    }
}
