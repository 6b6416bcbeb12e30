// Arrows between projects go down only, as the table of the house says; arrows between namespaces never go round.
using Berth.Housemap;

namespace Berth.Architecture.Tests;

public sealed class LayerTests
{
    // A row for every project there may be: what it may reference, directly. Changing a line is a decision (docs/decisions).
    private static readonly Dictionary<string, string[]> May = new()
    {
        ["Berth.Linux"] = [],
        ["Berth.Oci"] = [],
        ["Berth.Rpc"] = [],
        ["Berth.Cgroups"] = ["Berth.Linux", "Berth.Oci"],
        ["Berth.Images"] = ["Berth.Linux", "Berth.Oci"],
        ["Berth.Runtime"] = ["Berth.Linux", "Berth.Oci", "Berth.Cgroups"],
        ["Berth.Shim"] = ["Berth.Linux", "Berth.Oci", "Berth.Cgroups", "Berth.Rpc"],
        ["Berth.Network"] = ["Berth.Linux", "Berth.Oci"],
        ["Berth.Distribution"] = ["Berth.Oci", "Berth.Images"],
        ["Berth.Store"] = ["Berth.Linux", "Berth.Oci", "Berth.Images"],
        ["Berth.Engine"] = ["Berth.Shim", "Berth.Rpc", "Berth.Network", "Berth.Distribution", "Berth.Store", "Berth.Cgroups", "Berth.Images", "Berth.Oci", "Berth.Linux"],
        ["Berth.Build"] = ["Berth.Engine", "Berth.Images", "Berth.Oci"],
        ["Berth.Compose"] = ["Berth.Engine", "Berth.Build"],
        ["Berth.DockerApi"] = ["Berth.Engine", "Berth.Build", "Berth.Oci"],
        ["Berth.Cri"] = ["Berth.Engine", "Berth.Rpc", "Berth.Oci"],
        ["Berth.RegistryServer"] = ["Berth.Store", "Berth.Images", "Berth.Oci"],
        // Linux for the terminal; Store, because what the engine hands out of it are its values (docs/decisions/0016).
        ["Berth.Cli"] = ["Berth.Engine", "Berth.Build", "Berth.Compose", "Berth.Images", "Berth.Store", "Berth.Oci", "Berth.Linux"],
    };

    public static TheoryData<string> Libraries => [.. TheHouse.Now.Projects.Where(project => !project.IsApp).Select(project => project.Name)];

    [Theory]
    [MemberData(nameof(Libraries))]
    public void A_library_has_a_row_and_references_only_what_its_row_lists(string name)
    {
        HouseProject project = TheHouse.Now.Projects.Single(project => project.Name == name);
        Assert.True(May.ContainsKey(name), $"{name} has no row in the table of the house");
        TheHouse.HasNone(project.References.Except(May[name]).Select(other => $"{name} must not reference {other}"));
    }

    [Fact]
    public void No_program_references_another() =>
        TheHouse.HasNone(TheHouse.Now.Projects.Where(project => project.IsApp)
            .SelectMany(app => app.References.Where(other => TheHouse.Now.Projects.Any(project => project.IsApp && project.Name == other)).Select(other => $"{app.Name} -> {other}")));

    [Fact]
    public void No_library_references_a_program() =>
        TheHouse.HasNone(TheHouse.Now.Projects.Where(project => !project.IsApp)
            .SelectMany(library => library.References.Where(other => !other.StartsWith("Berth.", StringComparison.Ordinal)).Select(other => $"{library.Name} -> {other}")));

    [Theory]
    [MemberData(nameof(Libraries))]
    public void The_namespaces_of_a_library_have_no_new_circle(string name)
    {
        HouseProject project = TheHouse.Now.Projects.Single(project => project.Name == name);
        TheHouse.HasNone(Circles.Of(project.Arrows).Where(arrow => !KnownCircles.Arrows.Contains(Short(arrow))).Select(arrow => $"{Short(arrow)} closes a circle (e.g. {arrow.Example})"));
    }

    [Fact]
    public void A_circle_that_was_broken_is_known_no_longer() =>
        TheHouse.HasNone(KnownCircles.Arrows.Except(TheHouse.Now.Projects.SelectMany(project => Circles.Of(project.Arrows)).Select(Short)).Select(arrow => $"take {arrow} off the list of known circles"));

    private static string Short(NamespaceArrow arrow) => $"{arrow.From} -> {arrow.To}";

    [Fact]
    public void The_map_in_the_documentation_is_the_map_of_the_code() =>
        Assert.True(MapPage.Read(TheHouse.Now.Checkout) == MermaidMap.Of(TheHouse.Now), "docs/architecture.md shows an old map: dotnet run --project tools/housemap -- --write");
}
