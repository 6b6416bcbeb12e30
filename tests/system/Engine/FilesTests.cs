// cp: files into containers, out of them and between them, whoever is inside.
namespace Berth.Engine.SystemTests;

public sealed class FilesTests
{
    [Fact]
    public void Files_and_folders_go_where_docker_puts_them_while_the_container_is_made_runs_is_paused_and_has_ended() => Assert.Equal("""
        made: /root /root/d /root/d/g /root/f /root/new /root/new/g
        0 0 755
        running: one
        paused: two
        ended: two
        three three three
        1000 644
        0 644
        """, EngineHost.Run("""
        echo one > f; mkdir d; echo g > d/g; chmod 755 f; chown -R 1234:1234 f d
        b create --name c -v vol:/data --network none busybox sleep 1000 >/dev/null
        b cp -q f c:/root/; b cp -q d c:/root/new; b cp -q d c:/root; b cp -q d/. c:/data
        b start c >/dev/null
        echo made: $(b exec c find /root | sort); b exec c stat -c '%u %g %a' /root/f; b exec c cmp /data/g /root/d/g
        b cp -q f c:/tmp/x; echo running: $(b exec c cat /tmp/x)
        b pause c >/dev/null; echo two > f; b cp -q f c:/root/f; echo paused: $(b cp c:/root/f - | tar xO); b unpause c >/dev/null
        b stop -t 0 c >/dev/null; echo ended: $(b cp c:/root/f - | tar xO)
        echo three > f; for n in 1 2 3; do b cp -q f c:/root/f$n & p[$n]=$!; done; wait ${p[@]}
        b start c >/dev/null; b exec c sh -c 'echo $(cat /root/f?)'
        b cp -q -a c:/data/file kept; stat -c '%u %a' kept; b cp -q c:/data/file mine; stat -c '%u %a' mine
        b rm -f c >/dev/null; b volume rm vol >/dev/null
        left
        """));

    [Fact]
    public void What_cannot_be_copied_is_said_and_changes_nothing() => Assert.Equal("""
        /run/work/nosuch is not there
        c:/nosuch is not there
        destination directory c:/nosuch/ must exist
        cannot copy a directory to c:/root/f: it is a file
        must specify at least one container source
        cannot overwrite directory 'd' with non-directory
        destination "c:/root/f" must be a directory
        cannot write to c:/ro/x: it is read-only in the container
        replaced
        """, EngineHost.Run("""
        echo one > f; echo two > d; mkdir e
        b create --name c --network none -v $PWD/e:/ro:ro busybox true >/dev/null; b cp -q f c:/root; mkdir x; b cp -q x c:/root/d
        said() { b "$@" 2>&1 >/dev/null | head -1 | sed 's/^[^ ]*: //'; }
        said cp nosuch c:/; said cp c:/nosuch .; said cp f c:/nosuch/; said cp e c:/root/f; said cp f g; said cp d c:/root; tar c f | b cp - c:/root/f 2>&1 | head -1 | sed 's/^[^ ]*: //'; said cp f c:/ro/x
        b cp -q --overwrite d c:/root && b cp c:/root/d - | tar xO | grep -q two && echo replaced
        b rm c >/dev/null
        left
        """));

    [Fact]
    public void A_container_that_is_hostile_leads_nobody_out_of_it() => Assert.Equal("""
        root:x:0:0:root:/root:/bin/sh
        /etc/shadow
        fifo
        untouched
        d
        """, EngineHost.Run("""
        mkdir host; echo untouched > host/file
        b run -d --name c --network none busybox sh -c '
            cd /root; ln -s ../../../../../../etc up; ln -s /etc/shadow link; mkfifo pipe; mknod sda b 8 0; ln -s '$PWD'/host out; mkdir d
            ln -s loop loop
            while :; do mv d d2; ln -s '$PWD'/host d; rm d; mv d2 d; done' >/dev/null
        until_ b exec c test -L /root/loop
        b cp -q c:/root/up/passwd p; head -1 p; b cp -q c:/root/link .; readlink link
        b cp -q c:/root/pipe .; stat -c %F pipe; b cp -q c:/root/sda . 2>/dev/null; ls -d sda 2>/dev/null
        echo evil > file
        for n in $(seq 20); do b cp -q file c:/root/d/ 2>/dev/null; b cp -q file c:/root/out/ 2>/dev/null; done
        b cp -q c:/root/loop/x . 2>/dev/null && echo loop
        cat host/*; mkdir t; ln -s /run/work/host t/d; printf x > t/f; tar -C t -cf - d > evil.tar; rm t/d; mkdir t/d; echo evil > t/d/file; tar -C t -rf evil.tar d/file
        mkdir into; b cp -q evil.tar c:/tmp/; b exec c sh -c 'cd /tmp; mkdir x; tar xf evil.tar -C x 2>/dev/null; true'; b cp - c:/tmp < evil.tar 2>/dev/null
        b cp -q c:/tmp/d/. into 2>/dev/null; grep -rl evil host; ls t | head -1
        b rm -f c >/dev/null
        left
        """));

    [Fact]
    public void From_one_container_to_another_and_as_a_stream() => Assert.Equal("""
        a b
        d/ d/g
        in
        """, EngineHost.Run("""
        b run -d --name one --network none busybox sh -c 'mkdir /x; touch /x/a /x/b; ln /x/a /x/c; sleep 1000' >/dev/null; b create --name two --network none busybox true >/dev/null
        until_ b exec one test -e /x/c
        b exec one rm /x/c; b cp -q one:/x two:/y; echo $(b cp two:/y/. - | tar t | grep -v '^\./*$' | sed 's,^\./,,')
        mkdir d; echo in > d/g; tar c d | b cp - one:/tmp; echo $(b cp one:/tmp/d - | tar t); b exec one cat /tmp/d/g
        b rm -f one two >/dev/null
        left
        """));
}
