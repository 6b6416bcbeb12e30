// Names that systemd has on a bus.
namespace Berth.Cgroups.Systemd;

/// <summary>Names.</summary>
internal static class SystemdNames
{
    public const string Bus = "org.freedesktop.systemd1";
    public const string Path = "/org/freedesktop/systemd1";
    public const string Manager = "org.freedesktop.systemd1.Manager";
    public const string Properties = "org.freedesktop.DBus.Properties";
}
