// A shell script on a host of its own: network, mounts and processes that nobody else sees and that end with it.
using System.Diagnostics;

namespace Berth.Network.SystemTests;

internal static class PrivateHost
{
    /// <summary>The checkout that the tests belong to.</summary>
    public static string Checkout { get; } = FindCheckout();

    /// <summary>Our plugins.</summary>
    public static string Plugins => Path.Combine(Checkout, "out/bin/cni");

    private static string FindCheckout()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Berth.slnx"))) return folder.FullName;
        }
        throw new InvalidOperationException("the tests do not lie in a checkout");
    }

    /// <summary>Runs a script of bash with /run and /var/lib/cni empty, and a loopback that is up.</summary>
    /// <returns>What it said.</returns>
    public static string Run(string script, int seconds = 120)
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root");
        Assert.SkipUnless(File.Exists($"{Plugins}/bridge"), "berth-cni is not built");
        ProcessStartInfo start = new("timeout") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (string word in (ReadOnlySpan<string>)["-s", "KILL", $"{seconds}", "unshare", "-n", "-m", "-p", "--fork", "--kill-child", "--mount-proc", "bash", "-c"]) start.ArgumentList.Add(word);
        start.ArgumentList.Add($$"""
            set -u
            mount -t tmpfs tmpfs /run; mkdir -p /run/netns /run/lock /var/lib/cni; mount -t tmpfs tmpfs /var/lib/cni
            ip link set lo up
            B={{Plugins}}
            export CNI_PATH=$B
            {{script}}
            """);
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        string said = output.GetAwaiter().GetResult();
        Assert.True(process.ExitCode == 0, $"exit code {process.ExitCode}\n{said}\n{error.GetAwaiter().GetResult()}");
        return said;
    }

    /// <summary>Functions to attach and detach a container to a bridge with a published port: <c>add ID PORT</c>, <c>del ID PORT</c>, <c>left</c> counts what is there.</summary>
    public const string Chain = """
        br='{"cniVersion":"1.0.0","name":"net","type":"bridge","bridge":"br0","isGateway":true,"isDefaultGateway":true,"ipMasq":true,"ipam":{"type":"host-local","ranges":[[{"subnet":"10.30.0.0/16"}]]}}'
        call() { CNI_COMMAND=$1 CNI_CONTAINERID=$2 CNI_NETNS=/run/netns/$2 CNI_IFNAME=eth0 $B/$3; }
        ports() { echo "{\"cniVersion\":\"1.0.0\",\"name\":\"net\",\"type\":\"portmap\",\"runtimeConfig\":{\"portMappings\":[{\"hostPort\":$1,\"containerPort\":80,\"protocol\":\"tcp\"}]}${2:+,\"prevResult\":$2}}"; }
        add() { local r; r=$(echo "$br" | call ADD $1 bridge) && ports $2 "$r" | call ADD $1 portmap > /dev/null; }
        del() { ports $2 | call DEL $1 portmap && echo "$br" | call DEL $1 bridge; }
        left() { echo "leases $(ls /var/lib/cni/networks/net | grep -c '^10\.') links $(ip -o link | grep -c 'veth') elements $(nft -j list table inet berth 2>/dev/null | grep -o '"comment": "net ' | wc -l) chains $(nft list table inet berth 2>/dev/null | grep -c 'chain to-')"; }
        """;
}
