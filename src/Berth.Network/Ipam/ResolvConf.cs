// resolv.conf(5) as part of a result.
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Network.Contract;

namespace Berth.Network.Ipam;

/// <summary>Reads name servers.</summary>
internal static class ResolvConf
{
    /// <summary>Takes nameserver, domain, search and options; the rest is not known to CNI.</summary>
    /// <exception cref="CniException">It cannot be read.</exception>
    public static CniDns Read(string path)
    {
        byte[] content = KernelFile.TryRead(path, out Errno errno) ?? throw CniException.Failed($"cannot read {path}: {new LinuxException("open", path, errno).Message}");
        List<string> servers = [], search = [], options = [];
        string domain = "";
        foreach (string line in Encoding.UTF8.GetString(content).Split('\n'))
        {
            string[] words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || words[0][0] is '#' or ';') continue;
            switch (words[0])
            {
                case "nameserver": servers.Add(words[1]); break;
                case "domain": domain = words[1]; break;
                case "search": search.AddRange(words.AsSpan(1)); break;
                case "options": options.AddRange(words.AsSpan(1)); break;
            }
        }
        return new CniDns { Nameservers = servers, Domain = domain, Search = search, Options = options };
    }
}
