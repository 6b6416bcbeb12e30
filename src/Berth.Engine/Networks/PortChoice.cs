// Ports of the host for a container: those asked for if no program has them, free ones for the rest.
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Oci.Faults;

namespace Berth.Engine.Networks;

/// <summary>Chooses ports. Other containers' are not looked for: the packet filter takes each port once, and says so.</summary>
internal static class PortChoice
{
    private const int Attempts = 200;

    /// <summary>Chooses one for each request.</summary>
    /// <param name="requests">What was asked for.</param>
    /// <param name="network">The network, which says where ports are published that name no address, and whether the host has a part in it.</param>
    /// <param name="taken">Ports that turned out to be taken.</param>
    /// <exception cref="BerthException">Conflict: a program of the host has one. Exhausted: none is free.</exception>
    public static List<PortBinding> Choose(IReadOnlyList<PortRequest> requests, NetworkRecord network, HashSet<PortBinding> taken)
    {
        List<PortBinding> chosen = [];
        NetworkSettings settings = NetworkSettings.Of(network.Spec);
        foreach (PortRequest request in requests)
        {
            IPAddress? address = request.HostAddress ?? settings.HostBinding;
            PortBinding binding = IsOfHost(network, settings, address) ? Choose(request, address, taken, chosen) : new PortBinding(0, request.ContainerPort, request.Protocol, address);
            if (chosen.Contains(binding)) continue;
            if (chosen.Exists(other => Collide(other, binding) && other.ContainerPort != binding.ContainerPort)) throw new BerthException(Fault.InvalidArgument, $"cannot publish {binding}: the host's port is given to another port of the same container");
            chosen.Add(binding);
        }
        return chosen;
    }

    // Routed, a container is reached at its own address, and the host gives no port.
    private static bool IsOfHost(NetworkRecord network, NetworkSettings settings, IPAddress? address)
    {
        foreach (SubnetSpec subnet in network.Subnets)
        {
            if (address is not null && subnet.Is4 != (address.AddressFamily == AddressFamily.InterNetwork)) continue;
            if (!(subnet.Is4 ? settings.Routed4 : settings.Routed6)) return true;
        }
        return network.Subnets.Count == 0 || !(settings.Routed4 || settings.Routed6);
    }

    /// <summary>Whether two take the same port of the host: as with sockets, all addresses and one of them do, IPv4 and IPv6 do not.</summary>
    internal static bool Collide(PortBinding one, PortBinding other) =>
        one.HostPort == other.HostPort && one.HostPort != 0 && one.Protocol == other.Protocol
        && (one.HostAddress is null || other.HostAddress is null || (one.HostAddress.AddressFamily == other.HostAddress.AddressFamily && (one.HostAddress.Equals(other.HostAddress) || IsAny(one.HostAddress) || IsAny(other.HostAddress))));

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static PortBinding Choose(PortRequest request, IPAddress? address, HashSet<PortBinding> taken, List<PortBinding> own)
    {
        if (!request.IsOpen)
        {
            PortBinding asked = new(request.HostFirst, request.ContainerPort, request.Protocol, address);
            return IsFree(asked) ? asked : throw new BerthException(Fault.Conflict, $"cannot publish {asked}: the host's port is in use{PortHolder.Find(asked)}", "choose another port, or end that program") { Code = FaultCode.PortTaken };
        }
        if (request.HostFirst != 0)
        {
            for (int port = request.HostFirst; port <= request.HostLast; port++)
            {
                PortBinding next = new((ushort)port, request.ContainerPort, request.Protocol, address);
                if (!own.Exists(other => Collide(other, next)) && !taken.Contains(next) && IsFree(next)) return next;
            }
            throw new BerthException(Fault.Conflict, $"cannot publish port {request.ContainerPort}/{request.Protocol}: none of the host's ports {request.HostFirst}-{request.HostLast} is free") { Code = FaultCode.PortTaken };
        }
        (int first, int last) = Ephemeral();
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            PortBinding next = new((ushort)Random.Shared.Next(first, last + 1), request.ContainerPort, request.Protocol, address);
            if (!own.Exists(other => Collide(other, next)) && !taken.Contains(next) && IsFree(next)) return next;
        }
        throw new BerthException(Fault.Exhausted, $"cannot publish port {request.ContainerPort}/{request.Protocol}: of {Attempts} ports between {first} and {last} none is free") { Code = FaultCode.PortTaken };
    }

    private static (int First, int Last) Ephemeral()
    {
        string[] words = KernelFile.TryReadText("/proc/sys/net/ipv4/ip_local_port_range")?.Split(['\t', ' ', '\n'], StringSplitOptions.RemoveEmptyEntries) ?? [];
        return words.Length == 2 && int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first) && int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out int last) && first < last && last < 65536
            ? (first, last) : (49153, 65535);
    }

    // A program that listens would not hear any more who comes from outside, and nobody would say so.
    private static bool IsFree(PortBinding binding)
    {
        if (binding.Protocol == "sctp") return true;
        return IsFree(binding, binding.HostAddress ?? IPAddress.Any) && (binding.HostAddress is not null || IsFree(binding, IPAddress.IPv6Any));
    }

    private static bool IsFree(PortBinding binding, IPAddress address)
    {
        try
        {
            InetEndpoint endpoint = new(address, binding.HostPort);
            using Fd socket = binding.Protocol == "udp" ? InetSocket.BindDatagram(endpoint, 4096) : InetSocket.Listen(endpoint, 1);
            return true;
        }
        catch (LinuxException e) when (e.Errno is Errno.EADDRINUSE)
        {
            return false;
        }
        // Privileged, or of a version of IP that the host has not got: then nobody listens there.
        catch (LinuxException)
        {
            return true;
        }
    }
}

/// <summary>Which program of the host has a port.</summary>
internal static class PortHolder
{
    /// <summary>" by name (pid 1)", or nothing where it is not known.</summary>
    public static string Find(PortBinding binding)
    {
        foreach (string table in (ReadOnlySpan<string>)[$"/proc/net/{binding.Protocol}", $"/proc/net/{binding.Protocol}6"])
        {
            foreach (string line in (KernelFile.TryReadText(table) ?? "").Split('\n'))
            {
                string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (words.Length < 10 || !words[1].EndsWith($":{binding.HostPort:X4}", StringComparison.Ordinal)) continue;
                // 0A listens; of UDP, 07 is bound and not connected.
                if (words[3] is "0A" or "07" && Process(words[9]) is { } holder) return holder;
            }
        }
        return "";
    }

    private static string? Process(string inode)
    {
        foreach (string pid in KernelPath.List("/proc"))
        {
            if (!char.IsAsciiDigit(pid[0])) continue;
            foreach (string fd in KernelPath.List($"/proc/{pid}/fd"))
            {
                if (KernelPath.ReadLink($"/proc/{pid}/fd/{fd}") == $"socket:[{inode}]") return $" by {KernelFile.TryReadText($"/proc/{pid}/comm")?.Trim()} (process {pid})";
            }
        }
        return null;
    }
}
