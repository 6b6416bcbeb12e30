// Programs that containers need.
namespace Berth.Engine.Diagnosis.Host;

/// <summary>Checks of programs.</summary>
internal static class ProgramChecks
{
    public static Seen Own(HostFacts facts)
    {
        List<string> missing = [];
        string? beside = null;
        foreach (string name in (ReadOnlySpan<string>)["berth-shim", "berth-runtime", "berth-cni"])
        {
            if (facts.Find(name) is not { } path) missing.Add(name);
            else
            {
                string folder = path[..path.LastIndexOf('/')];
                beside ??= folder;
                if (folder != beside) return Seen.Warning($"they lie in two folders, {beside} and {folder}: they may be of two versions", "make install");
            }
        }
        return missing.Count > 0 ? Seen.Failure($"missing: {string.Join(' ', missing)}", "make install") : Seen.Ok($"all in {beside}");
    }

    public static Seen Others(HostFacts facts)
    {
        List<string> found = [];
        foreach (string name in (ReadOnlySpan<string>)["runc", "crun", "youki", "runsc", "kata-runtime"])
        {
            if (facts.Find(name) is { } path) found.Add(facts.VersionOf(path) ?? $"{name} (which does not say its version)");
        }
        return Seen.Ok(found.Count > 0 ? string.Join(", ", found) : "none but ours");
    }
}
