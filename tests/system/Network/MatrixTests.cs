// Our CNI runtime over our plugins and over the reference's, in every version; and plugins that are exchanged under running containers.
namespace Berth.Network.SystemTests;

public sealed class MatrixTests
{
    private const string Reference = "/usr/lib/cni";

    public static TheoryData<string, string> Cells
    {
        get
        {
            TheoryData<string, string> cells = [];
            foreach (string version in (string[])["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"])
            {
                cells.Add(version, "ours in-process");
                cells.Add(version, "ours executed");
                // Debian's are older than the newest version.
                if (version != "1.1.0") cells.Add(version, "the reference's");
            }
            return cells;
        }
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void A_list_is_attached_checked_and_detached(string version, string plugins)
    {
        Assert.SkipUnless(plugins != "the reference's" || File.Exists($"{Reference}/bridge"), "the reference plugins are not installed");
        string said = PrivateHost.Run($$"""
            how="{{(plugins == "ours in-process" ? "" : "--execute")}}"
            {{(plugins == "the reference's" ? $"export CNI_PATH={Reference}" : "")}}
            export NETCONFPATH=/run/net.d; mkdir $NETCONFPATH
            echo '{"cniVersion":"{{version}}","name":"net","plugins":[{"type":"bridge","bridge":"br0","isGateway":true,"isDefaultGateway":true,"ipMasq":true,"ipam":{"type":"host-local","subnet":"10.31.0.0/16"} },{"type":"portmap","capabilities":{"portMappings":true} } {{(version.StartsWith("0.3", StringComparison.Ordinal) ? "" : ",{\"type\":\"firewall\"}")}}]}' > $NETCONFPATH/net.conflist
            echo '{"cniVersion":"{{version}}","name":"lo","type":"loopback"}' > $NETCONFPATH/lo.conf
            ip netns add c; ip netns add d
            export CAP_ARGS='{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]}'
            $B/../berth-cni add lo /run/netns/c -i lo $how > /dev/null && $B/../berth-cni add net /run/netns/c $how > /run/result || echo "attach failed"
            CAP_ARGS= $B/../berth-cni add net /run/netns/d $how > /dev/null || echo "attach failed"
            grep -o '"cniVersion": "[^"]*"' /run/result
            ip netns exec c socat TCP-LISTEN:80,fork,reuseaddr SYSTEM:'echo seen $SOCAT_PEERADDR' > /dev/null 2>&1 &
            for i in $(seq 50); do ip netns exec c ss -ltn | grep -q :80 && break; sleep 0.05; done
            echo "host: $(timeout 2 socat -T1 - TCP:10.31.0.1:8080 < /dev/null)"
            echo "loopback: $(timeout 2 socat -T1 - TCP:127.0.0.1:8080 < /dev/null)"
            echo "neighbour: $(ip netns exec d timeout 2 socat -T1 - TCP:10.31.0.2:80 < /dev/null)"
            case {{version}} in 0.3*) ;; *) CAP_ARGS= $B/../berth-cni check net /run/netns/c $how || echo "check failed";; esac
            CAP_ARGS= $B/../berth-cni del net /run/netns/c $how || echo "detach failed"
            CAP_ARGS= $B/../berth-cni del net /run/netns/c $how || echo "second detach failed"
            CAP_ARGS= $B/../berth-cni del net /run/netns/d $how && $B/../berth-cni del lo /run/netns/c -i lo $how || echo "detach failed"
            echo "left: $(ls /var/lib/cni/networks/net | grep -c '^10') $(ls /var/lib/cni/results | wc -l) $(ip -o link | grep -c veth) $(nft list ruleset 2> /dev/null | grep -c '10\.31\.0\.[23]\|dport 8080')"
            """);
        Assert.DoesNotContain("failed", said, StringComparison.Ordinal);
        Assert.Contains($"\"cniVersion\": \"{version}\"", said, StringComparison.Ordinal);
        Assert.Contains("host: seen 10.31.0.1", said, StringComparison.Ordinal);
        Assert.Contains("loopback: seen 10.31.0.1", said, StringComparison.Ordinal);
        Assert.Contains("neighbour: seen 10.31.0.3", said, StringComparison.Ordinal);
        Assert.Contains("left: 0 0 0 0", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Reference, "$B")]
    [InlineData("$B", Reference)]
    public void What_one_set_of_plugins_attached_the_other_detaches(string first, string second)
    {
        Assert.SkipUnless(File.Exists($"{Reference}/bridge"), "the reference plugins are not installed");
        string said = PrivateHost.Run($$"""
            export NETCONFPATH=/run/net.d; mkdir $NETCONFPATH
            echo '{"cniVersion":"1.0.0","name":"net","plugins":[{"type":"bridge","bridge":"br0","isGateway":true,"ipMasq":true,"ipam":{"type":"host-local","subnet":"10.31.0.0/16"} },{"type":"portmap","capabilities":{"portMappings":true} }]}' > $NETCONFPATH/net.conflist
            ip netns add c; ip netns add d; ip netns add e
            export CAP_ARGS='{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]}'
            CNI_PATH={{first}} $B/../berth-cni add net /run/netns/c --execute > /dev/null || echo "attach failed"
            # Both give out of one pool.
            CNI_PATH={{second}} CAP_ARGS= $B/../berth-cni add net /run/netns/d --execute > /dev/null || echo "attach failed"
            CNI_PATH={{first}} CAP_ARGS= $B/../berth-cni add net /run/netns/e --execute > /dev/null || echo "attach failed"
            echo "addresses $(for i in c d e; do ip netns exec $i ip -4 -o addr show eth0; done | awk '{print $4}' | sort -u | wc -l)"
            CNI_PATH={{second}} $B/../berth-cni del net /run/netns/c --execute || echo "detach failed"
            CNI_PATH={{first}} CAP_ARGS= $B/../berth-cni del net /run/netns/d --execute || echo "detach failed"
            CNI_PATH={{second}} CAP_ARGS= $B/../berth-cni del net /run/netns/e --execute || echo "detach failed"
            echo "left: $(ls /var/lib/cni/networks/net | grep -c '^10') $(ip -o link | grep -c veth)"
            iptables -t nat -S 2> /dev/null | grep -c 'CNI-DN-\|10\.31\.0\.' || true
            """);
        Assert.DoesNotContain("failed", said, StringComparison.Ordinal);
        Assert.Contains("addresses 3", said, StringComparison.Ordinal);
        Assert.Contains("left: 0 0", said, StringComparison.Ordinal);
        // The reference's own last rules belong to no attachment.
        if (first == Reference) Assert.EndsWith("\n0\n", said, StringComparison.Ordinal);
    }
}
