// How callers learn of the first process: a pid file, or its pidfd over a socket.
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;

namespace Berth.Runtime.Lifecycle;

internal static class PidFiles
{
    /// <summary>Readers see the whole number or no file.</summary>
    public static void Write(string path, int pid)
    {
        int slash = path.LastIndexOf('/');
        string temporary = $"{path[..(slash + 1)]}.{path[(slash + 1)..]}";
        using (Fd fd = KernelPath.Open(temporary, 0x1 | 0x40 | 0x200, 0x1A4)) KernelPath.WriteAll(fd, Encoding.ASCII.GetBytes(pid.ToString()), path);
        KernelPath.Rename(temporary, path);
    }

    public static void Send(string socketPath, Fd pidFd)
    {
        using Fd socket = DescriptorSocket.Connect(socketPath);
        DescriptorSocket.Send(socket, "pidfd"u8, pidFd.Number);
    }
}
