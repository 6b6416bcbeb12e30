// conmon's command line as GLib's parser reads it.
using System.Globalization;
using System.Text;
using Berth.Oci.Faults;

namespace Berth.Shim.Conmon;

/// <summary>What follows an option.</summary>
internal enum ConmonFlagKind
{
    /// <summary>Nothing.</summary>
    Switch,

    /// <summary>A text; the last one counts.</summary>
    Text,

    /// <summary>Texts, one at a time.</summary>
    Texts,

    /// <summary>A 32-bit integer.</summary>
    Int,

    /// <summary>A 64-bit integer.</summary>
    Long,
}

/// <summary>One option.</summary>
internal sealed record ConmonFlag(string Name, ConmonFlagKind Kind, string Help, char Short = '\0', bool Hidden = false);

/// <summary>The options, and what a command line says of them.</summary>
internal sealed class ConmonFlags
{
    /// <summary>Every option of conmon 2.2, and those of 2.1 that are gone since.</summary>
    public static readonly ConmonFlag[] All =
    [
        new("api-version", ConmonFlagKind.Switch, "speak of exec sessions in the way of version 1"),
        new("bundle", ConmonFlagKind.Text, "directory of the OCI bundle", 'b'),
        new("cid", ConmonFlagKind.Text, "id of the container", 'c'),
        new("conmon-pidfile", ConmonFlagKind.Text, "file for the pid of this monitor", 'P'),
        new("container-pidfile", ConmonFlagKind.Text, "file for the pid of the container's first process", 'p'),
        new("cuuid", ConmonFlagKind.Text, "full id of the container", 'u'),
        new("exec", ConmonFlagKind.Switch, "execute a command in a running container", 'e'),
        new("exec-attach", ConmonFlagKind.Switch, "wait for a client before the command is executed"),
        new("exec-process-spec", ConmonFlagKind.Text, "file with the process to execute"),
        new("exit-command", ConmonFlagKind.Text, "program to execute when the container has ended"),
        new("exit-command-arg", ConmonFlagKind.Texts, "argument of the exit command; may be repeated"),
        new("exit-delay", ConmonFlagKind.Int, "seconds to wait before the exit command"),
        new("exit-dir", ConmonFlagKind.Text, "directory where a file named after the container holds its exit code"),
        new("full-attach", ConmonFlagKind.Switch, "make the attach socket in the bundle itself, without a short link to it"),
        new("leave-stdin-open", ConmonFlagKind.Switch, "leave the container's input open when a client goes"),
        new("log-allowlist-dir", ConmonFlagKind.Texts, "directory in which rotated logs may lie; may be repeated"),
        new("log-global-size-max", ConmonFlagKind.Long, "bytes of log in all; what comes after is not logged"),
        new("log-label", ConmonFlagKind.Texts, "NAME=VALUE for each journal entry; may be repeated"),
        new("log-level", ConmonFlagKind.Text, "what this monitor itself reports: error, warn, info, debug, trace"),
        new("log-max-files", ConmonFlagKind.Int, "how many rotated logs are kept (default: 1)"),
        new("log-path", ConmonFlagKind.Texts, "DRIVER:PATH of a log: k8s-file, json-file, journald, passthrough, none; may be repeated", 'l'),
        new("log-rotate", ConmonFlagKind.Switch, "keep full logs under other names instead of beginning anew"),
        new("log-size-max", ConmonFlagKind.Long, "bytes of one log file"),
        new("log-tag", ConmonFlagKind.Text, "tag of journal entries"),
        new("name", ConmonFlagKind.Text, "name of the container", 'n'),
        new("no-container-partial-message", ConmonFlagKind.Switch, "do not mark unfinished lines in the journal"),
        new("no-new-keyring", ConmonFlagKind.Switch, "passed on to the runtime"),
        new("no-pivot", ConmonFlagKind.Switch, "passed on to the runtime"),
        new("no-sync-log", ConmonFlagKind.Switch, "do not wait until the log is on disk at the end"),
        new("persist-dir", ConmonFlagKind.Text, "directory of the container for its exit code and for oom", '0'),
        new("pidfile", ConmonFlagKind.Text, "the older name of container-pidfile", Hidden: true),
        new("replace-listen-pid", ConmonFlagKind.Switch, "set LISTEN_PID to the runtime's pid"),
        new("restore", ConmonFlagKind.Text, "restore from the checkpoint in this directory"),
        new("restore-arg", ConmonFlagKind.Texts, "the older name of runtime-opt", Hidden: true),
        new("runtime", ConmonFlagKind.Text, "path of the OCI runtime", 'r'),
        new("runtime-arg", ConmonFlagKind.Texts, "argument of the runtime before its command; may be repeated"),
        new("runtime-opt", ConmonFlagKind.Texts, "argument of the runtime's command; may be repeated"),
        new("sdnotify-socket", ConmonFlagKind.Text, "the service manager's socket that messages are passed on to"),
        new("seccomp-notify-plugins", ConmonFlagKind.Text, "of 2.1 and 2.2: nothing without seccomp-notify-socket", Hidden: true),
        new("seccomp-notify-socket", ConmonFlagKind.Text, "of 2.1 and 2.2: refused (decision 0013)", Hidden: true),
        new("socket-dir-path", ConmonFlagKind.Text, "directory of links to attach sockets"),
        new("stdin", ConmonFlagKind.Switch, "give the container an input", 'i'),
        new("sync", ConmonFlagKind.Switch, "stay a child of the caller"),
        new("syslog", ConmonFlagKind.Switch, "report to syslog too"),
        new("systemd-cgroup", ConmonFlagKind.Switch, "passed on to the runtime", 's'),
        new("terminal", ConmonFlagKind.Switch, "give the container a terminal", 't'),
        new("timeout", ConmonFlagKind.Int, "kill the container after so many seconds", 'T'),
        new("version", ConmonFlagKind.Switch, "print the version and exit"),
    ];

