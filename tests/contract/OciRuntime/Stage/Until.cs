// Waiting for facts: a condition is looked at often and given up loudly; nothing in the suite waits for time to pass.
using System.Diagnostics;

namespace Berth.Contract.OciRuntime.Stage;

/// <summary>Waits until something is so.</summary>
public static class Until
{
    /// <summary>How long a fact may take; generous, as the machine may be loaded.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(30);

    /// <summary>Returns once <paramref name="fact"/> holds.</summary>
    public static void True(Func<bool> fact, string what, TimeSpan? patience = null) =>
        NotNull(() => fact() ? "yes" : null, () => what, patience);

    /// <summary>Returns once <paramref name="fact"/> holds; what it waited for is worded when it gives up.</summary>
    public static void True(Func<bool> fact, Func<string> what) => NotNull(() => fact() ? "yes" : null, what, null);

    /// <summary>Returns the first value that is not null.</summary>
    public static T NotNull<T>(Func<T?> look, string what, TimeSpan? patience = null) where T : class => NotNull(look, () => what, patience);

    private static T NotNull<T>(Func<T?> look, Func<string> what, TimeSpan? patience) where T : class
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            if (look() is { } found) return found;
            if (Stopwatch.GetElapsedTime(start) > (patience ?? Patience)) throw new TimeoutException($"waited in vain until {what()}");
            Thread.Sleep(4);
        }
    }

    /// <summary>Returns the file's text once it contains <paramref name="text"/>.</summary>
    public static string FileHas(string path, string text) =>
        NotNull(() => File.Exists(path) && File.ReadAllText(path) is { } all && all.Contains(text, StringComparison.Ordinal) ? all : null,
            $"{path} contains '{text}'");
}
