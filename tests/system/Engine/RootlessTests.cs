// The same commands without root.
namespace Berth.Engine.SystemTests;

public sealed class RootlessTests
{
    // A user with lent ids, seen in this mount namespace only; berth is his from here on.
    private const string Prelude = """
        mkdir -p /run/home/run /run/etc /run/bin && cp /etc/passwd /etc/group /run/etc/
        echo "sailor:x:4711:4711::/run/home:/bin/sh" >> /run/etc/passwd; echo "sailor:x:4711:" >> /run/etc/group
        echo "sailor:300000:65536" > /run/etc/subuid; cp /run/etc/subuid /run/etc/subgid; touch /etc/subuid /etc/subgid
        for f in passwd group subuid subgid; do mount --bind /run/etc/$f /etc/$f; done
        mkdir -p /run/dev && mknod -m 666 /run/dev/tun c 10 200 && [ -e /dev/net/tun ] && mount --bind /run/dev/tun /dev/net/tun
        cp $BIN/berth $BIN/berth-cni $BIN/berth-shim $BIN/berth-runtime /run/bin/; chmod 755 /run /run/bin /run/bin/* /run/work; chown -R 4711:4711 /run/home
        R=/run/home/root U=/run/home/run/berth
        b() { ( cd /run/home; setpriv --reuid 4711 --regid 4711 --clear-groups env HOME=/run/home XDG_RUNTIME_DIR=/run/home/run PATH="/run/bin:$PATH" BERTH_ROOT=$R BERTH_RUNROOT=$U /run/bin/berth "$@" ); }
        trap 'pkill -9 -u 4711' EXIT
        """;

    private static string Run(string script)
    {
        foreach (string program in (ReadOnlySpan<string>)["newuidmap", "setpriv", "slirp4netns"])
        {
            Assert.SkipUnless(Array.Exists((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), folder => File.Exists($"{folder}/{program}")), $"{program} is not installed");
        }
        return EngineHost.Run(script, prelude: Prelude);
    }

    [Fact]
    public void A_user_runs_containers_and_reaches_their_ports() => Assert.Equal("""
        uid=0(root) gid=0(root)
        hello
        web running
        uid=1000(web) gid=1000(web)
        exited
        """, Run("""
        b run --rm --network none busybox id | cut -d' ' -f1,2
        b run -d --name web -p 8080:80 busybox httpd -f -h /data >/dev/null
        until_ fetch 127.0.0.1 8080 file; fetch 127.0.0.1 8080 file
        b ps --format '{{.Names}} {{.State}}'; b exec -u web web id | cut -d' ' -f1,2
        b stop -t 0 web >/dev/null; b ps -a --format '{{.State}}'; b rm web >/dev/null
        find $U/containers $U/shims $U/netns $U/runtime -mindepth 1 2>/dev/null; ls $R/containers
        """));

    [Fact]
    public void A_user_copies_exports_and_commits() => Assert.Equal("""
        one 0
        4711 one
        two
        A /root/f
        one
        """, Run("""
        echo one > /run/home/f; chown 4711 /run/home/f
        b run -d --name c --network none busybox sleep 1000 >/dev/null
        b cp -q f c:/root/; b exec c sh -c 'echo $(cat /root/f) $(stat -c %u /root/f)'; b cp -q c:/root/f g; echo $(stat -c %u /run/home/g) $(cat /run/home/g)
        b stop -t 0 c >/dev/null; echo two > /run/home/f; b cp -q f c:/root/g; b cp c:/root/g - | tar xO
        b diff c | grep /f; b commit -q c mine >/dev/null; b run --rm --network none mine cat /root/f
        b rm c >/dev/null
        find $U/containers $U/shims $U/netns $U/runtime -mindepth 1 2>/dev/null; ls $R/containers
        """));
}
