// The table of `generate`: the system call filter.
using System.Globalization;

namespace Berth.Runtime.Generate;

internal static partial class GenerateFlags
{
    /// <summary>The flag that is on where there is no template.</summary>
    public const string DefaultFilter = "seccomp-default";

    private const string CallForm = "CALL[:INDEX:VALUE:VALUE2:OP]";

    private static GenerateFlag[] Seccomp() =>
    [
        GenerateFlag.When(DefaultFilter, "put the default filter in place of the template's", draft => draft.PutDefaultFilter()),
        GenerateFlag.When("linux-seccomp-remove-all", "remove all rules, before any is added", draft => Filter(draft)["syscalls"] = JsonTree.Array()),
        new("linux-seccomp-default", "ACTION", "what happens to calls without a rule; rules that say the same fall away", (draft, action) =>
        {
            string name = Action(action);
            Filter(draft)["defaultAction"] = JsonTree.Of(name);
            Rules(draft).RemoveAll(rule => rule.TextOf("action") == name);
        }),
        new("linux-seccomp-default-force", "ACTION", "the same, and all rules stay", (draft, action) => Filter(draft)["defaultAction"] = JsonTree.Of(Action(action))),
        GenerateFlag.Many("linux-seccomp-arch", "ARCH,...", "apply to another architecture too, such as arm64 or SCMP_ARCH_AARCH64", (draft, list) =>
        {
            foreach (string arch in list.Split(',')) Add(Filter(draft).ListBelow("architectures"), JsonTree.Of(Arch(arch)));
        }),
        Respond("errno", "answer with an error"),
        Respond("kill", "answer with death"),
        Respond("trace", "tell the tracer"),
        Respond("trap", "answer with SIGSYS"),
        Respond("allow", "let pass"),
        GenerateFlag.Many("linux-seccomp-remove", "CALL,...", "remove the rules of these calls", (draft, list) =>
        {
            foreach (string call in list.Split(',')) RemoveRules(draft, call, static _ => true);
        }),
    ];

    private static GenerateFlag Respond(string action, string help) =>
        GenerateFlag.Many($"linux-seccomp-{action}", "CALL,...", $"{help}; CALL may be {CallForm}", (draft, list) =>
        {
            foreach (string call in list.Split(',')) AddRule(draft, Action(action), call);
        });

    private static JsonTree Filter(Draft draft)
    {
        JsonTree filter = draft.Linux.Below("seccomp");
        filter["defaultAction"] ??= JsonTree.Of("SCMP_ACT_ALLOW");
        return filter;
    }

    private static List<JsonTree> Rules(Draft draft) => Filter(draft).ListBelow("syscalls");

    // A rule without condition replaces the ones it would contradict or make pointless; one with a condition replaces the one with the same.
    private static void AddRule(Draft draft, string action, string text)
    {
        string[] parts = text.Split(':');
        if (parts.Length is not (1 or 5) || parts[0].Length == 0) throw FlagValue.Fault($"'{text}' is not of the form {CallForm}");
        JsonTree? condition = parts.Length == 5 ? Condition(parts) : null;
        if (condition is null)
        {
            RemoveRules(draft, parts[0], rule => !HasCondition(rule) || rule.TextOf("action") == action);
            if (Filter(draft).TextOf("defaultAction") == action) return;
        }
        else
        {
            string same = JsonTree.Array(condition).ToJson();
            RemoveRules(draft, parts[0], rule => rule["args"]?.ToJson() == same);
            if (Rules(draft).Exists(rule => rule.TextOf("action") == action && !HasCondition(rule) && Names(rule, parts[0]))) return;
        }
        JsonTree added = JsonTree.Object();
        added["names"] = JsonTree.Array(JsonTree.Of(parts[0]));
        added["action"] = JsonTree.Of(action);
        if (condition is not null) added["args"] = JsonTree.Array(condition);
        Rules(draft).Add(added);
    }

    // A rule may name hundreds of calls: only the one falls away, and the rule when it was the last.
    private static void RemoveRules(Draft draft, string call, Predicate<JsonTree> which) =>
        Rules(draft).RemoveAll(rule =>
        {
            if (!which(rule)) return false;
            if (rule.TextOf("name") == call) return true;
            return rule["names"] is { } names && names.Items.RemoveAll(name => name.Text == call) > 0 && names.Items.Count == 0;
        });

    private static bool HasCondition(JsonTree rule) => rule["args"] is { IsEmpty: false };

    private static bool Names(JsonTree rule, string call) => rule["names"]?.Items.Exists(name => name.Text == call) == true;

    private static JsonTree Condition(string[] parts)
    {
        JsonTree condition = JsonTree.Object();
        condition["index"] = JsonTree.Of(FlagValue.Whole(parts[1], 0, 5));
        condition["value"] = JsonTree.Of(Argument(parts[2]));
        if (Argument(parts[3]) is not 0 and ulong second) condition["valueTwo"] = JsonTree.Of(second);
        condition["op"] = JsonTree.Of(parts[4] switch
        {
            "ME" => "SCMP_CMP_MASKED_EQ",
            "NE" or "LT" or "LE" or "EQ" or "GE" or "GT" => "SCMP_CMP_" + parts[4],
            _ => throw FlagValue.Fault($"'{parts[4]}' is not one of NE, LT, LE, EQ, GE, GT, ME"),
        });
        return condition;
    }

    private static ulong Argument(string text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value : throw FlagValue.Fault($"'{text}' is no argument value");

    private static string Action(string word) => word switch
    {
        "allow" => "SCMP_ACT_ALLOW",
        "errno" => "SCMP_ACT_ERRNO",
        "kill" => "SCMP_ACT_KILL",
        "kill-process" => "SCMP_ACT_KILL_PROCESS",
        "kill-thread" => "SCMP_ACT_KILL_THREAD",
        "log" => "SCMP_ACT_LOG",
        "trace" => "SCMP_ACT_TRACE",
        "trap" => "SCMP_ACT_TRAP",
        _ => throw FlagValue.Fault($"'{word}' is not one of allow, errno, kill, kill-process, kill-thread, log, trace, trap"),
    };

    private static string Arch(string word) => word switch
    {
        "amd64" => "SCMP_ARCH_X86_64",
        "arm64" => "SCMP_ARCH_AARCH64",
        "x86" or "x32" or "arm" or "loongarch64" or "mips" or "mips64" or "mips64n32" or "mipsel" or "mipsel64" or "mipsel64n32" or "parisc"
            or "parisc64" or "ppc" or "ppc64" or "ppc64le" or "riscv64" or "s390" or "s390x" => "SCMP_ARCH_" + word.ToUpperInvariant(),
        _ when word.StartsWith("SCMP_ARCH_", StringComparison.Ordinal) => word,
        _ => throw FlagValue.Fault($"'{word}' is no architecture"),
    };
}
