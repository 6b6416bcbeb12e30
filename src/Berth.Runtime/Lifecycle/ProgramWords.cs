// Why a program could not be executed: read from the file itself, since the kernel has only three answers for ten reasons.
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Plan;

namespace Berth.Runtime.Lifecycle;

internal static class ProgramWords
{
    public static BerthException Explain(StepFailedException failure, ProcessSpec process, string rootfs, IReadOnlyList<string> environment)
    {
        if (process.Args is not { Count: > 0 }) return new BerthException(Fault.InvalidArgument, "config.json: process is missing", "it says what to execute", failure);
        string program = process.Args[0];
        string subject = $"exec: \"{program}\"";
        if (failure.Errno == Errno.EISDIR) return new BerthException(Fault.CommandNotExecutable, $"{subject}: is a directory", null, failure);
        string? path = FindFile(program, process, rootfs, environment);
        if (path is null)
        {
            return failure.Errno == Errno.EACCES
                ? new BerthException(Fault.CommandNotExecutable, $"{subject}: permission denied", "the user of the process may not reach it", failure)
                : NotFound(subject, program, environment, failure);
        }
        (Fault kind, string reason, string? hint) = failure.Errno switch
        {
            Errno.ENOENT => Interpreter(path, rootfs),
            Errno.ENOEXEC => Format(path, rootfs),
            Errno.EACCES or Errno.EPERM => Permission(path, rootfs, process),
            _ => (Fault.CommandNotExecutable, failure.Errno.Sentence(), null),
        };
        return new BerthException(kind, $"{subject}: {reason}", hint, failure);
    }

    private static BerthException NotFound(string subject, string program, IReadOnlyList<string> environment, Exception inner)
    {
        if (program.Contains('/'))
        {
            return new BerthException(Fault.CommandNotFound, $"{subject}: stat {program}: no such file or directory", "the path is looked up inside the container", inner);
        }
        string path = "(not set)";
        foreach (string variable in environment)
        {
            if (variable.StartsWith("PATH=", StringComparison.Ordinal)) path = variable[5..];
        }
        return new BerthException(Fault.CommandNotFound, $"{subject}: executable file not found in $PATH: no such file or directory", $"PATH inside is {path}", inner);
    }

    private static string? FindFile(string program, ProcessSpec process, string rootfs, IReadOnlyList<string> environment)
    {
        foreach (string candidate in Finish.Candidates(program, environment))
        {
            string path = candidate.StartsWith('/') ? candidate : $"{process.Cwd}/{candidate}";
            using Fd? file = RootedFile.TryOpen(rootfs, path, OpenFlags.Path);
            if (file is not null) return path;
        }
        return null;
    }

    private static byte[] Head(string path, string rootfs) => RootedFile.TryRead(rootfs, path, 4096) ?? [];

    /// <summary>The file is there and the kernel says ENOENT: what it names as its interpreter is not.</summary>
    private static (Fault, string, string?) Interpreter(string path, string rootfs)
    {
        byte[] head = Head(path, rootfs);
        if (head.AsSpan().StartsWith("#!"u8))
        {
            int end = Array.IndexOf(head, (byte)'\n');
            string line = Encoding.UTF8.GetString(head, 2, (end < 0 ? head.Length : end) - 2);
            if (line.EndsWith('\r'))
            {
                return (Fault.CommandNotFound, $"no such file or directory: {path} asks for the interpreter \"{line.Trim()}\\r\"",
                    "the script has Windows line ends: convert it with dos2unix");
            }
            return (Fault.CommandNotFound, $"no such file or directory: the interpreter {line.Trim().Split(' ')[0]} of {path} does not exist in the container",
                "install it in the image, or mend the first line of the script");
        }
        return ElfInterpreter(head) is { } loader
            ? (Fault.CommandNotFound, $"no such file or directory: the program loader {loader} of {path} does not exist in the container",
                "the program was linked for another C library (glibc or musl): install that library, or link statically")
            : (Fault.CommandNotFound, "no such file or directory", null);
    }

    private static (Fault, string, string?) Format(string path, string rootfs)
    {
        byte[] head = Head(path, rootfs);
        if (head.Length == 0) return (Fault.CommandNotExecutable, $"exec format error: {path} is empty", null);
        if (!head.AsSpan().StartsWith("\u007fELF"u8))
        {
            return (Fault.CommandNotExecutable, $"exec format error: {path} is neither a program nor a script with an interpreter line", "begin the script with #!/bin/sh");
        }
        string machine = Machine(head.Length >= 20 ? BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(18)) : (ushort)0);
        return (Fault.CommandNotExecutable, $"exec format error: {path} is built for the architecture {machine}, and this host's is {HostMachine}",
            "use an image for this architecture, or install qemu-user with binfmt_misc");
    }

    private static (Fault, string, string?) Permission(string path, string rootfs, ProcessSpec process)
    {
        using Fd? file = RootedFile.TryOpen(rootfs, path, OpenFlags.Path);
        if (file is null) return (Fault.CommandNotExecutable, "permission denied", null);
        FileFacts facts = KernelPath.Facts(file);
        if (facts.IsDirectory) return (Fault.CommandNotExecutable, $"permission denied: {path} is a directory", null);
        return (facts.Mode & 0x49) == 0
            ? (Fault.CommandNotExecutable, $"permission denied: {path} is not executable", $"chmod +x {path}")
            : (Fault.CommandNotExecutable, $"permission denied: user {process.User.Uid} may not execute {path}", "it lies on a noexec mount, or the user may not reach it");
    }

    private static string? ElfInterpreter(byte[] head)
    {
        // Elf64_Ehdr: e_phoff at 32, e_phentsize at 54, e_phnum at 56; Elf64_Phdr: p_type, p_flags, p_offset at 8, p_filesz at 32.
        if (head.Length < 64 || !head.AsSpan().StartsWith("\u007fELF"u8) || head[4] != 2) return null;
        ReadOnlySpan<byte> h = head;
        ulong table = BinaryPrimitives.ReadUInt64LittleEndian(h[32..]);
        int size = BinaryPrimitives.ReadUInt16LittleEndian(h[54..]), count = BinaryPrimitives.ReadUInt16LittleEndian(h[56..]);
        for (int i = 0; i < count; i++)
        {
            ulong at = table + (ulong)(i * size);
            if (size < 56 || at + 56 > (ulong)h.Length) return null;
            ReadOnlySpan<byte> entry = h[(int)at..];
            if (BinaryPrimitives.ReadUInt32LittleEndian(entry) != 3) continue;
            ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]), length = BinaryPrimitives.ReadUInt64LittleEndian(entry[32..]);
            if (length is 0 or > 1024 || offset + length > (ulong)h.Length) return null;
            return Encoding.UTF8.GetString(h.Slice((int)offset, (int)length)).TrimEnd('\0');
        }
        return null;
    }

    private static string HostMachine => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "x64";

    private static string Machine(ushort machine) => machine switch
    {
        3 => "x86 (32 bit)",
        8 => "mips",
        20 => "ppc",
        21 => "ppc64",
        22 => "s390x",
        40 => "arm (32 bit)",
        62 => "x64",
        183 => "arm64",
        243 => "riscv",
        258 => "loongarch",
        _ => $"machine {machine}",
    };
}
