// The caller's side of CNI, libcni's role: a network's plugins one after the other, and what is remembered between calls.
using Berth.Linux;
using Berth.Network.Cache;
using Berth.Network.Calls;
using Berth.Network.Contract;
using Berth.Network.Lists;
using Berth.Oci.Faults;

namespace Berth.Network.Runtime;

/// <summary>
/// Attaches containers to networks. Calls of different attachments may run at the same time; of one attachment one after the other.
/// A plugin of ours works on the calling thread, also in other network namespaces, and leaves it in its own.
/// </summary>
/// <param name="options">Where plugins and the cache are.</param>
public sealed class CniRuntime(CniRuntimeOptions options)
{
    private readonly ResultCache _cache = new(options.CacheFolder);

    /// <summary>What is attached, by us and by everybody else who uses the folder.</summary>
    public ResultCache Cache => _cache;

    /// <summary>ADD. After a fault the caller calls <see cref="Delete"/>: plugins before the one that failed have done their part.</summary>
    /// <returns>The last plugin's result.</returns>
    /// <exception cref="BerthException">A plugin refused: a <see cref="CniException"/> is inside.</exception>
    public CniResult Add(NetworkList list, AttachmentRequest request)
    {
        ArgumentNullException.ThrowIfNull(list);
        ArgumentNullException.ThrowIfNull(request);
        PluginChain chain = new(options, list, CniCommand.Add) { Request = request };
        return chain.Guard(() =>
        {
            CniNames.RequireContainerId(request.ContainerId);
            CniNames.RequireInterfaceName(request.InterfaceName);
            CniResult? result = null;
            foreach (PluginConfiguration plugin in list.Plugins) result = chain.Call(plugin, result);
            chain.Commit();
            result ??= new CniResult();
            _cache.Store(Remember(list, request), result, list.CniVersion);
            return result;
        });
    }

    /// <summary>DEL, last plugin first. What is gone already is no fault; the namespace may be gone too.</summary>
    /// <exception cref="BerthException">A plugin could not undo its part; it can be tried again.</exception>
    public void Delete(NetworkList list, AttachmentRequest request)
    {
        ArgumentNullException.ThrowIfNull(list);
        ArgumentNullException.ThrowIfNull(request);
        CachedAttachment? cached = null;
        PluginChain named = new(options, list, CniCommand.Delete) { Request = request };
        named.Guard(() => { cached = _cache.Find(list.Name, request.Attachment); });
        if (cached is not null) request = Completed(request, cached);
        PluginChain chain = new(options, list, CniCommand.Delete) { Request = request };
        chain.Guard(() =>
        {
            CniResult? previous = CniVersions.AtLeast(list.CniVersion, "0.4.0") ? Result(list, request, cached) : null;
            try
            {
                for (int i = list.Plugins.Count - 1; i >= 0; i--) chain.Call(list.Plugins[i], previous);
            }
            finally
            {
                // Also what the plugins before a failure wanted removed: nobody would remember it.
                chain.Commit();
            }
            _cache.Remove(list.Name, request.Attachment);
        });
    }

    /// <summary>CHECK.</summary>
    /// <exception cref="BerthException">Unsupported: the list's version does not know it. Else a plugin found something else than it made.</exception>
    public void Check(NetworkList list, AttachmentRequest request)
    {
        ArgumentNullException.ThrowIfNull(list);
        ArgumentNullException.ThrowIfNull(request);
        PluginChain chain = new(options, list, CniCommand.Check) { Request = request };
        chain.Guard(() =>
        {
            if (!CniVersions.AtLeast(list.CniVersion, "0.4.0"))
            {
                throw new BerthException(Fault.Unsupported, $"cannot check the network {list.Name}: configuration version \"{list.CniVersion}\" does not support the CHECK command");
            }
            if (list.DisableCheck) return;
            CachedAttachment? cached = _cache.Find(list.Name, request.Attachment);
            CniResult? previous = cached?.Result is { } json ? CniJson.ReadResult(json, CniVersions.Oldest) : null;
            foreach (PluginConfiguration plugin in list.Plugins) chain.Call(plugin, previous);
        });
    }

