// What plugin bandwidth is told, and how it becomes queueing disciplines.
using Berth.Linux.Network;
using Berth.Network.Contract;

namespace Berth.Network.Plugins;

/// <summary>Rates and bursts, seen from the container.</summary>
internal sealed record BandwidthLimits
{
    private const uint Patience = 25_000;
    private const ushort Free = 1, Shaped = 0x30;

    // A class must have some rate: this one is never reached.
    private const ulong Unlimited = 100_000_000_000;

    public TokenBucket? In { get; private init; }

    public TokenBucket? Out { get; private init; }

    /// <summary>Networks that alone are shaped, or that alone are not.</summary>
    public List<IpPrefix> Subnets { get; private init; } = [];

    public bool OnlySubnets { get; private init; }

    /// <summary>The plugin's own fields, else capability bandwidth; null where nothing is limited.</summary>
    /// <exception cref="CniException">A field is wrong.</exception>
    public static BandwidthLimits? Read(PluginConfiguration configuration)
    {
        PluginConfiguration? from = configuration;
        if (!IsSaid(configuration)) from = configuration.RuntimeConfig?.Object("bandwidth");
        if (from is null) return null;
        List<IpPrefix> shaped = Networks(from, "shapedSubnets"), free = Networks(from, "unshapedSubnets");
        if (shaped.Count > 0 && free.Count > 0) throw CniException.Wrong("shapedSubnets and unshapedSubnets exclude each other");
        BandwidthLimits limits = new()
        {
            In = Bucket(from, "ingress"),
            Out = Bucket(from, "egress"),
            Subnets = shaped.Count > 0 ? shaped : free,
            OnlySubnets = shaped.Count > 0,
        };
        return limits.In is null && limits.Out is null ? null : limits;
    }

    private static bool IsSaid(PluginConfiguration configuration)
    {
        foreach (string field in (ReadOnlySpan<string>)["ingressRate", "ingressBurst", "egressRate", "egressBurst", "shapedSubnets", "unshapedSubnets"])
        {
            if (configuration.Member(field) is not null) return true;
        }
        return false;
    }

    // Both are bits.
    private static TokenBucket? Bucket(PluginConfiguration from, string direction)
    {
        long rate = from.Number($"{direction}Rate") ?? 0, burst = from.Number($"{direction}Burst") ?? 0;
        if (rate < 0 || burst < 0) throw CniException.Wrong($"{direction}Rate is {rate} and {direction}Burst {burst}, and they must not be negative");
        if (rate == 0 && burst == 0) return null;
        if (burst == 0) throw CniException.Wrong($"{direction}Rate is set, and {direction}Burst must be too");
        if (rate == 0) throw CniException.Wrong($"{direction}Burst is set, and {direction}Rate must be too");
        if (burst / 8 >= uint.MaxValue) throw CniException.Wrong($"{direction}Burst is {burst} bits, and must be less than 4 GiB");
        if (rate < 8) throw CniException.Wrong($"{direction}Rate is {rate} bits a second, and must be 8 at least");
        return TokenBucket.Of((ulong)rate / 8, (uint)(burst / 8), Patience);
    }

    private static List<IpPrefix> Networks(PluginConfiguration from, string name)
    {
        List<IpPrefix> networks = [];
        foreach (string text in from.Texts(name)) networks.Add(IpPrefix.TryParse(text, out IpPrefix network) ? network.Network : throw CniException.Wrong($"{name} has {text}, which is no network"));
        return networks;
    }

    /// <summary>Shapes what leaves an interface.</summary>
    /// <param name="links">rtnetlink of the host.</param>
    /// <param name="link">The interface.</param>
    /// <param name="bucket">How fast.</param>
    /// <param name="toContainer">Which way packets go: subnets are those of the other side.</param>
    public void Shape(RouteNetlink links, NetworkLink link, TokenBucket bucket, bool toContainer)
    {
        if (Subnets.Count == 0)
        {
            links.AddTokenBucket(link, bucket);
            return;
        }
        links.AddClasses(link, OnlySubnets ? Free : Shaped);
        links.AddClass(link, Shaped, bucket, bucket.Rate);
        links.AddClass(link, Free, new TokenBucket { Rate = Unlimited, Buffer = 0 }, Unlimited);
        foreach (IpPrefix network in Subnets) links.ChooseClass(link, network.Address.GetAddressBytes(), network.Length, from: toContainer, OnlySubnets ? Shaped : Free);
    }

    /// <summary>Compares an interface with this.</summary>
    /// <exception cref="CniException">It is not so.</exception>
    public void Verify(RouteNetlink links, NetworkLink link, TokenBucket bucket)
    {
        TokenBucket? found = null;
        if (Subnets.Count > 0)
        {
            foreach ((ushort minor, TokenBucket its) in links.Classes(link))
            {
                if (minor == Shaped) found = its with { Limit = bucket.Limit };
            }
        }
        else
        {
            foreach (QueueingDiscipline discipline in links.Disciplines(link)) found ??= discipline.Bucket;
        }
        if (found is not { } has) throw CniException.Failed($"interface {link.Name} has no limit of its bandwidth", null);
        if (has.Rate != bucket.Rate) throw CniException.Failed($"interface {link.Name} lets {has.Rate} bytes a second pass, and should {bucket.Rate}", null);
        if (has.Limit != bucket.Limit) throw CniException.Failed($"interface {link.Name} keeps {has.Limit} bytes waiting, and should {bucket.Limit}", null);
        if (Difference(has.Buffer, bucket.Buffer) > 1) throw CniException.Failed($"interface {link.Name} has bursts of {has.Buffer} ticks, and should have {bucket.Buffer}", null);
    }

    private static uint Difference(uint a, uint b) => a > b ? a - b : b - a;
}
