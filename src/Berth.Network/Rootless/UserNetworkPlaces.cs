// Where the network of an ordinary user keeps its files.
namespace Berth.Network.Rootless;

/// <summary>Files below <c>STATE/usernet</c>.</summary>
internal static class UserNetworkPlaces
{
    public static string Directory(string state) => state.TrimEnd('/') + "/usernet";

    /// <summary>Locked (flock) by the side that stays on the host.</summary>
    public static string Lock(string directory) => directory + "/server.lock";

    /// <summary>Where it answers that it has seen everything.</summary>
    public static string Socket(string directory) => directory + "/server.socket";

    /// <summary>The process that is in the namespaces, and when it began.</summary>
    public static string Inside(string directory) => directory + "/inside";

    /// <summary>What the name server of its networks asks.</summary>
    public static string ResolvConf(string directory) => directory + "/resolv.conf";

    /// <summary>Where containers reach the host: of those on bridges, or of one that has its own way (the attachment's name).</summary>
    public static string Host(string directory, string name) => name.Length == 0 ? directory + "/host" : $"{directory}/{name}{HostSuffix}";

    /// <summary>Behind the attachment's name.</summary>
    public const string HostSuffix = ".host";

    /// <summary>What pasta or slirp4netns said.</summary>
    public static string LinkLog(string directory) => directory + "/link.log";
}
