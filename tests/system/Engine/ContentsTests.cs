// diff, export, commit, mount, update, and what images and the store know of containers.
namespace Berth.Engine.SystemTests;

public sealed class ContentsTests
{
    [Fact]
    public void Changes_are_told_exported_and_made_an_image() => Assert.Equal("""
        C /data D /data/file C /etc C /etc/passwd C /home D /home/web A /home/x C /root A /root/new
        {"changed":["/data","/etc","/etc/passwd","/home","/root"],"added":["/home/x","/root/new"],"deleted":["/data/file","/home/web"]}
        home/x root/new
        new running
        me A=1
        new
        """, EngineHost.Run("""
        b run -d --name c --network none -e A=1 busybox sh -c 'echo new > /root/new; rm /data/file; rm -r /home; mkdir /home; touch /home/x; echo y >> /etc/passwd; sleep 1000' >/dev/null
        until_ b exec c grep y /etc/passwd
        echo $(b diff c); b diff --format json c | tr -d '\n '; echo
        b export -o c.tar c; echo $(tar tf c.tar | grep -E 'root/new|home/|data/file' | grep -v 'home/$')
        b commit -a me -m why -c 'CMD ["cat","/root/new"]' --iidfile id c mine:1 | cmp - id 2>/dev/null; echo $(b run --rm --network none mine:1) $(b inspect -f '{{.State.Status}}' c)
        echo $(b inspect --type image -f '{{.Author}} {{index .Config.Env 0}}' mine:1)
        b commit -q --squash --format docker c flat >/dev/null; b run --rm --network none flat cat /root/new
        b rm -f c >/dev/null
        left
        """));

    [Fact]
    public void Limits_and_restarts_are_changed_at_once_and_stay() => Assert.Equal("""
        134217728 77
        on-failure
        6m is the least
        134217728 77 A=1
        1 3
        """, EngineHost.Run("""
        b run -d --name c --network none -m 64m busybox sleep 1000 >/dev/null
        limits() { pid=$(b inspect -f '{{.State.Pid}}' c); m=$(grep -E '^[0-9]+:memory:|^0::' /proc/$pid/cgroup | head -1 | cut -d: -f3); p=$(grep -E '^[0-9]+:pids:|^0::' /proc/$pid/cgroup | head -1 | cut -d: -f3)
            echo $(cat /sys/fs/cgroup/memory$m/memory.limit_in_bytes /sys/fs/cgroup$m/memory.max 2>/dev/null) $(cat /sys/fs/cgroup/pids$p/pids.max /sys/fs/cgroup$p/pids.max 2>/dev/null); }
        b update -m 128m --pids-limit 77 -e A=1 c >/dev/null; limits
        b update --restart on-failure:3 c >/dev/null; b inspect -f '{{.HostConfig.RestartPolicy.Name}}' c; b update -m 1m c 2>&1 | grep -o '6m.*'
        b stop -t 0 c >/dev/null; b start c >/dev/null; echo $(limits) $(b exec c env | grep A=); b rm -f c >/dev/null
        b run -d --name r --network none busybox sh -c 'until [ -e /tmp/go ]; do sleep 0.05; done; exit 3' >/dev/null; b update --restart on-failure:1 r >/dev/null; b exec r touch /tmp/go
        until_ sh -c "berth ps -a --format '{{.State}}' | grep -q exited"; b inspect -f '{{.RestartCount}} {{.State.ExitCode}}' r; b rm -f r >/dev/null
        left
        """));

    [Fact]
    public void A_mount_stays_over_start_and_end_until_the_last_who_asked_for_it() => Assert.Equal("""
        same
        2
        host
        1
        """, EngineHost.Run("""
        b create --name c --network none busybox sleep 1000 >/dev/null
        m=$(b mount c); [ "$(b mount c)" = $m ] && echo same; b rm c 2>/dev/null; echo $?
        echo host > $m/root/x; b start c >/dev/null; b exec c cat /root/x; b stop -t 0 c >/dev/null
        b unmount c >/dev/null; b mount | wc -l; b unmount c >/dev/null; b mount; b mount c >/dev/null
        b rm -f c >/dev/null
        left; ls $U/mounts
        """));

    [Fact]
    public void Images_of_containers_stay_for_them_and_prune_takes_what_nobody_needs() => Assert.Equal("""
        2 2
        <none>
        Images 1 1, Containers 1 0, Local Volumes 1 1,
        1 0 1
        0 0
        """, EngineHost.Run("""
        b run -d --name c --network none -v /anonymous busybox sleep 1000 >/dev/null
        b rmi busybox 2>/dev/null; a=$?; b rmi -f busybox 2>/dev/null; echo $a $?
        b stop -t 0 c >/dev/null; b rmi -f busybox >/dev/null; b images -a --format '{{.Repository}}'
        b system df --format '{{.Type}} {{.TotalCount}} {{.Active}},' | head -3 | tr '\n' ' ' | sed 's/ $//'; echo
        b info --format '{{.Containers}} {{.ContainersRunning}} {{.ContainersStopped}}'
        b system prune -af --volumes >/dev/null; echo $(b images -aq | wc -l) $(b volume ls -q | wc -l)
        left
        """));

    [Fact]
    public void Whoever_is_killed_while_files_are_copied_exported_or_committed_leaves_nothing() => Assert.Equal("""
        running
        0 0
        """, EngineHost.Run("""
        head -c 60000000 /dev/urandom > big
        b create --name c --network none busybox sleep 1000 >/dev/null; b cp -q big c:/root/; b create --name d --network none busybox true >/dev/null
        kill_in() { setsid "${@:2}" >/dev/null 2>&1 & p=$!; read -t 0.$1 <> <(:); kill -9 $p; wait $p 2>/dev/null; }
        for ms in 03 08 15 25 40; do
            kill_in $ms berth cp big c:/tmp/x; kill_in $ms berth cp c:/root d:/y; kill_in $ms berth export -o out.tar c; kill_in $ms berth commit c half
        done
        b start c >/dev/null
        for ms in 05 15 30; do kill_in $ms berth commit c half; kill_in $ms berth cp c:/root/big here; done
        b container cleanup; b inspect -f '{{.State.Status}}' c
        b export -o out.tar c; rm out.tar; b rm -f c d >/dev/null; b rmi -f half >/dev/null 2>&1; b storage check --repair >/dev/null 2>&1
        echo $(ls out.tar.part 2>/dev/null | wc -l) $(grep -c overlay /proc/self/mountinfo | sed "s/$(grep -c overlay /proc/1/mountinfo)/0/")
        left; find $R/making $R/leases -mindepth 1
        """, seconds: 240));
}
