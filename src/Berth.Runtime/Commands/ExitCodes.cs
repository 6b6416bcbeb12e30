// Kinds of fault to exit codes, in one switch.
using Berth.Oci.Faults;

namespace Berth.Runtime.Commands;

internal static class ExitCodes
{
    /// <summary>Under runc's name runc's codes. Else 126 and 127 as a shell has them; else the command's own code for failure (255 for exec, as runc).</summary>
    public static int Of(Exception e, CommandInfo? command, string program) => program == "runc" ? command?.FailureCode ?? 1 : (e as BerthException)?.Kind switch
    {
        Fault.CommandNotFound => 127,
        Fault.CommandNotExecutable => 126,
        _ => command?.FailureCode ?? 1,
    };
}
