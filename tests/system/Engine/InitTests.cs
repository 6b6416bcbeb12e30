// Containers that the runtime has made and nobody has started yet: init, and what may become of them.
namespace Berth.Engine.SystemTests;

public sealed class InitTests
{
    private const string Say = """
        say() { b ps -a --format '{{.State}}'; }
        make() { b create --name c --network none "$@" >/dev/null; b init c >/dev/null; pid=$(b inspect -f '{{.State.Pid}}' c); }

        """;

    [Fact]
    public void One_that_is_initialized_has_all_but_its_program_and_goes_on_when_it_is_started() => Assert.Equal("""
        c
        initialized Initialized
        initialized false
        hello
        10.88.0.2 0.0.0.0:8080
        125 125 125 125 125
        page
        once
        create init start
        same
        exited
        """, EngineHost.Run("""
        b create --name c -p 0.0.0.0:8080:80 -v data:/data --restart on-failure:2 --health-cmd 'test -e /w/x' --health-interval 100ms busybox sh -c 'mkdir -p /w; echo page > /w/x; httpd -p 80 -h /w; echo once; trap "exit 0" TERM; sleep 1000 & wait' >/dev/null
        b init c; b ps -q; b logs c
        b ps -a --format '{{.State}} {{.Status}}' --filter status=initialized
        b inspect -f '{{.State.Status}} {{.State.Running}}' c
        pid=$(b inspect -f '{{.State.Pid}}' c); cat /proc/$pid/root/data/file
        echo $(b inspect -f '{{.NetworkSettings.IPAddress}}' c) $(b port c 80)
        echo $(for verb in "exec c true" "attach c" "pause c" "init c" "container init c"; do b $verb 2>/dev/null; echo $?; done)
        b start c >/dev/null; until_ fetch 127.0.0.1 8080 x; fetch 127.0.0.1 8080 x
        until_ sh -c 'berth ps | grep -q "(healthy)"'; b logs c
        echo $(b events --since 1h --stream=false --filter type=container --format '{{.Status}}')
        [ $pid = $(b inspect -f '{{.State.Pid}}' c) ] && echo same
        b stop c >/dev/null; b ps -a --format '{{.State}}'; b rm c >/dev/null; b volume rm data >/dev/null
        left
        """));

    [Fact]
    public void Its_start_in_front_misses_no_output_and_has_the_size_of_the_terminal() => Assert.Equal("""
        said
        7
        33 77
        gone
        """, EngineHost.Run(Say + """
        make busybox sh -c 'echo said; exit 7'; b start -a c; echo $?; b rm c >/dev/null
        make -it busybox stty size; script -qc 'stty rows 33 cols 77; berth start -ai c' /dev/null </dev/null | grep -o '33 77'; b rm c >/dev/null
        make --rm busybox echo gone; b start -a c
        left
        """));

    [Fact]
    public void Stopped_killed_restarted_or_removed_it_leaves_nothing() => Assert.Equal("""
        exited
        exited
        running
        """, EngineHost.Run(Say + """
        make busybox sleep 1000; b stop c >/dev/null; say
        b init c >/dev/null; b kill c >/dev/null; b wait c >/dev/null; say
        b init --all >/dev/null; b restart c >/dev/null; say; b rm -f c >/dev/null
        make busybox sleep 1000; b rm c >/dev/null
        left
        """));

    [Fact]
    public void What_was_killed_behind_its_back_is_made_anew_or_removed() => Assert.Equal("""
        initialized
        125
        created
        in
        exited
        in
        initialized
        """, EngineHost.Run(Say + """
        make busybox echo in; kill -9 $(cat $U/shims/*.pid); say; b start c 2>/dev/null; echo $?; b rm c >/dev/null
        make busybox echo in; kill -9 $(cat $U/shims/*.pid) $pid 2>/dev/null; until_ gone $pid; rm -f $U/containers/*/init.pid; say; b start -a c; b rm c >/dev/null
        make busybox echo in; kill -9 $pid; until_ gone $pid; b wait c >/dev/null; say; b start -a c; b rm c >/dev/null
        b network create back >/dev/null; b create --name c --network back busybox sleep 1000 >/dev/null; b init c >/dev/null; pid=$(b inspect -f '{{.State.Pid}}' c); shim=$(cat $U/shims/*.pid)
        for m in $(grep -o " $U/[^ ]*" /proc/self/mountinfo | sort -r); do umount -l $m; done; rm -rf $U
        say; b rm c >/dev/null; until_ gone $pid; until_ gone $shim; b network rm -f back >/dev/null 2>&1
        left
        """));

    [Fact]
    public void A_client_that_is_killed_while_it_initializes_leaves_nothing_that_rm_does_not_take_away() => Assert.Equal("", EngineHost.Run("""
        for ms in 004 012 020 028 036 050 070 100 150; do
            b create --name c$ms -p 8080:80 busybox sleep 1000 >/dev/null
            setsid berth init c$ms >/dev/null 2>&1 & p=$!
            read -t 0.$ms <> <(:); kill -9 $p; wait $p 2>/dev/null
            until_ b rm -f --time 0 c$ms
        done
        b container cleanup; b network reload >/dev/null 2>&1
        left
        """));
}
