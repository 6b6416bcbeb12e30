// Pods: what their containers share, their verbs, and what is left of them.
namespace Berth.Engine.SystemTests;

public sealed class PodTests
{
    // What a pod must not leave: besides the container's places, its own.
    private const string Gone = """
        gone_() { find $U/pods $R/pods -mindepth 1 2>/dev/null | grep -v '/[.]names$'; ls $U/locks 2>/dev/null | grep pod-; left; }

        """;

    [Fact]
    public void Containers_of_a_pod_share_localhost_names_queues_and_the_host_name() => Assert.Equal("""
        hello
        shop shop
        one two shop same
        7
        same same same
        """, EngineHost.Run(Gone + """
        b pod create --name shop --network none >/dev/null
        b run -d --pod shop --name one busybox sh -c 'mkdir /w; echo hello > /w/x; httpd -p 80 -h /w; echo 7 > /dev/shm/seven; sleep 1000' >/dev/null
        until_ berth exec one test -e /dev/shm/seven
        b run -d --pod shop --name two busybox sleep 1000 >/dev/null
        b exec two wget -qO- http://localhost/x
        echo $(b exec one hostname) $(b exec two cat /etc/hostname)
        for n in one two shop; do b exec two grep -qw $n /etc/hosts && printf "$n "; done
        [ "$(b exec one cat /etc/hosts)" = "$(b exec two cat /etc/hosts)" ] && echo same
        b exec two cat /dev/shm/seven
        echo $(for n in net ipc uts; do [ $(b exec one readlink /proc/1/ns/$n) = $(b exec two readlink /proc/1/ns/$n) ] && echo same; done)
        b pod rm -f -t 0 shop >/dev/null
        gone_
        """));

    [Fact]
    public void Ports_are_the_pods_and_a_container_cannot_bring_its_own() => Assert.Equal("""
        page
        0.0.0.0:8080->80/tcp
        80/tcp -> 0.0.0.0:8080
        publish them at the pod
        125
        page
        """, EngineHost.Run(Gone + """
        b pod create --name shop -p 0.0.0.0:8080:80 >/dev/null
        b run -d --pod shop --name web busybox sh -c 'mkdir /w; echo page > /w/x; httpd -f -p 80 -h /w' >/dev/null
        until_ fetch 127.0.0.1 8080 x; fetch 127.0.0.1 8080 x
        b ps --format '{{.Ports}}'; b port web
        b run --rm --pod shop -p 81:81 busybox true 2>&1 | grep -o 'publish them at the pod'; b run --rm --pod shop -p 81:81 busybox true 2>/dev/null; echo $?
        b pod rm -f -t 0 shop >/dev/null
        b run -d --pod new:other --name web -p 0.0.0.0:8081:80 busybox sh -c 'mkdir /w; echo page > /w/x; httpd -f -p 80 -h /w' >/dev/null
        until_ fetch 127.0.0.1 8081 x; fetch 127.0.0.1 8081 x
        b pod rm -f -t 0 other >/dev/null
        gone_
        """));

    [Fact]
    public void Its_states_are_those_of_its_containers() => Assert.Equal("""
        Created 0
        Created 1
        Running 2
        Paused 2
        Running 2
        Degraded 2
        Stopped 2
        Running 2
        Running 2
        Exited 2
        shop a,b exited,exited
        """, EngineHost.Run(Gone + """
        say() { b pod ps --format '{{.Status}} {{.NumberOfContainers}}'; }
        b pod create --network none shop >/dev/null; say
        b create --pod shop --name a busybox sleep 1000 >/dev/null; say
        b create --pod shop --name b busybox sleep 1000 >/dev/null; b pod start shop >/dev/null; say
        b pod pause shop >/dev/null; say; b pod unpause shop >/dev/null; say
        b stop -t 0 a >/dev/null; say
        b pod stop -t 0 shop >/dev/null; say; find $U/pods -mindepth 1
        b pod start shop >/dev/null; say
        b pod restart -t 0 shop >/dev/null; say
        b pod kill shop >/dev/null; say; find $U/pods -mindepth 1
        b pod ps --format '{{.Name}} {{.ContainerNames}} {{.ContainerStatuses}}'
        b pod rm shop >/dev/null
        gone_
        """));

    [Fact]
    public void Columns_filters_and_words_are_podmans() => Assert.Equal("""
        POD ID NAME STATUS CREATED INFRA ID # OF CONTAINERS
        POD ID NAME STATUS CREATED INFRA ID NAMES
        one
        two
        one
        one
        c two
        1 Created true
        0 1
        125
        """, EngineHost.Run(Gone + """
        b pod create --name one --label tier=a --network none >/dev/null; two=$(b pod create --name two --network none); b create --pod two --name c busybox true >/dev/null
        b pod ps | head -1 | tr -s ' '; b pod ps --ctr-names | head -1 | tr -s ' '
        n='--format {{.Name}}'
        b pod ps $n --filter label=tier=a; b pod ps $n --filter ctr-names=c; b pod ps $n --filter name=^o; b pod ps $n --filter ctr-number=0
        echo $(b ps -a --format '{{.Names}}' --filter pod=two) $(b ps -a -p --noheading | grep -q ${two:0:12} && echo two)
        b pod inspect two --format '{{.NumContainers}} {{.State}} {{.CreateCgroup}}'
        b pod exists two; a=$?; b pod exists three; echo $a $?
        b pod create --name one 2>/dev/null; echo $?
        b pod rm -f one two >/dev/null
        gone_
        """));

