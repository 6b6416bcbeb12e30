// CLI-17: programs that cannot be executed: the exit code says which kind of failure, the message says what and why.
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Commands;

[Row("CLI-17")]
public sealed class BrokenProgramTests : ContainerTest
{
    private string Program(string name, byte[] content, int mode = 0x1ed)
    {
        Dock.Write();
        File.WriteAllBytes($"{Dock.Root}/bin/{name}", content);
        File.SetUnixFileMode($"{Dock.Root}/bin/{name}", (UnixFileMode)mode);
        return $"/bin/{name}";
    }

    private string Text(string name, string content, int mode = 0x1ed) => Program(name, System.Text.Encoding.UTF8.GetBytes(content), mode);

    // A 64-bit header of the given machine; with an interpreter, a program header that names it.
    private static byte[] Elf(ushort machine, string? interpreter)
    {
        byte[] file = new byte[512];
        "\x7f"u8.CopyTo(file);
        "ELF"u8.CopyTo(file.AsSpan(1));
        (file[4], file[5], file[6]) = (2, 1, 1);
        BitConverter.TryWriteBytes(file.AsSpan(16), (ushort)2);
        BitConverter.TryWriteBytes(file.AsSpan(18), machine);
        BitConverter.TryWriteBytes(file.AsSpan(20), 1);
        BitConverter.TryWriteBytes(file.AsSpan(24), 0x400000L);
        BitConverter.TryWriteBytes(file.AsSpan(32), 64L);
        BitConverter.TryWriteBytes(file.AsSpan(52), (ushort)64);
        BitConverter.TryWriteBytes(file.AsSpan(54), (ushort)56);
        BitConverter.TryWriteBytes(file.AsSpan(56), (ushort)(interpreter is null ? 0 : 1));
        if (interpreter is null) return file;
        byte[] name = System.Text.Encoding.UTF8.GetBytes(interpreter + "\0");
        BitConverter.TryWriteBytes(file.AsSpan(64), 3);
        BitConverter.TryWriteBytes(file.AsSpan(72), 256L);
        BitConverter.TryWriteBytes(file.AsSpan(96), (long)name.Length);
        BitConverter.TryWriteBytes(file.AsSpan(104), (long)name.Length);
        name.CopyTo(file.AsSpan(256));
        return file;
    }

    private const ushort X64 = 62;
    private const ushort Arm64 = 183;

    private static ushort Here => (ushort)(System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? Arm64 : X64);

    private static ushort Elsewhere => Here == X64 ? Arm64 : X64;

    // runc ends run with 1 (255 since 1.2 where only execve finds out) and exec with 255 or 1, crun always with 1, and engines guess the kind
    // from the words; ours tells the kinds apart by the code, as shells do, and keeps the words that engines look for.
    private void Fails(string program, int code, params string[] words)
    {
        Outcome run = Run(config => config.Args(program)).Failed().Explains(words);
        if (Runtime.IsOurs) run.Exited(code);
        IsGone();
        Started();
        Outcome exec = Exec(program).Failed().Explains(words);
        if (Runtime.IsOurs) exec.Exited(code);
        Assert.Equal("running", Dock.Status());
    }

    [Fact]
    public void A_missing_program_is_found_out_at_create()
    {
        Dock.Write(config => config.Args("/bin/not-there"));
        Outcome outcome = Call("create", "--bundle", Dock.Bundle, Id).Failed().Explains("/bin/not-there");
        if (Runtime.IsOurs) outcome.Exited(127);
        IsGone();
    }

    [Fact]
    public void A_missing_program() => Fails("/bin/not-there", 127, "/bin/not-there", "no such file");

    [Fact]
    public void A_program_that_is_nowhere_in_the_path() => Fails("not-in-path", 127, "not-in-path", "executable file not found in $PATH");

    [Fact]
    public void A_missing_program_in_a_missing_folder() => Fails("/no/folder/program", 127, "/no/folder/program");

    [Fact]
    public void A_program_without_the_executable_bit() => Fails(Text("plain", "#!/bin/sh\n", 0x1a4), 126, "/bin/plain", "permission denied");

    [Fact]
    public void A_folder() => Fails("/tmp", 126, "/tmp", "directory");

    [Fact]
    public void A_program_of_another_architecture() => Fails(Program("foreign", Elf(Elsewhere, null)), 126, "/bin/foreign", "architecture", Elsewhere == Arm64 ? "arm64" : "amd64");

    [Fact]
    public void A_script_whose_interpreter_is_missing() => Fails(Text("script", "#!/usr/bin/no-python\nprint()\n"), 127, "/bin/script", "/usr/bin/no-python");

    [Fact]
    public void A_script_with_line_ends_of_windows() => Fails(Text("crlf", "#!/bin/sh\r\necho hello\r\n"), 127, "/bin/crlf", "/bin/sh", "line end");

    [Fact]
    public void A_dynamic_program_whose_loader_is_missing() => Fails(Program("dynamic", Elf(Here, "/lib64/ld-none.so.9")), 127, "/bin/dynamic", "/lib64/ld-none.so.9");

    [Fact]
    public void A_file_that_is_no_program() => Fails(Text("garbage", "just words"), 126, "/bin/garbage", "format");

    [Fact]
    public void An_empty_file() => Fails(Text("empty", ""), 126, "/bin/empty", "empty");

    [Fact]
    public void A_link_that_leads_nowhere()
    {
        Dock.Write();
        File.CreateSymbolicLink($"{Dock.Root}/bin/dangling", "/nowhere");
        Fails("/bin/dangling", 127, "/bin/dangling");
    }

    [Fact]
    public void A_program_on_a_mount_without_exec()
    {
        Dock.Write();
        Outcome outcome = Run(config => config.Mount("/noexec", "bind", $"{Dock.Root}/bin", "bind", "noexec").Args("/noexec/busybox", "true")).Failed().Explains("/noexec/busybox", "noexec");
        if (Runtime.IsOurs) outcome.Exited(126);
        IsGone();
    }

    [Fact]
    public void A_program_the_user_may_not_execute()
    {
        Text("rootonly", "#!/bin/sh\n", 0x1c0);
        Outcome outcome = Run(config => config.Args("/bin/rootonly").Set("process.user.uid", 1000).SetJson("process.capabilities", "{}")).Failed().Explains("/bin/rootonly", "permission denied");
        if (Runtime.IsOurs) outcome.Exited(126);
        IsGone();
    }
}
