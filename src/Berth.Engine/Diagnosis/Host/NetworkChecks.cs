// The host's network: names, forwarding, and whoever else has rules.
namespace Berth.Engine.Diagnosis.Host;

/// <summary>Checks of the network.</summary>
internal static class NetworkChecks
{
    public static Seen Resolver(HostFacts facts)
    {
        if (facts.Read("/etc/resolv.conf") is not { } text) return Seen.Failure("/etc/resolv.conf is not there, or leads nowhere", "echo nameserver 9.9.9.9 > /etc/resolv.conf");
        string[] servers = [.. text.Split('\n').Where(static line => line.StartsWith("nameserver", StringComparison.Ordinal)).Select(static line => line[10..].Trim())];
        if (servers.Length == 0) return Seen.Failure("/etc/resolv.conf names no server", "echo nameserver 9.9.9.9 >> /etc/resolv.conf");
        return Seen.Ok(string.Join(' ', servers));
    }

    public static Seen Forward(HostFacts facts) => facts.Number("/proc/sys/net/ipv4/ip_forward") switch
    {
        1 => Seen.Ok("on"),
        0 when facts.IsRoot && !facts.IsWritable("/proc/sys/net/ipv4/ip_forward") => Seen.Failure("off, and it cannot be turned on from here", "on the host: sysctl -w net.ipv4.ip_forward=1"),
        _ => Seen.Ok("off: the first network turns it on"),
    };

    public static Seen Firewalls(HostFacts facts)
    {
        List<string> found = [];
        if (facts.Exists("/run/firewalld") || facts.Exists("/var/run/firewalld.pid")) found.Add("firewalld");
        if (facts.Read("/etc/ufw/ufw.conf")?.Contains("ENABLED=yes", StringComparison.OrdinalIgnoreCase) == true) found.Add("ufw");
        // Docker sets the policy of forwarding to DROP, and lets through what is its own.
        if (facts.Exists("/run/docker.sock") || facts.Exists("/var/run/docker.sock")) found.Add("docker");
        if (found.Count == 0) return Seen.Ok("none seen");
        string cure = found.Contains("docker") ? "iptables -I DOCKER-USER -i berth+ -j ACCEPT; iptables -I DOCKER-USER -o berth+ -j ACCEPT" : found.Contains("firewalld") ? "firewall-cmd --permanent --zone=trusted --add-source=10.88.0.0/16 && firewall-cmd --reload" : "ufw route allow from 10.88.0.0/16";
        return Seen.Warning($"{string.Join(", ", found)}: if containers have no connection, look here first", cure);
    }
}
