// What a client calls, and what it sends along.
namespace Berth.Rpc.Ttrpc;

/// <summary>A method of a service. Generated classes have one for each of theirs.</summary>
/// <param name="service">Name of the service, with its package.</param>
/// <param name="name">Name of the method.</param>
public readonly struct TtrpcMethod(string service, string name)
{
    /// <summary>Name of the service, with its package.</summary>
    public string Service { get; } = service;

    /// <summary>Name of the method.</summary>
    public string Name { get; } = name;
}

/// <summary>What goes along with a call.</summary>
public readonly struct TtrpcOptions
{
    /// <summary>How long the caller will wait, in nanoseconds; zero is "as long as it takes". The server is told; watching the clock is the caller's.</summary>
    public long TimeoutNano { get; init; }

    /// <summary>Keys (in lower case) and values.</summary>
    public (string Key, string Value)[]? Metadata { get; init; }

    /// <summary>Whether messages come and go one by one.</summary>
    public TtrpcStreaming Streaming { get; init; }
}

/// <summary>Who sends more than one message in a call.</summary>
public enum TtrpcStreaming
{
    /// <summary>Nobody: one request, one response.</summary>
    None,

    /// <summary>The server.</summary>
    Server,

    /// <summary>The client; the server too, if it wants.</summary>
    Client,
}
