// inspect of containers: docker's members, so that scripts find what they look for.
using System.Globalization;
using Berth.Cli.Arguments;
using Berth.Cli.Commands.Networks;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Engine.Networks;
using Berth.Oci.References;
using Berth.Store.Records;

namespace Berth.Cli.Commands.Containers;

/// <summary>The verb, and what it prints.</summary>
internal static class ContainerInspect
{
    private const string NoTime = "0001-01-01T00:00:00Z";

    /// <summary>container inspect.</summary>
    public static Command Make() => new()
    {
        Usage = "CONTAINER...",
        Least = 0,
        Offers = Offer.Containers,
        Options = [Option.With("format", "FORMAT", "json, or a Go template", 'f'), Option.Switch("size", "Bytes that were written in it", 's'), Option.Switch("latest", "The container that was made last", 'l')],
        Examples = [new("berth container inspect web", "All that is known"), new("berth inspect -f '{{.State.Pid}}' web", "One thing")],
        Run = static async invocation =>
        {
            Engine.Engine engine = await invocation.Session.EngineAsync().ConfigureAwait(false);
            List<Value> values = [];
            if (invocation.Arguments.Count == 0 && !invocation.Has("latest")) throw invocation.WrongCount(0);
            IEnumerable<Container> chosen = invocation.Has("latest") ? engine.Containers.List().Take(1) : invocation.Arguments.Select(engine.Containers.Find);
            foreach (Container container in chosen) values.Add(await ValueOfAsync(invocation.Session, engine, container, invocation.Has("size")).ConfigureAwait(false));
            Print(invocation, values);
            return 0;
        },
    };

    /// <summary>Prints values, as one page or by a template each.</summary>
    public static void Print(Invocation invocation, List<Value> values)
    {
        if (invocation.Find("format") is { } format and not "json")
        {
            foreach (Value value in values) Report.WriteOne(invocation.Session.Out, format, value);
        }
        else Report.WriteOne(invocation.Session.Out, invocation.Find("format"), new Value.List(values));
    }

    /// <summary>A container in docker's members.</summary>
    public static async Task<Value> ValueOfAsync(Session session, Engine.Engine engine, Container container, bool withSize)
    {
        ContainerState state = await container.InspectAsync().ConfigureAwait(false);
        ContainerRecord record = container.Record;
        SettledSpec settled = record.Settled;
        IReadOnlyList<Attachment> attachments = state.IsAlive ? engine.Networks.AttachmentsOf(record.AttachedAs) : [];
        return Value.Record.Of(
            Member.Of("Id", record.Id),
            Moment("Created", record.Created),
            Member.Of("Path", settled.Arguments.Count > 0 ? settled.Arguments[0] : ""),
            Member.Of("Args", settled.Arguments.Skip(1)),
            new Member("State", State(state)),
            Member.Of("Image", record.Image is { } image ? Images.ImageNames.Id(session, image) : ""),
            Member.Of("ImageName", NameOf(StoredAs(engine, record), record)),
            Member.Of("ImageDigest", StoredAs(engine, record)?.Manifest.Digest.ToString() ?? ""),
            Member.Of("OCIRuntime", record.Spec.Runtime ?? session.Globals.Runtime ?? "berth-runtime"),
            Member.Of("ResolvConfPath", Beside(engine, record, "resolv.conf", state)),
            Member.Of("HostnamePath", Beside(engine, record, "hostname", state)),
            Member.Of("HostsPath", Beside(engine, record, "hosts", state)),
            Member.Of("LogPath", record.Spec.Log.Driver is "none" or "journald" ? "" : container.LogPath),
            Member.Of("Name", session.Role == Role.Podman ? record.Name : "/" + record.Name),
            Member.Of("RestartCount", state.Restarts),
            Member.Of("Driver", "overlay2"),
            Member.Of("Platform", "linux"),
            Member.Of("MountLabel", ""),
            Member.Of("ProcessLabel", ""),
            Member.Of("AppArmorProfile", record.Spec.Security.AppArmor ?? ""),
            new Member("ExecIDs", Value.NoList),
            new Member("HostConfig", HostConfigValue.Of(session, container)),
            withSize && record.Spec.RootFolder is null ? Member.Of("SizeRw", engine.Snapshots.Measure(record.Id)) : null,
            new Member("Mounts", new Value.List([.. settled.Mounts.Select(mount => Mount(engine, mount))])),
            new Member("Config", Config(record)),
            new Member("NetworkSettings", Networks(record, attachments)),
            Member.Of("Pod", record.Spec.Pod ?? ""),
            Member.Of("CreateCommand", record.Spec.CreateCommand));
    }

    private static string Beside(Engine.Engine engine, ContainerRecord record, string file, ContainerState state) => state.IsAlive ? $"{engine.Containers.BundleOf(record)}/{file}" : "";

