// Which binary the suite judges: found once, asked for its version, and started in the way it needs on this host.
using System.Diagnostics;

namespace Berth.Contract.OciRuntime.Stage;

/// <summary>The families of runtimes the suite knows.</summary>
public enum RuntimeKind
{
    /// <summary>Ours: nothing is ever excused.</summary>
    Berth,

    /// <summary>runc.</summary>
    Runc,

    /// <summary>crun.</summary>
    Crun,
}

/// <summary>The runtime binary named by the environment variable RUNTIME, or out/bin/berth-runtime of this checkout.</summary>
public sealed class RuntimeUnderTest
{
    private static readonly Lazy<RuntimeUnderTest> Found = new(Find);

    private RuntimeUnderTest(string path, RuntimeKind kind, Version version) => (Path, Kind, Version) = (path, kind, version);

    /// <summary>The one that is judged in this run.</summary>
    public static RuntimeUnderTest Current => Found.Value;

    /// <summary>Absolute path of the binary.</summary>
    public string Path { get; }

    /// <summary>Its family.</summary>
    public RuntimeKind Kind { get; }

    /// <summary>What it says its version is.</summary>
    public Version Version { get; }

    /// <summary>Whether it is ours.</summary>
    public bool IsOurs => Kind == RuntimeKind.Berth;

    /// <inheritdoc/>
    public override string ToString() => $"{Kind} {Version} ({Path})";

    /// <summary>
    /// The words before the runtime's own arguments. crun refuses a host whose v1 controllers have a v2 tree beside them, so there it gets
    /// a mount namespace of its own without that tree.
    /// </summary>
    public IReadOnlyList<string> Launcher => Kind == RuntimeKind.Crun && Machine.Cgroups == CgroupLayout.Hybrid
        ? ["unshare", "--mount", "--propagation", "slave", "sh", "-c", "umount /sys/fs/cgroup/unified && exec \"$@\"", "crun"]
        : [];

    /// <summary>The root of this checkout.</summary>
    public static string Checkout { get; } = FindCheckout();

    private static RuntimeUnderTest Find()
    {
        string path = Environment.GetEnvironmentVariable("RUNTIME") is { Length: > 0 } named
            ? Locate(named)
            : System.IO.Path.Combine(Checkout, "out/bin/berth-runtime");
        if (!File.Exists(path)) throw new InvalidOperationException($"no runtime at {path}: build it first, or name another one with RUNTIME=");
        return Judge(path);
    }

    private static string Locate(string named)
    {
        if (named.Contains('/')) return System.IO.Path.GetFullPath(named, Checkout);
        string search = Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin";
        return search.Split(':').Select(folder => System.IO.Path.Combine(folder, named)).FirstOrDefault(File.Exists) ?? named;
    }

    private static RuntimeUnderTest Judge(string path)
    {
        ProcessStartInfo start = new(path, ["--version"]) { RedirectStandardOutput = true };
        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"{path} cannot be started");
        string[] words = process.StandardOutput.ReadToEnd().Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        RuntimeKind kind = System.IO.Path.GetFileName(path).StartsWith("berth", StringComparison.Ordinal) ? RuntimeKind.Berth : words.FirstOrDefault() switch
        {
            "runc" => RuntimeKind.Runc,
            "crun" => RuntimeKind.Crun,
            _ => RuntimeKind.Berth,
        };
        string number = words.Length > 2 ? words[2].Split('+', '-', '~')[0] : "";
        return new RuntimeUnderTest(path, kind, Version.TryParse(number, out Version? version) ? version : new Version(0, 0));
    }

    private static string FindCheckout()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Berth.slnx"))) return folder.FullName;
        }
        throw new InvalidOperationException("the tests do not run inside a checkout: Berth.slnx was not found above them");
    }
}
