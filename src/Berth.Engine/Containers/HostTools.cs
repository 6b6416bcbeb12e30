// The host's busybox: the tools of a debugger where no image with better ones is named.
using System.Buffers.Binary;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Oci.Faults;

namespace Berth.Engine.Containers;

/// <summary>Finds it. It has to be static: there is no library where it runs.</summary>
internal static class HostTools
{
    private const int HeaderSize = 4096, MostHeaders = 64, Interpreter = 3;

    /// <summary>Where it is.</summary>
    /// <exception cref="BerthException">NotFound: the host has none.</exception>
    public static string Require()
    {
        foreach (string path in (ReadOnlySpan<string>)["/usr/local/bin/busybox", "/bin/busybox", "/usr/bin/busybox", "/bin/busybox.static", "/usr/lib/initramfs-tools/bin/busybox"])
        {
            if (KernelFile.IsExecutable(path, out _) && IsStatic(path)) return path;
        }
        throw new BerthException(Fault.NotFound, "there are no tools to look with: this host has no static busybox", "name an image that has some: --image docker.io/library/alpine, or install busybox-static");
    }

    /// <summary>The names that it answers to.</summary>
    public static List<string> NamesOf(string path)
    {
        ProgramAnswer answer = ProgramCaller.Run(new ProgramCall { Path = path, Arguments = ["--list"], Timeout = TimeSpan.FromSeconds(5) });
        List<string> names = [];
        foreach (string line in System.Text.Encoding.ASCII.GetString(answer.Output).Split('\n'))
        {
            if (line.Length > 0 && line != "busybox" && !line.Contains('/')) names.Add(line);
        }
        return names;
    }

    /// <summary>Whether an executable needs no program to load it: its table (elf(5)) has no PT_INTERP.</summary>
    public static bool IsStatic(string path)
    {
        Span<byte> head = stackalloc byte[HeaderSize];
        using Fd? file = KernelPath.TryOpen(path, OpenFlags.ReadOnly);
        int length = file is null ? 0 : KernelPath.Read(file, head);
        if (length < 64 || !head.StartsWith("\u007fELF"u8) || head[4] != 2 || head[5] != 1) return false;
        long at = BinaryPrimitives.ReadInt64LittleEndian(head[32..]);
        int size = BinaryPrimitives.ReadUInt16LittleEndian(head[54..]), count = BinaryPrimitives.ReadUInt16LittleEndian(head[56..]);
        if (at < 0 || size < 4 || count > MostHeaders || at + ((long)size * count) > length) return false;
        for (int i = 0; i < count; i++)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(head[(int)(at + (i * size))..]) == Interpreter) return false;
        }
        return true;
    }
}
