// A user namespace by its maps, for mounts that show files with its ids.
using System.Globalization;
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Oci.Faults;

namespace Berth.Engine.Containers;

/// <summary>Makes one that lives as long as its descriptor.</summary>
internal static class UserNamespaceHandle
{
    /// <exception cref="BerthException">Unsupported: the host refuses the namespace or its maps.</exception>
    public static Fd Make(IdMaps ids)
    {
        Fd? space = null;
        using ChildProgram program = new();
        program.Step("hold a user namespace");
        program.SetParentDeathSignal(9);
        program.Meet(child =>
        {
            Write(child.Pid, "gid_map", ids.Gids);
            Write(child.Pid, "uid_map", ids.Uids);
            space = KernelPath.Open($"/proc/{child.Pid}/ns/user", OpenFlags.ReadOnly);
        });
        try
        {
            SpawnedChild child = program.Spawn(new SpawnOptions { Namespaces = Namespaces.User });
            child.PidFd.Dispose();
            Child.Reap(child.Pid);
            return space!;
        }
        catch (Exception e) when (e is LinuxException or StepFailedException or ChildDiedException)
        {
            space?.Dispose();
            throw new BerthException(Fault.Unsupported, $"cannot make a user namespace: {e.Message}", "the host may forbid them: look at sysctl user.max_user_namespaces", e) { Code = FaultCode.NamespacesForbidden };
        }
    }

    private static void Write(int pid, string file, IReadOnlyList<IdRange> ranges)
    {
        StringBuilder text = new();
        foreach (IdRange range in ranges) text.Append(CultureInfo.InvariantCulture, $"{range.Inside} {range.Outside} {range.Count}\n");
        if (!KernelFile.TryWrite($"/proc/{pid}/{file}", text.ToString(), out Errno errno)) throw new BerthException(Fault.InvalidArgument, $"cannot write {file} of a user namespace: {errno}", "ranges must not overlap, and must be ids that there are here");
    }
}
