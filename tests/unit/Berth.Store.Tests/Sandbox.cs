// A folder for one test, with something outside the target that must never change.
using Berth.Linux.Processes;
using Berth.Oci.Faults;
using Berth.Store.Layers;

namespace Berth.Store.Tests;

public abstract class Sandbox : IDisposable
{
    private int _layers;

    private protected string Folder { get; } = Directory.CreateTempSubdirectory("berth-layers-").FullName;

    private protected static bool IsRoot => Self.UserId == 0;

    /// <summary>What the one who runs the tests can do: without root nothing is given away, and marks are the user's.</summary>
    private protected static UnpackOptions Options => new() { KeepOwners = IsRoot, UserAttributes = !IsRoot, UserNamespace = !IsRoot };

    private protected static string OpaqueMark => Options.UserAttributes ? "user.overlay.opaque" : "trusted.overlay.opaque";

    private protected static CancellationToken Now => TestContext.Current.CancellationToken;

    private protected string NewDirectory()
    {
        string path = $"{Folder}/{++_layers}";
        Directory.CreateDirectory(path);
        return path;
    }

    private protected (string Tree, UnpackedLayer Layer) Unpack(TestTar tar, UnpackOptions? options = null)
    {
        string tree = NewDirectory();
        return (tree, LayerUnpacker.Unpack(new MemoryStream(tar.Bytes()), tree, options ?? Options, Now));
    }

    private protected BerthException Refused(TestTar tar, UnpackOptions? options = null)
    {
        File.WriteAllText($"{Folder}/outside", "untouched");
        BerthException refusal = Assert.Throws<BerthException>(() => Unpack(tar, options));
        Assert.Equal("untouched", File.ReadAllText($"{Folder}/outside"));
        Assert.Equal(Fault.InvalidArgument, refusal.Kind);
        return refusal;
    }

    private protected static void NeedRoot(string why) => Assert.SkipUnless(IsRoot, $"needs root: {why}");

    public void Dispose()
    {
        TreeEraser.Erase(Folder);
        GC.SuppressFinalize(this);
    }
}
