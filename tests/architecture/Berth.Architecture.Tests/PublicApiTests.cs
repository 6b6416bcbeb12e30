// The public surface of every library, beside the one that was agreed to: PublicApi.verified.txt in the library's folder.
using System.Reflection;
using Berth.Housemap;

namespace Berth.Architecture.Tests;

public sealed class PublicApiTests
{
    public static TheoryData<string> Libraries => LayerTests.Libraries;

    [Theory]
    [MemberData(nameof(Libraries))]
    public void The_public_surface_is_the_agreed_one(string name)
    {
        HouseProject project = TheHouse.Now.Projects.Single(project => project.Name == name);
        string verified = Path.Combine(project.Folder, "PublicApi.verified.txt");
        string now = PublicApi.Of(Assembly.Load(name));
        if (Environment.GetEnvironmentVariable("BERTH_ACCEPT") == "1") File.WriteAllText(verified, now);
        string agreed = File.Exists(verified) ? File.ReadAllText(verified) : "";
        if (agreed == now) return;
        string[] before = agreed.Split('\n'), after = now.Split('\n');
        Assert.Fail($"the public surface of {name} changed; if that is meant, run this test with BERTH_ACCEPT=1 and commit {Path.GetRelativePath(TheHouse.Now.Checkout, verified)}:\n"
            + string.Join('\n', [.. before.Except(after).Select(line => "- " + line.Trim()), .. after.Except(before).Select(line => "+ " + line.Trim())]));
    }
}
