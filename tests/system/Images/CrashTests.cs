// Commands that are killed at any moment, over and over: the store stays whole, and no byte of it is lost to view.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Berth.Images.Copying;
using Berth.Images.Making;
using Berth.Images.Tar;
using Berth.Distribution.Protocol;
using Berth.Oci.Content;
using Berth.Oci.ImageSpec;
using Berth.Oci.References;

namespace Berth.SystemTests.Images;

public sealed class CrashTests : IDisposable
{
    // The long form, some hundreds, is for make soak.
    private static readonly int s_rounds = int.TryParse(Environment.GetEnvironmentVariable("BERTH_SOAK"), NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n > 0 ? Math.Clamp(n / 20, 25, 500) : 25;

    private readonly Registry _registry = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("berth-crash-").FullName;
    // Told in a failure, so that it can be played again.
    private readonly int _seed = int.TryParse(Environment.GetEnvironmentVariable("BERTH_SEED"), out int seed) ? seed : Random.Shared.Next();

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    private string Store => $"{_folder}/store";

    private static string Berth { get; } = Path.Combine(Tools.Checkout, "out/bin/berth");

    [Fact]
    public async Task Kill_nine_at_any_moment_leaves_a_store_that_is_whole_and_no_byte_that_nobody_sees()
    {
        Assert.SkipUnless(File.Exists(Berth), "berth is not built");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: it unpacks files of other users");
        string[] images = [await PushAsync("large", 1, 24, 900_000), await PushAsync("layers", 8, 40, 20_000), await PushAsync("files", 2, 2500, 800), await PushAsync("shared", 5, 40, 20_000)];
        (int code, string text) = Finish(Start("storage", "snapshots", "prepare", "first"));
        Assert.True(code == 0, text);
        Finish(Start("storage", "snapshots", "rm", "first"));
        long empty = DiskBytes();
        Random random = new(_seed);
        int killed = 0;
        for (int round = 0; round < s_rounds; round++)
        {
            List<Process> commands = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Start(Choose(random, images, round)))];
            // Most commands end within a tenth of a second; the others are to be met too.
            await Task.Delay(random.Next(random.Next(4) != 0 ? 60 : 700), Now);
            foreach (Process command in commands)
            {
                if (random.Next(5) == 0 || command.HasExited) continue;
                command.Kill();
                killed++;
            }
            foreach (Process command in commands)
            {
                (code, text) = Finish(command);
                // 137: ours. Whatever else may be said is an answer, not a crash.
                Assert.True(code is 0 or 1 or 2 or 125 or 137 && !text.Contains("Unhandled", StringComparison.Ordinal), $"seed {_seed}, round {round}: {code}: {text}");
            }
            (code, text) = Finish(round % 10 == 9 ? Start("storage", "check") : Start("storage", "check", "--quick"));
            Assert.True(code == 0 && text.Contains("nothing is wrong", StringComparison.Ordinal), $"seed {_seed}, round {round}: {text}");
        }
        Assert.True(killed > s_rounds / 8, $"only {killed} were killed");

        // What had come of an image is not fetched again: a pull after all that needs no more than its bytes.
        foreach (string image in images)
        {
            (code, text) = Finish(Start("pull", "--tls-verify=false", "-q", image));
            Assert.True(code == 0, text);
        }
        (code, text) = Finish(Start("storage", "check"));
        Assert.True(code == 0 && text.Contains("nothing is wrong", StringComparison.Ordinal), $"seed {_seed}: {text}");
        (code, text) = Finish(Start("storage", "snapshots", "ls", "-q"));
        foreach (string name in text.Split('\n', StringSplitOptions.RemoveEmptyEntries)) Finish(Start("storage", "snapshots", "rm", name));
        (code, text) = Finish(Start("system", "prune", "--all", "--force"));
        Assert.True(code == 0, text);
        Assert.InRange(DiskBytes(), 0, empty + 8 * 4096);
    }

    public void Dispose()
    {
        _registry.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static string[] Choose(Random random, string[] images, int round)
    {
        string image = images[random.Next(images.Length)];
        string name = $"s{random.Next(4)}";
        return random.Next(10) switch
        {
            < 5 => ["pull", "--tls-verify=false", "-q", image],
            5 => ["rmi", "--force", image],
            6 => ["storage", "snapshots", "prepare", name, image],
            7 => ["storage", "snapshots", "commit", name, $"example.org/made:{round % 3}"],
            8 => ["storage", "snapshots", "rm", name],
            _ => ["system", "prune", "--force", .. random.Next(2) == 0 ? (string[])["--all"] : []],
        };
    }

    private Process Start(params string[] arguments) =>
        Process.Start(new ProcessStartInfo(Berth, ["--root", Store, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true })!;

    private static (int Code, string Text) Finish(Process command)
    {
        using (command)
        {
            command.StandardInput.Close();
            Task<string> errors = command.StandardError.ReadToEndAsync();
            string text = command.StandardOutput.ReadToEnd() + errors.GetAwaiter().GetResult();
            Assert.True(command.WaitForExit(120_000), "it does not end");
            return (command.ExitCode, text);
        }
    }

    private long DiskBytes()
    {
        using Process du = Process.Start(new ProcessStartInfo("du", ["-s", "-B1", Store]) { RedirectStandardOutput = true })!;
        string text = du.StandardOutput.ReadToEnd();
        du.WaitForExit();
        return long.Parse(text.Split('\t')[0], CultureInfo.InvariantCulture);
    }

    /// <summary>Makes an image of files with content that compresses a little, and brings it to the registry.</summary>
    private async Task<string> PushAsync(string name, int layers, int files, int bytes)
    {
        List<LayerFile> made = [];
        try
        {
            for (int layer = 0; layer < layers; layer++)
            {
                int number = layer;
                made.Add(LayerFile.Make($"{_folder}/{name}-{layer}", tar => WriteLayer(tar, number, files, bytes), layer % 2 == 0 ? Compression.Gzip : Compression.Zstd, 1, ImageFormat.Oci));
            }
            ImageConfig config = new() { Os = Platform.Host.Os, Architecture = Platform.Host.Architecture, RootFs = new RootFs { DiffIds = [.. made.Select(static layer => layer.DiffId)] } };
            await using MadeImage image = new(name, config, [], null, made, ImageFormat.Oci);
            using RegistryClient client = new(new RegistryOptions { Registry = _registry.Name, IsInsecure = true });
            ImageReference reference = ImageReference.Parse($"{_registry.Name}/{name}:1");
            await ImageCopier.CopyAsync(image, client.Target(reference), ct: Now);
            return reference.ToString();
        }
        finally
        {
            foreach (LayerFile layer in made) layer.Dispose();
        }
    }

    private static void WriteLayer(Stream tar, int layer, int files, int bytes)
    {
        TarWriter writer = new(tar);
        Random random = new((layer * 1000) + bytes);
        byte[] content = new byte[bytes];
        writer.Add(new TarEntry { Kind = TarKind.Directory, Path = Encoding.UTF8.GetBytes($"l{layer}/"), Mode = 0x1ED });
        for (int i = 0; i < files; i++)
        {
            for (int at = 0; at < content.Length; at++) content[at] = (byte)('a' + random.Next(16));
            writer.Add(new TarEntry { Kind = TarKind.File, Path = Encoding.UTF8.GetBytes($"l{layer}/f{i}"), Mode = 0x1A4, Uid = 1000, Size = content.Length, StoredSize = content.Length }, content);
        }
        writer.Finish();
    }
}
