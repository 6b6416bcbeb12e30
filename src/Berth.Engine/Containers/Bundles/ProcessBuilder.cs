// The process of a specification: words, environment, user, capabilities, limits.
using System.Globalization;
using Berth.Oci.RuntimeSpec;

namespace Berth.Engine.Containers;

/// <summary>Builds processes.</summary>
internal static class ProcessBuilder
{
    private const uint UsualUmask = 18; // 022

    /// <summary>The first process of a container.</summary>
    public static ProcessSpec Build(ContainerRecord record, BundleFacts facts, Account account, ulong bounding)
    {
        ContainerSpec wish = record.Spec;
        List<string> arguments = new(record.Settled.Arguments.Count + 3);
        // Without a process namespace of its own, orphans are its only if it asks for them.
        if (wish.HasInit) arguments.AddRange(wish.Namespaces.Pid is "" or "private" ? [SpecBuilder.InitPlace, "--"] : [SpecBuilder.InitPlace, "-s", "--"]);
        arguments.AddRange(record.Settled.Arguments);
        List<string> environment = Inherited(record);
        foreach (string variable in record.Settled.Environment) Settling.Set(environment, variable);
        foreach (string variable in facts.FurtherEnvironment) Settling.Set(environment, variable);
        ProcessSpec process = Usual(record, facts, account);
        process.Terminal = wish.HasTerminal;
        process.ConsoleSize = wish.HasTerminal ? facts.ConsoleSize : null;
        process.Args = arguments;
        process.Env = WithUsual(environment, record, account);
        process.Cwd = record.Settled.WorkingFolder;
        process.Capabilities = CapabilitySet.Spec(bounding, CapabilitySet.Added(wish.Security, facts.Capabilities), account.IsRoot);
        process.OomScoreAdj = wish.Limits.OomScore;
        return process;
    }

    /// <summary>One that joins it later.</summary>
    public static ProcessSpec BuildExec(ContainerRecord record, ExecWish wish, BundleFacts facts, Account account)
    {
        SecuritySpec security = record.Spec.Security;
        List<string> environment = Inherited(record);
        foreach (string variable in record.Settled.Environment) Settling.Set(environment, variable);
        foreach (string variable in facts.FurtherEnvironment) Settling.Set(environment, variable);
        if (wish.HasTerminal && Settling.Find(environment, "TERM") is null) environment.Add("TERM=xterm");
        foreach (string variable in wish.Environment) Settling.Set(environment, variable);
        ProcessSpec process = Usual(record, facts, account);
        process.Terminal = wish.HasTerminal;
        process.ConsoleSize = wish.HasTerminal ? facts.ConsoleSize : null;
        process.Args = [.. wish.Command];
        process.Env = WithUsual(environment, record, account);
        process.Cwd = wish.WorkingFolder ?? record.Settled.WorkingFolder;
        // Of a privileged one, whoever it runs as has them all: he was asked for by name.
        process.Capabilities = wish.IsPrivileged ? CapabilitySet.Spec(facts.Capabilities, 0, isRoot: true)
            : CapabilitySet.Spec(CapabilitySet.Bounding(security, facts.Capabilities), CapabilitySet.Added(security, facts.Capabilities), account.IsRoot);
        return process;
    }

    private static List<string> Inherited(ContainerRecord record)
    {
        List<string> environment = [];
        if (record.Spec.TakesProxyVariables)
        {
            foreach (string name in (ReadOnlySpan<string>)["http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY"])
            {
                if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } value) environment.Add($"{name}={value}");
            }
        }
        return environment;
    }

    private static ProcessSpec Usual(ContainerRecord record, BundleFacts facts, Account account)
    {
        ContainerSpec wish = record.Spec;
        return new ProcessSpec
        {
            User = new UserSpec { Uid = account.Uid, Gid = account.Gid, Umask = wish.Umask ?? UsualUmask, AdditionalGids = account.Groups.Count > 0 ? account.Groups : null },
            NoNewPrivileges = wish.Security.NoNewPrivileges,
            Rlimits = Rlimits(wish.Limits),
            ApparmorProfile = SecurityLabels.AppArmor(wish.Security, facts),
            SelinuxLabel = SecurityLabels.Process(record, facts),
        };
    }

    private static List<string> WithUsual(List<string> environment, ContainerRecord record, Account account)
    {
        if (Settling.Find(environment, "HOSTNAME") is null) environment.Add("HOSTNAME=" + (record.Settled.HostName.Length > 0 ? record.Settled.HostName : Environment.MachineName));
        if (Settling.Find(environment, "HOME") is null) environment.Add("HOME=" + account.Home);
        return environment;
    }

    private static List<RlimitSpec>? Rlimits(LimitsSpec limits)
    {
        List<RlimitSpec>? list = null;
        foreach (Rlimit limit in limits.Rlimits)
        {
            // Those of the host are there anyway.
            if (limit.Name == "host") continue;
            (list ??= []).Add(new RlimitSpec { Type = WishRules.RlimitName(limit.Name), Soft = (ulong)limit.Soft, Hard = (ulong)limit.Hard });
        }
        return list;
    }

    /// <summary>A number for an option.</summary>
    public static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
