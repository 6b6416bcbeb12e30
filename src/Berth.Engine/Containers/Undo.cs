// What is to be undone when what follows fails.
namespace Berth.Engine.Containers;

/// <summary>Each acquisition pushes its release beside it; success dismisses them, failure unwinds them, the last first.</summary>
internal sealed class Undo : IDisposable
{
    private readonly Stack<Action> _actions = new();

    /// <summary>To be done on failure.</summary>
    public void Push(Action action) => _actions.Push(action);

    /// <summary>Nothing is to be undone any more.</summary>
    public void Dismiss() => _actions.Clear();

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_actions.TryPop(out Action? action))
        {
            try
            {
                action();
            }
            catch (Exception e) when (e is Oci.Faults.BerthException or Linux.LinuxException or IOException)
            {
                // The fault that led here is the one to be told; what is left is found by the next look.
            }
        }
    }
}
