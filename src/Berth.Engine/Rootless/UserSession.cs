// A command of an ordinary user, run once more as root of a user namespace: there it may own files of several users, and mount.
using System.Globalization;
using System.Runtime.InteropServices;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Network.Rootless;
using Berth.Oci.Faults;

namespace Berth.Engine.Rootless;

/// <summary>User namespaces for a whole program (user_namespaces(7)).</summary>
public static class UserSession
{
    // Says in the child whose namespace it is.
    private const string Marker = UserNetworkEntry.Marker;
    private const string Brief = "brief:";
    private const int Terminate = 15;

    /// <summary>Whether this process is root in a namespace that was made for an ordinary user.</summary>
    public static bool IsInside => Environment.GetEnvironmentVariable(Marker) is { Length: > 0 };

    /// <summary>Whether this is root, and not of a namespace that was made for an ordinary user.</summary>
    public static bool IsRoot => Self.UserId == 0 && !IsInside;

    /// <summary>Whether an ordinary user runs this, who is not root of a namespace either.</summary>
    public static bool IsOrdinary => Self.UserId != 0;

    /// <summary>Whether the namespace, and with it every mount, ends with this process: nobody stays in it.</summary>
    public static bool IsBrief => Environment.GetEnvironmentVariable(Marker) is { } value && value.StartsWith(Brief, StringComparison.Ordinal);

    /// <summary>Whether this process is in the network of an ordinary user (<see cref="UserEntry"/>).</summary>
    public static bool HasNetwork => Environment.GetEnvironmentVariable(Marker) is { } value && value.StartsWith(UserNetworkEntry.Prefix, StringComparison.Ordinal);

    /// <summary>Whether this process is root in any user namespace but the host's first.</summary>
    public static bool IsMapped =>
        KernelFile.TryReadText("/proc/self/uid_map") is { } map && map.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not ["0", "0", "4294967295"];

    /// <summary>Runs this program once more, in a user namespace of its own, if an ordinary user runs it, and waits for its end.</summary>
    /// <param name="arguments">All of its arguments, argv[0] too.</param>
    /// <returns>Its exit code; null: there is no need, we are root already.</returns>
    /// <exception cref="BerthException">Unsupported: the host has not what is needed for it.</exception>
    public static int? Run(IReadOnlyList<string> arguments) => IsOrdinary ? Run(["/proc/self/exe"], arguments, Brief) : null;

    /// <summary>Runs a program of the user's choice as root of a user namespace of its own: there he sees files of images as containers do.</summary>
    /// <param name="arguments">Its name, to be found on PATH, and its arguments.</param>
    /// <returns>Its exit code.</returns>
    /// <exception cref="BerthException">Unsupported: the host has not what is needed for it. CommandNotFound.</exception>
    public static int RunProgram(IReadOnlyList<string> arguments)
    {
        string name = arguments[0];
        List<string> candidates = name.Contains('/') ? [name] : [.. Folders().Select(folder => $"{folder}/{name}")];
        return candidates.Exists(KernelFile.Exists) ? Run(candidates, arguments, "") : throw new BerthException(Fault.CommandNotFound, $"cannot run {name}: there is no such program");
    }

    private static int Run(IReadOnlyList<string> candidates, IReadOnlyList<string> arguments, string kind)
    {
        uint uid = Self.UserId, gid = Self.GroupId;
        string helperUids = Helper("newuidmap"), helperGids = Helper("newgidmap");
        (uint First, uint Count) uids = LentIds.Of("/etc/subuid", uid) ?? throw NoIds("subuid", uid), gids = LentIds.Of("/etc/subgid", uid) ?? throw NoIds("subgid", uid);
        List<string> environment = [$"{Marker}={kind}{Text(uid)}"];
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables()) environment.Add($"{variable.Key}={variable.Value}");

        using ChildProgram program = new();
        program.Step("wait for the ids of a user namespace");
        program.Meet(child =>
        {
            Map(helperUids, child.Pid, uid, uids);
            Map(helperGids, child.Pid, gid, gids);
        });
        program.Step("become root of a user namespace");
        program.SetGroup(0).SetUser(0);
        // After the ids: changing them forgets it.
        program.SetParentDeathSignal(Terminate);
        program.Step("run berth in a user namespace");
        program.Execute(program.FindProgram(candidates), arguments, environment);
        SpawnedChild inside;
        try { inside = program.Spawn(new SpawnOptions { Namespaces = Namespaces.User | Namespaces.Mount }); }
        catch (Exception e) when (e is LinuxException or StepFailedException or ChildDiedException)
        {
            throw new BerthException(Fault.Unsupported, $"cannot make a user namespace: {e.Message}", "the host may forbid them to users: look at sysctl user.max_user_namespaces and kernel.apparmor_restrict_unprivileged_userns", e) { Code = FaultCode.NamespacesForbidden };
        }
        return Wait(inside);
    }

    private static int Wait(SpawnedChild inside)
    {
        using Fd process = inside.PidFd;
        // The terminal tells both of us of Ctrl-C; whoever kills by number knows only us.
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, static context => context.Cancel = true);
        using PosixSignalRegistration quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, static context => context.Cancel = true);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            PidFd.TrySignal(process, Terminate);
        });
        return WaitStatus.ExitCode(Child.Reap(inside.Pid));
    }

    private static void Map(string helper, int pid, uint own, (uint First, uint Count) lent)
    {
        CommandResult result = CommandRunner.Run(new Command
        {
            Candidates = [helper],
            Arguments = [helper, Text((uint)pid), "0", Text(own), "1", "1", Text(lent.First), Text(lent.Count)],
        });
        if (result.Status != 0) throw new BerthException(Fault.Unsupported, $"{helper} refused to map ids: {result.Output.Trim()}", "the ranges must be listed for you in /etc/subuid and /etc/subgid, and the program must be setuid root") { Code = FaultCode.IdsMissing };
    }

    private static string Text(uint number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Helper(string name)
    {
        foreach (string folder in Folders())
        {
            if (KernelFile.IsExecutable($"{folder}/{name}", out _)) return $"{folder}/{name}";
        }
        throw new BerthException(Fault.Unsupported, $"cannot run without root: {name} is not installed", "install the package uidmap (Debian) or shadow-utils (Fedora), or run as root") { Code = FaultCode.ProgramMissing };
    }

    private static string[] Folders() => (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin").Split(':', StringSplitOptions.RemoveEmptyEntries);

    private static BerthException NoIds(string file, uint uid) =>
        new(Fault.Unsupported, $"cannot run without root: /etc/{file} lends no ids to the user {uid}", $"as root: usermod --add-{(file == "subuid" ? "subuids" : "subgids")} 100000-165535 NAME") { Code = FaultCode.IdsMissing };
}
