// A root file system of one static program with many names; made anew for every bundle, so that no test sees another's files.
namespace Berth.Contract.OciRuntime.Stage;

/// <summary>Fills folders with a small root file system around Debian's static busybox.</summary>
public static class Rootfs
{
    private const string Busybox = "/bin/busybox";

    // Only what tests call: a link costs a system call, and there are hundreds of bundles.
    private static readonly string[] Applets =
    [
        "sh", "ash", "[", "awk", "basename", "cat", "chgrp", "chmod", "chown", "cmp", "cp", "cut", "date", "dd", "df", "dirname", "du", "echo",
        "env", "expr", "false", "find", "grep", "head", "hexdump", "hostname", "id", "ifconfig", "ionice", "ip", "kill", "ln", "ls", "mkdir",
        "mkfifo", "mknod", "mount", "mountpoint", "mv", "nc", "netstat", "nice", "nproc", "nsenter", "od", "ping", "printf", "ps", "pwd",
        "readlink", "realpath", "rm", "rmdir", "sed", "seq", "setsid", "sleep", "sort", "stat", "stty", "su", "sync", "sysctl", "tail",
        "taskset", "tee", "test", "timeout", "top", "touch", "tr", "true", "tty", "umount", "uname", "uniq", "unshare", "usleep", "wc", "whoami",
        "xargs", "yes",
    ];

    /// <summary>Makes the file system in <paramref name="folder"/>, which must not exist.</summary>
    public static void Make(string folder)
    {
        Assert.SkipUnless(File.Exists(Busybox), "busybox-static is not installed");
        foreach (string name in (string[])["bin", "dev", "etc", "proc", "root", "run", "sys", "tmp", "var", "home/user"]) Directory.CreateDirectory($"{folder}/{name}");
        File.Copy(Busybox, $"{folder}/bin/busybox");
        foreach (string applet in Applets) File.CreateSymbolicLink($"{folder}/bin/{applet}", "busybox");
        File.SetUnixFileMode($"{folder}/tmp", (UnixFileMode)0x3ff);
        File.WriteAllText($"{folder}/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n");
        File.WriteAllText($"{folder}/etc/group", "root:x:0:\nuser:x:1000:\nextra:x:2000:user\nmore:x:2001:user\n");
    }
}
