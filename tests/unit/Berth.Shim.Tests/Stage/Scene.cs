// A loop that takes no signals, and a folder: all that streams, logs and sockets of the shim need.
using Berth.Linux.Polling;

namespace Berth.Shim.Tests;

internal sealed class Scene : IDisposable
{
    private const int Patience = 20_000;

    public EventLoop Loop { get; } = new();

    public string Folder { get; } = Directory.CreateTempSubdirectory("berth-shim-").FullName;

    /// <summary>Goes round until it is so.</summary>
    public void Until(Func<bool> so)
    {
        Loop.BeforeSleep = () =>
        {
            if (so()) Loop.Stop();
        };
        bool became = so() || Loop.Run(Patience);
        Loop.BeforeSleep = null;
        Assert.True(became, "it did not become so");
    }

    /// <summary>Goes round until nothing is ready.</summary>
    public int Settle()
    {
        int rounds = 0;
        while (Loop.Once()) Assert.True(++rounds < 10_000, "the loop goes round for nothing");
        return rounds;
    }

    public void Dispose()
    {
        Loop.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
