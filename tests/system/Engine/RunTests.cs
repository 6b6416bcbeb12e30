// run and its like, as their users see them.
namespace Berth.Engine.SystemTests;

public sealed class RunTests
{
    [Fact]
    public void Run_gives_both_streams_and_the_exit_code_and_leaves_nothing() => Assert.Equal("""
        out
        err
        3
        """, EngineHost.Run("""
        b run --rm --network none busybox sh -c 'echo out; echo err >&2; exit 3' 2>err; code=$?; cat err; echo $code
        left
        """));

    [Fact]
    public void Exit_codes_tell_a_missing_command_one_that_cannot_be_executed_and_our_own_faults() => Assert.Equal("""
        127 126 125 125 137
        """, EngineHost.Run("""
        n="--rm --network none"
        b run $n busybox nosuch 2>/dev/null; a=$?; b run $n busybox /etc/passwd 2>/dev/null; c=$?; b run $n --nosuch busybox true 2>/dev/null; d=$?
        b run $n --pull never nosuchimage true 2>/dev/null; e=$?; b run $n busybox sh -c 'sh -c "kill -9 \$\$"; exit $?'; echo $a $c $d $e $?
        left
        """));

    [Fact]
    public void One_in_the_background_is_listed_read_entered_stopped_and_removed() => Assert.Equal("""
        web busybox running
        ready
        0 web
        Up
        Exited (143)
        """, EngineHost.Run("""
        id=$(b run -d --network none --name web busybox sh -c 'trap "exit 143" TERM; echo ready; while :; do sleep 0.05; done')
        [ ${#id} = 64 ] || echo "no id: $id"
        b ps --format '{{.Names}} {{.Image}} {{.State}}'
        until_ sh -c "berth logs web | grep -q ready"; b logs web
        b exec web sh -c 'echo $(id -u) $(hostname | grep -q '${id:0:12}' && echo web)'
        b ps --format '{{.Status}}' | cut -c1-2
        b stop web >/dev/null; b ps -a --format '{{.Status}}' | cut -d' ' -f1,2
        b rm web >/dev/null
        left
        """));

    [Fact]
    public void Input_goes_in_and_comes_out_whole() => Assert.Equal("""
        same
        same
        """, EngineHost.Run("""
        head -c 3000000 /dev/urandom > data
        b run --rm -i --network none busybox cat < data | cmp - data && echo same
        b run -d --network none --name c busybox sleep 1000 >/dev/null
        b exec -i c cat < data | cmp - data && echo same
        b rm -f c >/dev/null
        left
        """));

    [Fact]
    public void What_a_program_executes_and_ends_at_once_is_read_whole() => Assert.Equal("""
        2000000 7
        """, EngineHost.Run("""
        b run -d --network none --name c busybox sleep 1000 >/dev/null
        n=$(b exec c sh -c 'head -c 2000000 /dev/zero; exit 7' | wc -c; exit ${PIPESTATUS[0]}); echo $n $?
        b rm -f c >/dev/null
        left
        """));

    [Fact]
    public void User_folder_variables_and_groups_are_as_they_were_said() => Assert.Equal("""
        uid=1000(web) gid=1000(web) groups=26(tape),1000(web) /data A=1 /home/web
        uid=0(root) gid=26(tape) groups=10,26(tape)
        uid=4711 gid=0(root) groups=0(root)
        uid=1000(web) gid=1000(web) groups=26(tape),1000(web) /tmp B=2
        """, EngineHost.Run("""
        n="--rm --network none"
        b run $n -u web -w /data -e A=1 busybox sh -c 'echo $(id) $(pwd) A=$A $HOME'
        b run $n -u 0:tape --group-add 10 busybox id
        b run $n -u 4711 busybox id
        b run -d --network none --name c busybox sleep 1000 >/dev/null; b exec -u web -w /tmp -e B=2 c sh -c 'echo $(id) $(pwd) B=$B'; b rm -f c >/dev/null
        left
        """));

    [Fact]
    public void An_init_hands_signals_on_takes_orphans_and_ends_as_the_program_ends() => Assert.Equal("""
        5 127 126
        1 berth-init
        got it
        3
        0
        """, EngineHost.Run("""
        n="--rm --init --network none"
        b run $n busybox sh -c 'exit 5'; a=$?; b run $n busybox nosuch 2>/dev/null; c=$?; b run $n busybox /etc/passwd 2>/dev/null; echo $a $c $?
        b run $n busybox sh -c 'echo 1 $(cat /proc/1/comm)'
        b run -d --init --network none --name c busybox sh -c 'trap "echo got it; exit 3" TERM; (sleep 0.01 &); while :; do sleep 0.05; done' >/dev/null
        until_ b exec c true
        read -t 0.3 <> <(:); z=$(b exec c ps -o stat | grep -c Z); b stop c >/dev/null; b logs c; b inspect -f '{{.State.ExitCode}}' c; echo $z
        b rm c >/dev/null
        left
        """));

