// Which devices a container may read, write and make: the rules of a configuration as one policy, as cgroup v1 means them.
using System.Globalization;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Cgroups;

/// <summary>Kinds of access, with the numbers of BPF_DEVCG_ACC_*.</summary>
[Flags]
public enum DeviceAccess
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>mknod(2).</summary>
    Make = 1,

    /// <summary>Reading.</summary>
    Read = 2,

    /// <summary>Writing.</summary>
    Write = 4,

    /// <summary>All three.</summary>
    All = Make | Read | Write,
}

/// <summary>An exception from the default of a policy.</summary>
/// <param name="IsBlock">Block device, else character device.</param>
/// <param name="Major">Or -1 for all.</param>
/// <param name="Minor">Or -1 for all.</param>
/// <param name="Access">What the exception is about.</param>
internal readonly record struct DeviceException(bool IsBlock, long Major, long Minor, DeviceAccess Access)
{
    public bool IsSameDevice(DeviceException other) => IsBlock == other.IsBlock && Major == other.Major && Minor == other.Minor;

    /// <summary>As devices.allow and devices.deny take it: <c>c 1:3 rwm</c>.</summary>
    public override string ToString() => $"{(IsBlock ? 'b' : 'c')} {Number(Major)}:{Number(Minor)} {Words(Access)}";

    private static string Number(long number) => number < 0 ? "*" : number.ToString(CultureInfo.InvariantCulture);

    private static string Words(DeviceAccess access) => access switch
    {
        DeviceAccess.All => "rwm",
        DeviceAccess.Read => "r",
        DeviceAccess.Write => "w",
        DeviceAccess.Make => "m",
        DeviceAccess.Read | DeviceAccess.Write => "rw",
        DeviceAccess.Read | DeviceAccess.Make => "rm",
        DeviceAccess.Write | DeviceAccess.Make => "wm",
        _ => "",
    };
}

/// <summary>A default (all or nothing) and the exceptions from it.</summary>
internal sealed class DevicePolicy
{
    private readonly List<DeviceException> _exceptions = [];

    /// <summary>Whether what is no exception is allowed.</summary>
    public bool AllowsByDefault { get; private set; }

    /// <summary>Denied ones if the default is to allow, else allowed ones.</summary>
    public IReadOnlyList<DeviceException> Exceptions => _exceptions;

    /// <summary>The policy of a container: nothing, then its rules in order, then what every container may.</summary>
    /// <exception cref="BerthException">A rule is malformed or cannot be expressed.</exception>
    public static DevicePolicy For(IReadOnlyList<DeviceRule>? rules, IReadOnlyList<DeviceSpec>? nodes)
    {
        DevicePolicy policy = new();
        for (int i = 0; rules is not null && i < rules.Count; i++) policy.Take(rules[i], i);
        DeviceDefaults.AddTo(policy, nodes);
        return policy;
    }

    /// <summary>The policy that devices.list tells of. Denials are not listed: such a policy reads as if it had no exceptions.</summary>
    /// <exception cref="BerthException">The list is malformed.</exception>
    public static DevicePolicy FromList(string list)
    {
        DevicePolicy policy = new();
        foreach (ReadOnlySpan<char> line in list.AsSpan().EnumerateLines())
        {
            if (line.IsEmpty) continue;
            if (line[0] == 'a') { policy.Reset(allow: true); continue; }
            int colon = line.IndexOf(':'), blank = line.LastIndexOf(' ');
            if (line[0] is not ('b' or 'c') || colon < 3 || blank <= colon)
            {
                throw new BerthException(Fault.Failed, $"malformed devices.list rule {line}");
            }
            policy.Add(new DeviceException(line[0] == 'b', Number(line[2..colon]), Number(line[(colon + 1)..blank]), AccessOf(line[(blank + 1)..])));
        }
        return policy;

        static long Number(ReadOnlySpan<char> text) => text is "*" ? -1 : long.Parse(text, CultureInfo.InvariantCulture);
    }

    /// <summary>Whether both allow exactly the same.</summary>
    public bool Equals(DevicePolicy other)
    {
        if (AllowsByDefault != other.AllowsByDefault || _exceptions.Count != other._exceptions.Count) return false;
        foreach (DeviceException exception in _exceptions)
        {
            if (other.AccessOf(exception) != exception.Access) return false;
        }
        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is DevicePolicy other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _exceptions.Count;

    /// <summary>Starts anew with a default and no exceptions.</summary>
    public void Reset(bool allow)
    {
        AllowsByDefault = allow;
        _exceptions.Clear();
    }

    /// <summary>Adds the allowance to the policy.</summary>
    public void Allow(DeviceException what)
    {
        if (AllowsByDefault) Remove(what);
        else Add(what);
    }

    /// <summary>The access that is excepted for exactly this device (wildcards included).</summary>
    public DeviceAccess AccessOf(DeviceException device)
    {
        foreach (DeviceException exception in _exceptions)
        {
            if (exception.IsSameDevice(device)) return exception.Access;
        }
        return DeviceAccess.None;
    }

    internal void Take(DeviceRule rule, int index)
    {
        if (string.IsNullOrEmpty(rule.Access)) throw new BerthException(Fault.InvalidArgument, $"device access at {index} field cannot be empty");
        switch (rule.Type)
        {
            case null or "" or "a": Reset(rule.Allow); return;
            case "b" or "c": break;
            default: throw new BerthException(Fault.InvalidArgument, $"invalid cgroup device type \"{rule.Type}\"");
        }
        DeviceException exception = new(rule.Type == "b", rule.Major ?? -1, rule.Minor ?? -1, AccessOf(rule.Access));
        if (rule.Allow == AllowsByDefault) Remove(exception);
        else Add(exception);
    }

    private void Add(DeviceException exception)
    {
        for (int i = 0; i < _exceptions.Count; i++)
        {
            if (!_exceptions[i].IsSameDevice(exception)) continue;
            _exceptions[i] = exception with { Access = exception.Access | _exceptions[i].Access };
            return;
        }
        _exceptions.Add(exception);
    }

    private void Remove(DeviceException exception)
    {
        // cgroup v1 ignores, in silence, the removal of a part of a wildcard. A user who believes a device to be denied
        // while it is not is worse off than one whose configuration is refused.
        foreach (DeviceException other in _exceptions)
        {
            bool covers = other.IsBlock == exception.IsBlock && !other.IsSameDevice(exception)
                && (other.Major == -1 || other.Major == exception.Major) && (other.Minor == -1 || other.Minor == exception.Minor)
                && (other.Major == -1 || other.Minor == -1);
            if (covers && (other.Access & exception.Access) != 0)
            {
                throw new BerthException(Fault.InvalidArgument, $"requested rule [{exception}] not supported by devices cgroupv1 "
                    + $"(cannot punch hole in existing wildcard rule [{other}])");
            }
        }
        for (int i = 0; i < _exceptions.Count; i++)
        {
            if (!_exceptions[i].IsSameDevice(exception)) continue;
            DeviceAccess left = _exceptions[i].Access & ~exception.Access;
            if (left == DeviceAccess.None) _exceptions.RemoveAt(i);
            else _exceptions[i] = exception with { Access = left };
            return;
        }
    }

    private static DeviceAccess AccessOf(ReadOnlySpan<char> words)
    {
        DeviceAccess access = DeviceAccess.None;
        foreach (char word in words)
        {
            access |= word switch { 'r' => DeviceAccess.Read, 'w' => DeviceAccess.Write, 'm' => DeviceAccess.Make, _ => DeviceAccess.None };
        }
        return access;
    }
}
