// The container's terminal: opened on its own devpts, bound on /dev/console, sent to whoever holds the other end.
using Berth.Linux;
using Berth.Linux.Programs;
using Berth.Linux.Terminals;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Plan;

internal static class Console
{
    private const long DevPtsMagic = 0x1CD1;

    /// <summary>Opens the pseudo-terminal below the root.</summary>
    /// <returns>The slave's slot; unused where there is no terminal.</returns>
    public static Slot Add(ChildProgram program, PlanInput input, MountCalls calls, Slot root)
    {
        if (input.Spec.Process is not { Terminal: true } || input.ConsoleSocket is null) return default;
        Slot slave = Open(program, input, root);
        program.Step("bind the console", "/dev/console", "the terminal by its descriptor, never by a path that the image could redirect (CVE-2025-52565)");
        BindSource terminal = calls.Source(slave, recursive: false);
        // An image may ship a link there: it is not followed.
        Slot dev = program.OpenTarget(root, "dev", TargetKind.Directory, 0x1ED);
        program.MakeNode(dev, "console", 0x8000 | 0x180, 0).Tolerate(Errno.EEXIST, Errno.EROFS);
        const Resolve Within = Resolve.Beneath | Resolve.NoSymlinks | Resolve.NoMagicLinks;
        Slot target = program.OpenAt2(dev, "console", OpenFlags.Path | OpenFlags.NoFollow, Within);
        program.Close(calls.Bind(terminal, new MountPoint(target, dev, "console", Within))).Close(target).Close(dev);
        return slave;
    }

    /// <summary>Opens a pseudo-terminal and sends the master away.</summary>
    public static Slot Open(ChildProgram program, PlanInput input, ProgramFd root)
    {
        const string Path = "dev/pts/ptmx";
        ProcessSpec process = input.Spec.Process!;
        program.Step("open a terminal", Path, "on the container's own devpts");
        Slot slave = program.NewSlot();
        Slot mark = program.MarkSlots();
        Slot master = program.OpenAt2(root, Path, OpenFlags.ReadWrite | OpenFlags.NoControllingTerminal, Resolve.InRoot | Resolve.NoSymlinks | Resolve.NoMagicLinks);
        program.RequireFileSystem(master, DevPtsMagic, Errno.ENODEV);
        program.Ioctl(master, TerminalRequests.Lock, stackalloc byte[4]);
        Slot peer = program.IoctlFd(master, TerminalRequests.OpenPeer, TerminalRequests.PeerFlags);
        program.CopySlot(peer, slave);
        // ONLCR: whoever reads the master gets the program's bytes; a terminal on the other side adds the carriage returns.
        program.ClearOutputFlags(peer, 0x4);
        if (input.TerminalSize is { } own) SetSize(program, master, own.Rows, own.Columns);
        else if (process.ConsoleSize is { } size) SetSize(program, master, (ushort)size.Height, (ushort)size.Width);
        if (process.User.Uid != 0) program.ChangeOwner(slave, process.User.Uid, uint.MaxValue).Tolerate(Errno.EPERM, Errno.EINVAL);
        program.Step("send the terminal", null, "its master end belongs to whoever asked for the container");
        program.SendFd(input.ConsoleSocket!, master, "/dev/ptmx").Close(master);
        program.ReleaseSlots(mark);
        return slave;
    }

    private static void SetSize(ChildProgram program, Slot terminal, ushort rows, ushort columns)
    {
        Span<byte> window = stackalloc byte[8];
        BitConverter.TryWriteBytes(window, rows);
        BitConverter.TryWriteBytes(window[2..], columns);
        program.Ioctl(terminal, TerminalRequests.SetSize, window);
    }

    /// <summary>Makes the slave the standard streams and the controlling terminal.</summary>
    public static void Connect(ChildProgram program, PlanInput input, Slot slave)
    {
        if (input.Spec.Process is not { Terminal: true } || input.ConsoleSocket is null) return;
        Connect(program, slave);
    }

    /// <summary>As the other form.</summary>
    public static void Connect(ChildProgram program, Slot slave)
    {
        program.Step("take the terminal", null, "as controlling terminal and standard streams");
        program.Ioctl(slave, TerminalRequests.SetControlling, 0);
        for (int number = 0; number < 3; number++) program.DuplicateTo(slave, number);
        program.Close(slave);
    }
}