    private static StoredImage? StoredAs(Engine.Engine engine, ContainerRecord record) => record.Image is { } id ? engine.Images.List().FirstOrDefault(image => image.Id == id) : null;

    // The whole name of what was meant by a short one.
    private static string NameOf(StoredImage? image, ContainerRecord record)
    {
        string asked = record.Spec.Image;
        if (image is null || !ImageName.TryParse(asked, out ImageName? name, out _)) return asked;
        string whole = name.In(name.Registry ?? "localhost").WithDefaultTag().ToString();
        return image.Names.FirstOrDefault(one => one == whole) ?? image.Names.FirstOrDefault(one => one == name.In(ImageReference.DefaultRegistry).WithDefaultTag().ToString()) ?? (image.Names.Count > 0 ? image.Names[0] : asked);
    }

    private static Value State(ContainerState state) => Value.Record.Of(
        Member.Of("Status", ContainerWords.State(state.Status)),
        Member.Of("Running", state.IsStarted),
        Member.Of("Paused", state.Status == ContainerStatus.Paused),
        Member.Of("Restarting", state.Status == ContainerStatus.Restarting),
        Member.Of("OOMKilled", state.IsOomKilled),
        Member.Of("Dead", false),
        Member.Of("Pid", state.Pid),
        Member.Of("ExitCode", state.ExitCode),
        Member.Of("Error", state.Error ?? ""),
        Moment("StartedAt", state.Started),
        Moment("FinishedAt", state.IsAlive ? null : state.Ended),
        state.Health is { } health ? new Member("Health", Health(health)) : null);

    private static Value Health(HealthState health) => Value.Record.Of(
        Member.Of("Status", health.Status),
        Member.Of("FailingStreak", health.FailingStreak),
        new Member("Log", new Value.List([.. health.Log.Select(static probe => (Value)Value.Record.Of(
            Moment("Start", probe.Started),
            Moment("End", probe.Ended),
            Member.Of("ExitCode", probe.ExitCode),
            Member.Of("Output", probe.Output)))])));

    private static Value Mount(Engine.Engine engine, SettledMount mount)
    {
        MountRequest request = mount.Request;
        string source = mount.Volume is { } volume ? engine.Volumes.TryFind(volume)?.Path ?? "" : request.Source;
        return Value.Record.Of(
            Member.Of("Type", request.Kind switch { MountKind.Volume => "volume", MountKind.Tmpfs => "tmpfs", MountKind.Image => "image", _ => "bind" }),
            Member.Of("Name", mount.Volume ?? ""), // always there: scripts ask for it over all mounts
            Member.Of("Source", source),
            Member.Of("Destination", request.Destination),
            Member.Of("Driver", mount.Volume is null ? "" : "local"),
            Member.Of("Mode", string.Join(',', request.Options)),
            Member.Of("RW", !request.IsReadOnly),
            Member.Of("Propagation", request.Options.FirstOrDefault(static option => option is "private" or "rprivate" or "shared" or "rshared" or "slave" or "rslave") ?? (request.Kind == MountKind.Bind ? "rprivate" : "")));
    }

    private static Value Config(ContainerRecord record)
    {
        ContainerSpec spec = record.Spec;
        SettledSpec settled = record.Settled;
        return Value.Record.Of(
            Member.Of("Hostname", settled.HostName),
            Member.Of("Domainname", spec.DomainName ?? ""),
            Member.Of("User", settled.User),
            Member.Of("AttachStdin", spec.HasInput),
            Member.Of("AttachStdout", true),
            Member.Of("AttachStderr", true),
            settled.Exposed.Count == 0 ? null : new Member("ExposedPorts", new Value.Map([.. settled.Exposed.Select(static port => new Member(port, Value.Record.Of()))])),
            Member.Of("Tty", spec.HasTerminal),
            Member.Of("OpenStdin", spec.HasInput),
            Member.Of("StdinOnce", spec.IsInputOnce),
            Member.Of("Env", settled.Environment),
            Member.Of("Cmd", settled.Arguments.Skip(settled.EntrypointLength)),
            settled.Health is { } health ? new Member("Healthcheck", HealthCheck(health)) : null,
            Member.Of("Image", spec.Image),
            new Member("Volumes", Value.NoMap),
            Member.Of("WorkingDir", settled.WorkingFolder),
            settled.EntrypointLength > 0 ? Member.Of("Entrypoint", settled.Arguments.Take(settled.EntrypointLength)) : new Member("Entrypoint", Value.NoList),
            Member.Of("Labels", settled.Labels),
            Member.Of("Annotations", spec.Annotations),
            Member.Of("StopSignal", Linux.Processes.Signals.NameOf(settled.StopSignal)),
            spec.StopTimeout is { } seconds ? Member.Of("StopTimeout", seconds) : null,
            spec.Secrets.Count == 0 ? null : new Member("Secrets", new Value.List([.. spec.Secrets.Select(static secret => Value.Record.Of(
                Member.Of("Name", secret.Name), Member.Of("UID", secret.Uid), Member.Of("GID", secret.Gid), Member.Of("Mode", secret.Mode)))])));
    }

