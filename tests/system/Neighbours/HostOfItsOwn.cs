// A network and places for CNI that an engine takes for the host's: nothing of the machine's own is touched.
namespace Berth.SystemTests.Neighbours;

/// <summary>Shell words that make such a place, for the one command that follows.</summary>
internal static class HostOfItsOwn
{
    /// <summary>The plugins that are judged: the reference's, and ours.</summary>
    public static TheoryData<string> Plugins => [Reference, Ours];

    public const string Reference = "/usr/lib/cni";

    public static string Ours => Path.Combine(RuntimeUnderTest.Checkout, "out/bin/cni");

    /// <summary>Runs a script where /opt/cni/bin has the plugins, /etc/cni/net.d one list, and the network is empty but for a loopback.</summary>
    /// <param name="dock">Whose folder it is.</param>
    /// <param name="plugins">Folder of the plugins.</param>
    /// <param name="list">The list.</param>
    /// <param name="script">What is run.</param>
    public static Command Command(Dock dock, string plugins, string list, string script)
    {
        Machine.NeedsPath($"{plugins}/bridge", "the plugins are not there");
        foreach (string program in (string[])["unshare", "ip", "nft", "socat"]) Machine.NeedsProgram(program);
        string file = dock.NewFile($"list-{Random.Shared.Next():x}.conflist", list);
        // Copies, not links: a plugin of ours is known by the name that it is called by.
        return dock.Tool("unshare", "-n", "-m", "sh", "-c", $"""
            set -e
            mount -t tmpfs tmpfs /opt; mkdir -p /opt/cni/bin
            for p in {plugins}/*; do cp -L "$p" /opt/cni/bin/; done
            mkdir -p /etc/cni/net.d /var/lib/cni
            mount -t tmpfs tmpfs /etc/cni/net.d; mount -t tmpfs tmpfs /var/lib/cni
            cp {file} /etc/cni/net.d/10-list.conflist
            ip link set lo up
            {script}
            """).Patience(TimeSpan.FromMinutes(2));
    }

    /// <summary>The script succeeded and said all of this.</summary>
    public static void Contains(Outcome outcome, params string[] texts)
    {
        foreach (string text in texts) Assert.True(outcome.Output.Contains(text, StringComparison.Ordinal), $"\"{text}\" is missing in {outcome}");
    }

    /// <summary>A bridge with a published port, as an administrator writes it.</summary>
    public const string BridgeAndPorts = """
        {"cniVersion": "1.0.0", "name": "berthtest", "plugins": [
          {"type": "bridge", "bridge": "br-test", "isGateway": true, "isDefaultGateway": true, "ipMasq": true, "hairpinMode": true,
           "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.77.0.0/16"}]]}},
          {"type": "portmap", "capabilities": {"portMappings": true}},
          {"type": "firewall"}]}
        """;
}
