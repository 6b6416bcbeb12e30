// The table of `generate`: the process, its limits and its capabilities.
using Berth.Linux.Processes;
using Berth.Linux.Security;

namespace Berth.Runtime.Generate;

internal static partial class GenerateFlags
{
    private const string RlimitForm = "TYPE:HARD:SOFT";
    private const string SizeForm = "WIDTH:HEIGHT";

    private static GenerateFlag[] Process() =>
    [
        new("args", "ARG", "command and its arguments, one at a time", SetArguments) { IsRepeatable = true },
        GenerateFlag.Many("env-file", "FILE", "read environment variables from a file, one NAME=VALUE a line", (draft, path) =>
        {
            foreach (string variable in EnvironmentFile.Read(path)) SetVariable(draft, variable);
        }),
        GenerateFlag.Many("env", "NAME=VALUE", "set an environment variable", SetVariable),
        GenerateFlag.Text("process-cwd", "process.cwd", "PATH", "working directory"),
        GenerateFlag.Whole("process-uid", "process.user.uid", "user id", max: uint.MaxValue),
        GenerateFlag.Whole("process-gid", "process.user.gid", "group id", max: uint.MaxValue),
        GenerateFlag.Many("process-groups", "GID", "add a supplementary group", (draft, gid) =>
            Add(draft.Process.Below("user").ListBelow("additionalGids"), JsonTree.Of(FlagValue.Whole(gid, 0, uint.MaxValue)))),
        new("process-umask", "MODE", "file mode creation mask, octal where it begins with 0", (draft, mode) =>
            draft.Set("process.user.umask", JsonTree.Of(FlagValue.Mode(mode)))),
        GenerateFlag.Text("process-username", "process.user.username", "NAME", "user name (not used on linux)"),
        GenerateFlag.Switch("process-terminal", "process.terminal", "attach a terminal"),
        new("process-consolesize", SizeForm, "size of the terminal in characters", SetConsoleSize),
        GenerateFlag.Switch("process-no-new-privileges", "process.noNewPrivileges", "keep the process from gaining privileges"),
        GenerateFlag.When("process-rlimits-remove-all", "remove all resource limits, before any is added", draft => draft.Process["rlimits"] = null),
        GenerateFlag.Many("process-rlimits-add", RlimitForm, "add or replace a resource limit, such as RLIMIT_NOFILE:1024:1024", AddRlimit),
        GenerateFlag.Many("process-rlimits-remove", "TYPE", "remove a resource limit", (draft, type) =>
            draft.Process.ListBelow("rlimits").RemoveAll(rlimit => rlimit.TextOf("type") == type)),
        GenerateFlag.Whole("linux-oom-score-adj", "process.oomScoreAdj", "oom_score_adj", -1000, 1000),
        GenerateFlag.Text("linux-apparmor", "process.apparmorProfile", "PROFILE", "AppArmor profile"),
        GenerateFlag.Text("linux-selinux-label", "process.selinuxLabel", "LABEL", "SELinux context of the process"),
    ];

    private static GenerateFlag[] CapabilityFlags() =>
    [
        GenerateFlag.When("privileged", "all capabilities, no labels, no seccomp", draft => draft.MakePrivileged()),
        GenerateFlag.When("process-cap-drop-all", "drop all capabilities, before any is added", draft =>
        {
            foreach (string set in Draft.CapabilitySets) draft.Process.Below("capabilities")[set] = null;
        }),
        Capability("process-cap-add", "add capabilities, comma-separated, to all five sets", add: true, Draft.CapabilitySets),
        .. EachSet("process-cap-add", "add capabilities to the {0} set", add: true),
        Capability("process-cap-drop", "drop capabilities, comma-separated, from all five sets", add: false, Draft.CapabilitySets),
        .. EachSet("process-cap-drop", "drop capabilities from the {0} set", add: false),
    ];

    private static GenerateFlag[] EachSet(string prefix, string help, bool add)
    {
        GenerateFlag[] flags = new GenerateFlag[Draft.CapabilitySets.Length];
        for (int i = 0; i < flags.Length; i++)
        {
            string set = Draft.CapabilitySets[i];
            flags[i] = Capability($"{prefix}-{set}", help.Replace("{0}", set, StringComparison.Ordinal), add, set);
        }
        return flags;
    }

    private static GenerateFlag Capability(string name, string help, bool add, params string[] sets) =>
        GenerateFlag.Many(name, "CAP,...", help, (draft, list) =>
        {
            foreach (string capability in list.Split(','))
            {
                string known = KnownCapability(capability.ToUpperInvariant(), draft.IsHostSpecific && add);
                foreach (string set in sets) draft.SetCapability(set, known, add);
            }
        });

    private static string KnownCapability(string name, bool hostSpecific)
    {
        if (Capabilities.BitOf(name) is not { } bit) throw FlagValue.Fault($"'{name}' is no capability, see capabilities(7)");
        return hostSpecific && bit > Capabilities.Last ? throw FlagValue.Fault($"{name} is not known to this kernel") : name;
    }

    // The first --args replaces what the template has, the others follow it.
    private static void SetArguments(Draft draft, string argument)
    {
        if (!draft.HasArguments) draft.Process["args"] = null;
        draft.HasArguments = true;
        draft.Process.ListBelow("args").Add(JsonTree.Of(argument));
    }

    private static void SetVariable(Draft draft, string variable)
    {
        (string name, _) = FlagValue.Pair(variable);
        List<JsonTree> environment = draft.Process.ListBelow("env");
        int index = environment.FindIndex(entry => entry.Text?.StartsWith(name + "=", StringComparison.Ordinal) == true);
        if (index < 0) environment.Add(JsonTree.Of(variable));
        else environment[index] = JsonTree.Of(variable);
    }

    private static void SetConsoleSize(Draft draft, string value)
    {
        string[] parts = FlagValue.Parts(value, SizeForm);
        JsonTree size = draft.Process.Below("consoleSize");
        size["height"] = JsonTree.Of(FlagValue.Whole(parts[1], 0, uint.MaxValue));
        size["width"] = JsonTree.Of(FlagValue.Whole(parts[0], 0, uint.MaxValue));
    }

    private static void AddRlimit(Draft draft, string value)
    {
        string[] parts = FlagValue.Parts(value, RlimitForm);
        if (ResourceLimits.NumberOf(parts[0]) is null) throw FlagValue.Fault($"'{parts[0]}' is no resource limit, see getrlimit(2)");
        JsonTree rlimit = JsonTree.Object();
        rlimit["type"] = JsonTree.Of(parts[0]);
        rlimit["hard"] = JsonTree.Of(FlagValue.Limit(parts[1]));
        rlimit["soft"] = JsonTree.Of(FlagValue.Limit(parts[2]));
        Draft.Put(draft.Process.ListBelow("rlimits"), rlimit, "type");
    }
}
