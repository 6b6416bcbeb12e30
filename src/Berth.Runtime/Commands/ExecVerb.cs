// exec: the process from flags, or from a file.
using System.Globalization;
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Commands;

internal static class ExecVerb
{
    public static int Exec(Invocation call)
    {
        if (call.Flags["process"] is null && call.Arguments.Count < 2) throw new UsageException("process args cannot be empty");
        return call.Runtime.Exec(new ExecRequest
        {
            Id = call.Id,
            Process = spec => ProcessOf(call, spec),
            ConsoleSocket = call.Flags["console-socket"],
            PidFdSocket = call.Flags["pidfd-socket"],
            PidFile = call.Flags["pid-file"],
            Detach = call.Flags.Has("detach"),
            IgnorePaused = call.Flags.Has("ignore-paused"),
            PreserveFds = call.Flags.Int("preserve-fds", 0),
            Cgroups = call.Flags.All("cgroup"),
            NoSubreaper = call.Flags.Has("no-subreaper"),
        });
    }

    private static ProcessSpec ProcessOf(Invocation call, Spec spec)
    {
        if (call.Flags["process"] is { } file) return SpecReader.ReadProcess(KernelFile.Read(file));
        ProcessSpec own = spec.Process!;
        ProcessSpec process = own with
        {
            Args = call.Arguments[1..],
            Env = [.. own.Env ?? [], .. call.Flags.All("env")],
            Cwd = call.Flags["cwd"] is { Length: > 0 } cwd ? cwd : own.Cwd,
            Terminal = call.Flags.Has("tty"),
            NoNewPrivileges = call.Flags.Given("no-new-privs") ? call.Flags.Has("no-new-privs") : own.NoNewPrivileges,
            ApparmorProfile = call.Flags["apparmor"] ?? own.ApparmorProfile,
            SelinuxLabel = call.Flags["process-label"] ?? own.SelinuxLabel,
            User = own.User with { AdditionalGids = [.. own.User.AdditionalGids ?? []] },
        };
        if (call.Flags["user"] is { Length: > 0 } user) SetUser(process.User, user);
        foreach (string gid in call.Flags.All("additional-gids")) process.User.AdditionalGids!.Add(Id(gid, "additional gid"));
        if (call.Flags.All("cap") is { Count: > 0 } caps) process.Capabilities = Add(own.Capabilities, caps);
        return process;
    }

    private static void SetUser(UserSpec user, string text)
    {
        int colon = text.IndexOf(':');
        user.Uid = Id(colon < 0 ? text : text[..colon], "uid of user");
        if (colon >= 0) user.Gid = Id(text[(colon + 1)..], "gid of user");
    }

    /// <summary>Digits and nothing else: no sign, no blank, no more than a 32-bit id that is not the "no change" id (CVE-2026-30892).</summary>
    private static uint Id(string text, string what) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint id) && id != uint.MaxValue
            ? id
            : throw new BerthException(Fault.InvalidArgument, $"parsing {text} as int for {what} failed: invalid syntax", "exec takes numbers: names belong to the image's /etc/passwd, which a container may change");

    private static CapabilitiesSpec Add(CapabilitiesSpec? own, List<string> caps)
    {
        foreach (string cap in caps)
        {
            if (Linux.Security.Capabilities.BitOf(cap) is null) throw new BerthException(Fault.InvalidArgument, $"unknown capability \"{cap}\"", "names are those of capabilities(7), such as CAP_NET_ADMIN");
        }
        return new CapabilitiesSpec
        {
            Bounding = [.. own?.Bounding ?? [], .. caps],
            Effective = [.. own?.Effective ?? [], .. caps],
            Permitted = [.. own?.Permitted ?? [], .. caps],
            Inheritable = own?.Inheritable,
            // Ambient only where it is inheritable too: else the kernel refuses it.
            Ambient = own?.Ambient is { } ambient ? [.. ambient, .. caps.FindAll(c => own.Inheritable?.Contains(c) == true)] : null,
        };
    }
}
