// A plugin's refusal, as the specification writes it down: a code, a sentence, and details.
namespace Berth.Network.Contract;

/// <summary>Codes of CNI's errors (specification 1.1, "Error"); from 100 on they are a plugin's own.</summary>
public static class CniCode
{
    /// <summary>The version of the configuration is not spoken.</summary>
    public const int IncompatibleVersion = 1;

    /// <summary>A field has a value that is not supported.</summary>
    public const int UnsupportedField = 2;

    /// <summary>The container is not known; the runtime need not delete anything.</summary>
    public const int UnknownContainer = 3;

    /// <summary>An environment variable is missing or wrong.</summary>
    public const int InvalidEnvironment = 4;

    /// <summary>Reading or writing failed.</summary>
    public const int InputOutput = 5;

    /// <summary>What was read is not what it should be.</summary>
    public const int Decoding = 6;

    /// <summary>The configuration is wrong.</summary>
    public const int InvalidConfiguration = 7;

    /// <summary>The network namespace is not one to work in.</summary>
    public const int InvalidNetworkNamespace = 8;

    /// <summary>Something is in the way for the moment: try again.</summary>
    public const int TryAgainLater = 11;

    /// <summary>STATUS: the plugin cannot attach anything.</summary>
    public const int NotAvailable = 50;

    /// <summary>STATUS: the plugin cannot attach, and what is attached may have no connection.</summary>
    public const int NotAvailableLimited = 51;

    /// <summary>Ours: a port of the host is published by another container.</summary>
    public const int PortTaken = 120;

    /// <summary>Everything else that went wrong in a plugin of the reference set, and in ours.</summary>
    public const int Internal = 999;
}

/// <summary>What a plugin says instead of a result.</summary>
/// <param name="code">One of <see cref="CniCode"/>, or a plugin's own.</param>
/// <param name="message">Lower case, no full stop: what was tried, on what, why not.</param>
/// <param name="details">More of it, or a cure; or null.</param>
/// <param name="inner">The cause.</param>
public sealed class CniException(int code, string message, string? details = null, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What callers decide by.</summary>
    public int Code { get; } = code;

    /// <summary>More of it, or a cure; or null.</summary>
    public string? Details { get; } = details;

    /// <summary>A wrong configuration: code 7.</summary>
    public static CniException Wrong(string message, string? details = null) => new(CniCode.InvalidConfiguration, message, details);

    /// <summary>A failure while doing it: code 999.</summary>
    public static CniException Failed(string message, Exception? inner = null) => new(CniCode.Internal, message, null, inner);
}
