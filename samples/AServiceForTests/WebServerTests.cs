// Tests that need a web server: dotnet run, or dotnet test.
public sealed class WebServerTests(WebServer server) : IClassFixture<WebServer>
{
    [Fact]
    public async Task It_serves_its_file()
    {
        using HttpClient client = new() { BaseAddress = server.Address };
        Assert.Equal("hello\n", await client.GetStringAsync("file", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Programs_can_be_executed_in_it() =>
        Assert.Equal("hello\n", (await server.Container.ExecToEndAsync(["cat", "/data/file"], TestContext.Current.CancellationToken)).Output);
}
