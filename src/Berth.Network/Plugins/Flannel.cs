// Plugin flannel: another plugin attaches the container, with the addresses that flannel's daemon gave this host.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Network.Calls;
using Berth.Network.Contract;

namespace Berth.Network.Plugins;

/// <summary>What the other plugin was told is kept in a file, by the container's id: on DEL the daemon may have another subnet, or be gone.</summary>
internal sealed class Flannel : IPlugin
{
    private const string DefaultSubnetFile = "/run/flannel/subnet.env", DefaultFolder = "/var/lib/cni/flannel";

    public CniResult Add(PluginCall call)
    {
        byte[] told = Derive(call);
        string path = PathOf(call.Configuration, call.ContainerId);
        try
        {
            KernelPath.MakeDirectories(Folder(call.Configuration), 0x1C0);
            KernelPath.WriteAtomically(path, told, 0x180);
        }
        catch (LinuxException e)
        {
            throw CniException.Failed($"cannot keep what the other plugin is told in {path}: {e.Message}", e);
        }
        try
        {
            return OtherPlugin.Call(call, told)!;
        }
        catch
        {
            KernelPath.Remove(path);
            throw;
        }
    }

    private static byte[] Derive(PluginCall call)
    {
        string file = call.Configuration.Text("subnetFile") is { Length: > 0 } said ? said : DefaultSubnetFile;
        if (KernelFile.TryRead(file, out Errno errno) is not { } text) throw CniException.Failed($"cannot read the host's subnet from {file}: {errno.Sentence()}; flannel's daemon writes it");
        return FlannelDelegate.Of(call.Configuration, FlannelSubnet.Parse(System.Text.Encoding.UTF8.GetString(text), file));
    }

    private static string Folder(PluginConfiguration configuration) => configuration.Text("dataDir") is { Length: > 0 } folder ? folder : DefaultFolder;

    private static string PathOf(PluginConfiguration configuration, string containerId) => $"{Folder(configuration)}/{containerId}";

    public void Delete(PluginCall call)
    {
        string path = PathOf(call.Configuration, call.ContainerId);
        if (KernelFile.TryRead(path, out _) is not { } told) return;
        if (IsReadable(told)) OtherPlugin.Call(call, told);
        KernelPath.Remove(path);
    }

    // A file that was half written when the machine stopped: nobody knows any more what is to be undone.
    private static bool IsReadable(byte[] told)
    {
        try
        {
            return CniJson.Configuration(told).Type.Length > 0;
        }
        catch (CniException)
        {
            return false;
        }
    }

    public void Check(PluginCall call)
    {
        string path = PathOf(call.Configuration, call.ContainerId);
        if (KernelFile.TryRead(path, out _) is not { } told) throw CniException.Failed($"cannot check container {call.ContainerId}: there is no {path}, where stands what the other plugin was told");
        PluginConfiguration other = CniJson.Configuration(told);
        if (call.Configuration.Member("prevResult") is { } previous) other = FlannelDelegate.With(other, "prevResult", previous.GetRawText());
        OtherPlugin.Call(other.Type, call with { Configuration = other });
    }

    public void Collect(PluginCall call)
    {
        HashSet<string> valid = [];
        foreach (AttachmentId attachment in call.Valid) valid.Add(attachment.ContainerId);
        PluginConfiguration? any = null;
        foreach (string container in KernelPath.List(Folder(call.Configuration)))
        {
            string path = PathOf(call.Configuration, container);
            if (KernelFile.TryRead(path, out _) is not { } told || !IsReadable(told)) continue;
            PluginConfiguration other = CniJson.Configuration(told);
            if (other.NetworkName != call.Configuration.NetworkName) continue;
            any ??= other;
            if (!valid.Contains(container)) KernelPath.Remove(path);
        }
        if (any is null || call.Configuration.Member("cni.dev/valid-attachments") is not { } list) return;
        PluginConfiguration collecting = FlannelDelegate.With(any, "cni.dev/valid-attachments", list.GetRawText());
        OtherPlugin.Call(collecting.Type, call with { Configuration = FlannelDelegate.With(collecting, "cniVersion", $"\"{call.Configuration.CniVersion}\"") });
    }

    public void Status(PluginCall call)
    {
        byte[] told;
        try
        {
            told = Derive(call);
        }
        catch (CniException e)
        {
            throw new CniException(CniCode.NotAvailable, e.Message, e.Details, e);
        }
        OtherPlugin.Call(call, told);
    }
}
