// berth debug: tools beside the processes of a container, or beside the files of what does not run; and nothing of it afterwards.
namespace Berth.Engine.SystemTests;

public sealed class DebugTests
{
    // A program without a shell or any tool: one file alone.
    private const string Distroless = """
        mkdir -p bare/etc bare/tmp; cp $(for p in /usr/local/bin/busybox /bin/busybox /usr/bin/busybox; do [ -x $p ] && echo $p && break; done) bare/sleep; echo secret > bare/etc/mine; tar -C bare -cf bare.tar .; b import bare.tar bare >/dev/null
        debuggers() { b ps -a --filter label=berth.debug --format '{{.Names}}' | wc -l; }
        gone_() { until_ [ $(debuggers) = 0 ]; left; }

        """;

    [Fact]
    public void A_container_without_a_shell_is_looked_at_from_its_own_namespaces() => Assert.Equal("""
        same same same same
        other
        secret
        1 /sleep 1000
        /sleep
        hello
        c
        running
        unchanged
        /target/etc/mine
        """, EngineHost.Run(Distroless + """
        b run -d --name c --network none bare /sleep 1000 >/dev/null
        b exec c sh -c true 2>/dev/null && echo "it has a shell"
        pid=$(b inspect -f '{{.State.Pid}}' c); b diff c | sort > before
        echo $(for n in net ipc uts pid; do [ "$(b debug c readlink /proc/self/ns/$n)" = "$(readlink /proc/$pid/ns/$n)" ] && echo same; done)
        [ "$(b debug c readlink /proc/self/ns/mnt)" = "$(readlink /proc/$pid/ns/mnt)" ] || echo other
        b debug c cat /target/etc/mine
        b debug -c 'ps -o pid,args | grep "[s]leep 1000" | tr -s " " | sed "s/^ //"' c
        b debug -c 'readlink /proc/1/exe' c
        b debug -c 'echo hello > /target/tmp/from; cat /proc/1/root/tmp/from; rm /target/tmp/from; echo x > /mine; touch /bin/new' c
        b ps --format '{{.Names}}'; b inspect -f '{{.State.Status}}' c
        b diff c | grep -v ' /tmp$' | sort | cmp - before && echo unchanged
        b debug -c 'ls /target/etc/mine' c
        b rm -f -t 0 c >/dev/null
        gone_
        """));

    [Fact]
    public void Exit_codes_input_arguments_and_the_terminal_are_as_with_exec() => Assert.Equal("""
        7
        127
        137
        a b
        from here
        /dev/pts/0
        33 77
        web /data x
        125
        """, EngineHost.Run(Distroless + """
        b run -d --name c --network none bare /sleep 1000 >/dev/null
        b debug -c 'exit 7' c; echo $?
        b debug c /nothing 2>/dev/null; echo $?
        b debug -c 'kill -9 $$' c; echo $?
        b debug -c 'echo $1 $2' c a b
        echo 'echo from here' | b debug c
        script -qc 'stty rows 33 cols 77; berth debug -c "tty; stty size" c' /dev/null </dev/null | grep -o '/dev/pts/0\|33 77'
        b debug --image busybox -u web -w /data -e X=x -c 'echo $(whoami) $PWD $X' c
        b debug --image busybox nothing-there true 2>/dev/null; echo $?
        b rm -f -t 0 c >/dev/null
        gone_
        """));

    [Fact]
    public void What_does_not_run_is_looked_at_without_being_started_and_cannot_be_changed() => Assert.Equal("""
        changed
        secret
        Read-only file system
        lo
        exited
        C /etc
        C /etc/mine
        hello
        no
        """, EngineHost.Run(Distroless + """
        b run --name c --network none --entrypoint /bin/busybox busybox true; b rm c >/dev/null
        b create --name c --network none bare /sleep 0.1 >/dev/null; echo changed > mine; b cp mine c:/etc/mine >/dev/null 2>&1; b start -a c
        b debug c cat /target/etc/mine
        b debug bare cat /target/etc/mine
        b debug -c 'echo x > /target/etc/new' c 2>&1 | grep -o 'Read-only file system'
        b debug c ls /sys/class/net
        b ps -a --format '{{.State}}'; b diff c | sort
        b debug --image bare busybox true 2>/dev/null; b debug busybox cat /target/data/file
        b debug -c '[ -e /target/etc/new ] || echo no' c
        b rm c >/dev/null
        gone_
        """));

