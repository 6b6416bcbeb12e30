// Who attaches containers says their names here; the server is started with the first, and ends by itself with the last.
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Linux.Sockets;
using Berth.Oci.Faults;

namespace Berth.Network.Names;

/// <summary>Where names are kept, and what serves them.</summary>
public sealed record NameServiceOptions
{
    /// <summary>The state directory; records are in <c>dns</c> below it.</summary>
    public required string State { get; init; }

    /// <summary>The program that is executed as <c>berth-dns</c>.</summary>
    public required string Program { get; init; }

    /// <summary>The host's resolv.conf.</summary>
    public string ResolvConf { get; init; } = "/etc/resolv.conf";

    /// <summary>How long a server has to say that it serves.</summary>
    public int TimeoutMilliseconds { get; init; } = 10_000;
}

/// <summary>An attachment whose names are to stay.</summary>
/// <param name="Network">The network's name.</param>
/// <param name="ContainerId">The container.</param>
/// <param name="InterfaceName">Its interface.</param>
public readonly record struct NameAttachment(string Network, string ContainerId, string InterfaceName);

/// <summary>
/// Names of containers, as files that a server reads. Any number of processes may do this at once.
/// <code>
///   here                                      berth-dns
///   write the record (rename)                 sleeps; inotify has the change in its queue from now on
///   connect to server.socket        ------>   takes changes, opens and closes sockets
///                                   &lt;------   "ADDRESS why not" for each that failed, "ok"
///   nobody there: execute berth-dns,          takes the lock, binds server.socket, goes into the background
///   and connect again
///   remove the record (unlink)                takes the change; with the last one: closes server.socket,
///                                             looks once more, and ends
/// </code>
/// Whoever is killed at any point leaves a record or none, and a lock that the kernel lets go.
/// </summary>
/// <param name="options">Where.</param>
public sealed class NameService(NameServiceOptions options)
{
    private readonly string _directory = NamePlaces.Directory(options.State);

    /// <summary>Starts a server in another way than by executing it.</summary>
    internal Action? Starter { get; init; }

    /// <summary>Enters a container's names. From when this returns they are answered.</summary>
    /// <param name="network">The network, as it is now.</param>
    /// <param name="container">The container; what it was before is replaced.</param>
    /// <exception cref="BerthException">
    /// <see cref="Fault.InvalidArgument"/>: a name is none. <see cref="Fault.Conflict"/>: another program has the port.
    /// <see cref="Fault.Unavailable"/>: the server does not start. Nothing is entered.
    /// </exception>
    public void Attach(NetworkNames network, ContainerNames container)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(container);
        NameRecord record = new(network, container, Self.RealTime);
        record.Validate();
        KernelPath.MakeDirectories(_directory, 0x1C0);
        string path = PathOf(network.Name, container.ContainerId, container.InterfaceName);
        KernelPath.WriteAtomically(path, record.ToBytes(), 0x180);
        try
        {
            Ensure(network);
        }
        catch
        {
            KernelPath.Remove(path);
            throw;
        }
    }

    /// <summary>Takes a container's names out of a network. What is not there is no error.</summary>
    /// <param name="attachment">Which.</param>
    public void Detach(NameAttachment attachment)
    {
        string path = PathOf(attachment.Network, attachment.ContainerId, attachment.InterfaceName);
        // Half of a record may be there, of one that was killed while it wrote.
        KernelPath.Remove(path + ".new");
        KernelPath.Remove(path);
    }

    /// <summary>Removes what belongs to none of the attachments that there are, and starts the server if it is gone.</summary>
    /// <param name="valid">All attachments.</param>
    /// <param name="network">Only this network's are looked at; null: all.</param>
    /// <exception cref="BerthException">As <see cref="Attach"/>.</exception>
    public void Reconcile(IReadOnlyCollection<NameAttachment> valid, string? network = null)
    {
        ArgumentNullException.ThrowIfNull(valid);
        HashSet<string> wanted = new(StringComparer.Ordinal);
        foreach (NameAttachment attachment in valid) wanted.Add(NameRecord.FileName(attachment.Network, attachment.ContainerId, attachment.InterfaceName));
        bool any = false;
        foreach (string name in KernelPath.List(_directory))
        {
            bool half = name.EndsWith(NameRecord.Suffix + ".new", StringComparison.Ordinal);
            if (!half && !name.EndsWith(NameRecord.Suffix, StringComparison.Ordinal)) continue;
            bool looked = network is null || name.StartsWith(network + "@", StringComparison.Ordinal);
            if (looked && !wanted.Contains(half ? name[..^4] : name)) KernelPath.Remove(_directory + "/" + name);
            else any |= !half;
        }
        if (any) Ensure(null);
    }

    private string PathOf(string network, string container, string @interface) => _directory + "/" + NameRecord.FileName(network, container, @interface);

    // The server has seen what was written before, or it is started, and asked again.
    private void Ensure(NetworkNames? network)
    {
        long end = Self.Monotonic + (options.TimeoutMilliseconds * 1_000_000L);
        while (true)
        {
            if (Ask() is { } said)
            {
                if (network is not null) Require(network, said);
                return;
            }
            if (Self.Monotonic > end) throw new BerthException(Fault.Unavailable, $"cannot serve names of {_directory}: the server does not answer in {options.TimeoutMilliseconds} ms");
            Start();
        }
    }

    private string? Ask()
    {
        try
        {
            using UnixStream stream = UnixStream.Connect(NamePlaces.Socket(_directory));
            byte[] buffer = new byte[4096];
            StringBuilder said = new();
            while (true)
            {
                int length = stream.Receive(buffer, options.TimeoutMilliseconds);
                if (length == 0) break;
                said.Append(Encoding.UTF8.GetString(buffer, 0, length));
            }
            string text = said.ToString();
            return text.EndsWith("ok\n", StringComparison.Ordinal) ? text : null;
        }
        catch (LinuxException)
        {
            // Nobody is there, or it ended while we talked.
            return null;
        }
    }

    private static void Require(NetworkNames network, string said)
    {
        foreach (System.Net.IPAddress address in network.Listen)
        {
            string endpoint = new Linux.Network.InetEndpoint(address, network.Port).ToString() + " ";
            foreach (string line in said.Split('\n'))
            {
                if (!line.StartsWith(endpoint, StringComparison.Ordinal)) continue;
                throw new BerthException(Fault.Conflict, $"cannot serve names of network {network.Name} at {endpoint.TrimEnd()}: {line[endpoint.Length..]}",
                    "another name server may listen at all addresses: let it listen at its own, or give the network another port");
            }
        }
    }

    private void Start()
    {
        if (Starter is { } starter)
        {
            starter();
            return;
        }
        CommandResult result;
        try
        {
            result = StartedProgram.Run(options.Program, ["berth-dns", "--state", options.State, "--resolv-conf", options.ResolvConf], options.TimeoutMilliseconds);
        }
        catch (LinuxException e)
        {
            throw new BerthException(Fault.Unavailable, $"cannot start the name server {options.Program}: {e.Message}", null, e);
        }
        if (result.TimedOut || result.Status != 0)
        {
            throw new BerthException(Fault.Unavailable, $"cannot start the name server {options.Program}: {(result.TimedOut ? "it does not say that it serves" : WaitStatus.Describe(result.Status) + " " + result.Output.Trim())}");
        }
    }
}
