// The column of our own engine's contract: a keeper, and a client of ours.
using Berth.Rpc.Ttrpc;
using Berth.Shim.Contract.Protos;
using Berth.SystemTests.Keeper;
using static Berth.Shim.Contract.Protos.KeeperService;

namespace Berth.SystemTests.Crash;

/// <summary>A container with a keeper of its own.</summary>
internal sealed class KeptByKeeper : Kept
{
    private readonly Dock _dock;
    private readonly Wishes _wishes;
    private readonly RuntimeSwitch _switch;
    private KeeperClient? _client;

    public KeptByKeeper(Dock dock, RuntimeSwitch runtime, Wishes wishes) : base(dock, wishes)
    {
        (_dock, _switch, _wishes) = (dock, runtime, wishes);
        Dock written = dock.Write(config => config.Shell(Counter.Script).Mount("/shared", "bind", Folder, "rbind", "rw").Set("linux.cgroupsPath", $"/{Name}"));
        Bundle = written.Bundle;
    }

    /// <summary>Where it finds its keeper.</summary>
    public string Socket => $"{_dock.Folder}/{Name}/s";

    /// <summary>Its bundle.</summary>
    public string Bundle { get; }

    /// <inheritdoc/>
    public override LogForm Form => LogForm.Cri;

    /// <inheritdoc/>
    protected override string[] Traces => [Socket, Socket + ".pid", $"{_dock.StateRoot}/{Name}"];

    /// <summary>Starts a keeper, and has it create the container.</summary>
    public void Create()
    {
        _dock.Tool(Path.Combine(RuntimeUnderTest.Checkout, "out/bin/berth-shim"), "keep", "--socket", Socket).Run().Succeeded();
        Connect();
        CreateRequest request = new() { Id = Name, Bundle = Bundle, Runtime = new() { Binary = _switch.Path, Root = _dock.StateRoot } };
        request.Logs.Add(new() { Driver = "cri", Path = Log, MostBytes = _wishes.MostBytes, Backups = 1000 });
        _client!.Call<CreateResponse>(Methods.Create, request);
    }

    /// <summary>Has it started.</summary>
    public KeptByKeeper Start()
    {
        Pid = (int)_client!.Call<StartResponse>(Methods.Start, new ProcessRequest { Id = Name }).Pid;
        return this;
    }

    /// <summary>The engine is gone, with all that it has not read.</summary>
    public void Disconnect()
    {
        _client?.Dispose();
        _client = null;
    }

    /// <summary>The engine is there again; a keeper that has nothing to do any more has ended.</summary>
    public void Connect()
    {
        _client ??= new KeeperClient(Socket);
        Keeper = (int)_client.Call<HelloResponse>(Methods.Hello, new HelloRequest { Version = 1 }).Pid;
    }

    /// <inheritdoc/>
    public override int AwaitExit()
    {
        if (_client is { } client) return (int)client.Call<WaitResponse>(Methods.Wait, new ProcessRequest { Id = Name }).ExitStatus;
        const string Key = "\"exitStatus\":";
        string told = Until.FileHas($"{Bundle}/exit.json", Key);
        return int.Parse(told[(told.IndexOf(Key, StringComparison.Ordinal) + Key.Length)..].Split(',')[0]);
    }

    /// <inheritdoc/>
    public override void Remove()
    {
        if (_client is { } client)
        {
            client.Call<DeleteResponse>(Methods.Delete, new ProcessRequest { Id = Name });
            Disconnect();
        }
        else _dock.Call("delete", "--force", Name).Succeeded();
    }
}

/// <summary>A client that reads a stream of a keeper in a thread, as fast as it can or not at all.</summary>
internal sealed class ReadingClient : IRestingClient
{
    private const long Enough = 1 << 20;

    private readonly KeeperClient _client;
    private readonly uint _stream;
    private readonly string _file;
    private readonly Thread _thread;
    private readonly ManualResetEvent _reads = new(initialState: true);
    private long _got;
    private volatile bool _hasEnded;

    public ReadingClient(KeeperClient client, uint stream, string file)
    {
        (_client, _stream, _file) = (client, stream, file);
        _thread = new Thread(Read) { IsBackground = true };
        _thread.Start();
    }

    /// <inheritdoc/>
    public void AwaitMore()
    {
        long now = Volatile.Read(ref _got);
        Until.True(() => Volatile.Read(ref _got) > now + Enough, "the client gets more");
    }

    /// <inheritdoc/>
    public void Rest() => _reads.Reset();

    /// <inheritdoc/>
    public void GoOn() => _reads.Set();

    /// <inheritdoc/>
    public void JudgeAll(Counter counter)
    {
        long last = counter.Last;
        Until.True(() => _hasEnded, "the stream ends");
        CountedLog log = new(LogForm.Plain);
        log.Read(_file);
        log.EndsWith(last);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _reads.Set();
        _client.Dispose();
        _thread.Join();
    }

    private void Read()
    {
        using FileStream file = new(_file, FileMode.Create);
        try
        {
            while (_client.Message<OutputChunk>(_stream) is { } chunk)
            {
                file.Write(chunk.Bytes);
                Interlocked.Add(ref _got, chunk.Bytes.Length);
                _reads.WaitOne();
            }
            file.Flush();
            _hasEnded = true;
        }
        catch (Exception e) when (e is System.Net.Sockets.SocketException or ObjectDisposedException or EndOfStreamException) { } // it was killed
    }
}

