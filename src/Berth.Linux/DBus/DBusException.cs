// What can go wrong between us and a peer of D-Bus; what the peer itself answers is a DBusErrorException.
namespace Berth.Linux.DBus;

/// <summary>Kinds of it.</summary>
public enum DBusTrouble
{
    /// <summary>It does not answer, or not in time.</summary>
    NoAnswer,

    /// <summary>It does not let us in.</summary>
    Rejected,

    /// <summary>What it says is no D-Bus.</summary>
    Malformed,
}

/// <summary>A conversation that did not come about.</summary>
/// <param name="trouble">What kind.</param>
/// <param name="message">A sentence.</param>
/// <param name="inner">What the kernel said.</param>
public sealed class DBusException(DBusTrouble trouble, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What kind.</summary>
    public DBusTrouble Trouble { get; } = trouble;
}
