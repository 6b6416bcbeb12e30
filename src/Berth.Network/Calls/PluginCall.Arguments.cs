// CNI_ARGS as plugins take them: one that a plugin does not know is a mistake, unless IgnoreUnknown is among them.
using Berth.Network.Contract;

namespace Berth.Network.Calls;

public sealed partial record PluginCall
{
    /// <summary>Refuses pairs of <see cref="Arguments"/> that a plugin does not know; engines for Kubernetes set IgnoreUnknown.</summary>
    /// <param name="known">What it knows.</param>
    /// <exception cref="CniException">There is another one.</exception>
    public void RefuseUnknownArguments(params ReadOnlySpan<string> known)
    {
        string? unknown = null;
        bool ignore = false;
        foreach (KeyValuePair<string, string> pair in Arguments)
        {
            if (pair.Key == "IgnoreUnknown") ignore = IsTrue(pair);
            else if (known.IndexOf(pair.Key) < 0) unknown ??= $"{pair.Key}={pair.Value}";
        }
        if (unknown is not null && !ignore) throw CniException.Failed($"ARGS: unknown args [\"{unknown}\"]");
    }

    private static bool IsTrue(KeyValuePair<string, string> pair) => pair.Value.ToLowerInvariant() switch
    {
        "1" or "true" => true,
        "0" or "false" => false,
        _ => throw CniException.Failed($"ARGS: error parsing value of pair \"{pair.Key}={pair.Value}\": true or false is wanted"),
    };
}
