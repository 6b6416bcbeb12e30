// Pulls an image into a store of its own: dotnet publish, then PullAnImage NAME [FOLDER].
using Berth.Engine;
using Berth.Oci.Faults;
using Berth.Store.Records;

try
{
    await using Engine engine = await Engine.OpenAsync(new EngineOptions { Root = args.Length > 1 ? args[1] : null });
    StoredImage image = await engine.Images.PullAsync(args.Length > 0 ? args[0] : "busybox");
    Console.WriteLine($"{image.Id} {image.Platform} {image.Size} bytes in {image.Layers.Count} layers");
    return 0;
}
catch (BerthException fault)
{
    Console.Error.WriteLine(fault.Sentence);
    return 1;
}
