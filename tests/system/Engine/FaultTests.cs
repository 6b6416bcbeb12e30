// Broken starts, one for each reason that people meet: each has a code of its own, and leaves nothing.
namespace Berth.Engine.SystemTests;

public sealed class FaultTests
{
    private const string Alone = "run --rm --network none";

    /// <summary>Code; what is done before; what fails; what is taken away afterwards.</summary>
    public static TheoryData<string, string, string, string> Broken { get; } = new()
    {
        { "image-unknown", "", "run --rm --pull never localhost/nosuch true", "" },
        { "image-name-short", "", "run --rm nosuch true", "" },
        { "registry-unreachable", "", "run --rm 127.0.0.1:1/x/y true", "" },
        { "port-taken", "b run -d --name one -p 8080:80 busybox sleep 1000 >/dev/null", "run --rm -p 8080:80 busybox true", "b rm -f -t 0 one >/dev/null" },
        { "container-name-taken", "b create --name one --network none busybox true >/dev/null", $"{Alone} --name one busybox true", "b rm one >/dev/null" },
        { "container-unknown", "", "stop nosuch", "" },
        { "container-not-running", "b create --name one --network none busybox true >/dev/null", "exec one true", "b rm one >/dev/null" },
        { "container-running", "b run -d --name one --network none busybox sleep 1000 >/dev/null", "rm one", "b rm -f -t 0 one >/dev/null" },
        { "network-unknown", "", "run --rm --network nosuch busybox true", "" },
        { "address-outside", "b network create --subnet 10.9.0.0/24 back >/dev/null", "run --rm --network back --ip 10.8.0.9 busybox true", "b network rm back >/dev/null" },
        { "address-taken", "b network create --subnet 10.9.0.0/24 back >/dev/null; b run -d --name one --network back --ip 10.9.0.9 busybox sleep 1000 >/dev/null", "run --rm --network back --ip 10.9.0.9 busybox true", "b rm -f -t 0 one >/dev/null; b network rm back >/dev/null" },
        { "command-missing", "", $"{Alone} busybox", "" },
        { "command-not-found", "", $"{Alone} busybox nosuch", "" },
        { "command-not-executable", "", $"{Alone} busybox /etc/passwd", "" },
        { "user-unknown", "", $"{Alone} -u nobody9 busybox true", "" },
        { "workdir-invalid", "", $"{Alone} -w /etc/passwd/x busybox true", "" },
        { "mount-source-missing", "", $"{Alone} --mount type=bind,source=/nosuch,destination=/x busybox true", "" },
        { "mount-kind-mismatch", "", $"{Alone} -v /etc:/etc/passwd busybox true", "" },
        { "mount-target-invalid", "", $"{Alone} -v /etc:/ busybox true", "" },
        { "volume-driver-unknown", "", $"{Alone} --mount type=volume,source=v1,destination=/v,volume-driver=nosuch busybox true", "" },
        { "memory-too-small", "", $"{Alone} -m 100k busybox true", "" },
        { "device-missing", "", $"{Alone} --device /dev/nosuch busybox true", "" },
        { "seccomp-invalid", "echo '{' > bad.json", $"{Alone} --security-opt seccomp=bad.json busybox true", "" },
        { "runtime-unknown", "", $"{Alone} --runtime nosuch busybox true", "" },
        { "runtime-crashed", "printf '#!/bin/sh\\nkill -SEGV $$\\n' > crash; chmod +x crash", $"{Alone} --runtime $PWD/crash busybox true", "" },
        { "capability-unknown", "", $"{Alone} --cap-add NOSUCH busybox true", "" },
        { "sysctl-of-host", "", $"{Alone} --sysctl kernel.panic=1 busybox true", "" },
        { "sysctl-unknown", "", $"{Alone} --sysctl net.nosuch=1 busybox true", "" },
        { "ulimit-refused", "", $"{Alone} --ulimit nofile=99999999999 busybox true", "" },
        { "ids-missing", "", $"{Alone} --userns=auto:size=99999999 busybox true", "" },
        { "disk-full", "mkdir small; mount -t tmpfs -o size=64k tmpfs small", "--root $PWD/small import /run/work/image.tar full", "umount small" },
        { "store-read-only", "mkdir still; mount -t tmpfs -o ro tmpfs still", "--root $PWD/still create --rootfs / true", "umount still" },
        { "log-driver-unknown", "", $"{Alone} --log-driver syslog busybox true", "" },
    };

    [Theory, MemberData(nameof(Broken))]
    public void A_broken_start_has_its_own_code_and_leaves_nothing(string code, string before, string command, string after) => Assert.Equal(code, EngineHost.Run($$"""
        head -c 3000000 /dev/urandom > noise; tar -cf image.tar noise
        {{before}}
        b --error-format json {{command}} >/dev/null 2>fault && echo "it did not fail"
        tail -1 fault | sed -n 's/^{"code":"\([^"]*\)",.*"exitCode":[0-9]*}$/\1/p'
        {{after}}
        left
        """));

    [Fact]
    public void No_two_of_them_have_the_same_code() => Assert.Equal(Broken.Count, Broken.Select(static row => row.Data.Item1).Distinct().Count());

    [Fact]
    public void A_fault_is_told_in_words_a_hint_and_where_more_is_said() => Assert.Equal("""
        berth: there is no network nosuch
        hint: berth network ls lists them, berth network create makes one
        more: berth help errors network-unknown
        network-unknown: There is no such network.
        """, EngineHost.Run("""
        b run --rm --network nosuch busybox true 2>&1
        b help errors network-unknown | head -1
        """));
}
