// Mounts and devices: as the kernel has them, and who asked for them.
using System.Globalization;
using Berth.Engine.Diagnosis;
using Berth.Engine.Volumes;
using Berth.Linux.Files;
using Berth.Oci.RuntimeSpec;

namespace Berth.Engine.Containers;

/// <summary>The sections <c>mounts</c> and <c>devices</c>.</summary>
internal static class MountFacts
{
    /// <summary>The root file system, and all that is mounted in it.</summary>
    public static List<ExplainedFact> Of(Explained all)
    {
        Dictionary<string, string> kernel = all.Pid > 0 ? Options(all.Pid) : [];
        List<ExplainedFact> facts = [Root(all, kernel)];
        foreach (MountSpec mount in all.Spec.Mounts)
        {
            SettledMount? settled = Settled(all, mount.Destination);
            string options = kernel.TryGetValue(mount.Destination, out string? real) ? real : string.Join(',', mount.Options);
            facts.Add(Fact(all, mount.Destination, settled, $"{mount.Type ?? "bind"} {mount.Source}", options));
        }
        foreach (SettledMount settled in all.Record.Settled.Mounts)
        {
            if (all.Spec.Mounts.Exists(mount => mount.Destination == settled.Request.Destination)) continue;
            facts.Add(Fact(all, settled.Request.Destination, settled, Would(all, settled), settled.Request.IsReadOnly ? "ro" : "rw"));
        }
        return facts;
    }

    private static ExplainedFact Root(Explained all, Dictionary<string, string> kernel)
    {
        string options = kernel.TryGetValue("/", out string? real) ? real : all.Wish.Storage.IsReadOnly ? "ro" : "rw";
        if (all.Wish.RootFolder is { } folder) return Explained.Asked("/", folder, $"--rootfs; {options}");
        return Explained.OfImage("/", $"overlay over {all.Wish.Image}", options);
    }

    private static ExplainedFact Fact(Explained all, string place, SettledMount? settled, string what, string options)
    {
        if (settled is null) return Explained.Usual(place, what, options);
        string from = settled.Request.Kind switch { MountKind.Volume => settled.IsAnonymous ? "a volume without a name" : $"volume {settled.Volume}", MountKind.Image => $"image {settled.Request.Source}", _ => "" };
        bool isAsked = all.Wish.Storage.Mounts.Any(one => ContainerPath.Clean(one.Destination) == place);
        string by = isAsked ? settled.Request.Kind == MountKind.Tmpfs ? "--tmpfs or --mount" : "--volume or --mount" : IsOfImage(all, place) ? "VOLUME of the image" : "--volumes-from";
        string detail = string.Join("; ", new[] { by, from, options }.Where(static part => part.Length > 0));
        return new ExplainedFact(place, what, isAsked || !IsOfImage(all, place) ? FactOrigin.Flag : FactOrigin.Image) { Detail = detail };
    }

    private static bool IsOfImage(Explained all, string place) => all.Image.Volumes?.Keys.Any(path => ContainerPath.Clean(path) == place) == true;

    private static SettledMount? Settled(Explained all, string place) => all.Record.Settled.Mounts.FirstOrDefault(mount => mount.Request.Destination == place);

    private static string Would(Explained all, SettledMount mount) => mount.Request.Kind switch
    {
        MountKind.Volume => $"bind {(all.Parts.Volumes.TryFind(mount.Volume!) is VolumeRecord volume ? volume.Path : mount.Volume)}",
        MountKind.Tmpfs => "tmpfs",
        _ => $"bind {mount.Request.Source}",
    };

    // Of what is mounted at one place several times, the last one is seen.
    private static Dictionary<string, string> Options(int pid)
    {
        Dictionary<string, string> options = [];
        foreach (string line in (KernelFile.TryReadText($"/proc/{pid}/mountinfo") ?? "").Split('\n'))
        {
            string[] words = line.Split(' ');
            if (words.Length < 10) continue;
            int dash = Array.IndexOf(words, "-");
            string propagation = string.Join(' ', words[6..Math.Max(6, dash)]);
            options[Unescaped(words[4])] = propagation.Length > 0 ? $"{words[5]} {propagation}" : words[5];
        }
        return options;
    }

    private static string Unescaped(string path) => path.Replace("\\040", " ", StringComparison.Ordinal).Replace("\\011", "\t", StringComparison.Ordinal).Replace("\\012", "\n", StringComparison.Ordinal).Replace("\\134", "\\", StringComparison.Ordinal);

    /// <summary>Devices besides those that every container has.</summary>
    public static List<ExplainedFact> Devices(Explained all)
    {
        List<ExplainedFact> facts = [];
        foreach (DeviceSpec device in all.Spec.Linux?.Devices ?? [])
        {
            facts.Add(Explained.Asked(device.Path, string.Create(CultureInfo.InvariantCulture, $"{device.Type} {device.Major}:{device.Minor}"), all.Wish.Security.IsPrivileged ? "--privileged" : "--device"));
        }
        foreach (string name in (ReadOnlySpan<string>)["null", "zero", "full", "random", "urandom", "tty"]) facts.Add(Explained.Usual("/dev/" + name, "c", "the runtime makes it"));
        foreach (DeviceRule rule in all.Spec.Linux?.Resources?.Devices ?? [])
        {
            string numbers = string.Create(CultureInfo.InvariantCulture, $"{rule.Type ?? "a"} {(rule.Major is { } major ? major : "*")}:{(rule.Minor is { } minor ? minor : "*")}");
            facts.Add(Explained.Chosen(all.Wish.DeviceRules.Count + all.Wish.Devices.Count > 0 && rule.Allow, rule.Allow ? "may" : "may not", $"{numbers} {rule.Access}", "--device or --device-cgroup-rule"));
        }
        return facts;
    }
}
