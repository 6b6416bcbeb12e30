// Every flag of `generate` has its effect, alone and in the order that matters.
using System.Text.Json;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Generate;

namespace Berth.Runtime.Tests.Generate;

public sealed class GenerateFlagTests : IDisposable
{
    // What each flag is tried on: something of everything that can be changed or removed.
    private const string Template = """
        {
          "ociVersion": "1.2.0",
          "process": {
            "cwd": "/", "user": {"uid": 0, "gid": 0}, "args": ["a"], "env": ["A=1", "AB=1"],
            "capabilities": {"bounding": ["CAP_KILL", "CAP_CHOWN"], "effective": ["CAP_KILL"], "inheritable": ["CAP_KILL"], "permitted": ["CAP_KILL"], "ambient": ["CAP_KILL"]},
            "rlimits": [{"type": "RLIMIT_CORE", "hard": 1, "soft": 1}], "selinuxLabel": "l", "apparmorProfile": "p"
          },
          "root": {"path": "rootfs"},
          "mounts": [{"destination": "/proc", "type": "proc"}, {"destination": "/x"}],
          "hooks": {"prestart": [{"path": "/p"}], "createRuntime": [{"path": "/p"}], "createContainer": [{"path": "/p"}],
                    "startContainer": [{"path": "/p"}], "poststart": [{"path": "/p"}], "poststop": [{"path": "/p"}]},
          "linux": {
            "namespaces": [{"type": "pid"}, {"type": "mount"}],
            "devices": [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229}],
            "resources": {
              "devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 1, "minor": 3, "access": "rw"}],
              "hugepageLimits": [{"pageSize": "2MB", "limit": 5}],
              "network": {"priorities": [{"name": "eth0", "priority": 5}]},
              "blockIO": {"weightDevice": [{"major": 8, "minor": 0, "weight": 10, "leafWeight": 20}], "throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": 1}]}
            },
            "seccomp": {
              "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
              "syscalls": [{"names": ["getcwd", "mount"], "action": "SCMP_ACT_ERRNO"},
                           {"names": ["bind"], "action": "SCMP_ACT_KILL", "args": [{"index": 1, "value": 2, "op": "SCMP_CMP_EQ"}]}]
            }
          }
        }
        """;

