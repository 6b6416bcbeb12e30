// A verb that was said: its options, its arguments, and where it runs.
using Berth.Cli.Arguments;
using Berth.Engine.Rootless;
using Berth.Oci.Faults;

namespace Berth.Cli.Verbs;

/// <summary>What a verb is given.</summary>
internal sealed class Invocation(Session session, Command command, Parsed parsed, string path)
{
    /// <summary>The program around it.</summary>
    public Session Session => session;

    /// <summary>The verb.</summary>
    public Command Command => command;

    /// <summary>The words that led to it: <c>berth image ls</c>.</summary>
    public string Path => path;

    /// <summary>Its arguments.</summary>
    public IReadOnlyList<string> Arguments => parsed.Arguments;

    /// <summary>Whether a switch is on.</summary>
    public bool Has(string name) => parsed.Has(name);

    /// <summary>A switch that may be unset.</summary>
    public bool? Truth(string name) => parsed.Truth(name);

    /// <summary>A value.</summary>
    public string? Find(string name) => parsed.Find(name);

    /// <summary>All values.</summary>
    public List<string> All(string name) => parsed.All(name);

    /// <summary>A number.</summary>
    public int? Number(string name) => parsed.Number(name);

    /// <summary>Checks the number of arguments.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public void CheckArguments()
    {
        int count = Arguments.Count;
        // Where arguments are no containers, they may stand beside --latest.
        bool namesAll = command.Usage.StartsWith("CONTAINER...", StringComparison.Ordinal) || command.Usage.StartsWith("POD...", StringComparison.Ordinal) || command is { Usage: "CONTAINER" or "[CONTAINER]" };
        if (namesAll && Has("latest") && count > 0) throw new BerthException(Fault.InvalidArgument, "--latest and containers cannot be used together");
        if (Has("latest") && Has("all") && namesAll) throw new BerthException(Fault.InvalidArgument, "--all and --latest cannot be used together");
        if (count >= command.Least && count <= command.Most) return;
        throw WrongCount(count);
    }

    /// <summary>What is said of a number of arguments that is wrong.</summary>
    public BerthException WrongCount(int count)
    {
        string wanted = command.Least == command.Most ? command.Least.ToString(System.Globalization.CultureInfo.InvariantCulture)
            : count < command.Least ? $"at least {command.Least}" : $"at most {command.Most}";
        if (session.Role == Role.Podman) return new BerthException(Fault.InvalidArgument, PodmanWords.Arguments(command, path, count));
        return new BerthException(Fault.InvalidArgument, $"\"{path}\" wants {wanted} argument{(wanted is "1" or "at least 1" or "at most 1" ? "" : "s")}, and got {count}", $"usage: {Help.UsageOf(command, path)}");
    }

    /// <summary>A mount in a namespace that ends with the command would be gone before anybody could look.</summary>
    public void RefuseBriefMounts()
    {
        if (UserSession.IsBrief) throw new BerthException(Fault.Unsupported, $"cannot mount as a user who is not root, except in a namespace that stays", $"berth unshare, and there: {Path}");
    }
}
