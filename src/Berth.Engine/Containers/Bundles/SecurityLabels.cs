// AppArmor's profile and SELinux's labels of a container, where the host has them.
using System.Globalization;
using Berth.Oci.Faults;

namespace Berth.Engine.Containers;

/// <summary>Labels of mandatory access control.</summary>
internal static class SecurityLabels
{
    /// <summary>The profile to change to; null: none.</summary>
    /// <exception cref="BerthException">Unsupported: this host has no AppArmor.</exception>
    public static string? AppArmor(SecuritySpec security, BundleFacts facts)
    {
        if (security.AppArmor is not { Length: > 0 } profile || profile == "unconfined") return null;
        return facts.HasAppArmor ? profile : throw new BerthException(Fault.Unsupported, $"cannot use the AppArmor profile {profile}: this host has no AppArmor", "leave out --security-opt apparmor=") { Code = FaultCode.ApparmorMissing };
    }

    /// <summary>Label of the process; null: none.</summary>
    public static string? Process(ContainerRecord record, BundleFacts facts)
    {
        if (IsOff(record, facts)) return null;
        string? asked = Find(record, "type");
        return Label(record, "system_r", asked ?? "container_t");
    }

    /// <summary>Label of its files; null: none.</summary>
    public static string? Files(ContainerRecord record, BundleFacts facts) => IsOff(record, facts) ? null : Label(record, "object_r", Find(record, "filetype") ?? "container_file_t");

    private static bool IsOff(ContainerRecord record, BundleFacts facts)
    {
        if (!facts.HasSelinux || record.Spec.Security.IsPrivileged) return true;
        foreach (string label in record.Spec.Security.Labels)
        {
            if (label == "disable") return true;
        }
        return false;
    }

    private static string Label(ContainerRecord record, string role, string type) =>
        $"{Find(record, "user") ?? "system_u"}:{(role == "object_r" ? role : Find(record, "role") ?? role)}:{type}:{Level(record)}";

    // Two categories out of 1024, from the id: the same at every start, and hardly ever those of another.
    private static string Level(ContainerRecord record)
    {
        if (Find(record, "level") is { } level) return level;
        int number = int.Parse(record.Id.AsSpan(0, 5), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        int one = number & 1023, other = (number >> 10) & 1023;
        if (one == other) other = (other + 1) & 1023;
        return string.Create(CultureInfo.InvariantCulture, $"s0:c{Math.Min(one, other)},c{Math.Max(one, other)}");
    }

    private static string? Find(ContainerRecord record, string kind)
    {
        foreach (string label in record.Spec.Security.Labels)
        {
            if (label.Length > kind.Length && label[kind.Length] is ':' or '=' && label.StartsWith(kind, StringComparison.Ordinal)) return label[(kind.Length + 1)..];
        }
        return null;
    }
}
