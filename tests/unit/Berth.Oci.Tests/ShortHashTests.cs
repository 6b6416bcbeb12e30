// SHA-256 of short texts, beside the framework's.
using Berth.Oci.Content;

namespace Berth.Oci.Tests;

/// <summary>The same digests.</summary>
public sealed class ShortHashTests
{
    [Fact]
    public void Digests_are_the_frameworks()
    {
        foreach (int length in (int[])[0, 1, 3, 55, 56, 63, 64, 65, 119, 120, 1000])
        {
            byte[] message = new byte[length];
            for (int i = 0; i < length; i++) message[i] = (byte)(i * 7);
            Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(message)), ShortHash.Hex(message));
        }
    }
}
