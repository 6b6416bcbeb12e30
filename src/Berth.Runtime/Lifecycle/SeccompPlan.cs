// linux.seccomp as the plan needs it: a compiled filter, its flags, and whom to tell of notifications.
using System.Text;
using System.Text.Json;
using Berth.Linux;
using Berth.Linux.Network;
using Berth.Linux.Programs;
using Berth.Linux.Seccomp;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.State;

namespace Berth.Runtime.Lifecycle;

internal sealed class SeccompPlan
{
    private readonly string? _listenerPath;
    private readonly string? _metadata;

    private SeccompPlan(CompiledFilter? filter, string? listenerPath, string? metadata)
    {
        Filter = filter?.Instructions ?? default;
        Flags = (uint)(filter?.Flags ?? FilterFlags.None);
        _listenerPath = listenerPath;
        _metadata = metadata;
    }

    public ReadOnlyMemory<byte> Filter { get; }

    public uint Flags { get; }

    /// <summary>Whether the filter has a notification descriptor.</summary>
    public bool Notifies => ((FilterFlags)Flags & FilterFlags.NEW_LISTENER) != 0;

    /// <summary>The filter of a specification: from the cache where its text was compiled before.</summary>
    /// <param name="spec">The specification.</param>
    /// <param name="config">Its text: the key of the cache is the text of linux.seccomp.</param>
    /// <param name="stateRoot">Directory of states, whose owner alone may write the cache; null compiles always.</param>
    /// <param name="warn">Receives what is left out.</param>
    public static SeccompPlan Of(Spec spec, ReadOnlySpan<byte> config, string? stateRoot, Action<string> warn)
    {
        if (spec.Linux?.Seccomp is not { } seccomp) return new SeccompPlan(null, null, null);
        CheckPlugins(spec);
        CheckNotify(seccomp);
        bool strict = spec.Annotations.GetValueOrDefault("run.oci.seccomp_fail_unknown_syscall") is "1" or "true";
        string? listener = string.IsNullOrEmpty(seccomp.ListenerPath) ? spec.Annotations.GetValueOrDefault("run.oci.seccomp.receiver") : seccomp.ListenerPath;
        if (spec.Annotations.GetValueOrDefault("run.oci.seccomp_bpf_data") is { } ready) return new SeccompPlan(Ready(ready, seccomp), listener, seccomp.ListenerMetadata);
        ReadOnlySpan<byte> text = TextOf(config);
        FilterCache? cache = stateRoot is null || text.IsEmpty ? null : new FilterCache(stateRoot + "/.seccomp");
        uint variant = strict ? 1u : 0;
        if (cache?.TryGet(text, variant) is { } known) return new SeccompPlan(known, listener, seccomp.ListenerMetadata);
        CompiledFilter filter = Compile(seccomp, strict, warn);
        if (cache is not null && !Linux.Files.KernelFile.Exists(stateRoot!)) MakeRoot(stateRoot!);
        cache?.TryPut(text, filter, variant);
        return new SeccompPlan(filter, listener, seccomp.ListenerMetadata);
    }

    /// <summary>Connects to whoever answers notifications; null where nothing notifies.</summary>
    /// <exception cref="BerthException"><see cref="Fault.Unavailable"/>: nobody listens.</exception>
    public Fd? Connect()
    {
        if (!Notifies) return null;
        if (string.IsNullOrEmpty(_listenerPath)) throw new BerthException(Fault.InvalidArgument, "linux.seccomp.listenerPath is not set, but a rule has the action SCMP_ACT_NOTIFY");
        try
        {
            return DescriptorSocket.Connect(_listenerPath);
        }
        catch (LinuxException e)
        {
            throw new BerthException(Fault.Unavailable, $"failed to connect with seccomp agent specified in the seccomp profile: {_listenerPath}: {e.Errno.Sentence()}", "start the agent first", e);
        }
    }

    /// <summary>Sends the listener that the child published, with the state of config-linux.md, "The Container Process State".</summary>
    public void Send(Fd agent, SpawnedChild child, ContainerRecord record, string status)
    {
        using Fd listener = child.TakePublished();
        DescriptorSocket.Send(agent, StateOf(record, child.Pid, status), listener.Number);
    }

    private byte[] StateOf(ContainerRecord record, int pid, string status) => new ContainerProcessState
    {
        OciVersion = record.OciVersion,
        Fds = [ContainerProcessState.SeccompFd],
        Pid = pid,
        Metadata = _metadata,
        State = new ContainerState
        {
            OciVersion = record.OciVersion,
            Id = record.Id,
            Status = status,
            Pid = record.Pid == 0 ? pid : record.Pid,
            Bundle = record.Bundle,
            Annotations = record.Annotations,
        },
    }.ToJson();

    /// <summary>A cache that cannot be kept costs time and nothing else.</summary>
    private static void MakeRoot(string path)
    {
        try { Linux.Files.KernelPath.MakeDirectories(path, 0x1C0); }
        catch (LinuxException) { }
    }

    private static void CheckPlugins(Spec spec)
    {
        if (spec.Annotations.GetValueOrDefault("run.oci.seccomp.plugins") is not { Length: > 0 } plugins) return;
        throw new BerthException(Fault.Unsupported, $"annotation run.oci.seccomp.plugins: cannot load {plugins}: this runtime loads no libraries", "let a process of its own answer: linux.seccomp.listenerPath");
    }

