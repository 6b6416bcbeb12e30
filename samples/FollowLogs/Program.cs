// Starts a container and follows its log until it ends: FollowLogs IMAGE COMMAND...
using System.Text;
using Berth.Engine;
using Berth.Engine.Containers;

await using Engine engine = await Engine.OpenAsync();
Container container = await engine.Containers.RunAsync(new ContainerSpec { Image = args[0], Command = args[1..] });
await foreach (LogEntry line in container.ReadLogsAsync(new LogOptions { Follow = true }))
{
    Console.Write($"{line.Time:HH:mm:ss.fff} {Encoding.UTF8.GetString(line.Bytes.Span)}");
}
int code = await container.WaitAsync();
await container.RemoveAsync();
return code;
