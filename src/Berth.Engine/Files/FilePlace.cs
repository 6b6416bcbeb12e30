// A place in a tree of files, found once and held by descriptors: whoever renames parts of its path later changes nothing for us.
using Berth.Linux;
using Berth.Linux.Files;

namespace Berth.Engine.Files;

/// <summary>A node, or a name where one may be made.</summary>
internal sealed class FilePlace : IDisposable
{
    /// <summary>The folder it is in; of a folder, that one itself.</summary>
    public required Fd Folder { get; init; }

    /// <summary>Its name there; <c>.</c> for a folder.</summary>
    public required byte[] Name { get; init; }

    /// <summary>What it is; null: it is not there.</summary>
    public NodeFacts? Facts { get; init; }

    /// <summary>From the root of the tree, without links in it.</summary>
    public required string Path { get; init; }

    /// <summary>The last part of its path; of the root itself <c>.</c>.</summary>
    public byte[] BaseName => Path.Length == 0 ? "."u8.ToArray() : System.Text.Encoding.UTF8.GetBytes(Path[(Path.LastIndexOf('/') + 1)..]);

    /// <summary>Whether a folder is there.</summary>
    public bool IsFolder => Facts is { IsDirectory: true };

    /// <summary>How ids on its disk are to be read; null: as they are.</summary>
    public IdShift? Ids { get; init; }

    /// <summary>Whether nothing may be written there, whatever the disk allows.</summary>
    public bool IsReadOnly { get; init; }

    public void Dispose() => Folder.Dispose();
}
