// The flags of run and create: all of docker's and podman's names, and what their values become.
using Berth.Cli.Arguments;
using Berth.Cli.Commands.Containers;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Oci.Faults;

namespace Berth.Cli.Tests;

public sealed class RunOptionTests : IDisposable
{
    // docker 28.2 and podman 4.3, `run --help`.
    private const string Theirs =
        "add-host annotation arch attach authfile blkio-weight blkio-weight-device cap-add cap-drop cgroup-conf cgroup-parent cgroupns cgroups chrootdirs " +
        "cidfile conmon-pidfile cpu-count cpu-percent cpu-period cpu-quota cpu-rt-period cpu-rt-runtime cpu-shares cpus cpuset-cpus cpuset-mems detach " +
        "detach-keys device device-cgroup-rule device-read-bps device-read-iops device-write-bps device-write-iops disable-content-trust dns dns-option " +
        "dns-search domainname entrypoint env env-file env-host env-merge expose gidmap gpus group-add health-cmd health-interval health-on-failure " +
        "health-retries health-start-interval health-start-period health-timeout hostname hostuser http-proxy image-volume init init-path interactive " +
        "io-maxbandwidth io-maxiops ip ip6 ipc isolation kernel-memory label label-file link link-local-ip log-driver log-opt mac-address memory " +
        "memory-reservation memory-swap memory-swappiness mount name network network-alias no-healthcheck no-hosts oom-kill-disable oom-score-adj os passwd " +
        "passwd-entry personality pid pidfile pids-limit platform pod pod-id-file preserve-fd preserve-fds privileged publish publish-all pull quiet read-only " +
        "read-only-tmpfs replace requires restart rm rmi rootfs runtime sdnotify seccomp-policy secret security-opt shm-size sig-proxy stop-signal stop-timeout " +
        "storage-opt subgidname subuidname sysctl systemd timeout tls-verify tmpfs tty tz uidmap ulimit umask unsetenv unsetenv-all use-api-socket user userns " +
        "uts variant volume volume-driver volumes-from workdir";

