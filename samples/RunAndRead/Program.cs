// Runs a command in a container and prints what it said: dotnet publish, then RunAndRead IMAGE COMMAND...
using Berth.Engine;
using Berth.Engine.Containers;

await using Engine engine = await Engine.OpenAsync();
CommandResult result = await engine.Containers.RunToEndAsync(args[0], args[1..]);
Console.Write(result.Output);
Console.Error.Write(result.Error);
return result.ExitCode;
