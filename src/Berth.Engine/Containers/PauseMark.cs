// Who has paused a container for a moment: if that one was killed, somebody else lets it go on.
using System.Globalization;
using Berth.Linux.Files;
using Berth.Linux.Processes;

namespace Berth.Engine.Containers;

/// <summary>A file beside the bundle with a process and when it began.</summary>
internal static class PauseMark
{
    private const uint Private = 0x180;

    /// <summary>Pauses one until what comes back is disposed of.</summary>
    public static async Task<IAsyncDisposable> PauseAsync(Container container, ContainerPlaces places, CancellationToken ct)
    {
        Self.IsAlive(Self.ProcessId, out ulong start);
        KernelPath.WriteAtomically(places.PausedBy(container.Id), System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Self.ProcessId} {start}")), Private);
        try
        {
            await container.PauseAsync(ct).ConfigureAwait(false);
        }
        catch (Exception)
        {
            KernelPath.Remove(places.PausedBy(container.Id));
            throw;
        }
        return new Held(container, places);
    }

    /// <summary>Whether whoever paused it is gone and did not let it go on.</summary>
    public static bool IsLeft(ContainerPlaces places, string id)
    {
        if (KernelFile.TryReadText(places.PausedBy(id))?.Split(' ') is not [{ } pid, { } start]) return false;
        return !(int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && Self.IsAlive(number, out ulong ticks) && ticks.ToString(CultureInfo.InvariantCulture) == start);
    }

    /// <summary>Lets it go on.</summary>
    public static async Task ResumeAsync(Container container, ContainerPlaces places, CancellationToken ct)
    {
        await container.ResumeAsync(ct).ConfigureAwait(false);
        KernelPath.Remove(places.PausedBy(container.Id));
    }

    private sealed class Held(Container container, ContainerPlaces places) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            try
            {
                await ResumeAsync(container, places, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Oci.Faults.BerthException)
            {
                // It has ended meanwhile, or somebody else was faster.
            }
        }
    }
}
