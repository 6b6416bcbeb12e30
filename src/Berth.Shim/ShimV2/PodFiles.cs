// Files that all containers of a pod see: its names, its resolver, its shared memory. Without a podsandbox of containerd's they are the shim's to give.
using System.Text;
using System.Text.Json;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Mounts;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Shim.ShimV2.Protos;

namespace Berth.Shim.ShimV2;

/// <summary>Makes them in the pod's bundle, and mounts them into containers by adding to their config.json.</summary>
internal static class PodFiles
{
    private const string Folder = "files";
    private const string MemoryOptions = "mode=1777,size=67108864";

    private static readonly (string Name, string Place)[] s_files = [("hostname", "/etc/hostname"), ("hosts", "/etc/hosts"), ("resolv.conf", "/etc/resolv.conf"), ("shm", "/dev/shm")];

    /// <summary>Makes them.</summary>
    /// <exception cref="LinuxException">The bundle cannot be written to.</exception>
    public static void Make(PodSpec pod, string bundle)
    {
        string folder = $"{bundle}/{Folder}";
        KernelPath.MakeDirectory(folder, 0x1ED);
        string name = pod.HostName.Length > 0 ? pod.HostName : (KernelFile.TryReadText("/proc/sys/kernel/hostname") ?? "").Trim();
        Write($"{folder}/hostname", name + "\n");
        Write($"{folder}/hosts", KernelFile.TryReadText("/etc/hosts") ?? "");
        Write($"{folder}/resolv.conf", pod.Config?.DnsConfig is { } dns ? Resolver(dns) : KernelFile.TryReadText("/etc/resolv.conf") ?? "");
        // Root of another user namespace could not use what belongs to ours: there each container keeps its own.
        if ((pod.Made & Namespaces.Ipc) == 0 || pod.UsersOfNetwork || pod.IdMaps is not null) return;
        KernelPath.MakeDirectory($"{folder}/shm", 0x1C0);
        HostMount.Mount("shm", $"{folder}/shm", "tmpfs", MountFlags.NoExec | MountFlags.NoSuid | MountFlags.NoDev, MemoryOptions);
    }

    /// <summary>Takes them away.</summary>
    public static void Clear(string bundle)
    {
        string folder = $"{bundle}/{Folder}";
        HostMount.Detach($"{folder}/shm");
        foreach ((string name, _) in s_files)
        {
            if (!KernelPath.RemoveDirectory($"{folder}/{name}")) KernelPath.Remove($"{folder}/{name}");
        }
        KernelPath.RemoveDirectory(folder);
    }

    /// <summary>Has a container see them, where its configuration has nothing else for those places.</summary>
    /// <exception cref="BerthException">Its configuration cannot be read.</exception>
    public static void Give(string pod, string container)
    {
        // It is written into JSON as it is; containerd's names of pods and folders have none of these.
        if (pod.AsSpan().IndexOfAny('"', '\\', '\n') >= 0) throw new BerthException(Fault.InvalidArgument, $"bundle {pod} has a character in its path that a configuration cannot bear");
        string path = $"{container}/config.json";
        byte[] config = KernelFile.Read(path);
        Spec spec = SpecReader.Read(config);
        List<string> mounts = [];
        foreach ((string name, string place) in s_files)
        {
            string source = $"{pod}/{Folder}/{name}";
            if (KernelFile.Exists(source) && !IsTaken(spec, place)) mounts.Add(Entry(source, place, spec.Root?.ReadOnly == true && name != "shm"));
        }
        if (mounts.Count > 0) KernelPath.WriteAtomically(path, WithMounts(config, mounts), 0x1B6);
    }

    /// <summary>In the format of resolv.conf(5).</summary>
    internal static string Resolver(DNSConfig dns)
    {
        StringBuilder text = new();
        if (dns.Searches.Count > 0) text.Append("search ").Append(string.Join(' ', dns.Searches)).Append('\n');
        foreach (string server in dns.Servers) text.Append("nameserver ").Append(server).Append('\n');
        if (dns.Options.Count > 0) text.Append("options ").Append(string.Join(' ', dns.Options)).Append('\n');
        return text.ToString();
    }

    /// <summary>The configuration as it was, with more mounts behind its own.</summary>
    internal static byte[] WithMounts(ReadOnlySpan<byte> config, IReadOnlyList<string> mounts)
    {
        string added = string.Join(',', mounts);
        Utf8JsonReader json = new(config);
        while (json.Read())
        {
            if (json.TokenType != JsonTokenType.PropertyName || json.CurrentDepth != 1 || !json.ValueTextEquals("mounts"u8)) continue;
            json.Read();
            if (json.TokenType != JsonTokenType.StartArray) break;
            int start = (int)json.TokenStartIndex;
            json.Skip();
            int end = (int)json.TokenStartIndex;
            bool isEmpty = config[(start + 1)..end].Trim(" \t\r\n"u8).IsEmpty;
            return [.. config[..end], .. Encoding.UTF8.GetBytes(isEmpty ? added : "," + added), .. config[end..]];
        }
        int brace = config.IndexOf((byte)'{');
        return [.. config[..(brace + 1)], .. Encoding.UTF8.GetBytes($"\"mounts\":[{added}],"), .. config[(brace + 1)..]];
    }

    /// <summary>A tmpfs for shared memory is everybody's default, and says nothing.</summary>
    private static bool IsTaken(Spec spec, string place)
    {
        foreach (MountSpec mount in spec.Mounts ?? [])
        {
            if (mount.Destination == place && (place != "/dev/shm" || mount.Type != "tmpfs")) return true;
        }
        return false;
    }

    private static string Entry(string source, string place, bool readOnly) =>
        "{\"destination\":\"" + place + "\",\"type\":\"bind\",\"source\":\"" + source + "\",\"options\":[\"rbind\",\"rprivate\",\"" + (readOnly ? "ro" : "rw") + "\"]}";

    private static void Write(string path, string text) => KernelPath.WriteAtomically(path, Encoding.UTF8.GetBytes(text), 0x1A4);
}
