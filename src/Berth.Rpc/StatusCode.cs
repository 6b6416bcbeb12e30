// The status codes of gRPC, which ttrpc uses too.
namespace Berth.Rpc;

/// <summary>How a call ended, with gRPC's numbers.</summary>
public enum StatusCode
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>The caller gave up.</summary>
    Canceled = 1,

    /// <summary>A failure that no other code describes.</summary>
    Unknown = 2,

    /// <summary>The request contradicts itself, whatever the state of the server.</summary>
    InvalidArgument = 3,

    /// <summary>Time ran out.</summary>
    DeadlineExceeded = 4,

    /// <summary>What was asked for does not exist.</summary>
    NotFound = 5,

    /// <summary>What was to be made exists.</summary>
    AlreadyExists = 6,

    /// <summary>The caller may not do this.</summary>
    PermissionDenied = 7,

    /// <summary>A limit was reached.</summary>
    ResourceExhausted = 8,

    /// <summary>The state of the thing does not allow this.</summary>
    FailedPrecondition = 9,

    /// <summary>A conflict with another call; trying again may help.</summary>
    Aborted = 10,

    /// <summary>Beyond the end.</summary>
    OutOfRange = 11,

    /// <summary>No such service or method, or not supported here.</summary>
    Unimplemented = 12,

    /// <summary>The server broke its own rules.</summary>
    Internal = 13,

    /// <summary>Not reachable at present.</summary>
    Unavailable = 14,

    /// <summary>Data was lost.</summary>
    DataLoss = 15,

    /// <summary>The caller did not say who it is.</summary>
    Unauthenticated = 16,
}
