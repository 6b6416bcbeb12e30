// Archives with random damage and random hostility: whatever happens, nothing outside the target changes. BERTH_FUZZ=N makes N of them.
using System.Globalization;
using System.Text;
using Berth.Images.Tar;
using Berth.Oci.Faults;
using Berth.Store.Layers;

namespace Berth.Store.Tests;

public sealed class FuzzTests : Sandbox
{
    private static readonly string[] s_parts = ["a", "b", "c", "..", ".", "", "etc", ".wh.a", ".wh.", ".wh..wh..opq", ".wh..wh.plnk", "l", "m", "\xff", "outside"];

    [Fact]
    public void Nothing_outside_changes_whatever_is_unpacked()
    {
        int rounds = int.TryParse(Environment.GetEnvironmentVariable("BERTH_FUZZ"), CultureInfo.InvariantCulture, out int asked) ? asked : 300;
        int seed = asked > 0 ? Environment.TickCount : 20260101;
        Directory.CreateDirectory($"{Folder}/around/deep");
        File.WriteAllText($"{Folder}/around/outside", "untouched");
        File.WriteAllText($"{Folder}/around/deep/outside", "untouched");
        string target = $"{Folder}/around/deep/tree", lower = $"{Folder}/around/deep/lower";
        Directory.CreateDirectory(target);
        Directory.CreateDirectory(lower);
        // A file system notes what was done to a directory's names in its time, so the directories around are compared with it.
        List<string> before = Around(target, lower);
        int whole = 0;
        for (int round = 0; round < rounds; round++)
        {
            Random random = new(seed + round);
            byte[] archive = Archive(random);
            if (random.Next(3) > 0) Damage(archive, random);
            bool second = TryUnpack(Archive(random), lower, []);
            bool done = TryUnpack(archive, target, second ? [lower] : []);
            if (done) whole++;
            List<string> after = Around(target, lower);
            Assert.True(before.SequenceEqual(after), $"seed {seed + round} changed something outside");
        }
        Assert.True(whole > rounds / 20, $"only {whole} of {rounds} archives were unpacked: the fuzzer tests nothing");
    }

    private List<string> Around(string target, string lower)
    {
        foreach (string tree in (string[])[target, lower])
        {
            TreeEraser.Erase(tree);
            Directory.CreateDirectory(tree);
        }
        Directory.SetLastWriteTimeUtc($"{Folder}/around/deep", DateTimeOffset.UnixEpoch.UtcDateTime);
        return [.. TreeState.Of($"{Folder}/around").Where(static line => !line.StartsWith("deep/tree ", StringComparison.Ordinal) && !line.StartsWith("deep/lower ", StringComparison.Ordinal))];
    }

    private static bool TryUnpack(byte[] archive, string tree, string[] lowers)
    {
        UnpackOptions options = Options with { UserNamespace = true, Limits = new UnpackLimits { Bytes = 1 << 20, FileBytes = 1 << 24, Entries = 5000 } };
        try
        {
            UnpackedLayer layer = LayerUnpacker.Unpack(new MemoryStream(archive), tree, options, Now);
            LayerUnpacker.Complete(tree, layer.Needs, lowers, options);
            return true;
        }
        catch (BerthException refusal)
        {
            Assert.False(string.IsNullOrEmpty(refusal.Message));
            return false;
        }
    }

    private string Name(Random random)
    {
        if (random.Next(20) == 0) return $"{Folder}/around/outside";
        StringBuilder name = new(random.Next(8) == 0 ? "/" : "");
        for (int parts = random.Next(1, 5); parts > 0; parts--) name.Append(s_parts[random.Next(3) == 0 ? random.Next(s_parts.Length) : random.Next(3)]).Append(parts > 1 ? "/" : "");
        return name.ToString();
    }

    private byte[] Archive(Random random)
    {
        TestTar tar = new();
        for (int members = random.Next(1, 14); members > 0; members--)
        {
            string name = Name(random);
            switch (random.Next(9))
            {
                case 0 or 1: tar.Directory(name, (uint)random.Next(0x1000)); break;
                case 2: tar.Symlink(name, random.Next(3) == 0 ? $"{Folder}/around" : random.Next(3) == 0 ? "../../.." : Name(random)); break;
                case 3: tar.HardLink(name, random.Next(3) == 0 ? $"{Folder}/around/outside" : Name(random)); break;
                case 4: tar.Add(TarKind.Fifo, name); break;
                case 5: tar.Add(TarKind.CharacterDevice, name, device: (0, 0)); break;
                default: tar.Add(TarKind.File, name, new string('x', random.Next(3000)), (uint)random.Next(0x1000), attributes: ("user.x", "1")); break;
            }
        }
        return tar.Bytes();
    }

    private static void Damage(byte[] archive, Random random)
    {
        for (int times = random.Next(1, 6); times > 0; times--)
        {
            // Mostly in headers, with the checksum made right again: damage that is seen at once tests little.
            int block = random.Next(archive.Length / 512) * 512;
            int at = block + random.Next(random.Next(2) == 0 ? 160 : 512);
            archive[at] = random.Next(3) switch { 0 => (byte)random.Next(256), 1 => (byte)("/.\0017256"[random.Next(8)]), _ => (byte)(archive[at] ^ (1 << random.Next(8))) };
            if (random.Next(10) > 0 && archive.AsSpan(block + 257, 5).SequenceEqual("ustar"u8)) Sign(archive.AsSpan(block, 512));
        }
    }

    private static void Sign(Span<byte> header)
    {
        header.Slice(148, 8).Fill((byte)' ');
        int sum = 0;
        foreach (byte b in header) sum += b;
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0')).CopyTo(header[148..]);
        header[154] = 0;
    }
}
