// Other people's tools, beside us.
using System.Diagnostics;

namespace Berth.SystemTests.Images;

/// <summary>Runs them.</summary>
internal static class Tools
{
    /// <summary>The checkout that this was built from.</summary>
    public static string Checkout { get; } = FindCheckout();

    /// <summary>Runs one to its end, which must be good.</summary>
    /// <returns>What it said.</returns>
    public static string Run(string program, string? input, params string[] words)
    {
        Assert.SkipUnless(File.Exists($"/usr/bin/{program}"), $"{program} is not installed");
        using Process process = Process.Start(new ProcessStartInfo($"/usr/bin/{program}", words) { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, said + errors.Result);
        return said;
    }

    private static string FindCheckout()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists($"{folder}/Berth.slnx")) folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("the tests are not run from a checkout");
    }
}
