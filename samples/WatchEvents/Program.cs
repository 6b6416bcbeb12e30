// Prints what happens to containers, until it is interrupted.
using Berth.Engine;
using Berth.Engine.Events;

using CancellationTokenSource interrupted = new();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    interrupted.Cancel();
};
await using Engine engine = await Engine.OpenAsync();
try
{
    await foreach (EngineEvent happened in engine.Events.ReadAsync(ct: interrupted.Token)) Console.WriteLine($"{happened.Time:HH:mm:ss} {happened.Kind} {happened.Action} {happened.Name}");
}
catch (OperationCanceledException)
{
}
