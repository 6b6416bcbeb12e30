// What we ask of systemd over D-Bus: start, change and stop one transient unit, and wait until it is done.
using System.Globalization;
using Berth.Linux;
using Berth.Linux.DBus;
using Berth.Linux.Files;
using Berth.Oci.Faults;

namespace Berth.Cgroups.Systemd;

/// <summary>A property of a unit.</summary>
internal sealed record UnitProperty(string Name, DBusValue Value)
{
    public override string ToString() => $"{Name}={Value}";
}

/// <summary>A systemd manager, of the system or of the user.</summary>
internal sealed class SystemdClient : IDisposable
{
    private const int JobTimeoutMilliseconds = 30_000;

    private readonly DBusConnection _connection;

    private SystemdClient(DBusConnection connection) => _connection = connection;

    /// <summary>Connects to the manager.</summary>
    /// <exception cref="BerthException">None of its sockets can be used.</exception>
    public static SystemdClient Open(SystemdSockets sockets, bool ofUser)
    {
        string tried = "";
        foreach (SystemdSocket socket in ofUser ? sockets.OfUser() : sockets.OfSystem())
        {
            try
            {
                SystemdClient client = new(Exchange(() => DBusConnection.Open(socket.Name, socket.IsBus)));
                if (socket.IsBus) client.ListenForJobs();
                return client;
            }
            catch (LinuxException e) { tried = $"{tried}; {e.Message}"; }
        }
        throw new BerthException(Fault.Unavailable, "failed to connect to dbus" + (tried.Length == 0 ? ": no socket is known" : ":" + tried[1..]),
            ofUser ? "log in with a session that has a user bus (package dbus-user-session), or set DBUS_SESSION_BUS_ADDRESS" : null);
    }

    /// <summary>Major version, such as 252; -1 where it does not tell.</summary>
    public int Version
    {
        get
        {
            if (_version == 0) _version = ParseVersion(Property("Version"));
            return _version;
        }
    }

    private int _version;

    /// <summary>The manager's own cgroup, such as <c>/user.slice/user-1000.slice/user@1000.service</c>.</summary>
    public string ControlGroup => Property("ControlGroup");

    /// <summary>Starts a transient unit and returns when it runs.</summary>
    /// <exception cref="BerthException">systemd refuses it, or does not get it going.</exception>
    public void Start(string unit, List<UnitProperty> properties)
    {
        for (bool again = false; ; again = true)
        {
            try
            {
                IReadOnlyList<DBusValue> answer = Call("StartTransientUnit", DBusValue.Of(unit), DBusValue.Of("replace"), ListOf(properties), NoAuxiliaries);
                string? result = AwaitJob(answer, unit);
                if (result == "done") return;
                TryResetFailed(unit);
                throw result is null
                    ? new BerthException(Fault.Unavailable, $"timeout waiting for systemd to create {unit}")
                    : new BerthException(Fault.Failed, $"unable to start unit \"{unit}\": systemd says `{result}`");
            }
            catch (DBusErrorException fault) when (!again && fault.Name.EndsWith(".UnitExists", StringComparison.Ordinal))
            {
                // A unit of the name that failed and was never collected; a live one makes the second try fail as well.
                TryResetFailed(unit);
            }
            catch (DBusErrorException fault)
            {
                throw Refused($"unable to start unit \"{unit}\" (properties {string.Join(' ', properties)})", fault);
            }
        }
    }

    /// <summary>Changes properties until the unit ends.</summary>
    /// <exception cref="BerthException">systemd refuses.</exception>
    public void Set(string unit, List<UnitProperty> properties)
    {
        if (properties.Count == 0) return;
        try { Call("SetUnitProperties", DBusValue.Of(unit), DBusValue.Of(true), ListOf(properties)); }
        catch (DBusErrorException fault) { throw Refused("unable to set unit properties", fault); }
    }

    /// <summary>Stops a unit with all its processes; one that is gone is stopped.</summary>
    /// <exception cref="BerthException">systemd does not get it done.</exception>
    public void Stop(string unit)
    {
        try
        {
            if (AwaitJob(Call("StopUnit", DBusValue.Of(unit), DBusValue.Of("replace")), unit) is null)
            {
                TryResetFailed(unit);
                throw new BerthException(Fault.Unavailable, $"timed out while waiting for systemd to remove {unit}");
            }
        }
        catch (DBusErrorException fault) when (!fault.Name.EndsWith(".NoSuchUnit", StringComparison.Ordinal))
        {
            throw Refused($"unable to stop unit \"{unit}\"", fault);
        }
        catch (DBusErrorException) { /* systemd collected the scope with its last process */ }
        TryResetFailed(unit);
    }

    /// <summary>Moves a process into a unit, or into a cgroup below it.</summary>
    /// <exception cref="BerthException">systemd refuses.</exception>
    public void Attach(string unit, string below, int pid)
    {
        try
        {
            DBusValue pids = new DBusArray("u", [DBusValue.Of((uint)pid)]);
            Call("AttachProcessesToUnit", DBusValue.Of(unit), DBusValue.Of(below), pids);
        }
        catch (DBusErrorException fault) { throw Refused($"error adding pid {pid} to cgroups", fault); }
    }

    public void Dispose() => _connection.Dispose();

    internal static int ParseVersion(string text)
    {
        ReadOnlySpan<char> digits = text.AsSpan().TrimStart("\"v");
        int length = 0;
        while (length < digits.Length && char.IsAsciiDigit(digits[length])) length++;
        return int.TryParse(digits[..length], CultureInfo.InvariantCulture, out int version) ? version : -1;
    }

