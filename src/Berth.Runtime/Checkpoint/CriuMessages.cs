// CRIU's requests and responses (criu's images/rpc.proto): only the fields that a container runtime needs, with their numbers.
using Berth.Oci.Faults;

namespace Berth.Runtime.Checkpoint;

/// <summary>criu_req_type.</summary>
internal enum CriuRequestType
{
    Dump = 1,
    Restore = 2,
    PreDump = 4,
    Notify = 6,
    FeatureCheck = 9,
    Version = 10,
}

/// <summary>criu_features.</summary>
internal readonly record struct CriuFeatures(bool TracksMemory, bool LazyPages)
{
    public WireWriter Write() => new WireWriter().Flag(1, TracksMemory).Flag(2, LazyPages);

    public static CriuFeatures Read(ReadOnlySpan<byte> message)
    {
        bool tracks = false, lazy = false;
        WireReader r = new(message);
        while (r.Next())
        {
            if (r.Field == 1) tracks = r.Number != 0;
            if (r.Field == 2) lazy = r.Number != 0;
        }
        return new CriuFeatures(tracks, lazy);
    }
}

/// <summary>criu_req.</summary>
internal static class CriuRequest
{
    public static WireWriter Of(CriuRequestType type, CriuOptions options) => new WireWriter().Number(1, (int)type).Message(2, options.Write());

    /// <summary>CRIU stays for the next request.</summary>
    public static WireWriter Question(CriuRequestType type, CriuFeatures? features = null) =>
        new WireWriter().Number(1, (int)type).Flag(4, true).Message(5, features?.Write());

    public static WireWriter NotifyAnswer(bool success) => new WireWriter().Number(1, (int)CriuRequestType.Notify).Flag(3, success);
}

/// <summary>criu_resp.</summary>
internal sealed record CriuResponse
{
    public CriuRequestType Type { get; private init; }

    public bool Success { get; private init; }

    public int Errno { get; private init; }

    public string? Message { get; private init; }

    /// <summary>criu_notify: at which point CRIU is.</summary>
    public string? Point { get; private init; }

    /// <summary>criu_notify at some points, and criu_restore_resp: the first process.</summary>
    public int Pid { get; private init; }

    public CriuFeatures Features { get; private init; }

    /// <summary>As CRIU itself computes it: 40100 is 4.1.</summary>
    public int Version { get; private init; }

    /// <exception cref="BerthException"><see cref="Fault.Failed"/>: this is no response.</exception>
    public static CriuResponse Read(ReadOnlySpan<byte> message)
    {
        try
        {
            return ReadUnchecked(message);
        }
        catch (FormatException e)
        {
            throw new BerthException(Fault.Failed, $"cannot understand criu's response: {e.Message}", "is --criu really CRIU?", e);
        }
    }

    private static CriuResponse ReadUnchecked(ReadOnlySpan<byte> message)
    {
        CriuResponse response = new();
        WireReader r = new(message);
        while (r.Next())
        {
            response = r.Field switch
            {
                1 => response with { Type = (CriuRequestType)r.Number },
                2 => response with { Success = r.Number != 0 },
                4 => response with { Pid = ReadPid(r.Bytes, 1) },
                5 => response with { Point = ReadPoint(r.Bytes), Pid = ReadPid(r.Bytes, 2) },
                7 => response with { Errno = (int)r.Number },
                8 => response with { Features = CriuFeatures.Read(r.Bytes) },
                9 => response with { Message = r.Text },
                10 => response with { Version = ReadVersion(r.Bytes) },
                _ => response,
            };
        }
        return response;
    }

    private static int ReadPid(ReadOnlySpan<byte> message, int field)
    {
        WireReader r = new(message);
        while (r.Next())
        {
            if (r.Field == field) return (int)r.Number;
        }
        return 0;
    }

    private static string ReadPoint(ReadOnlySpan<byte> message)
    {
        WireReader r = new(message);
        while (r.Next())
        {
            if (r.Field == 1) return r.Text;
        }
        return "";
    }

    private static int ReadVersion(ReadOnlySpan<byte> message)
    {
        int major = 0, minor = 0, patch = 0;
        WireReader r = new(message);
        while (r.Next())
        {
            if (r.Field == 1) major = (int)r.Number;
            if (r.Field == 2) minor = (int)r.Number;
            if (r.Field == 4) patch = (int)r.Number;
        }
        return (major * 10000) + (minor * 100) + patch;
    }
}