    private static readonly JsonSerializerOptions AsWritten = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string _folder = Directory.CreateTempSubdirectory("berth-generate-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Flags separated by spaces, a path, and the JSON found there ("absent" where there is none).
    public static readonly TheoryData<string, string, string> Effects = new()
    {
        { "--oci-version 1.0.2", "ociVersion", "\"1.0.2\"" },
        { "--os linux", "ociVersion", "\"1.2.0\"" },
        { "--hostname h", "hostname", "\"h\"" },
        { "--domainname d", "domainname", "\"d\"" },
        { "--rootfs-path /r", "root.path", "\"/r\"" },
        { "--rootfs-readonly", "root.readonly", "true" },
        { "--rootfs-readonly=false", "root.readonly", "false" },
        { "--label a.b=c --label d.e=f=g", "annotations", """{"a.b":"c","d.e":"f=g"}""" },
        { "--args sh --args -c --args true", "process.args", """["sh","-c","true"]""" },
        { "--env A=2 --env B=3 --env B=4", "process.env", """["A=2","AB=1","B=4"]""" },
        { "--env-file {folder}/env --env X=3", "process.env", """["A=1","AB=1","X=3","Y=2 3"]""" },
        { "--process-cwd /w", "process.cwd", "\"/w\"" },
        { "--process-uid 7", "process.user.uid", "7" },
        { "--process-gid 4294967295", "process.user.gid", "4294967295" },
        { "--process-groups 8 --process-groups 9 --process-groups 8", "process.user.additionalGids", "[8,9]" },
        { "--process-umask 027", "process.user.umask", "23" },
        { "--process-umask 0o27", "process.user.umask", "23" },
        { "--process-umask 18", "process.user.umask", "18" },
        { "--process-username u", "process.user.username", "\"u\"" },
        { "--process-terminal", "process.terminal", "true" },
        { "--process-consolesize 80:40", "process.consoleSize", """{"height":40,"width":80}""" },
        { "--process-no-new-privileges", "process.noNewPrivileges", "true" },
        { "--process-rlimits-add RLIMIT_CORE:3:2 --process-rlimits-remove-all", "process.rlimits", """[{"type":"RLIMIT_CORE","hard":3,"soft":2}]""" },
        { "--process-rlimits-add RLIMIT_CORE:-1:2", "process.rlimits", """[{"type":"RLIMIT_CORE","hard":18446744073709551615,"soft":2}]""" },
        { "--process-rlimits-remove RLIMIT_CORE", "process.rlimits", "[]" },
        { "--linux-oom-score-adj -10", "process.oomScoreAdj", "-10" },
        { "--linux-apparmor q", "process.apparmorProfile", "\"q\"" },
        { "--linux-selinux-label m", "process.selinuxLabel", "\"m\"" },
        { "--privileged", "linux.seccomp", "absent" },
        { "--privileged", "process.selinuxLabel", "absent" },
        { "--privileged --process-cap-drop CAP_KILL", "process.capabilities.ambient.0", "\"CAP_CHOWN\"" },
        { "--process-cap-add CAP_CHOWN --process-cap-drop-all", "process.capabilities.ambient", """["CAP_CHOWN"]""" },
        { "--process-cap-add CAP_BPF,cap_kill", "process.capabilities.effective", """["CAP_BPF","CAP_KILL"]""" },
        { "--process-cap-add-bounding CAP_BPF", "process.capabilities.bounding", """["CAP_KILL","CAP_CHOWN","CAP_BPF"]""" },
        { "--process-cap-add-effective CAP_BPF", "process.capabilities.effective", """["CAP_KILL","CAP_BPF"]""" },
        { "--process-cap-add-inheritable CAP_BPF", "process.capabilities.inheritable", """["CAP_KILL","CAP_BPF"]""" },
        { "--process-cap-add-permitted CAP_BPF", "process.capabilities.permitted", """["CAP_KILL","CAP_BPF"]""" },
        { "--process-cap-add-ambient CAP_BPF", "process.capabilities.ambient", """["CAP_KILL","CAP_BPF"]""" },
        { "--process-cap-drop CAP_KILL", "process.capabilities.bounding", """["CAP_CHOWN"]""" },
        { "--process-cap-drop-bounding CAP_KILL", "process.capabilities.bounding", """["CAP_CHOWN"]""" },
        { "--process-cap-drop-effective CAP_KILL", "process.capabilities.effective", "[]" },
        { "--process-cap-drop-inheritable CAP_KILL", "process.capabilities.inheritable", "[]" },
        { "--process-cap-drop-permitted CAP_KILL", "process.capabilities.permitted", "[]" },
        { "--process-cap-drop-ambient CAP_KILL", "process.capabilities.ambient", "[]" },
        { "--linux-cgroups-path /a", "linux.cgroupsPath", "\"/a\"" },
        { "--linux-uidmappings 1000:0:10", "linux.uidMappings", """[{"containerID":0,"hostID":1000,"size":10}]""" },
        { "--linux-gidmappings 1000:0:10", "linux.namespaces", """[{"type":"pid"},{"type":"mount"},{"type":"user"}]""" },
        { "--linux-namespace-add ipc --linux-namespace-remove-all", "linux.namespaces", """[{"type":"ipc"}]""" },
        { "--linux-namespace-add pid:/proc/1/ns/pid", "linux.namespaces", """[{"type":"pid","path":"/proc/1/ns/pid"},{"type":"mount"}]""" },
        { "--linux-namespace-remove pid", "linux.namespaces", """[{"type":"mount"}]""" },
        { "--linux-device-remove-all", "linux.devices", "absent" },
        { "--linux-device-add b:8:0:/dev/fuse:fileMode=0660:uid=1:gid=2", "linux.devices",
            """[{"path":"/dev/fuse","type":"b","major":8,"minor":0,"fileMode":432,"uid":1,"gid":2}]""" },
        { "--linux-device-remove /dev/fuse", "linux.devices", "[]" },
        { "--linux-sysctl a.b=1", "linux.sysctl", """{"a.b":"1"}""" },
        { "--linux-masked-paths /m", "linux.maskedPaths", """["/m"]""" },
        { "--linux-readonly-paths /m", "linux.readonlyPaths", """["/m"]""" },
        { "--linux-mount-label m", "linux.mountLabel", "\"m\"" },
        { "--linux-rootfs-propagation rslave", "linux.rootfsPropagation", "\"rslave\"" },
        { "--linux-intelRdt-closid c", "linux.intelRdt.closID", "\"c\"" },
        { "--linux-intelRdt-l3CacheSchema L3:0=f", "linux.intelRdt.l3CacheSchema", "\"L3:0=f\"" },
        { "--linux-device-cgroup-add allow,type=b,major=8,minor=-1,access=r", "linux.resources.devices.2", """{"allow":true,"type":"b","major":8,"minor":-1,"access":"r"}""" },
        { "--linux-device-cgroup-remove deny,access=rwm", "linux.resources.devices.0.allow", "true" },
        { "--linux-mem-limit 3", "linux.resources.memory.limit", "3" },
        { "--linux-mem-reservation 4", "linux.resources.memory.reservation", "4" },
        { "--linux-mem-swap -1", "linux.resources.memory.swap", "-1" },
        { "--linux-mem-kernel-limit 1", "linux.resources.memory.kernel", "1" },
        { "--linux-mem-kernel-tcp 2", "linux.resources.memory.kernelTCP", "2" },
        { "--linux-mem-swappiness 6", "linux.resources.memory.swappiness", "6" },
        { "--linux-disable-oom-kill", "linux.resources.memory.disableOOMKiller", "true" },
        { "--linux-cpu-shares 5", "linux.resources.cpu.shares", "5" },
        { "--linux-cpu-quota 50", "linux.resources.cpu.quota", "50" },
        { "--linux-cpu-period 100", "linux.resources.cpu.period", "100" },
        { "--linux-realtime-runtime 6", "linux.resources.cpu.realtimeRuntime", "6" },
        { "--linux-realtime-period 7", "linux.resources.cpu.realtimePeriod", "7" },
        { "--linux-cpus 0-1", "linux.resources.cpu.cpus", "\"0-1\"" },
        { "--linux-mems 0", "linux.resources.cpu.mems", "\"0\"" },
        { "--linux-pids-limit 5", "linux.resources.pids.limit", "5" },
        { "--linux-blkio-weight 40", "linux.resources.blockIO.weight", "40" },
        { "--linux-blkio-leaf-weight 30", "linux.resources.blockIO.leafWeight", "30" },
        { "--linux-blkio-weight-device 8:0:-1", "linux.resources.blockIO.weightDevice", """[{"major":8,"minor":0,"leafWeight":20}]""" },
        { "--linux-blkio-weight-device 8:0:-1 --linux-blkio-leaf-weight-device 8:0:-1", "linux.resources.blockIO.weightDevice", "[]" },
        { "--linux-blkio-leaf-weight-device 9:1:50", "linux.resources.blockIO.weightDevice.1", """{"major":9,"minor":1,"leafWeight":50}""" },
        { "--linux-blkio-read-bps-device 8:0:-1", "linux.resources.blockIO.throttleReadBpsDevice", "[]" },
        { "--linux-blkio-read-bps-device 8:0:100", "linux.resources.blockIO.throttleReadBpsDevice", """[{"major":8,"minor":0,"rate":100}]""" },
        { "--linux-blkio-write-bps-device 8:0:300", "linux.resources.blockIO.throttleWriteBpsDevice", """[{"major":8,"minor":0,"rate":300}]""" },
        { "--linux-blkio-read-iops-device 8:0:200", "linux.resources.blockIO.throttleReadIOPSDevice", """[{"major":8,"minor":0,"rate":200}]""" },
        { "--linux-blkio-write-iops-device 8:0:400", "linux.resources.blockIO.throttleWriteIOPSDevice", """[{"major":8,"minor":0,"rate":400}]""" },
        { "--linux-hugepage-limits-add 2MB:9 --linux-hugepage-limits-add 1GB:1", "linux.resources.hugepageLimits", """[{"pageSize":"2MB","limit":9},{"pageSize":"1GB","limit":1}]""" },
        { "--linux-hugepage-limits-drop 2MB", "linux.resources.hugepageLimits", "[]" },
        { "--linux-network-classid 5", "linux.resources.network.classID", "5" },
        { "--linux-network-priorities eth0:-1 --linux-network-priorities eth1:1", "linux.resources.network.priorities", """[{"name":"eth1","priority":1}]""" },
        { "--mounts-add {\"destination\":\"/y\"} --mounts-remove-all", "mounts", """[{"destination":"/y"}]""" },
        { "--mounts-remove /x", "mounts", """[{"destination":"/proc","type":"proc"}]""" },
        { "--hooks-prestart-add {\"path\":\"/q\",\"timeout\":5} --hooks-prestart-remove-all", "hooks.prestart", """[{"path":"/q","timeout":5}]""" },
        { "--hooks-create-runtime-add {\"path\":\"/q\"} --hooks-create-runtime-remove-all", "hooks.createRuntime", """[{"path":"/q"}]""" },
        { "--hooks-create-container-add {\"path\":\"/q\"} --hooks-create-container-remove-all", "hooks.createContainer", """[{"path":"/q"}]""" },
        { "--hooks-start-container-add {\"path\":\"/q\"} --hooks-start-container-remove-all", "hooks.startContainer", """[{"path":"/q"}]""" },
        { "--hooks-poststart-add {\"path\":\"/q\"}", "hooks.poststart", """[{"path":"/p"},{"path":"/q"}]""" },
        { "--hooks-poststart-remove-all", "hooks.poststart", "absent" },
        { "--hooks-poststop-add {\"path\":\"/q\"} --hooks-poststop-remove-all", "hooks.poststop", """[{"path":"/q"}]""" },
        { "--seccomp-default", "linux.seccomp.defaultErrnoRet", "1" },
        { "--linux-seccomp-remove-all", "linux.seccomp.syscalls", "[]" },
        { "--linux-seccomp-default kill", "linux.seccomp", """{"defaultAction":"SCMP_ACT_KILL","architectures":["SCMP_ARCH_X86_64"],"syscalls":[{"names":["getcwd","mount"],"action":"SCMP_ACT_ERRNO"}]}""" },
        { "--linux-seccomp-default-force kill", "linux.seccomp.syscalls.1.action", "\"SCMP_ACT_KILL\"" },
        { "--linux-seccomp-arch arm64,x86,SCMP_ARCH_X86_64", "linux.seccomp.architectures", """["SCMP_ARCH_X86_64","SCMP_ARCH_AARCH64","SCMP_ARCH_X86"]""" },
        { "--linux-seccomp-errno open --linux-seccomp-remove-all", "linux.seccomp.syscalls", """[{"names":["open"],"action":"SCMP_ACT_ERRNO"}]""" },
        { "--linux-seccomp-kill getcwd", "linux.seccomp.syscalls.0", """{"names":["mount"],"action":"SCMP_ACT_ERRNO"}""" },
        { "--linux-seccomp-trace bind:1:2:0:EQ", "linux.seccomp.syscalls.1", """{"names":["bind"],"action":"SCMP_ACT_TRACE","args":[{"index":1,"value":2,"op":"SCMP_CMP_EQ"}]}""" },
        { "--linux-seccomp-trap open:1:18446744073709551615:3:ME", "linux.seccomp.syscalls.2.args.0", """{"index":1,"value":18446744073709551615,"valueTwo":3,"op":"SCMP_CMP_MASKED_EQ"}""" },
        { "--linux-seccomp-errno mount:0:1:0:NE", "linux.seccomp.syscalls.2", "absent" },
        { "--linux-seccomp-allow mount", "linux.seccomp.syscalls.0.names", """["getcwd"]""" },
        { "--linux-seccomp-remove bind,mount", "linux.seccomp.syscalls", """[{"names":["getcwd"],"action":"SCMP_ACT_ERRNO"}]""" },
    };

    [Theory]
    [MemberData(nameof(Effects))]
    public void A_flag_has_its_effect(string flags, string path, string expected)
    {
        string env = Path.Combine(_folder, "env");
        File.WriteAllText(env, "\uFEFF# comment\nX=1\r\n\n  Y=2 3\nBERTH_IS_NOT_SET\n");
        string template = Path.Combine(_folder, "template.json");
        File.WriteAllText(template, Template);
        // --env-file holds a value with a space, which no other one does.
        string[] args = [.. flags.Replace("{folder}", _folder, StringComparison.Ordinal).Split(" "), "--template", template];
        (int code, string json, string error) = Run(args);
        Assert.Equal((0, ""), (code, error));
        Assert.Equal(expected, At(json, path));
        SpecReader.Read(System.Text.Encoding.UTF8.GetBytes(json));
    }

    [Fact]
    public void Every_flag_is_tried()
    {
        HashSet<string> tried = [.. Effects.SelectMany(effect => effect.Data.Item1.Split(' ')).Where(word => word.StartsWith("--", StringComparison.Ordinal)).Select(word => word[2..].Split('=')[0])];
        Assert.DoesNotContain(GenerateFlags.Groups().SelectMany(group => group.Flags), flag => !tried.Contains(flag.Name));
    }

    [Fact]
    public void Every_flag_is_in_the_help_with_a_line_of_its_own()
    {
        (int code, string help, _) = Run("--help");
        Assert.Equal(0, code);
        foreach (GenerateFlag flag in GenerateFlags.Groups().SelectMany(group => group.Flags))
        {
            Assert.Contains($"  --{flag.Name}", help, StringComparison.Ordinal);
            Assert.Contains(flag.Help, help, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("--bogus", "generate: unknown flag --bogus; hint: generate --help lists all of them")]
    [InlineData("word", "generate: 'word' is no flag, and there are no other arguments")]
    [InlineData("--hostname", "generate: --hostname needs a value: NAME")]
    [InlineData("--os windows", "generate: --os: 'windows' is not one of linux")]
    [InlineData("--env nothing", "generate: --env: 'nothing' is not of the form NAME=VALUE")]
    [InlineData("--label =x", "generate: --label: '=x' is not of the form NAME=VALUE")]
    [InlineData("--process-uid -1", "generate: --process-uid: -1 is out of range, 0 to 4294967295 is allowed")]
    [InlineData("--linux-mem-limit 1g", "generate: --linux-mem-limit: '1g' is not a whole number")]
    [InlineData("--process-umask 09", "generate: --process-umask: '09' is no octal file mode")]
    [InlineData("--process-terminal=maybe", "generate: --process-terminal: 'maybe' is neither true nor false")]
    [InlineData("--process-cap-add SYS_ADMIN", "generate: --process-cap-add: 'SYS_ADMIN' is no capability, see capabilities(7)")]
    [InlineData("--process-rlimits-add RLIMIT_X:1:1", "generate: --process-rlimits-add: 'RLIMIT_X' is no resource limit, see getrlimit(2)")]
    [InlineData("--process-rlimits-add RLIMIT_CORE:1", "generate: --process-rlimits-add: 'RLIMIT_CORE:1' is not of the form TYPE:HARD:SOFT")]
    [InlineData("--linux-device-add c:1:2", "generate: --linux-device-add: 'c:1:2' is not of the form TYPE:MAJOR:MINOR:PATH[:fileMode=N][:uid=N][:gid=N]")]
    [InlineData("--linux-device-cgroup-add allow,access=x", "generate: --linux-device-cgroup-add: 'access=x' is not of the form allow|deny[,type=T][,major=N][,minor=N][,access=RWM]")]
    [InlineData("--linux-seccomp-errno a:b", "generate: --linux-seccomp-errno: 'a:b' is not of the form CALL[:INDEX:VALUE:VALUE2:OP]")]
    [InlineData("--linux-seccomp-default nope", "generate: --linux-seccomp-default: 'nope' is not one of allow, errno, kill, kill-process, kill-thread, log, trace, trap")]
    [InlineData("--mounts-add {}", "generate: --mounts-add: '{}' has no destination")]
    [InlineData("--mounts-add {", "generate: --mounts-add: '{' is no JSON")]
    [InlineData("--mounts-add {\"destination\":1}", "generate: --mounts-add: the value: mounts[0].destination: expected a string, found a number")]
    [InlineData("--hooks-poststop-add {\"path\":\"/a\",\"timeout\":\"x\"}", "generate: --hooks-poststop-add: the value: hooks.poststop[0].timeout: expected a number, found a string")]
    [InlineData("--template /nowhere.json", "generate: open /nowhere.json: no such file or directory")]
    [InlineData("--linux-seccomp-only --privileged", "generate: --linux-seccomp-only: the configuration has no filter")]
    public void A_wrong_command_line_is_answered_with_a_sentence_and_one(string flags, string message)
    {
        (int code, string output, string error) = Run(flags.Split(' '));
        Assert.Equal((1, "", message + Environment.NewLine), (code, output, error));
    }

    [Fact]
    public void What_the_template_says_beyond_the_specification_is_kept_as_it_is_written()
    {
        string template = Path.Combine(_folder, "template.json");
        File.WriteAllText(template, """{"ociVersion":"1.2.0","x":{"y":[1e3,12345678901234567890.5,null]},"process":{"cwd":"/c","z":"ü"},"windows":{"a":1},"root":{"path":"other"}}""");
        (_, string json, _) = Run("--template", template, "--hostname", "h");
        Assert.Equal("""{"y":[1e3,12345678901234567890.5,null]}""", At(json, "x"));
        Assert.Equal("\"ü\"", At(json, "process.z"));
        Assert.Equal("""{"a":1}""", At(json, "windows"));
        Assert.Equal(("\"/c\"", "\"other\"", "absent"), (At(json, "process.cwd"), At(json, "root.path"), At(json, "linux")));
    }

    [Fact]
    public void A_template_that_cannot_be_read_is_refused_with_the_place()
    {
        string template = Path.Combine(_folder, "template.json");
        File.WriteAllText(template, """{"process":{"args":"sh"}}""");
        (int code, _, string error) = Run("--template", template);
        Assert.Equal(1, code);
        Assert.Equal($"generate: {template}: process.args: expected an array, found a string{Environment.NewLine}", error);
    }

    [Fact]
    public void Without_flags_there_is_a_shell_with_the_default_filter()
    {
        (_, string json, _) = Run();
        Spec spec = SpecReader.Read(System.Text.Encoding.UTF8.GetBytes(json));
        Assert.Equal(["sh"], spec.Process!.Args!);
        Assert.Equal(14, spec.Process.Capabilities!.Bounding!.Count);
        Assert.Null(spec.Process.Capabilities.Ambient);
        Assert.Equal("SCMP_ACT_ERRNO", spec.Linux!.Seccomp!.DefaultAction);
    }

    [Fact]
    public void The_default_filter_follows_the_capabilities()
    {
        (_, string without, _) = Run("--linux-seccomp-only");
        (_, string with, _) = Run("--linux-seccomp-only", "--process-cap-add", "CAP_SYS_ADMIN");
        Assert.DoesNotContain("\"mount\"", without, StringComparison.Ordinal);
        Assert.Contains("\"mount\"", with, StringComparison.Ordinal);
    }

    [Fact]
    public void The_configuration_goes_to_the_file_asked_for()
    {
        string file = Path.Combine(_folder, "config.json");
        File.WriteAllText(file, new string('x', 100_000));
        Assert.Equal((0, "", ""), Run("--output", file, "--hostname", "h"));
        Assert.Equal("\"h\"", At(File.ReadAllText(file), "hostname"));
    }

    private static (int Code, string Output, string Error) Run(params string[] args)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int code = GenerateCommand.Run(args, output, error);
        return (code, output.ToString(), error.ToString());
    }

    private static string At(string json, string path)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement at = document.RootElement;
        foreach (string step in path.Split('.'))
        {
            if (at.ValueKind == JsonValueKind.Array)
            {
                int index = int.Parse(step);
                if (index >= at.GetArrayLength()) return "absent";
                at = at[index];
            }
            else if (!at.TryGetProperty(step, out at)) return "absent";
        }
        return JsonSerializer.Serialize(at, AsWritten);
    }
}
