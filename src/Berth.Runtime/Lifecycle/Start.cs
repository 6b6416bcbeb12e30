// Start: the program of a created container is executed.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Hooks;
using Berth.Runtime.Lifecycle;
using Berth.Runtime.State;

namespace Berth.Runtime;

public sealed partial class ContainerRuntime
{
    /// <summary>Lets the program of a created container run.</summary>
    /// <exception cref="BerthException"><see cref="Fault.NotFound"/>, <see cref="Fault.WrongState"/>, or a hook's failure.</exception>
    public void Start(string id)
    {
        using Fd held = _store.Lock(id);
        ContainerRecord record = _store.Load(id);
        LifecycleTable.Require(Verb.Start, Facts.Observe(record, _store));
        Spec spec = LoadSpec(id);
        RunStartHooks(spec, record);
        Release(record);
        RunPoststart(spec, record);
    }

    private void RunStartHooks(Spec spec, ContainerRecord record)
    {
        if (spec.Hooks?.StartContainer is not { Count: > 0 } hooks) return;
        using Fd process = PidFd.Open(record.Pid);
        HookContext context = HooksOf(spec, "startContainer", StateFor(record, "created")) with { Inside = process, Namespaces = Entry.Kinds(spec, record.Pid) };
        try
        {
            HookRunner.Run(hooks, context);
        }
        catch
        {
            // runtime.md: a failed hook is an error, and the container is stopped and deleted.
            Abandon(record, spec);
            throw;
        }
    }

    private void RunPoststart(Spec spec, ContainerRecord record)
    {
        if (spec.Hooks?.Poststart is not { Count: > 0 } hooks) return;
        try
        {
            HookRunner.Run(hooks, HooksOf(spec, "poststart", StateFor(record, "running")));
        }
        catch
        {
            Abandon(record, spec);
            throw;
        }
    }

    private void Abandon(ContainerRecord record, Spec spec)
    {
        KillAll(record, 9);
        Remove(record, spec);
    }

    /// <summary>Opens the fifo's other end: the first process's open for writing returns, and the fifo is gone before its program runs on.</summary>
    private void Release(ContainerRecord record)
    {
        string path = _store.FifoOf(record.Id);
        using Fd fifo = KernelPath.Open(path, OpenFlags.ReadOnly | OpenFlags.NonBlocking);
        using Fd process = PidFd.Open(record.Pid);
        Span<PollEntry> entries = stackalloc PollEntry[2];
        Span<byte> one = stackalloc byte[1];
        while (true)
        {
            entries[0] = new PollEntry { Fd = fifo.Number, Events = 1 };
            entries[1] = new PollEntry { Fd = process.Number, Events = 1 };
            Poll.Wait(entries, -1);
            if ((entries[0].Returned & 1) != 0 && KernelPath.Read(fifo, one) == 1) break;
            if (entries[1].Returned != 0) throw new BerthException(Fault.WrongState, "cannot start a container that has stopped", "its first process was killed while it waited");
        }
        KernelPath.Remove(path);
    }
}
