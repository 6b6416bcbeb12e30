// The state of a container as the specification words it (runtime-spec 1.3, runtime.md, state): what hooks and callers of `state` read.
using Berth.Oci.Faults;
using Berth.Oci.Json;

namespace Berth.Oci.RuntimeSpec;

/// <summary>The state of a container: hooks get it on standard input, <c>state</c> prints it.</summary>
public sealed record ContainerState
{
    /// <summary>Version of the specification the state follows.</summary>
    public string OciVersion { get; set; } = "";

    /// <summary>The container's id, unique on this host.</summary>
    public string Id { get; set; } = "";

    /// <summary>creating, created, running, stopped, or a word of the runtime's own such as paused.</summary>
    public string Status { get; set; } = "";

    /// <summary>The container's process in the caller's pid namespace; 0 means there is none, and it is not written.</summary>
    public int Pid { get; set; }

    /// <summary>Absolute path of the bundle.</summary>
    public string Bundle { get; set; } = "";

    /// <summary>The configuration's annotations.</summary>
    public Dictionary<string, string> Annotations { get; set; } = [];

    /// <summary>Writes it as one value.</summary>
    public void Write(JsonWriter w)
    {
        w.WriteStartObject();
        w.WriteString("ociVersion"u8, OciVersion);
        w.WriteString("id"u8, Id);
        w.WriteString("status"u8, Status);
        w.NumberUnlessZero("pid"u8, Pid);
        w.WriteString("bundle"u8, Bundle);
        w.MapIfAny("annotations"u8, Annotations);
        w.WriteEndObject();
    }

    /// <summary>It as a document of its own.</summary>
    public byte[] ToJson(bool indented = false) => JsonMembers.Document(this, indented, static (w, state) => state.Write(w));

    /// <summary>Reads one.</summary>
    /// <exception cref="BerthException"><see cref="Fault.InvalidArgument"/>: as <see cref="SpecReader.Read"/>.</exception>
    public static ContainerState Read(ReadOnlySpan<byte> utf8, string document = "state")
    {
        JsonCursor c = new(utf8, document);
        ContainerState state = Read(ref c);
        c.End();
        return state;
    }

    private static ContainerState Read(ref JsonCursor c)
    {
        ContainerState state = new();
        if (!c.Enter()) return state;
        while (c.Member())
        {
            if (c.Is("ociVersion"u8)) state.OciVersion = c.Text();
            else if (c.Is("id"u8)) state.Id = c.Text();
            else if (c.Is("status"u8)) state.Status = c.Text();
            else if (c.Is("pid"u8)) state.Pid = c.Int32();
            else if (c.Is("bundle"u8)) state.Bundle = c.Text();
            else if (c.Is("annotations"u8)) state.Annotations = c.Annotations() ?? [];
            else c.Skip();
        }
        return state;
    }
}

/// <summary>What the listener of seccomp notifications receives beside the descriptors (config-linux.md, containerProcessState).</summary>
public sealed record ContainerProcessState
{
    /// <summary>Name in <see cref="Fds"/> of the notification descriptor.</summary>
    public const string SeccompFd = "seccompFd";

    /// <summary>Version of the specification the state follows.</summary>
    public string OciVersion { get; set; } = "";

    /// <summary>What each of the descriptors sent along is, in their order.</summary>
    public List<string> Fds { get; set; } = [];

    /// <summary>The process the filter applies to, in the runtime's pid namespace.</summary>
    public int Pid { get; set; }

    /// <summary>The configuration's <c>listenerMetadata</c>.</summary>
    public string? Metadata { get; set; }

    /// <summary>The container's state.</summary>
    public ContainerState State { get; set; } = new();

    /// <summary>It as a document.</summary>
    public byte[] ToJson() => JsonMembers.Document(this, indented: false, static (w, process) => process.Write(w));

    private void Write(JsonWriter w)
    {
        w.WriteStartObject();
        w.WriteString("ociVersion"u8, OciVersion);
        w.Texts("fds"u8, Fds);
        w.WriteNumber("pid"u8, Pid);
        w.TextIfAny("metadata"u8, Metadata);
        w.WritePropertyName("state"u8);
        State.Write(w);
        w.WriteEndObject();
    }
}
