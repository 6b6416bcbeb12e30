// Folders of networks, and the service of names that works in one of them.
using Berth.Network.Names;
using Berth.Network.Rootless;
using Berth.Network.Runtime;

namespace Berth.Engine.Networks;

/// <summary>Where things are.</summary>
internal sealed class NetworkPlaces(string run, string? nameServer)
{
    private NameService? _names;

    /// <summary>The network of an ordinary user, where this is in one; null: this host's.</summary>
    public UserNetwork? User { get; } = Rootless.UserSession.HasNetwork ? new UserNetwork(run) : null;

    /// <summary>Folder of what does not outlive the host's start.</summary>
    public string Run { get; } = run;

    /// <summary>Folder above results of plugins.</summary>
    public string Cache => $"{Run}/cni";

    /// <summary>Folder above leases.</summary>
    public string Leases => $"{Run}/leases";

    /// <summary>Names.</summary>
    public NameService Names => _names ??= new NameService(new NameServiceOptions { State = Run, Program = Program(nameServer), ResolvConf = User?.ResolvConf ?? "/etc/resolv.conf" });

    /// <summary>berth-cni: where it was said to be, or where it is found.</summary>
    public static string Program(string? said) => said ?? OwnProgram.Find();
}