    private readonly Dictionary<string, List<string>> _values = [];

    /// <summary>Whether help was asked for.</summary>
    public bool HelpAsked { get; private set; }

    /// <summary>Reads a command line; words that are no options are passed over, as GLib's parser leaves them to its caller.</summary>
    /// <exception cref="BerthException">In GLib's words.</exception>
    public static ConmonFlags Parse(ReadOnlySpan<string> words)
    {
        ConmonFlags flags = new();
        for (int i = 0; i < words.Length; i++)
        {
            string word = words[i];
            if (word == "--") break;
            if (word.Length < 2 || word[0] != '-') continue;
            if (word[1] == '-') flags.ReadLong(word[2..], words, ref i);
            else flags.ReadShort(word, words, ref i);
        }
        return flags;
    }

    /// <summary>Whether it is given.</summary>
    public bool Has(string name) => _values.ContainsKey(name);

    /// <summary>The last value, or null.</summary>
    public string? Text(string name) => _values.TryGetValue(name, out List<string>? values) ? values[^1] : null;

    /// <summary>All values.</summary>
    public List<string> Texts(string name) => _values.TryGetValue(name, out List<string>? values) ? values : [];

    /// <summary>The number, which was checked when it was read.</summary>
    public long Number(string name, long otherwise) => Text(name) is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    /// <summary>What --help prints.</summary>
    public static string Help(string program)
    {
        StringBuilder text = new();
        text.Append("Usage:\n  ").Append(program).Append(" [OPTION…] - keeps one container: its streams, logs and exit code\n\nOptions:\n");
        text.Append("  -h, --help                       Show help options\n");
        foreach (ConmonFlag flag in All)
        {
            if (flag.Hidden) continue;
            string name = (flag.Short == '\0' ? "      --" : $"  -{flag.Short}, --") + flag.Name + (flag.Kind == ConmonFlagKind.Switch ? "" : "=VALUE");
            text.Append(name.PadRight(40)).Append(' ').Append(flag.Help).Append('\n');
        }
        return text.ToString();
    }

    private void ReadLong(string option, ReadOnlySpan<string> words, ref int at)
    {
        int equals = option.IndexOf('=');
        string name = equals < 0 ? option : option[..equals];
        if (name is "help" or "help-all" or "help-conmon")
        {
            HelpAsked = true;
            return;
        }
        ConmonFlag? flag = Array.Find(All, f => f.Name == name);
        if (flag is null) throw Failure($"Unknown option --{option}");
        // GLib passes over what stands behind the "=" of a switch.
        if (flag.Kind == ConmonFlagKind.Switch) Add(flag, "");
        else if (equals >= 0) Add(flag, option[(equals + 1)..]);
        else Add(flag, ++at < words.Length ? words[at] : throw Failure($"Missing argument for --{name}"));
    }

    private void ReadShort(string word, ReadOnlySpan<string> words, ref int at)
    {
        bool hasValue = false;
        for (int i = 1; i < word.Length; i++)
        {
            char letter = word[i];
            if (letter is 'h' or '?')
            {
                HelpAsked = true;
                return;
            }
            ConmonFlag flag = Array.Find(All, f => f.Short == letter && letter != '\0') ?? throw Failure($"Unknown option {word}");
            if (flag.Kind == ConmonFlagKind.Switch)
            {
                Add(flag, "");
                continue;
            }
            // The value is the next word, never what stands behind the letter; and there is one next word.
            if (hasValue) throw Failure($"Error parsing option -{letter}");
            hasValue = true;
            Add(flag, ++at < words.Length ? words[at] : throw Failure($"Missing argument for -{letter}"));
        }
    }

    private void Add(ConmonFlag flag, string value)
    {
        if (flag.Kind is ConmonFlagKind.Int or ConmonFlagKind.Long) value = CheckNumber(flag, value);
        string name = flag.Name switch { "pidfile" => "container-pidfile", "restore-arg" => "runtime-opt", string other => other };
        if (!_values.TryGetValue(name, out List<string>? values)) _values[name] = values = [];
        values.Add(value);
    }

    private static string CheckNumber(ConmonFlag flag, string text)
    {
        if (!decimal.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out decimal value)) throw Failure($"Cannot parse integer value “{text}” for --{flag.Name}");
        decimal most = flag.Kind == ConmonFlagKind.Int ? int.MaxValue : long.MaxValue;
        return value > most || value < -most - 1 ? throw Failure($"Integer value “{text}” for --{flag.Name} out of range") : value.ToString(CultureInfo.InvariantCulture);
    }

    private static BerthException Failure(string text) => new(Fault.InvalidArgument, $"option parsing failed: {text}");
}
