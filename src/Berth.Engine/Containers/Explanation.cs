// Puts an explanation together: the configuration is the bundle's, or, of a container that does not run, what it would be.
using Berth.Engine.Diagnosis;
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Oci.RuntimeSpec;

namespace Berth.Engine.Containers;

/// <summary>Makes explanations.</summary>
internal sealed class Explanation(ContainerParts parts, ContainerRecord record, ContainerState state, ExplainOptions options)
{
    /// <summary>Makes one.</summary>
    public ContainerExplanation Make()
    {
        foreach (string wanted in options.Sections)
        {
            if (!ContainerExplanation.SectionNames.Contains(wanted)) throw new BerthException(Fault.InvalidArgument, $"there is nothing called '{wanted}' to explain", $"there are {string.Join(", ", ContainerExplanation.SectionNames)}");
        }
        (Spec spec, string? obstacle) = SpecOf();
        Explained all = new() { Record = record, Parts = parts, Image = ImageOf(), Spec = spec, Pid = state.IsAlive ? state.Pid : 0, ShowsValues = options.ShowsValues };
        List<ExplainedSection> sections = [];
        foreach (string name in ContainerExplanation.SectionNames)
        {
            if (options.Sections.Count == 0 || options.Sections.Contains(name)) sections.Add(new ExplainedSection(name, Section(name, all)));
        }
        return new ContainerExplanation { Id = record.Id, Name = record.Name, Pid = all.Pid, Obstacle = obstacle, Sections = sections };
    }

    private static List<ExplainedFact> Section(string name, Explained all) => name switch
    {
        "namespaces" => NamespaceFacts.Of(all),
        "process" => ProcessSection.Of(all),
        "capabilities" => SecurityFacts.Capabilities(all),
        "security" => SecurityFacts.Of(all),
        "limits" => LimitFacts.Of(all),
        "rlimits" => LimitFacts.Rlimits(all),
        "mounts" => MountFacts.Of(all),
        "devices" => MountFacts.Devices(all),
        "sysctls" => SecurityFacts.Sysctls(all),
        "environment" => ProcessSection.Environment(all),
        "network" => NetworkFacts.Of(all),
        "image" => ImageFacts.Of(all),
        _ => ImageFacts.Care(all),
    };

    // Somebody who is not root: that alone changes what he may do.
    private const string Nobody = "65534";

    private (Spec Spec, string? Obstacle) SpecOf()
    {
        if (state.IsAlive && KernelFile.TryRead($"{parts.Places.Bundle(record.Id)}/config.json", out _) is { } bytes) return (SpecReader.Read(bytes), null);
        string? obstacle = null;
        BundleFacts facts = Starting.FactsFor(parts, record) with { CgroupsPath = HostCgroups.PathOf(record.Spec.Limits, record.Id), Cgroups = HostCgroups.Facts() };
        // Mounts are said from the record: to prepare them would make folders. The names of users are in a root file system that is not mounted.
        ContainerRecord bare = record with { Settled = record.Settled with { Mounts = [], User = char.IsAsciiLetter(record.Settled.User.FirstOrDefault()) && record.Settled.User is not "root" ? Nobody : record.Settled.User }, Spec = record.Spec with { HasInit = false, TimeZone = null } };
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return (SpecBuilder.Build(bare, facts), obstacle);
            }
            catch (BerthException fault) when (attempt == 0)
            {
                obstacle = fault.Message;
                bare = bare with { Spec = bare.Spec with { Devices = [], DeviceRules = [], Security = new SecuritySpec { IsPrivileged = bare.Spec.Security.IsPrivileged }, Limits = new LimitsSpec(), Groups = [] } };
            }
        }
    }

    private ContainerConfig ImageOf()
    {
        try
        {
            return record.Image is { } id ? parts.Images.Looked.ReadConfig(parts.Images.Looked.Find(id.ToString())).Config ?? new ContainerConfig() : new ContainerConfig();
        }
        catch (BerthException)
        {
            // It was removed by force: what came from it is taken for usual.
            return new ContainerConfig();
        }
    }
}
