// Whatever a plugin throws, as the error object that its caller reads.
using Berth.Linux;
using Berth.Network.Contract;
using Berth.Oci.Faults;

namespace Berth.Network.Plugins;

/// <summary>Exceptions as errors of CNI.</summary>
internal static class PluginFaults
{
    public static CniException Of(Exception e) => e switch
    {
        CniException cni => cni,
        BerthException fault => new CniException(CodeOf(fault.Kind), fault.Message, fault.Hint, fault),
        LinuxException kernel => new CniException(CniCode.Internal, kernel.Message, null, kernel),
        _ => new CniException(CniCode.Internal, e.Message.Length > 0 ? e.Message : "failed without a reason", null, e),
    };

    private static int CodeOf(Fault kind) => kind switch
    {
        Fault.InvalidArgument => CniCode.InvalidConfiguration,
        Fault.Unavailable or Fault.TimedOut => CniCode.TryAgainLater,
        _ => CniCode.Internal,
    };
}
