// What one plugin does, the same whether it runs as a program of its own or inside the caller.
using Berth.Network.Contract;

namespace Berth.Network.Calls;

/// <summary>
/// A CNI plugin. A call is synchronous, and what it does in another network namespace it does on the caller's thread, which is
/// back in its own when the call returns. Changes of the packet filter are put into <see cref="PluginCall.Rules"/>; whoever called commits them.
/// </summary>
public interface IPlugin
{
    /// <summary>Attaches.</summary>
    /// <returns>What is there now: the whole result of the chain up to here.</returns>
    /// <exception cref="CniException">It is not attached, and nothing of it is left.</exception>
    CniResult Add(PluginCall call);

    /// <summary>Undoes <see cref="Add"/>, however much of it is still there.</summary>
    /// <exception cref="CniException">Something is left.</exception>
    void Delete(PluginCall call);

    /// <summary>Compares what is there with <see cref="PluginCall.PreviousResult"/>.</summary>
    /// <exception cref="CniException">It is not as it was said.</exception>
    void Check(PluginCall call);

    /// <summary>Removes what belongs to this network and to none of <see cref="PluginCall.Valid"/>.</summary>
    /// <exception cref="CniException">Something could not be removed; as much as possible was.</exception>
    void Collect(PluginCall call);

    /// <summary>Says that the plugin can attach.</summary>
    /// <exception cref="CniException">It cannot: codes 50 and 51.</exception>
    void Status(PluginCall call);
}
