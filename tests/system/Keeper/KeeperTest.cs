// What every test of the keeper stands on: a shim of its own, bundles, and short words for the calls of the contract.
using System.Text;
using Berth.Rpc;
using Berth.Shim.Contract.Protos;
using static Berth.Shim.Contract.Protos.KeeperService;

namespace Berth.SystemTests.Keeper;

/// <summary>A test with a dock and a shim. After it nothing of either may be left: the shim has to end by itself.</summary>
public abstract class KeeperTest : IDisposable
{
    private readonly List<KeeperClient> _clients = [];
    private readonly List<(string Id, string Bundle)> _containers = [];
    private KeeperClient? _client;

    /// <summary>The real program.</summary>
    protected static string Shim { get; } = Path.Combine(RuntimeUnderTest.Checkout, "out/bin/berth-shim");

    /// <summary>Skips where there is no shim.</summary>
    protected KeeperTest()
    {
        Machine.NeedsPath(Shim, "berth-shim is not built");
        Dock = new Dock();
    }

    /// <summary>The test's own place.</summary>
    protected Dock Dock { get; }

    /// <summary>Where the shim is found.</summary>
    protected string Socket => $"{Dock.Folder}/shim.sock";

    /// <summary>The connection for plain calls; the shim is started with it.</summary>
    protected KeeperClient Client => _client ??= Connect();

    /// <summary>After how many milliseconds without work it sleeps.</summary>
    protected virtual string Idle => "3000";

    /// <summary>The shim's process.</summary>
    protected int ShimPid { get; private set; }

    /// <summary>The folder of a container's log.</summary>
    protected string Log => $"{Dock.Folder}/log";

    /// <summary>Another connection.</summary>
    protected KeeperClient Connect()
    {
        if (!File.Exists(Socket)) StartShim();
        KeeperClient client = new(Socket);
        _clients.Add(client);
        return client;
    }

    /// <summary>Starts a shim and says hello.</summary>
    protected void StartShim()
    {
        Dock.Tool(Shim, "keep", "--socket", Socket, "--idle", Idle).Run().Succeeded();
        using KeeperClient client = new(Socket);
        ShimPid = (int)client.Call<HelloResponse>(Methods.Hello, new HelloRequest { Version = 1 }).Pid;
        // Two connections overlap: a shim that has met somebody ends when nobody is left.
        _clients.Add(_client = new KeeperClient(Socket));
        _client.Call<HelloResponse>(Methods.Hello, new HelloRequest { Version = 1 });
    }

    /// <summary>The engine dies: all its connections are gone.</summary>
    protected void Disconnect()
    {
        foreach (KeeperClient client in _clients) client.Dispose();
        _clients.Clear();
        _client = null;
    }

    /// <summary>A request for a container with a script of its own.</summary>
    protected CreateRequest Request(string script, Action<CreateRequest>? more = null, Action<Config>? edit = null)
    {
        _ = Client;
        string id = _containers.Count == 0 ? Dock.Id : $"{Dock.Id}-{_containers.Count}";
        if (_containers.Count > 0) Dock.NewBundle();
        Dock.Write(config =>
        {
            config.Shell(script);
            edit?.Invoke(config);
        });
        CreateRequest request = new() { Id = id, Bundle = Dock.Bundle, Runtime = new() { Binary = Dock.Runtime.Path, Root = Dock.StateRoot } };
        more?.Invoke(request);
        if (request.Terminal) Dock.Write(config =>
        {
            config.Shell(script).Set("process.terminal", true);
            edit?.Invoke(config);
        });
        _containers.Add((id, Dock.Bundle));
        return request;
    }

    /// <summary>Has a container made.</summary>
    protected string Create(string script, Action<CreateRequest>? more = null, Action<Config>? edit = null)
    {
        CreateRequest request = Request(script, more, edit);
        Client.Call<CreateResponse>(Methods.Create, request);
        return request.Id;
    }

    /// <summary>Has it started.</summary>
    protected int Start(string id) => (int)Client.Call<StartResponse>(Methods.Start, new ProcessRequest { Id = id }).Pid;

    /// <summary>Has a container made and started.</summary>
    protected string Run(string script, Action<CreateRequest>? more = null, Action<Config>? edit = null)
    {
        string id = Create(script, more, edit);
        Start(id);
        return id;
    }

