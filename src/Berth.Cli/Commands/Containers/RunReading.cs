// The words of run and create become what the engine takes.
using System.Text.Json;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>Reads a container.</summary>
internal static class RunReading
{
    /// <summary>What was asked for. What says how the command itself goes on (--detach, --cidfile, --pull and their like) is the verb's to read.</summary>
    /// <param name="invocation">The words: behind the options the image, and a command.</param>
    /// <exception cref="BerthException">InvalidArgument, NotFound, Unsupported.</exception>
    public static ContainerSpec Read(Invocation invocation)
    {
        Refuse(invocation);
        string image = invocation.Arguments[0];
        bool isFolder = invocation.Has("rootfs"), isKept = isFolder && image.EndsWith(":O", StringComparison.Ordinal);
        (List<string> variables, List<string> removed) = VariableWords.Read(invocation);
        return new ContainerSpec
        {
            Name = invocation.Find("name") is { Length: > 0 } name ? name.Length > 1 && name[0] == '/' ? name[1..] : name : null,
            Image = isFolder ? "" : image.Length > 0 ? image : throw new BerthException(Fault.InvalidArgument, "the image's name is empty"),
            RootFolder = isFolder ? Path.GetFullPath(isKept ? image[..^2] : image) : null,
            IsRootFolderKept = isKept,
            Entrypoint = invocation.Find("entrypoint") is { } entrypoint ? Entrypoint(entrypoint) : null,
            Command = [.. invocation.Arguments.Skip(1)],
            Environment = variables,
            EnvironmentRemoved = removed,
            TakesProxyVariables = invocation.Truth("http-proxy") ?? true,
            WorkingFolder = invocation.Find("workdir") is { Length: > 0 } folder ? folder : null,
            User = invocation.Find("user"),
            Groups = invocation.All("group-add"),
            Umask = invocation.Find("umask") is { } umask ? Umask(umask) : null,
            HasTerminal = invocation.Has("tty"),
            HasInput = invocation.Has("interactive"),
            IsInputOnce = invocation.Has("interactive") && invocation.Truth("detach") != true,
            HostName = invocation.Find("hostname") is { Length: > 0 } host ? HostName(host) : null,
            DomainName = invocation.Find("domainname") is { Length: > 0 } domain ? domain : null,
            HasInit = invocation.Has("init") || invocation.Find("init-path") is not null,
            InitPath = invocation.Find("init-path") is { } init ? Path.GetFullPath(init) : null,
            StopSignal = invocation.Find("stop-signal") is { Length: > 0 } signal ? signal : null,
            StopTimeout = invocation.Number("stop-timeout"),
            Timeout = invocation.Number("timeout") ?? 0,
            TimeZone = invocation.Find("tz") is { Length: > 0 } zone ? zone : null,
            Labels = VariableWords.Labels(invocation),
            Annotations = Fields.Pairs(invocation.All("annotation"), "annotation", needsValue: false),
            IsRemovedAtEnd = invocation.Has("rm") || RemovesImage(invocation),
            RemovesImage = RemovesImage(invocation),
            Restart = HealthWords.Restart(invocation.Find("restart")),
            Health = HealthWords.Read(invocation),
            Log = HealthWords.Log(invocation),
            Limits = LimitWords.Read(invocation),
            Security = SecurityWords.Read(invocation),
            Namespaces = SecurityWords.Namespaces(invocation),
            Storage = Storage(invocation),
            Connection = ConnectionWords.Read(invocation),
            Devices = SecurityWords.Devices(invocation),
            DeviceRules = invocation.All("device-cgroup-rule"),
            Secrets = [.. invocation.All("secret").Select(Secret)],
            Personality = Personality(invocation.Find("personality")),
            Runtime = invocation.Find("runtime"),
            Pod = Pod(invocation),
            Requires = invocation.All("requires"),
        };
    }

    private static bool RemovesImage(Invocation invocation)
    {
        if (!invocation.Has("rmi")) return false;
        return invocation.Truth("rm") != false ? true : throw new BerthException(Fault.InvalidArgument, "the --rmi option does not work without --rm");
    }

    private static StorageSpec Storage(Invocation invocation)
    {
        List<MountRequest> mounts = [];
        foreach (string text in invocation.All("volume")) mounts.Add(MountWords.Volume(text));
        foreach (string text in invocation.All("mount")) mounts.Add(MountWords.Mount(text));
        foreach (string text in invocation.All("tmpfs")) mounts.Add(MountWords.Tmpfs(text));
        bool isReadOnly = invocation.Has("read-only");
        return new StorageSpec
        {
            Mounts = mounts,
            VolumesFrom = invocation.All("volumes-from"),
            VolumeDriver = invocation.Find("volume-driver"),
            IsReadOnly = isReadOnly,
            HasReadOnlyTmpfs = isReadOnly && (invocation.Truth("read-only-tmpfs") ?? true),
            ShmBytes = invocation.Find("shm-size") is { Length: > 0 } size ? Quantities.Size(size, "shm-size") : null,
            ImageVolumes = invocation.Find("image-volume") switch
            {
                null or "" or "bind" or "anonymous" => "anonymous",
                "tmpfs" => "tmpfs",
                "ignore" => "ignore",
                string other => throw Quantities.Wrong("image-volume", "anonymous, tmpfs or ignore", other),
            },
            Options = Fields.Pairs(invocation.All("storage-opt"), "storage-opt"),
        };
    }

