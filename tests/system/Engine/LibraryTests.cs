// The engine as a library: the samples, on a host of their own, and what is left of a program that is killed.
namespace Berth.Engine.SystemTests;

public sealed class LibraryTests
{
    // The folders that a program has that says none.
    private const string Prelude = """
        mkdir -p /run/lib; mount --bind /run/lib /var/lib
        export BERTH_ROOT=/var/lib/berth BERTH_RUNROOT=/run/berth-engine R=/var/lib/berth U=/run/berth-engine DOTNET_ROLL_FORWARD=Major
        S=$BIN/../artifacts/bin
        """;

    [Fact]
    public void A_command_runs_and_its_output_is_read() => Assert.Equal("""
        hello
        0
        wrong
        3
        127
        """, EngineHost.Run("""
        $S/RunAndRead/debug/RunAndRead busybox echo hello; echo $?
        $S/RunAndRead/debug/RunAndRead busybox sh -c 'echo wrong >&2; exit 3' 2>&1; echo $?
        $S/RunAndRead/debug/RunAndRead busybox nosuch >/dev/null 2>&1; [ $? -ne 0 ] && echo 127
        left
        """, prelude: Prelude));

    [Fact]
    public void A_log_is_followed_to_its_end() => Assert.Equal("""
        one
        two
        4
        """, EngineHost.Run("""
        $S/FollowLogs/debug/FollowLogs busybox sh -c 'echo one; sleep 0.1; echo two; exit 4' > log; code=$?; cut -d' ' -f2 log; echo $code
        left
        """, prelude: Prelude));

    [Fact]
    public void A_fixture_has_its_service_and_clears_up() => Assert.Equal("""
          succeeded: 2
        """, EngineHost.Run("""
        $S/AServiceForTests/debug/AServiceForTests --no-progress --no-ansi > log 2>&1; grep succeeded log || cat log
        left
        """, prelude: Prelude));

    [Fact]
    public void A_program_that_is_killed_takes_its_containers_with_it() => Assert.Equal("1", EngineHost.Run("""
        $S/RunAndRead/debug/RunAndRead busybox sleep 1000 & p=$!
        until_ sh -c 'berth ps -q | grep -q .'; b ps -q | wc -l
        kill -9 $p; wait $p 2>/dev/null
        until_ sh -c '[ -z "$(berth ps -aq)" ]'
        left
        """, prelude: Prelude));

    [Fact]
    public void A_container_that_may_last_a_second_lasts_no_longer() => Assert.Equal("137", EngineHost.Run("""
        b run --rm --timeout 1 --network none busybox sleep 100; echo $?
        left
        """));
}
