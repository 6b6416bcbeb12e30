// The way into a user's network.
using System.Collections;
using System.Globalization;
using System.Text;
using Berth.Linux;
using Berth.Linux.Processes;
using Berth.Oci.Faults;

namespace Berth.Network.Rootless;

/// <summary>Joins the namespaces, and executes a program there.</summary>
public static class UserNetworkEntry
{
    private const int PatienceMilliseconds = 30_000;

    /// <summary>In the environment of who is inside: whose it is.</summary>
    public const string Marker = "_BERTH_USER";

    /// <summary>What its value begins with.</summary>
    public const string Prefix = "net:";

    /// <summary>Executes a program in the user's network, which is made if it is not there. A connection that the program inherits keeps it.</summary>
    /// <param name="state">The state directory.</param>
    /// <param name="link">How it is connected with the host, if it is made.</param>
    /// <param name="command">The program's path, and its arguments.</param>
    /// <returns>Only with an exception.</returns>
    /// <exception cref="BerthException">Unavailable: it cannot be made.</exception>
    /// <exception cref="LinuxException">The program cannot be executed.</exception>
    public static Exception Execute(string state, UserLinkKind link, IReadOnlyList<string> command)
    {
        ArgumentNullException.ThrowIfNull(command);
        uint user = Self.UserId;
        UserNetworkAnswer answer = UserNetwork.Visit(state, () => Start(state, link), PatienceMilliseconds);
        if (answer.Warning is { } warning) RawIoError($"the user's network has no way out: {warning}");
        string folder = Environment.CurrentDirectory;
        UserNamespaces.Of(answer.Inside).Join();
        Return(folder);
        Daemon.BecomeRoot();
        // It is this connection that says that somebody is inside.
        answer.Connection.SetCloseOnExec(false);
        List<string> environment = [$"{Marker}={Prefix}{user.ToString(CultureInfo.InvariantCulture)}"];
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            if (variable.Key is not Marker) environment.Add($"{variable.Key}={variable.Value}");
        }
        return Daemon.Execute(command[0], command, environment);
    }

    // Who joins a mount namespace is at its root afterwards; paths that the user has said are seen from where he is.
    private static void Return(string folder)
    {
        try
        {
            Environment.CurrentDirectory = folder;
        }
        catch (IOException)
        {
            // Where he is, his network's namespace has nothing: whole paths are right there too.
        }
    }

    private static void Start(string state, UserLinkKind link)
    {
        CommandResult result = StartedProgram.Run("/proc/self/exe", ["berth-usernet", "--state", state, "--link", UserLink.NameOf(link)], PatienceMilliseconds,
            Environment.GetEnvironmentVariable("PATH") is { Length: > 0 } path ? [$"PATH={path}"] : null);
        if (result.TimedOut || result.Status != 0) throw new BerthException(Fault.Unavailable, $"cannot make the user's network: {(result.TimedOut ? "it does not say that it serves" : result.Output.Trim())}");
    }

    private static void RawIoError(string sentence) => Linux.Files.RawIo.WriteAll(2, Encoding.UTF8.GetBytes($"berth-usernet: {sentence}\n"));
}
