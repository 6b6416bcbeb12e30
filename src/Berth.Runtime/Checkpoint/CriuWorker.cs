// One `criu swrk`: started for one dump or restore, talked to over a socket that keeps the borders of messages.
using System.Collections;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Linux.Sockets;
using Berth.Oci.Faults;
using Berth.Runtime.Plan;

namespace Berth.Runtime.Checkpoint;

/// <summary>How CRIU is started.</summary>
internal sealed record CriuStart
{
    /// <summary>Its executable, by path or by name.</summary>
    public required string Executable { get; init; }

    /// <summary>Its standard streams are ours; else they are /dev/null.</summary>
    public bool OwnStreams { get; init; }

    /// <summary>Descriptors that it inherits under the numbers they have here.</summary>
    public IReadOnlyList<Fd> Extra { get; init; } = [];

    /// <summary>Namespaces of its own.</summary>
    public Namespaces Namespaces { get; init; }

    /// <summary>Steps before CRIU is executed.</summary>
    public Action<ChildProgram>? Before { get; init; }
}

/// <summary>
/// The conversation:
/// <code>
/// runtime                                criu swrk
/// -------                                ---------
/// VERSION, FEATURE_CHECK             ->
///                                    &lt;-  the same, answered; it stays
/// DUMP, PRE_DUMP or RESTORE          ->
///                                    &lt;-  NOTIFY: where it is (network-lock, post-restore, ...), perhaps with a descriptor
/// NOTIFY: go on, or give up          ->
///                                    &lt;-  the request's answer
/// end of file                        ->  exits
/// </code>
/// </summary>
internal sealed class CriuWorker : IDisposable
{
    private const int LargestMessage = 64 * 1024;

    private readonly Fd _socket;
    private readonly SpawnedChild _process;
    private bool _ended;

    private CriuWorker(Fd socket, SpawnedChild process) => (_socket, _process) = (socket, process);

    /// <summary>Its process id.</summary>
    public int Pid => _process.Pid;

    /// <exception cref="BerthException"><see cref="Fault.Unsupported"/>: there is no CRIU.</exception>
    public static CriuWorker Start(CriuStart start)
    {
        (Fd ours, Fd theirs) = PacketPair.Open();
        using (theirs)
        using (Fd nothing = KernelPath.Open("/dev/null", OpenFlags.ReadWrite))
        using (ChildProgram program = Compile(start, theirs, nothing))
        {
            try
            {
                return new CriuWorker(ours, program.Spawn(new SpawnOptions { Namespaces = start.Namespaces }));
            }
            catch (StepFailedException failure)
            {
                ours.Dispose();
                throw failure.Step.Name is "find" or "execute"
                    ? new BerthException(Fault.Unsupported, $"cannot run criu ({start.Executable}): {failure.Errno.Sentence()}", "install CRIU, or name it with --criu", failure)
                    : new BerthException(Fault.Failed, failure.Message, null, failure);
            }
        }
    }

    private static ChildProgram Compile(CriuStart start, Fd socket, Fd nothing)
    {
        ChildProgram program = new();
        program.Step("prepare criu");
        program.ResetSignals();
        start.Before?.Invoke(program);
        program.Step("pass descriptors to criu");
        for (int i = 0; i < 3 && !start.OwnStreams; i++) program.DuplicateTo(nothing, i);
        program.CloseOnExecFrom(3);
        program.KeepOpen(socket);
        foreach (Fd fd in start.Extra) program.KeepOpen(fd);
        string path = Environment.GetEnvironmentVariable("PATH") ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        program.Step("find", start.Executable);
        Slot found = program.FindProgram(Finish.Candidates(start.Executable, ["PATH=" + path]));
        program.Step("execute", start.Executable);
        program.Execute(found, [start.Executable, "swrk", socket.Number.ToString()], OwnEnvironment());
        return program;
    }

