// Carries out a plan of limits, and says what a refusal means.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Faults;

namespace Berth.Cgroups;

/// <summary>Writes plans into the directories of one container.</summary>
internal static class LimitWriter
{
    /// <summary>Does all writes in order.</summary>
    /// <param name="plan">What to write.</param>
    /// <param name="directoryOf">The directory of a controller, or null where the container has none.</param>
    /// <exception cref="BerthException">A limit could not be set.</exception>
    public static void Run(List<LimitWrite> plan, Func<Controller, string?> directoryOf)
    {
        List<LimitWrite>? pending = null;
        for (int i = 0; i < plan.Count; i++)
        {
            LimitWrite write = plan[i];
            string directory = directoryOf(write.Controller) ?? throw NoDirectory(write.Controller);
            Errno errno = Try(directory, write);
            if ((write.OnRefusal & OnRefusal.NextIfMissing) != 0)
            {
                if (errno == Errno.ENOENT) continue;
                i++;
            }
            if (errno == Errno.EINVAL && (write.OnRefusal & OnRefusal.RetryAfterNext) != 0 && HasMore(plan, i)) (pending ??= []).Add(write);
            else if (errno != Errno.None) Refuse(directory, write, errno);
            else if (pending is { Count: > 0 }) Retry(directory, pending, last: !HasMore(plan, i));
        }
    }

    private static void Retry(string directory, List<LimitWrite> pending, bool last)
    {
        for (int i = 0; i < pending.Count; i++)
        {
            Errno errno = Try(directory, pending[i]);
            if (errno == Errno.EINVAL && !last) continue;
            if (errno != Errno.None) Refuse(directory, pending[i], errno);
            pending.RemoveAt(i--);
        }
    }

    /// <summary>Whether another write to the same controller follows.</summary>
    private static bool HasMore(List<LimitWrite> plan, int at) => at + 1 < plan.Count && plan[at + 1].Controller == plan[at].Controller;

    private static Errno Try(string directory, LimitWrite write)
    {
        if (KernelFile.TryWrite($"{directory}/{write.File}", write.Value, out Errno errno))
        {
            if ((write.OnRefusal & OnRefusal.RefuseClamping) != 0) RefuseClamping(directory, write);
            return Errno.None;
        }
        return errno == Errno.ENOENT && (write.OnRefusal & OnRefusal.IgnoreMissing) != 0 ? Errno.None : errno;
    }

    private static void RefuseClamping(string directory, LimitWrite write)
    {
        ulong asked = KeyedFile.Number(write.Value), set = KeyedFile.Number(KernelFile.TryReadText($"{directory}/{write.File}") ?? write.Value);
        if (asked > set) throw new BerthException(Fault.InvalidArgument, $"the maximum allowed cpu-shares is {set}");
        if (asked < set) throw new BerthException(Fault.InvalidArgument, $"the minimum allowed cpu-shares is {set}");
    }

    private static void Refuse(string directory, LimitWrite write, Errno errno)
    {
        if ((write.OnRefusal & OnRefusal.ExplainKey) != 0) throw NoKey(directory, write, errno);
        if (errno == Errno.EBUSY && (write.OnRefusal & OnRefusal.ExplainUsage) != 0)
        {
            string? usage = KernelFile.TryReadText(directory + "/memory.usage_in_bytes"), peak = KernelFile.TryReadText(directory + "/memory.max_usage_in_bytes");
            throw new BerthException(Fault.InvalidArgument, $"unable to set memory limit to {write.Value} (current usage: {usage}, peak usage: {peak})");
        }
        throw new BerthException(CgroupTree.FaultOf(errno), $"cannot set cgroup limit: write '{write.Value}' to {directory}/{write.File}: {errno.Sentence()}");
    }

    private static BerthException NoKey(string directory, LimitWrite write, Errno errno)
    {
        string key = write.File;
        if (errno is Errno.ENOENT or Errno.EPERM or Errno.EACCES)
        {
            int dot = key.IndexOf('.', StringComparison.Ordinal);
            if (dot < 0) return new(Fault.InvalidArgument, $"unified resource \"{key}\" must be in the form CONTROLLER.PARAMETER");
            string controller = key[..dot];
            string available = KernelFile.TryReadText(directory + "/cgroup.controllers") ?? "";
            if (controller != "cgroup" && !UnifiedLimits.Lists(available, controller))
            {
                return new(Fault.Unsupported, $"unified resource \"{key}\" can't be set: controller \"{controller}\" not available");
            }
        }
        return new(CgroupTree.FaultOf(errno), $"unable to set unified resource \"{key}\": write '{write.Value}': {errno.Sentence()}");
    }

    private static BerthException NoDirectory(Controller controller) =>
        new(Fault.Unsupported, $"cannot set {controller.Name()} limit: container could not join or create cgroup");
}
