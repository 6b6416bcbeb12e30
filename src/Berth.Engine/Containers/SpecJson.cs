// What was asked of a container, as JSON: members that say nothing are left out.
using System.Globalization;
using System.Text.Json;
using Berth.Engine.Networks;
using Berth.Oci.Json;

namespace Berth.Engine.Containers;

/// <summary>Reads and writes <see cref="ContainerSpec"/>.</summary>
internal static partial class SpecJson
{
    public static void Write(JsonWriter json, ContainerSpec spec)
    {
        RecordJson.Text(json, "name", spec.Name);
        RecordJson.Text(json, "image", spec.Image);
        RecordJson.Text(json, "root_folder", spec.RootFolder);
        RecordJson.Flag(json, "root_folder_kept", spec.IsRootFolderKept);
        if (spec.Entrypoint is { } entrypoint) WriteList(json, "entrypoint", entrypoint);
        RecordJson.Texts(json, "command", spec.Command);
        RecordJson.Texts(json, "environment", spec.Environment);
        RecordJson.Texts(json, "environment_removed", spec.EnvironmentRemoved);
        RecordJson.Text(json, "working_folder", spec.WorkingFolder);
        RecordJson.Text(json, "user", spec.User);
        RecordJson.Texts(json, "groups", spec.Groups);
        Maybe(json, "umask", spec.Umask);
        RecordJson.Flag(json, "terminal", spec.HasTerminal);
        RecordJson.Flag(json, "input", spec.HasInput);
        RecordJson.Flag(json, "input_once", spec.IsInputOnce);
        RecordJson.Text(json, "host_name", spec.HostName);
        RecordJson.Text(json, "domain_name", spec.DomainName);
        RecordJson.Flag(json, "init", spec.HasInit);
        RecordJson.Text(json, "init_path", spec.InitPath);
        RecordJson.Text(json, "stop_signal", spec.StopSignal);
        Maybe(json, "stop_timeout", spec.StopTimeout);
        RecordJson.Number(json, "timeout", spec.Timeout);
        RecordJson.Text(json, "time_zone", spec.TimeZone);
        RecordJson.Map(json, "labels", spec.Labels);
        RecordJson.Map(json, "annotations", spec.Annotations);
        RecordJson.Flag(json, "removed_at_end", spec.IsRemovedAtEnd);
        RecordJson.Flag(json, "removes_image", spec.RemovesImage);
        RecordJson.Flag(json, "ends_with_engine", spec.EndsWithEngine);
        if (spec.Restart.When != RestartKind.Never) json.WriteString("restart", WordOf(spec.Restart));
        WriteHealth(json, spec.Health);
        json.WriteString("log_driver", spec.Log.Driver);
        RecordJson.Map(json, "log_options", spec.Log.Options);
        WriteLimits(json, spec.Limits);
        WriteSecurity(json, spec.Security);
        WriteNamespaces(json, spec.Namespaces);
        WriteStorage(json, spec.Storage);
        WriteConnection(json, spec.Connection);
        RecordJson.Texts(json, "devices", spec.Devices);
        RecordJson.Texts(json, "device_rules", spec.DeviceRules);
        RecordJson.Text(json, "runtime", spec.Runtime);
        RecordJson.Text(json, "pod", spec.Pod);
        RecordJson.Texts(json, "requires", spec.Requires);
        RecordJson.Texts(json, "create_command", spec.CreateCommand);
        RecordJson.Text(json, "personality", spec.Personality);
        WriteSecrets(json, spec.Secrets);
        if (spec.Debugs is not { } target) return;
        json.WriteStartObject("debugs");
        RecordJson.Text(json, "container", target.Container);
        RecordJson.Flag(json, "host_tools", target.HasHostTools);
        RecordJson.Number(json, "owner", target.Owner);
        RecordJson.Number(json, "owner_start", (long)target.OwnerStart);
        json.WriteEndObject();
    }

    private static DebugTarget ReadTarget(JsonElement json) => new(TextOrNull(json, "container"), RecordJson.Flag(json, "host_tools"))
    {
        Owner = (int)RecordJson.Number(json, "owner"),
        OwnerStart = (ulong)RecordJson.Number(json, "owner_start"),
    };

