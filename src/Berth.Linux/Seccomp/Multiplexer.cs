// socketcall(2) and ipc(2): calls through which 32-bit architectures reach others, chosen by the first argument.
namespace Berth.Linux.Seccomp;

/// <summary>The two calls that stand for many.</summary>
internal static class Multiplexer
{
    /// <summary>The first argument of the call that carries it, and which of the two that is.</summary>
    internal readonly record struct Selector(byte Call, bool IsIpc)
    {
        public bool IsNone => Call == 0;
    }

    /// <summary>For each place of the <see cref="SyscallTable"/> how the call is reached through a multiplexer.</summary>
    public static Selector[] Selectors()
    {
        Selector[] selectors = new Selector[SyscallTable.Length];
        for (byte call = 1; call <= 24; call++)
        {
            if (SocketName(call) is { } socket) selectors[SyscallTable.IndexOf(socket)] = new Selector(call, IsIpc: false);
            if (IpcName(call) is { } ipc) selectors[SyscallTable.IndexOf(ipc)] = new Selector(call, IsIpc: true);
        }
        return selectors;
    }

    // SYS_* of linux/net.h.
    private static string? SocketName(byte call) => call switch
    {
        1 => "socket",
        2 => "bind",
        3 => "connect",
        4 => "listen",
        5 => "accept",
        6 => "getsockname",
        7 => "getpeername",
        8 => "socketpair",
        9 => "send",
        10 => "recv",
        11 => "sendto",
        12 => "recvfrom",
        13 => "shutdown",
        14 => "setsockopt",
        15 => "getsockopt",
        16 => "sendmsg",
        17 => "recvmsg",
        18 => "accept4",
        19 => "recvmmsg",
        20 => "sendmmsg",
        _ => null,
    };

    // linux/ipc.h. A version in the upper half of the argument is not foreseen: such a call matches no rule.
    private static string? IpcName(byte call) => call switch
    {
        1 => "semop",
        2 => "semget",
        3 => "semctl",
        4 => "semtimedop",
        11 => "msgsnd",
        12 => "msgrcv",
        13 => "msgget",
        14 => "msgctl",
        21 => "shmat",
        22 => "shmdt",
        23 => "shmget",
        24 => "shmctl",
        _ => null,
    };
}
