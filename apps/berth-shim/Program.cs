// berth-shim: keeps containers, in the role that its name says. Wiring only; see Berth.Shim.
using Berth.Shim.Conmon;

string[] words = Environment.GetCommandLineArgs();
return ConmonCommand.Run(words[0], args);