    public static ContainerSpec Read(JsonElement json) => new()
    {
        Debugs = json.TryGetProperty("debugs", out JsonElement target) ? ReadTarget(target) : null,
        Name = TextOrNull(json, "name"),
        Image = RecordJson.Text(json, "image"),
        RootFolder = TextOrNull(json, "root_folder"),
        IsRootFolderKept = RecordJson.Flag(json, "root_folder_kept"),
        Entrypoint = json.TryGetProperty("entrypoint", out _) ? RecordJson.Texts(json, "entrypoint") : null,
        Command = RecordJson.Texts(json, "command"),
        Environment = RecordJson.Texts(json, "environment"),
        EnvironmentRemoved = RecordJson.Texts(json, "environment_removed"),
        WorkingFolder = TextOrNull(json, "working_folder"),
        User = TextOrNull(json, "user"),
        Groups = RecordJson.Texts(json, "groups"),
        Umask = (uint?)NumberOrNull(json, "umask"),
        HasTerminal = RecordJson.Flag(json, "terminal"),
        HasInput = RecordJson.Flag(json, "input"),
        IsInputOnce = RecordJson.Flag(json, "input_once"),
        HostName = TextOrNull(json, "host_name"),
        DomainName = TextOrNull(json, "domain_name"),
        HasInit = RecordJson.Flag(json, "init"),
        InitPath = TextOrNull(json, "init_path"),
        StopSignal = TextOrNull(json, "stop_signal"),
        StopTimeout = (int?)NumberOrNull(json, "stop_timeout"),
        Timeout = (int)RecordJson.Number(json, "timeout"),
        TimeZone = TextOrNull(json, "time_zone"),
        Labels = RecordJson.Map(json, "labels"),
        Annotations = RecordJson.Map(json, "annotations"),
        IsRemovedAtEnd = RecordJson.Flag(json, "removed_at_end"),
        RemovesImage = RecordJson.Flag(json, "removes_image"),
        EndsWithEngine = RecordJson.Flag(json, "ends_with_engine"),
        Restart = RestartOf(RecordJson.Text(json, "restart")),
        Health = ReadHealth(json),
        Log = new LogSpec { Driver = RecordJson.Text(json, "log_driver"), Options = RecordJson.Map(json, "log_options") },
        Limits = ReadLimits(json),
        Security = ReadSecurity(json),
        Namespaces = ReadNamespaces(json),
        Storage = ReadStorage(json),
        Connection = ReadConnection(json),
        Devices = RecordJson.Texts(json, "devices"),
        DeviceRules = RecordJson.Texts(json, "device_rules"),
        Runtime = TextOrNull(json, "runtime"),
        Pod = TextOrNull(json, "pod"),
        Requires = RecordJson.Texts(json, "requires"),
        CreateCommand = RecordJson.Texts(json, "create_command"),
        Personality = TextOrNull(json, "personality"),
        Secrets = RecordJson.List(json, "secrets", static one => new SecretWish(RecordJson.Text(one, "name"))
        {
            IsVariable = RecordJson.Flag(one, "variable"),
            Target = TextOrNull(one, "target"),
            Uid = (uint)RecordJson.Number(one, "uid"),
            Gid = (uint)RecordJson.Number(one, "gid"),
            Mode = (uint)RecordJson.Number(one, "mode"),
        }),
    };

