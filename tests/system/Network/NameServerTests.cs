// The DNS server as the program that is shipped: it starts with the first record, survives who started it, and ends with the last.
using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Berth.Linux.Processes;
using Berth.Network.Names;
using Berth.Oci.Faults;

namespace Berth.Network.SystemTests;

public sealed class NameServerTests : IDisposable
{
    private const string Gateway = "127.0.0.31";
    // Resident, idle: with pages of the program, of which the kernel maps whole neighbourhoods, and without them.
    private const int MostKilobytes = 3584, MostOwnKilobytes = 640;
    private readonly string _state = Directory.CreateTempSubdirectory("berth-dns-").FullName;
    private readonly ushort _port = FreePort();
    private readonly NameService _service;

    public NameServerTests() => _service = new NameService(new NameServiceOptions { State = _state, Program = Program("berth-cni") });

    public void Dispose()
    {
        _service.Reconcile([]);
        foreach (string file in Directory.GetFiles(_state, "*.names", SearchOption.AllDirectories)) File.Delete(file);
        WaitUntil(() => !IsServing(), "the server is to end");
        Directory.Delete(_state, recursive: true);
    }

    [Fact]
    public void It_starts_with_the_first_and_ends_with_the_last()
    {
        Attach("front", 2);
        Assert.Equal("10.1.0.2", Ask("front"));
        int pid = ServerPid();
        Assert.InRange(Status(pid, "VmRSS:"), 1, MostKilobytes);
        Assert.InRange(Status(pid, "RssAnon:"), 1, MostOwnKilobytes);
        Assert.Equal(1, Status(pid, "Threads:"));
        Attach("back", 3);
        Detach("front");
        Assert.Equal("10.1.0.3", Ask("back"));
        Assert.Equal(pid, ServerPid());
        Detach("back");
        WaitUntil(() => !Self.IsAlive(pid, out _), "the server is to end");
        Assert.Equal(["server.lock"], Directory.GetFiles(_state + "/dns").Select(Path.GetFileName));
    }

    [Fact]
    public void Fifty_that_come_at_once_start_one()
    {
        Parallel.For(0, 50, new ParallelOptions { MaxDegreeOfParallelism = 50 }, i =>
        {
            Attach($"c{i}x", i + 2);
            Assert.Equal($"10.1.0.{i + 2}", Ask($"c{i}x"));
        });
        int pid = ServerPid();
        Attach("more", 90);
        Assert.Equal(pid, ServerPid());
    }

    [Fact]
    public void One_that_was_killed_is_followed_by_another_that_knows_all()
    {
        Attach("front", 2);
        for (int i = 0; i < 10; i++)
        {
            Kill(ServerPid());
            Attach("back", 3);
            Assert.Equal("10.1.0.2", Ask("front"));
        }
        Kill(ServerPid());
        _service.Reconcile([new NameAttachment("web", Id("front"), "eth0")]);
        Assert.Equal("10.1.0.2", Ask("front"));
        Assert.Null(Ask("back"));
    }

    [Fact]
    public void Killed_while_others_attach_it_answers_what_they_entered()
    {
        Attach("stays", 1);
        using CancellationTokenSource over = new();
        Thread killer = new(() =>
        {
            for (int i = 0; i < 30; i++)
            {
                try
                {
                    Kill(ServerPid());
                }
                catch (Exception e) when (e is IOException or FormatException)
                {
                    // None at this moment.
                }
                over.Token.WaitHandle.WaitOne(10);
            }
        });
        killer.Start();
        Parallel.For(0, 20, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i => Attach($"c{i}x", i + 2));
        killer.Join();
        Attach("last", 99);
        for (int i = 0; i < 20; i++) Assert.Equal($"10.1.0.{i + 2}", Ask($"c{i}x"));
        Assert.Equal("10.1.0.1", Ask("stays"));
    }

    [Fact]
    public void A_program_that_is_not_there_is_told_and_nothing_is_left()
    {
        NameService other = new(new NameServiceOptions { State = _state + "/other", Program = "/nonexistent/berth-cni" });
        BerthException fault = Assert.Throws<BerthException>(() => other.Attach(Network(), Container("front", 2)));
        Assert.Equal(Fault.Unavailable, fault.Kind);
        Assert.Empty(Directory.GetFiles(_state + "/other/dns", "*.names"));
    }

    private void Attach(string name, int last) => _service.Attach(Network(), Container(name, last));

    private void Detach(string name) => _service.Detach(new NameAttachment("web", Id(name), "eth0"));

    private NetworkNames Network() => new() { Name = "web", Listen = [IPAddress.Parse(Gateway)], Port = _port, Internal = true };

    private static ContainerNames Container(string name, int last) => new() { ContainerId = Id(name), Name = name, Addresses = [IPAddress.Parse($"10.1.0.{last}")] };

    private static string Id(string name) => name.PadRight(64, '0');

    private int ServerPid() => int.Parse(File.ReadAllText(_state + "/dns/server.pid"), CultureInfo.InvariantCulture);

    private bool IsServing()
    {
        try
        {
            return Self.IsAlive(ServerPid(), out _);
        }
        catch (Exception e) when (e is IOException or FormatException)
        {
            return false;
        }
    }

    private static void Kill(int pid)
    {
        Self.TrySignal(pid, 9, out _);
        WaitUntil(() => !Self.IsAlive(pid, out _), "what is killed ends");
    }

    private static int Status(int pid, string field)
    {
        string line = File.ReadAllLines($"/proc/{pid}/status").Single(l => l.StartsWith(field, StringComparison.Ordinal));
        return int.Parse(line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    private string? Ask(string name)
    {
        using UdpClient client = new(AddressFamily.InterNetwork);
        client.Client.ReceiveTimeout = 5000;
        byte[] question = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, (byte)name.Length, .. Encoding.ASCII.GetBytes(name), 0, 0, 1, 0, 1];
        client.Connect(IPAddress.Parse(Gateway), _port);
        client.Send(question);
        IPEndPoint from = new(IPAddress.Any, 0);
        byte[] answer = client.Receive(ref from);
        return BinaryPrimitives.ReadUInt16BigEndian(answer.AsSpan(6)) == 0 ? null : new IPAddress(answer.AsSpan(question.Length + 12, 4)).ToString();
    }

    private static void WaitUntil(Func<bool> fact, string what)
    {
        Assert.True(SpinWait.SpinUntil(fact, 20_000), what);
    }

    private static ushort FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        return (ushort)((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>A program as it was built last.</summary>
    private static string Program(string name)
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(directory + "/Berth.slnx")) directory = Path.GetDirectoryName(directory);
        return directory + "/out/bin/" + name;
    }
}
