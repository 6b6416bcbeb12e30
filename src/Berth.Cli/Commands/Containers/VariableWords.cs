// -e, --env-file, --label and --label-file: variables and labels, from the command line and from files.
using System.Collections;
using Berth.Cli.Verbs;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>Reads variables and labels.</summary>
internal static class VariableWords
{
    private const int Largest = 16 * 1024 * 1024;

    /// <summary>Variables: what is set, and what is taken away. Later words win; those of files come first.</summary>
    /// <exception cref="BerthException">InvalidArgument, NotFound.</exception>
    public static (List<string> Set, List<string> Removed) Read(Invocation invocation)
    {
        List<string> set = [], removed = invocation.All("unsetenv");
        if (invocation.Has("unsetenv-all")) removed.Add("*");
        if (invocation.Has("env-host"))
        {
            foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables()) Add(set, removed, $"{variable.Key}={variable.Value}", invocation.Session, "env-host");
        }
        foreach (string file in invocation.All("env-file"))
        {
            foreach (string line in Lines(file, "env-file")) Add(set, removed, line, invocation.Session, "env-file");
        }
        foreach (string word in invocation.All("env")) Add(set, removed, word, invocation.Session, "env");
        return (set, removed);
    }

    /// <summary>Labels.</summary>
    /// <exception cref="BerthException">InvalidArgument, NotFound.</exception>
    public static Dictionary<string, string> Labels(Invocation invocation)
    {
        Dictionary<string, string> labels = [];
        foreach (string file in invocation.All("label-file"))
        {
            foreach ((string name, string value) in Fields.Pairs(Lines(file, "label-file"), "label-file", needsValue: false)) labels[name] = value;
        }
        foreach ((string name, string value) in Fields.Pairs(invocation.All("label"), "label", needsValue: false)) labels[name] = value;
        return labels;
    }

    private static void Add(List<string> set, List<string> removed, string word, Session session, string option)
    {
        (string name, string? value) = Fields.Pair(word);
        if (name.Length == 0 || word.Contains('\0', StringComparison.Ordinal)) throw Quantities.Wrong(option, "NAME=VALUE", word);
        if (value is not null) Put(set, name, value);
        else if (name.EndsWith('*'))
        {
            foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
            {
                if (((string)variable.Key).StartsWith(name[..^1], StringComparison.Ordinal)) Put(set, (string)variable.Key, (string?)variable.Value ?? "");
            }
        }
        else if (session.Variable(name) is { } ours) Put(set, name, ours);
        // docker's: a name that we do not have takes the image's away.
        else removed.Add(name);
    }

    private static void Put(List<string> set, string name, string value)
    {
        set.RemoveAll(other => other.Length > name.Length && other[name.Length] == '=' && other.StartsWith(name, StringComparison.Ordinal));
        set.Add($"{name}={value}");
    }

    private static List<string> Lines(string file, string option)
    {
        try
        {
            if (file != "-" && new FileInfo(file) is { Exists: true, Length: > Largest }) throw new BerthException(Fault.InvalidArgument, $"--{option} {file}: it has more than {Largest >> 20} MiB");
            List<string> lines = [];
            foreach (string raw in File.ReadAllLines(file))
            {
                // An editor's byte order mark is no part of a name.
                string line = raw.TrimStart('\uFEFF', ' ', '\t').TrimEnd('\r');
                if (line.Length == 0 || line[0] == '#') continue;
                string name = Fields.Pair(line).Name;
                if (name.AsSpan().IndexOfAny(' ', '\t') >= 0) throw new BerthException(Fault.InvalidArgument, $"--{option} {file}: '{name}' has white space in it, and a name does not");
                lines.Add(line);
            }
            return lines;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BerthException(Fault.NotFound, $"cannot read --{option} {file}: {e.Message}", null, e);
        }
    }
}