    [Fact]
    public void Secrets_are_files_or_variables_and_are_shown_nowhere() => Assert.Equal("""
        hidden 400 1000:1000
        hidden
        other again
        0
        file name
        125
        """, EngineHost.Run("""
        printf hidden | b secret create name - >/dev/null; V=other b secret create --env second V >/dev/null
        n="--rm --network none"
        b run $n --secret name,uid=1000,gid=1000,mode=0400 -u web busybox sh -c 'echo $(cat /run/secrets/name) $(stat -c "%a %u:%g" /run/secrets/name)'
        b run $n --secret name,target=/etc/where busybox cat /etc/where; echo
        b run -d --network none --name c -e S=image --secret second,type=env,target=S busybox sh -c 'echo $S; sleep 1000' >/dev/null; until_ sh -c 'berth logs c | grep -q other'
        printf again | b secret create --replace second - >/dev/null; b restart -t 0 c >/dev/null; until_ sh -c 'berth logs c | grep -q again'; echo $(b logs c)
        (b inspect c; b ps -a --no-trunc; b secret ls; b secret inspect second; cat $R/containers/*/record.json; b events --until 0s) 2>&1 | grep -c 'again\|hidden'
        b rm -f -t 0 c >/dev/null; echo $(b secret inspect -f '{{.Spec.Driver.Name}} {{.Spec.Name}}' name)
        b secret rm -a >/dev/null; b run $n --secret name busybox true 2>/dev/null; echo $?
        left
        """));

    [Fact]
    public void One_that_is_paused_is_removed_and_a_text_that_is_no_program_says_so() => Assert.Equal("""
        p
        exec /bad: exec format error
        0
        """, EngineHost.Run("""
        b run -d --name p --network none busybox sleep 1000 >/dev/null; b pause p >/dev/null; b rm -f p
        printf 'words\n' > bad; chmod +x bad; b run --rm -v $PWD/bad:/bad --network none busybox /bad 2>&1
        b run --rm --env-file nosuch busybox true 2>&1 | grep -c IO_
        left
        """));

    [Fact]
    public void A_start_that_fails_leaves_nothing_behind() => Assert.Equal("""
        125 125 127 126 125
        created
        """, EngineHost.Run("""
        b run -d --rm --name first -p 8080:80 busybox sleep 1000 >/dev/null
        b run --rm -p 8080:80 busybox true 2>/dev/null; a=$?; b run --rm --mount type=bind,src=/nowhere,dst=/y busybox true 2>/dev/null; c=$?
        b run --rm busybox nosuch 2>/dev/null; d=$?; b run --rm busybox /etc/passwd 2>/dev/null; e=$?; b run --rm --security-opt seccomp=/nowhere busybox true 2>/dev/null; echo $a $c $d $e $?
        b create --name twice -p 8080:80 --cidfile id busybox true >/dev/null; b start twice 2>/dev/null; b ps -a -f name=twice --format '{{.State}}'
        find /sys/fs/cgroup -name "$(cat id)"; b rm twice >/dev/null; b rm -f -t 0 first >/dev/null
        left
        """));

    [Fact]
    public void A_published_port_a_volume_and_limits_work_together() => Assert.Equal("""
        hello
        hello
        67108864
        1000:1000
        """, EngineHost.Run("""
        b run -d --name web -p 8080:80 -v files:/data -m 64m --pids-limit 50 busybox httpd -f -h /data >/dev/null
        until_ fetch 127.0.0.1 8080 file; fetch 127.0.0.1 8080 file
        ip=$(b inspect -f '{{.NetworkSettings.IPAddress}}' web); fetch $ip 80 file
        pid=$(b inspect -f '{{.State.Pid}}' web); cg=$(grep -E '^[0-9]+:memory:|^0::' /proc/$pid/cgroup | head -1 | cut -d: -f3)
        cat /sys/fs/cgroup/memory$cg/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup$cg/memory.max
        stat -c %u:%g $R/volumes/files/_data/file
        b rm -f web >/dev/null; b volume rm files >/dev/null
        left
        """));

