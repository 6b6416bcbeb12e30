// CLI-14: mounts of a running container.
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Commands;

[Row("CLI-14")]
public sealed class LiveMountTests : ContainerTest
{
    [Fact(Skip = "open: mounts add and remove on a running container (docs/PLAN.md, CLI-14)")]
    public void A_mount_is_added_and_removed_without_a_restart()
    {
        Started();
        Directory.CreateDirectory($"{Dock.Root}/late");
        Dock.NewFile("source/file", "late");
        string list = Dock.NewFile("mounts.json", $$"""[{"destination":"/late","type":"bind","source":"{{Dock.Folder}}/source","options":["bind","ro"]}]""");
        Call("mounts", "add", Id, list).Succeeded();
        ExecShell("cat /late/file").Succeeded().Says("late");
        Call("mounts", "remove", Id, list).Succeeded();
        ExecShell("ls /late").Succeeded().Says("");
    }
}
