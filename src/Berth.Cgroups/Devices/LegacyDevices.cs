// Device rules on cgroup v1: the fewest writes from what holds to what shall hold, so that a running process never misses one.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Faults;

namespace Berth.Cgroups;

/// <summary>One line for devices.allow or devices.deny.</summary>
/// <param name="Allow">Which of the two files.</param>
/// <param name="Line">What is written.</param>
internal readonly record struct DeviceLine(bool Allow, string Line);

/// <summary>Device policies in devices.allow and devices.deny.</summary>
internal static class LegacyDevices
{
    private const string Everything = "a *:* rwm";

    /// <summary>Makes a policy hold in a directory.</summary>
    /// <param name="directory">Of the devices hierarchy.</param>
    /// <param name="policy">What shall hold.</param>
    /// <param name="isNew">No process is in it: what held before need not be looked at.</param>
    /// <exception cref="BerthException">The kernel refuses a rule.</exception>
    public static void Apply(string directory, DevicePolicy policy, bool isNew)
    {
        DevicePolicy? current = isNew ? null : DevicePolicy.FromList(KernelFile.ReadText(directory + "/devices.list"));
        List<DeviceLine> lines = Transition(current, policy);
        for (int i = 0; i < lines.Count;)
        {
            bool allow = lines[i].Allow;
            string file = directory + (allow ? "/devices.allow" : "/devices.deny");
            using KernelWriter writer = KernelWriter.TryOpen(file, out Errno errno) ?? throw Refused(file, "", errno);
            for (; i < lines.Count && lines[i].Allow == allow; i++)
            {
                if (!writer.TryWrite(lines[i].Line, out errno)) throw Refused(file, lines[i].Line, errno);
            }
        }
    }

    /// <summary>The lines that lead from one policy to another; from an unknown one by way of the default.</summary>
    public static List<DeviceLine> Transition(DevicePolicy? from, DevicePolicy to)
    {
        List<DeviceLine> lines = [];
        // What a list that allows by default denies cannot be read, so there is no way from it but anew.
        bool anew = from is null || from.AllowsByDefault || to.AllowsByDefault;
        if (anew && from is { AllowsByDefault: true, Exceptions.Count: 0 } && to is { AllowsByDefault: true, Exceptions.Count: 0 }) return lines;
        if (anew) lines.Add(new(to.AllowsByDefault, Everything));
        else
        {
            foreach (DeviceException old in from!.Exceptions)
            {
                DeviceAccess dropped = old.Access & ~to.AccessOf(old);
                if (dropped != DeviceAccess.None) lines.Add(new(to.AllowsByDefault, (old with { Access = dropped }).ToString()));
            }
        }
        foreach (DeviceException wanted in to.Exceptions)
        {
            DeviceAccess gained = anew ? wanted.Access : wanted.Access & ~from!.AccessOf(wanted);
            if (gained != DeviceAccess.None) lines.Add(new(!to.AllowsByDefault, (wanted with { Access = gained }).ToString()));
        }
        return lines;
    }

    private static BerthException Refused(string file, string line, Errno errno) =>
        new(CgroupTree.FaultOf(errno), $"cannot set device rule: write '{line}' to {file}: {errno.Sentence()}");
}
