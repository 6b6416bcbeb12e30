// containerd's sandbox service: a pod as namespaces that a process holds, where the sandboxer of a runtime is "shim".
using System.Runtime.InteropServices;
using Berth.Cgroups;
using Berth.Linux.Polling;
using Berth.Linux.Processes;
using Berth.Oci.Faults;
using Berth.Rpc.Ttrpc;
using Berth.Shim.ShimV2.Protos;
using Berth.Shim.ShimV2.Protos.Google.Protobuf;

namespace Berth.Shim.ShimV2;

/// <summary>The sandbox of one shim. Containers come into it as tasks, and name the namespaces of its process.</summary>
/// <param name="loop">The loop.</param>
/// <param name="isVacant">Whether no container is left in it.</param>
internal sealed class SandboxApi(EventLoop loop, Func<bool> isVacant) : SandboxService
{
    private const int SIGKILL = 9;

    private readonly List<Action> _waiting = [];
    private string? _id;
    private string _bundle = "";
    private PodSpec _pod = new();
    private State _state;
    private int _pid;
    private long _createdAt, _exitedAt;
    private int _exitStatus;

    private enum State
    {
        Created,
        Ready,
        Stopped,
    }

    /// <summary>Asked to end, and free to.</summary>
    public Action? ShutdownAsked { get; set; }

    /// <summary>Whether there is a sandbox.</summary>
    public bool IsHeld => _id is not null;

    /// <summary>What the containers of a pod have in common besides namespaces, put into the bundle of one.</summary>
    public void Equip(string bundle)
    {
        if (_state == State.Ready && _pod.Config is not null) PodFiles.Give(_bundle, bundle);
    }

    protected override void CreateSandbox(CreateSandboxRequest request, TtrpcReply<CreateSandboxResponse> reply)
    {
        if (_id is not null) throw new BerthException(Fault.Conflict, $"sandbox {_id}: already exists");
        _pod = PodSpec.Of(request);
        (_id, _bundle, _state, _createdAt) = (request.SandboxId, request.BundlePath, State.Created, Self.RealTime);
        reply.Send(new CreateSandboxResponse());
    }

    protected override void StartSandbox(StartSandboxRequest request, TtrpcReply<StartSandboxResponse> reply)
    {
        Check(request.SandboxId);
        if (_state != State.Created) throw new BerthException(Fault.WrongState, $"sandbox {_id} was started before");
        if (_pod.Config is not null) PodFiles.Make(_pod, _bundle);
        _pid = PodHolder.Start(_pod, _bundle);
        (_state, _createdAt) = (State.Ready, Self.RealTime);
        loop.OnExit(_pid, Ended);
        reply.Send(new StartSandboxResponse { Pid = (uint)_pid, CreatedAt = TimeStamps.Of(_createdAt) });
    }

    protected override void Platform(PlatformRequest request, TtrpcReply<PlatformResponse> reply)
    {
        Check(request.SandboxId);
        reply.Send(new PlatformResponse { Platform = new Protos.Platform { Os = "linux", Architecture = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "amd64" } });
    }

    protected override void StopSandbox(StopSandboxRequest request, TtrpcReply<StopSandboxResponse> reply)
    {
        Check(request.SandboxId);
        Stop(() => reply.Send(new StopSandboxResponse()));
    }

    protected override void WaitSandbox(WaitSandboxRequest request, TtrpcReply<WaitSandboxResponse> reply)
    {
        Check(request.SandboxId);
        WhenStopped(() =>
        {
            if (reply.Call.IsOpen) reply.Send(new WaitSandboxResponse { ExitStatus = (uint)_exitStatus, ExitedAt = TimeStamps.Of(_exitedAt) });
        });
    }

    protected override void SandboxStatus(SandboxStatusRequest request, TtrpcReply<SandboxStatusResponse> reply)
    {
        Check(request.SandboxId);
        SandboxStatusResponse status = new()
        {
            SandboxId = _id!,
            Pid = (uint)_pid,
            // CRI's words.
            State = _state == State.Ready ? "SANDBOX_READY" : "SANDBOX_NOTREADY",
            CreatedAt = TimeStamps.Of(_createdAt),
            ExitedAt = _state == State.Stopped ? TimeStamps.Of(_exitedAt) : null,
        };
        if (request.Verbose) status.Info["bundle"] = _bundle;
        reply.Send(status);
    }

    protected override void PingSandbox(PingRequest request, TtrpcReply<PingResponse> reply)
    {
        Check(request.SandboxId);
        reply.Send(new PingResponse());
    }

    protected override void ShutdownSandbox(ShutdownSandboxRequest request, TtrpcReply<ShutdownSandboxResponse> reply)
    {
        // After a create that failed there is no sandbox, and the shim is to go all the same.
        if (_id is not null) Check(request.SandboxId);
        if (!isVacant()) throw new BerthException(Fault.WrongState, $"sandbox {request.SandboxId} has containers: failed precondition", "delete them first");
        Stop(() =>
        {
            if (_bundle.Length > 0) PodHolder.Clear(_bundle);
            if (_bundle.Length > 0) PodFiles.Clear(_bundle);
            _id = null;
            reply.Send(new ShutdownSandboxResponse());
            ShutdownAsked?.Invoke();
        });
    }

    protected override void SandboxMetrics(SandboxMetricsRequest request, TtrpcReply<SandboxMetricsResponse> reply)
    {
        Check(request.SandboxId);
        if (!_pod.Cgroup.StartsWith('/')) throw new BerthException(Fault.NotFound, $"sandbox {_id} has no cgroup of its own", "give the pod a cgroup parent, as a path");
        CgroupHost host = CgroupHost.Discover();
        List<KeyValuePair<Controller, string>> paths = [];
        for (int i = 0; i < ControllerNames.Count; i++)
        {
            if (host.Mount((Controller)i) is { } mount) paths.Add(new((Controller)i, mount + _pod.Cgroup));
        }
        Any data = MetricsMessage.Of(CgroupTree.Open(new CgroupRecord { Mode = host.Mode, Paths = paths }));
        reply.Send(new SandboxMetricsResponse { Metrics = new Metric { Timestamp = TimeStamps.Of(Self.RealTime), Id = _id!, Data = data } });
    }

    private void Check(string id)
    {
        if (_id is null || id != _id) throw new BerthException(Fault.NotFound, $"sandbox {id}: not found");
    }

    private void Stop(Action stopped)
    {
        if (_state == State.Created) Ended(0);
        if (_state == State.Ready) Self.TrySignal(_pid, SIGKILL, out _);
        WhenStopped(stopped);
    }

    private void WhenStopped(Action stopped)
    {
        if (_state == State.Stopped) stopped();
        else _waiting.Add(stopped);
    }

    private void Ended(int status)
    {
        (_state, _exitStatus, _exitedAt) = (State.Stopped, WaitStatus.ExitCode(status), Self.RealTime);
        Action[] waiting = [.. _waiting];
        _waiting.Clear();
        foreach (Action stopped in waiting) stopped();
    }
}
