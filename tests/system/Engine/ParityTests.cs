// The same scripts with podman and with berth, each on storage of its own: what they print and their exit codes are compared.
namespace Berth.Engine.SystemTests;

public sealed class ParityTests
{
    private const string Podman = "/usr/bin/podman", Between = "=====";

    // Where a program may not raise limits, podman's usual ones are more than it can give; there need be no systemd, no journal.
    private static readonly string s_prelude = $$"""
        mkdir /run/podman
        cat > /run/podman/containers.conf <<E
        [containers]
        default_ulimits = [ "nofile=$(ulimit -Hn):$(ulimit -Hn)", "nproc=32768:32768" ]
        apparmor_profile = "unconfined"
        label = false
        [engine]
        cgroup_manager = "cgroupfs"
        events_logger = "file"
        runtime = "runc"
        E
        printf '[storage]\ndriver = "overlay"\ngraphroot = "/run/podman/graph"\nrunroot = "/run/podman/run"\n' > /run/podman/storage.conf
        export CONTAINERS_CONF=/run/podman/containers.conf CONTAINERS_STORAGE_CONF=/run/podman/storage.conf n="--rm --network none" m="--network none"
        """;

    /// <summary>Runs a script with <c>e</c> as podman and as berth, the name in <c>$E</c>, each in a folder of its own. <c>$n</c> is for containers that go by themselves, <c>$m</c> for others.</summary>
    private static (string Podman, string Berth) Both(string script)
    {
        Assert.SkipUnless(File.Exists(Podman), "podman is not installed");
        string said = EngineHost.Run($$"""
            {{Podman}} import -q {{EngineHost.Image}} busybox >/dev/null || { echo "podman does not work here"; exit; }
            part() {
            {{script}}
            }
            for E in podman berth; do mkdir $E; (cd $E; e() { $E "$@"; }; part) > $E.out 2> $E.err < /dev/null; done
            cat podman.out; echo {{Between}}; cat berth.out; left
            """, prelude: s_prelude);
        Assert.SkipWhen(said == "podman does not work here", said);
        string[] halves = said.Split(Between + "\n");
        return (halves[0].TrimEnd('\n'), halves[1].TrimEnd('\n'));
    }

    /// <summary>Both say the same, and that is so many lines: two that fail alike say less.</summary>
    private static void Same(int lines, string script)
    {
        (string podman, string berth) = Both(script);
        Assert.Equal(podman, berth);
        Assert.Equal(lines, podman.Split('\n').Length);
    }

    [Fact]
    public void Streams_and_exit_codes_of_run() => Same(9, """
        e run $n busybox sh -c 'echo out; echo err >&2; exit 3' 2>err; echo $? $(cat err)
        e run $n busybox nosuch 2>/dev/null; echo $?
        e run $n busybox /etc/passwd 2>/dev/null; echo $?
        e run $n --nosuch busybox true 2>/dev/null; echo $?
        e run $n --pull never nosuchimage true 2>/dev/null; echo $?
        e run $n busybox sh -c 'sh -c "kill -9 \$\$"'; echo $?
        e run $n --cidfile cid busybox true; wc -c < cid; e run $n --cidfile cid busybox true 2>/dev/null; echo $?
        """);

    [Fact]
    public void What_a_process_is_given() => Same(16, """
        e run $n -h box -e A=1 -e B -u web -w /data busybox env | sort | grep -v -E '^(TERM|container)='
        e run $n -u web:tape --group-add 10 busybox id
        e run $n --entrypoint echo busybox a b
        e run $n --entrypoint '["echo","x"]' busybox a b
        e run $n --entrypoint '' busybox echo y
        printf 'C=2\n# no\nD=a b\n' > env; e run $n --env-file env --hostname box busybox sh -c 'echo $C $D $HOSTNAME $(hostname) $(pwd)'
        e run $n --umask 27 busybox sh -c umask
        e run $n -t busybox sh -c 'tty; ls -l /dev/console | cut -c1-10'
        e run $n --oom-score-adj 100 --sysctl net.ipv4.ip_forward=1 --shm-size 1m busybox sh -c 'cat /proc/self/oom_score_adj /proc/sys/net/ipv4/ip_forward; df -k /dev/shm | tail -1 | awk "{print \$2}"'
        e run $n busybox sh -c 'ulimit -c'
        """);

