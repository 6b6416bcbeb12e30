// berth-runtime: an OCI runtime with runc's command line. Wiring only; see Berth.Runtime.
using Berth.Runtime.Commands;

string[] words = Environment.GetCommandLineArgs();
return CommandLine.Run(words[0], args);
