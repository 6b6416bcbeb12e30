// Called as podman: sentences, lists and names that scripts written for podman compare, and what both dialects got with them.
namespace Berth.Engine.SystemTests;

public sealed class PodmanTests
{
    private const string Prelude = "ln -s $BIN/berth podman; p() { ./podman \"$@\"; }";

    private static string Run(string script) => EngineHost.Run(script, prelude: Prelude);

    [Fact]
    public void Called_as_podman_it_says_faults_in_podmans_sentences_and_no_hints() => Assert.Equal("""
        Error: no container with name or ID "nosuch" found: no such container
        125
        Error: nosuch: image not known
        1
        Error: no volume with name "nosuch" found: no such volume
        Error: unrecognized command `podman nosuch`
        Try 'podman --help' for more information
        125
        []
        Error: no such object: "nosuch"
        """, Run("""
        p stop nosuch 2>&1; echo $?
        p rmi nosuch 2>&1; echo $?
        p volume rm nosuch 2>&1
        p nosuch 2>&1; echo $?
        p inspect nosuch 2>&1
        left
        """));

    [Fact]
    public void Called_as_podman_it_prints_podmans_lists_names_and_ids() => Assert.Equal("""
        ["one"] ["sleep","9"] running
        sleep 9 blue
        localhost/copy:1
        64 64
        overlay
        """, Run("""
        p run -d --name one --label colour=blue busybox sleep 9 >/dev/null
        p ps --format json | tr -d ' \n' | sed 's/.*"Command":\(\[[^]]*\]\).*"Names":\(\[[^]]*\]\).*"State":"\([a-z]*\)".*/\2 \1 \3\n/'
        p ps --format '{{.Command}} {{.Label "colour"}}'
        p tag busybox copy:1; p images --format '{{.Repository}}:{{.Tag}}' | grep copy
        echo $(p image inspect -f '{{.ID}}' copy:1 | tr -d '\n' | wc -c) $(p commit -q one | tr -d '\n' | wc -c)
        p info --format '{{.Store.GraphDriverName}}'
        p rm -f -t 0 one >/dev/null
        left
        """));

    [Fact]
    public void Global_options_stand_behind_the_verb_too() => Assert.Equal("""
        1
        yes
        """, Run("""
        b ps --root $PWD/other -a --noheading | wc -l | sed s/0/1/
        b --out said version --format yes && cat said
        b version --noout
        left
        """));

    [Fact]
    public void A_volume_is_exported_and_imported_with_its_owners() => Assert.Equal("""
        f
        hi 1000
        berth: volume quick is mounted while containers use it only: it was made with options of mount(8)
        """, Run("""
        b run --rm --network none -v one:/d busybox sh -c 'echo hi > /d/f; chown 1000 /d/f'
        b volume export -o one.tar one; tar tf one.tar | grep f
        b volume create two >/dev/null; b volume import two - < one.tar
        echo $(cat $(b volume mount two)/f) $(stat -c %u $(b volume mount two)/f)
        b volume create -o type=tmpfs -o device=tmpfs quick >/dev/null; b volume export quick 2>&1 >/dev/null | head -1
        left
        """));

    [Fact]
    public void With_rmi_the_image_goes_with_its_container_unless_another_was_made_of_it() => Assert.Equal("""
        1
        warning image is in use
        0
        """, Run("""
        b import $(mktemp -u) none 2>/dev/null
        b create --name small --network none busybox true >/dev/null; b commit small other >/dev/null; b rm small >/dev/null
        b run --rmi --network none other true; b image exists other; echo $?
        b create --name user --network none busybox true >/dev/null
        b run --rmi --network none busybox true 2>&1 | sed -n 's/.*\(warning\).*\(image is in use\).*/\1 \2/p'
        b image exists busybox; echo $?
        b rm user >/dev/null
        left
        """));

    [Fact]
    public void With_depend_those_go_too_that_share_its_namespaces() => Assert.Equal("""
        125
        2
        """, Run("""
        p create --name one busybox true >/dev/null; p create --name two --network container:one busybox true >/dev/null
        p rm one 2>/dev/null; echo $?
        b rm --depend one | wc -l
        left
        """));

    [Fact]
    public void The_same_mount_may_be_said_twice() => Assert.Equal("""
        fine
        berth: duplicate mount point: /v
        """, Run("""
        b run --rm --network none -v one:/v -v one:/v busybox echo fine
        b run --rm --network none -v one:/v -v two:/v busybox true 2>&1 | head -1
        left
        """));
}
