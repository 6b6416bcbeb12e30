// A config.json to be edited: a valid base, changed by dotted paths, so that a test shows the one thing that differs.
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Berth.Contract.OciRuntime.Stage;

/// <summary>The document of one bundle. Kept as plain JSON: the suite must be able to write what no typed model allows.</summary>
public sealed class Config
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>A document from its text.</summary>
    public Config([StringSyntax(StringSyntaxAttribute.Json)] string text) => Document = (JsonObject)JsonNode.Parse(text)!;

    /// <summary>The whole document.</summary>
    public JsonObject Document { get; }

    /// <summary>Sets a member, making the objects on the way: <c>Set("process.user.uid", 1000)</c>.</summary>
    public Config Set(string path, JsonNode? value)
    {
        string[] names = path.Split('.');
        JsonObject at = Document;
        foreach (string name in names[..^1])
        {
            if (at[name] is not JsonObject next) at[name] = next = [];
            at = next;
        }
        at[names[^1]] = value;
        return this;
    }

    /// <summary>Sets a member to a piece of JSON text.</summary>
    public Config SetJson(string path, [StringSyntax(StringSyntaxAttribute.Json)] string json) => Set(path, JsonNode.Parse(json));

    /// <summary>Sets a member to an array of strings.</summary>
    public Config SetStrings(string path, params string[] values) => Set(path, Strings(values));

    /// <summary>Appends a piece of JSON text to an array, making it if needed.</summary>
    public Config Append(string path, [StringSyntax(StringSyntaxAttribute.Json)] string json)
    {
        if (Get(path) is not JsonArray array) Set(path, array = []);
        array.Add(JsonNode.Parse(json));
        return this;
    }

    /// <summary>Removes a member.</summary>
    public Config Remove(string path)
    {
        int dot = path.LastIndexOf('.');
        ((dot < 0 ? Document : Get(path[..dot])) as JsonObject)?.Remove(path[(dot + 1)..]);
        return this;
    }

    /// <summary>A member, or null.</summary>
    public JsonNode? Get(string path) => path.Split('.').Aggregate((JsonNode?)Document, (at, name) => (at as JsonObject)?[name]);

    /// <summary>The program and its arguments.</summary>
    public Config Args(params string[] args) => SetStrings("process.args", args);

    /// <summary>A script for the container's shell.</summary>
    public Config Shell(string script) => Args("/bin/sh", "-c", script);

    /// <summary>Adds to the environment.</summary>
    public Config Env(string name, string value)
    {
        ((JsonArray)Get("process.env")!).Add($"{name}={value}");
        return this;
    }

    /// <summary>Adds a mount.</summary>
    public Config Mount(string destination, string? type, string? source, params string[] options)
    {
        JsonObject mount = new() { ["destination"] = destination };
        if (type is not null) mount["type"] = type;
        if (source is not null) mount["source"] = source;
        if (options.Length > 0) mount["options"] = Strings(options);
        ((JsonArray)Get("mounts")!).Add(mount);
        return this;
    }

    /// <summary>Takes away the mount at <paramref name="destination"/>.</summary>
    public Config Unmount(string destination)
    {
        JsonArray mounts = (JsonArray)Get("mounts")!;
        mounts.Remove(mounts.Single(mount => (string?)mount!["destination"] == destination));
        return this;
    }

    /// <summary>Asks for a namespace, replacing an entry of that type.</summary>
    public Config Namespace(string type, string? path = null)
    {
        NoNamespace(type);
        JsonObject entry = new() { ["type"] = type };
        if (path is not null) entry["path"] = path;
        ((JsonArray)Get("linux.namespaces")!).Add(entry);
        return this;
    }

    /// <summary>Stays in the host's namespace of that type.</summary>
    public Config NoNamespace(string type)
    {
        JsonArray all = (JsonArray)Get("linux.namespaces")!;
        if (all.FirstOrDefault(entry => (string?)entry!["type"] == type) is { } old) all.Remove(old);
        return this;
    }

    /// <summary>Gives the five capability sets the same members.</summary>
    public Config Capabilities(params string[] names)
    {
        foreach (string set in (string[])["bounding", "effective", "permitted", "inheritable", "ambient"]) SetStrings($"process.capabilities.{set}", names);
        return this;
    }

    /// <summary>A user namespace whose root is <paramref name="hostId"/> on the host.</summary>
    public Config UserNamespace(int hostId = 100000, int size = 65536) => Namespace("user")
        .SetJson("linux.uidMappings", $$"""[{"containerID":0,"hostID":{{hostId}},"size":{{size}}}]""")
        .SetJson("linux.gidMappings", $$"""[{"containerID":0,"hostID":{{hostId}},"size":{{size}}}]""");

    /// <summary>Adds an annotation (its name may contain dots).</summary>
    public Config Annotate(string name, string value)
    {
        if (Get("annotations") is not JsonObject all) Set("annotations", all = []);
        all[name] = value;
        return this;
    }

    /// <inheritdoc/>
    public override string ToString() => Document.ToJsonString(Indented);

    private static JsonArray Strings(string[] values) => new([.. values.Select(value => (JsonNode?)value)]);
}
