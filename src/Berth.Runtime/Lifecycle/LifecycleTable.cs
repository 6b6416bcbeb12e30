// The lifecycle as one table: which verb may meet which status.
using Berth.Oci.Faults;
using Berth.Runtime.State;
using static Berth.Runtime.State.ContainerStatus;

namespace Berth.Runtime.Lifecycle;

/// <summary>Verbs that depend on the status.</summary>
public enum Verb
{
    /// <summary>Run the user's program.</summary>
    Start,

    /// <summary>Signal the first process.</summary>
    Kill,

    /// <summary>Remove the container.</summary>
    Delete,

    /// <summary>Run another process inside.</summary>
    Exec,

    /// <summary>Freeze.</summary>
    Pause,

    /// <summary>Thaw.</summary>
    Resume,

    /// <summary>Change limits.</summary>
    Update,

    /// <summary>Write an image of the processes.</summary>
    Checkpoint,

    /// <summary>Add or remove mounts.</summary>
    ChangeMounts,
}

/// <summary>What the table says.</summary>
public enum Verdict
{
    /// <summary>Not in this status.</summary>
    No,

    /// <summary>Yes.</summary>
    Yes,

    /// <summary>Only when forced.</summary>
    OnlyWithForce,
}

/// <summary>The table.</summary>
public static class LifecycleTable
{
    /// <summary>Whether the verb may be used now.</summary>
    public static Verdict May(Verb verb, ContainerStatus status) => (verb, status) switch
    {
        (Verb.Start, Created) => Verdict.Yes,
        (Verb.Kill, Created or Running or Paused) => Verdict.Yes,
        (Verb.Kill, Stopped) => Verdict.OnlyWithForce,
        (Verb.Delete, Stopped) => Verdict.Yes,
        (Verb.Delete, Creating or Created or Running or Paused) => Verdict.OnlyWithForce,
        (Verb.Exec, Created or Running) => Verdict.Yes,
        (Verb.Exec, Paused) => Verdict.OnlyWithForce,
        (Verb.Pause, Created or Running) => Verdict.Yes,
        (Verb.Resume, Paused) => Verdict.Yes,
        (Verb.Update, Created or Running or Paused) => Verdict.Yes,
        (Verb.Checkpoint, Running or Paused) => Verdict.Yes,
        (Verb.ChangeMounts, Created or Running or Paused) => Verdict.Yes,
        _ => Verdict.No,
    };

    /// <summary>Refuses a verb that the table refuses, in the words that runc's callers know.</summary>
    /// <exception cref="BerthException"><see cref="Fault.WrongState"/>.</exception>
    public static void Require(Verb verb, ContainerStatus status, bool force = false)
    {
        Verdict verdict = May(verb, status);
        if (verdict == Verdict.Yes || (verdict == Verdict.OnlyWithForce && force)) return;
        throw new BerthException(Fault.WrongState, (verb, status) switch
        {
            (Verb.Start, Stopped) => "cannot start a container that has stopped",
            (Verb.Start, Creating) => "cannot start a container that is still being created",
            (Verb.Start, _) => "cannot start an already running container",
            (Verb.Exec, Stopped) => "cannot exec in a stopped container",
            (Verb.Exec, Paused) => "cannot exec in a paused container (use --ignore-paused to override)",
            (Verb.Kill, _) => "container not running",
            (Verb.Pause, _) => "container not running",
            (Verb.ChangeMounts, _) => "container not running",
            (Verb.Resume, _) => "container not paused",
            (Verb.Checkpoint, _) => $"container cannot be checkpointed in {status.Word()} state",
            (Verb.Delete, _) => $"cannot delete container that is not stopped: {status.Word()}",
            _ => $"container is {status.Word()}",
        });
    }
}