    private static void CheckNotify(SeccompSpec seccomp)
    {
        if (seccomp.DefaultAction == "SCMP_ACT_NOTIFY") throw new BerthException(Fault.InvalidArgument, "SCMP_ACT_NOTIFY cannot be used as default action");
        foreach (SeccompRule rule in seccomp.Syscalls ?? [])
        {
            // The runtime itself writes after the filter is installed and before anybody could answer.
            if (rule.Action == "SCMP_ACT_NOTIFY" && rule.Names.Contains("write")) throw new BerthException(Fault.InvalidArgument, "SCMP_ACT_NOTIFY cannot be used for the write syscall");
        }
    }

    private static CompiledFilter Ready(string base64, SeccompSpec seccomp)
    {
        byte[] bytes = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, bytes, out int length) || length == 0 || length % 8 != 0)
        {
            throw new BerthException(Fault.InvalidArgument, "annotation run.oci.seccomp_bpf_data: no base64 of whole BPF instructions");
        }
        return new CompiledFilter(bytes.AsMemory(0, length), FlagsOf(seccomp));
    }

    private static CompiledFilter Compile(SeccompSpec seccomp, bool strict, Action<string> warn)
    {
        List<FilterRule> rules = [];
        foreach (SeccompRule rule in seccomp.Syscalls ?? []) rules.Add(RuleOf(rule));
        List<SeccompArch> architectures = [];
        foreach (string word in seccomp.Architectures ?? [])
        {
            architectures.Add(SeccompWords.Arch(word) ?? throw Unknown("architectures", word, SeccompWords.Arches));
        }
        try
        {
            return FilterCompiler.Compile(new FilterSpec
            {
                DefaultAction = ActionOf(seccomp.DefaultAction, seccomp.DefaultErrnoRet, "defaultAction"),
                Rules = rules,
                Architectures = architectures,
                RefuseUnknownNames = strict,
                Flags = FlagsOf(seccomp),
            });
        }
        catch (FilterException e)
        {
            throw new BerthException(Fault.InvalidArgument, $"linux.seccomp: {e.Message}", null, e);
        }
    }

    private static FilterFlags FlagsOf(SeccompSpec seccomp)
    {
        // As runc: without a list of flags, speculative stores are left alone where the kernel knows how.
        if (seccomp.Flags is null) return SeccompKernel.Has(FilterFlags.SPEC_ALLOW) ? FilterFlags.SPEC_ALLOW : FilterFlags.None;
        FilterFlags flags = FilterFlags.None;
        foreach (string word in seccomp.Flags)
        {
            flags |= SeccompWords.Flag(word) ?? throw Unknown("flags", word, SeccompWords.Flags);
        }
        return flags;
    }

    private static FilterRule RuleOf(SeccompRule rule)
    {
        List<ArgCheck>? checks = null;
        foreach (SeccompArg arg in rule.Args ?? [])
        {
            ArgOperator op = SeccompWords.Operator(arg.Op) ?? throw Unknown("args.op", arg.Op, SeccompWords.Operators);
            if (arg.Index > 5) throw new BerthException(Fault.InvalidArgument, $"linux.seccomp: argument {arg.Index}: a system call has the arguments 0 to 5");
            (checks ??= []).Add(new ArgCheck(arg.Index, op, arg.Value, arg.ValueTwo));
        }
        return new FilterRule(rule.Names, ActionOf(rule.Action, rule.ErrnoRet, "action"), checks);
    }

    private static FilterAction ActionOf(string word, uint? errno, string field) =>
        SeccompWords.TryAction(word, errno, out FilterAction action) ? action : throw Unknown(field, word, SeccompWords.Actions);

    private static BerthException Unknown(string field, string word, IReadOnlyList<string> known) =>
        new(Fault.InvalidArgument, $"linux.seccomp.{field}: unknown value \"{word}\"", $"known are {string.Join(", ", known)}");

    /// <summary>The text of linux.seccomp inside config.json, found as the reader of specifications finds it; empty where it is hard to tell.</summary>
    private static ReadOnlySpan<byte> TextOf(ReadOnlySpan<byte> config)
    {
        if (config.StartsWith("\uFEFF"u8)) config = config[3..];
        Utf8JsonReader r = new(config);
        bool inLinux = false;
        ReadOnlySpan<byte> found = default;
        r.Read();
        while (r.Read())
        {
            if (r.TokenType == JsonTokenType.EndObject && r.CurrentDepth == 1) inLinux = false;
            if (r.TokenType != JsonTokenType.PropertyName) continue;
            if (r.ValueIsEscaped) return default;
            if (r.CurrentDepth == 1 && Ascii.EqualsIgnoreCase(r.ValueSpan, "linux"u8))
            {
                r.Read();
                inLinux = r.TokenType == JsonTokenType.StartObject;
                continue;
            }
            bool wanted = inLinux && r.CurrentDepth == 2 && Ascii.EqualsIgnoreCase(r.ValueSpan, "seccomp"u8);
            r.Read();
            int start = (int)r.TokenStartIndex;
            r.Skip();
            if (wanted) found = config[start..(int)r.BytesConsumed];
        }
        return found;
    }
}
