// Records to config.json: the top level, mounts and hooks, in the order and with the omissions of specs-go.
using Berth.Oci.Json;

namespace Berth.Oci.RuntimeSpec;

/// <summary>Writes the runtime specification's JSON: members in the order of specs-go, absent and empty optional ones left out.</summary>
public static partial class SpecWriter
{
    /// <summary>A configuration as a document of its own.</summary>
    public static byte[] ToJson(Spec spec, bool indented) => JsonMembers.Document(spec, indented, Write);

    /// <summary>A process as a document of its own.</summary>
    public static byte[] ToJson(ProcessSpec process, bool indented) => JsonMembers.Document(process, indented, Write);

    /// <summary>Limits as a document of their own.</summary>
    public static byte[] ToJson(ResourcesSpec resources, bool indented) => JsonMembers.Document(resources, indented, Write);

    /// <summary>Writes a configuration as one value.</summary>
    public static void Write(JsonWriter w, Spec spec)
    {
        w.WriteStartObject();
        w.WriteString("ociVersion"u8, spec.OciVersion);
        w.ObjectIfAny("process"u8, spec.Process, Write);
        w.ObjectIfAny("root"u8, spec.Root, WriteRoot);
        w.TextIfAny("hostname"u8, spec.Hostname);
        w.TextIfAny("domainname"u8, spec.Domainname);
        w.ListIfAny("mounts"u8, spec.Mounts, WriteMount);
        w.ObjectIfAny("hooks"u8, spec.Hooks, WriteHooks);
        w.MapIfAny("annotations"u8, spec.Annotations);
        w.ObjectIfAny("linux"u8, spec.Linux, WriteLinux);
        w.WriteEndObject();
    }

    private static void WriteRoot(JsonWriter w, RootSpec root)
    {
        w.WriteStartObject();
        w.WriteString("path"u8, root.Path);
        w.TrueIfSo("readonly"u8, root.ReadOnly);
        w.WriteEndObject();
    }

    private static void WriteMount(JsonWriter w, MountSpec mount)
    {
        w.WriteStartObject();
        w.WriteString("destination"u8, mount.Destination);
        w.TextIfAny("type"u8, mount.Type);
        w.TextIfAny("source"u8, mount.Source);
        w.TextsIfAny("options"u8, mount.Options);
        w.ListIfAny("uidMappings"u8, mount.UidMappings, WriteIdMapping);
        w.ListIfAny("gidMappings"u8, mount.GidMappings, WriteIdMapping);
        w.WriteEndObject();
    }

    private static void WriteHooks(JsonWriter w, HooksSpec hooks)
    {
        w.WriteStartObject();
        w.ListIfAny("prestart"u8, hooks.Prestart, WriteHook);
        w.ListIfAny("createRuntime"u8, hooks.CreateRuntime, WriteHook);
        w.ListIfAny("createContainer"u8, hooks.CreateContainer, WriteHook);
        w.ListIfAny("startContainer"u8, hooks.StartContainer, WriteHook);
        w.ListIfAny("poststart"u8, hooks.Poststart, WriteHook);
        w.ListIfAny("poststop"u8, hooks.Poststop, WriteHook);
        w.WriteEndObject();
    }

    private static void WriteHook(JsonWriter w, HookSpec hook)
    {
        w.WriteStartObject();
        w.WriteString("path"u8, hook.Path);
        w.TextsIfAny("args"u8, hook.Args);
        w.TextsIfAny("env"u8, hook.Env);
        w.NumberIfAny("timeout"u8, (long?)hook.Timeout);
        w.WriteEndObject();
    }
}
