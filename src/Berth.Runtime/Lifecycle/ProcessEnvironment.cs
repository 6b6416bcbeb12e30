// The environment of a container's process: the configured one, completed by HOME and socket activation.
using System.Globalization;
using Berth.Linux.Files;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Lifecycle;

internal static class ProcessEnvironment
{
    /// <summary>The last of several values of one name wins, as in runc.</summary>
    public static List<string> Of(ProcessSpec process, string rootfs, int listenFds)
    {
        List<string> result = [];
        bool home = false;
        List<string> given = process.Env ?? [];
        for (int i = 0; i < given.Count; i++)
        {
            string name = NameOf(given[i]);
            if (Overridden(given, i, name)) continue;
            if (name == "HOME" && given[i].Length == 5) continue;
            home |= name == "HOME";
            result.Add(given[i]);
        }
        if (!home) result.Add("HOME=" + HomeOf(process.User.Uid, rootfs));
        if (listenFds > 0)
        {
            result.Add($"LISTEN_FDS={listenFds}");
            result.Add("LISTEN_PID=1");
            if (Environment.GetEnvironmentVariable("LISTEN_FDNAMES") is { } names) result.Add($"LISTEN_FDNAMES={names}");
        }
        return result;
    }

    private static bool Overridden(List<string> given, int index, string name)
    {
        for (int i = index + 1; i < given.Count; i++)
        {
            if (given[i].Length > name.Length && given[i][name.Length] == '=' && given[i].StartsWith(name, StringComparison.Ordinal)) return true;
        }
        return false;
    }

    private static string NameOf(string variable)
    {
        int equals = variable.IndexOf('=');
        return equals < 0 ? variable : variable[..equals];
    }

    /// <summary>The home directory of /etc/passwd inside the root, or /.</summary>
    private static string HomeOf(uint uid, string rootfs)
    {
        if (RootedFile.TryRead(rootfs, "etc/passwd") is not { } bytes) return "/";
        string id = uid.ToString(CultureInfo.InvariantCulture);
        foreach (string line in System.Text.Encoding.UTF8.GetString(bytes).Split('\n'))
        {
            string[] fields = line.Split(':');
            if (fields.Length >= 6 && fields[2] == id && fields[5].Length > 0) return fields[5];
        }
        return "/";
    }
}
