// events: what has happened, and what happens.
using System.Globalization;
using System.Text;
using Berth.Cli.Arguments;
using Berth.Cli.Commands.Images;
using Berth.Cli.Output;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Events;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>The verb.</summary>
internal static class Happenings
{
    private const string Names = "action, container, event, id, image, label, name, network, pod, type, volume";

    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Most = 0,
        Options =
        [
            Option.Many("filter", "NAME=VALUE", $"Those that match: {Names}", 'f'),
            Option.With("format", "FORMAT", "json, or a Go template"),
            Option.With("since", "TIME", "From this time on: 10m, or 2026-01-02T03:04:05Z"),
            Option.With("until", "TIME", "Up to this time"),
            Option.Switch("stream", "Wait for more; --stream=false does not"), Option.Switch("no-stream", "Do not wait for more"), Option.Ignored("no-trunc"),
        ],
        Examples =
        [
            new("berth events", "What happens from now on"),
            new("berth events --since 1h --no-stream --filter event=died", "What has ended in the last hour"),
            new("berth events --format '{{.Action}} {{.Name}}'", "In other words"),
        ],
        Run = RunAsync,
    };

    /// <summary>Whether an event is meant: values of one name are alternatives, and labels must all hold.</summary>
    internal static bool Means(EngineEvent one, IEnumerable<(string Name, string Value)> filters)
    {
        foreach (IGrouping<string, (string Name, string Value)> group in filters.GroupBy(static filter => filter.Name))
        {
            bool holds = group.Key == "label" ? group.All(filter => Matches(one, filter.Name, filter.Value)) : group.Any(filter => Matches(one, filter.Name, filter.Value));
            if (!holds) return false;
        }
        return true;
    }

    /// <summary>NAME=VALUE.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    internal static (string Name, string Value) Split(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        string name = equals > 0 ? text[..equals] : "";
        return name is "action" or "container" or "event" or "id" or "image" or "label" or "name" or "network" or "pod" or "type" or "volume"
            ? (name, text[(equals + 1)..]) : throw new BerthException(Fault.InvalidArgument, $"'{text}' is no filter of events", $"write NAME=VALUE with one of {Names}");
    }

    /// <summary>2026-01-02T03:04:05.000000000Z container start ID (image=busybox, name=web).</summary>
    internal static string Line(EngineEvent one)
    {
        StringBuilder line = new();
        line.Append(one.Time.ToLocalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00'", CultureInfo.InvariantCulture));
        line.Append(one.Time.ToLocalTime().Offset == TimeSpan.Zero ? "Z" : one.Time.ToLocalTime().ToString("zzz", CultureInfo.InvariantCulture));
        line.Append(CultureInfo.InvariantCulture, $" {one.Kind} {one.Action} {one.Id}");
        SortedDictionary<string, string> all = All(one);
        if (all.Count > 0) line.Append(" (").AppendJoin(", ", all.Select(static pair => $"{pair.Key}={pair.Value}")).Append(')');
        return line.ToString();
    }

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        List<(string Name, string Value)> filters = [.. invocation.All("filter").Select(Split)];
        string? format = invocation.Find("format");
        DateTimeOffset now = session.Clock.GetUtcNow();
        DateTimeOffset? since = TimeOf(invocation.Find("since"), now), until = TimeOf(invocation.Find("until"), now);
        bool follow = !invocation.Has("no-stream") && invocation.Truth("stream") != false && !(until < now);
        EngineEvents events = (await session.EngineAsync().ConfigureAwait(false)).Events;
        try
        {
            await foreach (EngineEvent one in events.ReadAsync(since, until, follow, session.Ending).ConfigureAwait(false))
            {
                if (!Means(one, filters)) continue;
                if (format is null or "") session.Out.WriteLine(Line(one));
                else Report.Write(session.Out, format, [format == "json" ? JsonOf(one) : ValueOf(one)]);
                session.Out.Flush();
                if (!session.Out.IsRead) break;
            }
        }
        catch (OperationCanceledException) when (session.Signal != default)
        {
            // Interrupted: that is how it ends.
        }
        return 0;
    }

    private static DateTimeOffset? TimeOf(string? text, DateTimeOffset now)
    {
        if (text is null) return null;
        // docker's seconds may have a fraction.
        if (text.Contains('.', StringComparison.Ordinal) && decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal seconds) && seconds < 1e11m) return DateTimeOffset.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond));
        return text.StartsWith('-') ? now + Words.ParseSpan(text[1..]) : ImageFilter.Time(text, now);
    }

    private static bool Matches(EngineEvent one, string name, string value) => name switch
    {
        "type" => one.Kind == value,
        "action" or "event" => Podman(one.Action) == Podman(value),
        "container" or "image" or "network" or "pod" or "volume" when one.Kind == name => IsNamed(one, value),
        "image" => one.Attributes.GetValueOrDefault("image") is { } image && (image == value || image == value + ":latest" || image.Split('/')[^1].Split(':')[0] == value),
        "container" or "network" or "pod" or "volume" => one.Attributes.GetValueOrDefault(name) == value,
        "id" => one.Id.StartsWith(value, StringComparison.Ordinal),
        "name" => one.Name == value,
        "label" => value.Split('=', 2) is [{ } key, { } wanted] ? one.Attributes.GetValueOrDefault(key) == wanted : one.Attributes.ContainsKey(value),
        _ => false,
    };

    // What docker calls die and destroy, podman calls died and remove.
    private static string Podman(string action) => action switch { "die" => "died", "destroy" => "remove", _ => action };

    private static bool IsNamed(EngineEvent one, string value) => one.Name == value || (value.Length > 0 && one.Id.StartsWith(value, StringComparison.Ordinal));

    private static SortedDictionary<string, string> All(EngineEvent one)
    {
        SortedDictionary<string, string> all = new(StringComparer.Ordinal);
        foreach ((string key, string value) in one.Attributes) all[key] = value;
        if (one.Name.Length > 0) all["name"] = one.Name;
        return all;
    }

    private static Value.Record Actor(EngineEvent one) => Value.Record.Of(Member.Of("ID", one.Id), Member.Of("Attributes", All(one)));

    private static Value.Record JsonOf(EngineEvent one) => Value.Record.Of(
        Member.Of("status", one.Action), Member.Of("id", one.Id), one.Attributes.TryGetValue("image", out string? image) ? Member.Of("from", image) : null,
        Member.Of("Type", one.Kind), Member.Of("Action", one.Action), new Member("Actor", Actor(one)), Member.Of("scope", "local"),
        Member.Of("time", one.Time.ToUnixTimeSeconds()), Member.Of("timeNano", Nanoseconds(one.Time)));

    private static Value.Record ValueOf(EngineEvent one) => Value.Record.Of(
        Member.Of("ID", one.Id), Member.Of("Name", one.Name), Member.Of("Image", one.Attributes.GetValueOrDefault("image") ?? ""), Member.Of("From", one.Attributes.GetValueOrDefault("image") ?? ""),
        Member.Of("Status", one.Action), Member.Of("Type", one.Kind), Member.Of("Action", one.Action), new Member("Actor", Actor(one)), Member.Of("Attributes", All(one)),
        Member.Of("ContainerExitCode", one.Attributes.GetValueOrDefault("exitCode") ?? ""), Member.Of("Scope", "local"),
        Member.Of("Time", one.Time.ToUnixTimeSeconds()), Member.Of("TimeNano", Nanoseconds(one.Time)));

    private static long Nanoseconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks * 100;
}
