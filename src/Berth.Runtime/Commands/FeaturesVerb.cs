// features: what this runtime can do, as features.md describes it.
namespace Berth.Runtime.Commands;

internal static class FeaturesVerb
{
    public static int Features(Invocation call) => 0;
}
