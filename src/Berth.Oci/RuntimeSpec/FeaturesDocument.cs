// What a runtime says it can do (runtime-spec 1.3, features.md and features-linux.md), as records with their writer.
using Berth.Oci.Json;

namespace Berth.Oci.RuntimeSpec;

/// <summary>The features structure a runtime prints. Absent means unknown, not unsupported.</summary>
public sealed record FeaturesDocument
{
    /// <summary>Oldest specification accepted.</summary>
    public string OciVersionMin { get; set; } = "";

    /// <summary>Newest specification accepted.</summary>
    public string OciVersionMax { get; set; } = "";

    /// <summary>Hook names such as createRuntime.</summary>
    public List<string>? Hooks { get; set; }

    /// <summary>Mount options that are not data for the file system.</summary>
    public List<string>? MountOptions { get; set; }

    /// <summary>What only Linux has.</summary>
    public LinuxFeatures? Linux { get; set; }

    /// <summary>Versions of parts and the like.</summary>
    public Dictionary<string, string> Annotations { get; set; } = [];

    /// <summary>Annotations of config.json that change what the runtime does; one that ends with a dot is a prefix.</summary>
    public List<string>? PotentiallyUnsafeConfigAnnotations { get; set; }

    /// <summary>Writes it as one value.</summary>
    public void Write(JsonWriter w)
    {
        w.WriteStartObject();
        w.TextIfAny("ociVersionMin"u8, OciVersionMin);
        w.TextIfAny("ociVersionMax"u8, OciVersionMax);
        w.TextsIfAny("hooks"u8, Hooks);
        w.TextsIfAny("mountOptions"u8, MountOptions);
        w.ObjectIfAny("linux"u8, Linux, static (writer, linux) => linux.Write(writer));
        w.MapIfAny("annotations"u8, Annotations);
        w.TextsIfAny("potentiallyUnsafeConfigAnnotations"u8, PotentiallyUnsafeConfigAnnotations);
        w.WriteEndObject();
    }

    /// <summary>It as a document of its own.</summary>
    public byte[] ToJson(bool indented) => JsonMembers.Document(this, indented, static (w, features) => features.Write(w));
}

/// <summary><c>linux</c> of the features structure.</summary>
public sealed record LinuxFeatures
{
    /// <summary>Namespace types.</summary>
    public List<string>? Namespaces { get; set; }

    /// <summary>Capability names.</summary>
    public List<string>? Capabilities { get; set; }

    /// <summary>cgroup versions and managers.</summary>
    public CgroupFeatures? Cgroup { get; set; }

    /// <summary>System call filters.</summary>
    public SeccompFeatures? Seccomp { get; set; }

    /// <summary>Whether AppArmor is built in.</summary>
    public bool? Apparmor { get; set; }

    /// <summary>Whether SELinux is built in.</summary>
    public bool? Selinux { get; set; }

    /// <summary>Resource Director Technology.</summary>
    public IntelRdtFeatures? IntelRdt { get; set; }

    /// <summary>set_mempolicy(2).</summary>
    public MemoryPolicyFeatures? MemoryPolicy { get; set; }

    /// <summary>Whether id-mapped mounts are built in (<c>mountExtensions.idmap</c>).</summary>
    public bool? IdMappedMounts { get; set; }

    /// <summary>Whether host interfaces can be moved inside.</summary>
    public bool? NetDevices { get; set; }

    internal void Write(JsonWriter w)
    {
        w.WriteStartObject();
        w.TextsIfAny("namespaces"u8, Namespaces);
        w.TextsIfAny("capabilities"u8, Capabilities);
        w.ObjectIfAny("cgroup"u8, Cgroup, static (writer, cgroup) => cgroup.Write(writer));
        w.ObjectIfAny("seccomp"u8, Seccomp, static (writer, seccomp) => seccomp.Write(writer));
        WriteEnabled(w, "apparmor"u8, Apparmor);
        WriteEnabled(w, "selinux"u8, Selinux);
        w.ObjectIfAny("intelRdt"u8, IntelRdt, static (writer, rdt) => rdt.Write(writer));
        w.ObjectIfAny("memoryPolicy"u8, MemoryPolicy, static (writer, policy) => policy.Write(writer));
        if (IdMappedMounts is not null)
        {
            w.WriteStartObject("mountExtensions"u8);
            WriteEnabled(w, "idmap"u8, IdMappedMounts);
            w.WriteEndObject();
        }
        WriteEnabled(w, "netDevices"u8, NetDevices);
        w.WriteEndObject();
    }

