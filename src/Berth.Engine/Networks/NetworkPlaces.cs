// Folders of networks, and the services of names and of leases that work in them.
using Berth.Network.Calls;
using Berth.Network.Names;
using Berth.Network.Rootless;

namespace Berth.Engine.Networks;

/// <summary>Where things are.</summary>
internal sealed class NetworkPlaces(string run, string? nameServer)
{
    private NameService? _names;
    private string? _services;

    /// <summary>The network of an ordinary user, where this is in one; null: this host's.</summary>
    public UserNetwork? User { get; } = Rootless.UserSession.HasNetwork ? new UserNetwork(run) : null;

    /// <summary>The MTU of bridges for which none was said; 0: the kernel's.</summary>
    public Func<int> UsualMtu { get; init; } = static () => 0;

    /// <summary>Folder of what does not outlive the host's start.</summary>
    public string Run { get; } = run;

    /// <summary>Folder above results of plugins.</summary>
    public string Cache => $"{Run}/cni";

    /// <summary>Folder above leases.</summary>
    public string Leases => $"{Run}/leases";

    /// <summary>Where the daemon is that keeps leases of DHCP servers; its records are in <c>dhcp</c> beside it.</summary>
    public string DhcpSocket => $"{Run}/dhcp.sock";

    /// <summary>The program of both services: names, and leases of DHCP servers.</summary>
    public string Services => _services ??= Program(nameServer);

    /// <summary>Names.</summary>
    public NameService Names => _names ??= new NameService(new NameServiceOptions { State = Run, Program = Services, ResolvConf = User?.ResolvConf ?? "/etc/resolv.conf" });

    /// <summary>berth-cni: where it was said to be, or where it is found.</summary>
    public static string Program(string? said) => said ?? OwnProgram.Find();
}