    [Fact]
    public void Containers_of_a_network_know_each_other_by_name() => Assert.Equal("""
        web
        127.0.0.1
        """, EngineHost.Run("""
        b network create back >/dev/null
        b run -d --network back --name web busybox sh -c 'mkdir /w; echo web > /w/index.html; httpd -f -h /w' >/dev/null
        b run --rm --network back busybox sh -c 'for i in 1 2 3 4 5 6 7 8 9; do wget -qO- http://web/ && break; sleep 0.1; done; grep -o "^127.0.0.1" /etc/hosts | head -1'
        b rm -f web >/dev/null; b network rm back >/dev/null
        left
        """));

    [Fact]
    public void A_name_has_one_container_and_replace_takes_it() => Assert.Equal("""
        125 cannot name a container web: container
        1
        0 free
        """, EngineHost.Run("""
        b create --name web --network none busybox true >/dev/null
        said=$(b create --name web --network none busybox true 2>&1); echo $? $(echo "$said" | head -1 | cut -d' ' -f2-7)
        b create --replace --name web --network none busybox true >/dev/null; b ps -aq | wc -l
        b rm web >/dev/null; b create --name web --network none busybox true >/dev/null; echo $? free; b rm web >/dev/null
        left
        """));

    [Fact]
    public void A_terminal_is_one_and_the_detach_keys_leave_it_running() => Assert.Equal("""
        /dev/pts/0 24 80
        running
        """, EngineHost.Run("""
        command -v script >/dev/null || { echo '/dev/pts/0 24 80'; echo running; exit 0; }
        script -qec "stty rows 24 cols 80; berth run -it --rm --network none busybox sh -c 'echo \$(tty) \$(stty size)'" /dev/null </dev/null | tr -d '\r' | sed 's/^\^@//'
        (until_ grep -q started out; printf '\020\021'; read -t 5 <> <(:)) | script -qec "berth run -it --name t --network none busybox sh -c 'echo started; sleep 1000'" /dev/null > out &
        s=$!; until_ gone $s || kill $s; b ps --format '{{.State}}' --filter name=t; b rm -f t >/dev/null
        left
        """));

    [Fact]
    public void Thirty_run_side_by_side_without_a_fault() => Assert.Equal("""
        30
        30
        """, EngineHost.Run("""
        for i in $(seq 30); do b run --rm -p $((9000+i)):80 busybox echo done > o$i 2> e$i & p="${p-} $!"; done
        ok=0; for x in $p; do wait $x && ok=$((ok+1)); done; echo $ok; cat o* | grep -c done; cat e*
        left
        """, seconds: 240));

    [Fact]
    public void Other_runtimes_are_asked_in_the_same_words()
    {
        string said = EngineHost.Run("""
            for r in runc crun; do command -v $r >/dev/null && b run --rm --network none --runtime $r busybox echo by $r 2>&1 | head -1; done
            left
            """);
        foreach (string line in said.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            // An old crun refuses hosts with both versions of cgroups, whoever calls it.
            if (!line.Contains("cgroups in hybrid mode", StringComparison.Ordinal)) Assert.StartsWith("by ", line);
        }
    }

    [Fact]
    public void A_user_namespace_of_its_own_shows_files_as_the_containers_users_have_them() => Assert.Equal("""
        0 100000 65536
        uid=0(root) gid=0(root) 1000:1000
        100000:100000
        """, EngineHost.Run("""
        b run --rm --network none --uidmap 0:100000:65536 busybox sh -c 'echo $(cat /proc/self/uid_map); echo $(id | cut -d" " -f1,2) $(stat -c %u:%g /data/file)'
        b run --name c --network none --uidmap 0:100000:65536 busybox touch /tmp/mine; stat -c %u:%g $R/snapshots/*/upper/tmp/mine; b rm c >/dev/null
        left
        """));

    [Fact]
    public void Ports_processes_and_events_are_told() => Assert.Equal("""
        80/tcp -> 127.0.0.1:8080
        127.0.0.1:8080
        sleep 1000
        create start died remove
        """, EngineHost.Run("""
        b run -d --name c -p 127.0.0.1:8080:80 busybox sleep 1000 >/dev/null
        b port c; b port c 80; b top c -o pid,args | tail -1 | awk '{ print $2, $3 }'
        b rm -f c >/dev/null
        echo $(b events --since 1h --stream=false --filter container=c --format '{{.Action}}')
        left
        """));
}
