// berth-shim: keeps containers, in the role that its name or its first word says. Wiring only; see Berth.Shim.
using Berth.Shim.Conmon;
using Berth.Shim.Server;
using Berth.Shim.ShimV2;

string[] words = Environment.GetCommandLineArgs();
string name = words[0][(words[0].LastIndexOf('/') + 1)..];
if (name.StartsWith("containerd-shim", StringComparison.Ordinal)) return ShimCommand.Run(words[0], args);
return args is ["keep", ..] ? KeeperCommand.Run(args) : ConmonCommand.Run(words[0], args);
