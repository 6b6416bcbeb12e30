// What the shim makes of names, addresses, logs and options that others give it.
using System.Text;
using Berth.Oci.Faults;
using Berth.Shim.Keeping;
using Berth.Shim.Server;
using Berth.Shim.ShimV2;
using Berth.Shim.Streams;

namespace Berth.Shim.Tests.Keeping;

public sealed class KeepingTests
{
    [Theory]
    [InlineData("web")]
    [InlineData("a1.b-c_d+e")]
    [InlineData("0")]
    public void Ids_of_engines_are_taken(string id) => KeptNames.Check("exec", id);

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("../../etc/cron.d/x")]
    [InlineData("a/b")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    [InlineData("--help")]
    [InlineData("ü")]
    public void An_id_is_neither_a_path_nor_an_option(string id)
    {
        BerthException fault = Assert.Throws<BerthException>(() => KeptNames.Check("exec", id));
        Assert.Equal(Fault.InvalidArgument, fault.Kind);
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Fact]
    public void An_id_fits_into_a_files_name() => Assert.Throws<BerthException>(() => KeptNames.Check("exec", new string('a', 201)));

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("bundle")]
    [InlineData("/b\0c")]
    public void A_bundle_is_an_absolute_path(string path) => Assert.Throws<BerthException>(() => KeptNames.CheckBundle(path));

    [Fact]
    public void Addresses_of_streams_say_by_their_scheme_what_they_are()
    {
        Assert.Equal("fifo", new Stdio("", "/run/out", "", false).Scheme);
        Assert.True(new Stdio("", "", "", true).IsNull);
        Stdio file = new("", "file:///var/log/a%20b.log?x=1", "", false);
        Assert.Equal(("file", "/var/log/a b.log"), (file.Scheme, file.OutputPath));
        (string program, List<string> arguments) = new Stdio("", "binary:///bin/logger?id=a+b&flag&k=%2Fx", "", false).Logger;
        Assert.Equal("/bin/logger", program);
        Assert.Equal(["id", "a b", "flag", "k", "/x"], arguments);
        Assert.Throws<BerthException>(() => new Stdio("", "http://x", "", false).Check());
    }

    [Theory]
    [InlineData("""{"level":"error","msg":" no such file \n","time":"x"}""", "no such file")]
    [InlineData("""{"msg":"late","level":"error"}""", "late")]
    [InlineData("""{"level":"warning","msg":"x"}""", null)]
    [InlineData("""{"level":"error","msg":5}""", null)]
    [InlineData("""{"level":"error","fields":{"msg":"inner"}}""", null)]
    [InlineData("""{"level":"error","msg":"cut o""", null)]
    [InlineData("""{"level":"error","msg":"\ud800"}""", null)]
    [InlineData("level=error msg=text", null)]
    [InlineData("[]", null)]
    [InlineData("", null)]
    public void A_line_of_a_runtimes_log_is_an_error_or_nothing(string line, string? message)
    {
        Assert.Equal(message is not null, ErrorLine.TryRead(line, out string? read));
        if (message is not null) Assert.Equal(message, read);
    }

    [Fact]
    public void Options_in_toml_are_read_as_far_as_they_are_known()
    {
        Berth.Shim.ShimV2.Protos.Options options = OptionsMessage.OfText("""
            # comment
            [section]
            BinaryName = "/usr/bin/crun" # ours
              Root = '/run/x'
            SystemdCgroup = true
            IoUid = 7
            Unknown = 1
            nonsense
            = 5
            """);
        Assert.Equal(("/usr/bin/crun", "/run/x", true, 7u), (options.BinaryName, options.Root, options.SystemdCgroup, options.IoUid));
    }

    [Fact]
    public void Flags_of_a_shim_are_read_as_go_reads_them()
    {
        ShimFlags flags = ShimFlags.Parse(["-namespace", "default", "--id=web", "-debug", "-address", "/c.sock", "-publish-binary", "x", "start", "-id", "no"]);
        Assert.Equal(("default", "web", "/c.sock", "start"), (flags.Namespace, flags.Id, flags.Address, flags.Action));
        Assert.True(ShimFlags.Parse(["-v"]).VersionAsked);
        Assert.True(ShimFlags.Parse(["-info"]).InfoAsked);
        Assert.Throws<BerthException>(() => ShimFlags.Parse(["-nonsense", "x"]));
        Assert.Throws<BerthException>(() => ShimFlags.Parse(["-id"]));
    }

    [Fact]
    public void A_replay_has_the_latest_bytes_and_their_streams()
    {
        ReplayBuffer replay = new(10);
        replay.Write(StandardStream.Output, "abcdef"u8);
        replay.Write(StandardStream.Error, "ghij"u8);
        RecordingSink all = new(), latest = new(), cut = new();
        replay.PlayTo(all);
        Assert.Equal("abcdefghij", all.Text);
        replay.Write(StandardStream.Output, "k"u8);
        replay.PlayTo(latest);
        Assert.EndsWith("ghijk", latest.Text, StringComparison.Ordinal);
        Assert.True(latest.Length <= 10);
        replay.Write(StandardStream.Output, Encoding.ASCII.GetBytes(new string('x', 100)));
        replay.PlayTo(cut);
        Assert.Equal(new string('x', 10), cut.Text);
    }
}
