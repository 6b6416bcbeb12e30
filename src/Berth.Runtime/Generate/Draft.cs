// The configuration that flags are applied to: places in it, and edits that more than one flag makes.
using Berth.Linux.Security;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Generate;

/// <summary>A configuration being made.</summary>
internal sealed class Draft
{
    /// <summary>The five capability sets, in the specification's order.</summary>
    public static readonly string[] CapabilitySets = ["bounding", "effective", "inheritable", "permitted", "ambient"];

    private Draft(JsonTree root) => Root = root;

    /// <summary>The whole.</summary>
    public JsonTree Root { get; }

    /// <summary>Only what this host has is allowed.</summary>
    public bool IsHostSpecific { get; set; }

    /// <summary>Whether the arguments are the command line's, no longer the template's.</summary>
    public bool HasArguments { get; set; }

    /// <summary><c>process</c>.</summary>
    public JsonTree Process => Root.Below("process");

    /// <summary><c>linux</c>.</summary>
    public JsonTree Linux => Root.Below("linux");

    /// <summary><c>linux.resources</c>.</summary>
    public JsonTree Resources => Linux.Below("resources");

    /// <summary>What a configuration starts from where no template is given: a shell with the capabilities containers usually have.</summary>
    public static Draft New()
    {
        Spec spec = DefaultSpec.Create(rootless: false);
        spec.Process!.Terminal = false;
        spec.Process.NoNewPrivileges = false;
        spec.Root!.ReadOnly = false;
        List<string> usual =
        [
            "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID", "CAP_SETFCAP",
            "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
        ];
        // Neither inheritable nor ambient: they would hand root's capabilities to programs run as another user (CVE-2022-24769).
        spec.Process.Capabilities = new() { Bounding = [.. usual], Effective = [.. usual], Permitted = [.. usual] };
        return new Draft(JsonTree.Parse(SpecWriter.ToJson(spec, indented: false)));
    }

    /// <summary>A template, with everything in it that this program does not know.</summary>
    /// <param name="json">The template.</param>
    /// <param name="name">Its name in messages.</param>
    public static Draft From(ReadOnlySpan<byte> json, string name)
    {
        SpecReader.Read(json, name);
        JsonTree root;
        try { root = JsonTree.Parse(json); }
        catch (InvalidOperationException) { throw FlagValue.Fault($"{name}: a string in it is not valid Unicode"); }
        root["ociVersion"] ??= JsonTree.Of(DefaultSpec.OciVersion);
        return new Draft(root);
    }

    /// <summary>Sets the value at a dotted path, making what is missing above it.</summary>
    public void Set(string path, JsonTree value)
    {
        JsonTree at = Root;
        string[] names = path.Split('.');
        for (int i = 0; i < names.Length - 1; i++) at = at.Below(names[i]);
        at[names[^1]] = value;
    }

    /// <summary>Adds a capability to a set, or takes it out.</summary>
    public void SetCapability(string set, string name, bool add)
    {
        List<JsonTree> capabilities = Process.Below("capabilities").ListBelow(set);
        capabilities.RemoveAll(capability => string.Equals(capability.Text, name, StringComparison.OrdinalIgnoreCase));
        if (add) capabilities.Add(JsonTree.Of(name));
    }

    /// <summary>The default filter for the capabilities the process is bounded by, in place of any other.</summary>
    public void PutDefaultFilter()
    {
        List<string> bounding = Process.Below("capabilities").ListBelow("bounding").ConvertAll(capability => capability.Literal);
        Spec spec = new() { Linux = new() { Seccomp = DefaultSeccomp.For(bounding) } };
        Linux["seccomp"] = JsonTree.Parse(SpecWriter.ToJson(spec, indented: false)).Below("linux")["seccomp"];
    }

    /// <summary>Every capability there is, and nothing that confines: no labels, no filter.</summary>
    public void MakePrivileged()
    {
        JsonTree sets = Process.Below("capabilities");
        int count = IsHostSpecific ? Math.Min(Capabilities.Names.Length, Capabilities.Last + 1) : Capabilities.Names.Length;
        foreach (string set in CapabilitySets)
        {
            JsonTree all = JsonTree.Array();
            foreach (string name in Capabilities.Names[..count]) all.Items.Add(JsonTree.Of(name));
            sets[set] = all;
        }
        Process["selinuxLabel"] = null;
        Process["apparmorProfile"] = null;
        Linux["seccomp"] = null;
    }

    /// <summary>Puts an entry where the one with the same values of the key members is, or behind the last.</summary>
    public static void Put(List<JsonTree> list, JsonTree entry, params ReadOnlySpan<string> keys)
    {
        int index = Find(list, entry, keys);
        if (index < 0) list.Add(entry);
        else list[index] = entry;
    }

    /// <summary>Takes the entry with the same values of the key members out.</summary>
    public static void Drop(List<JsonTree> list, JsonTree entry, params ReadOnlySpan<string> keys)
    {
        int index = Find(list, entry, keys);
        if (index >= 0) list.RemoveAt(index);
    }

    /// <summary>Where the entry with the same values of the key members is, or -1.</summary>
    public static int Find(List<JsonTree> list, JsonTree entry, params ReadOnlySpan<string> keys)
    {
        for (int i = 0; i < list.Count; i++)
        {
            bool same = list[i].IsObject;
            foreach (string key in keys) same = same && list[i][key]?.Literal == entry[key]?.Literal;
            if (same) return i;
        }
        return -1;
    }
}
