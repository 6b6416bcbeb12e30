// Undo is written beside do: what was acquired is released last in, first out, unless the whole succeeded.
namespace Berth.Runtime.Lifecycle;

/// <summary>A stack of releases.</summary>
internal sealed class Undo : IDisposable
{
    private readonly Stack<Action> _releases = new();
    private bool _dismissed;

    public void Push(Action release) => _releases.Push(release);

    /// <summary>All went well: nothing is undone.</summary>
    public void Dismiss() => _dismissed = true;

    public void Dispose()
    {
        if (_dismissed) return;
        while (_releases.TryPop(out Action? release))
        {
            // The fault that brought us here is the one to report; one while undoing must not hide it.
            try { release(); }
            catch (Exception e) when (e is Oci.Faults.BerthException or Linux.LinuxException) { }
        }
    }
}
