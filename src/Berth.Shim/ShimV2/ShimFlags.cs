// The flags of containerd's shims, as Go's flag package reads them: one dash or two, a value behind "=" or in the next word.
using Berth.Oci.Faults;

namespace Berth.Shim.ShimV2;

internal sealed record ShimFlags
{
    public string Namespace { get; private set; } = "";

    public string Id { get; private set; } = "";

    public string Address { get; private set; } = "";

    public string Bundle { get; private set; } = "";

    public string Action { get; private set; } = "";

    public bool VersionAsked { get; private set; }

    public bool InfoAsked { get; private set; }

    /// <summary>Reads a command line.</summary>
    /// <exception cref="BerthException">A flag is unknown.</exception>
    public static ShimFlags Parse(ReadOnlySpan<string> words)
    {
        ShimFlags flags = new();
        int at = 0;
        for (; at < words.Length && words[at].StartsWith('-') && words[at].Length > 1; at++)
        {
            string word = words[at].TrimStart('-');
            int equals = word.IndexOf('=');
            string name = equals < 0 ? word : word[..equals];
            if (name is "debug" or "v" or "version" or "info")
            {
                flags.VersionAsked |= name is "v" or "version";
                flags.InfoAsked |= name == "info";
                continue;
            }
            string value = equals >= 0 ? word[(equals + 1)..] : ++at < words.Length ? words[at] : throw new BerthException(Fault.InvalidArgument, $"flag needs an argument: -{name}");
            flags.Set(name, value);
        }
        if (at < words.Length) flags.Action = words[at];
        return flags;
    }

    private void Set(string name, string value)
    {
        switch (name)
        {
            case "namespace": Namespace = value; break;
            case "id": Id = value; break;
            case "address": Address = value; break;
            case "bundle": Bundle = value; break;
            // Events go to TTRPC_ADDRESS, and sockets are made by start itself.
            case "publish-binary" or "socket" or "debug-socket": break;
            default: throw new BerthException(Fault.InvalidArgument, $"flag provided but not defined: -{name}");
        }
    }
}
