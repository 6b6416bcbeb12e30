// completion: scripts for shells, printed from the same tables that are executed.
using System.Text;
using Berth.Cli.Arguments;
using Berth.Cli.Verbs;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands;

/// <summary>The verb.</summary>
internal static class Completion
{
    private const string Names = "{{.Repository}}:{{.Tag}}", NetworkNames = "{{.Name}}";

    /// <summary>How it is said.</summary>
    /// <param name="root">The top of the tree in a role.</param>
    public static Command Make(Func<Role, Command> root) => new()
    {
        Usage = "bash | zsh | fish",
        Least = 1,
        Most = 1,
        Examples =
        [
            new("berth completion bash > /etc/bash_completion.d/berth", "For bash"),
            new("berth completion zsh > \"${fpath[1]}/_berth\"", "For zsh"),
            new("berth completion fish > ~/.config/fish/completions/berth.fish", "For fish"),
        ],
        Run = invocation =>
        {
            List<Node> nodes = [];
            Walk(root(invocation.Session.Role), "", nodes);
            invocation.Session.Out.Write(invocation.Arguments[0] switch
            {
                "bash" => Bash(nodes, invocation.Session.Program, zsh: false),
                "zsh" => Bash(nodes, invocation.Session.Program, zsh: true),
                "fish" => Fish(nodes, invocation.Session.Program),
                { } other => throw new BerthException(Fault.InvalidArgument, $"there is no completion for '{other}'", "there is bash, zsh and fish"),
            });
            return Task.FromResult(0);
        },
    };

    private sealed record Node(string Path, Command Command);

    private static void Walk(Command command, string path, List<Node> nodes)
    {
        nodes.Add(new Node(path, command));
        foreach (CommandEntry entry in command.Verbs) Walk(entry.Make(), path.Length == 0 ? entry.Name : $"{path} {entry.Name}", nodes);
    }

    /// <summary>A table of words by path, and a function that walks along the typed words; zsh reads it in its bash mode.</summary>
    private static string Bash(List<Node> nodes, string program, bool zsh)
    {
        string function = "_" + program.Replace('-', '_');
        StringBuilder text = new();
        if (zsh) text.Append($"#compdef {program}\nautoload -U +X bashcompinit && bashcompinit\n");
        text.Append($"# Completion of {program}. Printed by: {program} completion {(zsh ? "zsh" : "bash")}\n{function}_table() {{\n    case \"$1\" in\n");
        foreach ((string path, Command command) in nodes)
        {
            text.Append($"    \"{path}\") verbs=\"{string.Join(' ', command.Verbs.Select(static entry => entry.Name))}\"; options=\"{Options(command)}\"; valued=\"{Valued(command)}\"; offer={Offers(command)} ;;\n");
        }
        text.Append("    *) return 1 ;;\n    esac\n}\n");
        text.Append($"{function}_words() {{\n    case \"$1=$2\" in\n");
        foreach (string row in nodes.SelectMany(static node => node.Command.Options.Where(static option => option.Words.Count > 0).Select(option => $"    \"{node.Path}=--{option.Name}\") echo \"{string.Join(' ', option.Words)}\" ;;\n")).Distinct()) text.Append(row);
        text.Append("    esac\n}\n");
        text.Append($$"""
            {{function}}() {
                local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" path="" verbs options valued offer i skip=""
                {{function}}_table ""
                for ((i = 1; i < COMP_CWORD; i++)); do
                    if [ -n "$skip" ]; then skip=""; continue; fi
                    case " $valued " in *" ${COMP_WORDS[i]} "*) skip=1; continue ;; esac
                    case " $verbs " in *" ${COMP_WORDS[i]} "*) path="${path:+$path }${COMP_WORDS[i]}"; {{function}}_table "$path" ;; esac
                done
                COMPREPLY=()
                case " $valued " in *" $before "*)
                    local words; words=$({{function}}_words "$path" "$before")
                    if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$word")); else COMPREPLY=($(compgen -f -- "$word")); fi
                    return ;;
                esac
                case "$word" in
                    -*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;;
                    *)  if [ -n "$verbs" ]; then COMPREPLY=($(compgen -W "$verbs" -- "$word"))
                        elif [ "$offer" = images ]; then COMPREPLY=($(compgen -W "$({{program}} images --format '{{Names}}' 2>/dev/null)" -- "$word") $(compgen -f -- "$word"))
                        elif [ "$offer" = networks ]; then COMPREPLY=($(compgen -W "$({{program}} network ls --format '{{NetworkNames}}' 2>/dev/null)" -- "$word"))
                        elif [ "$offer" = files ]; then COMPREPLY=($(compgen -f -- "$word")); fi ;;
                esac
            }
            complete -o default -F {{function}} {{program}}

            """);
        return text.ToString();
    }

    private static string Fish(List<Node> nodes, string program)
    {
        StringBuilder text = new();
        text.Append($"# Completion of {program}. Printed by: {program} completion fish\ncomplete -c {program} -f\n");
        foreach ((string path, Command command) in nodes)
        {
            string[] words = path.Length == 0 ? [] : path.Split(' ');
            string seen = string.Join("; and ", words.Select(static word => $"__fish_seen_subcommand_from {word}"));
            string none = command.Verbs.Count > 0 ? $"not __fish_seen_subcommand_from {string.Join(' ', command.Verbs.Select(static entry => entry.Name))}" : "";
            string here = string.Join("; and ", new[] { seen, none }.Where(static part => part.Length > 0));
            foreach (CommandEntry entry in command.Verbs.Where(static entry => entry.Group is not null)) text.Append($"complete -c {program} -n '{here}' -a {entry.Name} -d '{Quoted(entry.Summary)}'\n");
            foreach (Option option in command.Options.Where(static option => !option.IsHidden))
            {
                string condition = seen.Length > 0 ? $" -n '{seen}'" : "";
                string letter = option.Short == '\0' ? "" : $" -s {option.Short}";
                string value = option.Value is null ? "" : option.IsPath ? " -r -F" : option.Words.Count > 0 ? $" -x -a '{string.Join(' ', option.Words)}'" : " -x";
                text.Append($"complete -c {program}{condition} -l {option.Name}{letter}{value} -d '{Quoted(option.Help)}'\n");
            }
            if (command.Offers == Offer.Files) text.Append($"complete -c {program} -n '{seen}' -F\n");
            if (command.Offers == Offer.Networks) text.Append($"complete -c {program} -n '{seen}' -a '({program} network ls --format \"{NetworkNames}\" 2>/dev/null)'\n");
            if (command.Offers == Offer.Containers) text.Append($"complete -c {program} -n '{seen}' -a '({program} ps -a --format \"{{{{.Names}}}}\" 2>/dev/null)'\n");
            if (command.Offers == Offer.Images) text.Append($"complete -c {program} -n '{seen}' -a '({program} images --format \"{Names}\" 2>/dev/null)'\n");
        }
        return text.ToString();
    }

    private static string Quoted(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal);

    private static string Options(Command command) => string.Join(' ', command.Options.Where(static option => !option.IsHidden).Select(static option => "--" + option.Name).Append("--help"));

    private static string Valued(Command command) =>
        string.Join(' ', command.Options.Where(static option => option.Value is not null).SelectMany(static option => option.Short == '\0' ? [$"--{option.Name}"] : new[] { $"--{option.Name}", $"-{option.Short}" }));

    private static string Offers(Command command) => command.Offers switch { Offer.Files => "files", Offer.Images => "images", Offer.Networks => "networks", Offer.Containers => "containers", Offer.Volumes => "volumes", _ => "nothing" };
}
