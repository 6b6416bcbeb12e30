// Undo is written beside do: what was acquired is released last in, first out, unless the whole succeeded.
namespace Berth.Runtime.Lifecycle;

/// <summary>A stack of releases.</summary>
internal sealed class Undo : IDisposable
{
    private readonly List<Action> _releases = [];
    private bool _dismissed;

    public void Push(Action release) => _releases.Add(release);

    /// <summary>All went well: nothing is undone.</summary>
    public void Dismiss() => _dismissed = true;

    public void Dispose()
    {
        if (_dismissed) return;
        for (int i = _releases.Count - 1; i >= 0; i--)
        {
            // The fault that brought us here is the one to report; one while undoing must not hide it.
            try { _releases[i](); }
            catch (Exception e) when (e is Oci.Faults.BerthException or Linux.LinuxException) { }
        }
    }
}
