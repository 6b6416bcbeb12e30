// What every source file of the house keeps to.
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Berth.Architecture.Tests;

public sealed partial class SourceTests
{
    private static readonly string[] Empty = ["Util", "Utils", "Utilities", "Common", "Helper", "Helpers", "Manager", "Base", "Impl", "Extensions", "Infrastructure"];

    [GeneratedRegex(@"\b(?:class|struct|interface|enum|record(?:\s+struct)?)\s+([A-Z]\w*)")]
    private static partial Regex Declaration { get; }

    [GeneratedRegex(@"//.*|""(?:\\.|[^""\\])*""")]
    private static partial Regex CommentOrText { get; }

    // The last word of a name says what the thing is; these say nothing. (A database ends with a small letter.)
    private static bool SaysNothing(string name) => Empty.Any(word => name.EndsWith(word, StringComparison.Ordinal));

    [Fact]
    public void No_file_folder_or_type_has_a_name_that_says_nothing()
    {
        List<string> offences = [];
        // What apps/berth-init declares in place of a runtime has the names under which the compiler looks for it (docs/decisions/0023).
        foreach ((string path, string[] lines) in TheHouse.Sources.Where(file => !file.Path.StartsWith("apps/berth-init/", StringComparison.Ordinal)))
        {
            offences.AddRange(path.Split('/').Select(part => part.Split('.')[0]).Where(SaysNothing).Select(part => $"{path}: {part}"));
            offences.AddRange(lines.Select(line => CommentOrText.Replace(line, "")).SelectMany(line => Declaration.Matches(line)).Select(match => match.Groups[1].Value).Where(SaysNothing).Select(type => $"{path}: type {type}"));
        }
        TheHouse.HasNone(offences.Distinct());
    }

    [Fact]
    public void The_first_line_of_every_file_says_what_it_is_for() =>
        TheHouse.HasNone(TheHouse.Sources.Where(file => file.Lines.Length == 0 || !file.Lines[0].StartsWith("// ", StringComparison.Ordinal) || file.Lines[0].Length < 12).Select(file => file.Path));

    [Fact]
    public void No_file_is_longer_than_a_thousand_lines() =>
        TheHouse.HasNone(TheHouse.Sources.Where(file => file.Lines.Length > 1000).Select(file => $"{file.Path}: {file.Lines.Length} lines"));

    [Fact]
    public void Unsafe_code_and_native_calls_have_one_address()
    {
        // The compiler refuses them elsewhere; this finds who opens the fence. The init has no floor below it to stand on (docs/decisions/0023).
        TheHouse.HasNone(TheHouse.Now.Projects.Where(project => project.Name is not ("Berth.Linux" or "berth-init"))
            .Where(project => XDocument.Load(project.File).Descendants("AllowUnsafeBlocks").Any(node => node.Value.Trim() != "false")).Select(project => $"{project.Name} allows unsafe code"));
        TheHouse.HasNone(TheHouse.Sources.Where(file => !file.Path.StartsWith("src/Berth.Linux/", StringComparison.Ordinal) && !file.Path.StartsWith("apps/berth-init/", StringComparison.Ordinal))
            .SelectMany(file => file.Lines.Select(line => CommentOrText.Replace(line, "")).Where(line => Native.IsMatch(line)).Select(line => $"{file.Path}: {line.Trim()}")));
    }

    [GeneratedRegex(@"\bunsafe\b|\bLibraryImport\b|\bDllImport\b|\bstackalloc\s+\w+\s*\*")]
    private static partial Regex Native { get; }

    [Fact]
    public void No_warning_is_switched_off_in_a_file_without_a_word_why() =>
        // The line that switches it off, or the one before it, has a comment.
        TheHouse.HasNone(TheHouse.Sources.SelectMany(file => file.Lines.Select((line, i) => (line, before: i == 0 ? "" : file.Lines[i - 1]))
            .Where(at => at.line.TrimStart().StartsWith("#pragma warning disable", StringComparison.Ordinal) && !at.line.Contains("//", StringComparison.Ordinal) && !at.before.TrimStart().StartsWith("//", StringComparison.Ordinal))
            .Select(at => $"{file.Path}: {at.line.Trim()}")));

    [Fact]
    public void Nothing_is_left_to_be_done_in_a_comment() =>
        TheHouse.HasNone(TheHouse.Sources.SelectMany(file => file.Lines.Where(line => Later.IsMatch(line)).Select(line => $"{file.Path}: {line.Trim()}")));

    [GeneratedRegex(@"//.*\b(?:TODO|FIXME|XXX|HACK)\b")]
    private static partial Regex Later { get; }

    [Fact]
    public void A_program_is_main_and_wiring_of_at_most_sixty_lines_a_file() =>
        TheHouse.HasNone(TheHouse.Now.Projects.Where(project => project.IsApp && project.Name != "berth-init").SelectMany(project => project.Sources).Where(path => File.ReadLines(path).Count() > 60));

    [Fact]
    public void Every_project_of_the_house_is_in_the_solution()
    {
        string solution = File.ReadAllText(Path.Combine(TheHouse.Now.Checkout, "Berth.slnx"));
        TheHouse.HasNone(TheHouse.Now.Projects.Select(project => Path.GetRelativePath(TheHouse.Now.Checkout, project.File)).Where(path => !solution.Contains($"\"{path}\"", StringComparison.Ordinal)));
    }
}
