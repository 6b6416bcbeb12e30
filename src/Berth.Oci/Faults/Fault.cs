// The few kinds of fault that every floor speaks; each front end maps a kind to an exit code, a status or a text in one switch.
namespace Berth.Oci.Faults;

/// <summary>What kind of thing went wrong, independent of any dialect's words for it.</summary>
public enum Fault
{
    /// <summary>An unexpected failure, usually of a system call.</summary>
    Failed,

    /// <summary>What was asked for does not exist.</summary>
    NotFound,

    /// <summary>The name or id is taken.</summary>
    Conflict,

    /// <summary>The request or a configuration file is malformed or contradicts itself.</summary>
    InvalidArgument,

    /// <summary>The object exists but is not in a state that allows the verb.</summary>
    WrongState,

    /// <summary>The caller or the host's policy does not permit it.</summary>
    Denied,

    /// <summary>This host (kernel, architecture, missing helper) cannot do it.</summary>
    Unsupported,

    /// <summary>Something needed is not reachable or did not answer in time.</summary>
    Unavailable,

    /// <summary>The time that the caller had given was over before it was done.</summary>
    TimedOut,

    /// <summary>A limit (memory, disk, processes, size of input) was reached.</summary>
    Exhausted,

    /// <summary>The program to execute was not found: exit code 127.</summary>
    CommandNotFound,

    /// <summary>The program to execute was found and cannot be executed: exit code 126.</summary>
    CommandNotExecutable,
}
