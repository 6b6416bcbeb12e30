// Where the name server of a state directory is found, and how it is known to live.
namespace Berth.Network.Names;

/// <summary>Files below <c>STATE/dns</c>: records, the server's lock, its socket.</summary>
internal static class NamePlaces
{
    /// <summary>The directory of a state directory.</summary>
    public static string Directory(string state) => state.TrimEnd('/') + "/dns";

    /// <summary>Locked (flock) by the server for as long as it lives.</summary>
    public static string Lock(string directory) => directory + "/server.lock";

    /// <summary>Where it answers that it has seen everything.</summary>
    public static string Socket(string directory) => directory + "/server.socket";

    /// <summary>Its pid, for people.</summary>
    public static string Pid(string directory) => directory + "/server.pid";
}
