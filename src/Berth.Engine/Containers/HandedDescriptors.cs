// Open descriptors of this process that a program in a container gets (--preserve-fds).
using Berth.Linux.Network;
using Berth.Linux.Processes;
using Berth.Oci.Faults;

namespace Berth.Engine.Containers;

/// <summary>Looks whether descriptors can be handed on.</summary>
internal static class HandedDescriptors
{
    private const int Largest = 1023;

    /// <summary>The numbers, each once.</summary>
    /// <exception cref="BerthException">InvalidArgument: a standard stream, too many, or one that nobody has opened for us.</exception>
    public static IReadOnlyList<int> Require(IReadOnlyList<int> numbers)
    {
        if (numbers.Count == 0) return [];
        List<int> once = [.. numbers.Distinct().Order()];
        if (once.Count > DescriptorSocket.MostDescriptors) throw new BerthException(Fault.InvalidArgument, $"cannot hand on {once.Count} descriptors: {DescriptorSocket.MostDescriptors} are the most");
        foreach (int number in once)
        {
            if (number is < 3 or > Largest) throw new BerthException(Fault.InvalidArgument, $"cannot hand on descriptor {number}: it is to be one from 3 to {Largest}");
            if (!Self.IsOpen(number)) throw new BerthException(Fault.InvalidArgument, $"cannot hand on descriptor {number}: it is not open", "descriptors from 3 on are meant, as a shell opens them: 3<file berth run --preserve-fds 1 ...");
        }
        return once;
    }
}