    [Fact]
    public void It_may_what_the_container_may_and_look_at_its_processes() => Assert.Equal("""
        00000000a80c25fb
        2
        0000000000080000
        0
        denied
        """, EngineHost.Run(Distroless + """
        caps() { b debug "$@" c sed -n 's/^CapEff:\t//p' /proc/self/status; }
        b run -d --name c --network none bare /sleep 1000 >/dev/null; caps
        b debug c sed -n 's/^Seccomp:\t//p' /proc/self/status
        b rm -f -t 0 c >/dev/null
        b run -d --name c --network none --cap-drop ALL --security-opt no-new-privileges bare /sleep 1000 >/dev/null; caps
        b debug --privileged c sed -n 's/^Seccomp:\t//p' /proc/self/status
        b debug c chown 1 /tmp 2>/dev/null || echo denied
        b rm -f -t 0 c >/dev/null
        gone_
        """));

    [Fact]
    public void Ones_that_are_paused_initialized_in_a_pod_or_with_users_of_their_own_can_be_looked_at() => Assert.Equal("""
        secret
        secret
        secret
        sleep 1000 0 0
        """, EngineHost.Run(Distroless + """
        b run -d --name c --network none bare /sleep 1000 >/dev/null; b pause c >/dev/null; b debug c cat /target/etc/mine; b unpause c >/dev/null; b rm -f -t 0 c >/dev/null
        b create --name c --network none bare /sleep 1000 >/dev/null; b init c >/dev/null; b debug c cat /target/etc/mine; b rm -f -t 0 c >/dev/null
        b pod create --name p --share +pid --network none >/dev/null; b run -d --pod p --name first busybox sleep 1000 >/dev/null; b run -d --pod p --name c bare /sleep 1000 >/dev/null
        b debug c cat /target/etc/mine; b pod rm -f -t 0 p >/dev/null
        b run -d --name c --network none --uidmap 0:100000:65536 busybox sleep 1000 >/dev/null; b debug -c 'echo $(tr "\000" " " < /proc/1/cmdline) $(stat -c %u /bin/busybox) $(id -u)' c; b rm -f -t 0 c >/dev/null
        gone_
        """));

    [Fact]
    public void It_ends_with_whoever_asked_for_it_and_with_its_container() => Assert.Equal("""
        1
        0
        running
        137
        """, EngineHost.Run(Distroless + """
        b run -d --name c --network none bare /sleep 1000 >/dev/null
        (exec berth debug c sleep 1000) & client=$!; until_ sh -c 'berth ps --filter label=berth.debug -q | grep -q .'
        debuggers; kill -9 $client; wait $client 2>/dev/null
        until_ sh -c '! berth ps -a --filter label=berth.debug -q | grep -q .'; debuggers
        b ps --format '{{.State}}'
        (exec berth debug c sleep 1000) & client=$!; until_ sh -c 'berth ps --filter label=berth.debug -q | grep -q .'
        b rm -f -t 0 c >/dev/null; wait $client; echo $?
        gone_
        """));

    [Fact]
    public void A_client_that_is_killed_at_any_moment_leaves_nothing() => Assert.Equal("", EngineHost.Run(Distroless + """
        b run -d --name c --network none bare /sleep 1000 >/dev/null
        for ms in 004 008 012 016 020 025 030 040 050 070; do
            setsid berth debug c sleep 1000 >/dev/null 2>&1 & p=$!
            read -t 0.$ms <> <(:); kill -9 $p; wait $p 2>/dev/null
        done
        until_ sh -c 'berth container cleanup; ! berth ps -a --filter label=berth.debug -q | grep -q .'
        b rm -f -t 0 c >/dev/null; b container cleanup; b storage check --repair >/dev/null 2>&1
        left
        """));
}
