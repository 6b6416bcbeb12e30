// A container that is kept by a shim that sleeps.
using System.Globalization;
using Berth.Cgroups;
using Berth.Linux;
using Berth.Shim.Contract.Protos;

namespace Berth.Shim.Keeping;

internal sealed partial class KeptContainer
{
    /// <summary>Whether it runs, and nobody is at it: no call of the runtime, no process that was executed and runs.</summary>
    public bool IsStill => Init.IsStill && _exists && _runningExecs == 0 && _execs.Values.All(static exec => exec is { Status: ProcessStatus.Stopped, Deleting: null }) && !_isMaking && _heldEnd is null && !_runtime.IsUnderWay;

    /// <summary>Its state; the descriptors that it names stay open through execve from now on.</summary>
    public void FallAsleep(AsleepWard state, SleepingDescriptors descriptors)
    {
        Init.FallAsleep(state, descriptors);
        foreach (KeptProcess exec in _execs.Values)
        {
            state.Execs.Add(new Process { ExecId = exec.Id, Pid = (uint)exec.Pid, StartedAt = exec.StartedAt, ExitedAt = exec.ExitedAt, ExitStatus = (uint)exec.ExitStatus });
            if (exec.IsForgotten) state.Forgotten.Add(exec.Id);
        }
        if (_cgroups?.Record is { } cgroups)
        {
            state.CgroupMode = (uint)cgroups.Mode;
            foreach ((Controller controller, string path) in cgroups.Paths) state.Cgroups.Add(string.Create(CultureInfo.InvariantCulture, $"{(int)controller}:{path}"));
        }
        if (_memory?.Stand is not { } watch) return;
        (state.CgroupOfMemory, state.MemoryKills) = (watch.Directory, watch.Kills);
        (state.MemoryCounter, state.MemoryControl) = (descriptors.Pass(watch.Counter), descriptors.Pass(watch.Control));
        foreach (Fd watched in watch.Watched) state.MemoryWatched.Add(descriptors.Pass(watched));
    }

    /// <summary>A process that was executed in it, and had ended when the shim fell asleep.</summary>
    public KeptProcess AddEnded(Process state)
    {
        KeptProcess process = new(_loop, state.ExecId, new Stdio("", "", "", false) { IsKept = true });
        process.WakeUpEnded(state);
        return _execs[state.ExecId] = process;
    }

    /// <summary>Goes on where another program has left it.</summary>
    public void WakeUp(AsleepWard state)
    {
        _exists = true;
        Init.WakeUp(state);
        List<KeyValuePair<Controller, string>> paths = [];
        foreach (string one in state.Cgroups)
        {
            int colon = one.IndexOf(':');
            paths.Add(new((Controller)int.Parse(one.AsSpan(0, colon), CultureInfo.InvariantCulture), one[(colon + 1)..]));
        }
        if (paths.Count > 0) _cgroups = CgroupTree.Open(new CgroupRecord { Mode = (CgroupMode)state.CgroupMode, Paths = paths });
        if (state.CgroupOfMemory.Length > 0)
        {
            _memory = MemoryWatch.Resume(new MemoryWatch.Standing(state.CgroupOfMemory, state.MemoryKills, SleepingDescriptors.Take(state.MemoryCounter), SleepingDescriptors.Take(state.MemoryControl), state.MemoryWatched.ConvertAll(static number => SleepingDescriptors.Take(number)!)));
            _memory.LookWith(_loop, SawMemory);
            _memory.LookOnce(SawMemory);
        }
        _loop.OnExit(Init.Pid, status => Take(Init, status));
    }
}
