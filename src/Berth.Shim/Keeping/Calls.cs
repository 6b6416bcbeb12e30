// How many calls are under way that may leave us a child whose number we do not know yet.
using Berth.Linux.Polling;

namespace Berth.Shim.Keeping;

/// <summary>Counts calls of create, restore and exec: only as long as there is one, statuses of unknown children are kept.</summary>
internal static class Calls
{
    private static int s_count;

    /// <summary>One more.</summary>
    public static void Begin(EventLoop loop)
    {
        s_count++;
        loop.KeepsUnclaimed = true;
    }

    /// <summary>One less.</summary>
    public static void End(EventLoop loop)
    {
        if (--s_count == 0) loop.KeepsUnclaimed = false;
    }
}
