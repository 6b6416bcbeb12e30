// Layers compressed and decompressed, with the host's gzip and zstd as the other side where they are there.
using System.Diagnostics;
using System.Text;
using Berth.Images.Compressed;
using Berth.Oci.Content;
using Berth.Oci.Faults;

namespace Berth.Images.Tests;

public sealed class CompressionTests
{
    private static readonly byte[] s_text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 50_000).Select(i => $"line {i}\n")));

    [Theory]
    [InlineData(Compression.None, null)]
    [InlineData(Compression.Gzip, null)]
    [InlineData(Compression.Gzip, 1)]
    [InlineData(Compression.Zstd, null)]
    [InlineData(Compression.Zstd, 19)]
    public void What_is_compressed_comes_back(Compression compression, int? level)
    {
        byte[] packed = Packed(s_text, compression, level);
        if (compression != Compression.None) Assert.InRange(packed.Length, 100, s_text.Length / 2);
        Assert.Equal(compression, LayerCompression.Detect(packed));
        Assert.Equal(s_text, Unpacked(packed));
        Assert.Equal(packed, Packed(s_text, compression, level));
        Assert.Empty(Unpacked(Packed([], compression, level)));
    }

    [Theory]
    [InlineData(Compression.Gzip, "gzip")]
    [InlineData(Compression.Zstd, "zstd")]
    public void The_hosts_tools_read_ours_and_we_read_theirs(Compression compression, string tool)
    {
        Assert.SkipUnless(File.Exists($"/usr/bin/{tool}") || File.Exists($"/bin/{tool}"), $"{tool} is not installed");
        Assert.Equal(s_text, Piped(tool, "-dc", Packed(s_text, compression, null)));
        byte[] theirs = Piped(tool, "-c", s_text);
        Assert.Equal(s_text, Unpacked(theirs));
        // One after the other is one text.
        Assert.Equal(s_text.Length * 2, Unpacked([.. theirs, .. theirs]).Length);
    }

    [Theory]
    [InlineData(Compression.Gzip)]
    [InlineData(Compression.Zstd)]
    public void Damage_is_one_kind_of_fault(Compression compression)
    {
        byte[] packed = Packed(s_text, compression, null);
        Random random = new(1);
        for (int i = 0; i < 300; i++)
        {
            byte[] damaged = [.. packed];
            for (int j = 0; j < 4; j++) damaged[random.Next(4, damaged.Length)] ^= (byte)random.Next(1, 256);
            if (i % 3 == 0) damaged = damaged[..random.Next(5, damaged.Length)];
            try { Unpacked(damaged); }
            catch (BerthException e) when (e.Kind == Fault.InvalidArgument) { } // that is the answer
        }
        if (compression == Compression.Zstd) Assert.Throws<BerthException>(() => Unpacked(packed[..^5]));
    }

    [Fact]
    public void Levels_that_are_not_there_are_refused()
    {
        Assert.Throws<BerthException>(() => LayerCompression.Create(Stream.Null, Compression.Gzip, 10));
        Assert.Throws<BerthException>(() => LayerCompression.Create(Stream.Null, Compression.Zstd, 0));
        Assert.Equal(Fault.Unsupported, Assert.Throws<BerthException>(() => LayerCompression.Open(new MemoryStream("BZh9123"u8.ToArray()))).Kind);
    }

    private static byte[] Packed(byte[] bytes, Compression compression, int? level)
    {
        MemoryStream target = new();
        using (Stream stream = LayerCompression.Create(target, compression, level)) stream.Write(bytes);
        return target.ToArray();
    }

    private static byte[] Unpacked(byte[] packed)
    {
        using Stream stream = LayerCompression.Open(new MemoryStream(packed));
        MemoryStream all = new();
        stream.CopyTo(all);
        return all.ToArray();
    }

    private static byte[] Piped(string tool, string flag, byte[] input)
    {
        using Process process = Process.Start(new ProcessStartInfo(tool, [flag]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Task feeding = Task.Run(() =>
        {
            process.StandardInput.BaseStream.Write(input);
            process.StandardInput.Close();
        });
        MemoryStream all = new();
        process.StandardOutput.BaseStream.CopyTo(all);
        feeding.GetAwaiter().GetResult();
        process.WaitForExit();
        return all.ToArray();
    }
}
