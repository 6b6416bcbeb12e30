// The suite runs on Linux only; file modes and the like are there.
[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]
