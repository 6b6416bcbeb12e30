// Which network namespace a path leads to: a path may be another one's after a while, after a start of the host surely.
using System.Globalization;
using Berth.Linux;
using Berth.Linux.Files;

namespace Berth.Engine.Networks;

/// <summary>Tells network namespaces apart.</summary>
internal static class NamespacePlace
{
    private const long NsfsMagic = 0x6E736673;
    private static string? s_start;

    /// <summary>This start of the host.</summary>
    private static string Start => s_start ??= KernelFile.TryReadText("/proc/sys/kernel/random/boot_id")?.Trim() ?? "";

    /// <summary>The namespace behind a path, as words that are compared; null where none is.</summary>
    public static string? Of(string path)
    {
        using Fd? fd = KernelPath.TryOpen(path, 0);
        if (fd is null || KernelPath.FileSystemType(fd) != NsfsMagic) return null;
        FileFacts facts = KernelPath.Facts(fd);
        return string.Create(CultureInfo.InvariantCulture, $"{Start} {facts.Device}:{facts.Inode}");
    }

    /// <summary>Whether the namespace of an attachment is gone.</summary>
    public static bool IsGone(Attachment attachment) => Of(attachment.Spec.NetworkNamespace) != attachment.Place;
}
