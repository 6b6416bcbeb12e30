// --preserve-fds and --preserve-fd: descriptors of whoever called us, for a program in a container.
using System.Globalization;
using Berth.Cli.Arguments;
using Berth.Cli.Verbs;
using Berth.Linux.Processes;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>Which descriptors were meant.</summary>
internal static class PreservedDescriptors
{
    private const string First = "preserve-fds", Listed = "preserve-fd";

    /// <summary>Their options.</summary>
    public static IReadOnlyList<Option> Options() =>
    [
        Option.With(First, "N", "Hand on so many descriptors, from 3 on"),
        Option.Many(Listed, "FD[,FD...]", "Hand on descriptors by their numbers") with { SplitsAtCommas = true },
    ];

    /// <summary>Of a verb that starts nothing.</summary>
    public static IReadOnlyList<Option> RefusedOptions() =>
    [
        Option.Refused(First, "N", "they are gone when it is started: berth run hands them on"), Option.Refused(Listed, "FD", "they are gone when it is started: berth run hands them on"),
    ];

    /// <summary>Their numbers.</summary>
    /// <exception cref="BerthException">InvalidArgument: one is no number, or was not opened for us.</exception>
    public static IReadOnlyList<int> Read(Invocation invocation)
    {
        List<int> numbers = [];
        int count = invocation.Number(First) ?? 0;
        if (count < 0) throw new BerthException(Fault.InvalidArgument, $"--{First} wants a number that is not below 0, not {count}");
        foreach (string word in invocation.All(Listed))
        {
            if (!int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int number)) throw new BerthException(Fault.InvalidArgument, $"--{Listed} wants numbers of descriptors, not '{word}'");
            numbers.Add(number);
        }
        for (int i = 0; i < Math.Min(count, 1024); i++) numbers.Add(3 + i);
        foreach (int number in numbers)
        {
            // What we opened ourselves is not the caller's.
            if (number > 2 && !Self.IsInherited(number)) throw new BerthException(Fault.InvalidArgument, $"file descriptor {number} is not available: the caller has not opened it", $"as in: {number}<file {invocation.Path} --{Listed} {number} ...");
        }
        return numbers;
    }
}
