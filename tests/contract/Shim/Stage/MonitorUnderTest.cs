// Which monitor the suite judges: found once, asked for its version, and called by the name engines look for.
using System.Diagnostics;

namespace Berth.Contract.Shim.Stage;

/// <summary>The families of monitors the suite knows.</summary>
public enum MonitorKind
{
    /// <summary>Ours: nothing is ever excused.</summary>
    Berth,

    /// <summary>conmon.</summary>
    Conmon,
}

/// <summary>The monitor named by the environment variable MONITOR, or out/bin/berth-shim of this checkout.</summary>
public sealed class MonitorUnderTest
{
    private static readonly Lazy<MonitorUnderTest?> Found = new(Find);

    private MonitorUnderTest(string path, MonitorKind kind, Version version) => (Path, Kind, Version) = (path, kind, version);

    /// <summary>The one that is judged in this run; without any, the test is skipped.</summary>
    public static MonitorUnderTest Current
    {
        get
        {
            Assert.SkipWhen(Found.Value is null, "there is no out/bin/berth-shim: build it, or name another monitor with MONITOR=");
            return Found.Value!;
        }
    }

    /// <summary>A link named conmon to the binary.</summary>
    public string Path { get; }

    /// <summary>Its family.</summary>
    public MonitorKind Kind { get; }

    /// <summary>What it says its version is.</summary>
    public Version Version { get; }

    /// <summary>Whether it is ours.</summary>
    public bool IsOurs => Kind == MonitorKind.Berth;

    private static MonitorUnderTest? Find()
    {
        if (Environment.GetEnvironmentVariable("MONITOR") is { Length: > 0 } named)
        {
            string path = Locate(named);
            return File.Exists(path) ? Judge(path) : throw new InvalidOperationException($"no monitor at {path}");
        }
        string built = System.IO.Path.Combine(RuntimeUnderTest.Checkout, "out/bin/berth-shim");
        return File.Exists(built) ? Judge(built) : null;
    }

    private static string Locate(string named)
    {
        if (named.Contains('/')) return System.IO.Path.GetFullPath(named, RuntimeUnderTest.Checkout);
        string search = Environment.GetEnvironmentVariable("PATH") + ":/usr/libexec/podman:/usr/local/libexec/podman";
        return search.Split(':').Select(folder => System.IO.Path.Combine(folder, named)).FirstOrDefault(File.Exists) ?? named;
    }

    private static MonitorUnderTest Judge(string path)
    {
        string link = System.IO.Path.Combine(Directory.CreateTempSubdirectory("berth-monitor-").FullName, "conmon");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(System.IO.Path.GetDirectoryName(link)!, recursive: true);
        File.CreateSymbolicLink(link, path);
        using Process process = Process.Start(new ProcessStartInfo(link, ["--version"]) { RedirectStandardOutput = true })
            ?? throw new InvalidOperationException($"{path} cannot be started");
        string[] words = process.StandardOutput.ReadToEnd().Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        string number = words.Length > 2 ? words[2].Split('+', '-', '~')[0] : "";
        return new MonitorUnderTest(link,
            System.IO.Path.GetFileName(path).StartsWith("berth", StringComparison.Ordinal) ? MonitorKind.Berth : MonitorKind.Conmon,
            Version.TryParse(number, out Version? version) ? version : new Version(0, 0));
    }
}
