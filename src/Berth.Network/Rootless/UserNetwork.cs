// Who attaches containers of an ordinary user says here which ports lead to them.
using System.Globalization;
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Linux.Processes;
using Berth.Linux.Sockets;
using Berth.Oci.Faults;

namespace Berth.Network.Rootless;

/// <summary>What the server said.</summary>
/// <param name="Connection">As long as it is open, the namespaces stay.</param>
/// <param name="Inside">A process that is in them.</param>
/// <param name="Warning">Why there is no way out; null: there is one.</param>
/// <param name="Failures">Records that are not served: name, number of the error, words.</param>
internal sealed record UserNetworkAnswer(Fd Connection, int Inside, string? Warning, IReadOnlyList<(string Record, Errno Errno, string Words)> Failures);

/// <summary>
/// Records of forwards, as files that <c>berth-usernet</c> reads. Used in the user's network: there its server is, as long as somebody is inside.
/// </summary>
/// <param name="state">The state directory.</param>
public sealed class UserNetwork(string state)
{
    private const int PatienceMilliseconds = 30_000;
    private readonly string _directory = UserNetworkPlaces.Directory(state);

    /// <summary>The resolv.conf that leads to the host's name servers.</summary>
    public string ResolvConf => UserNetworkPlaces.ResolvConf(_directory);

    /// <summary>Where containers reach the host, if they do.</summary>
    /// <param name="id">The attachment of one that has its own way; null: those on bridges.</param>
    public IReadOnlyList<System.Net.IPAddress> HostOf(string? id)
    {
        List<System.Net.IPAddress> addresses = [];
        foreach (string line in (KernelFile.TryReadText(UserNetworkPlaces.Host(_directory, id ?? "")) ?? "").Split('\n'))
        {
            if (System.Net.IPAddress.TryParse(line, out System.Net.IPAddress? address)) addresses.Add(address);
        }
        return addresses;
    }

    /// <summary>Where a namespace that is connected so asks for names.</summary>
    public static System.Net.IPAddress NameServerOf(UserLinkKind kind) => System.Net.IPAddress.Parse(UserLink.NameServer(kind));

    /// <summary>Enters an attachment. From when this returns its ports are open.</summary>
    /// <param name="id">The attachment; what it was before is replaced.</param>
    /// <param name="record">What is to be.</param>
    /// <exception cref="BerthException">
    /// Conflict: a port is taken. Denied: it is not for ordinary users. Unavailable: nobody serves. Nothing is entered.
    /// </exception>
    public void Attach(string id, ForwardRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        KernelPath.MakeDirectories(_directory, 0x1C0);
        KernelPath.WriteAtomically(PathOf(id), record.ToBytes(), 0x180);
        try
        {
            UserNetworkAnswer answer = Visit(state, null, PatienceMilliseconds);
            using (answer.Connection)
            {
                foreach ((string name, Errno errno, string words) in answer.Failures)
                {
                    if (name == id + ForwardRecord.Suffix) throw Refused(record, errno, words);
                }
            }
        }
        catch
        {
            Detach(id);
            throw;
        }
    }

    /// <summary>Takes an attachment out. What is not there is no error.</summary>
    public void Detach(string id)
    {
        KernelPath.Remove(PathOf(id) + ".new");
        KernelPath.Remove(PathOf(id));
        KernelPath.Remove(UserNetworkPlaces.Host(_directory, id));
    }

    /// <summary>Removes what belongs to none of these.</summary>
    /// <param name="valid">Ids of all attachments.</param>
    public void Reconcile(IReadOnlyCollection<string> valid)
    {
        ArgumentNullException.ThrowIfNull(valid);
        HashSet<string> wanted = new(valid, StringComparer.Ordinal);
        foreach (string name in KernelPath.List(_directory))
        {
            if (name.EndsWith(UserNetworkPlaces.HostSuffix, StringComparison.Ordinal) && !wanted.Contains(name[..^UserNetworkPlaces.HostSuffix.Length])) KernelPath.Remove($"{_directory}/{name}");
            bool half = name.EndsWith(ForwardRecord.Suffix + ".new", StringComparison.Ordinal);
            if (!half && !name.EndsWith(ForwardRecord.Suffix, StringComparison.Ordinal)) continue;
            if (half || !wanted.Contains(name[..^ForwardRecord.Suffix.Length])) KernelPath.Remove($"{_directory}/{name}");
        }
    }

