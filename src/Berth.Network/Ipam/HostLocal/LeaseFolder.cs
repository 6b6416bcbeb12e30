// The leases of a network on disk, in the reference plugin's format: both may work on one folder at the same time.
using System.Net;
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Network.Contract;

namespace Berth.Network.Ipam.HostLocal;

/// <summary>
/// One file an address, named by it, with <c>id CR LF interface</c> in it; <c>last_reserved_ip.N</c> says where range set N goes on;
/// <c>lock</c> is held (flock) from opening to disposing. What is not in these files is not known to anybody;
/// <see cref="LeaseIndex"/> only says where to look.
/// </summary>
internal sealed class LeaseFolder : IDisposable
{
    private const int ReadOnly = 0, WriteOnly = 1, Create = 0x40, Exclusive = 0x80, Truncate = 0x200;
    private const uint Private = 0x180;

    private readonly string _path;
    private readonly Fd _lock;
    private readonly LeaseIndex _index;

    private LeaseFolder(string path, Fd held)
    {
        _path = path;
        _lock = held;
        _index = LeaseIndex.Load(path);
    }

    /// <summary>Opens the folder, makes it where it is not there, and waits for its lock.</summary>
    /// <exception cref="LinuxException">It cannot be made.</exception>
    public static LeaseFolder Open(string path)
    {
        if (KernelPath.TryOpen($"{path}/lock", ReadOnly | Create, 0x1E8) is not { } file)
        {
            KernelPath.MakeDirectories(path, 0x1ED);
            file = KernelPath.Open($"{path}/lock", ReadOnly | Create, 0x1E8);
        }
        KernelPath.Lock(file, wait: true);
        return new LeaseFolder(path, file);
    }

    /// <summary>Takes an address.</summary>
    /// <returns>False when it is taken.</returns>
    public bool Take(IPAddress address, AttachmentId owner, int set)
    {
        string text = AddressText.Of(address);
        string path = $"{_path}/{text}";
        Fd? file = KernelPath.TryOpen(path, WriteOnly | Create | Exclusive, Private);
        if (file is null)
        {
            Errno why = KernelPath.LastErrno;
            if (why != Errno.EEXIST) throw new LinuxException("create", path, why);
            // Whoever writes holds the lock that we hold: an empty lease is one whose writer was killed, and its address belongs to nobody.
            if (KernelPath.Facts(path) is not { Size: 0, IsRegular: true }) return false;
            file = KernelPath.Open(path, WriteOnly);
        }
        using (file)
        {
            try
            {
                KernelPath.WriteAll(file, Encoding.UTF8.GetBytes(Key(owner)), path);
            }
            catch (LinuxException)
            {
                KernelPath.Remove(path);
                throw;
            }
        }
        _index.Add(Key(owner), text);
        using Fd last = KernelPath.Open($"{_path}/last_reserved_ip.{set}", WriteOnly | Create | Truncate, Private);
        KernelPath.WriteAll(last, Encoding.UTF8.GetBytes(text), "last_reserved_ip");
        return true;
    }

    /// <summary>The address that was given out last from a set, or null.</summary>
    public IPAddress? Last(int set) => KernelFile.TryReadText($"{_path}/last_reserved_ip.{set}") is { } text ? AddressText.TryParse(text) : null;

    /// <summary>The addresses of an attachment; leases of old versions name the container alone.</summary>
    public List<IPAddress> Of(AttachmentId owner)
    {
        List<IPAddress> addresses = [];
        foreach ((string name, string content) in Candidates(owner))
        {
            if ((content == Key(owner) || content == owner.ContainerId) && AddressText.TryParse(name) is { } address) addresses.Add(address);
        }
        return addresses;
    }

    /// <summary>Gives back all that an attachment has.</summary>
    /// <exception cref="LinuxException">A lease cannot be removed.</exception>
    public void Release(AttachmentId owner)
    {
        // An attachment that the index does not know may be one whose lease came in the same tick of the clock as its stamp.
        if (_index.IsTrusted && Release(owner, Candidates(owner), old: false)) return;
        Release(owner, All(), old: true);
    }

    private bool Release(AttachmentId owner, List<(string Name, string Content)> leases, bool old)
    {
        bool found = false;
        foreach ((string name, string content) in leases)
        {
            if (content != Key(owner)) continue;
            found = true;
            Remove(name, content);
        }
        if (found || !old) return found;
        foreach ((string name, string content) in leases)
        {
            if (content == owner.ContainerId) Remove(name, content);
        }
        return found;
    }

    /// <summary>Gives back what belongs to none of the attachments.</summary>
    /// <exception cref="LinuxException">A lease cannot be removed.</exception>
    public void Keep(IReadOnlyList<AttachmentId> valid)
    {
        HashSet<string> keys = new(valid.Count * 2, StringComparer.Ordinal);
        foreach (AttachmentId one in valid)
        {
            keys.Add(Key(one));
            keys.Add(one.ContainerId);
        }
        foreach ((string name, string content) in All())
        {
            if (!keys.Contains(content) && AddressText.TryParse(name) is not null) Remove(name, content);
        }
    }

    /// <summary>How many addresses of a set are taken, without reading whose they are.</summary>
    public UInt128 Taken(RangeSet set)
    {
        UInt128 taken = 0;
        foreach (string name in Names())
        {
            if (AddressText.TryParse(name) is { } address && set.Of(address) is not null) taken++;
        }
        return taken;
    }

    public void Dispose()
    {
        _index.Save();
        _lock.Dispose();
    }

    private static string Key(AttachmentId owner) => $"{owner.ContainerId}\r\n{owner.InterfaceName}";

    /// <summary>What may be an attachment's, as its files say; the caller compares.</summary>
    private List<(string Name, string Content)> Candidates(AttachmentId owner) =>
        _index.IsTrusted ? Read([.. _index.Find(Key(owner)), .. _index.Find(owner.ContainerId)]) : All();

    /// <summary>All leases, from their files.</summary>
    private List<(string Name, string Content)> All()
    {
        List<(string Name, string Content)> all = Read(Names());
        _index.Fill(all);
        return all;
    }

    /// <summary>Files with what is in them; what is empty or too long is no lease.</summary>
    private List<(string Name, string Content)> Read(List<string> names)
    {
        List<(string, string)> leases = new(names.Count);
        byte[] buffer = new byte[1024];
        foreach (string name in names)
        {
            using Fd? file = KernelPath.TryOpen($"{_path}/{name}", ReadOnly);
            if (file is null) continue;
            int length = FdIo.TryRead(file, buffer, out _);
            if (length > 0 && length < buffer.Length) leases.Add((name, Encoding.UTF8.GetString(buffer, 0, length).Trim()));
        }
        return leases;
    }

    private List<string> Names()
    {
        List<string> all = KernelDirectory.TryListAll(_path, out Errno errno) ?? throw new LinuxException("list", _path, errno);
        all.RemoveAll(static name => name == "lock" || name.StartsWith("last_reserved_ip.", StringComparison.Ordinal));
        return all;
    }

    private void Remove(string name, string content)
    {
        _index.Remove(content, name);
        if (!KernelPath.Remove($"{_path}/{name}") && KernelPath.LastErrno is var why and not Errno.ENOENT) throw new LinuxException("remove", $"{_path}/{name}", why);
    }
}
