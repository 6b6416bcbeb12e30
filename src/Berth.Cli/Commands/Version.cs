// version, and --version.
using Berth.Cli.Arguments;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Oci.Content;

namespace Berth.Cli.Commands;

/// <summary>The verb.</summary>
internal static class Version
{
    /// <summary>Of the program.</summary>
    public static string Number => typeof(Version).Assembly.GetName().Version is { } version ? $"{version.Major}.{version.Minor}.{version.Build}" : "0";

    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Most = 0,
        Options = [Option.With("format", "TEMPLATE", "Print by a Go template, or json", 'f')],
        Examples = [new("berth version --format '{{.Version}}'", "The number alone")],
        Run = static invocation =>
        {
            if (invocation.Session.Role == Role.Podman && invocation.Find("format") is { } own) Report.WriteOne(invocation.Session.Out, own == "json" ? null : own, Value.Record.Of(new Member("Client", PodmanInfo.VersionOf()), Member.Hidden("Version", Value.Of(Number))));
            else if (invocation.Find("format") is { } format) Report.WriteOne(invocation.Session.Out, format, Value.Record.Of(Member.Of("Version", Number), Member.Of("OsArch", Platform.Host.ToString())));
            else invocation.Session.Out.Write($"Version:  {Number}\nOS/Arch:  {Platform.Host}\n");
            return Task.FromResult(0);
        },
    };

    /// <summary>In a line.</summary>
    public static int Short(Session session)
    {
        session.Out.WriteLine($"{session.Program} version {Number}");
        return 0;
    }
}
