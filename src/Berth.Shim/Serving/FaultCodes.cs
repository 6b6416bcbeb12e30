// What a caller is told of a fault: it decides by the status code.
using Berth.Oci.Faults;
using Berth.Rpc;

namespace Berth.Shim.Serving;

/// <summary>From our kinds of faults to gRPC's codes.</summary>
internal static class FaultCodes
{
    /// <summary>The code of a kind.</summary>
    public static StatusCode Of(Fault kind) => kind switch
    {
        Fault.NotFound => StatusCode.NotFound,
        Fault.Conflict => StatusCode.AlreadyExists,
        Fault.InvalidArgument => StatusCode.InvalidArgument,
        Fault.WrongState => StatusCode.FailedPrecondition,
        Fault.Denied => StatusCode.PermissionDenied,
        Fault.Unsupported => StatusCode.Unimplemented,
        Fault.TimedOut => StatusCode.DeadlineExceeded,
        Fault.Unavailable => StatusCode.Unavailable,
        Fault.Exhausted => StatusCode.ResourceExhausted,
        _ => StatusCode.Unknown,
    };
}
