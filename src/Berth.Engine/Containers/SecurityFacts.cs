// What a container may do: capabilities, seccomp, labels, what is hidden from it, what was set for it in the kernel.
using System.Globalization;
using Berth.Engine.Diagnosis;
using Berth.Linux.Files;

namespace Berth.Engine.Containers;

/// <summary>The sections <c>capabilities</c>, <c>security</c> and <c>sysctls</c>.</summary>
internal static class SecurityFacts
{
    /// <summary>The five sets, as the kernel has them; then what differs from what is usual.</summary>
    public static List<ExplainedFact> Capabilities(Explained all)
    {
        List<ExplainedFact> facts = [];
        SecuritySpec security = all.Wish.Security;
        bool isAsked = security.IsPrivileged || security.CapabilitiesAdded.Count + security.CapabilitiesDropped.Count > 0;
        string option = security.IsPrivileged ? "--privileged" : string.Join(' ', security.CapabilitiesAdded.Select(static one => "--cap-add " + one).Concat(security.CapabilitiesDropped.Select(static one => "--cap-drop " + one)));
        ulong bounding = 0;
        foreach ((string name, string line, List<string>? would) in Sets(all))
        {
            ulong set = all.Status(line) is { } hex && ulong.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong number) ? number : BitsOf(would);
            if (name == "bounding") bounding = set;
            facts.Add(Explained.Chosen(isAsked, name, Words(set), option));
        }
        string added = Words(bounding & ~CapabilitySet.Usual), missing = Words(CapabilitySet.Usual & ~bounding);
        if (added != "none") facts.Add(Explained.Asked("more than usual", added, option));
        if (missing != "none") facts.Add(new ExplainedFact("less than usual", missing, isAsked ? FactOrigin.Flag : FactOrigin.Host) { Detail = isAsked ? option : "this host does not have them to give" });
        return facts;
    }

    private static IEnumerable<(string Name, string Line, List<string>? Would)> Sets(Explained all)
    {
        Berth.Oci.RuntimeSpec.CapabilitiesSpec? sets = all.Spec.Process?.Capabilities;
        yield return ("effective", "CapEff", sets?.Effective);
        yield return ("permitted", "CapPrm", sets?.Permitted);
        yield return ("inheritable", "CapInh", sets?.Inheritable);
        yield return ("bounding", "CapBnd", sets?.Bounding);
        yield return ("ambient", "CapAmb", sets?.Ambient);
    }

    private static ulong BitsOf(List<string>? names)
    {
        ulong set = 0;
        foreach (string name in names ?? [])
        {
            if (Berth.Linux.Security.Capabilities.BitOf(name) is { } bit) set |= 1UL << bit;
        }
        return set;
    }

    private static string Words(ulong set) => set == 0 ? "none" : set == BundleFacts.AllCapabilities ? "all" : string.Join(' ', CapabilitySet.Names(set).Select(static name => name[4..]));

    /// <summary>Seccomp, no_new_privs, labels, masks.</summary>
    public static List<ExplainedFact> Of(Explained all)
    {
        SecuritySpec security = all.Wish.Security;
        List<ExplainedFact> facts = [];
        facts.Add(Explained.Chosen(security.IsPrivileged, "privileged", security.IsPrivileged ? "yes" : "no", "--privileged"));
        string mode = all.Status("Seccomp") switch { "0" => "0 (off)", "1" => "1 (strict)", "2" => "2 (filter)", { } other => other, null => all.Spec.Linux?.Seccomp is null ? "off" : "filter" };
        facts.Add(security.Seccomp is { Length: > 0 } profile ? Explained.Asked("seccomp", mode, $"--security-opt seccomp={profile}")
            : security.IsPrivileged ? Explained.Asked("seccomp", mode, "--privileged") : Explained.Usual("seccomp", mode, "the usual profile"));
        facts.Add(Explained.Chosen(security.NoNewPrivileges, "no_new_privs", all.Status("NoNewPrivs") ?? (security.NoNewPrivileges ? "1" : "0"), "--security-opt no-new-privileges"));
        string? label = all.Pid > 0 ? KernelFile.TryReadText($"/proc/{all.Pid}/attr/current")?.Trim('\0', '\n', ' ') : all.Spec.Process?.ApparmorProfile ?? all.Spec.Process?.SelinuxLabel;
        facts.Add(Explained.Chosen(security.AppArmor is not null || security.Labels.Count > 0, "label", label is { Length: > 0 } ? label : "none", "--security-opt"));
        facts.Add(Explained.Chosen(all.Wish.Storage.IsReadOnly, "root file system", all.Wish.Storage.IsReadOnly ? "read-only" : "writable", "--read-only"));
        foreach (string path in all.Spec.Linux?.MaskedPaths ?? []) facts.Add(Explained.Chosen(security.Masked.Contains(path), "hidden", path, "--security-opt mask="));
        foreach (string path in all.Spec.Linux?.ReadonlyPaths ?? []) facts.Add(Explained.Usual("read-only", path));
        return facts;
    }

    /// <summary>Settings of the kernel in the container's namespaces.</summary>
    public static List<ExplainedFact> Sysctls(Explained all)
    {
        List<ExplainedFact> facts = [];
        foreach ((string name, string value) in all.Spec.Linux?.Sysctl ?? [])
        {
            facts.Add(Explained.Chosen(all.Wish.Limits.Sysctls.ContainsKey(name) || all.Wish.Limits.Sysctls.ContainsKey(name.Replace('.', '/')), name, value, "--sysctl"));
        }
        return facts;
    }
}
