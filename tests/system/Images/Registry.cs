// A registry of Debian's on loopback, for one test.
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Berth.SystemTests.Images;

/// <summary>docker-registry with a folder of its own; ended and removed with this.</summary>
public sealed class Registry : IDisposable
{
    private readonly Process _process;
    private readonly string _folder = Directory.CreateTempSubdirectory("berth-registry-").FullName;

    public Registry(string? htpasswd = null)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/docker-registry"), "docker-registry is not installed");
        Port = FreePort();
        if (htpasswd is not null) File.WriteAllText($"{_folder}/htpasswd", htpasswd);
        string auth = htpasswd is null ? "" : $"auth:\n  htpasswd:\n    realm: test\n    path: {_folder}/htpasswd\n";
        File.WriteAllText($"{_folder}/config.yml", $"version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {_folder}/data\n  delete:\n    enabled: true\nhttp:\n  addr: 127.0.0.1:{Port}\n{auth}");
        _process = Process.Start(new ProcessStartInfo("/usr/bin/docker-registry", ["serve", $"{_folder}/config.yml"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        _process.OutputDataReceived += static (_, _) => { };
        _process.ErrorDataReceived += static (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        long until = Environment.TickCount64 + 20_000;
        while (!Answers())
        {
            Assert.True(!_process.HasExited && Environment.TickCount64 < until, "the registry does not answer");
            Thread.Sleep(20);
        }
    }

    public int Port { get; }

    public string Name => $"127.0.0.1:{Port}";

    public string Folder => _folder;

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private bool Answers()
    {
        try
        {
            using TcpClient client = new();
            client.Connect(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException) { return false; }
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