    private static Value HealthCheck(HealthSpec health) => Value.Record.Of(
        Member.Of("Test", health.IsOff ? ["NONE"] : health.Test),
        Nanoseconds("Interval", health.Interval),
        Nanoseconds("Timeout", health.Timeout),
        Nanoseconds("StartPeriod", health.StartPeriod),
        Nanoseconds("StartInterval", health.StartInterval),
        health.Retries is { } retries ? Member.Of("Retries", retries) : null);

    private static Member? Nanoseconds(string name, TimeSpan? span) => span is { } there ? Member.Of(name, there.Ticks * 100) : null;

    private static Value Networks(ContainerRecord record, IReadOnlyList<Attachment> attachments)
    {
        Attachment? first = attachments.Count > 0 ? attachments[0] : null;
        AttachedAddress? four = first?.Addresses.FirstOrDefault(static address => !address.Is6), six = first?.Addresses.FirstOrDefault(static address => address.Is6);
        return Value.Record.Of(
            Member.Of("SandboxID", first is null ? "" : record.Id),
            Member.Of("SandboxKey", first?.Spec.NetworkNamespace ?? ""),
            new Member("Ports", Ports(record, attachments)),
            Member.Of("EndpointID", first?.Id ?? ""),
            Member.Of("Gateway", first?.Gateway(six: false)?.ToString() ?? ""),
            Member.Of("GlobalIPv6Address", six?.Address.ToString() ?? ""),
            Member.Of("GlobalIPv6PrefixLen", six?.PrefixLength ?? 0),
            Member.Of("IPAddress", four?.Address.ToString() ?? ""),
            Member.Of("IPPrefixLen", four?.PrefixLength ?? 0),
            Member.Of("IPv6Gateway", first?.Gateway(six: true)?.ToString() ?? ""),
            Member.Of("MacAddress", first?.HardwareAddress ?? ""),
            new Member("Networks", new Value.Map([.. attachments.Select(static attachment => new Member(attachment.NetworkName, Endpoint(attachment)))])));
    }

    private static Value Endpoint(Attachment attachment)
    {
        AttachedAddress? four = attachment.Addresses.FirstOrDefault(static address => !address.Is6), six = attachment.Addresses.FirstOrDefault(static address => address.Is6);
        return Value.Record.Of(
            new Member("IPAMConfig", Value.NoMap),
            new Member("Links", Value.NoList),
            Member.Of("Aliases", attachment.Spec.Aliases),
            Member.Of("MacAddress", attachment.HardwareAddress),
            new Member("DriverOpts", Value.NoMap),
            Member.Of("GwPriority", attachment.Spec.GatewayPriority),
            Member.Of("NetworkID", attachment.NetworkId),
            Member.Of("EndpointID", attachment.Id),
            Member.Of("Gateway", attachment.Gateway(six: false)?.ToString() ?? ""),
            Member.Of("IPAddress", four?.Address.ToString() ?? ""),
            Member.Of("IPPrefixLen", four?.PrefixLength ?? 0),
            Member.Of("IPv6Gateway", attachment.Gateway(six: true)?.ToString() ?? ""),
            Member.Of("GlobalIPv6Address", six?.Address.ToString() ?? ""),
            Member.Of("GlobalIPv6PrefixLen", six?.PrefixLength ?? 0),
            Member.Of("DNSNames", new[] { attachment.Spec.ContainerName }.Concat(attachment.Spec.Aliases)));
    }

    private static Value Ports(ContainerRecord record, IReadOnlyList<Attachment> attachments)
    {
        SortedDictionary<string, List<Value>> ports = new(StringComparer.Ordinal);
        foreach (string exposed in record.Settled.Exposed) ports[exposed] = [];
        foreach (PortBinding port in attachments.SelectMany(static attachment => attachment.Ports))
        {
            string inside = string.Create(CultureInfo.InvariantCulture, $"{port.ContainerPort}/{port.Protocol}");
            if (!ports.TryGetValue(inside, out List<Value>? bindings)) ports[inside] = bindings = [];
            foreach (string host in port.HostAddress is { } address ? [address.ToString()] : new[] { "0.0.0.0", "::" })
            {
                bindings.Add(Value.Record.Of(Member.Of("HostIp", host), Member.Of("HostPort", port.HostPort.ToString(CultureInfo.InvariantCulture))));
            }
        }
        return new Value.Map([.. ports.Select(static pair => new Member(pair.Key, pair.Value.Count == 0 ? Value.NoList : new Value.List(pair.Value)))]);
    }

    private static Member Moment(string name, DateTimeOffset? time) => new(name, new Value.Moment(time is { } there ? NetworkInspect.Time(there) : NoTime));
}
