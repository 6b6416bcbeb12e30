// Who keeps the values of secrets: a file, GPG, or commands of the administrator's.
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Oci.Faults;

namespace Berth.Engine.Secrets;

/// <summary>Keeps, tells and forgets the value of one secret.</summary>
internal abstract record SecretKeeper
{
    private const int Patience = 60_000;

    /// <summary>The one that a secret names.</summary>
    /// <param name="spec">The secret.</param>
    /// <param name="place">File of the engine for its value.</param>
    /// <exception cref="BerthException">Unsupported; InvalidArgument: its options.</exception>
    public static SecretKeeper Of(SecretSpec spec, string place) => spec.Driver switch
    {
        "file" or "" => new InFile(spec.Name, spec.Options.TryGetValue("path", out string? folder) ? $"{folder.TrimEnd('/')}/{spec.Name}" : place),
        "shell" => new ByCommands(spec.Name, spec.Options),
        "pass" => new ByGpg(spec.Name, spec.Options),
        _ => throw new BerthException(Fault.Unsupported, $"cannot keep secret {spec.Name}: there is no driver {spec.Driver}", "there are file, pass and shell"),
    };

    public abstract void Keep(string id, ReadOnlyMemory<byte> value);

    public abstract byte[] Tell(string id);

    public abstract void Forget(string id);

    private static byte[] Run(string name, string what, string program, IReadOnlyList<string> arguments, IReadOnlyList<string> variables, ReadOnlyMemory<byte> input)
    {
        List<string> environment = [.. variables];
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables()) environment.Add($"{variable.Key}={variable.Value}");
        ProgramAnswer answer = ProgramCaller.Run(new ProgramCall { Path = program, Arguments = arguments, Environment = environment, Input = input, Timeout = TimeSpan.FromMilliseconds(Patience) });
        if (answer.TimedOut || answer.Status != 0) throw new BerthException(Fault.Failed, $"cannot {what} secret {name}: {program} {(answer.TimedOut ? "took too long" : $"ended with {answer.Status}: {Encoding.UTF8.GetString(answer.Error).Trim()}")}");
        return answer.Output;
    }

    private sealed record InFile(string Name, string Path) : SecretKeeper
    {
        public override void Keep(string id, ReadOnlyMemory<byte> value)
        {
            KernelPath.MakeDirectories(Path[..Path.LastIndexOf('/')], 0x1C0);
            KernelPath.WriteAtomically(Path, value.ToArray(), 0x180);
        }

        public override byte[] Tell(string id) => KernelFile.TryRead(Path, out Errno errno) ?? throw new BerthException(Fault.NotFound, $"cannot read secret {Name}: {Path}: {ErrnoText.Sentence(errno)}");

        public override void Forget(string id) => KernelPath.Remove(Path);
    }

    private sealed record ByCommands(string Name, IReadOnlyDictionary<string, string> Options) : SecretKeeper
    {
        public override void Keep(string id, ReadOnlyMemory<byte> value) => Call("store", id, value);

        public override byte[] Tell(string id) => Call("lookup", id, default);

        public override void Forget(string id) => Call("delete", id, default);

        private byte[] Call(string verb, string id, ReadOnlyMemory<byte> input) => Run(Name, verb, "/bin/sh", ["-c", Wanted(verb)], [$"SECRET_ID={id}"], input);

        private string Wanted(string verb) => Options.TryGetValue(verb, out string? command) && command.Length > 0 ? command
            : throw new BerthException(Fault.InvalidArgument, $"cannot {verb} secret {Name}: the driver shell has no command {verb}", "--driver-opts store=COMMAND,lookup=COMMAND,delete=COMMAND,list=COMMAND");
    }

    private sealed record ByGpg(string Name, IReadOnlyDictionary<string, string> Options) : SecretKeeper
    {
        private string Root => Options.GetValueOrDefault("root") ?? Environment.GetEnvironmentVariable("PASSWORD_STORE_DIR") ?? $"{Environment.GetEnvironmentVariable("HOME")}/.password-store";

        public override void Keep(string id, ReadOnlyMemory<byte> value)
        {
            string key = Options.GetValueOrDefault("key") ?? KernelFile.TryReadText($"{Root}/.gpg-id")?.Trim().Split('\n')[0]
                ?? throw new BerthException(Fault.InvalidArgument, $"cannot keep secret {Name}: the driver pass knows no key", "--driver-opts key=ADDRESS, or make the store first: pass init ADDRESS");
            KernelPath.MakeDirectories(Root, 0x1C0);
            KernelPath.WriteAtomically(FileOf(id), Gpg("keep", ["--encrypt", "--recipient", key, "--output", "-"], value), 0x180);
        }

        public override byte[] Tell(string id) => Gpg("read", ["--decrypt", FileOf(id)], default);

        public override void Forget(string id) => KernelPath.Remove(FileOf(id));

        private string FileOf(string id) => $"{Root}/{id}.gpg";

        private byte[] Gpg(string what, List<string> arguments, ReadOnlyMemory<byte> input)
        {
            string program = Keeping.EnginePrograms.TryFind("gpg") ?? throw new BerthException(Fault.Unavailable, $"cannot {what} secret {Name}: gpg is not installed");
            if (Options.GetValueOrDefault("gpghomedir") is { } home) arguments.InsertRange(0, ["--homedir", home]);
            return Run(Name, what, program, ["--batch", "--yes", "--quiet", .. arguments], [], input);
        }
    }
}
