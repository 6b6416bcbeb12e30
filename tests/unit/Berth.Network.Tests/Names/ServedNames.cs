// A state directory with a server that runs on a thread of the test.
using System.Net;
using System.Net.Sockets;
using Berth.Linux;
using Berth.Linux.Polling;
using Berth.Network.Names;
using Berth.Network.Serving;

namespace Berth.Network.Tests.Names;

/// <summary>What a host has: networks at addresses of loopback, ports of their own.</summary>
internal sealed class ServedNames : IDisposable
{
    private readonly List<Thread> _servers = [];
    private EventLoop? _loop;
    private volatile bool _stopping;

    public ServedNames()
    {
        State = Directory.CreateTempSubdirectory("berth-names-").FullName;
        File.WriteAllText(ResolvConfPath, "nameserver 127.0.0.1\n");
        Service = new NameService(new NameServiceOptions { State = State, Program = "/nonexistent" }) { Starter = Start };
        Port = FreePort();
    }

    public string State { get; }

    public string ResolvConfPath => State + "/resolv.conf";

    public NameService Service { get; }

    public ushort Port { get; }

    public int Started => _servers.Count;

    public bool IsServing => _servers.Exists(server => server.IsAlive);

    public NetworkNames Network(string name, string listen, params IPEndPoint[] upstreams) =>
        new() { Name = name, Listen = [IPAddress.Parse(listen)], Port = Port, Upstreams = upstreams, Internal = upstreams.Length == 0, TimeoutMilliseconds = 200, Attempts = 2 };

    public static ContainerNames Container(string name, string address, params string[] aliases) =>
        new() { ContainerId = name.PadRight(64, '0'), Name = name, Addresses = [.. address.Split(',').Select(IPAddress.Parse)], Aliases = aliases };

    public static NameAttachment Attachment(string network, string container) => new(network, container.PadRight(64, '0'), "eth0");

    public DnsClient At(string listen) => new(new IPEndPoint(IPAddress.Parse(listen), Port));

    public void WaitForEnd()
    {
        foreach (Thread server in _servers) Assert.True(server.Join(10_000), "the server is to end");
    }

    public static ushort FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        return (ushort)((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private void Start()
    {
        string directory = NamePlaces.Directory(State);
        Fd? held = ServerPlace.TryLock(NamePlaces.Lock(directory));
        if (held is null)
        {
            Thread.Yield();
            return;
        }
        Fd control = ServerPlace.Bind(NamePlaces.Socket(directory));
        Thread thread = new(() =>
        {
            using EventLoop loop = new();
            _loop = loop;
            using (NameServer server = new(loop, directory, control, ResolvConfPath))
            {
                while (!_stopping && loop.Run(20) is false) { }
            }
            held.Dispose();
        });
        lock (_servers) _servers.Add(thread);
        thread.Start();
    }

    public void Dispose()
    {
        _stopping = true;
        foreach (Thread server in _servers) server.Join();
        Directory.Delete(State, recursive: true);
    }
}