    /// <summary>CRIU calls iptables, tar and the like by name.</summary>
    private static List<string> OwnEnvironment()
    {
        List<string> environment = [];
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables()) environment.Add($"{variable.Key}={variable.Value}");
        return environment;
    }

    /// <summary>CRIU's version: 40101 is 4.1.1.</summary>
    public int Version() => Ask(CriuRequest.Question(CriuRequestType.Version), CriuRequestType.Version).Version;

    /// <summary>Which of the features this kernel and this CRIU have.</summary>
    public CriuFeatures Check(CriuFeatures wanted) => Ask(CriuRequest.Question(CriuRequestType.FeatureCheck, wanted), CriuRequestType.FeatureCheck).Features;

    private CriuResponse Ask(WireWriter request, CriuRequestType type)
    {
        Send(request);
        CriuResponse response = Receive(out Fd? fd);
        fd?.Dispose();
        return response.Success ? response : throw Failure(type, response);
    }

    /// <summary>Has the request done.</summary>
    /// <param name="type">Dump, PreDump or Restore.</param>
    /// <param name="options">Its options.</param>
    /// <param name="notice">Is called where CRIU reports a point; a descriptor that comes along is closed afterwards.</param>
    /// <exception cref="BerthException">CRIU failed; its log says why.</exception>
    public void Perform(CriuRequestType type, CriuOptions options, Action<CriuResponse, Fd?> notice)
    {
        Send(CriuRequest.Of(type, options));
        while (true)
        {
            CriuResponse response = Receive(out Fd? fd);
            using Fd? received = fd;
            if (!response.Success) throw Failure(type, response);
            if (response.Type != CriuRequestType.Notify) break;
            try
            {
                notice(response, received);
            }
            catch
            {
                // Undone by CRIU, which must know of it: what is half restored is killed, what is frozen goes on.
                Send(CriuRequest.NotifyAnswer(success: false));
                while (Receive(out Fd? other) is { Type: CriuRequestType.Notify })
                {
                    other?.Dispose();
                    Send(CriuRequest.NotifyAnswer(success: true));
                }
                throw;
            }
            Send(CriuRequest.NotifyAnswer(success: true));
        }
        int status = End();
        // After a pre-dump CRIU waits for the dump, and takes the end of the conversation for a failure.
        if (status != 0 && type != CriuRequestType.PreDump) throw new BerthException(Fault.Failed, $"criu failed: {WaitStatus.Describe(status)}");
    }

    private void Send(WireWriter message) => DescriptorSocket.Send(_socket, message.Written);

    private CriuResponse Receive(out Fd? fd)
    {
        byte[] buffer = new byte[LargestMessage];
        fd = DescriptorSocket.Receive(_socket, buffer, out int length);
        if (length > 0) return CriuResponse.Read(buffer.AsSpan(0, length));
        fd?.Dispose();
        throw new BerthException(Fault.Failed, $"criu ended before it answered: {WaitStatus.Describe(End())}");
    }

    private static BerthException Failure(CriuRequestType type, CriuResponse response) => new(Fault.Failed,
        $"criu failed: type {type switch { CriuRequestType.Dump => "DUMP", CriuRequestType.PreDump => "PRE_DUMP", CriuRequestType.Restore => "RESTORE", CriuRequestType.FeatureCheck => "FEATURE_CHECK", _ => "VERSION" }} errno {response.Errno}{(response.Message is null ? "" : $": {response.Message.Trim()}")}");

    /// <summary>Ends the conversation and waits.</summary>
    private int End()
    {
        if (_ended) return 0;
        _ended = true;
        _socket.Dispose();
        _process.PidFd.Dispose();
        return Child.Reap(_process.Pid);
    }

    public void Dispose()
    {
        if (_ended) return;
        _ended = true;
        _socket.Dispose();
        Child.KillAndReap(_process.Pid);
        _process.PidFd.Dispose();
    }
}
