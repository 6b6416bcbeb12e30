// Networks on disk: a file for each, found by name or id, replaced as a whole.
using Berth.Linux.Files;
using Berth.Network.Contract;
using Berth.Oci.Faults;

namespace Berth.Engine.Networks;

/// <summary>
/// <c>ROOT/networks/NAME.json</c>: the name is taken by the file. <c>ROOT/networks/allocation.lock</c> is held while a name, a subnet
/// and a bridge's name are chosen; <c>RUN/networks/ID.lock</c> while one network gets a new attachment or is removed.
/// </summary>
internal sealed class NetworkFolder(string root, string run)
{
    private const string Suffix = ".json";
    private readonly string _folder = $"{root}/networks";

    public FileLock LockAllocation() => FileLock.Take($"{_folder}/allocation.lock");

    public FileLock LockNetwork(string id) => FileLock.Take($"{run}/networks/{id}.lock");

    public bool Exists(string name) => KernelFile.Exists(PathOf(name));

    /// <summary>Reads one by its very name; null where there is none.</summary>
    public NetworkRecord? Named(string name) => OwnWay.Named(name) is { } own ? own :
        IsName(name) && KernelFile.TryRead(PathOf(name), out _) is { } bytes ? RecordJson.Read(bytes, PathOf(name), NetworkJson.Read) : null;

    /// <summary>Finds one by name, id, or the beginning of its id.</summary>
    /// <exception cref="BerthException">InvalidArgument: several ids begin so.</exception>
    public NetworkRecord? Find(string nameOrId)
    {
        if (Named(nameOrId) is { } named) return named;
        NetworkRecord? found = null;
        foreach (NetworkRecord network in nameOrId.Length > 0 && IsHexadecimal(nameOrId) ? All() : [])
        {
            if (!network.Id.StartsWith(nameOrId, StringComparison.Ordinal)) continue;
            if (found is not null) throw new BerthException(Fault.InvalidArgument, $"network {nameOrId} is ambiguous: {found.Name} and {network.Name} have ids that begin so");
            found = network;
        }
        return found;
    }

    /// <summary>All, by name.</summary>
    public List<NetworkRecord> All()
    {
        List<NetworkRecord> all = [];
        List<string> names = KernelPath.List(_folder);
        names.Sort(StringComparer.Ordinal);
        foreach (string file in names)
        {
            // One may have been removed since.
            if (file.EndsWith(Suffix, StringComparison.Ordinal) && Named(file[..^Suffix.Length]) is { } network) all.Add(network);
        }
        return all;
    }

    public void Write(NetworkRecord network)
    {
        KernelPath.MakeDirectories(_folder, 0x1C0);
        KernelPath.WriteAtomically(PathOf(network.Name), NetworkJson.Write(network), 0x180);
    }

    public void Remove(NetworkRecord network) => KernelPath.Remove(PathOf(network.Name));

    private string PathOf(string name) => $"{_folder}/{name}{Suffix}";

    private static bool IsHexadecimal(string text)
    {
        foreach (char c in text)
        {
            if (!char.IsAsciiHexDigitLower(c)) return false;
        }
        return true;
    }

    /// <summary>Whether it may be a network's name.</summary>
    public static bool IsName(string name)
    {
        try
        {
            CniNames.RequireNetworkName(name);
            // Room for a container's id and an interface beside it in the name of a file.
            return name.Length <= 128;
        }
        catch (CniException)
        {
            return false;
        }
    }
}
