// linux.seccomp as the plan needs it: a compiled filter, its flags, and whom to tell of notifications.
using Berth.Oci.RuntimeSpec;
using Berth.Linux;
using Berth.Runtime.State;

namespace Berth.Runtime.Lifecycle;

internal sealed class SeccompPlan
{
    public ReadOnlyMemory<byte> Filter { get; private init; }

    public uint Flags { get; private init; }

    public static SeccompPlan Of(Spec spec, ReadOnlySpan<byte> config, string? root, Action<string> warn) => new();

    public Fd? Connect() => null;

    public string StateFor(ContainerRecord record, int pid) => "";
}
