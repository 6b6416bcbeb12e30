// RT-04: several callers who make and delete containers of one id at the same time.
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Attacks;

[Row("RT-04")]
public sealed class RaceTests : ContainerTest
{
    private Outcome Script(string shell) => Dock.Through(["sh", "-c", shell, "sh"]).Run();

    [Fact]
    public void Of_many_creates_of_one_id_one_wins()
    {
        Dock.Write(config => config.Shell(Obedient));
        Script($"for i in 1 2 3 4 5 6 7 8; do {{ \"$@\" create --bundle {Dock.Bundle} {Id} </dev/null >/dev/null 2>&1 && echo won; }} & done; wait").Succeeded().Says("won");
        Assert.Equal("created", Dock.Status());
    }

    [Fact]
    public void Creates_and_deletes_of_one_id_leave_nothing_of_each_other()
    {
        // What one of them undoes or deletes must never be what another has made since: the dock looks for cgroups and processes.
        Dock.Write(config => config.Shell(Obedient));
        Script($"for w in 1 2 3 4; do {{ for i in 1 2 3 4 5 6 7 8 9 10; do \"$@\" create --bundle {Dock.Bundle} {Id} </dev/null >/dev/null 2>&1; \"$@\" delete --force {Id} >/dev/null 2>&1; done; }} & done; wait").Succeeded();
        Call("delete", "--force", Id);
        Assert.DoesNotContain(Directory.GetDirectories(Dock.StateRoot), folder => Path.GetFileName(folder)[0] != '.');
        Dock.Create(config => config.Shell(Obedient));
    }

    [Fact]
    public void A_delete_waits_for_a_create_that_is_at_work()
    {
        Dock.Write(config => config.Append("hooks.createRuntime", $$"""{"path":"{{Dock.Program("hook", $"touch {Dock.Folder}/begun; sleep 0.5")}}"}""").Shell(Obedient));
        using Live create = Dock.Command("create", "--bundle", Dock.Bundle, Id).Start();
        Until.True(() => File.Exists($"{Dock.Folder}/begun"), "the hook runs");
        Call("delete", Id).Succeeded();
        create.Wait().Succeeded();
        IsGone();
    }

    [Fact]
    public void A_forced_delete_does_not_wait_for_ever_for_a_hook_that_hangs()
    {
        Dock.Write(config => config.Append("hooks.createRuntime", $$"""{"path":"{{Dock.Program("hook", $"echo $$ > {Dock.Folder}/begun; exec sleep 30")}}"}""").Shell(Obedient));
        using Live create = Dock.Command("create", "--bundle", Dock.Bundle, Id).Start();
        Until.FileHas($"{Dock.Folder}/begun", "\n");
        Call("delete", "--force", Id).Succeeded();
        IsGone();
        Dock.Tool("kill", File.ReadAllText($"{Dock.Folder}/begun").Trim()).Run().Succeeded();
        create.Wait().Failed();
    }
}