    [Fact]
    public void Capabilities_and_filters() => Same(24, """
        show='^(Cap...|NoNewPrivs|Seccomp):'
        e run $n busybox grep -E $show /proc/self/status
        e run $n --cap-drop all --cap-add chown,net_admin busybox grep -E CapEff /proc/self/status
        e run $n --security-opt no-new-privileges --security-opt seccomp=unconfined busybox grep -E 'NoNew|Seccomp:' /proc/self/status
        e run $n --privileged busybox grep -E $show /proc/self/status
        e run $n -u web busybox grep -E Cap /proc/self/status; e run $n -u web busybox sh -c 'echo masked; head -c1 /proc/keys | wc -c; cat /proc/sysrq-trigger'
        """);

    [Fact]
    public void File_systems_and_devices() => Same(31, """
        e run $n busybox awk '$2 ~ "^/(proc|dev|sys$)" && $2 !~ "interrupts" {print $2, $3, substr($4, 1, 2)}' /proc/mounts | grep -v /proc/acpi | sort
        e run $n --read-only --tmpfs /t:size=1m,mode=1777 busybox sh -c 'touch /x 2>/dev/null || echo ro; touch /t/x /tmp/x /run/x && echo rw; stat -c %a /t; df -k /t | tail -1 | awk "{print \$2}"'
        e run $n busybox sh -c 'ls -l /dev | awk "{print \$1,\$3,\$4,\$NF}" | sort'
        """);

    [Fact]
    public void Limits_as_the_kernel_has_them() => Same(7, """
        e run $n --memory 64m --memory-reservation 32m --pids-limit 50 --cpus 0.5 --cpu-shares 512 --cpuset-cpus 0 busybox sh -c 'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes memory/memory.soft_limit_in_bytes pids/pids.max cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us cpu/cpu.shares cpuset/cpuset.cpus memory.max memory.low pids.max cpu.max cpu.weight cpuset.cpus 2>/dev/null'
        """);

    [Fact]
    public void Volumes_folders_and_files_from_outside() => Same(20, """
        e run $n -v one:/data busybox sh -c 'cat /data/file; stat -c "%a %u:%g" /data/file /data'
        e run $n -v one:/data:ro busybox sh -c 'touch /data/x 2>/dev/null; echo $?'
        mkdir -m 750 h; echo h > h/f; chmod 640 h/f
        e run $n -v $PWD/h:/h busybox sh -c 'cat /h/f; stat -c "%a %u:%g" /h /h/f; echo n > /h/new'; cat h/new
        e run $n -v $PWD/h/f:/etc/one:ro busybox sh -c 'cat /etc/one; echo x 2>/dev/null > /etc/one; echo $?'
        e run $n --mount type=bind,src=$PWD/h,dst=/m,ro busybox sh -c 'ls /m; touch /m/q 2>/dev/null; echo $?'
        e run $n --mount type=tmpfs,dst=/m,tmpfs-size=1m,tmpfs-mode=0700 busybox stat -c %a /m
        e run $n --mount type=volume,src=two,dst=/m busybox sh -c 'echo 2 > /m/f'; e run $n -v two:/m busybox cat /m/f
        e run $n -v /anon busybox grep -c ' /anon ' /proc/mounts; e volume ls -q | wc -l
        e run --name a $m -v /anon busybox true; e rm -v a >/dev/null; e volume ls -q | wc -l
        e run --name a $m -v two:/d busybox true; e run $n --volumes-from a busybox cat /d/f; e volume rm two 2>/dev/null; echo $?; e rm a >/dev/null
        """);

    [Fact]
    public void Verbs_of_volumes() => Same(16, """
        e volume create three; e volume create -l k=v four; e volume create five >/dev/null
        e volume inspect -f '{{.Name}} {{.Driver}} {{.Labels}} {{.Options}} {{.Scope}}' four; e volume ls --format '{{.Name}} {{.Driver}}' | sort; e volume ls --filter label=k -q; e volume ls --filter name=thr -q; e volume ls --filter dangling=true -q | wc -l
        e volume ls | head -1 | tr -s ' '; e volume rm three; e volume rm three 2>/dev/null; echo $?
        e volume inspect three >/dev/null 2>&1; echo $?; e volume exists three; echo $?; e volume exists four; echo $?
        e volume create -d nosuch six 2>/dev/null; echo $?
        """);