    /// <summary>GC: undoes attachments to the network that are remembered and not valid, and has each plugin look for more.</summary>
    /// <param name="list">The network.</param>
    /// <param name="valid">All attachments to it that are to stay.</param>
    /// <exception cref="BerthException">Something could not be removed; everything was tried.</exception>
    public void Collect(NetworkList list, IReadOnlyCollection<AttachmentId> valid)
    {
        ArgumentNullException.ThrowIfNull(list);
        ArgumentNullException.ThrowIfNull(valid);
        if (list.DisableCollect) return;
        HashSet<AttachmentId> stays = [.. valid];
        List<BerthException> faults = [];
        foreach (CachedAttachment cached in Attached(list))
        {
            if (!stays.Contains(cached.Attachment)) Try(faults, () => Delete(list, Request(cached)));
        }
        if (CniVersions.AtLeast(list.CniVersion, "1.1.0"))
        {
            foreach (PluginConfiguration plugin in list.Plugins)
            {
                PluginChain chain = new(options, list, CniCommand.Collect) { Valid = [.. stays] };
                Try(faults, () => chain.Guard(() =>
                {
                    chain.Call(plugin, null);
                    chain.Commit();
                }));
            }
        }
        if (faults.Count == 1) throw faults[0];
        if (faults.Count > 1) throw new BerthException(faults[0].Kind, string.Join("; ", faults.ConvertAll(static one => one.Message)), null, faults[0]);
    }

    /// <summary>STATUS: whether the network's plugins are ready. Before version 1.1.0 they cannot be asked, and it is assumed.</summary>
    /// <exception cref="BerthException">Unavailable: the first that is not.</exception>
    public void Status(NetworkList list)
    {
        ArgumentNullException.ThrowIfNull(list);
        PluginChain chain = new(options, list, CniCommand.Status);
        chain.Guard(() =>
        {
            if (!CniVersions.AtLeast(list.CniVersion, "1.1.0")) return;
            foreach (PluginConfiguration plugin in list.Plugins) chain.Call(plugin, null);
        });
    }

    /// <summary>VERSION: which versions a plugin speaks.</summary>
    /// <exception cref="BerthException">NotFound: there is none of that type.</exception>
    public IReadOnlyList<string> Versions(string type)
    {
        try
        {
            return FoundPlugin.Find(options, type).Versions(options.Timeout);
        }
        catch (CniException e)
        {
            throw new BerthException(Fault.NotFound, $"cannot ask the plugin {type} for its versions: {e.Message}", null, e);
        }
    }

    /// <summary>That every plugin of the list is there and speaks its version.</summary>
    /// <exception cref="BerthException">NotFound, Unsupported.</exception>
    public void Validate(NetworkList list)
    {
        ArgumentNullException.ThrowIfNull(list);
        foreach (PluginConfiguration plugin in list.Plugins)
        {
            bool speaks = false;
            foreach (string version in Versions(plugin.Type)) speaks |= version == list.CniVersion;
            if (!speaks) throw new BerthException(Fault.Unsupported, $"cannot use the network {list.Name}: plugin {plugin.Type} does not support config version \"{list.CniVersion}\"");
        }
    }

    /// <summary>The result of the ADD; null when nothing is remembered.</summary>
    public CniResult? Result(NetworkList list, AttachmentRequest request)
    {
        ArgumentNullException.ThrowIfNull(list);
        ArgumentNullException.ThrowIfNull(request);
        return Result(list, request, _cache.Find(list.Name, request.Attachment));
    }

    private CniResult? Result(NetworkList list, AttachmentRequest request, CachedAttachment? cached)
    {
        if (cached?.Result is not { } json) return null;
        try
        {
            CniResult result = CniJson.ReadResult(json);
            // It must also be sayable in the list's version, which may be another one than at the time of ADD.
            CniJson.WriteResult(result, list.CniVersion);
            return result;
        }
        catch (CniException)
        {
            _cache.Remove(list.Name, request.Attachment);
            return null;
        }
    }

    private List<CachedAttachment> Attached(NetworkList list)
    {
        try
        {
            List<CachedAttachment> all = [.. _cache.All()];
            return all.FindAll(one => one.NetworkName == list.Name);
        }
        catch (LinuxException e)
        {
            throw new BerthException(Fault.Failed, $"cannot collect the network {list.Name}: {e.Message}", null, e);
        }
    }

    private static CachedAttachment Remember(NetworkList list, AttachmentRequest request) => new()
    {
        NetworkName = list.Name,
        Attachment = request.Attachment,
        NetworkNamespace = request.NetworkNamespace ?? "",
        Configuration = list.Text,
        Arguments = request.Arguments,
        Capabilities = request.Capabilities,
    };

    private static AttachmentRequest Completed(AttachmentRequest request, CachedAttachment cached) => request with
    {
        Arguments = request.Arguments.Count > 0 ? request.Arguments : cached.Arguments,
        Capabilities = request.Capabilities.Count > 0 ? request.Capabilities : cached.Capabilities,
    };

    private static AttachmentRequest Request(CachedAttachment cached) => new()
    {
        ContainerId = cached.Attachment.ContainerId,
        InterfaceName = cached.Attachment.InterfaceName,
        NetworkNamespace = cached.NetworkNamespace,
    };

    private static void Try(List<BerthException> faults, Action action)
    {
        try
        {
            action();
        }
        catch (BerthException e)
        {
            faults.Add(e);
        }
    }
}
