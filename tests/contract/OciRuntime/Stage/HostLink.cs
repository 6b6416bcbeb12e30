// A network interface of the host for one test: one end of a pair, so that it needs no hardware and no module.
namespace Berth.Contract.OciRuntime.Stage;

/// <summary>One end of a veth pair; whatever became of it, the other end's removal takes it away.</summary>
public sealed class HostLink : IDisposable
{
    private static int _number;
    private readonly Dock _dock;

    /// <summary>Makes the pair.</summary>
    public HostLink(Dock dock)
    {
        Machine.NeedsProgram("ip");
        _dock = dock;
        int number = Interlocked.Increment(ref _number);
        Name = $"bl{Environment.ProcessId}x{number}";
        Peer = $"bp{Environment.ProcessId}x{number}";
        Assert.SkipUnless(Ip("link", "add", Name, "type", "veth", "peer", "name", Peer).ExitCode == 0, "this kernel has no veth");
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>The end that stays on the host.</summary>
    public string Peer { get; }

    /// <summary>Whether it is on the host.</summary>
    public bool IsOnHost => Directory.Exists($"/sys/class/net/{Name}");

    /// <summary>Calls ip(8).</summary>
    public Outcome Ip(params string[] words) => _dock.Tool(["ip", .. words]).Run();

    /// <inheritdoc/>
    public void Dispose() => Ip("link", "del", Peer);
}
