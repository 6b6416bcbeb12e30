// Attachments on disk: a folder for each container, a file for each interface, and the lock of whoever changes them.
using Berth.Linux.Files;

namespace Berth.Engine.Networks;

/// <summary>
/// <c>RUN/attachments/CONTAINER/INTERFACE.json</c>, and <c>lock</c> beside it, held while a container is attached or detached: an attachment
/// that is not complete while nobody has the lock is what a process left that was killed.
/// </summary>
internal sealed class AttachmentFolder(string run)
{
    private const string Suffix = ".json";
    private readonly string _folder = $"{run}/attachments";

    public FileLock Lock(string container) => FileLock.Take($"{_folder}/{container}/lock");

    /// <summary>Null: somebody is at work on it.</summary>
    public FileLock? TryLock(string container) => FileLock.Take($"{_folder}/{container}/lock", wait: false);

    public List<string> Containers() => KernelPath.List(_folder);

    public List<Attachment> Of(string container)
    {
        List<Attachment> all = [];
        List<string> names = KernelPath.List($"{_folder}/{container}");
        names.Sort(StringComparer.Ordinal);
        foreach (string name in names)
        {
            string path = $"{_folder}/{container}/{name}";
            if (name.EndsWith(Suffix, StringComparison.Ordinal) && KernelFile.TryRead(path, out _) is { } bytes) all.Add(RecordJson.Read(bytes, path, AttachmentJson.Read));
        }
        return all;
    }

    public List<Attachment> All()
    {
        List<Attachment> all = [];
        foreach (string container in Containers()) all.AddRange(Of(container));
        return all;
    }

    public List<Attachment> On(string networkId)
    {
        List<Attachment> all = All();
        all.RemoveAll(one => one.NetworkId != networkId);
        return all;
    }

    public void Write(Attachment attachment) => KernelPath.WriteAtomically(PathOf(attachment), AttachmentJson.Write(attachment), 0x180);

    public void Remove(Attachment attachment) => KernelPath.Remove(PathOf(attachment));

    /// <summary>Removes a container's folder if nothing is in it any more.</summary>
    public void Tidy(string container, FileLock held)
    {
        string folder = $"{_folder}/{container}";
        foreach (string name in KernelPath.List(folder))
        {
            if (name.EndsWith(Suffix, StringComparison.Ordinal)) return;
        }
        // Half of a record may be there, of one that was killed while it wrote.
        foreach (string name in KernelPath.List(folder))
        {
            if (name != "lock") KernelPath.Remove($"{folder}/{name}");
        }
        held.RemoveFile();
        KernelPath.RemoveDirectory(folder);
    }

    private string PathOf(Attachment attachment) => $"{_folder}/{attachment.ContainerId}/{attachment.InterfaceName}{Suffix}";
}