    [Fact]
    public void One_container_from_its_creation_to_its_end() => Same(36, """
        e create $m --name c busybox sh -c 'trap "exit 5" TERM; echo up; while :; do sleep 0.05; done' | tr -d '\n' | wc -c
        e inspect -f '{{.State.Status}} {{.State.Running}} {{.State.ExitCode}} {{.State.Pid}} {{.RestartCount}} {{.Path}} {{len .Args}}' c
        e start c; until_ sh -c "$E logs c | grep -q up"
        e inspect -f '{{.State.Status}} {{.State.Running}} {{.State.Paused}} {{.State.ExitCode}}' c
        e start c >/dev/null; echo start $?; e rm c >/dev/null 2>&1; echo rm $?
        e pause c; e inspect -f '{{.State.Status}} {{.State.Paused}}' c; e pause c 2>/dev/null; echo pause $?; e unpause c; e unpause c 2>/dev/null; echo unpause $?
        e stop c; e inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}' c
        e stop c; echo stop $?; e kill c 2>/dev/null; echo kill $?; e pause c 2>/dev/null; echo pause $?; e wait c; echo wait $?
        e rename c d; echo rename $?; e rename c x 2>/dev/null; echo rename $?; e ps -a --format '{{.Names}}'
        e create $m --name d busybox true 2>/dev/null; echo create $?; e create $m --name 'bad name' busybox true 2>/dev/null; echo create $?
        e start -a d > again & p=$!; until_ grep -q up again; e kill -s TERM d; wait $p; echo start $?
        e restart -t 0 d; e kill d; e wait d; e rm d; e rm -f d 2>/dev/null; echo rmf $?
        e run -d $m --name f busybox sh -c 'exit 9' >/dev/null; e wait f; e start -a f; echo start $?; e rm f
        e run -d $m --name h --stop-signal INT --stop-timeout 100 busybox sh -c 'trap "exit 6" INT; echo up; while :; do sleep 0.05; done' >/dev/null; until_ sh -c "$E logs h | grep -q up"; e stop h; e inspect -f '{{.State.ExitCode}}' h; e rm h >/dev/null
        """);

    [Fact]
    public void A_container_that_fails_is_started_again_as_often_as_was_said() => Same(1, """
        e run -d $m --name g --restart on-failure:2 busybox sh -c 'exit 9' >/dev/null; until_ sh -c "$E inspect -f '{{.RestartCount}} {{.State.Status}}' g | grep -q '^2 exited'"
        e inspect -f '{{.RestartCount}} {{.State.ExitCode}} {{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}' g; e rm g >/dev/null
        """);

    [Theory]
    [InlineData("start stop kill wait logs inspect port top diff attach pause unpause rm restart")]
    [InlineData("exec_x_true rename_x_y commit_x_z cp_x:/f_. cp_._x:/f container_inspect_x container_exists_x stats_--no-stream_x export_x")]
    public void Exit_codes_for_a_container_that_is_not_there(string verbs) => Same(verbs.Split(' ').Length, $"""
        for words in {verbs}; do case $words in *_*) ;; *) words=$words"_x";; esac; e $(echo "$words" | tr _ ' ') >/dev/null 2>&1; echo "$words $?"; done
        """);

    [Fact]
    public void Exec_and_logs() => Same(22, """
        e run -d $m --name c -e A=1 -u web -w /data -h box busybox sh -c 'echo one; echo two >&2; echo three; exec sleep 1000' >/dev/null; until_ sh -c "$E logs c 2>&1 | grep -q three"
        e exec c sh -c 'exit 4'; echo $?; e exec c nosuch 2>/dev/null; echo $?; e exec c /etc/passwd 2>/dev/null; echo $?; e exec c sh -c 'kill -9 $$'; echo $?
        e exec c sh -c 'echo $(id -u) $(id -g) $(pwd) A=$A $HOME $HOSTNAME'; e exec -u 0 -w /tmp -e A=2 -e B=3 c sh -c 'echo $(id -u) $(pwd) A=$A B=$B'
        echo Q=1 > q; e exec --env-file q c sh -c 'echo $Q'; e exec -u 0 c grep -E 'CapEff|Seccomp:' /proc/self/status; e exec c grep CapEff /proc/self/status; e exec --privileged c grep CapEff /proc/self/status
        echo in | e exec -i c cat; e exec -u 0 -d c sh -c 'echo hi > /tmp/hi' >/dev/null; until_ $E exec c test -s /tmp/hi; e exec c cat /tmp/hi; e exec c sh -c 'echo 2>/dev/null >/tmp/x; echo $?'
        e logs c 2>/dev/null; e logs c 2>&1 >/dev/null; e logs --tail 1 c 2>/dev/null; e logs --tail 0 c 2>/dev/null | wc -l
        e logs -t c 2>/dev/null | sed -E 's/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]+(Z|[+-][0-9:]{5}) /TIME /'; e logs --since 2000-01-01T00:00:00Z --tail 1 c 2>/dev/null
        e rm -f -t 0 c; e logs -f c 2>/dev/null; echo $?
        """);

