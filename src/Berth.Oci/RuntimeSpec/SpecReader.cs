// config.json to records: the top level, mounts and hooks. No reflection: every container start reads one.
using Berth.Oci.Faults;
using Berth.Oci.Json;

namespace Berth.Oci.RuntimeSpec;

/// <summary>
/// Reads the runtime specification's JSON. Unknown members are passed over, <c>null</c> and an empty optional string count as absent,
/// of members given twice the last one counts, and a number may be written 1e3 where it is whole.
/// </summary>
public static partial class SpecReader
{
    /// <summary>Reads a container's configuration.</summary>
    /// <param name="utf8">The document; a byte order mark is tolerated.</param>
    /// <param name="document">What messages call the document.</param>
    /// <exception cref="BerthException"><see cref="Fault.InvalidArgument"/>, with the place: it is no JSON, nested deeper than 64, larger than
    /// 16 MiB, or a value has the wrong type or range.</exception>
    public static Spec Read(ReadOnlySpan<byte> utf8, string document = "config.json")
    {
        JsonCursor cursor = new(utf8, document);
        Spec spec = ReadSpec(ref cursor);
        cursor.End();
        return spec;
    }

    /// <summary>Reads a process alone, as <c>exec --process</c> is given it.</summary>
    /// <inheritdoc cref="Read"/>
    public static ProcessSpec ReadProcess(ReadOnlySpan<byte> utf8, string document = "process.json")
    {
        JsonCursor cursor = new(utf8, document);
        ProcessSpec process = ReadProcess(ref cursor) ?? new ProcessSpec();
        cursor.End();
        return process;
    }

    /// <summary>Reads limits alone, as <c>update --resources</c> is given them.</summary>
    /// <inheritdoc cref="Read"/>
    public static ResourcesSpec ReadResources(ReadOnlySpan<byte> utf8, string document = "resources.json")
    {
        JsonCursor cursor = new(utf8, document);
        ResourcesSpec resources = ReadResources(ref cursor) ?? new ResourcesSpec();
        cursor.End();
        return resources;
    }

    private static Spec ReadSpec(ref JsonCursor c)
    {
        Spec spec = new();
        if (!c.Enter()) return spec;
        while (c.Member())
        {
            if (c.Is("ociVersion"u8)) spec.OciVersion = c.Text();
            else if (c.Is("process"u8)) spec.Process = ReadProcess(ref c);
            else if (c.Is("root"u8)) spec.Root = ReadRoot(ref c);
            else if (c.Is("hostname"u8)) spec.Hostname = c.TextOrNull();
            else if (c.Is("domainname"u8)) spec.Domainname = c.TextOrNull();
            else if (c.Is("mounts"u8)) spec.Mounts = c.List(ReadMount) ?? [];
            else if (c.Is("hooks"u8)) spec.Hooks = ReadHooks(ref c);
            else if (c.Is("annotations"u8)) spec.Annotations = c.Annotations() ?? [];
            else if (c.Is("linux"u8)) spec.Linux = ReadLinux(ref c);
            else c.Skip();
        }
        return spec;
    }

    private static RootSpec? ReadRoot(ref JsonCursor c)
    {
        if (!c.Enter()) return null;
        RootSpec root = new();
        while (c.Member())
        {
            if (c.Is("path"u8)) root.Path = c.Text();
            else if (c.Is("readonly"u8)) root.ReadOnly = c.Bool();
            else c.Skip();
        }
        return root;
    }

    private static MountSpec ReadMount(ref JsonCursor c)
    {
        MountSpec mount = new();
        c.Enter();
        while (c.Member())
        {
            if (c.Is("destination"u8)) mount.Destination = c.Text();
            else if (c.Is("type"u8)) mount.Type = c.TextOrNull();
            else if (c.Is("source"u8)) mount.Source = c.TextOrNull();
            else if (c.Is("options"u8)) mount.Options = c.Texts() ?? [];
            else if (c.Is("uidMappings"u8)) mount.UidMappings = c.List(ReadIdMapping);
            else if (c.Is("gidMappings"u8)) mount.GidMappings = c.List(ReadIdMapping);
            else c.Skip();
        }
        return mount;
    }

    private static HooksSpec? ReadHooks(ref JsonCursor c)
    {
        if (!c.Enter()) return null;
        HooksSpec hooks = new();
        while (c.Member())
        {
            if (c.Is("prestart"u8)) hooks.Prestart = c.List(ReadHook);
            else if (c.Is("createRuntime"u8)) hooks.CreateRuntime = c.List(ReadHook);
            else if (c.Is("createContainer"u8)) hooks.CreateContainer = c.List(ReadHook);
            else if (c.Is("startContainer"u8)) hooks.StartContainer = c.List(ReadHook);
            else if (c.Is("poststart"u8)) hooks.Poststart = c.List(ReadHook);
            else if (c.Is("poststop"u8)) hooks.Poststop = c.List(ReadHook);
            else c.Skip();
        }
        return hooks;
    }

    private static HookSpec ReadHook(ref JsonCursor c)
    {
        HookSpec hook = new();
        c.Enter();
        while (c.Member())
        {
            if (c.Is("path"u8)) hook.Path = c.Text();
            else if (c.Is("args"u8)) hook.Args = c.Texts();
            else if (c.Is("env"u8)) hook.Env = c.Texts();
            else if (c.Is("timeout"u8)) hook.Timeout = c.Int32OrNull();
            else c.Skip();
        }
        return hook;
    }
}
