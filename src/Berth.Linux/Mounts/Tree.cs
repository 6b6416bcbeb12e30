// Detached mounts made by a parent for its child: a copy of a tree, id-mapped if need be.
using Berth.Linux.Programs;
using Berth.Linux.Files;

namespace Berth.Linux.Mounts;

/// <summary>Detached mounts (open_tree(2)).</summary>
public static unsafe class Tree
{
    /// <summary>A detached copy of what is mounted at a path.</summary>
    /// <exception cref="LinuxException">The path is not there, or the caller may not.</exception>
    public static Fd Clone(string path, bool recursive, bool noFollow = false)
    {
        byte[] name = [.. System.Text.Encoding.UTF8.GetBytes(path), 0];
        nint fd;
        fixed (byte* p = name)
        {
            fd = Interpreter.syscall(Syscall.OpenTree, Interpreter.AT_FDCWD, (nint)p, 1 | Interpreter.O_CLOEXEC | (recursive ? 0x8000 : 0) | (noFollow ? 0x100 : 0), 0, 0, 0);
        }
        return fd < 0 ? throw new LinuxException("open_tree", path, (Errno)(*Interpreter.__errno_location())) : new Fd((int)fd);
    }

    /// <summary>Makes a detached tree id-mapped as the user namespace maps ids.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="userNamespace">Whose maps it gets.</param>
    /// <param name="recursive">Whether mounts below are mapped too.</param>
    /// <param name="also">Attributes that are set with it.</param>
    public static void MapIds(Fd tree, Fd userNamespace, bool recursive, MountAttributes also = MountAttributes.None)
    {
        ulong* attributes = stackalloc ulong[4];
        attributes[0] = (ulong)(MountAttributes.IdMapped | also);
        attributes[1] = attributes[2] = 0;
        attributes[3] = (ulong)userNamespace.Number;
        byte empty = 0;
        if (Interpreter.syscall(Syscall.MountSetAttr, tree.Number, (nint)(&empty), 0x1000 | (recursive ? 0x8000 : 0), (nint)attributes, 32, 0) < 0)
        {
            throw new LinuxException("mount_setattr", "MOUNT_ATTR_IDMAP", (Errno)(*Interpreter.__errno_location()));
        }
    }

    /// <summary>Sets attributes of a detached mount itself (mount_setattr(2)).</summary>
    /// <exception cref="LinuxException">The caller may not.</exception>
    public static void SetAttributes(Fd tree, MountAttributes set)
    {
        ulong* attributes = stackalloc ulong[4];
        attributes[0] = (ulong)set;
        attributes[1] = attributes[2] = attributes[3] = 0;
        byte empty = 0;
        if (Interpreter.syscall(Syscall.MountSetAttr, tree.Number, (nint)(&empty), 0x1000, (nint)attributes, 32, 0) < 0)
        {
            throw new LinuxException("mount_setattr", "a detached mount", (Errno)(*Interpreter.__errno_location()));
        }
    }

    /// <summary>Attaches a detached tree at a path (move_mount(2)).</summary>
    /// <exception cref="LinuxException">Not there.</exception>
    public static void Attach(Fd tree, string target)
    {
        byte empty = 0;
        byte[] path = [.. System.Text.Encoding.UTF8.GetBytes(target), 0];
        fixed (byte* p = path)
        {
            if (Interpreter.syscall(Syscall.MoveMount, tree.Number, (nint)(&empty), Interpreter.AT_FDCWD, (nint)p, 4, 0) < 0) throw new LinuxException("move_mount", target, (Errno)(*Interpreter.__errno_location()));
        }
    }
}

/// <summary>User namespaces that exist only as a descriptor.</summary>
public static class UserNamespace
{
    /// <summary>Makes one with the maps that the action writes for its only process.</summary>
    public static Fd Make(Action<int> writeMaps)
    {
        Fd? result = null;
        using ChildProgram program = new();
        program.Step("hold a user namespace");
        program.Meet(child =>
        {
            writeMaps(child.Pid);
            result = KernelPath.Open($"/proc/{child.Pid}/ns/user", 0);
        });
        SpawnedChild holder = program.Spawn(new SpawnOptions { Namespaces = Namespaces.User });
        holder.PidFd.Dispose();
        return result!;
    }

    /// <summary>Runs the action with the id of a process in the user namespace.</summary>
    public static void Visit(Fd users, Action<int> look)
    {
        using ChildProgram program = new();
        program.Step("join a user namespace");
        program.Join(users, Namespaces.User);
        program.Meet(child => look(child.Pid));
        SpawnedChild visitor = program.Spawn(new SpawnOptions());
        visitor.PidFd.Dispose();
    }
}
