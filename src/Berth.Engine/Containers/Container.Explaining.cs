// A container explained.
using Berth.Engine.Diagnosis;
using Berth.Oci.Faults;

namespace Berth.Engine.Containers;

/// <content>What it is in the kernel's terms.</content>
public sealed partial class Container
{
    /// <summary>Says what it is in the kernel's terms, and where each thing comes from. Nothing is changed, and of one that does not run nothing is prepared.</summary>
    /// <exception cref="BerthException">InvalidArgument: there is no such section.</exception>
    public ContainerExplanation Explain(ExplainOptions? options = null) => new Explanation(_parts, _record, Observe(), options ?? new ExplainOptions()).Make();
}