    private void ListenForJobs() => Exchange(() => _connection.Call(DBusNames.Bus, DBusNames.BusPath, DBusNames.Bus, "AddMatch", DBusValue.Of(
        $"type='signal',sender='{SystemdNames.Bus}',interface='{SystemdNames.Manager}',member='JobRemoved',path='{SystemdNames.Path}'")));

    private IReadOnlyList<DBusValue> Call(string member, params IReadOnlyList<DBusValue> body) =>
        Exchange(() => _connection.Call(SystemdNames.Bus, SystemdNames.Path, SystemdNames.Manager, member, body));

    private string Property(string name)
    {
        try
        {
            IReadOnlyList<DBusValue> answer = Exchange(() => _connection.Call(SystemdNames.Bus, SystemdNames.Path, SystemdNames.Properties, "Get",
                DBusValue.Of(SystemdNames.Manager), DBusValue.Of(name)));
            return answer is [DBusVariant { Value: DBusText text }] ? text.Text : "";
        }
        catch (DBusErrorException fault) { throw Refused($"unable to ask systemd for its {name}", fault); }
    }

    /// <summary>The result of a job, or null when it does not end in time.</summary>
    private string? AwaitJob(IReadOnlyList<DBusValue> answer, string unit)
    {
        if (answer is not [DBusText job]) throw new BerthException(Fault.Failed, $"systemd names no job for {unit}");
        long end = Environment.TickCount64 + JobTimeoutMilliseconds;
        while (Exchange(() => _connection.Signal("JobRemoved", (int)Math.Max(0, end - Environment.TickCount64))) is { } signal)
        {
            if (signal.Body is [_, DBusText removed, _, DBusText result] && removed.Text == job.Text) return result.Text;
        }
        return null;
    }

    private void TryResetFailed(string unit)
    {
        try { Call("ResetFailedUnit", DBusValue.Of(unit)); }
        catch (DBusErrorException) { /* it did not fail, or is gone */ }
    }

    private static DBusArray ListOf(List<UnitProperty> properties)
    {
        List<DBusValue> items = new(properties.Count);
        foreach (UnitProperty property in properties) items.Add(DBusStruct.Of(DBusValue.Of(property.Name), new DBusVariant(property.Value)));
        return new DBusArray("(sv)", items);
    }

    private static readonly DBusArray NoAuxiliaries = new("(sa(sv))", []);

    // What a conversation fails of, in our words.
    private static T Exchange<T>(Func<T> conversation)
    {
        try
        {
            return conversation();
        }
        catch (DBusException e)
        {
            throw new BerthException(e.Trouble switch { DBusTrouble.NoAnswer => Fault.Unavailable, DBusTrouble.Rejected => Fault.Denied, _ => Fault.Failed }, e.Message, inner: e);
        }
    }

    private static BerthException Refused(string what, DBusErrorException fault) => new(
        fault.Name.EndsWith(".AccessDenied", StringComparison.Ordinal) || fault.Name.EndsWith(".InteractiveAuthorizationRequired", StringComparison.Ordinal)
            ? Fault.Denied
            : Fault.Failed, $"{what}: {fault.Message}", inner: fault);
}

/// <summary>A socket where a manager may listen.</summary>
/// <param name="Name">As <see cref="DBusConnection.Open"/> takes it.</param>
/// <param name="IsBus">Whether a bus is between.</param>
internal readonly record struct SystemdSocket(string Name, bool IsBus);

/// <summary>Where managers listen on this host.</summary>
internal sealed record SystemdSockets
{
    /// <summary>Directory for state of the running system.</summary>
    public string Run { get; init; } = "/run";

    /// <summary>Reads a variable of the environment.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>Whether the host was booted with systemd (sd_booted(3)).</summary>
    public bool IsBooted => KernelFile.Exists(Run + "/systemd/system");

    /// <summary>The manager's own socket first: it saves a greeting and a process in between, but is root's alone.</summary>
    public List<SystemdSocket> OfSystem() => [new(Run + "/systemd/private", IsBus: false), new(Run + "/dbus/system_bus_socket", IsBus: true)];

    /// <summary>The session's bus as the environment names it, else at its usual place.</summary>
    /// <exception cref="BerthException">The address is of a kind we cannot reach.</exception>
    public List<SystemdSocket> OfUser()
    {
        List<SystemdSocket> sockets = [];
        if (Variable("DBUS_SESSION_BUS_ADDRESS") is { Length: > 0 } address)
        {
            foreach (string one in address.Split(';', StringSplitOptions.RemoveEmptyEntries))
            {
                if (DBusAddress.Parse(one) is { } name) sockets.Add(new(name, IsBus: true));
            }
            if (sockets.Count == 0) throw new BerthException(Fault.Unsupported, $"cannot use the bus at {address}: only unix sockets are understood");
        }
        else if (Variable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime)
        {
            sockets.Add(new(runtime + "/bus", IsBus: true));
            sockets.Add(new(runtime + "/systemd/private", IsBus: false));
        }
        else
        {
            throw new BerthException(Fault.Unavailable, "could not detect DBUS_SESSION_BUS_ADDRESS from the environment",
                "make sure you have installed the dbus-user-session or dbus-daemon package; note you may need to re-login");
        }
        return sockets;
    }
}
