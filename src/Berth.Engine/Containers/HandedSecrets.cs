// Secrets of a container at its start: files in the run folder, which is in memory, or variables.
using System.Text;
using System.Text.Json;
using Berth.Engine.Secrets;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Engine.Containers;

/// <summary>What a container is given of secrets.</summary>
/// <param name="Mounts">Files.</param>
/// <param name="Environment">Variables: <c>NAME=VALUE</c>.</param>
internal sealed record HandedSecrets(IReadOnlyList<MountSpec> Mounts, IReadOnlyList<string> Environment)
{
    private const string Place = "/run/secrets/";

    /// <summary>Nothing.</summary>
    public static HandedSecrets None { get; } = new([], []);

    /// <summary>Says whether all that it wishes for are there.</summary>
    /// <exception cref="BerthException">NotFound; InvalidArgument.</exception>
    public static void Require(EngineSecrets secrets, ContainerSpec spec)
    {
        foreach (SecretWish wish in spec.Secrets)
        {
            if (secrets.TryFind(wish.Name) is null) throw new BerthException(Fault.NotFound, $"there is no secret {wish.Name}", $"keep it first: berth secret create {wish.Name} FILE");
            if (wish.IsVariable && wish.Target is { } name && name.Contains('=', StringComparison.Ordinal)) throw new BerthException(Fault.InvalidArgument, $"'{name}' is no name of a variable");
        }
    }

    /// <summary>Reads the values, and lays those that are files into the bundle.</summary>
    /// <exception cref="BerthException">NotFound. Failed: a secret cannot be read.</exception>
    public static HandedSecrets Lay(EngineSecrets secrets, ContainerRecord record, string bundle)
    {
        if (record.Spec.Secrets.Count == 0) return None;
        List<MountSpec> mounts = [];
        List<string> environment = [];
        foreach (SecretWish wish in record.Spec.Secrets)
        {
            SecretRecord secret = secrets.Find(wish.Name);
            byte[] value = secrets.Reveal(secret);
            if (wish.IsVariable)
            {
                // A value ends where a string of the kernel's ends: a variable cannot have a zero byte.
                if (value.AsSpan().Contains((byte)0)) throw new BerthException(Fault.InvalidArgument, $"cannot hand secret {secret.Name} to container {record.Name} as a variable: it has a zero byte", "hand it over as a file: type=mount");
                environment.Add($"{wish.Target ?? secret.Name}={Encoding.UTF8.GetString(value)}");
                continue;
            }
            string target = wish.Target is { } path ? path.StartsWith('/') ? path : Place + path : Place + secret.Name;
            string file = $"{bundle}/secret-{mounts.Count}";
            using (Fd written = KernelPath.Open(file, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate, 0x180))
            {
                KernelPath.WriteAll(written, value, file);
                FdIo.TrySetMode(written, wish.Mode);
            }
            KernelPath.ChangeOwner(file, SpecBuilder.Outside(record.Settled.Ids?.Uids, wish.Uid), SpecBuilder.Outside(record.Settled.Ids?.Gids, wish.Gid));
            mounts.Add(ContainerMounts.Bound(target, file, "bind", "rprivate", "ro", "nosuid", "nodev", "noexec"));
        }
        return new HandedSecrets(mounts, environment);
    }

    /// <summary>The variables that a container that runs was given, for a program that joins it.</summary>
    public static IReadOnlyList<string> VariablesOf(ContainerRecord record, string bundle)
    {
        HashSet<string> names = [];
        foreach (SecretWish wish in record.Spec.Secrets)
        {
            if (wish.IsVariable) names.Add(wish.Target ?? wish.Name);
        }
        if (names.Count == 0 || KernelFile.TryRead($"{bundle}/config.json", out _) is not { } bytes) return [];
        List<string> variables = [];
        using JsonDocument document = JsonDocument.Parse(bytes);
        foreach (JsonElement one in document.RootElement.GetProperty("process").GetProperty("env").EnumerateArray())
        {
            if (one.GetString() is { } variable && variable.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals && names.Contains(variable[..equals])) variables.Add(variable);
        }
        return variables;
    }
}
