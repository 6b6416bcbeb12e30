// A run of addresses in a subnet, and a set of such runs from which one address is taken.
using System.Net;
using System.Net.Sockets;
using Berth.Network.Contract;

namespace Berth.Network.Ipam.HostLocal;

/// <summary>rangeStart to rangeEnd of a subnet, both included; the gateway is not given out.</summary>
internal sealed class AddressRange
{
    private readonly UInt128 _first;
    private readonly UInt128 _last;

    /// <summary>Reads one, and fills in what is not said: the whole subnet without its first and (IPv4) last address, and .1 as the gateway.</summary>
    public AddressRange(PluginConfiguration range)
    {
        Subnet = ResultReader.Prefix(range, "subnet");
        if (Subnet.Length > Subnet.Bits - 2) throw new CniException(CniCode.Internal, $"Network {Subnet} too small to allocate from");
        if (!Subnet.Address.Equals(Subnet.Network.Address))
        {
            throw new CniException(CniCode.Internal, $"Network has host bits set. For a subnet mask of length {Subnet.Length} the network address is {AddressText.Of(Subnet.Network.Address)}");
        }
        UInt128 network = AddressNumber.Of(Subnet.Address);
        UInt128 end = AddressNumber.Of(Subnet.Last);
        Gateway = ResultReader.Address(range, "gateway") ?? AddressNumber.ToAddress(network + 1, Family);
        _first = Bound(range, "rangeStart", "RangeStart") ?? network + 1;
        _last = Bound(range, "rangeEnd", "RangeEnd") ?? (Subnet.Is4 ? end - 1 : end);
        if (_last < _first) throw new CniException(CniCode.Internal, $"RangeEnd {AddressText.Of(Last)} not in network {Subnet}: it lies before RangeStart {AddressText.Of(First)}");
    }

    /// <summary>Length of its prefix is that of the addresses given out.</summary>
    public IpPrefix Subnet { get; }

    public IPAddress Gateway { get; }

    public IPAddress First => AddressNumber.ToAddress(_first, Family);

    public IPAddress Last => AddressNumber.ToAddress(_last, Family);

    public AddressFamily Family => Subnet.Address.AddressFamily;

    /// <summary>How many addresses it has to give.</summary>
    public UInt128 Count => _last - _first + 1 - (Contains(Gateway) ? 1u : 0u);

    public bool Contains(IPAddress address) => address.AddressFamily == Family && AddressNumber.Of(address) is var number && number >= _first && number <= _last;

    public bool Overlaps(AddressRange other) => other.Family == Family && _first <= other._last && other._first <= _last;

    public override string ToString() => $"{AddressText.Of(First)}-{AddressText.Of(Last)}";

    private UInt128? Bound(PluginConfiguration range, string name, string word)
    {
        if (ResultReader.Address(range, name) is not { } address) return null;
        return Subnet.Contains(address) ? AddressNumber.Of(address) : throw new CniException(CniCode.Internal, $"{word} {AddressText.Of(address)} not in network {Subnet}");
    }
}

/// <summary>Ranges of one family; one address is taken from all of them together.</summary>
internal sealed class RangeSet
{
    private readonly List<AddressRange> _ranges = [];

    public RangeSet(IReadOnlyList<PluginConfiguration> ranges)
    {
        if (ranges.Count == 0) throw CniException.Failed("empty range set");
        foreach (PluginConfiguration one in ranges)
        {
            AddressRange range = new(one);
            foreach (AddressRange other in _ranges)
            {
                if (other.Family != range.Family) throw CniException.Failed("mixed address families");
                if (other.Overlaps(range)) throw CniException.Failed($"subnets {other} and {range} overlap");
            }
            _ranges.Add(range);
        }
    }

    public AddressFamily Family => _ranges[0].Family;

    public IReadOnlyList<AddressRange> Ranges => _ranges;

    /// <summary>The range of an address, or null.</summary>
    public AddressRange? Of(IPAddress address)
    {
        foreach (AddressRange range in _ranges)
        {
            if (range.Contains(address)) return range;
        }
        return null;
    }

    public bool Overlaps(RangeSet other)
    {
        foreach (AddressRange range in _ranges)
        {
            foreach (AddressRange theirs in other._ranges)
            {
                if (range.Overlaps(theirs)) return true;
            }
        }
        return false;
    }

    /// <summary>
    /// Every address once, beginning behind <paramref name="last"/>: round robin, so that a container that dies again and again
    /// does not get the address that somebody still remembers.
    /// </summary>
    public IEnumerable<(IPAddress Address, AddressRange Range)> After(IPAddress? last)
    {
        int start = 0;
        UInt128? behind = null;
        for (int i = 0; last is not null && i < _ranges.Count; i++)
        {
            if (!_ranges[i].Contains(last)) continue;
            (start, behind) = (i, AddressNumber.Of(last));
            break;
        }
        // The range that was begun in its middle comes again at the end, up to where it was begun.
        for (int turn = 0; turn <= (behind is null ? _ranges.Count - 1 : _ranges.Count); turn++)
        {
            AddressRange range = _ranges[(start + turn) % _ranges.Count];
            UInt128 from = turn == 0 && behind is { } b ? b + 1 : AddressNumber.Of(range.First);
            UInt128 to = turn == _ranges.Count ? behind!.Value : AddressNumber.Of(range.Last);
            for (UInt128 number = from; number <= to && number >= from; number++)
            {
                IPAddress address = AddressNumber.ToAddress(number, range.Family);
                if (!address.Equals(range.Gateway)) yield return (address, range);
                if (number == UInt128.MaxValue) break;
            }
        }
    }

    public override string ToString()
    {
        string text = _ranges[0].ToString();
        for (int i = 1; i < _ranges.Count; i++) text += $",{_ranges[i]}";
        return text;
    }
}
