// The first process: who it is, what it executes, and its variables.
using System.Globalization;
using Berth.Engine.Diagnosis;

namespace Berth.Engine.Containers;

/// <summary>The sections <c>process</c> and <c>environment</c>.</summary>
internal static class ProcessSection
{
    /// <summary>User, command, folder and their like.</summary>
    public static List<ExplainedFact> Of(Explained all)
    {
        ContainerSpec wish = all.Wish;
        SettledSpec settled = all.Record.Settled;
        List<ExplainedFact> facts = [];
        if (all.Pid > 0) facts.Add(new ExplainedFact("pid", Text(all.Pid), FactOrigin.Host) { Detail = all.Status("NSpid") is { } ids ? $"inside: {ids[(ids.LastIndexOf(' ') + 1)..]}" : "" });
        string? image = all.Image.User is { Length: > 0 } said ? said : null;
        Berth.Oci.RuntimeSpec.UserSpec? user = all.Spec.Process?.User;
        string ids2 = user is null || (all.Pid == 0 && settled.User.Length > 0) ? settled.User : $"{user.Uid}:{user.Gid}";
        facts.Add(wish.User is { } asked ? Explained.Asked("user", ids2, $"--user {asked}") : image is not null ? Explained.OfImage("user", ids2, image) : Explained.Usual("user", ids2, "root"));
        if (all.Status("Uid") is { } outside) facts.Add(new ExplainedFact("user on the host", outside.Split(' ')[0], settled.Ids is null ? FactOrigin.Default : FactOrigin.Flag) { Detail = settled.Ids is null ? "" : "by the map of the user namespace" });
        if (all.Status("Groups") is { Length: > 0 } groups) facts.Add(Explained.Chosen(wish.Groups.Count > 0, "groups", groups, "--group-add"));
        AddCommand(all, facts);
        facts.Add(wish.WorkingFolder is not null ? Explained.Asked("working folder", settled.WorkingFolder, "--workdir") : all.Image.WorkingDir is { Length: > 0 } ? Explained.OfImage("working folder", settled.WorkingFolder) : Explained.Usual("working folder", settled.WorkingFolder));
        facts.Add(Explained.Chosen(wish.HostName is { Length: > 0 }, "host name", settled.HostName.Length > 0 ? settled.HostName : "the host's", "--hostname"));
        facts.Add(Explained.Chosen(wish.HasTerminal, "terminal", wish.HasTerminal ? "yes" : "no", "--tty"));
        facts.Add(Explained.Chosen(wish.HasInput, "input", wish.HasInput ? "yes" : "no", "--interactive"));
        facts.Add(Explained.Chosen(wish.HasInit, "init", wish.HasInit ? "yes" : "no", "--init"));
        return facts;
    }

    private static void AddCommand(Explained all, List<ExplainedFact> facts)
    {
        SettledSpec settled = all.Record.Settled;
        string entrypoint = string.Join(' ', settled.Arguments.Take(settled.EntrypointLength)), command = string.Join(' ', settled.Arguments.Skip(settled.EntrypointLength));
        if (entrypoint.Length > 0) facts.Add(all.Wish.Entrypoint is not null ? Explained.Asked("entrypoint", entrypoint, "--entrypoint") : Explained.OfImage("entrypoint", entrypoint));
        if (command.Length > 0) facts.Add(all.Wish.Command.Count > 0 ? Explained.Asked("command", command, "behind the image") : Explained.OfImage("command", command));
    }

    /// <summary>Variables, by the name's origin.</summary>
    public static List<ExplainedFact> Environment(Explained all)
    {
        List<ExplainedFact> facts = [];
        foreach (string variable in all.Pid > 0 ? all.Spec.Process?.Env ?? [] : all.Record.Settled.Environment)
        {
            int equals = variable.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) continue;
            string name = variable[..equals], value = all.ShowsValues ? variable[(equals + 1)..] : Text(variable.Length - equals - 1) + " characters";
            FactOrigin origin = Has(all.Wish.Environment, name) ? FactOrigin.Flag : Has(all.Image.Env ?? [], name) ? FactOrigin.Image : FactOrigin.Default;
            facts.Add(new ExplainedFact(name, value, origin) { Detail = origin == FactOrigin.Flag ? "--env" : "" });
        }
        return facts;
    }

    private static bool Has(IEnumerable<string> all, string name)
    {
        foreach (string variable in all)
        {
            if (variable.StartsWith(name, StringComparison.Ordinal) && (variable.Length == name.Length || variable[name.Length] == '=')) return true;
        }
        return false;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