    private string PathOf(string id) => $"{_directory}/{id}{ForwardRecord.Suffix}";

    private static BerthException Refused(ForwardRecord record, Errno errno, string words) => errno switch
    {
        Errno.EADDRINUSE => new BerthException(Fault.Conflict, $"cannot publish ports of container {record.ContainerId}: {words}", "another program or container has that port: take another, or none (-p 80) for one that is free") { Code = FaultCode.PortTaken },
        Errno.EACCES => new BerthException(Fault.Denied, $"cannot publish ports of container {record.ContainerId}: {words}", LowPort(record)) { Code = FaultCode.PortDenied },
        Errno.EADDRNOTAVAIL => new BerthException(Fault.InvalidArgument, $"cannot publish ports of container {record.ContainerId}: {words}", "the address is none of this host's"),
        _ => new BerthException(Fault.Failed, $"cannot connect container {record.ContainerId}: {words}"),
    };

    private static string? LowPort(ForwardRecord record)
    {
        int lowest = 65535;
        foreach (ForwardedPort port in record.Ports) lowest = Math.Min(lowest, port.Host.Port);
        return string.Create(CultureInfo.InvariantCulture, $"ports below the host's limit are root's: take a higher one, or as root: sysctl net.ipv4.ip_unprivileged_port_start={lowest}");
    }

    /// <summary>Asks the server, and stays connected.</summary>
    internal static UserNetworkAnswer Visit(string state, Action? start, int milliseconds)
    {
        string directory = UserNetworkPlaces.Directory(state);
        long end = Self.Monotonic + (milliseconds * 1_000_000L);
        while (true)
        {
            if (UnixSocket.TryConnect(UserNetworkPlaces.Socket(directory), out _) is { } connection)
            {
                if (Listen(connection, end) is { } answer) return answer;
                connection.Dispose();
            }
            if (Self.Monotonic > end || start is null) throw new BerthException(Fault.Unavailable, $"the user's network in {directory} does not answer");
            start();
        }
    }

    private static UserNetworkAnswer? Listen(Fd connection, long end)
    {
        byte[] buffer = new byte[4096];
        StringBuilder said = new();
        while (!said.ToString().EndsWith("ok\n", StringComparison.Ordinal))
        {
            PollEntry entry = new() { Fd = connection.Number, Events = 1 };
            int left = (int)Math.Clamp((end - Self.Monotonic) / 1_000_000, 0, int.MaxValue);
            if (Poll.Wait(new Span<PollEntry>(ref entry), left) == 0 && left == 0) return null;
            int length = InetSocket.TryReceive(connection, buffer, out Errno errno);
            if (length < 0 && errno == Errno.EAGAIN) continue;
            // It ended while we talked.
            if (length <= 0) return null;
            said.Append(Encoding.UTF8.GetString(buffer, 0, length));
        }
        return Parse(connection, said.ToString());
    }

    private static UserNetworkAnswer? Parse(Fd connection, string said)
    {
        int inside = 0;
        string? warning = null;
        List<(string, Errno, string)> failures = [];
        foreach (string line in said.Split('\n'))
        {
            string[] words = line.Split(' ', 4);
            if (words is ["pid", var number]) _ = int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out inside);
            else if (words is ["failed", var record, var errno, var why]) failures.Add((record, int.TryParse(errno, out int value) ? (Errno)value : Errno.None, why));
            else if (words[0] == "warning") warning = line["warning ".Length..];
        }
        return inside > 0 ? new UserNetworkAnswer(connection, inside, warning, failures) : null;
    }
}
