// A folder of a test's own, and plugins that are shell scripts.
namespace Berth.Network.Tests;

internal sealed class Folder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("berth-network-").FullName;

    public static byte[] Golden(string name) => System.IO.File.ReadAllBytes(System.IO.Path.Combine(AppContext.BaseDirectory, "Goldens", name));

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Write(string name, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(File(name))!);
        System.IO.File.WriteAllText(File(name), text);
    }

    public void Script(string name, string text)
    {
        Write(name, $"#!/bin/sh\n{text}\n");
        System.IO.File.SetUnixFileMode(File(name), (UnixFileMode)0x1ED);
    }

    public string Read(string name) => System.IO.File.ReadAllText(File(name));

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
