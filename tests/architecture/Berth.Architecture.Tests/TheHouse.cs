// The checkout the tests look at, read once.
using Berth.Housemap;

namespace Berth.Architecture.Tests;

internal static class TheHouse
{
    private static readonly Lazy<House> Lazy = new(() => House.Read(AppContext.BaseDirectory));

    public static House Now => Lazy.Value;

    public static IEnumerable<(string Path, string[] Lines)> Sources =>
        Now.Projects.SelectMany(project => project.Sources).Select(path => (Path.GetRelativePath(Now.Checkout, path), File.ReadAllLines(path)));

    public static void HasNone(IEnumerable<string> offences)
    {
        string all = string.Join('\n', offences);
        if (all.Length > 0) Assert.Fail(all);
    }
}
