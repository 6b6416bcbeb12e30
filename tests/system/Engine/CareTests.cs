// Containers while nobody looks: restarts, health, and what is left by those who are killed.
namespace Berth.Engine.SystemTests;

public sealed class CareTests
{
    [Fact]
    public void A_container_that_fails_is_started_again_as_often_as_was_said() => Assert.Equal("""
        exited 5 2
        3
        """, EngineHost.Run("""
        b run -d --name c --network none --restart on-failure:2 busybox sh -c 'echo run; exit 5' >/dev/null
        until_ sh -c "berth ps -a --format '{{.State}}' | grep -q exited"
        b inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}' c; b logs c | wc -l
        b rm c >/dev/null
        left
        """));

    [Fact]
    public void Health_is_looked_after_and_told() => Assert.Equal("""
        healthy
        unhealthy 2
        """, EngineHost.Run("""
        b run -d --name c --network none --health-cmd 'test -e /tmp/ok' --health-interval 100ms --health-retries 2 busybox sh -c 'touch /tmp/ok; sleep 1000' >/dev/null
        state() { b inspect -f '{{.State.Health.Status}}' c; }
        until_ sh -c "berth ps | grep -q '(healthy)'"; state
        b exec c rm /tmp/ok; until_ sh -c "berth ps | grep -q '(unhealthy)'"
        b inspect -f '{{.State.Health.Status}} {{.State.Health.FailingStreak}}' c | sed 's/ [2-9].*/ 2/'
        b rm -f c >/dev/null
        left
        """));

    [Fact]
    public void What_a_killed_client_has_begun_the_shim_ends() => Assert.Equal("", EngineHost.Run("""
        b run --rm --name c busybox sleep 1000 & p=$!
        until_ sh -c "berth ps --format '{{.State}}' | grep -q running"
        kill -9 $p; wait $p 2>/dev/null
        b exec c kill 1; b exec c kill -9 1 2>/dev/null; b kill c >/dev/null 2>&1
        until_ sh -c "[ -z \"\$(berth ps -aq)\" ]"
        left
        """));

    [Fact]
    public void One_in_the_background_clears_up_after_itself() => Assert.Equal("""
        0
        """, EngineHost.Run("""
        b run -d --rm -p 8080:80 -v /anonymous busybox true >/dev/null
        until_ sh -c "[ -z \"\$(berth ps -aq)\" ]"
        b volume ls -q | wc -l
        left
        """));

    [Fact]
    public void A_killed_shim_is_seen_and_its_container_can_be_stopped_started_and_removed() => Assert.Equal("""
        running
        exited
        running
        """, EngineHost.Run("""
        b run -d --name c --network none busybox sleep 1000 >/dev/null
        kill -9 $(cat $U/shims/*.pid)
        b ps -a --format '{{.State}}'; b stop -t 0 c >/dev/null; b ps -a --format '{{.State}}'
        b start c >/dev/null; b ps -a --format '{{.State}}'
        b rm -f c >/dev/null
        left
        """));

    [Fact]
    public void After_a_start_of_the_host_containers_are_there_and_have_ended() => Assert.Equal("""
        exited
        kept
        """, EngineHost.Run("""
        b run -d --name c -v data:/data --network none busybox sh -c 'echo kept > /root/mine; sleep 1000' >/dev/null
        until_ b exec c cat /root/mine
        kill -9 $(cat $U/shims/*.pid) $(b inspect -f '{{.State.Pid}}' c)
        for m in $(grep -o " $U/[^ ]*" /proc/self/mountinfo | sort -r); do umount -l $m; done; rm -rf $U
        b ps -a --format '{{.State}}'
        b start c >/dev/null; b exec c cat /root/mine
        b rm -f c >/dev/null; b volume rm data >/dev/null
        left
        """));

    [Fact]
    public void Whoever_is_killed_while_a_container_is_made_or_started_leaves_nothing_that_the_next_look_does_not_clear() => Assert.Equal("", EngineHost.Run("""
        for ms in 004 008 012 016 020 024 028 032 036 040 050 060 080; do
            setsid berth run --name c$ms -p 8080:80 -v vol$ms:/data busybox sleep 1000 >/dev/null 2>&1 & p=$!
            read -t 0.$ms <> <(:); kill -9 $p; wait $p 2>/dev/null
            until_ b rm -f --time 0 c$ms >/dev/null 2>&1
        done
        b container cleanup; b volume prune -a >/dev/null; b storage check --repair >/dev/null 2>&1
        b network reload >/dev/null 2>&1
        left
        """, seconds: 240));
}
