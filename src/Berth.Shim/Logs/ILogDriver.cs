// What is asked of a log besides taking output.
using Berth.Shim.Streams;

namespace Berth.Shim.Logs;

/// <summary>A log of one container.</summary>
internal interface ILogDriver : IOutputSink, IDisposable
{
    /// <summary>Begins a new file, where the log is one: the old one was moved away.</summary>
    void Reopen();

    /// <summary>Makes sure that what was taken survives a loss of power.</summary>
    void Sync();
}
