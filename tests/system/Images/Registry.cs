// A registry of Debian's on loopback, for one test.
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Berth.SystemTests.Images;

/// <summary>docker-registry with a folder of its own; ended and removed with this.</summary>
public sealed class Registry : IDisposable
{
    private readonly Process _process;
    private readonly string _folder = Directory.CreateTempSubdirectory("berth-registry-").FullName;
    private readonly StringBuilder _log = new();

    /// <param name="htpasswd">Who may do something; null: everybody.</param>
    /// <param name="more">Lines below <c>http:</c>, and other sections of its configuration.</param>
    public Registry(string? htpasswd = null, string more = "")
    {
        Assert.SkipUnless(File.Exists("/usr/bin/docker-registry"), "docker-registry is not installed");
        Port = FreePort();
        if (htpasswd is not null) File.WriteAllText($"{_folder}/htpasswd", htpasswd);
        string auth = htpasswd is null ? "" : $"auth:\n  htpasswd:\n    realm: test\n    path: {_folder}/htpasswd\n";
        File.WriteAllText($"{_folder}/config.yml", $"version: 0.1\nlog:\n  level: info\nstorage:\n  filesystem:\n    rootdirectory: {_folder}/data\n  delete:\n    enabled: true\nhttp:\n  addr: 127.0.0.1:{Port}\n{more}{auth}");
        _process = Process.Start(new ProcessStartInfo("/usr/bin/docker-registry", ["serve", $"{_folder}/config.yml"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        _process.OutputDataReceived += (_, line) => Note(line.Data);
        _process.ErrorDataReceived += (_, line) => Note(line.Data);
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

    /// <summary>What it said until now, with a line for each request.</summary>
    public string Log
    {
        get { lock (_log) return _log.ToString(); }
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private void Note(string? line)
    {
        lock (_log) _log.AppendLine(line);
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
