// --change: instructions of a Dockerfile that say what a container of an image starts with.
using System.Text;
using System.Text.Json;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;

namespace Berth.Cli.Commands.Images;

/// <summary>Instructions.</summary>
internal static class Changes
{
    private static readonly JsonElement s_empty = JsonDocument.Parse("{}").RootElement;

    /// <summary>The configuration with all of them.</summary>
    /// <exception cref="BerthException">InvalidArgument: one that is none.</exception>
    public static ContainerConfig Apply(ContainerConfig config, IEnumerable<string> changes) => changes.Aggregate(config, One);

    private static ContainerConfig One(ContainerConfig config, string change)
    {
        string text = change.Trim();
        int end = text.IndexOfAny([' ', '\t', '=']);
        if (end <= 0) throw new BerthException(Fault.InvalidArgument, $"'{change}' is no instruction", "write as in a Dockerfile: CMD [\"sh\"]");
        string rest = text[(end + 1)..].Trim();
        return text[..end].ToUpperInvariant() switch
        {
            "CMD" => config with { Cmd = Command(rest) },
            "ENTRYPOINT" => config with { Entrypoint = Command(rest) },
            "ENV" => config with { Env = [.. Pairs(rest).Aggregate((IEnumerable<string>)(config.Env ?? []), static (env, pair) => env.Where(other => !other.StartsWith(pair.Name + "=", StringComparison.Ordinal)).Append($"{pair.Name}={pair.Value}"))] },
            "LABEL" => config with { Labels = Pairs(rest).Aggregate(new Dictionary<string, string>(config.Labels ?? new Dictionary<string, string>()), static (labels, pair) => { labels[pair.Name] = pair.Value; return labels; }) },
            "EXPOSE" => config with { ExposedPorts = Set(config.ExposedPorts, Split(rest).Select(static port => port.Contains('/') ? port : port + "/tcp")) },
            "VOLUME" => config with { Volumes = Set(config.Volumes, Json(rest) ?? Split(rest)) },
            "ONBUILD" => config with { OnBuild = [.. config.OnBuild ?? [], rest] },
            "STOPSIGNAL" => config with { StopSignal = rest },
            "USER" => config with { User = rest },
            "WORKDIR" => config with { WorkingDir = rest },
            { } other => throw new BerthException(Fault.InvalidArgument, $"the instruction {other} cannot be applied to an image", "CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME and WORKDIR can"),
        };
    }

    /// <summary>A JSON list as it is, anything else for the shell.</summary>
    private static IReadOnlyList<string> Command(string text) => Json(text) ?? ["/bin/sh", "-c", text];

    private static List<string>? Json(string text)
    {
        if (!text.StartsWith('[')) return null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return [.. document.RootElement.EnumerateArray().Select(static word => word.GetString() ?? "")];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) { return null; } // then it is a line for the shell, as a Dockerfile has it
    }

    private static Dictionary<string, JsonElement> Set(IReadOnlyDictionary<string, JsonElement>? before, IEnumerable<string> more)
    {
        Dictionary<string, JsonElement> set = new(before ?? new Dictionary<string, JsonElement>());
        foreach (string one in more) set[one] = s_empty;
        return set;
    }

    private static IEnumerable<(string Name, string Value)> Pairs(string text)
    {
        List<string> words = Split(text);
        // The old shape: a name, a blank, and all that follows.
        if (words.Count > 0 && !words[0].Contains('=')) return [(words[0], text[words[0].Length..].Trim())];
        return words.Select(word => word.IndexOf('=') is > 0 and int equals ? (word[..equals], word[(equals + 1)..]) : throw new BerthException(Fault.InvalidArgument, $"'{word}' is no NAME=VALUE"));
    }

    /// <summary>Words between blanks; quotes hold blanks together.</summary>
    private static List<string> Split(string text)
    {
        List<string> words = [];
        StringBuilder word = new();
        char quote = '\0';
        bool any = false;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (quote != '\0' ? c == quote : c is '"' or '\'') (quote, any) = (quote == '\0' ? c : '\0', true);
            else if (c == '\\' && quote != '\'' && i + 1 < text.Length) word.Append(text[++i]);
            else if (quote == '\0' && char.IsWhiteSpace(c))
            {
                if (word.Length > 0 || any) words.Add(word.ToString());
                word.Clear();
                any = false;
            }
            else word.Append(c);
        }
        if (word.Length > 0 || any) words.Add(word.ToString());
        return words;
    }
}