    [Fact]
    public void Lists_their_columns_and_filters() => Same(31, """
        e create $m --name c -l x=y busybox true >/dev/null; e create $m --name d -l x=q busybox true >/dev/null; e run $m --name f busybox sh -c 'exit 3'
        for f in name=c status=created status=exited status=running label=x label=x=y exited=3 exited=0 'name=^d$' status=paused; do echo "$f:" $(e ps -a --filter "$f" --format '{{.Names}}' | sort); done
        echo $(e ps -a --filter label=x --filter name=d --format '{{.Names}}'); echo $(e ps -a --filter status=created --filter status=exited --format '{{.Names}}' | sort)
        e ps -a --format '{{.Status}}' | cut -d' ' -f1 | sort; e ps -a --format 'table {{.Names}} {{.Status}}' | head -1 | tr -s ' '; e ps | head -1 | tr -s ' '; e ps -aq | awk '{print length}'; e ps -aq --no-trunc | awk '{print length}'
        e ps -n 1 --format '{{.Names}}'; e ps -l --format '{{.Names}}'; e ps --filter bad=x >/dev/null 2>&1; echo $?; e ps --format '{{.Nosuch}}' -a >/dev/null 2>&1; echo $?; e port c; echo $?
        e rm c d f | sort
        """);

    [Fact]
    public void Fields_of_inspect() => Same(46, """
        e create $m --name c -e A=1 -u web -w /data -l x=y -h box --memory 64m --memory-swap 128m --pids-limit 50 --cpus 0.5 --cpu-shares 512 --restart always -v vol:/v -v /tmp:/w:ro --read-only --oom-score-adj 7 --shm-size 2m --stop-timeout 3 -t -i busybox sh -c 'echo hi' >/dev/null
        for f in .State.Status .State.ExitCode .State.Running .State.Paused .State.Restarting .State.OOMKilled .State.Dead .State.Error .State.StartedAt .State.FinishedAt '(json .Config.Cmd)' .Config.User .Config.WorkingDir '(json .Config.Labels)' .Config.Hostname .Config.Tty .Config.OpenStdin .Config.StopTimeout .HostConfig.Memory .HostConfig.MemorySwap .HostConfig.MemoryReservation .HostConfig.NanoCpus .HostConfig.CpuShares .HostConfig.PidsLimit .HostConfig.RestartPolicy.Name .HostConfig.ReadonlyRootfs .HostConfig.NetworkMode .HostConfig.Privileged .HostConfig.AutoRemove .HostConfig.Dns .HostConfig.OomScoreAdj .HostConfig.ShmSize .HostConfig.CgroupParent .AppArmorProfile .ExecIDs .NetworkSettings.IPAddress '(len .Mounts)' .RestartCount; do echo "$f: $(e inspect -f "{{$f}}" c 2>&1 | head -2)"; done
        e inspect -f '{{range .Mounts}}{{.Type}}|{{.Name}}|{{.Destination}}|{{.RW}}|{{.Driver}}{{println}}{{end}}' c | grep . | sort
        e inspect -f '{{if .State.Running}}up{{else}}down{{end}} {{index .Config.Labels "x"}} {{len .Args}} {{json .Args}} {{.Path}}' c; e inspect -f '{{join .Config.Env "\n"}}' c | grep ^A
        e inspect -f '{{.Config' c >/dev/null 2>&1; echo $?; e inspect --type image c >/dev/null 2>&1; echo $?; e inspect --type container c | head -c1; echo; e rm c
        """);

