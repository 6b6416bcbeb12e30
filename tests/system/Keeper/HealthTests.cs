// Health checks, run by the shim: what they find, what is done about it, and what is no illness.
using System.Text;
using Berth.Shim.Contract.Protos;
using static Berth.Shim.Contract.Protos.KeeperService;

namespace Berth.SystemTests.Keeper;

/// <summary>Health checks.</summary>
public sealed class HealthTests : KeeperTest
{
    private const string Sleeping = "while :; do sleep 1000; done";

    private static Action<CreateRequest> Check(string script, Action<HealthCheck>? more = null) => request =>
    {
        request.Health = new() { Process = ProcessOf(script), IntervalMs = 30, StartIntervalMs = 30, TimeoutMs = 20_000, Retries = 2 };
        more?.Invoke(request.Health);
    };

    private Health HealthOf(string id) => State(id).Health!;

    private string Switch => $"{Dock.Root}/tmp/well";

    [Fact]
    public void It_is_healthy_ill_after_so_many_failures_and_well_again()
    {
        string id = Create(Sleeping, Check("echo says; test -e /tmp/well"));
        Assert.Equal(HealthStatus.Starting, HealthOf(id).Status);
        uint events = Client.Events();
        File.WriteAllText(Switch, "");
        Start(id);
        Assert.Equal(HealthStatus.Healthy, Client.Await(events, one => one.Kind == "health").Health);
        File.Delete(Switch);
        Assert.Equal(HealthStatus.Unhealthy, Client.Await(events, one => one.Kind == "health").Health);
        Until.True(() => HealthOf(id).Log.Count == 5, "five probes are known");
        Health ill = HealthOf(id);
        Assert.True(ill.FailingStreak >= 2);
        Probe last = ill.Log[^1];
        Assert.Equal((1, "says\n"), (last.ExitStatus, Encoding.UTF8.GetString(last.Output)));
        Assert.True(last.StartedAt > 0 && last.StartedAt < last.EndedAt);
        Assert.Empty(State(id).Execs);
        File.WriteAllText(Switch, "");
        Assert.Equal(HealthStatus.Healthy, Client.Await(events, one => one.Kind == "health").Health);
        // Nobody hears of the probes' own beginnings and ends.
        uint all = Client.Events();
        Assert.Equal(["created", "started", "health", "health", "health"], Enumerable.Range(0, 5).Select(_ => Client.Message<Event>(all)!.Kind));
        Assert.Equal(0u, HealthOf(id).FailingStreak);
    }

    [Fact]
    public void Failures_in_the_start_period_do_not_count()
    {
        string id = Run(Sleeping, Check("test -e /tmp/well", check => check.StartPeriodMs = 600_000));
        Until.True(() => HealthOf(id).Log.Count == 5, "five probes have failed");
        Assert.Equal((HealthStatus.Starting, 0u), (HealthOf(id).Status, HealthOf(id).FailingStreak));
        File.WriteAllText(Switch, "");
        Until.True(() => HealthOf(id).Status == HealthStatus.Healthy, "it is healthy");
        // Once it was well, an illness is one.
        File.Delete(Switch);
        Until.True(() => HealthOf(id).Status == HealthStatus.Unhealthy, "it is ill");
    }

    [Fact]
    public void A_probe_that_does_not_end_in_time_has_failed_and_is_gone()
    {
        string id = Run(Sleeping, Check("echo $$; exec sleep 1000", check => (check.TimeoutMs, check.Retries, check.IntervalMs) = (200, 1, 600_000)) + (request => request.Health!.IntervalMs = 50));
        Until.True(() => HealthOf(id).Status == HealthStatus.Unhealthy, "it is ill");
        Probe probe = HealthOf(id).Log[0];
        Assert.Equal(-1, probe.ExitStatus);
        Assert.Contains("in time", Encoding.UTF8.GetString(probe.Output));
        Until.True(() => File.ReadAllText($"{Dock.CgroupFolder("pids")}/cgroup.procs").Split('\n', StringSplitOptions.RemoveEmptyEntries).Length <= 4, "no probes pile up");
    }

    [Fact]
    public void A_probe_that_cannot_be_executed_has_failed()
    {
        string id = Run(Sleeping, request => request.Health = new() { Process = """{"args":["/no-such-probe"],"cwd":"/","user":{"uid":0,"gid":0}}"""u8.ToArray(), IntervalMs = 30, Retries = 2 });
        Until.True(() => HealthOf(id).Status == HealthStatus.Unhealthy, "it is ill");
        Assert.Contains("no-such-probe", Encoding.UTF8.GetString(HealthOf(id).Log[0].Output));
        Assert.Equal(Status.Running, StatusOf(id));
    }

    [Fact]
    public void One_that_is_ill_is_killed_or_begun_anew()
    {
        string killed = Run(Sleeping, Check("exit 1", check => check.OnUnhealthy = OnUnhealthy.Kill));
        Assert.Equal(137u, Wait(killed).ExitStatus);
        Assert.Equal(Status.Stopped, StatusOf(killed));
        string anew = Run("rm -f /tmp/once; while :; do sleep 1000; done", Check("exit 1", check => check.OnUnhealthy = OnUnhealthy.Restart));
        Until.True(() => State(anew).Restarts >= 2, "it was begun anew, whatever its policy");
        uint events = Client.Events();
        Client.Await(events, one => one.Kind == "health" && one.Id == anew);
    }

    [Fact]
    public void A_frozen_container_is_not_judged()
    {
        string id = Run(Sleeping, Check("sleep 0.02; test -e /tmp/well", check => (check.TimeoutMs, check.Retries) = (1000, 1)), config => config.Shell("touch /tmp/well; " + Sleeping));
        Until.True(() => HealthOf(id).Status == HealthStatus.Healthy, "it is healthy");
        for (int i = 0; i < 3; i++)
        {
            Client.Call<Done>(Methods.Pause, new ContainerRequest { Id = id });
            long until = Environment.TickCount64 + 1200;
            Until.True(() => Environment.TickCount64 > until, "a probe would have been late");
            Client.Call<Done>(Methods.Resume, new ContainerRequest { Id = id });
            Probe last = HealthOf(id).Log[^1];
            Until.True(() => HealthOf(id).Log[^1].StartedAt > last.StartedAt, "it is probed again");
            Assert.Equal(HealthStatus.Healthy, HealthOf(id).Status);
            Assert.All(HealthOf(id).Log, probe => Assert.Equal(0, probe.ExitStatus));
        }
    }

    [Fact]
    public void It_is_probed_without_an_engine()
    {
        string id = Run(Sleeping, Check("echo x >> /tmp/probes"));
        string probes = $"{Dock.Root}/tmp/probes";
        Until.True(() => File.Exists(probes), "it is probed");
        Disconnect();
        long size = new FileInfo(probes).Length;
        Until.True(() => new FileInfo(probes).Length > size + 4, "it is probed on");
        Assert.Equal(HealthStatus.Healthy, HealthOf(id).Status);
    }
}
