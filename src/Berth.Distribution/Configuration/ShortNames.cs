// What a name without a registry may mean: an alias, or the same name in each registry that is searched.
using Berth.Distribution.Toml;
using Berth.Oci.Faults;
using Berth.Oci.References;

namespace Berth.Distribution.Configuration;

/// <summary>Finds out.</summary>
internal sealed class ShortNames(RegistriesConf conf, Places places)
{
    /// <summary>In the order in which they are tried.</summary>
    /// <exception cref="BerthException">NotFound: nobody said where to look.</exception>
    public IReadOnlyList<ImageReference> Candidates(ImageName name)
    {
        if (name.Registry is { } registry) return [name.In(registry).WithDefaultTag()];
        if (Alias(name.Repository) is { } alias) return [(alias with { Tag = name.Tag, Digest = name.Digest }).WithDefaultTag()];
        if (conf.Search.Count == 0)
        {
            throw new BerthException(Fault.NotFound, $"'{name.Repository}' names no registry, there is no alias for it, and no registries are searched", $"write docker.io/{name.Repository}, or name registries in unqualified-search-registries of {conf.Path ?? "registries.conf"}") { Code = FaultCode.ImageNameShort };
        }
        return [.. conf.Search.Select(place => In(place, name).WithDefaultTag())];
    }

    /// <summary>Keeps what the user has chosen.</summary>
    public void Remember(string repository, ImageReference image)
    {
        string path = places.ChosenAliases;
        Dictionary<string, string> all = Chosen();
        all[repository] = image.Name;
        System.Text.StringBuilder text = new("[aliases]\n");
        foreach ((string key, string value) in all.OrderBy(static pair => pair.Key, StringComparer.Ordinal)) text.Append("  \"").Append(key).Append("\" = \"").Append(value).Append("\"\n");
        try
        {
            string folder = System.IO.Path.GetDirectoryName(path)!, temporary = $"{path}.{Guid.NewGuid():N}";
            if (!Directory.Exists(folder)) Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            try
            {
                File.WriteAllText(temporary, text.ToString());
                File.Move(temporary, path, overwrite: true);
            }
            finally { File.Delete(temporary); }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { throw new BerthException(Fault.Failed, $"cannot write {path}: {e.Message}", inner: e); }
    }

    private ImageReference? Alias(string repository)
    {
        // What the user chose stands before what the distribution ships; an empty one takes it away.
        if (!Chosen().TryGetValue(repository, out string? text) && !conf.Aliases.TryGetValue(repository, out text)) return null;
        if (text.Length == 0) return null;
        if (!ImageName.TryParse(text, out ImageName? name, out string? reason)) throw new BerthException(Fault.InvalidArgument, $"the alias '{repository}' means '{text}', which is no name of an image: {reason}");
        if (name.Registry is null || name.Tag is not null || !name.Digest.IsEmpty) throw new BerthException(Fault.InvalidArgument, $"the alias '{repository}' means '{text}', which is not a registry and a repository");
        return name.In(name.Registry);
    }

    private Dictionary<string, string> Chosen()
    {
        Dictionary<string, string> all = [];
        if (TomlReader.ReadFile(places.ChosenAliases)?.Table("aliases") is { } aliases)
        {
            foreach (string name in aliases.Keys) all[name] = aliases.Text(name)!;
        }
        return all;
    }

    // A place to search in may have a path.
    private static ImageReference In(string place, ImageName name)
    {
        int slash = place.IndexOf('/');
        return slash < 0 ? name.In(place) : name.In(place[..slash]).At(place[..slash], $"{place[(slash + 1)..]}/{name.Repository}");
    }
}
