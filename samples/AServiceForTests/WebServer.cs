// A service for tests: it is there when the first test begins, and gone with the test process, even after a kill -9. No daemon, no container that reaps.
using Berth.Engine;
using Berth.Engine.Containers;
using Berth.Engine.Networks;

public sealed class WebServer : IAsyncLifetime
{
    private Engine? _engine;

    public Container Container { get; private set; } = null!;

    // Any free port of the loopback: as many test processes as there are may run side by side.
    public Uri Address => new($"http://127.0.0.1:{Container.HostPortOf(80)}/");

    public async ValueTask InitializeAsync()
    {
        _engine = await Engine.OpenAsync();
        Container = await _engine.Containers.RunAsync(new ContainerSpec
        {
            Image = Environment.GetEnvironmentVariable("WEB_IMAGE") ?? "busybox",
            Command = ["httpd", "-f", "-h", "/data"],
            Connection = new ConnectionSpec { Ports = PortRequest.Parse("127.0.0.1::80") },
            EndsWithEngine = true,
            IsRemovedAtEnd = true,
        });
        await Container.WaitForPortAsync(80);
    }

    public async ValueTask DisposeAsync()
    {
        if (Container is not null) await Container.RemoveAsync(force: true);
        if (_engine is not null) await _engine.DisposeAsync();
    }
}
