// Attaches and detaches in-process, as the engine does, and says how long each took; bench/macro/network.sh calls it.
using System.Diagnostics;
using System.Globalization;
using Berth.Network.Lists;
using Berth.Network.Runtime;

if (args.Length < 3)
{
    Console.Error.WriteLine("usage: Networks CACHE PORTMAPPINGS NETNS... < LIST: attaches each network namespace to the list and detaches it; a line `add|del MICROSECONDS` each");
    return 2;
}
NetworkList list = NetworkList.Parse(await Console.In.ReadToEndAsync());
NetworkList loopback = NetworkList.Parse("""{"cniVersion":"1.0.0","name":"lo","plugins":[{"type":"loopback"}]}""");
CniRuntime runtime = new(new CniRuntimeOptions { CacheFolder = args[0] });
Dictionary<string, string> capabilities = args[1].Length > 0 ? new() { ["portMappings"] = args[1] } : [];
foreach (string path in args[2..])
{
    string id = "in-process-" + Path.GetFileName(path);
    AttachmentRequest own = new() { ContainerId = id, NetworkNamespace = path, InterfaceName = "lo" };
    AttachmentRequest request = new() { ContainerId = id, NetworkNamespace = path, Capabilities = capabilities };
    Time("add", () => { runtime.Add(loopback, own); runtime.Add(list, request); });
    // The engine removes the namespace itself; with KEEP set, what it takes to leave it behind, empty.
    bool ends = Environment.GetEnvironmentVariable("KEEP") is null;
    Time("del", () => { runtime.Delete(list, request with { NamespaceEnds = ends }); runtime.Delete(loopback, own with { NamespaceEnds = ends }); });
}
return 0;

static void Time(string what, Action action)
{
    long start = Stopwatch.GetTimestamp();
    action();
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what} {Stopwatch.GetElapsedTime(start).TotalMicroseconds:F0}"));
}