    private static void WriteSecrets(JsonWriter json, IReadOnlyList<SecretWish> secrets)
    {
        if (secrets.Count == 0) return;
        json.WriteStartArray("secrets");
        foreach (SecretWish secret in secrets)
        {
            json.WriteStartObject();
            json.WriteString("name", secret.Name);
            RecordJson.Flag(json, "variable", secret.IsVariable);
            RecordJson.Text(json, "target", secret.Target);
            RecordJson.Number(json, "uid", secret.Uid);
            RecordJson.Number(json, "gid", secret.Gid);
            json.WriteNumber("mode", secret.Mode);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    public static string? TextOrNull(JsonElement json, string name) => json.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    /// <summary><c>on-failure:3</c>, as docker writes it.</summary>
    public static string WordOf(RestartRule rule) => rule.When switch
    {
        RestartKind.Always => "always",
        RestartKind.UnlessStopped => "unless-stopped",
        RestartKind.OnFailure => rule.Most > 0 ? string.Create(CultureInfo.InvariantCulture, $"on-failure:{rule.Most}") : "on-failure",
        _ => "no",
    };

    private static RestartRule RestartOf(string word) => word switch
    {
        "always" => new RestartRule(RestartKind.Always),
        "unless-stopped" => new RestartRule(RestartKind.UnlessStopped),
        "on-failure" => new RestartRule(RestartKind.OnFailure),
        _ when word.StartsWith("on-failure:", StringComparison.Ordinal) => new RestartRule(RestartKind.OnFailure, int.Parse(word.AsSpan(11), CultureInfo.InvariantCulture)),
        _ => RestartRule.Never,
    };

    public static void WriteHealth(JsonWriter json, HealthSpec? health)
    {
        if (health is null) return;
        json.WriteStartObject("health");
        RecordJson.Flag(json, "off", health.IsOff);
        RecordJson.Texts(json, "test", health.Test);
        Maybe(json, "interval_ms", Milliseconds(health.Interval));
        Maybe(json, "timeout_ms", Milliseconds(health.Timeout));
        Maybe(json, "start_period_ms", Milliseconds(health.StartPeriod));
        Maybe(json, "start_interval_ms", Milliseconds(health.StartInterval));
        Maybe(json, "retries", health.Retries);
        json.WriteString("on_failure", health.OnFailure);
        json.WriteEndObject();
    }

    public static HealthSpec? ReadHealth(JsonElement parent) => !parent.TryGetProperty("health", out JsonElement json) ? null : new HealthSpec
    {
        IsOff = RecordJson.Flag(json, "off"),
        Test = RecordJson.Texts(json, "test"),
        Interval = SpanOrNull(json, "interval_ms"),
        Timeout = SpanOrNull(json, "timeout_ms"),
        StartPeriod = SpanOrNull(json, "start_period_ms"),
        StartInterval = SpanOrNull(json, "start_interval_ms"),
        Retries = (int?)NumberOrNull(json, "retries"),
        OnFailure = RecordJson.Text(json, "on_failure"),
    };

    private static void WriteNamespaces(JsonWriter json, NamespacesSpec spaces)
    {
        json.WriteStartObject("namespaces");
        RecordJson.Text(json, "pid", spaces.Pid);
        RecordJson.Text(json, "ipc", spaces.Ipc);
        RecordJson.Text(json, "uts", spaces.Uts);
        RecordJson.Text(json, "cgroup", spaces.Cgroup);
        RecordJson.Text(json, "user", spaces.User);
        RecordJson.Text(json, "time", spaces.Time);
        RecordJson.Texts(json, "uid_maps", spaces.UidMaps);
        RecordJson.Texts(json, "gid_maps", spaces.GidMaps);
        RecordJson.Text(json, "subordinate_user", spaces.SubordinateUser);
        json.WriteEndObject();
    }

    private static NamespacesSpec ReadNamespaces(JsonElement parent)
    {
        JsonElement json = parent.GetProperty("namespaces");
        return new NamespacesSpec
        {
            Pid = RecordJson.Text(json, "pid"),
            Ipc = RecordJson.Text(json, "ipc"),
            Uts = RecordJson.Text(json, "uts"),
            Cgroup = RecordJson.Text(json, "cgroup"),
            User = RecordJson.Text(json, "user"),
            Time = RecordJson.Text(json, "time"),
            UidMaps = RecordJson.Texts(json, "uid_maps"),
            GidMaps = RecordJson.Texts(json, "gid_maps"),
            SubordinateUser = TextOrNull(json, "subordinate_user"),
        };
    }

    private static void WriteSecurity(JsonWriter json, SecuritySpec security)
    {
        json.WriteStartObject("security");
        RecordJson.Flag(json, "privileged", security.IsPrivileged);
        RecordJson.Texts(json, "cap_add", security.CapabilitiesAdded);
        RecordJson.Texts(json, "cap_drop", security.CapabilitiesDropped);
        RecordJson.Flag(json, "no_new_privileges", security.NoNewPrivileges);
        RecordJson.Text(json, "seccomp", security.Seccomp);
        RecordJson.Text(json, "apparmor", security.AppArmor);
        RecordJson.Texts(json, "labels", security.Labels);
        RecordJson.Texts(json, "masked", security.Masked);
        RecordJson.Texts(json, "unmasked", security.Unmasked);
        RecordJson.Texts(json, "proc_options", security.ProcOptions);
        RecordJson.Flag(json, "writable_cgroups", security.HasWritableCgroups);
        json.WriteEndObject();
    }

    private static SecuritySpec ReadSecurity(JsonElement parent)
    {
        JsonElement json = parent.GetProperty("security");
        return new SecuritySpec
        {
            IsPrivileged = RecordJson.Flag(json, "privileged"),
            CapabilitiesAdded = RecordJson.Texts(json, "cap_add"),
            CapabilitiesDropped = RecordJson.Texts(json, "cap_drop"),
            NoNewPrivileges = RecordJson.Flag(json, "no_new_privileges"),
            Seccomp = TextOrNull(json, "seccomp"),
            AppArmor = TextOrNull(json, "apparmor"),
            Labels = RecordJson.Texts(json, "labels"),
            Masked = RecordJson.Texts(json, "masked"),
            Unmasked = RecordJson.Texts(json, "unmasked"),
            ProcOptions = RecordJson.Texts(json, "proc_options"),
            HasWritableCgroups = RecordJson.Flag(json, "writable_cgroups"),
        };
    }

    private static long? Milliseconds(TimeSpan? span) => span is { } there ? (long)there.TotalMilliseconds : null;

    private static TimeSpan? SpanOrNull(JsonElement json, string name) => NumberOrNull(json, name) is { } number ? TimeSpan.FromMilliseconds(number) : null;

    private static long? NumberOrNull(JsonElement json, string name) => json.TryGetProperty(name, out JsonElement value) ? value.GetInt64() : null;

    private static void Maybe(JsonWriter json, string name, long? value)
    {
        if (value is { } there) json.WriteNumber(name, there);
    }

    // An empty list says something else than none.
    private static void WriteList(JsonWriter json, string name, IReadOnlyList<string> values)
    {
        json.WriteStartArray(name);
        foreach (string value in values) json.WriteStringValue(value);
        json.WriteEndArray();
    }

}
