// What every test of the shim's two services stands on: a shim that the test starts as containerd does, and asks without containerd.
using Berth.Rpc;
using Berth.Rpc.Protobuf;
using Berth.Rpc.Ttrpc;
using Berth.Shim.ShimV2.Protos;
using Berth.Shim.ShimV2.Protos.Google.Protobuf;
using Berth.SystemTests.Keeper;

namespace Berth.SystemTests.ShimV2;

/// <summary>A test with a dock and a shim. After it nothing of either may be left.</summary>
public abstract class ShimTest : IDisposable
{
    private readonly List<KeeperClient> _clients = [];
    private readonly List<string> _addresses = [];

    /// <summary>Skips where there is no shim.</summary>
    protected ShimTest()
    {
        Machine.NeedsPath(Program, "berth-shim is not built");
        Dock = new Dock();
    }

    /// <summary>The real program, under the name that containerd knows.</summary>
    protected static string Program { get; } = Path.Combine(RuntimeUnderTest.Checkout, "out/bin/containerd-shim-berth-v2");

    /// <summary>The test's own place.</summary>
    protected Dock Dock { get; }

    /// <summary>The shim's process.</summary>
    protected int ShimPid { get; private set; }

    /// <summary>What starts a shim for the bundle last written; its answer is the address.</summary>
    protected Command StartCommand(string id) => Dock.Tool(Program, "-namespace", "state", "-address", $"{Dock.Folder}/containerd.sock", "-id", id, "start").In(Dock.Bundle).WithoutInput();

    /// <summary>Starts a shim, and connects.</summary>
    private protected KeeperClient Begin(string id)
    {
        string address = StartCommand(id).Run().Succeeded().Text;
        Assert.StartsWith("unix:///", address);
        _addresses.Add(address[7..]);
        ShimPid = int.Parse(File.ReadAllText($"{Dock.Bundle}/shim.pid"));
        return Connect(address[7..]);
    }

    /// <summary>One more connection.</summary>
    private protected KeeperClient Connect(string path)
    {
        KeeperClient client = new(path);
        _clients.Add(client);
        return client;
    }

    /// <summary>A request for the bundle last written, with a runtime.</summary>
    private protected CreateTaskRequest Request(string id, string? runtime = null) => new()
    {
        Id = id,
        Bundle = Dock.Bundle,
        Options = Any.Of(Options.FullName, new Options { BinaryName = runtime ?? Dock.Runtime.Path, Root = Dock.Folder }),
    };

    /// <summary>A script that stands before the runtime.</summary>
    protected string Wrapper(string name, string shell) => Dock.Program(name, $"""
        for word; do case $word in create|start|exec|pause|delete|kill) verb=$word; break ;; esac; done
        {shell}
        exec {Dock.Runtime.Path} "$@"
        """);

    /// <summary>The kind of a refusal, or Ok.</summary>
    private protected static StatusCode CodeOf<T>(KeeperClient client, uint call) where T : class, IMessage, new()
    {
        try
        {
            client.Result<T>(call);
            return StatusCode.Ok;
        }
        catch (RefusedException e)
        {
            return e.Code;
        }
    }

    /// <summary>The same, of a call that is made now.</summary>
    private protected static StatusCode CodeOf<T>(KeeperClient client, TtrpcMethod method, IMessage request) where T : class, IMessage, new() => CodeOf<T>(client, client.Begin(method, request));

    /// <summary>Ends a container that runs, and takes it away.</summary>
    private protected static void Remove(KeeperClient client, string id)
    {
        uint wait = client.Begin(TaskService.Methods.Wait, new WaitRequest { Id = id });
        client.Call<Empty>(TaskService.Methods.Kill, new KillRequest { Id = id, Signal = 9 });
        client.Result<WaitResponse>(wait);
        client.Call<DeleteResponse>(TaskService.Methods.Delete, new DeleteRequest { Id = id });
    }

    /// <summary>Asks it to end, and waits until it has.</summary>
    private protected void End(KeeperClient client)
    {
        client.Call<Empty>(TaskService.Methods.Shutdown, new ShutdownRequest { Id = Dock.Id });
        Until.True(() => !Lives(ShimPid), "the shim has ended");
    }

    /// <summary>Whether a process is there, as more than a name.</summary>
    protected static bool Lives(int pid)
    {
        try { return File.ReadAllText($"/proc/{pid}/stat").Split(") ")[1][0] is not ('Z' or 'X'); }
        catch (IOException) { return false; }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends what lives, and judges what is left.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (!disposing) return;
        foreach (KeeperClient client in _clients) client.Dispose();
        bool lived = ShimPid > 0 && Lives(ShimPid);
        if (lived) Native.Kill(ShimPid, 9);
        foreach (string address in _addresses.Where(File.Exists))
        {
            File.Delete(address);
        }
        Native.RemoveFolder(Dock.StateRoot);
        Dock.Dispose();
        Assert.False(lived, "the shim did not end");
    }
}