    [Fact]
    public void Copies_in_and_out() => Same(77, """
        e create $m --name c busybox true >/dev/null; mkdir -p s/sub; echo f > s/f; echo g > s/sub/g; chmod 600 s/f; chmod 711 s/sub; ln -s f s/l; chown 1000:1000 s/sub/g
        e cp s c:/new 2>&1 | grep -i error; e cp s c:/tmp; e cp s/. c:/data; e cp s/f c:/root/file2; e cp s/f c:/root
        e cp s/f c:/nosuch/ 2>/dev/null; echo $?; e cp s/f c:/no/such 2>/dev/null; echo $?; e cp nosuch c:/ 2>/dev/null; echo $?; e cp c:/nosuch . 2>/dev/null; echo $?; e cp s c:/etc/passwd 2>/dev/null; echo $?
        e export c | tar --numeric-owner -tv | awk '$6 ~ /^(new|tmp|data|root)/ {print $1, $2, $6, $7, $8}' | sort
        mkdir o; e cp c:/data o; e cp c:/data/. o; e cp c:/data o/z; e cp c:/data/file .; e cp c:/data/file o/y; (find o file -printf '%p %m %U:%G %y %l\n') | sort
        tar -C s -c . | e cp - c:/home; e export c | tar t | grep ^home | sort; e cp c:/etc/passwd - | tar xO | head -1; e diff c | sort; e rm c
        """);

    [Fact]
    public void Changes_and_what_is_made_of_them() => Same(14, """
        e run $m --name c busybox sh -c 'echo n > /etc/new; rm /data/file; chmod 700 /root; mkdir /x; ln -s a /x/l'; e diff c | sort
        e commit -c CMD='["cat","/etc/new"]' -c 'ENV A=1' -c 'LABEL k=v' -c 'USER web' -c 'WORKDIR /x' -c ENTRYPOINT='[]' -a me -q c localhost/img:2 >/dev/null; e run $n --pull never localhost/img:2
        e image inspect -f '{{.Config.Cmd}} {{.Config.User}} {{.Config.WorkingDir}} {{.Config.Labels}} {{.Author}} {{.Os}} {{.Architecture}} {{len .RootFS.Layers}}' localhost/img:2; e run $n localhost/img:2 sh -c 'echo $A; pwd; id -u'
        e commit nosuch x 2>/dev/null; echo $?; e rm c >/dev/null; e rmi localhost/img:2 >/dev/null; echo $?
        """);

    [Fact]
    public void Verbs_of_images() => Same(22, """
        e tag busybox localhost/copy:1; e images --format '{{.Repository}}:{{.Tag}}' | grep copy; e images -q | sort -u | wc -l; e images -q --no-trunc | sort -u | awk '{print length}'; e images | head -1 | tr -s ' '
        e image inspect -f '{{.Os}} {{.Architecture}} {{len .RootFS.Layers}} {{.RootFS.Type}}' busybox; e image exists busybox; echo $?; e image exists nosuch; echo $?
        e image inspect nosuch >/dev/null 2>&1; echo inspect $?; e rmi nosuch 2>/dev/null; echo rmi $?; e rmi -f nosuch 2>/dev/null; echo rmif $?; e tag nosuch a 2>/dev/null; echo tag $?; e history nosuch 2>/dev/null; echo history $?; e save nosuch 2>/dev/null | wc -c
        e history -q busybox | wc -l; e create --name c $m busybox true >/dev/null; e rmi localhost/copy:1 >/dev/null; echo $?; e rmi busybox >/dev/null 2>&1; echo rmi $?; e rm c
        e save -o s.tar busybox 2>/dev/null; tar tf s.tar | grep -c manifest.json; e rmi busybox >/dev/null; e load -i s.tar >/dev/null 2>&1; echo load $?; e run $n busybox echo loaded
        e images --filter dangling=true -q | wc -l; e images --format '{{.Nosuch}}' >/dev/null 2>&1; echo $?
        """);

