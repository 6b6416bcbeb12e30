// Descriptors of the caller in a container: --preserve-fds, --preserve-fd, and none where nobody asked.
namespace Berth.Engine.SystemTests;

public sealed class DescriptorTests
{
    [Fact]
    public void Descriptors_reach_the_first_process_and_those_that_are_executed() => Assert.Equal("""
        three four
        nine eleven
        0 1 2 3
        three
        three with a terminal
        written
        """, EngineHost.Run("""
        echo three > 3; echo four > 4; echo nine > 9; echo eleven > 11
        b run --rm --network none --preserve-fds 2 busybox sh -c 'read a <&3; read b <&4; echo $a $b' 3<3 4<4
        b run --rm --network none --preserve-fd 9,11 busybox sh -c 'read a <&9; read b <&11; echo $a $b' 9<9 11<11
        b run -d --name c --network none busybox sleep 1000 >/dev/null
        echo $(b exec --preserve-fds 1 c ls /proc/self/fd 3<3 | grep -v "^$" | head -4)
        b exec --preserve-fds 1 c cat /dev/fd/3 3<3
        script -qc 'berth exec -it --preserve-fd 3 c sh -c "read a <&3; echo \$a with a terminal" 3<3' /dev/null </dev/null | grep -o 'three.*terminal'
        b exec -d --preserve-fds 1 c sh -c 'echo written >&3' 3>out >/dev/null; until_ test -s out; cat out
        b rm -f c >/dev/null
        left
        """));

    [Fact]
    public void Nothing_is_handed_on_that_was_not_asked_for_and_nobody_keeps_what_was() => Assert.Equal("""
        0 1 2 3
        end
        end
        """, EngineHost.Run("""
        echo three > 3
        echo $(b run --rm --network none busybox sh -c 'ls /proc/self/fd' 5<3)
        b run -d --name c --network none busybox sleep 1000 5>&1 >/dev/null | cat; echo end
        b exec --preserve-fds 1 c true 3>&1 | cat; echo end
        b rm -f c >/dev/null
        left
        """));

    [Fact]
    public void What_cannot_be_handed_on_is_said_so_and_nothing_is_left() => Assert.Equal("""
        125 file descriptor 3 is not available: the caller has not opened it
        125 file descriptor 7 is not available: the caller has not opened it
        125 cannot hand on descriptor 1: it is to be one from 3 to 1023
        125 --preserve-fd wants numbers of descriptors, not 'x'
        125 --preserve-fds is not supported: they are gone when it is started: berth run hands them on
        """, EngineHost.Run("""
        say() { "$@" >/dev/null 2>said; local code=$?; echo $code $(head -1 said | sed 's/^[^:]*: //'); }
        say berth run --rm --network none --preserve-fds 1 busybox true 3<&-
        say berth run --rm --network none --preserve-fd 7 busybox true 7<&-
        say berth run --rm --network none --preserve-fd 1 busybox true
        say berth run --rm --network none --preserve-fd x busybox true
        say berth create --preserve-fds 1 busybox true
        left
        """));

    [Fact]
    public void A_run_that_comes_by_itself_gets_none() => Assert.Equal("""
        three
        none
        """, EngineHost.Run("""
        echo three > 3
        b run -d --name c --network none --restart on-failure:1 --preserve-fds 1 busybox sh -c 'if [ -e /proc/self/fd/3 ]; then cat <&3; else echo none; fi; exit 1' 3<3 >/dev/null
        b wait c >/dev/null; until_ sh -c 'berth logs c | grep -q none'; b logs c; until_ b rm c >/dev/null
        left
        """));
}
