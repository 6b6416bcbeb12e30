// A bundle being looked at: its configuration, its folder, and what has been found.
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Generate;

namespace Berth.Runtime.Validate;

/// <summary>A bundle under inspection.</summary>
internal sealed class Inspection
{
    private static readonly Rule Exists = Rule.Must("config-exists", "bundle.md#container-format", static _ => { });
    private static readonly Rule Parses = Rule.Must("config-readable", "config.md#configuration-schema-example", static _ => { });

    private readonly List<Finding> _findings = [];
    private Rule _rule = Exists;

    private Inspection(string bundle, Spec spec, JsonTree tree)
    {
        Bundle = bundle;
        Spec = spec;
        Tree = tree;
    }

    /// <summary>Rules about there being a configuration at all. The others need one.</summary>
    public static Rule[] FirstRules => [Exists, Parses];

    /// <summary>The bundle's folder, absolute.</summary>
    public string Bundle { get; }

    /// <summary>The configuration.</summary>
    public Spec Spec { get; }

    /// <summary>The configuration with what the records leave out: which members are there, and unknown ones.</summary>
    public JsonTree Tree { get; }

    /// <summary><c>linux</c>, empty where there is none.</summary>
    public LinuxSpec Linux => Spec.Linux ?? new LinuxSpec();

    /// <summary>The root file system on this host, or null where the configuration has none.</summary>
    public string? RootPath => Spec.Root is not { Path: { Length: > 0 } path } ? null : Path.GetFullPath(Path.Combine(Bundle, path));

    /// <summary>Everything against the rules, in their order.</summary>
    public static List<Finding> Of(string bundle, Rule[] rules, bool hostSpecific)
    {
        string config = Path.Combine(Path.GetFullPath(bundle), "config.json");
        if (KernelFile.TryRead(config, out Linux.Errno errno) is not { } json)
        {
            return [new(Exists, "", $"cannot read {config}: {Berth.Linux.ErrnoText.Sentence(errno)}")];
        }
        Inspection inspection;
        try
        {
            inspection = new Inspection(Path.GetFullPath(bundle), SpecReader.Read(json), JsonTree.Parse(json));
        }
        catch (BerthException fault)
        {
            return [new(Parses, "", fault.Message)];
        }
        catch (InvalidOperationException)
        {
            return [new(Parses, "", "config.json: a string in it is not valid Unicode")];
        }
        foreach (Rule rule in rules)
        {
            if (rule.IsHostSpecific && !hostSpecific) continue;
            inspection._rule = rule;
            rule.Check(inspection);
        }
        return inspection._findings;
    }

    /// <summary>Reports something against the rule being checked.</summary>
    public void Found(string path, string message) => _findings.Add(new Finding(_rule, path, message));

    /// <summary>Reports it when a condition does not hold.</summary>
    public void Expect(bool holds, string path, string message)
    {
        if (!holds) Found(path, message);
    }

    /// <summary>Whether a namespace of this type is made or joined.</summary>
    public bool HasNamespace(string type) => Linux.Namespaces.Exists(ns => ns.Type == type);

    /// <summary>Whether a mount hides this path of the root file system.</summary>
    public bool IsBelowMount(string path) =>
        Spec.Mounts.Exists(mount => path.StartsWith(mount.Destination.TrimEnd('/') + "/", StringComparison.Ordinal) || path == mount.Destination);
}