    [Fact]
    public void With_the_exit_policy_stop_the_last_container_lets_go_what_was_shared() => Assert.Equal("""
        up
        Exited
        up
        Degraded
        """, EngineHost.Run(Gone + """
        for policy in stop continue; do
            b pod create --network none --exit-policy $policy $policy >/dev/null
            b run -d --pod $policy --name c$policy busybox sh -c 'while [ ! -e /end ]; do sleep 0.05; done' >/dev/null
            [ -n "$(find $U/pods -name up)" ] && echo up
            b exec c$policy touch /end; b wait c$policy >/dev/null
            b pod ps --filter name=$policy --format '{{.Status}}'
            [ $policy = continue ] || find $U/pods -mindepth 1
        done
        b pod rm -f stop continue >/dev/null
        gone_
        """));

    [Fact]
    public void After_the_run_folder_was_wiped_the_next_start_makes_all_anew() => Assert.Equal("""
        Exited
        Running
        hello
        """, EngineHost.Run(Gone + """
        b pod create --name shop -p 8080:80 >/dev/null
        b run -d --pod shop --name web busybox sh -c 'mkdir -p /w; echo hello > /w/x; httpd -f -p 80 -h /w' >/dev/null
        pkill -KILL -x berth-shim; pid=$(b ps --format '{{.Pid}}'); kill -9 $pid; until_ gone $pid
        for m in $(grep -o " $U/[^ ]*" /proc/self/mountinfo | sort -r); do umount -l $m; done; rm -rf $U
        b pod ps --format '{{.Status}}'
        b pod start shop >/dev/null; b pod ps --format '{{.Status}}'
        until_ fetch 127.0.0.1 8080 x; fetch 127.0.0.1 8080 x
        b pod rm -f -t 0 shop >/dev/null
        gone_
        """));

    [Fact]
    public void Whoever_is_killed_while_he_makes_or_removes_a_pod_leaves_nothing_that_is_not_cleared() => Assert.Equal("", EngineHost.Run(Gone + """
        for i in 1 2 3 4 5 6 7 8; do
            b pod create --replace --name shop >/dev/null
            (exec berth run -d --pod shop --name c busybox sleep 1000 >/dev/null 2>&1) & p=$!; read -t 0.$((i * 11 % 9)) <> <(:); kill -9 $p 2>/dev/null; wait $p 2>/dev/null
            (exec berth pod rm -f -t 0 shop >/dev/null 2>&1) & p=$!; read -t 0.$((i * 7 % 9)) <> <(:); kill -9 $p 2>/dev/null; wait $p 2>/dev/null
            b pod rm -f -t 0 --ignore shop >/dev/null
            b rm -f c >/dev/null 2>&1
        done
        b container cleanup
        gone_; ip -o link | grep veth
        """));

    [Fact]
    public void Limits_are_those_of_all_its_containers_together() => Assert.Equal("""
        134217728
        below
        """, EngineHost.Run(Gone + """
        id=$(b pod create --name shop --network none -m 128m)
        b run -d --pod shop --name c busybox sleep 1000 >/dev/null
        f=$(find /sys/fs/cgroup -path "*pod-$id/memory.limit_in_bytes" -o -path "*pod-$id/memory.max" | head -1); cat $f
        grep -q "pod-$id/" /proc/$(b ps --format '{{.Pid}}')/cgroup && echo below
        b pod rm -f -t 0 shop >/dev/null
        gone_; find /sys/fs/cgroup -name "pod-$id"
        """));

    [Fact]
    public void Processes_are_shared_with_the_first_container_that_runs() => Assert.Equal("""
        same
        """, EngineHost.Run(Gone + """
        b pod create --name shop --network none --share +pid >/dev/null
        b run -d --pod shop --name a busybox sleep 1001 >/dev/null 2>&1; b run -d --pod shop --name b busybox sleep 1002 >/dev/null
        [ $(b exec a readlink /proc/1/ns/pid) = $(b exec b readlink /proc/1/ns/pid) ] && b exec b ps | grep -q 'sleep 1001' && echo same
        b pod rm -f -t 0 shop >/dev/null
        gone_
        """));

    [Fact]
    public void Logs_stats_and_top_are_of_all_its_containers() => Assert.Equal("""
        a from-a
        b from-b
        a
        b
        2
        """, EngineHost.Run(Gone + """
        b pod create --name shop --network none >/dev/null
        for n in a b; do b run -d --pod shop --name $n busybox sh -c "echo from-$n; exec sleep 1000" >/dev/null; until_ sh -c "berth logs $n | grep -q from"; done
        b pod logs --names shop | sort; b pod stats --no-stream --format '{{.Name}}' shop | sort; b pod top shop | grep -c 'sleep 1000'
        b pod rm -f -t 0 shop >/dev/null
        gone_
        """));
}
