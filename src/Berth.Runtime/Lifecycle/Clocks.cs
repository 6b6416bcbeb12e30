// Clock offsets of a new time namespace (time_namespaces(7)).
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Lifecycle;

internal static class Clocks
{
    /// <exception cref="BerthException">The kernel refuses an offset.</exception>
    public static void Write(int pid, LinuxSpec linux)
    {
        StringBuilder lines = new();
        foreach ((string clock, TimeOffsetSpec offset) in linux.TimeOffsets!) lines.Append(clock).Append(' ').Append(offset.Secs).Append(' ').Append(offset.Nanosecs).Append('\n');
        if (KernelFile.TryWrite($"/proc/{pid}/timens_offsets", lines.ToString(), out Errno errno)) return;
        throw new BerthException(Fault.InvalidArgument, $"cannot set linux.timeOffsets: {errno.Sentence()}", errno == Errno.ERANGE ? "a clock may not become negative" : null);
    }
}
