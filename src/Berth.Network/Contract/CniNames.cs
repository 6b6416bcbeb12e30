// Which names CNI lets pass: they become parts of paths, of rules, and of other programs' environments.
using System.Text;

namespace Berth.Network.Contract;

/// <summary>Checks of names (specification 1.1, "Parameters", and what the kernel wants of interfaces).</summary>
public static class CniNames
{
    /// <summary>IFNAMSIZ without the zero.</summary>
    private const int LongestInterface = 15;

    /// <summary>Refuses a container's id that is none.</summary>
    /// <exception cref="CniException">Codes 3 and 4.</exception>
    public static void RequireContainerId(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (id.Length == 0) throw new CniException(CniCode.UnknownContainer, "missing containerID");
        if (!IsPlain(id)) throw new CniException(CniCode.InvalidEnvironment, "invalid characters in containerID", id);
    }

    /// <summary>Refuses a network's name that is none.</summary>
    /// <exception cref="CniException">Code 7.</exception>
    public static void RequireNetworkName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length == 0) throw CniException.Wrong("missing network name");
        if (!IsPlain(name)) throw CniException.Wrong("invalid characters found in network name", name);
    }

    /// <summary>Refuses an interface's name that the kernel would refuse.</summary>
    /// <exception cref="CniException">Code 4.</exception>
    public static void RequireInterfaceName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        string? why = null;
        string? details = null;
        if (name.Length == 0) why = "interface name is empty";
        else if (Encoding.UTF8.GetByteCount(name) > LongestInterface) (why, details) = ("interface name is too long", "interface name should be less than 16 characters");
        else if (name is "." or "..") why = "interface name is . or ..";
        else
        {
            foreach (char c in name)
            {
                if (c is '/' or ':' || char.IsWhiteSpace(c)) why = "interface name contains / or : or whitespace characters";
            }
        }
        if (why is not null) throw new CniException(CniCode.InvalidEnvironment, why, details);
    }

    /// <summary>A letter or a digit, then also <c>_</c>, <c>.</c> and <c>-</c>.</summary>
    private static bool IsPlain(string name)
    {
        for (int i = 0; i < name.Length; i++)
        {
            if (!char.IsAsciiLetterOrDigit(name[i]) && (i == 0 || name[i] is not ('_' or '.' or '-'))) return false;
        }
        return true;
    }
}
