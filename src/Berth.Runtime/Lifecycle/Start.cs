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
        using Fd held = _store.TryLock(id) ?? LockToStart(id);
        ContainerRecord record = _store.Load(id);
        LifecycleTable.Require(Verb.Start, Facts.Observe(record, _store));
        Spec spec = LoadSpec(id);
        using NotifyProxy? notify = NotifyProxy.Open(_store, id);
        RunStartHooks(spec, record);
        using Fd? process = notify is null ? null : PidFd.Open(record.Pid);
        Release(record);
        if (spec.Process?.Args is not { Count: > 0 }) _options.Warn("there was nothing to execute: config.json has no process");
        RunPoststart(spec, record);
        if (process is null) return;
        // It runs: nobody else needs to wait until it is ready.
        held.Dispose();
        notify!.Await(process, record.Pid);
    }

    /// <summary>Another start is waited for, a create is not: the hook that asks for it would wait for itself.</summary>
    private Fd LockToStart(string id)
    {
        LifecycleTable.Require(Verb.Start, Facts.Observe(_store.Load(id), _store));
        return _store.Lock(id);
    }

    private void RunStartHooks(Spec spec, ContainerRecord record)
    {
        if (spec.Hooks?.StartContainer is not { Count: > 0 } hooks) return;
        HookContext context = HooksOf(spec, "startContainer", StateFor(record, "created")) with
        {
            DefaultEnvironment = ProcessEnvironment.Of(spec.Process!, record.Rootfs, 0),
            // The image may have brought this program: it gets no more than the container's own.
            Run = command => RunConfined(record, spec, command),
        };
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

    /// <summary>One byte into the fifo. Opening it fails where nobody waits at the other end any more.</summary>
    private void Release(ContainerRecord record)
    {
        string path = _store.FifoOf(record.Id);
        using Fd? fifo = KernelPath.TryOpen(path, OpenFlags.WriteOnly | OpenFlags.NonBlocking);
        if (fifo is null) throw new BerthException(Fault.WrongState, "cannot start a container that has stopped", "its first process was killed while it waited");
        KernelPath.WriteAll(fifo, "0"u8, path);
        KernelPath.Remove(path);
    }
}
