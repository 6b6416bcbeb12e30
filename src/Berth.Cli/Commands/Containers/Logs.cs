// logs: what containers have written.
using System.Globalization;
using System.Text;
using Berth.Cli.Arguments;
using Berth.Cli.Commands.Images;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Linux.Files;

namespace Berth.Cli.Commands.Containers;

/// <summary>The verb.</summary>
internal static class Logs
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "CONTAINER...",
        Least = 0,
        Offers = Offer.Containers,
        Options = [.. Flags],
        Examples = [new("berth logs -f --tail 20 web", "The last lines, and what follows"), new("berth logs --since 10m -t web", "With times")],
        Run = RunAsync,
    };

    /// <summary>Its options, which are those of pods too.</summary>
    internal static Option[] Flags =>
    [
        Option.Switch("follow", "Go on with what it writes", 'f'),
        Option.With("since", "TIME", "From this time on: 10m, or 2026-01-02T03:04:05Z"),
        Option.With("until", "TIME", "Up to this time"),
        Option.With("tail", "N", "The last N lines; all", 'n'),
        Option.Switch("timestamps", "When each line was written", 't'),
        Option.Switch("names", "Whose each line is"), Option.Switch("color", "A colour for each container"),
        Option.Switch("details", "What was given to the log driver") with { IsHidden = true }, Option.Switch("latest", "The container that was made last", 'l'),
    ];

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        EngineContainers containers = (await session.EngineAsync().ConfigureAwait(false)).Containers;
        List<Container> chosen = [.. invocation.Arguments.Select(containers.Find)];
        if (invocation.Has("latest") && containers.List() is [{ } latest, ..]) chosen.Add(latest);
        if (chosen.Count == 0) throw invocation.WrongCount(0);
        return await ShowAsync(invocation, chosen).ConfigureAwait(false);
    }

    /// <summary>Shows what containers have written.</summary>
    internal static async Task<int> ShowAsync(Invocation invocation, List<Container> chosen)
    {
        Session session = invocation.Session;
        DateTimeOffset now = session.Clock.GetUtcNow();
        LogOptions options = new()
        {
            Follow = invocation.Has("follow"),
            Tail = invocation.Find("tail") is null or "all" or "-1" ? null : invocation.Number("tail"),
            Since = invocation.Find("since") is { } since ? ImageFilter.Time(since, now) : null,
            Until = invocation.Find("until") is { } until ? UntilOf(session, until, now) : null,
        };
        try
        {
            await Task.WhenAll(chosen.Select((container, number) => ShowAsync(invocation, container, options, chosen.Count > 1 || invocation.Has("names") ? number : -1))).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (session.Signal != default && options.Follow)
        {
            return 130;
        }
        return 0;
    }

    // podman's 3s is in three seconds, docker's was three seconds ago.
    private static DateTimeOffset UntilOf(Session session, string text, DateTimeOffset now) =>
        ImageFilter.Time(text, now) is var time && session.Role == Role.Podman && !text.Contains(':') && time != DateTimeOffset.MinValue && char.IsAsciiLetter(text[^1]) ? now + (now - time) : ImageFilter.Time(text, now);

    private static async Task ShowAsync(Invocation invocation, Container container, LogOptions options, int number)
    {
        bool withTime = invocation.Has("timestamps"), withColor = invocation.Has("color") && Linux.Terminals.Terminal.Is(1);
        string name = number < 0 ? "" : invocation.Has("names") ? container.Name + " " : container.Record.ShortId + " ";
        if (withColor && number >= 0) name = string.Create(CultureInfo.InvariantCulture, $"\e[{31 + (number % 6)}m{name}\e[0m");
        bool atStart = true;
        await foreach (LogEntry entry in container.ReadLogsAsync(options, options.Follow ? invocation.Session.Ending : default).ConfigureAwait(false))
        {
            byte[] head = atStart && (withTime || name.Length > 0) ? Encoding.UTF8.GetBytes(name + (withTime ? Stamp(entry.Time) + " " : "")) : [];
            atStart = entry.Bytes.Length > 0 && entry.Bytes.Span[^1] == '\n';
            if (!RawIo.WriteAll(entry.Kind == OutputKind.Error ? 2 : 1, head.Length == 0 ? entry.Bytes.Span : [.. head, .. entry.Bytes.Span])) return;
        }
    }

    private static string Stamp(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'", CultureInfo.InvariantCulture);
}
