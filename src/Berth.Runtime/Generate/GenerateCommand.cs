// The verb `generate`: a configuration from flags, beginning with a template or with nothing.
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Faults;

namespace Berth.Runtime.Generate;

/// <summary><c>generate</c>: writes a configuration made from flags; the flags are those of oci-runtime-tool.</summary>
public static class GenerateCommand
{
    private static readonly FlagGroup InputAndOutput = new("input and output",
    [
        new("template", "FILE", "begin with this configuration; what it says beyond the flags is kept", Nothing),
        new("output", "FILE", "write there, not to standard output", Nothing),
        new("linux-seccomp-only", null, "write the system call filter alone", Nothing),
        new("host-specific", null, "refuse what this host lacks", Nothing),
        new("help", null, "print this text", Nothing),
    ]);

    /// <summary>Runs the verb.</summary>
    /// <param name="args">The flags.</param>
    /// <param name="stdout">Gets the configuration, or the help.</param>
    /// <param name="stderr">Gets the fault.</param>
    /// <returns>The exit code: 0 or 1.</returns>
    public static int Run(ReadOnlySpan<string> args, TextWriter stdout, TextWriter stderr)
    {
        try
        {
            FlagGroup[] groups = GenerateFlags.Groups();
            Dictionary<string, List<string>> given = Parse(args, groups);
            if (IsOn(given, "help")) Help(stdout, groups);
            else Write(given, Make(given, groups), stdout);
            return 0;
        }
        catch (BerthException fault)
        {
            stderr.WriteLine($"generate: {fault.Sentence}");
            return 1;
        }
        catch (LinuxException fault)
        {
            stderr.WriteLine($"generate: {fault.Message}");
            return 1;
        }
    }

    private static Draft Make(Dictionary<string, List<string>> given, FlagGroup[] groups)
    {
        string? template = LastOf(given, "template");
        Draft draft = template is null ? Draft.New() : Draft.From(KernelFile.Read(template), template);
        draft.IsHostSpecific = IsOn(given, "host-specific");
        if (template is null && !IsOn(given, "privileged")) given.TryAdd(GenerateFlags.DefaultFilter, ["true"]);
        foreach (FlagGroup group in groups)
        {
            foreach (GenerateFlag flag in group.Flags)
            {
                if (given.TryGetValue(flag.Name, out List<string>? values)) Apply(flag, values, draft);
            }
        }
        return draft;
    }

    private static void Apply(GenerateFlag flag, List<string> values, Draft draft)
    {
        try
        {
            if (flag.IsRepeatable) values.ForEach(value => flag.Apply(draft, value));
            else flag.Apply(draft, values[^1]);
        }
        catch (BerthException fault)
        {
            throw new BerthException(fault.Kind, $"--{flag.Name}: {fault.Message}", fault.Hint, fault);
        }
    }

    private static void Write(Dictionary<string, List<string>> given, Draft draft, TextWriter stdout)
    {
        JsonTree? wanted = IsOn(given, "linux-seccomp-only") ? draft.Linux["seccomp"] : draft.Root;
        string json = wanted?.ToJson() ?? throw FlagValue.Fault("--linux-seccomp-only: the configuration has no filter");
        if (LastOf(given, "output") is not { } path)
        {
            stdout.WriteLine(json);
            return;
        }
        const int createOrTruncate = 0x80000 | 0x200 | 0x40 | 0x1; // O_CLOEXEC | O_TRUNC | O_CREAT | O_WRONLY
        using Fd file = KernelPath.Open(path, createOrTruncate, 0x1B6 /* 0666 */);
        KernelPath.WriteAll(file, Encoding.UTF8.GetBytes(json + "\n"), path);
    }

    private static Dictionary<string, List<string>> Parse(ReadOnlySpan<string> args, FlagGroup[] groups)
    {
        Dictionary<string, List<string>> given = [];
        for (int i = 0; i < args.Length; i++)
        {
            string argument = args[i] == "-h" ? "--help" : args[i];
            if (argument.Length < 2 || argument[0] != '-') throw FlagValue.Fault($"'{argument}' is no flag, and there are no other arguments");
            string name = argument.TrimStart('-');
            string? value = null;
            int equals = name.IndexOf('=', StringComparison.Ordinal);
            if (equals >= 0) (name, value) = (name[..equals], name[(equals + 1)..]);
            GenerateFlag flag = Find(name, groups) ?? throw new BerthException(Fault.InvalidArgument, $"unknown flag --{name}", "generate --help lists all of them");
            if (value is null && flag.Value is null) value = "true";
            if (value is null && ++i >= args.Length) throw FlagValue.Fault($"--{name} needs a value: {flag.Value}");
            if (!given.TryGetValue(flag.Name, out List<string>? values)) given[flag.Name] = values = [];
            values.Add(value ?? args[i]);
        }
        return given;
    }

    private static GenerateFlag? Find(string name, FlagGroup[] groups)
    {
        foreach (GenerateFlag flag in InputAndOutput.Flags)
        {
            if (flag.Name == name) return flag;
        }
        foreach (FlagGroup group in groups)
        {
            foreach (GenerateFlag flag in group.Flags)
            {
                if (flag.Name == name) return flag;
            }
        }
        return null;
    }

    private static string? LastOf(Dictionary<string, List<string>> given, string name) => given.TryGetValue(name, out List<string>? values) ? values[^1] : null;

    private static bool IsOn(Dictionary<string, List<string>> given, string name) => LastOf(given, name) is { } value && FlagValue.Switch(value);

    private static void Help(TextWriter stdout, FlagGroup[] groups)
    {
        stdout.WriteLine("usage: generate [--template FILE] [--output FILE] [FLAG...]");
        stdout.WriteLine("Writes a config.json made from flags. A flag with * may be given more than once.");
        Help(stdout, InputAndOutput);
        foreach (FlagGroup group in groups) Help(stdout, group);
    }

    private static void Help(TextWriter stdout, FlagGroup group)
    {
        const int column = 44;
        stdout.WriteLine();
        stdout.WriteLine($"{group.Title}:");
        foreach (GenerateFlag flag in group.Flags)
        {
            string left = $"  --{flag.Name}{(flag.Value is null ? "" : $" {flag.Value}")}{(flag.IsRepeatable ? " *" : "")}";
            stdout.WriteLine(left.Length < column ? left.PadRight(column) + flag.Help : $"{left}\n{new string(' ', column)}{flag.Help}");
        }
    }

    private static void Nothing(Draft draft, string value) { }
}
