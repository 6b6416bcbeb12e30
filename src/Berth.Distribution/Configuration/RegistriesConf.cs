// registries.conf, version 2, with its drop-ins (containers-registries.conf(5)); version 1 is read, too.
using Berth.Distribution.Toml;
using Berth.Oci.Faults;
using Berth.Oci.References;

namespace Berth.Distribution.Configuration;

/// <summary>What all its files say together.</summary>
internal sealed class RegistriesConf
{
    private readonly Dictionary<string, RegistryRule> _rules = [];

    private RegistriesConf()
    {
    }

    /// <summary>Where a name without a registry is looked for, in this order.</summary>
    public IReadOnlyList<string> Search { get; private set; } = [];

    /// <summary>What is done when a short name could be several; null: nobody said.</summary>
    public string? ShortNameMode { get; private set; }

    /// <summary>Who keeps secrets; null: nobody said.</summary>
    public IReadOnlyList<string>? CredentialHelpers { get; private set; }

    /// <summary>Short names and what they mean.</summary>
    public Dictionary<string, string> Aliases { get; } = [];

    /// <summary>The file, or null where there is none.</summary>
    public string? Path { get; private set; }

    /// <summary>Reads all of them.</summary>
    /// <param name="places">Where they lie.</param>
    /// <param name="named">The file that the user named, or null.</param>
    /// <exception cref="BerthException">InvalidArgument: one of them cannot be used. NotFound: that one is not there.</exception>
    public static RegistriesConf Read(Places places, string? named)
    {
        RegistriesConf conf = new();
        named ??= places["CONTAINERS_REGISTRIES_CONF"];
        string own = $"{places.ContainersOwn}/registries.conf", system = $"{places.ContainersEtc}/registries.conf";
        bool hasOwn = named is null && File.Exists(own);
        string path = named ?? (hasOwn ? own : system);
        if (TomlReader.ReadFile(path) is { } main)
        {
            conf.Path = path;
            conf.Take(path, main);
        }
        else if (named is not null) throw new BerthException(Fault.NotFound, $"cannot read {named}: it does not exist");
        // Somebody who has his own file wants nothing of the system's.
        if (!hasOwn) conf.TakeFolder($"{system}.d");
        conf.TakeFolder($"{own}.d");
        // Docker's rule, where nobody has made another.
        if (conf.Path is null && conf.Search.Count == 0) conf.Search = [ImageReference.DefaultRegistry];
        return conf;
    }

    /// <summary>The rule for a name: the one whose prefix is longest.</summary>
    public RegistryRule? Find(ImageReference image)
    {
        RegistryRule? best = null;
        int longest = 0;
        foreach (RegistryRule rule in _rules.Values)
        {
            int length = rule.Covers(image);
            if (length > longest) (best, longest) = (rule, length);
        }
        return best;
    }

    /// <summary>Whether there is a rule for all of a registry.</summary>
    public bool Names(string registry) => _rules.ContainsKey(registry);

    /// <summary>Whether a registry as a whole may be spoken to in plain words.</summary>
    public bool IsInsecure(string registry) => _rules.GetValueOrDefault(registry)?.IsInsecure ?? false;

    private void TakeFolder(string folder)
    {
        string[] files;
        try { files = Directory.GetFiles(folder, "*.conf"); }
        catch (Exception e) when (e is DirectoryNotFoundException or UnauthorizedAccessException) { return; }
        Array.Sort(files, StringComparer.Ordinal);
        foreach (string file in files)
        {
            if (TomlReader.ReadFile(file) is { } table) Take(file, table);
        }
    }

