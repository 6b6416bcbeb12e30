// What is asked of a log besides taking output.
using Berth.Shim.Streams;

namespace Berth.Shim.Logs;

/// <summary>A log of one container.</summary>
internal interface ILogDriver : IOutputSink, IDisposable
{
    /// <summary>Where the log stands, for somebody who reads the file up to there and is told what follows; null where it is no file.</summary>
    LogPlace? Place => null;

    /// <summary>Whether all that was taken is in the log, and the log is in need of nothing.</summary>
    bool IsStill { get; }

    /// <summary>The open file, where the log is one.</summary>
    Linux.Fd? Descriptor => null;

    /// <summary>Hands over what was taken and is not in the log yet, since its line is not whole.</summary>
    void PassUnwritten(IOutputSink sink) { }

    /// <summary>Begins a new file, where the log is one: the old one was moved away.</summary>
    void Reopen();

    /// <summary>Makes sure that what was taken survives a loss of power.</summary>
    void Sync();
}

/// <summary>A place in a file.</summary>
/// <param name="Path">Its name, until the log is rotated.</param>
/// <param name="Inode">Its number, which stays.</param>
/// <param name="Offset">How long the file is, or will be when a full disk takes bytes again.</param>
internal readonly record struct LogPlace(string Path, ulong Inode, long Offset);