    private readonly string _folder = Directory.CreateTempSubdirectory("berth-run-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static ContainerSpec Read(params string[] words)
    {
        Command command = new() { Options = RunOptions.Table(starts: true), Least = 1, StopsAtArgument = true };
        Session session = new() { Variable = static name => name == "OURS" ? "mine" : null };
        return RunReading.Read(new Invocation(session, command, Parsed.Read(words, command.Options, stopsAtArgument: true), "berth run"));
    }

    private static BerthException Refused(params string[] words) => Assert.Throws<BerthException>(() => Read([.. words, "web"]));

    [Fact]
    public void Every_flag_of_docker_and_podman_is_known()
    {
        HashSet<string> ours = [.. RunOptions.Table(starts: true).Select(static option => option.Name)];
        Assert.Equal([], Theirs.Split(' ').Except(ours));
        Assert.Equal(ours.Count, RunOptions.Table(starts: true).Count);
        Assert.All(RunOptions.Table(starts: true).Where(static option => option.Short != '\0').GroupBy(static option => option.Short), static group => Assert.Single(group));
        Assert.DoesNotContain(RunOptions.Table(starts: true), static option => option is { IsHidden: false, Help.Length: 0 });
        Assert.DoesNotContain("detach", RunOptions.Table(starts: false).Select(static option => option.Name));
    }

    [Fact]
    public void Nothing_said_is_nothing_asked()
    {
        ContainerSpec spec = Read("web");
        Assert.Equal(("web", null, null, null, 0, 0, 0), (spec.Image, spec.Entrypoint, spec.User, spec.Health, spec.Command.Count, spec.Environment.Count, spec.Storage.Mounts.Count));
        Assert.Equal((RestartRule.Never, "json-file", "enabled", true), (spec.Restart, spec.Log.Driver, spec.Limits.Cgroups, spec.TakesProxyVariables));
        Assert.Empty(spec.Connection.Networks);
    }

    [Fact]
    public void Words_behind_the_image_are_the_commands()
    {
        ContainerSpec spec = Read("-it", "--rm", "--name=me", "-u", "1:2", "-w/srv", "-h", "host", "web", "ls", "-l", "--rm=false");
        Assert.Equal(["ls", "-l", "--rm=false"], spec.Command);
        Assert.Equal(("me", "1:2", "/srv", "host"), (spec.Name, spec.User, spec.WorkingFolder, spec.HostName));
        Assert.True(spec.HasTerminal && spec.HasInput && spec.IsInputOnce && spec.IsRemovedAtEnd);
        Assert.False(Read("-itd", "web").IsInputOnce);
        Assert.Equal(("", "/srv/root", true), (Read("--rootfs", "/srv/root:O").Image, Read("--rootfs", "/srv/root:O").RootFolder, Read("--rootfs", "/srv/root:O").IsRootFolderKept));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("sh", "sh")]
    [InlineData("sh -c", "sh -c")]
    [InlineData("[\"sh\",\"-c\"]", "sh|-c")]
    [InlineData("[x", "[x")]
    public void An_entrypoint_is_a_word_or_a_list(string text, string expected) => Assert.Equal(expected, string.Join('|', Read("--entrypoint", text, "web").Entrypoint!));

    [Fact]
    public void Variables_come_from_files_from_us_and_from_the_line()
    {
        File.WriteAllText($"{_folder}/env", "# no\nA=file\n  B=two words \nOURS\n\nNOT_OURS\r\n");
        ContainerSpec spec = Read("-e", "A=line", "--env-file", $"{_folder}/env", "-e", "C=", "-e", "NOBODY", "--unsetenv", "X,Y", "web");
        Assert.Equal(["B=two words ", "OURS=mine", "A=line", "C="], spec.Environment);
        Assert.Equal(["X", "Y", "NOT_OURS", "NOBODY"], spec.EnvironmentRemoved);
        Assert.Contains($"PATH={Environment.GetEnvironmentVariable("PATH")}", Read("-e", "PAT*", "web").Environment);
        File.WriteAllText($"{_folder}/env", "bad name=1\n");
        Assert.Equal(Fault.InvalidArgument, Refused("--env-file", $"{_folder}/env").Kind);
        Assert.Equal(Fault.NotFound, Refused("--env-file", "/nosuch").Kind);
        File.WriteAllText($"{_folder}/labels", "a=1\nb\n");
        Assert.Equal("1,,2", string.Join(',', Read("--label-file", $"{_folder}/labels", "-l", "c=2", "web").Labels.Values));
    }

    [Theory]
    [InlineData("/data", "Volume||/data||False|False")]
    [InlineData("/data:ro", "Volume||/data||True|False")]
    [InlineData("/srv:/data", "Bind|/srv|/data||False|True")]
    [InlineData("/srv/../x:/data:ro,rslave,z", "Bind|/x|/data|rslave,z|True|True")]
    [InlineData("name:/data:nocopy", "Volume|name|/data||False|False")]
    [InlineData("/srv:/data:O,upperdir=/u,workdir=/w", "Overlay|/srv|/data|upperdir=/u,workdir=/w|False|False")]
    [InlineData("/a\\:b:/data:idmap=uids=0-1-1;gids=0-1-1", "Bind|/a:b|/data|idmap=uids=0-1-1;gids=0-1-1|False|True")]
    [InlineData("/srv:/data:cached", "Bind|/srv|/data||False|True")]
    public void A_volume_is_a_path_or_a_name(string text, string expected) => Assert.Equal(expected, Shown(MountWords.Volume(text)));

    private static string Shown(MountRequest mount) => $"{mount.Kind}|{mount.Source}|{mount.Destination}|{string.Join(',', mount.Options)}|{mount.IsReadOnly}|{mount.MakesSource}";

    [Theory]
    [InlineData("type=bind,source=/srv,target=/data,readonly", "Bind|/srv|/data||True|False")]
    [InlineData("type=bind,src=/srv,dst=/data,bind-propagation=rshared,bind-recursive=disabled,ro=false", "Bind|/srv|/data|rshared,bind-nonrecursive|False|False")]
    [InlineData("target=/data", "Volume||/data||False|False")]
    [InlineData("type=volume,src=name,destination=/data,volume-nocopy,volume-subpath=x", "Volume|name|/data||False|False")]
    [InlineData("type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=0700", "Tmpfs||/t|size=1048576,mode=0700|False|False")]
    [InlineData("type=image,source=alpine,target=/i", "Image|alpine|/i||True|False")]
    [InlineData("type=image,source=alpine,target=/i,rw=true", "Image|alpine|/i||False|False")]
    [InlineData("type=bind,\"source=/a,b\",target=/data", "Bind|/a,b|/data||False|False")]
    [InlineData("type=devpts,target=/p,mode=600", "Kernel|devpts|/p|mode=600|False|False")]
    public void A_mount_is_fields(string text, string expected) => Assert.Equal(expected, Shown(MountWords.Mount(text)));

    [Fact]
    public void Memory_is_mounted_with_its_options()
    {
        Assert.Equal("Tmpfs||/t|size=2097152,exec|True|False", Shown(MountWords.Tmpfs("/t:size=2m,exec,ro")));
        Assert.Equal("Tmpfs||/t||False|False", Shown(MountWords.Tmpfs("/t")));
        Assert.Equal("a,b", string.Join(',', MountWords.Mount("type=volume,target=/d,volume-opt=type=a,\"volume-opt=o=b\"").VolumeOptions.Values));
    }

    [Theory]
    [InlineData("bridge", "bridge|||")]
    [InlineData("default", "bridge|||")]
    [InlineData("container:other", "container:other|||")]
    [InlineData("ns:/run/netns/a", "ns:/run/netns/a|||")]
    [InlineData("pasta:-t,auto", "pasta:-t,auto|||")]
    [InlineData("web:ip=10.5.0.9,ip6=fd00::9,alias=a,alias=b,mac=02:00:00:00:00:01", "web|10.5.0.9,fd00::9|a,b|02:00:00:00:00:01")]
    [InlineData("name=web,ip=10.5.0.9,alias=a,mac-address=02-00-00-00-00-0A", "web|10.5.0.9|a|02:00:00:00:00:0a")]
    public void A_network_is_a_name_with_options(string text, string expected)
    {
        NetworkWish wish = ConnectionWords.Network(text);
        Assert.Equal(expected, $"{wish.Network}|{string.Join(',', wish.Addresses)}|{string.Join(',', wish.Aliases)}|{wish.HardwareAddress}");
    }

    [Fact]
    public void What_stands_beside_networks_is_of_the_first()
    {
        ContainerSpec spec = Read("--network", "a:alias=x", "--network", "b", "--ip", "10.1.0.5", "--network-alias", "y", "-p", "8080:80", "-p", "53/udp", "--expose", "9000-9001", "--dns", "192.0.2.1", "--add-host", "x;y:host-gateway", "-P", "web");
        Assert.Equal(["a", "b"], spec.Connection.Networks.Select(static one => one.Network));
        Assert.Equal(["x", "y"], spec.Connection.Networks[0].Aliases);
        Assert.Equal("10.1.0.5", Assert.Single(spec.Connection.Networks[0].Addresses));
        Assert.Equal((2, true), (spec.Connection.Ports.Count, spec.Connection.PublishesAll));
        Assert.Equal(["9000/tcp", "9001/tcp"], spec.Connection.Exposed);
        Assert.Equal(["x:host-gateway", "y:host-gateway"], spec.Connection.Hosts);
        Assert.Equal("bridge", Assert.Single(Read("--ip=10.1.0.5", "web").Connection.Networks).Network);
        Assert.True(Read("--dns", "none", "web").Connection.LeavesResolvConf);
    }

    [Fact]
    public void Limits_are_numbers_with_units()
    {
        LimitsSpec limits = Read("-m", "1.5g", "--memory-swap", "-1", "--cpus", "1.5", "-c", "512", "--cpu-quota", "-1", "--pids-limit=-1", "--ulimit", "nofile=10:20", "--ulimit", "core=-1", "--ulimit", "host",
            "--device-read-bps", "/dev/sda:1mb", "--device-write-iops", "/dev/sda:100", "--blkio-weight-device", "/dev/sda:300", "--sysctl", "net.core.somaxconn=5", "--cgroup-conf", "memory.high=1G", "web").Limits;
        Assert.Equal((3L << 29, -1L, 1_500_000_000L, 512UL, -1L, -1L), (limits.Memory!.Value, limits.MemorySwap!.Value, limits.NanoCpus!.Value, limits.CpuShares!.Value, limits.CpuQuota!.Value, limits.Pids!.Value));
        Assert.Equal([new Rlimit("nofile", 10, 20), new Rlimit("core", -1, -1), new Rlimit("host", 0, 0)], limits.Rlimits);
        Assert.Equal((1UL << 20, 100UL, 300UL), (limits.ReadBytes[0].Value, limits.WriteOperations[0].Value, limits.BlockWeights[0].Value));
        Assert.Equal("5,1G", $"{limits.Sysctls["net.core.somaxconn"]},{limits.Unified["memory.high"]}");
        Assert.Equal((null, null), (Read("-m", "0", "--memory-swappiness", "-1", "web").Limits.Memory, Read("--memory-swappiness=-1", "web").Limits.MemorySwappiness));
    }

    [Theory]
    [InlineData("512", 512)]
    [InlineData("10k", 10240)]
    [InlineData("10kB", 10240)]
    [InlineData("1.5MiB", 1572864)]
    [InlineData("2 g", 2147483648)]
    public void Sizes_are_of_1024(string text, long bytes) => Assert.Equal(bytes, Quantities.Size(text, "x"));

    [Theory]
    [InlineData("90s", 90)]
    [InlineData("1h2m3.5s", 3723.5)]
    [InlineData("250ms", 0.25)]
    [InlineData("0", 0)]
    public void Times_are_gos(string text, double seconds) => Assert.Equal(seconds, Quantities.Time(text, "x").TotalSeconds);

    [Fact]
    public void Rights_are_read()
    {
        ContainerSpec spec = Read("--cap-add", "net_admin,SYS_TIME", "--cap-drop=ALL", "--security-opt", "no-new-privileges", "--security-opt", "label=disable", "--security-opt=seccomp=unconfined", "--security-opt", "unmask=/proc/acpi:/sys/firmware", "--security-opt", "mask:/proc/a",
            "--security-opt", "apparmor=x", "--security-opt", "writable-cgroups=true", "--security-opt", "proc-opts=hidepid=2", "--userns", "auto:size=5", "--pid", "container:x", "--ipc=shareable", "--uidmap", "0:1:2,5:6:7", "--device", "/dev/fuse", "--gpus", "2", "web");
        SecuritySpec security = spec.Security;
        Assert.Equal(["net_admin", "SYS_TIME"], security.CapabilitiesAdded);
        Assert.Equal((true, "unconfined", "x", true, "disable", "/proc/a", "hidepid=2"), (security.NoNewPrivileges, security.Seccomp, security.AppArmor, security.HasWritableCgroups, security.Labels[0], security.Masked[0], security.ProcOptions[0]));
        Assert.Equal(["/proc/acpi", "/sys/firmware"], security.Unmasked);
        Assert.Equal(("auto:size=5", "container:x", "shareable", 2), (spec.Namespaces.User, spec.Namespaces.Pid, spec.Namespaces.Ipc, spec.Namespaces.UidMaps.Count));
        Assert.Equal(["/dev/fuse", "nvidia.com/gpu=0", "nvidia.com/gpu=1"], spec.Devices);
        Assert.Equal(["nvidia.com/gpu=all"], SecurityWords.Gpus("all"));
        Assert.Equal(["nvidia.com/gpu=0", "nvidia.com/gpu=2"], SecurityWords.Gpus("\"device=0,2\",capabilities=compute"));
        Assert.Equal(["nvidia.com/gpu=0", "nvidia.com/gpu=2"], SecurityWords.Gpus("device=0,2"));
    }

    [Fact]
    public void Health_restart_and_logs_are_read()
    {
        ContainerSpec spec = Read("--health-cmd", "curl -f x", "--health-interval=5s", "--health-retries", "2", "--health-on-failure=kill", "--restart", "on-failure:3", "--log-driver=none", "--log-opt", "max-size=10m", "web");
        Assert.Equal(["CMD-SHELL", "curl -f x"], spec.Health!.Test);
        Assert.Equal((5.0, 2, "kill"), (spec.Health.Interval!.Value.TotalSeconds, spec.Health.Retries!.Value, spec.Health.OnFailure));
        Assert.Equal((new RestartRule(RestartKind.OnFailure, 3), "none", "10m"), (spec.Restart, spec.Log.Driver, spec.Log.Options["max-size"]));
        Assert.Equal(["CMD", "a", "b"], Read("--health-cmd", "[\"a\",\"b\"]", "web").Health!.Test);
        Assert.Equal(["CMD", "a"], Read("--health-cmd", "[\"CMD\",\"a\"]", "web").Health!.Test);
        Assert.True(Read("--no-healthcheck", "web").Health!.IsOff);
        Assert.True(Read("--health-cmd=none", "web").Health!.IsOff);
    }

    [Fact]
    public void Secrets_and_the_rest_are_read()
    {
        Assert.Equal(new SecretWish("key") { Target = "/k", Uid = 5, Mode = 256 }, Read("--secret", "key,target=/k,uid=5,mode=0400", "web").Secrets[0]);
        Assert.Equal(new SecretWish("key") { IsVariable = true, Target = "KEY" }, Read("--secret", "key,type=env,target=KEY", "web").Secrets[0]);
        ContainerSpec spec = Read("--read-only", "--shm-size", "1m", "--umask=077", "--init", "--annotation", "a=b", "--tz", "UTC", "--stop-timeout", "-1", "--volumes-from", "x:ro", "web");
        Assert.Equal((true, true, 1048576L, 63u, true, "b", "UTC", -1, "x:ro"), (spec.Storage.IsReadOnly, spec.Storage.HasReadOnlyTmpfs, spec.Storage.ShmBytes!.Value, spec.Umask!.Value, spec.HasInit, spec.Annotations["a"], spec.TimeZone, spec.StopTimeout!.Value, spec.Storage.VolumesFrom[0]));
        Assert.False(Read("--read-only", "--read-only-tmpfs=false", "web").Storage.HasReadOnlyTmpfs);
    }

    [Theory]
    [InlineData("-v", "")]
    [InlineData("-v", "a:b:c:d")]
    [InlineData("-v", "/srv:data")]
    [InlineData("-v", "/srv:/data:colour")]
    [InlineData("-v", "bad name:/data")]
    [InlineData("-v", "name:/data:O")]
    [InlineData("--mount", "type=colour,target=/x")]
    [InlineData("--mount", "type=bind,target=/x")]
    [InlineData("--mount", "type=bind,source=/x")]
    [InlineData("--mount", "type=bind,source=/x,target=/x,colour=red")]
    [InlineData("--mount", "type=bind,source=/x,target=/x,readonly=perhaps")]
    [InlineData("--mount", "type=npipe,target=/x")]
    [InlineData("--mount", "type=bind,\"source=/x,target=/x")]
    [InlineData("--tmpfs", "t")]
    [InlineData("--tmpfs", "/t:colour")]
    [InlineData("--network", "web:ip=x")]
    [InlineData("--network", "web:colour=red")]
    [InlineData("--network", "name=web,link-local-ip=169.254.1.1")]
    [InlineData("--network=host", "--network=web")]
    [InlineData("--network=web", "--network=web")]
    [InlineData("--network=host", "--ip=10.0.0.1")]
    [InlineData("--ip", "fd00::1")]
    [InlineData("--mac-address", "zz:00:00:00:00:00")]
    [InlineData("--expose", "0")]
    [InlineData("--expose", "90-80")]
    [InlineData("-p", "x")]
    [InlineData("--add-host", "name")]
    [InlineData("--dns", "name")]
    [InlineData("-m", "much")]
    [InlineData("--cpus", "all")]
    [InlineData("--cpu-shares", "-1")]
    [InlineData("--ulimit", "nofile")]
    [InlineData("--ulimit", "nofile=x")]
    [InlineData("--device-read-bps", "sda:1")]
    [InlineData("--sysctl", "a")]
    [InlineData("--security-opt", "colour=red")]
    [InlineData("--security-opt", "seccomp")]
    [InlineData("--security-opt", "no-new-privileges=perhaps")]
    [InlineData("--pid", "colour")]
    [InlineData("--ipc", "container:")]
    [InlineData("--gpus", "some")]
    [InlineData("--gpus", "driver=amd")]
    [InlineData("--restart", "sometimes")]
    [InlineData("--restart", "always:3")]
    [InlineData("--health-interval", "5")]
    [InlineData("--health-timeout", "1us")]
    [InlineData("--no-healthcheck", "--health-cmd=x")]
    [InlineData("--log-driver", "gelf")]
    [InlineData("--log-driver", "passthrough")]
    [InlineData("--umask", "9")]
    [InlineData("--secret", "key,colour=red")]
    [InlineData("--hostname", "-x")]
    [InlineData("--systemd", "always")]
    [InlineData("--cgroups", "split")]
    [InlineData("--cpu-count", "2")]
    [InlineData("--use-api-socket", "--init")]
    [InlineData("-a", "stdfoo")]
    [InlineData("--personality", "BSD")]
    [InlineData("--image-volume", "keep")]
    public void What_cannot_be_read_is_said(params string[] words)
    {
        BerthException fault = Refused(words);
        Assert.True(fault.Kind is Fault.InvalidArgument or Fault.Unsupported);
        Assert.Contains(words[0] switch { "-v" => "volume", "-m" => "memory", "-a" => "attach", "-p" => "publish", _ => words[0].TrimStart('-').Split('=')[0] }, fault.Message, StringComparison.Ordinal);
        Assert.False(fault.Message.EndsWith('.'));
    }
}
