// explain: the kernel's words, and where each thing comes from.
namespace Berth.Engine.SystemTests;

public sealed class ExplainTests
{
    [Fact]
    public void Namespaces_have_the_kernels_numbers_and_say_who_else_is_in_them() => Assert.Equal("""
        same
        pid shared with container other: --pid=container:other
        user the host's
        """, EngineHost.Run("""
        b run -d --name other --network none busybox sleep 1000 >/dev/null
        b run -d --name web --network none --pid container:other busybox sleep 1000 >/dev/null
        pid=$(b inspect -f '{{.State.Pid}}' web)
        b explain --format '{{range .Sections.namespaces}}{{.Name}}:[{{.Value}}]
        {{end}}' web namespaces | sort > said
        for kind in cgroup ipc mnt net pid time user uts; do readlink /proc/$pid/ns/$kind; done | sort | diff - <(grep . said) && echo same
        b explain --format '{{range .Sections.namespaces}}{{.Name}} {{.Detail}}
        {{end}}' web namespaces | grep -E '^(pid|user)'
        b rm -f -t 0 web other >/dev/null
        left
        """));

    [Fact]
    public void Each_thing_says_where_it_comes_from_and_values_of_variables_are_kept_back() => Assert.Equal("""
        67108864 flag --memory 67108864
        flag --cap-add NET_ADMIN
        flag A
        default container
        image /
        0
        1
        """, EngineHost.Run("""
        b run -d --name web --network none -m 64m --cap-add NET_ADMIN -e A=secret busybox sleep 1000 >/dev/null
        b explain --format '{{range .Sections.limits}}{{.Value}} {{.Origin}} {{.Detail}}
        {{end}}' web limits | grep -e --memory
        b explain --format '{{range .Sections.capabilities}}{{.Name}}: {{.Origin}} {{.Detail}}
        {{end}}' web capabilities | sed -n 's/^more than usual: //p'
        b explain --format '{{range .Sections.environment}}{{.Origin}} {{.Name}}
        {{end}}' web environment | grep -E ' (A|container)$' | sort -r
        b explain --format '{{range .Sections.mounts}}{{.Origin}} {{.Name}}
        {{end}}' web mounts | head -1
        b explain web | grep -c secret; b explain --show-values web environment | grep -c secret
        b rm -f -t 0 web >/dev/null
        left
        """));

    [Fact]
    public void Of_one_that_does_not_run_it_says_what_would_be_and_makes_nothing() => Assert.Equal("""
        flag /there
        flag /new
        none
        1
        """, EngineHost.Run("""
        b create --name idle --network none -u web -v /run/work/nosuch:/there -v new:/new busybox true >/dev/null
        b explain --format '{{range .Sections.mounts}}{{.Origin}} {{.Name}}
        {{end}}' idle mounts | grep -E '/(there|new)$'
        b explain --format '{{(index .Sections.capabilities 0).Value}}' idle capabilities
        [ -e nosuch ] && echo made; b explain idle | grep -c 'does not run'
        b rm idle >/dev/null; b volume rm new >/dev/null
        left
        """));
}
