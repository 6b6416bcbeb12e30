// A descriptor of a client, on its way into a container.
using Berth.Linux;

namespace Berth.Shim.Launch;

/// <summary>A descriptor, and the number that a program gets it as.</summary>
/// <param name="Fd">The descriptor.</param>
/// <param name="Number">The number, 3 or more.</param>
internal sealed record HandedDescriptor(Fd Fd, int Number) : IDisposable
{
    /// <summary>The largest number.</summary>
    public const int Most = 1023;

    /// <inheritdoc/>
    public void Dispose() => Fd.Dispose();
}
