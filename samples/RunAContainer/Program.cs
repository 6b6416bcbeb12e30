// Runs the container of a bundle in the foreground, without any daemon: dotnet publish, then RunAContainer BUNDLE as root.
using Berth.Oci.Faults;
using Berth.Runtime;

try
{
    ContainerRuntime runtime = new(new RuntimeOptions());
    return runtime.Run(new CreateRequest { Id = $"sample-{Environment.ProcessId}", Bundle = args is [string bundle] ? bundle : "." });
}
catch (BerthException fault)
{
    Console.Error.WriteLine(fault.Sentence);
    return 1;
}
