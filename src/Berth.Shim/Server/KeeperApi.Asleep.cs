// The containers of a shim that sleeps.
using Berth.Shim.Contract.Protos;
using Berth.Shim.Keeping;

namespace Berth.Shim.Server;

internal sealed partial class KeeperApi
{
    /// <summary>Whether all containers run, and nothing is under way in any.</summary>
    public bool IsStill
    {
        get
        {
            foreach (Ward ward in _wards.Values)
            {
                if (!ward.IsStill) return false;
            }
            return _wards.Count > 0;
        }
    }

    /// <summary>Writes down what is known; the descriptors that are named stay open through execve from now on.</summary>
    public void FallAsleep(Asleep state, SleepingDescriptors descriptors)
    {
        (state.OomScore, state.HasOomScore, state.Syncs, state.LastEvent) = (oomScore ?? "", oomScore is not null, _syncs, _events.Last);
        state.Events.AddRange(_events.Known);
        foreach (Ward ward in _wards.Values) state.Wards.Add(ward.FallAsleep(descriptors));
    }

    /// <summary>Goes on where another program has left it.</summary>
    public void WakeUp(Asleep state)
    {
        _syncs = state.Syncs;
        _events.WakeUp(state.LastEvent, state.Events);
        foreach (AsleepWard one in state.Wards) _wards[one.Request!.Id] = new Ward(loop, _events, one, oomScore) { EndedForGood = () => Changed?.Invoke() };
    }
}
