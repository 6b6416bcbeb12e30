// Plugin tuning: sysctls of the container's network, and properties of its interface, which are given back on DEL.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Network.Calls;
using Berth.Network.Contract;

namespace Berth.Network.Plugins;

internal sealed class Tuning : IPlugin
{
    public CniResult Add(PluginCall call)
    {
        TuningConfiguration wanted = TuningConfiguration.Read(call);
        TuningAllowlist.Require(wanted.Sysctls);
        CniResult previous = call.PreviousResult ?? throw CniException.Wrong("tuning must follow another plugin of a list: prevResult is missing");
        using Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        WriteSysctls(sandbox, wanted.Sysctls);
        if (!wanted.ChangesInterface) return previous;
        NetworkLink link = sandbox.Find(call.InterfaceName);
        TuningBackup backup = TuningBackup.Of(link, wanted);
        string path = TuningBackup.Path(wanted.DataFolder, call);
        backup.Write(wanted.DataFolder, path);
        try
        {
            sandbox.Links.Change(link, wanted.Change);
        }
        catch (LinuxException e)
        {
            backup.Restore(sandbox.Links, link);
            KernelPath.Remove(path);
            throw CniException.Failed($"cannot change interface {link.Name} in {sandbox.Path}: {e.Message}", e);
        }
        return wanted.Mac.Length == 0 ? previous : previous with { Interfaces = WithMac(previous.Interfaces, call.InterfaceName, wanted.Mac) };
    }

    private static List<CniInterface> WithMac(IReadOnlyList<CniInterface> interfaces, string name, string mac)
    {
        List<CniInterface> changed = new(interfaces.Count);
        foreach (CniInterface one in interfaces) changed.Add(one.Name == name ? one with { Mac = mac } : one);
        return changed;
    }

    // /proc/sys/net is that of the network namespace in which it is opened.
    private static void WriteSysctls(Sandbox sandbox, List<TuningSysctl> sysctls)
    {
        if (sysctls.Count == 0) return;
        sandbox.Visit(() =>
        {
            foreach (TuningSysctl sysctl in sysctls)
            {
                if (!KernelFile.TryWrite(sysctl.Path, sysctl.Value, out Errno errno)) throw CniException.Failed($"cannot set {sysctl.Path} to {sysctl.Value}: {errno.Sentence()}");
            }
        });
    }

    public void Delete(PluginCall call)
    {
        string path = TuningBackup.Path(TuningConfiguration.Folder(call.Configuration), call);
        if (TuningBackup.TryRead(path) is not { } backup) return;
        using Sandbox? sandbox = Sandbox.TryOpen(call.NetworkNamespace);
        if (sandbox?.Links.Find(call.InterfaceName) is { } link) backup.Restore(sandbox.Links, link);
        KernelPath.Remove(path);
    }

    public void Check(PluginCall call)
    {
        TuningConfiguration wanted = TuningConfiguration.Read(call);
        if (call.PreviousResult is null) throw CniException.Wrong("prevResult is missing");
        using Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        sandbox.Visit(() =>
        {
            foreach (TuningSysctl sysctl in wanted.Sysctls)
            {
                string? value = KernelFile.TryReadText(sysctl.Path)?.TrimEnd('\n');
                if (value != sysctl.Value) throw CniException.Failed($"{sysctl.Path} is {value ?? "not there"}, and should be {sysctl.Value}");
            }
        });
        wanted.Verify(sandbox.Find(call.InterfaceName));
    }

    public void Collect(PluginCall call)
    {
    }

    public void Status(PluginCall call) => TuningAllowlist.Require([]);
}