    [Fact]
    public void Secrets() => Same(13, """
        printf hid | e secret create s - | wc -c; printf q > f; e secret create t f >/dev/null; e secret ls --format '{{.Name}} {{.Driver}}' | sort; e secret inspect -f '{{.Spec.Name}} {{.Spec.Driver.Name}}' s; e secret inspect nosuch >/dev/null 2>&1; echo $?
        e run $n --secret s busybox sh -c 'cat /run/secrets/s; stat -c " %a %u:%g" /run/secrets/s'; e run $n --secret t,type=env,target=V busybox sh -c 'echo $V'; e run $n --secret s,target=/x,mode=0400,uid=1000 busybox stat -c '%a %u:%g' /x; e run $n --secret s,target=sub busybox ls /run/secrets
        e secret create t f 2>/dev/null || echo there; e secret rm nosuch 2>/dev/null || echo "not there"
        e secret rm s t | wc -l; e secret ls -q | wc -l
        """);

    [Fact]
    public void Pods() => Same(18, """
        e pod create --name p --network none | tr -d '\n' | wc -c; e pod ps --format '{{.Name}} {{.Status}}'; e pod exists p; echo $?; e run -d --pod p --name c busybox sleep 1000 | tr -d '\n' | wc -c
        e pod ps --format '{{.Name}} {{.Status}}'; e pod inspect -f '{{.Name}} {{.State}}' p
        e pod stop -t 0 p >/dev/null; echo stop $?; e inspect -f '{{.State.Status}} {{.State.ExitCode}}' c; e pod start p >/dev/null; echo start $?; e inspect -f '{{.State.Status}}' c; e pod rm p >/dev/null 2>&1 || echo "it runs"
        e pod rm -f -t 0 p >/dev/null; echo rm $?; e pod rm p >/dev/null 2>&1; echo rm $?; e pod exists p; echo $?; e ps -aq | wc -l; e pod inspect p >/dev/null 2>&1; echo inspect $?
        e pod create --name p --share nosuch >/dev/null 2>&1; echo share $?; e pod ps -q | wc -l
        """);

    [Fact]
    public void Values_that_are_refused() => Same(30, """
        for bad in '--memory 1x' '--restart sometimes' '--restart always --rm' '-v a:b' '-v /x:/y:nosuch' '-e' '--cap-add nosuch' '--user' '--name' '--network nosuch' '-p 99999:1' '--ulimit nosuch=1' '--pull sometimes' '--mount type=nosuch,dst=/x' '--device /nosuch' '--log-driver nosuch' '--sysctl nosuch' '--shm-size x' '--stop-signal NOSUCH' '--env-file /nosuch' '--ipc nosuch' '--pid container:nosuch' '--volumes-from nosuch' '--tmpfs rel' '--memory 64m --memory-swap 32m' '--security-opt nosuch' '--secret nosuch' '--label-file /nosuch' '--runtime nosuch' '--entrypoint'; do e run $n $bad busybox true >/dev/null 2>&1; echo "$bad: $?"; done
        """);

    [Fact]
    public void Where_podman_and_docker_differ_it_is_dockers_way()
    {
        (string podman, string berth) = Both("""
            e create $m --name c -v /tmp:/w:ro busybox sleep 1000 >/dev/null
            e inspect -f '{{.Name}}' c; e inspect -f '{{json .HostConfig.Binds}}' c; e start c >/dev/null; e start c; echo started; e pause c >/dev/null; e inspect -f '{{.State.Running}}' c; e unpause c >/dev/null
            e ps --filter ancestor=busybox --format '{{.Image}} {{.Command}}'; e images --format json | head -c 1; echo; e rm -f -t 0 c >/dev/null
            e run $n -w /nosuch busybox pwd 2>/dev/null; echo $?; e run $n -v $PWD/nosuch:/x busybox true 2>/dev/null; echo $?; e volume create v >/dev/null; e volume create v >/dev/null 2>&1; echo $?
            e run $n -u nosuch busybox true 2>/dev/null; echo $?; e run $n --memory 1k busybox true 2>/dev/null; echo $?
            """);
        Assert.Equal("""
            c
            ["/tmp:/w:ro,rprivate,rbind"]
            started
            false
            [
            126
            125
            125
            126
            126
            """, podman);
        // The slash, short binds, the name again, what is paused runs, a name without a registry is docker.io's, a line for each image; folders are made.
        Assert.Equal("""
            /c
            ["/tmp:/w:ro"]
            c
            started
            true
            busybox "sleep 1000"
            {
            /nosuch
            0
            0
            0
            125
            125
            """, berth);
    }
}
