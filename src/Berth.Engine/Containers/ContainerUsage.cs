// What a container has used, as the kernel counted it.
namespace Berth.Engine.Containers;

/// <summary>Counts at a moment; what is used in a time is the difference of two.</summary>
public sealed record ContainerUsage
{
    /// <summary>When it was looked.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Time of processors, all of them together.</summary>
    public TimeSpan Processor { get; init; }

    /// <summary>Bytes of memory, without what was read from files and lies idle.</summary>
    public ulong Memory { get; init; }

    /// <summary>How many it may have; all that the host has, where nothing was said.</summary>
    public ulong MemoryLimit { get; init; }

    /// <summary>Bytes that came over its networks.</summary>
    public ulong Received { get; init; }

    /// <summary>Bytes that went.</summary>
    public ulong Sent { get; init; }

    /// <summary>Bytes that were read from disks.</summary>
    public ulong Read { get; init; }

    /// <summary>Bytes that were written to disks.</summary>
    public ulong Written { get; init; }

    /// <summary>Processes and threads.</summary>
    public long Tasks { get; init; }

    /// <summary>Hundredths of one processor that were used since an earlier look: 200 are two processors.</summary>
    public double PercentSince(ContainerUsage earlier)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        double passed = (Time - earlier.Time).TotalMilliseconds;
        return passed <= 0 ? 0 : Math.Max(0, (Processor - earlier.Processor).TotalMilliseconds * 100 / passed);
    }

    /// <summary>Hundredths of the memory that it may have.</summary>
    public double MemoryPercent => MemoryLimit == 0 ? 0 : Memory * 100.0 / MemoryLimit;
}
