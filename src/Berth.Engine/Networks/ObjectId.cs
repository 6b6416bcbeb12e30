// Ids of networks and endpoints.
using Berth.Linux.Processes;

namespace Berth.Engine.Networks;

/// <summary>Makes ids.</summary>
internal static class ObjectId
{
    /// <summary>64 hexadecimal digits from the kernel: the framework's random numbers would load OpenSSL.</summary>
    public static string New()
    {
        Span<byte> bytes = stackalloc byte[32];
        KernelRandom.Fill(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
