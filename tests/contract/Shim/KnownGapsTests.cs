// The table of gaps is looked at itself: a line for a test that no longer exists excuses nobody.
using System.Reflection;
using Berth.Contract.Shim.Stage;

namespace Berth.Contract.Shim;

public sealed class KnownGapsTests
{
    [Fact]
    public void Every_line_names_a_test()
    {
        HashSet<string> names = [];
        foreach (Type type in typeof(KnownGapsTests).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(MonitorTest))))
        {
            names.Add(type.Name);
            foreach (MethodInfo method in type.GetMethods()) names.Add($"{type.Name}.{method.Name}");
        }
        Assert.DoesNotContain(KnownGaps.All.Keys, key => !names.Contains(key.Split('(')[0]));
    }
}
