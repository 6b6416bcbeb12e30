// Under which names credentials for a registry may be filed.
namespace Berth.Distribution.Configuration;

/// <summary>A registry, and perhaps a part of its repositories: <c>quay.io/team</c>.</summary>
internal sealed record AuthKey
{
    /// <summary>What Docker's own tools call Docker Hub in their files.</summary>
    public const string DockerHub = "https://index.docker.io/v1/";

    private AuthKey(string registry, string path) => (Registry, Path) = (registry, path);

    public string Registry { get; }

    /// <summary>The namespace or repository; "" for all of the registry.</summary>
    public string Path { get; }

    /// <summary>As people write it, perhaps as an address.</summary>
    public static AuthKey Parse(string text)
    {
        string plain = text.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? text[8..] : text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? text[7..] : text;
        int slash = plain.IndexOf('/');
        string registry = slash < 0 ? plain : plain[..slash];
        string path = slash < 0 || plain.Length != text.Length ? "" : plain[(slash + 1)..].Trim('/');
        return new AuthKey(registry is "index.docker.io" or "registry-1.docker.io" ? "docker.io" : registry, path);
    }

    /// <summary>Of a repository, or of the registry itself.</summary>
    public static AuthKey Of(string registry, string repository) => Parse(repository.Length == 0 ? registry : $"{registry}/{repository}");

    /// <summary>From the most particular to the registry as a whole.</summary>
    public IEnumerable<string> Levels()
    {
        for (string path = Path; path.Length > 0; path = path.LastIndexOf('/') is > 0 and var slash ? path[..slash] : "") yield return $"{Registry}/{path}";
        yield return Registry;
    }

    /// <summary>Whether an entry of a file that is no path of ours is for all of this registry: <c>https://quay.io/v1/</c> is.</summary>
    public bool IsOfRegistry(string entry)
    {
        AuthKey other = Parse(entry);
        return other.Path.Length == 0 && other.Registry == Registry;
    }

    public override string ToString() => Path.Length == 0 ? Registry : $"{Registry}/{Path}";
}