    private static void WriteEnabled(JsonWriter w, ReadOnlySpan<byte> name, bool? enabled)
    {
        if (enabled is not { } known) return;
        w.WriteStartObject(name);
        w.WriteBoolean("enabled"u8, known);
        w.WriteEndObject();
    }
}

/// <summary><c>linux.cgroup</c> of the features structure: what is built in, whatever the host has.</summary>
public sealed record CgroupFeatures
{
    /// <summary>cgroup v1.</summary>
    public bool? V1 { get; set; }

    /// <summary>cgroup v2.</summary>
    public bool? V2 { get; set; }

    /// <summary>The systemd manager.</summary>
    public bool? Systemd { get; set; }

    /// <summary>The systemd manager of a user's session.</summary>
    public bool? SystemdUser { get; set; }

    /// <summary>The RDMA controller.</summary>
    public bool? Rdma { get; set; }

    internal void Write(JsonWriter w)
    {
        w.WriteStartObject();
        w.BoolIfAny("v1"u8, V1);
        w.BoolIfAny("v2"u8, V2);
        w.BoolIfAny("systemd"u8, Systemd);
        w.BoolIfAny("systemdUser"u8, SystemdUser);
        w.BoolIfAny("rdma"u8, Rdma);
        w.WriteEndObject();
    }
}

/// <summary><c>linux.seccomp</c> of the features structure.</summary>
public sealed record SeccompFeatures
{
    /// <summary>Whether it is built in.</summary>
    public bool? Enabled { get; set; }

    /// <summary>SCMP_ACT_ALLOW and so on.</summary>
    public List<string>? Actions { get; set; }

    /// <summary>SCMP_CMP_EQ and so on.</summary>
    public List<string>? Operators { get; set; }

    /// <summary>SCMP_ARCH_X86_64 and so on.</summary>
    public List<string>? Archs { get; set; }

    /// <summary>Filter flags a configuration may name.</summary>
    public List<string>? KnownFlags { get; set; }

    /// <summary>Those of them this host can honour.</summary>
    public List<string>? SupportedFlags { get; set; }

    internal void Write(JsonWriter w)
    {
        w.WriteStartObject();
        w.BoolIfAny("enabled"u8, Enabled);
        w.TextsIfAny("actions"u8, Actions);
        w.TextsIfAny("operators"u8, Operators);
        w.TextsIfAny("archs"u8, Archs);
        w.TextsIfAny("knownFlags"u8, KnownFlags);
        w.TextsIfAny("supportedFlags"u8, SupportedFlags);
        w.WriteEndObject();
    }
}

/// <summary><c>linux.intelRdt</c> of the features structure.</summary>
public sealed record IntelRdtFeatures
{
    /// <summary>Whether it is built in.</summary>
    public bool? Enabled { get; set; }

    /// <summary>Whether <c>linux.intelRdt.schemata</c> is honoured.</summary>
    public bool? Schemata { get; set; }

    /// <summary>Whether <c>linux.intelRdt.enableMonitoring</c> is honoured.</summary>
    public bool? Monitoring { get; set; }

    internal void Write(JsonWriter w)
    {
        w.WriteStartObject();
        w.BoolIfAny("enabled"u8, Enabled);
        w.BoolIfAny("schemata"u8, Schemata);
        w.BoolIfAny("monitoring"u8, Monitoring);
        w.WriteEndObject();
    }
}

/// <summary><c>linux.memoryPolicy</c> of the features structure.</summary>
public sealed record MemoryPolicyFeatures
{
    /// <summary>MPOL_BIND and so on.</summary>
    public List<string>? Modes { get; set; }

    /// <summary>MPOL_F_STATIC_NODES and so on.</summary>
    public List<string>? Flags { get; set; }

    internal void Write(JsonWriter w)
    {
        w.WriteStartObject();
        w.TextsIfAny("modes"u8, Modes);
        w.TextsIfAny("flags"u8, Flags);
        w.WriteEndObject();
    }
}
