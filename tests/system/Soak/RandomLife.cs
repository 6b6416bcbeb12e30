// One container's random life: made and used by commands of which each may be killed, ended by a delete that must clean.
using System.Collections.Concurrent;
using System.Diagnostics;

namespace Berth.SystemTests.Soak;

/// <summary>A life that its seed decides.</summary>
internal sealed class RandomLife(Dock dock, int seed, ConcurrentDictionary<string, int> tally)
{
    // What is sent while a container may be in any state: failing is fine, hanging and leaking is not.
    private static readonly string[] Verbs = ["start", "exec", "exec", "pause", "resume", "kill", "state", "ps", "update", "events", "start", "delete", "run", "list", "create"];

    private readonly Random _random = new(seed);
    private readonly List<string> _story = [];
    private readonly string _id = $"{dock.Id}-{seed}";

    public override string ToString() => string.Join(' ', _story);

    public void Live()
    {
        dock.Write(Configure);
        Say(_random.Next(4) == 0 ? "run" : "create");
        int steps = _random.Next(1, 7);
        for (int i = 0; i < steps; i++) Say(Verbs[_random.Next(Verbs.Length)]);
        Die();
    }

    private void Configure(Config config)
    {
        config.Set("linux.cgroupsPath", "/" + _id);
        switch (_random.Next(6))
        {
            case 0: config.Args("/bin/true"); break;
            case 1: config.Shell("sleep 1000 & sleep 1000 & exit 3"); break;
            case 2: config.Shell("trap 'exit 0' TERM; while :; do usleep 20000; done"); break;
            default: config.Args("/bin/sleep", "1000"); break;
        }
        switch (_random.Next(5))
        {
            case 0: config.UserNamespace(); break;
            case 1: config.Set("linux.resources.memory.limit", 64 << 20).Set("linux.resources.pids.limit", 50); break;
            case 2: config.SetJson("linux.seccomp", """{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO"}]}"""); break;
            case 3: config.Append("hooks.createRuntime", """{"path":"/bin/true"}""").Append("hooks.poststop", """{"path":"/bin/true"}"""); break;
            default: break;
        }
        // Not in its own pid namespace, nothing but the cgroup tells which processes are the container's.
        if (_random.Next(8) == 0) config.NoNamespace("pid");
    }

    private void Say(string verb)
    {
        string[] words = verb switch
        {
            "create" => ["create", "--bundle", dock.Bundle, _id],
            "run" => ["run", "--detach", "--bundle", dock.Bundle, _id],
            "exec" => ["exec", _id, .. _random.Next(3) == 0 ? (string[])["/bin/no-such"] : ["/bin/sh", "-c", "exit 4"]],
            "kill" => ["kill", _id, _random.Next(2) == 0 ? "TERM" : "KILL"],
            "update" => ["update", "--pids-limit", "60", _id],
            "events" => ["events", "--stats", _id],
            "list" => ["list", "--format", "json"],
            "delete" => ["delete", .. _random.Next(2) == 0 ? (string[])["--force"] : [], _id],
            _ => [verb, _id],
        };
        // Incumbents stumble over their own remains when they are killed, and over a freezer that is frozen before start.
        bool ours = dock.Runtime.IsOurs;
        if (!ours && verb == "pause") return;
        if (ours && _random.Next(3) == 0) Kill(verb, words);
        else Tell(verb, dock.Call(words).ExitCode == 0 ? "" : "!");
    }

    // The point of death is anywhere in the command's short life; waiting is what picks it.
    private void Kill(string verb, string[] words)
    {
        using Live live = dock.Command(words).Start();
        long until = Stopwatch.GetTimestamp() + (long)(_random.NextDouble() * 0.025 * Stopwatch.Frequency);
        while (Stopwatch.GetTimestamp() < until && !live.HasExited) Thread.SpinWait(50);
        bool alive = !live.HasExited;
        if (alive) live.Kill();
        live.Wait();
        Tell(verb, alive ? "-9" : "");
    }

    private void Die()
    {
        Outcome outcome = dock.Call("delete", "--force", _id);
        Tell("delete", "");
        outcome.Succeeded();
        Assert.False(Directory.Exists($"{dock.StateRoot}/{_id}"), "its state is left");
        string[] groups = [.. Machine.CgroupTrees.Select(tree => $"{tree}/{_id}")];
        Until.True(() => !groups.Any(Directory.Exists), () => $"{groups.Count(Directory.Exists)} cgroups are gone, {groups.FirstOrDefault(Directory.Exists)} for one");
    }

    private void Tell(string verb, string how)
    {
        _story.Add(verb + how);
        tally.AddOrUpdate(verb + how, 1, (_, n) => n + 1);
    }
}
