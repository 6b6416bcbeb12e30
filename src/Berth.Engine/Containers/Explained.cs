// Everything that an explanation is read from, and the words in which facts are said.
using Berth.Engine.Diagnosis;
using Berth.Linux.Files;
using Berth.Oci.ImageSpec;
using Berth.Oci.RuntimeSpec;

namespace Berth.Engine.Containers;

/// <summary>One container, from all sides: what was asked for, what the image says, what the runtime was told, what the kernel says.</summary>
internal sealed record Explained
{
    /// <summary>The container.</summary>
    public required ContainerRecord Record { get; init; }

    /// <summary>The parts of the engine.</summary>
    public required ContainerParts Parts { get; init; }

    /// <summary>The image's part; empty where there is none.</summary>
    public required ContainerConfig Image { get; init; }

    /// <summary>The configuration: that of the bundle, or what it would be.</summary>
    public required Spec Spec { get; init; }

    /// <summary>The first process; 0: it does not run.</summary>
    public int Pid { get; init; }

    /// <summary>Whether values of variables are told.</summary>
    public bool ShowsValues { get; init; }

    /// <summary>What was asked for.</summary>
    public ContainerSpec Wish => Record.Spec;

    /// <summary>A line of /proc/PID/status; null: it does not run.</summary>
    public string? Status(string name)
    {
        if (Pid == 0) return null;
        foreach (string line in (KernelFile.TryReadText($"/proc/{Pid}/status") ?? "").Split('\n'))
        {
            if (line.Length > name.Length && line[name.Length] == ':' && line.StartsWith(name, StringComparison.Ordinal)) return line[(name.Length + 1)..].Trim().Replace('\t', ' ');
        }
        return null;
    }

    /// <summary>Of something that everybody has unless it is asked for otherwise.</summary>
    public static ExplainedFact Usual(string name, string value, string detail = "") => new(name, value, FactOrigin.Default) { Detail = detail };

    /// <summary>Of something that was asked for.</summary>
    public static ExplainedFact Asked(string name, string value, string option) => new(name, value, FactOrigin.Flag) { Detail = option };

    /// <summary>Of something that the image says.</summary>
    public static ExplainedFact OfImage(string name, string value, string detail = "") => new(name, value, FactOrigin.Image) { Detail = detail };

    /// <summary>Asked for with an option where it is, and usual where not.</summary>
    public static ExplainedFact Chosen(bool isAsked, string name, string value, string option) => isAsked ? Asked(name, value, option) : Usual(name, value);
}
