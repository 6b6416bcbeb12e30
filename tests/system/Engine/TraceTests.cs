// run --trace: from the command to the container's first instruction, across all programs that take part.
namespace Berth.Engine.SystemTests;

/// <summary>The timeline.</summary>
public sealed class TraceTests
{
    private const string Parts = """python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); e=[x for x in d["traceEvents"] if x["ph"]=="X"]; print(" ".join(sorted({x["cat"] for x in e}))); w=e[0]; print(w["name"], all(x["ts"]>=0 and x["ts"]+x["dur"]<=w["ts"]+w["dur"]+1000 for x in e), len(e)>50)'""";

    [Fact]
    public void A_start_is_told_step_by_step_by_all_who_take_part() => Assert.Equal("""
        hello
        container engine network runtime shim
        berth run True True
        True
        """.Trim(), EngineHost.Run($$"""
        b run --rm --trace t.json busybox echo hello
        {{Parts}} t.json
        b run --rm --network none --trace t.otlp.json busybox true
        python3 -c 'import json; d=json.load(open("t.otlp.json")); s=[x for r in d["resourceSpans"] for p in r["scopeSpans"] for x in p["spans"]]; i={x["spanId"] for x in s}; print(len({x["traceId"] for x in s})==1 and sum(x.get("parentSpanId") not in i for x in s)==1)'
        left
        """));

    [Fact]
    public void A_start_that_fails_has_a_timeline_too_and_its_own_exit_code() => Assert.Equal("""
        127
        1
        """.Trim(), EngineHost.Run($$"""
        b run --rm --network none --trace - busybox nosuch 2> said; echo $?
        grep -c 'berth run .* failed$' said
        left
        """));
}