    private void Take(string path, TomlTable file)
    {
        try
        {
            if (file.Texts("unqualified-search-registries") is { } search) Search = [.. search.Select(static name => Checked(name.TrimEnd('/')))];
            if (file.Text("short-name-mode") is { Length: > 0 } mode) ShortNameMode = mode is "enforcing" or "permissive" or "disabled" ? mode : throw Bad($"short-name-mode is '{mode}', and not enforcing, permissive or disabled");
            if (file.Texts("credential-helpers") is { } helpers) CredentialHelpers = helpers;
            // A later file that has a rule for the same prefix replaces it.
            foreach (TomlTable table in file.Tables("registry"))
            {
                RegistryRule rule = Rule(table);
                _rules[rule.Prefix] = rule;
            }
            if (file.Table("registries") is { } first) TakeFirstVersion(first);
            if (file.Table("aliases") is { } aliases)
            {
                foreach (string name in aliases.Keys) Aliases[name] = aliases.Text(name)!;
            }
        }
        catch (BerthException e) when (e.Kind == Fault.InvalidArgument) { throw new BerthException(Fault.InvalidArgument, $"cannot use {path}: {e.Message}", e.Hint, e); }
    }

    private static RegistryRule Rule(TomlTable table)
    {
        string? location = table.Text("location")?.TrimEnd('/') is { Length: > 0 } place ? WithoutScheme(place) : null, prefix = table.Text("prefix")?.TrimEnd('/') is { Length: > 0 } beginning ? WithoutScheme(beginning) : location;
        if (prefix is null) throw Bad("a registry has neither prefix nor location");
        if (prefix.StartsWith("*.", StringComparison.Ordinal)) { if (prefix.Contains('/')) throw Bad($"the prefix '{prefix}' is a pattern with a path"); }
        else if (prefix.Contains('*')) throw Bad($"the prefix '{prefix}' has a '*' that is not its beginning '*.'");
        bool byDigestOnly = table.Flag("mirror-by-digest-only") ?? false;
        List<Mirror> mirrors = [];
        foreach (TomlTable mirror in table.Tables("mirror"))
        {
            string at = WithoutScheme(mirror.Text("location")?.TrimEnd('/') is { Length: > 0 } there ? there : throw Bad($"a mirror of '{prefix}' has no location"));
            string? pull = mirror.Text("pull-from-mirror");
            if (byDigestOnly && !string.IsNullOrEmpty(pull)) throw Bad($"'{prefix}' has mirror-by-digest-only, and its mirror '{at}' pull-from-mirror");
            mirrors.Add(new Mirror(at, mirror.Flag("insecure") ?? false, pull switch
            {
                null or "" => byDigestOnly ? PullFromMirror.DigestOnly : PullFromMirror.All,
                "all" => PullFromMirror.All,
                "digest-only" => PullFromMirror.DigestOnly,
                "tag-only" => PullFromMirror.TagOnly,
                _ => throw Bad($"pull-from-mirror is '{pull}', and not all, digest-only or tag-only"),
            }));
        }
        return new RegistryRule { Prefix = prefix, Location = location, IsInsecure = table.Flag("insecure") ?? false, IsBlocked = table.Flag("blocked") ?? false, Mirrors = mirrors };
    }

    private void TakeFirstVersion(TomlTable registries)
    {
        if (registries.Table("search")?.Texts("registries") is { } search) Search = [.. search.Select(static name => Checked(name.TrimEnd('/')))];
        foreach (string name in registries.Table("insecure")?.Texts("registries") ?? []) _rules[name] = (_rules.GetValueOrDefault(name) ?? new RegistryRule { Prefix = name }) with { IsInsecure = true };
        foreach (string name in registries.Table("block")?.Texts("registries") ?? []) _rules[name] = (_rules.GetValueOrDefault(name) ?? new RegistryRule { Prefix = name }) with { IsBlocked = true };
    }

    private static string WithoutScheme(string text) => text.Contains("://", StringComparison.Ordinal) ? throw Bad($"'{text}' is an address; write it without what stands before '//'") : text;

    private static string Checked(string name)
    {
        int slash = name.IndexOf('/');
        return ImageReference.IsRegistry(slash < 0 ? name : name[..slash]) ? name : throw Bad($"'{name}' is no registry to search in");
    }

    private static BerthException Bad(string reason) => new(Fault.InvalidArgument, reason);
}
