// Where a runtime finds plugins, keeps what it attached, and how it calls.
using Berth.Network.Cache;

namespace Berth.Network.Runtime;

/// <summary>Whom a type of plugin means when it is both ours and in a folder.</summary>
public enum Prefer
{
    /// <summary>Ours, called like a function.</summary>
    InProcess,

    /// <summary>The program in the folder.</summary>
    Executed,
}

/// <summary>How a <see cref="CniRuntime"/> works.</summary>
public sealed record CniRuntimeOptions
{
    /// <summary>CNI_PATH: folders with plugins of others.</summary>
    public IReadOnlyList<string> PluginFolders { get; init; } = ["/opt/cni/bin", "/usr/libexec/cni", "/usr/lib/cni"];

    /// <summary>The folder above results.</summary>
    public string CacheFolder { get; init; } = ResultCache.Standard;

    /// <summary>Whom a type means that both have.</summary>
    public Prefer Prefer { get; init; }

    /// <summary>Told what each step of an operation was, and when it began and ended, in nanoseconds of CLOCK_MONOTONIC.</summary>
    public Action<string, long, long>? Observe { get; init; }

    /// <summary>How long an executed plugin may take; DHCP needs a minute to give up.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);
}
