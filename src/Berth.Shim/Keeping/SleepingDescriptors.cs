// Descriptors on their way through execve, to the program that wakes.
using Berth.Linux;

namespace Berth.Shim.Keeping;

/// <summary>What stays open while a shim sleeps.</summary>
internal sealed class SleepingDescriptors
{
    private readonly List<Fd> _passed = [];

    /// <summary>Lets one through, and tells its number; 0: there is none.</summary>
    public uint Pass(Fd? fd)
    {
        if (fd is null) return 0;
        fd.SetCloseOnExec(false);
        _passed.Add(fd);
        return (uint)fd.Number;
    }

    /// <summary>It comes to nothing: they are this program's alone again.</summary>
    public void TakeBack()
    {
        foreach (Fd fd in _passed) fd.SetCloseOnExec(true);
        _passed.Clear();
    }

    /// <summary>One that came through: it is ours, and no other program's.</summary>
    public static Fd? Take(uint number)
    {
        if (number == 0) return null;
        Fd fd = new((int)number);
        fd.SetCloseOnExec(true);
        return fd;
    }
}
