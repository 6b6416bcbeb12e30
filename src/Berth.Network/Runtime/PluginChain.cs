// One operation on one network: its plugins are called with what belongs together, and its faults name what was tried.
using Berth.Linux;
using Berth.Linux.Processes;
using Berth.Network.Calls;
using Berth.Network.Contract;
using Berth.Network.Firewall;
using Berth.Network.Lists;
using Berth.Network.Plugins;
using Berth.Oci.Faults;

namespace Berth.Network.Runtime;

/// <summary>Calls plugins of a list; ours put their changes of the packet filter into one transaction.</summary>
internal sealed class PluginChain(CniRuntimeOptions options, NetworkList list, CniCommand command)
{
    private RuleChanges _rules = new();
    private string _plugin = "";

    /// <summary>For ADD, DEL and CHECK.</summary>
    public AttachmentRequest? Request { get; init; }

    /// <summary>For GC.</summary>
    public IReadOnlyList<AttachmentId>? Valid { get; init; }

    /// <summary>Calls one plugin.</summary>
    public CniResult? Call(PluginConfiguration plugin, CniResult? previous) => Observed($"plugin {plugin.Type}", () => Perform(plugin, previous));

    private CniResult? Perform(PluginConfiguration plugin, CniResult? previous)
    {
        _plugin = plugin.Type;
        FoundPlugin found = FoundPlugin.Find(options, plugin.Type);
        byte[] input = new PluginInput
        {
            List = list,
            Plugin = plugin,
            Previous = previous,
            Valid = Valid,
            Capabilities = Request?.Capabilities ?? new Dictionary<string, string>(),
        }.ToJson();
        PluginConfiguration configuration = CniJson.Configuration(input);
        // A program checks its version itself, and may know one that we do not.
        if (found.Ours is not null) PluginCalls.RequireVersion(command, configuration.CniVersion);
        PluginCall call = new()
        {
            Command = command,
            Configuration = configuration,
            PreviousResult = previous,
            Valid = Valid ?? [],
            ContainerId = Request?.ContainerId ?? "",
            NetworkNamespace = found.Ours is null ? Request?.NetworkNamespace : PluginCalls.Namespace(command, Request?.NetworkNamespace),
            InterfaceName = Request?.InterfaceName ?? "",
            Arguments = Request?.Arguments ?? [],
            Path = options.PluginFolders,
            Rules = _rules,
            NamespaceEnds = Request?.NamespaceEnds == true,
        };
        if (found.Ours is not null) return PluginCalls.Perform(found.Ours, call);
        Commit();
        _plugin = plugin.Type;
        return ExecutedPlugin.Call(found.Path, call, input, options.Timeout);
    }

    /// <summary>Makes the changes that were collected up to here.</summary>
    public void Commit()
    {
        _plugin = "";
        Observed<object?>("commit rules of the packet filter", () =>
        {
            _rules.Commit();
            return null;
        });
        _rules = new RuleChanges();
    }

    private T Observed<T>(string step, Func<T> action)
    {
        if (options.Observe is not { } observe) return action();
        long began = Self.Monotonic;
        T result = action();
        observe(step, began, Self.Monotonic);
        return result;
    }

    /// <summary>Runs the operation; its faults say which network, container and plugin.</summary>
    public T Guard<T>(Func<T> operation)
    {
        try
        {
            return operation();
        }
        catch (Exception e) when (e is CniException or LinuxException || (e is BerthException && _plugin.Length > 0))
        {
            throw Told(e);
        }
    }

    /// <inheritdoc cref="Guard{T}"/>
    public void Guard(Action operation) => Guard<object?>(() =>
    {
        operation();
        return null;
    });

    private BerthException Told(Exception e)
    {
        string what = command switch
        {
            CniCommand.Add => $"attach container {Request!.ContainerId} to network {list.Name} as {Request.InterfaceName}",
            CniCommand.Delete => $"detach container {Request!.ContainerId} from network {list.Name} ({Request.InterfaceName})",
            CniCommand.Check => $"check {Request!.InterfaceName} of container {Request.ContainerId} on network {list.Name}",
            CniCommand.Collect => $"collect what is left on network {list.Name}",
            _ => $"use network {list.Name}",
        };
        CniException cause = PluginFaults.Of(e);
        string who = _plugin.Length > 0 ? $"plugin {_plugin}: " : "";
        string details = cause.Details is null || e is BerthException ? "" : $"; {cause.Details}";
        return new BerthException(e is BerthException fault ? fault.Kind : Kind(cause.Code), $"cannot {what}: {who}{cause.Message}{details}", (e as BerthException)?.Hint, cause);
    }

    private static Fault Kind(int code) => code switch
    {
        CniCode.IncompatibleVersion or CniCode.UnsupportedField => Fault.Unsupported,
        CniCode.UnknownContainer => Fault.NotFound,
        CniCode.InvalidEnvironment or CniCode.Decoding or CniCode.InvalidConfiguration or CniCode.InvalidNetworkNamespace => Fault.InvalidArgument,
        CniCode.PortTaken => Fault.Conflict,
        CniCode.TryAgainLater or CniCode.NotAvailable or CniCode.NotAvailableLimited => Fault.Unavailable,
        _ => Fault.Failed,
    };
}