    /// <summary>Executes a script.</summary>
    protected StartResponse Exec(string id, string exec, string script, Action<ExecRequest>? more = null)
    {
        ExecRequest request = new() { Id = id, ExecId = exec, Process = ProcessOf(script) };
        more?.Invoke(request);
        return Client.Call<StartResponse>(Methods.Exec, request);
    }

    /// <summary>A script as JSON of the runtime specification.</summary>
    protected static byte[] ProcessOf(string script) => Encoding.UTF8.GetBytes(
        $$$"""{"args":["/bin/sh","-c",{{{System.Text.Json.JsonSerializer.Serialize(script)}}}],"cwd":"/","env":["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],"user":{"uid":0,"gid":0}}""");

    /// <summary>Waits for the end.</summary>
    protected WaitResponse Wait(string id, string exec = "") => Client.Call<WaitResponse>(Methods.Wait, new ProcessRequest { Id = id, ExecId = exec });

    /// <summary>Takes a process away.</summary>
    protected DeleteResponse Delete(string id, string exec = "") => Client.Call<DeleteResponse>(Methods.Delete, new ProcessRequest { Id = id, ExecId = exec });

    /// <summary>Sends a signal.</summary>
    protected void Kill(string id, uint signal = 9, string exec = "", bool forGood = false) =>
        Client.Call<Done>(Methods.Kill, new KillRequest { Id = id, ExecId = exec, Signal = signal, ForGood = forGood });

    /// <summary>What the shim knows.</summary>
    protected Container State(string id) => Assert.Single(Client.Call<StateResponse>(Methods.State, new StateRequest { Id = id }).Containers);

    /// <summary>Where the container is in its life.</summary>
    protected Status StatusOf(string id) => State(id).First!.Status;

    /// <summary>A log in the CRI's format at <see cref="Log"/>.</summary>
    protected void Cri(CreateRequest request) => request.Logs.Add(new() { Driver = "cri", Path = Log });

    /// <summary>What lines of CRI say.</summary>
    protected static string TextOf(string cri)
    {
        StringBuilder text = new();
        foreach (string line in cri.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = line.Split(' ', 4);
            text.Append(words[3]);
            if (words[2] == "F") text.Append('\n');
        }
        return text.ToString();
    }

    /// <summary>Whether the shim's process is there, as more than a name.</summary>
    protected static bool Lives(int pid)
    {
        try { return File.ReadAllText($"/proc/{pid}/stat").Split(") ")[1][0] is not ('Z' or 'X'); }
        catch (IOException) { return false; }
    }

    /// <summary>Waits until the shim has ended by itself.</summary>
    protected void AwaitShimsEnd() => Until.True(() => !Lives(ShimPid), "the shim has ended");

    /// <summary>How many processes the shim has of its own kind.</summary>
    protected int Shims() => Directory.GetDirectories("/proc").Count(folder =>
    {
        try { return File.ReadAllText($"{folder}/cmdline").Contains(Socket, StringComparison.Ordinal); }
        catch (IOException) { return false; }
        catch (UnauthorizedAccessException) { return false; }
    });

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
        try
        {
            if (ShimPid > 0 && Lives(ShimPid)) EndShim();
        }
        finally
        {
            foreach (KeeperClient client in _clients) client.Dispose();
            if (ShimPid > 0 && Lives(ShimPid)) Native.Kill(ShimPid, 9);
            Dock.Dispose();
        }
    }

    private void EndShim()
    {
        using KeeperClient last = new(Socket);
        Disconnect();
        foreach (Container container in last.Call<StateResponse>(Methods.State, new StateRequest()).Containers)
        {
            try { last.Call<Done>(Methods.Kill, new KillRequest { Id = container.Id, Signal = 9, ForGood = true }); }
            catch (RefusedException e) when (e.Code is StatusCode.NotFound or StatusCode.FailedPrecondition) { } // it has ended
            last.Call<WaitResponse>(Methods.Wait, new ProcessRequest { Id = container.Id });
            Until.True(() => TryDelete(last, container.Id), $"{container.Id} is deleted");
        }
        last.Dispose();
        AwaitShimsEnd();
        Assert.False(File.Exists(Socket), "the socket stayed");
    }

    private static bool TryDelete(KeeperClient client, string id)
    {
        try
        {
            client.Call<DeleteResponse>(Methods.Delete, new ProcessRequest { Id = id });
            return true;
        }
        catch (RefusedException e) when (e.Code == StatusCode.FailedPrecondition)
        {
            return false;
        }
    }
}
