// CLI-14: mounts of a running container.
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Commands;

[Row("CLI-14")]
public sealed class LiveMountTests : ContainerTest
{
    /// <summary>A file with one mount: of a folder of the host that holds a file, at /late.</summary>
    private string ListOf(string options = "\"bind\"", string destination = "/late")
    {
        Dock.NewFile("source/file", "late");
        return Dock.NewFile("mounts.json", $$"""[{"destination":"{{destination}}","type":"bind","source":"{{Dock.Folder}}/source","options":[{{options}}]}]""");
    }

    private void IsThere() => ExecShell("cat /late/file").Succeeded().Says("late");

    private void IsNotThere() => ExecShell("ls /late").Succeeded().Says("");

    [Fact]
    public void A_mount_is_added_and_removed_without_a_restart()
    {
        Started();
        Directory.CreateDirectory($"{Dock.Root}/late");
        string list = ListOf("\"bind\",\"ro\"");
        Call("mounts", "add", Id, list).Succeeded();
        IsThere();
        ExecShell("touch /late/file").Failed();
        Call("mounts", "remove", Id, list).Succeeded();
        IsNotThere();
    }

    [Fact]
    public void The_mount_point_is_made_where_it_is_missing()
    {
        Started();
        Call("mounts", "add", Id, ListOf()).Succeeded();
        IsThere();
    }

    [Fact]
    public void A_container_with_users_of_its_own_gets_it_too()
    {
        Dock.Write();
        Directory.CreateDirectory($"{Dock.Root}/late");
        Started(config => config.UserNamespace());
        string list = ListOf();
        Call("mounts", "add", Id, list).Succeeded();
        IsThere();
        Call("mounts", "remove", Id, list).Succeeded();
        IsNotThere();
    }

    [Fact]
    public void A_folder_that_only_root_of_the_host_may_enter_can_be_mounted()
    {
        Dock.Write();
        Directory.CreateDirectory($"{Dock.Root}/late");
        Started(config => config.UserNamespace());
        string list = ListOf();
        File.SetUnixFileMode(Dock.NewFolder("closed"), (UnixFileMode)0x1c0);
        Native.Own($"{Dock.Folder}/closed", 4242, 4242);
        Directory.Move($"{Dock.Folder}/source", $"{Dock.Folder}/closed/source");
        File.WriteAllText(list, File.ReadAllText(list).Replace("/source", "/closed/source", StringComparison.Ordinal));
        Call("mounts", "add", Id, list).Succeeded();
        IsThere();
    }

    [Fact]
    public void What_the_host_has_read_only_stays_so_for_users_of_its_own()
    {
        Dock.Write();
        Directory.CreateDirectory($"{Dock.Root}/late");
        using HostMount host = new(Dock, "mounted", "tmpfs", "tmpfs", "ro,nosuid");
        Started(config => config.UserNamespace().Capabilities("CAP_SYS_ADMIN"));
        Call("mounts", "add", Id, Dock.NewFile("mounts.json", $$"""[{"destination":"/late","type":"bind","source":"{{host.Path}}","options":["rbind"]}]""")).Succeeded();
        ExecShell("mount -o remount,bind,rw /late").Failed();
        ExecShell("grep ' /late ' /proc/self/mounts | cut -d ' ' -f 4 | cut -d , -f 1").Succeeded().Says("ro");
    }

    [Fact]
    public void A_paused_container_gets_it_too()
    {
        Started();
        Call("pause", Id).Succeeded();
        string list = ListOf();
        Call("mounts", "add", Id, list).Succeeded();
        Call("resume", Id).Succeeded();
        IsThere();
    }

    [Fact]
    public void A_created_container_has_it_when_it_starts()
    {
        Dock.Create(config => config.Shell("cat /late/file > /seen"));
        Call("mounts", "add", Id, ListOf()).Succeeded();
        Call("start", Id).Succeeded();
        Dock.Await("stopped");
        Assert.Equal("late", File.ReadAllText($"{Dock.Root}/seen"));
    }

    [Fact]
    public void A_stopped_container_is_refused()
    {
        Dock.Start(config => config.Args("/bin/true"));
        Dock.Await("stopped");
        Call("mounts", "add", Id, ListOf()).Failed();
        Call("mounts", "remove", Id, ListOf()).Failed();
    }

    [Theory]
    [InlineData("""{"destination":"/late","type":"tmpfs","source":"tmpfs"}""", "tmpfs")]
    [InlineData("""{"destination":"/late","type":"proc","source":"proc"}""", "proc")]
    public void A_file_system_can_be_mounted(string mount, string type)
    {
        Started();
        Call("mounts", "add", Id, Dock.NewFile("mounts.json", $"[{mount}]")).Succeeded();
        ExecShell("grep ' /late ' /proc/self/mounts | cut -d ' ' -f 3").Succeeded().Says(type);
        // The container's own processes, not the host's.
        if (type == "proc") ExecShell("cat /late/1/comm").Succeeded().Says("sh");
    }

    [Fact]
    public void Ids_can_be_mapped()
    {
        Started();
        string list = ListOf("\"bind\",\"idmap=uids=7-5007-1;gids=8-6008-1\"");
        Native.Own($"{Dock.Folder}/source/file", 7, 8);
        Call("mounts", "add", Id, list).Succeeded();
        ExecShell("stat -c %u:%g /late/file").Succeeded().Says("5007:6008");
    }

    [Fact]
    public void All_are_mounted_or_none()
    {
        Started();
        string list = ListOf();
        File.WriteAllText(list, $$"""[{{File.ReadAllText(list)[1..^1]}},{"destination":"/other","type":"bind","source":"/no/such/folder","options":["bind"]}]""");
        Call("mounts", "add", Id, list).Failed().Explains("/no/such/folder");
        ExecShell("test -e /late/file").Failed();
    }

    [Fact]
    public void The_list_may_stand_in_a_configuration()
    {
        Started();
        string list = ListOf();
        File.WriteAllText(list, $$"""{"ociVersion":"1.0.2","mounts":{{File.ReadAllText(list)}}}""");
        Call("mounts", "add", Id, list).Succeeded();
        IsThere();
    }

    [Fact]
    public void What_is_not_mounted_cannot_be_removed()
    {
        Started();
        Call("mounts", "remove", Id, ListOf()).Failed().Explains("/late");
        Call("mounts", "remove", Id, ListOf(destination: "/")).Failed();
    }

    [Fact]
    public void A_link_that_the_container_made_since_does_not_choose_what_is_removed()
    {
        Started(config => config.Mount("/other", "tmpfs", "tmpfs"));
        string list = ListOf();
        ExecShell("ln -s /other /late").Succeeded();
        Call("mounts", "remove", Id, list).Failed();
        ExecShell("grep -c ' /other ' /proc/self/mounts").Succeeded().Says("1");
    }

    [Fact]
    public void A_link_that_the_container_made_does_not_lead_out_of_it()
    {
        string outside = Dock.NewFolder("outside");
        Started();
        ExecShell($"ln -s /../../..{outside} /late").Succeeded();
        Call("mounts", "add", Id, ListOf());
        Assert.False(File.Exists($"{outside}/file"));
    }
}
