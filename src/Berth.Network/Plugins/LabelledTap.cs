// A tap with a label of SELinux, which takes a process of its own.
using System.Globalization;
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Linux.Processes;
using Berth.Network.Contract;
using Berth.Network.Calls;

namespace Berth.Network.Plugins;

/// <summary>
/// The kernel labels a tap by the process that makes it, and policies let a process take another label by execution alone: so
/// <c>berth-cni</c> is executed once more, in the container's network namespace, with no other purpose.
/// <code>
/// plugin                                         berth-cni make-tap NAME single|multi OWNER|- GROUP|-
/// label to attr/exec of this thread
/// execute                              ───────►  has the label; makes the tap
///                                      ◄───────  0, or 1 and why not on standard error
/// </code>
/// </summary>
public static class LabelledTap
{
    /// <summary>The word by which it is called.</summary>
    public const string Word = "make-tap";

    private const string Attribute = "/proc/thread-self/attr/exec";

    /// <summary>Makes one, in the network namespace of the calling thread.</summary>
    /// <exception cref="CniException">The label is refused, or the tap.</exception>
    internal static void Make(TapSpec tap, string label)
    {
        if (!KernelFile.TryWrite(Attribute, label, out Errno errno)) throw CniException.Failed($"cannot take the label {label}, given as selinuxContext: {errno.Sentence()}", null);
        try
        {
            ProgramAnswer answer = ProgramCaller.Run(new ProgramCall { Path = OwnProgram.Find(), Arguments = Words(tap), Timeout = TimeSpan.FromSeconds(10) });
            if (answer.Status != 0) throw CniException.Failed($"cannot make tap {tap.Name} with the label {label}: {Why(answer)}", null);
        }
        finally
        {
            // Whatever this thread executes next is not meant.
            KernelFile.TryWrite(Attribute, "\0", out _);
        }
    }

    private static string Why(ProgramAnswer answer) => answer.Error.Length > 0 ? Encoding.UTF8.GetString(answer.Error).Trim() : answer.TimedOut ? "it takes too long" : $"{OwnProgram.Find()} ended with status {answer.Status}";

    internal static string[] Words(TapSpec tap) => [Word, tap.Name, tap.MultiQueue ? "multi" : "single", Number(tap.Owner), Number(tap.Group)];

    private static string Number(uint? id) => id?.ToString(CultureInfo.InvariantCulture) ?? "-";

    /// <summary>What the words say; null: nothing.</summary>
    internal static TapSpec? Read(IReadOnlyList<string> words) =>
        words is [Word, { Length: > 0 } name, "single" or "multi", var owner, var group] && TryRead(owner, out uint? user) && TryRead(group, out uint? members)
            ? new TapSpec { Name = name, MultiQueue = words[2] == "multi", Owner = user, Group = members } : null;

    private static bool TryRead(string text, out uint? id)
    {
        id = uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) ? number : null;
        return id is not null || text == "-";
    }

    /// <summary>The other side: the process that has the label.</summary>
    /// <returns>Exit code.</returns>
    public static int Run(IReadOnlyList<string> words)
    {
        if (Read(words) is not { } tap)
        {
            RawIo.WriteAll(2, "these are not the words to make a tap\n"u8.ToArray());
            return 1;
        }
        try
        {
            TapDevice.Make(tap);
            return 0;
        }
        catch (LinuxException e)
        {
            RawIo.WriteAll(2, Encoding.UTF8.GetBytes(e.Message + "\n"));
            return 1;
        }
    }
}
