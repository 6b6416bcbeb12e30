// A host of a test's own: a network and mount namespace in which a script runs, with a host outside of it, and nothing of the machine's.
using System.Diagnostics;

namespace Berth.Network.SystemTests;

/// <summary>Runs scripts. In them, <c>berth</c> works on folders of the script's own, <c>ns NAME…</c> makes network namespaces, <c>say NAME PORT TEXT</c> serves a text there, and <c>ask NAME HOST PORT</c> fetches it.</summary>
internal static class HostScript
{
    private const string Prelude = """
        set -u
        mount -t tmpfs none /run && mkdir -p /run/netns
        export BERTH_ROOT=/run/root BERTH_RUNROOT=/run/berth-engine
        berth() { command "$BERTH" "$@"; }
        ns() { for n in "$@"; do ip netns add $n && ip -n $n link set lo up; done; }
        say() {
            ip netns exec $1 socat TCP$([ -n "${4-}" ] && echo 6)-LISTEN:$2,fork,reuseaddr SYSTEM:"echo $3 \$SOCAT_PEERADDR" 2>/dev/null &
            for _ in $(seq 200); do ip netns exec $1 ss -Hltn "sport = :$2" | grep -q . && break; read -t 0.01 <> <(:) || :; done
        }
        ask() { if [ $1 = host ]; then socat -T3 - TCP:$2:$3,connect-timeout=3 </dev/null 2>/dev/null; else ip netns exec $1 socat -T3 - TCP:$2:$3,connect-timeout=3 </dev/null 2>/dev/null; fi || echo nothing; }
        eth() { ip -n $1 -o -4 addr show dev ${2-eth0} | awk '{ sub("/.*", "", $4); print $4 }'; }
        left() {
            find /run/berth-engine -type f ! -name server.lock; nft list ruleset 2>/dev/null | grep comment; ip -o link | grep -v -e ' lo:' -e ' up0@' | cat
        }
        ip link set lo up
        ns out
        ip link add up0 type veth peer name eth9 netns out && ip addr add 192.0.2.1/24 dev up0 && ip addr add 2001:db8::1/64 dev up0 nodad && ip link set up0 up
        ip -n out addr add 192.0.2.2/24 dev eth9 && ip -n out addr add 2001:db8::2/64 dev eth9 nodad && ip -n out link set eth9 up && ip -n out route add default via 192.0.2.1
        trap 'for job in $(jobs -p); do kill $job 2>/dev/null; done; for n in $(ip netns list | cut -d" " -f1); do ip netns del $n; done; berth network prune -f >/dev/null' EXIT

        """;

    /// <summary>Runs one.</summary>
    /// <returns>What it wrote, without white space at the end.</returns>
    public static string Run(string script)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "namespaces are made by root");
        using Process process = new() { StartInfo = new ProcessStartInfo("timeout", ["120", "unshare", "-n", "-m", "bash", "-c", Prelude + script]) { RedirectStandardOutput = true, RedirectStandardError = true } };
        process.StartInfo.Environment["BERTH"] = Program("berth");
        process.Start();
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        TestContext.Current.TestOutputHelper?.WriteLine(error.Result);
        return (output + error.Result).TrimEnd();
    }

    /// <summary>A program as it was built last.</summary>
    private static string Program(string name)
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(directory + "/Berth.slnx")) directory = Path.GetDirectoryName(directory);
        return directory + "/out/bin/" + name;
    }
}