/// <summary>The keeper's column.</summary>
public sealed class KeeperTests : CrashMatrix
{
    private readonly Dock _dock;
    private readonly RuntimeSwitch _switch;
    private readonly List<KeptByKeeper> _all = [];

    /// <summary>Starts from nothing.</summary>
    public KeeperTests()
    {
        Machine.NeedsPath(Path.Combine(RuntimeUnderTest.Checkout, "out/bin/berth-shim"), "berth-shim is not built");
        _dock = new Dock();
        _switch = new RuntimeSwitch(_dock, RuntimeUnderTest.Current.Path);
    }

    [Fact]
    public void Logs_are_rotated_while_the_engine_is_killed()
    {
        Kept kept = Counting(new Wishes { MostBytes = 200_000 });
        KillEngine(kept);
        kept.AwaitMore();
        Assert.InRange(kept.LogFiles.Length, 5, 1000);
        RestartEngine();
        kept.EndsWell();
    }

    [Fact]
    public void The_engine_is_killed_while_it_creates()
    {
        KeptByKeeper kept = New(new Wishes());
        _switch.Arm(KillPoint.Before);
        Thread creating = new(() =>
        {
            try { kept.Create(); }
            catch (Exception e) when (e is System.Net.Sockets.SocketException or ObjectDisposedException or EndOfStreamException) { } // it was killed
        });
        creating.Start();
        int runtime = _switch.AwaitStop(KillPoint.Before);
        using (KeeperClient other = new(kept.Socket)) other.Call<HelloResponse>(Methods.Hello, new HelloRequest { Version = 1 });
        int keeper = kept.Keeper;
        kept.Disconnect();
        creating.Join();
        Native.Kill(runtime, Processes.Continue);
        // It is made all the same: the engine that comes back finds it, and starts it or not.
        kept.Connect();
        Assert.Equal(keeper, kept.Keeper);
        Until.True(() => _dock.Call("state", kept.Name) is { ExitCode: 0 } state && state.Output.Contains("\"created\"", StringComparison.Ordinal), "the container is created");
        kept.Start();
        kept.Counter.Go();
        kept.AwaitMore();
        kept.EndsWell();
    }

    /// <inheritdoc/>
    protected override Kept Start(Wishes? wishes = null)
    {
        KeptByKeeper kept = New(wishes ?? new Wishes());
        kept.Create();
        return kept.Start();
    }

    /// <inheritdoc/>
    protected override void KillEngine(Kept kept) => ((KeptByKeeper)kept).Disconnect();

    /// <inheritdoc/>
    protected override void RestartEngine()
    {
        foreach (KeptByKeeper kept in _all)
        {
            // Whose container has ended while nobody was there has told it in a file, and has ended too.
            if (kept.IsAlive) kept.Connect();
        }
    }

    /// <inheritdoc/>
    protected override IDisposable ReadLog(Kept kept)
    {
        KeeperClient client = new(((KeptByKeeper)kept).Socket);
        return new ReadingClient(client, client.Begin(Methods.FollowLog, new ContainerRequest { Id = kept.Name }, TtrpcStreaming.Server), $"{_dock.Folder}/followed");
    }

    /// <inheritdoc/>
    protected override (Kept Kept, IRestingClient Client) StartWithClient()
    {
        KeptByKeeper kept = (KeptByKeeper)Start();
        KeeperClient client = new(kept.Socket);
        uint stream = client.Begin(Methods.Attach, new Done(), TtrpcStreaming.Client);
        client.Say(stream, new AttachInput { Id = kept.Name });
        // What is answered later was taken later.
        client.Call<HelloResponse>(Methods.Hello, new HelloRequest { Version = 1 });
        return (kept, new ReadingClient(client, stream, $"{_dock.Folder}/attached"));
    }

    /// <inheritdoc/>
    protected override void CreateWhileTheRuntimeIsKilled(KillPoint point)
    {
        for (int i = 0; i < (point == KillPoint.Between ? 10 : 1); i++)
        {
            KeptByKeeper kept = New(new Wishes());
            _switch.Arm(point);
            RefusedException? refused = null;
            Thread creating = new(() =>
            {
                try { kept.Create(); }
                catch (RefusedException e) { refused = e; }
            });
            creating.Start();
            int runtime = _switch.AwaitStop(point);
            if (point == KillPoint.Between) WaitByChance(30);
            Native.Kill(runtime, Processes.Kill);
            creating.Join();
            if (refused is null) Assert.Equal(KillPoint.Between, point);
            // By chance it was done already.
            if (refused is null) kept.Remove();
            kept.Disconnect();
            kept.NothingIsLeft();
        }
    }

    /// <inheritdoc/>
    protected override void Repair(Kept kept)
    {
        KeptByKeeper mine = (KeptByKeeper)kept;
        mine.Disconnect();
        // The engine's part, as the protocol says: nobody keeps it any more, and no exit code is to be had.
        Assert.Throws<System.Net.Sockets.SocketException>(() => new KeeperClient(mine.Socket));
        Assert.False(File.Exists($"{mine.Bundle}/exit.json"));
        Assert.True(kept.IsAlive);
        _dock.Call("delete", "--force", kept.Name).Succeeded();
        File.Delete(mine.Socket);
        File.Delete(mine.Socket + ".pid");
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (KeptByKeeper kept in _all) kept.Disconnect();
        _dock.Dispose();
    }

    private KeptByKeeper New(Wishes wishes)
    {
        if (_all.Count > 0) _dock.NewBundle();
        KeptByKeeper kept = new(_dock, _switch, wishes);
        _all.Add(kept);
        return kept;
    }
}
