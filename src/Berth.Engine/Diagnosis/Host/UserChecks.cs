// What ordinary users need; root does without.
using System.Globalization;

namespace Berth.Engine.Diagnosis.Host;

/// <summary>Checks for ordinary users.</summary>
internal static class UserChecks
{
    private const uint SetUserId = 0x800;

    public static Seen LentIds(HostFacts facts)
    {
        if (facts.IsRoot) return Seen.Ok("root needs none");
        foreach (string file in (ReadOnlySpan<string>)["/etc/subuid", "/etc/subgid"])
        {
            long count = 0;
            foreach (string line in (facts.Read(file) ?? "").Split('\n'))
            {
                string[] parts = line.Split(':');
                if (parts.Length == 3 && parts[0] == facts.User && long.TryParse(parts[2], out long some)) count += some;
            }
            if (count == 0) return Seen.Failure($"{file} lends {facts.User} nothing", $"as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {facts.User}");
            if (count < 65536) return Seen.Warning($"{file} lends {facts.User} {count} ids: images have up to 65536", $"as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {facts.User}");
        }
        return Seen.Ok("65536 or more");
    }

    public static Seen Mappers(HostFacts facts)
    {
        foreach (string name in (ReadOnlySpan<string>)["newuidmap", "newgidmap"])
        {
            string cure = "apt install uidmap (Debian), dnf install shadow-utils (Fedora)";
            if (facts.Find(name) is not { } path) return facts.IsRoot ? Seen.Ok($"{name} is not installed, and root does not need it") : Seen.Failure($"{name} is not installed", cure);
            if (facts.ModeOf(path) is { } mode && (mode & SetUserId) == 0 && !facts.HasCapabilities(path)) return facts.IsRoot ? Seen.Ok($"{path} has no setuid bit") : Seen.Warning($"{path} has neither the setuid bit nor a capability", $"getcap {path}; as root: chmod u+s {path}");
        }
        return Seen.Ok("newuidmap and newgidmap");
    }

    public static Seen Network(HostFacts facts)
    {
        string? pasta = facts.Find("pasta"), slirp = facts.Find("slirp4netns");
        if ((pasta ?? slirp) is { } path) return Seen.Ok(path);
        return facts.IsRoot ? Seen.Ok("neither is installed, and root does not need them") : Seen.Failure("neither pasta nor slirp4netns is installed", "apt install passt, dnf install passt");
    }

    public static Seen LowPorts(HostFacts facts)
    {
        long first = facts.Number("/proc/sys/net/ipv4/ip_unprivileged_port_start") ?? 1024;
        string words = $"from {first.ToString(CultureInfo.InvariantCulture)} on";
        return facts.IsRoot || first <= 80 ? Seen.Ok(words) : Seen.Warning(words, "as root, if ports such as 80 are to be published: sysctl -w net.ipv4.ip_unprivileged_port_start=80");
    }
}
