// man: the pages of the manual, one for each verb, for whoever installs the program.
using Berth.Cli.Verbs;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands;

/// <summary>The verb.</summary>
internal static class Manual
{
    /// <summary>How it is said.</summary>
    /// <param name="root">The top of the tree in a role.</param>
    /// <param name="summary">What the program is in it.</param>
    public static Command Make(Func<Role, Command> root, Func<Role, string> summary) => new()
    {
        Usage = "DIR",
        About = "Pages are named as in berth-network-create.1, and replace those of the same name.",
        Least = 1,
        Most = 1,
        Offers = Offer.Files,
        Examples = [new("berth man /usr/local/share/man/man1", "For man berth-run and the others")],
        Run = invocation =>
        {
            Session session = invocation.Session;
            string folder = invocation.Arguments[0];
            Directory.CreateDirectory(folder);
            foreach ((string name, string text) in Pages(session, root(session.Role), summary(session.Role))) File.WriteAllText(Path.Combine(folder, name), text);
            return Task.FromResult(0);
        },
    };

    /// <summary>Names and texts of all pages; verbs that the help does not show have none.</summary>
    public static IEnumerable<(string File, string Text)> Pages(Session session, Command root, string summary)
    {
        List<ManualPage> pages = [];
        Collect(new ManualPage(session.Program, summary, root), pages);
        return pages.Select(page => (page.Name + ".1", page.Write(Version.Number, Exits(session, page), Related(page, pages))));
    }

    private static void Collect(ManualPage page, List<ManualPage> pages)
    {
        pages.Add(page);
        foreach (CommandEntry entry in page.Command.Verbs.Where(static entry => entry.Group is not null)) Collect(new ManualPage($"{page.Path} {entry.Name}", entry.Summary, entry.Make()), pages);
    }

    // What is above it, what is below it, and what other things the same word is said of.
    private static string[] Related(ManualPage page, List<ManualPage> pages) =>
    [
        .. pages.Where(other => other != page && (Parent(page.Path) == other.Path || Parent(other.Path) == page.Path || Parent(page.Path).Length > 0 && Word(other.Path) == Word(page.Path)))
            .Select(static other => other.Name).Order(StringComparer.Ordinal),
    ];

    // Asked of the place that makes exit codes of faults: the page cannot say another one.
    private static List<(string Code, string Meaning)> Exits(Session session, ManualPage page)
    {
        if (page.Command.Run is null) return [];
        List<(string Code, string Meaning)> exits = [("0", "It is done.")];
        int own = Failure.CodeOf(session, page.Path, Fault.Failed), absent = Failure.CodeOf(session, page.Path, Fault.NotFound), used = Failure.CodeOf(session, page.Path, Fault.Conflict);
        if (absent != own) exits.Add(($"{absent}", "There is nothing of this name."));
        if (used != own) exits.Add(($"{used}", "It is in use, or not in a state in which this may be done."));
        exits.Add(($"{own}", absent == own ? "It failed, and standard error says why." : "It failed otherwise, and standard error says why."));
        if (RunsCommands(page.Path))
        {
            exits.Add(("126", "The command cannot be executed."));
            exits.Add(("127", "There is no such command."));
            exits.Add(("any other", "That of the command; 128 and the number of the signal where one has ended it."));
        }
        else exits.Add(("128 + N", "It was ended by signal N."));
        return exits;
    }

    private static bool RunsCommands(string path) => Word(path) is "run" or "exec" or "start" && Parent(path) is var parent && (Parent(parent).Length == 0 || Word(parent) == "container");

    private static string Parent(string path) => path.LastIndexOf(' ') is var end and > 0 ? path[..end] : "";

    private static string Word(string path) => path[(path.LastIndexOf(' ') + 1)..];
}
