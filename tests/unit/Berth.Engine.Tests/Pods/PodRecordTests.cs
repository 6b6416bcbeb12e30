// Records of pods, and the word for what they do.
using System.Text;
using Berth.Engine.Containers;
using Berth.Engine.Networks;
using Berth.Engine.Pods;
using Berth.Oci.Faults;

namespace Berth.Engine.Tests.Pods;

public sealed class PodRecordTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("berth-pods-").FullName;

    private PodFolder Folder => new(_folder + "/root", _folder + "/run");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_is_written_is_read_again_word_for_word()
    {
        PodRecord record = Record("shop") with
        {
            Spec = new PodSpec
            {
                Name = "shop",
                Labels = new Dictionary<string, string> { ["tier"] = "a" },
                Shares = PodShares.Network | PodShares.Pid,
                HostName = "host",
                Connection = new ConnectionSpec { Ports = [.. PortRequest.Parse("8080:80")], Networks = [new NetworkWish { Network = "back", Aliases = ["x"] }], Hosts = ["a:1.2.3.4"] },
                Mounts = [new MountRequest { Kind = MountKind.Volume, Source = "data", Destination = "/data" }],
                ShmBytes = 1 << 20,
                Limits = new LimitsSpec { Memory = 1 << 27, Sysctls = new Dictionary<string, string> { ["net.ipv4.ip_forward"] = "1" } },
                SharesCgroup = false,
                Restart = new RestartRule(RestartKind.OnFailure, 3),
                ExitPolicy = PodExitPolicy.Stop,
            },
        };
        byte[] bytes = PodJson.Write(record);
        PodRecord again = RecordJson.Read(bytes, "record", PodJson.Read);
        Assert.Equal(Encoding.UTF8.GetString(bytes), Encoding.UTF8.GetString(PodJson.Write(again)));
        Assert.Equal(record.Spec.Shares, again.Spec.Shares);
        Assert.Equal(record.Spec.Restart, again.Spec.Restart);
        Assert.Equal(record.Spec.ExitPolicy, again.Spec.ExitPolicy);
        Assert.Equal(record.Spec.Connection.Ports, again.Spec.Connection.Ports);
        Assert.Equal(record.Spec.ShmBytes, again.Spec.ShmBytes);
        Assert.False(again.Spec.SharesCgroup);
    }

    [Fact]
    public void A_name_is_one_pods_until_it_is_removed()
    {
        PodRecord one = Record("shop"), other = Record("shop") with { Id = ObjectId.New() };
        Folder.Insert(one);
        Assert.Equal(Fault.Conflict, Assert.Throws<BerthException>(() => Folder.Insert(other)).Kind);
        Assert.Equal(one.Id, Folder.Find("shop")!.Id);
        Assert.Equal(one.Id, Folder.Find(one.Id[..8])!.Id);
        Folder.Remove(one);
        Folder.Insert(other);
        Assert.Equal(other.Id, Assert.Single(Folder.All()).Id);
    }

    [Fact]
    public void A_name_of_one_that_was_never_finished_is_nobodys()
    {
        PodRecord one = Record("shop");
        Folder.Insert(one);
        File.Delete($"{_folder}/root/pods/{one.Id}/record.json");
        Folder.Insert(Record("shop") with { Id = ObjectId.New() });
        Assert.NotEqual(one.Id, Folder.Find("shop")!.Id);
    }

    [Theory]
    [InlineData(false, "", PodStatus.Created)]
    [InlineData(true, "", PodStatus.Running)]
    [InlineData(false, "c", PodStatus.Created)]
    [InlineData(true, "r", PodStatus.Running)]
    [InlineData(true, "rr", PodStatus.Running)]
    [InlineData(true, "re", PodStatus.Degraded)]
    [InlineData(true, "rc", PodStatus.Degraded)]
    [InlineData(true, "pp", PodStatus.Paused)]
    [InlineData(true, "rp", PodStatus.Degraded)]
    [InlineData(true, "e", PodStatus.Degraded)]
    [InlineData(false, "ee", PodStatus.Exited)]
    [InlineData(false, "ss", PodStatus.Stopped)]
    [InlineData(false, "se", PodStatus.Exited)]
    [InlineData(false, "ec", PodStatus.Degraded)]
    public void The_word_for_a_pod_is_said_from_its_parts(bool isUp, string parts, PodStatus word) => Assert.Equal(word, PodState.Of(isUp, [.. parts.Select(static part => part switch
    {
        'r' => (ContainerStatus.Running, false),
        'p' => (ContainerStatus.Paused, false),
        'e' => (ContainerStatus.Exited, false),
        's' => (ContainerStatus.Exited, true),
        _ => (ContainerStatus.Configured, false),
    })]));

    private static PodRecord Record(string name) => new() { Id = ObjectId.New(), Name = name, Created = DateTimeOffset.UnixEpoch.AddYears(56), Spec = new PodSpec { Name = name } };
}
