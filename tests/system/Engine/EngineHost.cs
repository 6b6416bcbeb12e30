// A shell script on a host of its own, with an engine whose folders nobody else sees, and an image of busybox in it.
using System.Diagnostics;

namespace Berth.Engine.SystemTests;

internal static class EngineHost
{
    private static readonly Lazy<string> s_image = new(MakeImage);

    /// <summary>The checkout that the tests belong to.</summary>
    public static string Checkout { get; } = FindCheckout();

    /// <summary>The archive that the image is made of.</summary>
    public static string Image => s_image.Value;

    /// <summary>
    /// Runs a script of bash: network, mounts and processes are its own and end with it. <c>b</c> is berth, the image is called
    /// <c>busybox</c>, <c>$R</c> and <c>$U</c> are the root and the run folder. <c>until_ CONDITION</c> waits for it for ten seconds; <c>fetch ADDRESS PORT PATH</c> asks by HTTP;
    /// <c>left</c> prints what the containers have left.
    /// </summary>
    /// <returns>What it said on standard output, without the last new line.</returns>
    public static string Run(string script, int seconds = 120, string prelude = "")
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root");
        Assert.SkipUnless(File.Exists($"{Checkout}/out/bin/berth"), "berth is not built");
        Assert.SkipUnless(File.Exists("/bin/busybox"), "busybox is not installed");
        ProcessStartInfo start = new("timeout") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (string word in (ReadOnlySpan<string>)["-s", "KILL", $"{seconds}", "unshare", "-n", "-m", "-p", "--fork", "--kill-child", "--mount-proc", "bash", "-c"]) start.ArgumentList.Add(word);
        start.ArgumentList.Add($$"""
            set -u
            mount -t tmpfs tmpfs /run; mkdir -p /run/netns /run/lock /run/work; cd /run/work
            ip link set lo up
            export BERTH_ROOT=/run/root BERTH_RUNROOT=/run/engine R=/run/root U=/run/engine BIN={{Checkout}}/out/bin
            PATH=$BIN:$PATH
            b() { berth "$@"; }
            until_() { for _ in $(seq 500); do "$@" >/dev/null 2>&1 && return 0; read -t 0.02 <> <(:) || :; done; echo "gave up waiting: $*"; return 1; }
            fetch() { exec 9<>/dev/tcp/$1/$2 && printf 'GET /%s HTTP/1.0\r\n\r\n' "$3" >&9 && sed '1,/^\r*$/d' <&9; local said=$?; exec 9>&-; return $said; }
            gone() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:.Z' /proc/$1/status 2>/dev/null; }
            left() {
                # Shims and their last commands take away what is left a moment after the client has said that all is over.
                for _ in $(seq 300); do [ -z "$(lies)" ] && break; read -t 0.02 <> <(:) || :; done
                lies
            }
            lies() {
                pgrep -ax berth-shim; find $U/containers $U/shims $U/netns $U/runtime $U/attachments $R/snapshots -mindepth 1 2>/dev/null
                grep " $U/" /proc/self/mountinfo; ls $R/containers 2>/dev/null | grep -v names; ls $R/containers/.names 2>/dev/null || :
            }
            {{prelude}}
            b import {{s_image.Value}} busybox >/dev/null
            {{script}}
            """);
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        string said = output.GetAwaiter().GetResult().TrimEnd('\n'), complained = error.GetAwaiter().GetResult();
        Assert.True(process.ExitCode is 0, $"exit code {process.ExitCode}\n{said}\n{complained}");
        return said;
    }

    private static string MakeImage()
    {
        string folder = Path.Combine(Path.GetTempPath(), $"berth-engine-tests-{Environment.ProcessId}"), tar = folder + ".tar";
        AppDomain.CurrentDomain.ProcessExit += (_, _) => File.Delete(tar);
        using Process process = Process.Start("bash", ["-ec", $$"""
            rm -rf {{folder}}; mkdir -p {{folder}}/{bin,etc,proc,sys,dev,tmp,root,data,home/web}; cp /bin/busybox {{folder}}/bin/
            for a in $({{folder}}/bin/busybox --list); do [ $a = busybox ] || ln -s busybox {{folder}}/bin/$a; done
            printf 'root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1000::/home/web:/bin/sh\n' > {{folder}}/etc/passwd
            printf 'root:x:0:\nweb:x:1000:\ntape:x:26:web\n' > {{folder}}/etc/group
            echo hello > {{folder}}/data/file; chown 1000:1000 {{folder}}/data/file
            tar -C {{folder}} -cf {{tar}} .; rm -rf {{folder}}
            """]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return tar;
    }

    private static string FindCheckout()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Berth.slnx"))) return folder.FullName;
        }
        throw new InvalidOperationException("the tests do not lie in a checkout");
    }
}
