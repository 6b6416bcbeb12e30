// --filter of images, as docker and podman have it.
using System.Globalization;
using Berth.Cli.Output;
using Berth.Engine.Images;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Store.Records;

namespace Berth.Cli.Commands.Images;

/// <summary>Conditions. Several of one name are alternatives, those of different names must all hold; labels must all hold.</summary>
internal sealed class ImageFilter
{
    private readonly List<Func<StoredImage, bool>> _all = [];
    private readonly List<string> _patterns = [];

    /// <summary>Names, for messages.</summary>
    public const string Names = "before, dangling, digest, id, label, label!, pinned, reference, since, until";

    private ImageFilter()
    {
    }

    /// <summary>Whether it lets all images through.</summary>
    public bool IsEmpty => _all.Count == 0;

    /// <summary>Reads <c>name=value</c> each.</summary>
    /// <exception cref="BerthException">InvalidArgument; NotFound: an image that one is to be compared with.</exception>
    public static ImageFilter Parse(IEnumerable<string> filters, EngineImages images, DateTimeOffset now)
    {
        ImageFilter filter = new();
        foreach (IGrouping<string, (string Name, string Value)> group in filters.Select(Split).GroupBy(static one => one.Name))
        {
            Func<StoredImage, bool>[] conditions = [.. group.Select(one => One(one.Name, one.Value, images, now))];
            if (group.Key == "reference") filter._patterns.AddRange(group.Select(static one => one.Value));
            if (group.Key is "label" or "label!") filter._all.AddRange(conditions);
            else filter._all.Add(image => Array.Exists(conditions, condition => condition(image)));
        }
        return filter;
    }

    /// <summary>Whether an image is meant.</summary>
    public bool Means(StoredImage image) => _all.TrueForAll(condition => condition(image));

    /// <summary>Whether a name of such an image is to be shown: where names were asked for, only these.</summary>
    public bool MeansName(string full) => _patterns.Count == 0 || _patterns.Exists(pattern => IsNamed(full, pattern));

    private static (string Name, string Value) Split(string text)
    {
        int equals = text.IndexOf('=');
        if (equals <= 0) throw new BerthException(Fault.InvalidArgument, $"'{text}' is no filter", $"write NAME=VALUE with one of {Names}");
        return text[equals - 1] == '!' ? (text[..equals], text[(equals + 1)..]) : (text[..equals], text[(equals + 1)..]);
    }

    private static Func<StoredImage, bool> One(string name, string value, EngineImages images, DateTimeOffset now)
    {
        switch (name)
        {
            case "dangling":
                bool dangling = Truth(name, value);
                return image => image.IsDangling == dangling;
            case "pinned":
                bool pinned = Truth(name, value);
                return image => image.IsPinned == pinned;
            case "label": return image => HasLabel(images.ReadConfig(image), value);
            case "label!": return image => !HasLabel(images.ReadConfig(image), value);
            case "before":
                StoredImage later = images.Find(value);
                return image => image.Created < later.Created;
            case "since" or "after":
                StoredImage earlier = images.Find(value);
                return image => image.Created > earlier.Created;
            case "until":
                DateTimeOffset until = Time(value, now);
                return image => (image.Created ?? image.Stored) < until;
            case "id":
                string id = value.StartsWith("sha256:", StringComparison.Ordinal) ? value[7..] : value;
                return image => image.Id.Encoded.StartsWith(id, StringComparison.Ordinal);
            case "digest": return image => image.Manifest.Digest.ToString().StartsWith(value, StringComparison.Ordinal);
            case "reference": return image => image.Names.Concat(image.RepoDigests).Any(full => IsNamed(full, value));
            default: throw new BerthException(Fault.InvalidArgument, $"the filter '{name}' is unknown", $"there are {Names}");
        }
    }

    private static bool Truth(string name, string value) => value switch
    {
        "true" or "1" or "t" => true,
        "false" or "0" or "f" => false,
        _ => throw new BerthException(Fault.InvalidArgument, $"the filter {name} is true or false, not '{value}'"),
    };

    private static bool HasLabel(ImageConfig config, string wanted)
    {
        int equals = wanted.IndexOf('=');
        return config.Config?.Labels is { } labels && labels.TryGetValue(equals < 0 ? wanted : wanted[..equals], out string? value) && (equals < 0 || value == wanted[(equals + 1)..]);
    }

    /// <summary>Of the year 9999, after which no time can be written.</summary>
    internal static long LastSecond { get; } = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    /// <summary>A time, or how long ago it was.</summary>
    internal static DateTimeOffset Time(string text, DateTimeOffset now)
    {
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) && seconds <= LastSecond) return DateTimeOffset.FromUnixTimeSeconds(seconds);
        if (text.Contains('-') && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)) return time;
        return text.StartsWith('-') ? now + Words.ParseSpan(text[1..]) : now - Words.ParseSpan(text);
    }

    private static bool IsNamed(string full, string pattern)
    {
        (string repository, string tag) = ImageNames.Split(full);
        char between = full.Contains('@') ? '@' : ':';
        string whole = full.Contains('@') ? full[..full.IndexOf('@')] : full[..full.LastIndexOf(':')];
        return Glob.Matches(pattern, repository) || Glob.Matches(pattern, $"{repository}{between}{tag}") || Glob.Matches(pattern, whole) || Glob.Matches(pattern, full);
    }
}
