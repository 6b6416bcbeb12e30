// Archives for tests, member by member.
using System.Text;
using Berth.Images.Tar;

namespace Berth.Store.Tests;

#pragma warning disable CA1001 // a stream in memory has nothing to give back
internal sealed class TestTar
#pragma warning restore CA1001
{
    private readonly MemoryStream _bytes = new();
    private readonly TarWriter _writer;

    public TestTar() => _writer = new TarWriter(_bytes);

    public TestTar Add(TarKind kind, string path, string content = "", uint mode = 0x1A4, string link = "", TarTime time = default, uint uid = 0, uint gid = 0, (uint, uint) device = default, params (string, string)[] attributes) =>
        Add(new TarEntry
        {
            Kind = kind, Path = Encoding.Latin1.GetBytes(path), LinkTarget = Encoding.Latin1.GetBytes(link), Mode = mode, Modified = time, Uid = uid, Gid = gid,
            DeviceMajor = device.Item1, DeviceMinor = device.Item2, Attributes = [.. attributes.Select(static pair => new TarAttribute(pair.Item1, Encoding.Latin1.GetBytes(pair.Item2)))],
        }, content);

    public TestTar Add(TarEntry entry, string content = "")
    {
        _writer.Add(entry, Encoding.Latin1.GetBytes(content));
        return this;
    }

    public TestTar File(string path, string content = "", uint mode = 0x1A4) => Add(TarKind.File, path, content, mode);

    public TestTar Directory(string path, uint mode = 0x1ED) => Add(TarKind.Directory, path, mode: mode);

    public TestTar Symlink(string path, string target) => Add(TarKind.SymbolicLink, path, link: target, mode: 0x1FF);

    public TestTar HardLink(string path, string target) => Add(TarKind.HardLink, path, link: target);

    public byte[] Bytes()
    {
        _writer.Finish();
        return _bytes.ToArray();
    }
}