    // Words of others that mean something only there; said here rather than passed over.
    private static void Refuse(Invocation invocation)
    {
        if (invocation.Find("systemd") is { } systemd and not ("false" or "true" or "")) throw new BerthException(Fault.Unsupported, $"--systemd={systemd} is not supported: nothing is changed for an init system", "say --tmpfs /run --tmpfs /tmp --stop-signal RTMIN+3 --security-opt writable-cgroups");
        if (invocation.Find("sdnotify") is { } notify and not ("ignore" or "container" or "")) throw new BerthException(Fault.Unsupported, $"--sdnotify={notify} is not supported: nobody is told of a start", "leave it out");
        if (invocation.Find("isolation") is { } isolation and not ("default" or "")) throw new BerthException(Fault.Unsupported, $"--isolation={isolation} is not supported: it is for Windows");
        foreach (string stream in invocation.All("attach"))
        {
            if (stream.ToLowerInvariant() is not ("stdin" or "stdout" or "stderr")) throw Quantities.Wrong("attach", "stdin, stdout or stderr", stream);
        }
    }

    /// <summary>A program and its first arguments: a word, or a list in JSON.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    internal static IReadOnlyList<string> Entrypoint(string text) => text.Length == 0 ? [] : text.StartsWith('[') && Words(text) is { } words ? words : [text];

    /// <summary>A list of words in JSON; null: it is none.</summary>
    internal static string[]? Words(string text)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            return [.. json.RootElement.EnumerateArray().Select(static word => word.GetString() ?? "")];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>A secret: <c>NAME[,type=env,target=...,uid=...,gid=...,mode=...]</c>.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    internal static SecretWish Secret(string text)
    {
        List<string> fields = Fields.Split(text, "secret");
        string first = fields[0];
        SecretWish secret = new(first.StartsWith("source=", StringComparison.Ordinal) ? first[7..] : first);
        if (secret.Name.Length == 0 || secret.Name.Contains('=', StringComparison.Ordinal)) throw Quantities.Wrong("secret", "NAME[,OPTIONS]", text);
        foreach (string field in fields.Skip(1))
        {
            (string name, string? value) = Fields.Pair(field);
            secret = name switch
            {
                "type" => secret with { IsVariable = value switch { "env" => true, "mount" => false, _ => throw Quantities.Wrong("secret", "type=mount or type=env", text) } },
                "target" when value is { Length: > 0 } => secret with { Target = value },
                "uid" => secret with { Uid = Id(value, text) },
                "gid" => secret with { Gid = Id(value, text) },
                "mode" => secret with { Mode = Umask(value ?? "", "secret") },
                _ => throw Quantities.Wrong("secret", "type, target, uid, gid and mode behind the name", text),
            };
        }
        return secret;
    }

    private static uint Id(string? text, string whole) => uint.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out uint id) ? id : throw Quantities.Wrong("secret", "a number as uid and gid", whole);

    private static uint Umask(string text, string option = "umask")
    {
        uint mask = 0;
        foreach (char c in text)
        {
            mask = c is >= '0' and <= '7' && mask <= 0xFFF ? (mask * 8) + (uint)(c - '0') : throw Quantities.Wrong(option, "an octal number such as 0022", text);
        }
        return text.Length > 0 && mask <= 0xFFF ? mask : throw Quantities.Wrong(option, "an octal number such as 0022", text);
    }

    internal static string HostName(string text)
    {
        bool isName = text.Length <= 63 && char.IsAsciiLetterOrDigit(text[0]) && text[^1] != '-';
        foreach (char c in text) isName &= char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_';
        return isName ? text : throw Quantities.Wrong("hostname", "letters, digits, - and ., at most 63", text);
    }

    private static string? Personality(string? text) => text?.ToUpperInvariant() switch
    {
        null or "" => null,
        "LINUX" => "LINUX",
        "LINUX32" => "LINUX32",
        _ => throw Quantities.Wrong("personality", "LINUX or LINUX32", text),
    };

    private static string? Pod(Invocation invocation)
    {
        string? pod = invocation.Find("pod"), file = invocation.Find("pod-id-file");
        if (file is null) return pod is { Length: > 0 } ? pod : null;
        if (pod is not null) throw new BerthException(Fault.InvalidArgument, "--pod says the pod, and so does --pod-id-file");
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BerthException(Fault.NotFound, $"cannot read --pod-id-file {file}: {e.Message}", null, e);
        }
    }
}
