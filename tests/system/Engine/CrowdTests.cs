// Many containers at once: started side by side, killed, started again, removed. The long form is `make soak`'s.
namespace Berth.Engine.SystemTests;

public sealed class CrowdTests
{
    private static readonly bool s_isLong = Environment.GetEnvironmentVariable("BERTH_SOAK") is { Length: > 0 };

    [Fact]
    public void Many_run_side_by_side_with_ports_on_one_network()
    {
        int many = s_isLong ? 200 : 40;
        Assert.Equal($"{many} {many}", EngineHost.Run($$$"""
            b network create back >/dev/null
            for i in $(seq {{{many}}}); do b run --rm --network back -p $((20000+i)):80 busybox echo done > o$i 2> e$i & p="${p-} $!"; done
            ok=0; for x in $p; do wait $x && ok=$((ok+1)); done; echo $ok $(cat o* | grep -c done); cat e* | sort | uniq -c
            b network rm back >/dev/null
            left
            """, seconds: 600));
    }

    [Fact]
    public void A_crowd_is_started_some_are_killed_and_come_back_and_all_are_removed()
    {
        int many = s_isLong ? 500 : 40, killed = many / 10;
        Assert.Equal($"{many}\n{killed} {many}", EngineHost.Run($$$"""
            for i in $(seq {{{many}}}); do b run -d --network none --restart on-failure --name c$i busybox sleep 100000 >/dev/null & [ $((i % 20)) = 0 ] && wait; done; wait
            b ps -q | wc -l
            for i in $(seq {{{killed}}}); do kill -9 $(b inspect -f '{{.State.Pid}}' c$i); done
            back() { for i in $(seq {{{killed}}}); do b inspect -f '{{.RestartCount}}' c$i; done | grep -c '^[1-9]'; }
            all_back() { [ $(back) = {{{killed}}} ] && [ $(b ps -q | wc -l) = {{{many}}} ]; }
            until_ all_back; echo $(back) $(b ps -q | wc -l)
            b rm -fa -t 0 >/dev/null
            left
            """, seconds: 900));
    }
}
