// CLI-12, CLI-13: freezing a container into files and waking it up again.
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Commands;

[Row("CLI-12", "CLI-13")]
public sealed class CheckpointTests : ContainerTest
{
    private const string Counter = "i=0; while :; do i=$((i+1)); echo $i > /count; usleep 10000; done";

    private static readonly Lazy<string?> Criu = new(FindCriu);

    private int Count => int.TryParse(File.ReadAllText($"{Dock.Root}/count"), out int value) ? value : 0;

    private Command With(params string[] words)
    {
        Assert.SkipWhen(Criu.Value is null, "no criu that works here");
        // By its name in PATH, as engines do; the one that works may have another name.
        string folder = Dock.NewFolder("criu-path");
        if (!File.Exists($"{folder}/criu")) File.CreateSymbolicLink($"{folder}/criu", Criu.Value!);
        return Dock.Command(words).Env("PATH", $"{folder}:/usr/sbin:/usr/bin:/sbin:/bin");
    }

    private void StartCounting()
    {
        Assert.SkipWhen(Criu.Value is null, "no criu that works here");
        // No terminal and no files of ours as its streams: criu cannot bring back what is open outside.
        Dock.Write(config => config.Shell($"exec >/dev/null 2>&1; {Counter}").NoNamespace("cgroup").NoNamespace("network").Remove("linux.seccomp"));
        Dock.Command("run", "--detach", "--bundle", Dock.Bundle, Id).Run().Succeeded();
        Until.True(() => File.Exists($"{Dock.Root}/count") && Count > 5, "it counts");
    }

    [Fact]
    public void A_counter_goes_on_after_restore()
    {
        StartCounting();
        string image = Dock.NewFolder("image");
        With("checkpoint", "--image-path", image, "--work-path", Dock.NewFolder("work"), Id).Run().Succeeded();
        int saved = Count;
        With("restore", "--detach", "--image-path", image, "--work-path", Dock.NewFolder("work2"), "--bundle", Dock.Bundle, Id).Run().Succeeded();
        Until.True(() => Count > saved, "it counts on");
        Assert.Equal("running", Dock.Status());
    }

    [Fact]
    public void Leave_running_leaves_it_running()
    {
        StartCounting();
        With("checkpoint", "--leave-running", "--image-path", Dock.NewFolder("image"), Id).Run().Succeeded();
        int saved = Count;
        Until.True(() => Count > saved, "it counts on");
    }

    private static string? FindCriu()
    {
        string[] places = [Environment.GetEnvironmentVariable("CRIU") ?? "", "/usr/sbin/criu", "/usr/local/sbin/criu"];
        return places.FirstOrDefault(path =>
        {
            if (!File.Exists(path)) return false;
            using System.Diagnostics.Process? check = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(path, ["check"]) { RedirectStandardError = true, RedirectStandardOutput = true });
            check?.WaitForExit();
            return check?.ExitCode == 0;
        });
    }
}
