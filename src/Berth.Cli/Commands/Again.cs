// --retry-times and --retry-delay for verbs that ask and do not copy.
using Berth.Cli.Output;
using Berth.Cli.Verbs;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands;

/// <summary>Tries again what failed for a reason that may pass.</summary>
internal static class Again
{
    /// <summary>Tries.</summary>
    public static async Task<T> TryAsync<T>(Invocation invocation, Func<Task<T>> once)
    {
        int left = invocation.Number("retry-times") ?? 0;
        TimeSpan delay = invocation.Find("retry-delay") is { } text ? Words.ParseSpan(text) : TimeSpan.FromSeconds(1);
        while (true)
        {
            try { return await once().ConfigureAwait(false); }
            catch (BerthException e) when (e.Kind is Fault.Unavailable or Fault.TimedOut && left-- > 0)
            {
                await Task.Delay(delay, invocation.Session.Ending).ConfigureAwait(false);
            }
        }
    }
}
