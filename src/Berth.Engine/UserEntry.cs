// The way of an ordinary user's command into the network where his containers' bridges are.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Oci.Faults;

namespace Berth.Engine;

/// <summary>Enters the network of an ordinary user.</summary>
public static class UserEntry
{
    /// <summary>Executes a program in place of this one, as root of the user's network, which is made if it is not there.</summary>
    /// <param name="options">Whose network.</param>
    /// <param name="command">The program, to be found on PATH, and its arguments.</param>
    /// <returns>Only with an exception.</returns>
    /// <exception cref="BerthException">CommandNotFound. Unavailable: berth-cni, which keeps the network, is not there.</exception>
    public static Exception Execute(EngineOptions options, IReadOnlyList<string> command)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(command);
        List<string> words = ["berth-usernet", "enter", "--state", options.RunFolder, "--", Find(command[0])];
        for (int i = 1; i < command.Count; i++) words.Add(command[i]);
        List<string> environment = [];
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables()) environment.Add($"{variable.Key}={variable.Value}");
        try
        {
            return Daemon.Execute(Networks.NetworkPlaces.Program(options.NameServer), words, environment);
        }
        catch (LinuxException e)
        {
            throw new BerthException(Fault.Unavailable, $"cannot enter the user's network: {e.Message}", "berth-cni keeps it: install it beside berth", e);
        }
    }

    private static string Find(string name)
    {
        if (name.Contains('/')) return name;
        foreach (string folder in (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin").Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            if (KernelFile.IsExecutable($"{folder}/{name}", out _)) return $"{folder}/{name}";
        }
        throw new BerthException(Fault.CommandNotFound, $"cannot run {name}: there is no such program");
    }
}
