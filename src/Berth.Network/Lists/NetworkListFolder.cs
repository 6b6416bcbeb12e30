// A folder of network configuration lists, /etc/cni/net.d as a rule.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Network.Contract;
using Berth.Oci.Faults;

namespace Berth.Network.Lists;

/// <summary>Loads lists in libcni's order: by name of their files.</summary>
/// <param name="path">The folder.</param>
public sealed class NetworkListFolder(string path)
{
    /// <summary>Where engines keep lists.</summary>
    public const string Standard = "/etc/cni/net.d";

    /// <summary>All lists; files of one plugin are lists of one. The first is the one that a container gets when nobody says which.</summary>
    /// <param name="broken">Told of files that are none; without it they are faults.</param>
    /// <exception cref="BerthException">InvalidArgument: a file is no list.</exception>
    public IReadOnlyList<NetworkList> All(Action<string, BerthException>? broken = null)
    {
        List<NetworkList> lists = [];
        foreach (string file in Files(path, ".conflist", ".conf", ".json"))
        {
            try
            {
                lists.Add(Read(file));
            }
            catch (BerthException e) when (broken is not null)
            {
                broken(file, e);
            }
        }
        return lists;
    }

    /// <summary>The list of a name: lists come before files of one plugin.</summary>
    /// <exception cref="BerthException">NotFound; InvalidArgument: a file on the way is no list.</exception>
    public NetworkList Load(string name)
    {
        foreach (string file in Files(path, ".conflist"))
        {
            if (Read(file) is var list && list.Name == name) return list;
        }
        foreach (string file in Files(path, ".conf", ".json"))
        {
            if (Read(file) is var list && list.Name == name) return list;
        }
        throw new BerthException(Fault.NotFound, $"cannot find the network {name}: no file in {path} has that name in it");
    }

    /// <summary>Reads one file, with the plugins that lie in the folder of the list's name beside it.</summary>
    /// <exception cref="BerthException">NotFound; InvalidArgument.</exception>
    public static NetworkList Read(string file)
    {
        ArgumentNullException.ThrowIfNull(file);
        byte[] text = Content(file);
        return NetworkList.Guard(file, () =>
        {
            if (!file.EndsWith(".conflist", StringComparison.Ordinal)) return Single(text);
            NetworkList list = NetworkListReader.Read(text);
            if (!list.LoadOnlyInlinedPlugins) list = list with { Plugins = [.. list.Plugins, .. Beside(file, list.Name)] };
            return list.Plugins.Count > 0 ? list : throw CniException.Wrong("it has no plugins");
        });
    }

    private static NetworkList Single(byte[] text)
    {
        try
        {
            return NetworkList.ParseSingle(text);
        }
        catch (BerthException e) when (e.InnerException is CniException inner)
        {
            throw inner;
        }
    }

    private static List<PluginConfiguration> Beside(string file, string name)
    {
        List<PluginConfiguration> plugins = [];
        int slash = file.LastIndexOf('/');
        string folder = slash < 0 ? name : $"{file[..slash]}/{name}";
        foreach (string plugin in Files(folder, ".conf")) plugins.Add(NetworkListReader.Plugin(CniJson.Configuration(Content(plugin)).Json));
        return plugins;
    }

    private static List<string> Files(string folder, params ReadOnlySpan<string> endings)
    {
        List<string> files = [];
        if (KernelDirectory.TryListAll(folder, out Errno errno) is not { } names)
        {
            return errno is Errno.ENOENT or Errno.ENOTDIR ? files : throw new BerthException(Fault.Failed, $"cannot list {folder}: {new LinuxException("open", folder, errno).Message}");
        }
        foreach (string name in names)
        {
            int dot = name.LastIndexOf('.');
            if (dot >= 0 && endings.IndexOf(name[dot..]) >= 0 && KernelPath.Facts($"{folder}/{name}") is { IsDirectory: false }) files.Add($"{folder}/{name}");
        }
        files.Sort(StringComparer.Ordinal);
        return files;
    }

    private static byte[] Content(string file) => KernelFile.TryRead(file, out Errno errno) ??
        throw new BerthException(errno == Errno.ENOENT ? Fault.NotFound : Fault.Failed, $"cannot read {file}: {new LinuxException("open", file, errno).Message}");
}
