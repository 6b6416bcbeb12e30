// Logs in files, and those who follow them: every byte once, at full speed, over rotations.
using System.Text;
using System.Text.Json.Nodes;
using Berth.Rpc;
using Berth.Shim.Contract.Protos;
using static Berth.Shim.Contract.Protos.KeeperService;

namespace Berth.SystemTests.Keeper;

/// <summary>Logs.</summary>
public sealed class LogTests : KeeperTest
{
    private const string Flood = "awk 'BEGIN { for (i = 1; i <= 40000; i++) printf \"%0499d\\n\", i }'";

    private static string Flooded() => string.Concat(Enumerable.Range(1, 40_000).Select(i => $"{i:D499}\n"));

    private static string TextOfJson(string lines) => string.Concat(lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => (string)JsonNode.Parse(line)!["log"]!));

    [Fact]
    public void Cri_and_json_tell_stream_time_and_text()
    {
        string id = Run("echo one; echo two >&2; printf three", request =>
        {
            Cri(request);
            request.Logs.Add(new() { Driver = "json-file", Path = Log + ".json" });
        });
        Wait(id);
        string[] cri = File.ReadAllLines(Log);
        Assert.Contains(cri, line => line.EndsWith(" stdout F one", StringComparison.Ordinal));
        Assert.Contains(cri, line => line.EndsWith(" stderr F two", StringComparison.Ordinal));
        Assert.Contains(cri, line => line.EndsWith(" stdout P three", StringComparison.Ordinal));
        JsonNode[] json = [.. File.ReadAllLines(Log + ".json").Select(line => JsonNode.Parse(line)!)];
        Assert.Equal(["one\n", "three", "two\n"], json.Select(line => (string)line["log"]!).Order(StringComparer.Ordinal));
        Assert.Equal("stderr", (string)json.Single(line => (string)line["log"]! == "two\n")["stream"]!);
        Assert.All(json, line => Assert.True(DateTimeOffset.Parse((string)line["time"]!, System.Globalization.CultureInfo.InvariantCulture) > DateTimeOffset.UtcNow.AddHours(-1)));
    }

    [Fact]
    public void Rotation_at_full_speed_loses_nothing()
    {
        string id = Run(Flood, request =>
        {
            request.Logs.Add(new() { Driver = "cri", Path = Log, MostBytes = 1_000_000, Backups = 40 });
            request.Logs.Add(new() { Driver = "json-file", Path = Log + ".json", MostBytes = 2_000_000, Backups = 30 });
        });
        Wait(id);
        string All(string path) => string.Concat(Enumerable.Range(0, 60).Reverse().Select(i => i == 0 ? path : $"{path}.{i}").Where(File.Exists).Select(File.ReadAllText));
        Assert.True(File.Exists(Log + ".5"));
        Assert.All(Directory.GetFiles(Dock.Folder, "log*"), path => Assert.InRange(new FileInfo(path).Length, 0, 2_000_000));
        Assert.Equal(Flooded(), TextOf(All(Log)));
        Assert.Equal(Flooded(), TextOfJson(All(Log + ".json")));
    }

    [Fact]
    public void A_log_that_somebody_moved_is_begun_anew_when_asked()
    {
        string id = Run("while read x; do echo $x; done", request =>
        {
            request.Input = true;
            Cri(request);
        });
        Attached attached = Connect().Attach(id);
        attached.Type("old\n");
        attached.Await("old\n");
        File.Move(Log, Log + ".moved");
        Client.Call<Done>(Methods.ReopenLogs, new ContainerRequest { Id = id });
        attached.Type("new\n");
        attached.Await("new\n");
        Assert.EndsWith("F old\n", File.ReadAllText(Log + ".moved"));
        Assert.EndsWith("F new\n", Until.FileHas(Log, "new"));
    }

    [Theory]
    [InlineData("cri")]
    [InlineData("json-file")]
    public async Task File_and_followers_together_have_every_byte_once(string driver)
    {
        string id = Create(Flood, request => request.Logs.Add(new() { Driver = driver, Path = Log, MostBytes = 3_000_000, Backups = 20 }));
        Start(id);
        Task<string>[] followers = [.. Enumerable.Range(1, 4).Select(i => Task.Run(() => Followed(id, i * 2_000_000L, driver), TestContext.Current.CancellationToken))];
        string expected = Flooded();
        foreach (string text in await Task.WhenAll(followers)) Assert.True(expected == text, $"lost or twice: {text.Length} of {expected.Length}");
    }

    [Fact]
    public void What_is_not_a_whole_line_yet_is_followed_too()
    {
        string id = Run("printf half; read x; echo whole", request =>
        {
            request.Input = true;
            request.Logs.Add(new() { Driver = "json-file", Path = Log });
        });
        Attached attached = Connect().Attach(id);
        attached.Await("half");
        Attached follower = Connect().Follow(id);
        OutputChunk place = follower.Next()!;
        attached.Type("\n");
        string chunks = follower.ReadToEnd();
        Assert.Equal("halfwhole\n", TextOfJson(File.ReadAllText(Log)[..(int)place.Offset]) + chunks);
    }

    [Fact]
    public void A_log_that_is_over_is_followed_to_its_end()
    {
        string id = Run("echo all", Cri);
        Wait(id);
        Attached follower = Client.Follow(id);
        OutputChunk place = follower.Next()!;
        Assert.Equal((Log, new FileInfo(Log).Length), (place.Path, place.Offset));
        Assert.Equal("", follower.ReadToEnd());
    }

    [Fact]
    public void Without_a_log_output_is_followed_all_the_same()
    {
        string id = Create("echo unlogged");
        Attached follower = Client.Follow(id);
        Assert.Equal("", follower.Next()!.Path);
        Start(id);
        Assert.Equal("unlogged\n", follower.ReadToEnd());
    }

    [Fact]
    public void A_log_that_cannot_be_opened_is_refused()
    {
        Assert.Contains("/no/such/place", Client.Refused(StatusCode.Unknown, Methods.Create, Request("true", request => request.Logs.Add(new() { Driver = "cri", Path = "/no/such/place/log" }))));
    }

    // Begins in the middle, reads the file up to where the shim says it stood, and then what comes.
    private string Followed(string id, long from, string driver)
    {
        using KeeperClient client = new(Socket);
        Until.True(() => AllFiles().Sum(path => new FileInfo(path).Length) >= from, $"{from} bytes are written");
        Attached follower = client.Follow(id);
        OutputChunk place = follower.Next()!;
        Assert.Equal(Log, place.Path);
        StringBuilder lines = new();
        // Files are found by their number: they may be renamed at any time, but what was written stays where it is.
        foreach ((ulong inode, string text) in Contents())
        {
            lines.Append(inode == place.Inode ? text[..(int)place.Offset] : text);
            if (inode == place.Inode) break;
        }
        string before = driver == "cri" ? TextOf(lines.ToString()) : TextOfJson(lines.ToString());
        return before + follower.ReadToEnd();
    }

    private string[] AllFiles() => [.. Enumerable.Range(0, 40).Reverse().Select(i => i == 0 ? Log : $"{Log}.{i}").Where(File.Exists)];

    /// <summary>The log's files, the oldest first. Renaming goes on meanwhile: what is open stays the same, so it is done until nothing changed in between.</summary>
    private List<(ulong Inode, string Text)> Contents()
    {
        while (true)
        {
            try
            {
                string[] files = AllFiles();
                List<FileStream> open = [.. files.Select(File.OpenRead)];
                List<(ulong, string)> contents = [.. open.Select(file => (InodeOf(file), Encoding.ASCII.GetString(ReadAll(file))))];
                foreach (FileStream file in open) file.Dispose();
                if (contents.Select(file => file.Item1).Distinct().Count() == contents.Count && files.Length == AllFiles().Length) return contents;
            }
            catch (FileNotFoundException)
            {
                // Renamed this very moment.
            }
        }
    }

    private static byte[] ReadAll(FileStream file)
    {
        using MemoryStream all = new();
        file.CopyTo(all);
        return all.ToArray();
    }

    private static ulong InodeOf(FileStream file) =>
        ulong.Parse(File.ReadLines($"/proc/self/fdinfo/{file.SafeFileHandle.DangerousGetHandle()}").Single(line => line.StartsWith("ino:", StringComparison.Ordinal))[4..].Trim());
}
