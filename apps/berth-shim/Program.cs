// berth-shim: keeps containers, in the role that its name says. Wiring only; see Berth.Shim.
using Berth.Shim.Conmon;
using Berth.Shim.ShimV2;

string[] words = Environment.GetCommandLineArgs();
string name = words[0][(words[0].LastIndexOf('/') + 1)..];
return name.StartsWith("containerd-shim", StringComparison.Ordinal) ? ShimCommand.Run(words[0], args) : ConmonCommand.Run(words[0], args);
