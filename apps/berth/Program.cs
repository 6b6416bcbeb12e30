// berth: images, and later containers, from the command line; called as skopeo, it is that. Wiring only; see Berth.Cli.
using Berth.Cli;

return await CommandLine.RunAsync(Environment.GetCommandLineArgs()[0], args);
