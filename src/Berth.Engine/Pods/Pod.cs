// A pod as a program holds it: it looks at what is there, and does what it is told to all of its containers.
using Berth.Engine.Containers;
using Berth.Engine.Networks;
using Berth.Oci.Faults;

namespace Berth.Engine.Pods;

/// <summary>
/// A pod: containers that share namespaces and are handled together. No process of its own runs for it.
/// <code>
/// Pod shop = engine.Pods.Create(new PodSpec { Name = "shop", Connection = new ConnectionSpec { Ports = [.. PortRequest.Parse("8080:80")] } });
/// Container web = await engine.Containers.RunAsync(new ContainerSpec { Image = "nginx", Pod = shop.Id });
/// </code>
/// </summary>
public sealed class Pod
{
    private const int Kill = 9, Attempts = 10;

    private readonly ContainerParts _parts;
    private readonly PodFolder _folder;
    private readonly PodNamespaces _namespaces;
    private readonly Sharing _sharing;
    private readonly EngineContainers _containers;

    internal Pod(ContainerParts parts, PodFolder folder, PodNamespaces namespaces, Sharing sharing, EngineContainers containers, PodRecord record) =>
        (_parts, _folder, _namespaces, _sharing, _containers, Record) = (parts, folder, namespaces, sharing, containers, record);

    /// <summary>Its record.</summary>
    public PodRecord Record { get; }

    /// <summary>Its id.</summary>
    public string Id => Record.Id;

    /// <summary>Its name.</summary>
    public string Name => Record.Name;

    /// <summary>Path of its cgroup below the mount; null: it has none.</summary>
    public string? CgroupPath => PodCgroups.PathOf(Record);

    /// <summary>Its containers, the oldest first.</summary>
    public IReadOnlyList<Container> Containers
    {
        get
        {
            List<Container> its = [.. _containers.List()];
            its.RemoveAll(container => container.Record.Spec.Pod != Id);
            its.Reverse();
            return its;
        }
    }

    /// <summary>What it is attached to, while it is up.</summary>
    public IReadOnlyList<Attachment> Attachments => _parts.Networks.AttachmentsOf(Id);

    /// <summary>Looks what it is doing.</summary>
    public PodState Observe()
    {
        List<PodMember> members = [];
        foreach (Container container in Containers) members.Add(new PodMember(container, container.Observe()));
        bool isUp = _namespaces.IsUp(Record);
        return new PodState(PodState.Of(isUp, members.ConvertAll(static member => (member.State.Status, member.Container.Record.IsStopped))), isUp, members);
    }

    /// <summary>Makes what it shares, and starts those of its containers that do not run, the oldest first.</summary>
    /// <exception cref="BerthException">NotFound: it was removed. What the network, the store or the runtime say of the first that could not be started; the others are started all the same.</exception>
    public async Task StartAsync(CancellationToken ct = default)
    {
        using (FileLock held = _folder.Lock(Id))
        {
            RequireThere(held);
            _sharing.Up(Record, held);
        }
        BerthException? first = null;
        foreach (Container container in Containers)
        {
            if (IsBusy(container) && container.Observe().Status != ContainerStatus.Initialized) continue;
            try
            {
                await container.StartAsync(ct).ConfigureAwait(false);
            }
            catch (BerthException e)
            {
                first ??= e;
            }
        }
        if (first is not null) throw first;
    }

    /// <summary>Stops its containers, and lets go what they shared.</summary>
    /// <param name="grace">How long each is given; null: as it was made.</param>
    /// <param name="ct">Ends the waiting.</param>
    public async Task StopAsync(TimeSpan? grace = null, CancellationToken ct = default)
    {
        await EachAsync(IsBusy, container => container.StopAsync(grace, ct)).ConfigureAwait(false);
        foreach (Container container in Containers) await container.SettleAsync(ct).ConfigureAwait(false);
        _sharing.DownIfIdle(Record);
    }

    /// <summary>Sends the first process of each container a signal; SIGKILL ends the pod.</summary>
    /// <exception cref="BerthException">WrongState: none runs.</exception>
    public async Task KillAsync(int signal = Kill, CancellationToken ct = default)
    {
        List<Container> running = [.. Containers.Where(static container => container.Observe().IsAlive)];
        if (running.Count == 0 && !_namespaces.IsUp(Record)) throw new BerthException(Fault.WrongState, $"cannot kill pod {Name}: it is not running", $"berth pod start {Name}");
        await EachAsync(running, container => container.KillAsync(signal, ct)).ConfigureAwait(false);
        if (signal != Kill) return;
        await EachAsync(running, container => container.WaitAsync(ct)).ConfigureAwait(false);
        _sharing.DownIfIdle(Record);
    }

    /// <summary>Stops it, and starts it again.</summary>
    public async Task RestartAsync(TimeSpan? grace = null, CancellationToken ct = default)
    {
        await StopAsync(grace, ct).ConfigureAwait(false);
        await StartAsync(ct).ConfigureAwait(false);
    }

    /// <summary>Freezes those of its containers that run.</summary>
    public Task PauseAsync(CancellationToken ct = default) => EachAsync(static container => container.Observe().Status == ContainerStatus.Running, container => container.PauseAsync(ct));

    /// <summary>Lets them go on.</summary>
    public Task ResumeAsync(CancellationToken ct = default) => EachAsync(static container => container.Observe().Status == ContainerStatus.Paused, container => container.ResumeAsync(ct));

    /// <summary>Removes it with its containers, and their volumes without names.</summary>
    /// <param name="force">Whether those that run are ended.</param>
    /// <param name="grace">How long they are given to end by themselves.</param>
    /// <param name="ct">Ends the waiting.</param>
    /// <exception cref="BerthException">WrongState: a container runs.</exception>
    public async Task RemoveAsync(bool force = false, TimeSpan grace = default, CancellationToken ct = default)
    {
        for (int attempt = 1; ; attempt++)
        {
            if (!force && Containers.FirstOrDefault(IsBusy) is { } running) throw new BerthException(Fault.WrongState, $"cannot remove pod {Name}: its container {running.Name} runs", $"stop it first, or remove it by force: berth pod rm -f {Name}");
            await EachAsync(static _ => true, container => RemoveAsync(container, force, grace, ct)).ConfigureAwait(false);
            using FileLock held = _folder.Lock(Id);
            // Somebody may have made one more meanwhile: while the lock is held, nobody does.
            if (Containers.Count > 0 && attempt < Attempts) continue;
            if (Containers.Count > 0) throw new BerthException(Fault.WrongState, $"cannot remove pod {Name}: containers are made in it all the time");
            if (_folder.Read(Id) is not null)
            {
                _sharing.Down(Record);
                _folder.Remove(Record);
                _parts.Events.Add("pod", "remove", Id, Name);
            }
            held.RemoveFile();
            return;
        }
    }

    private static async Task RemoveAsync(Container container, bool force, TimeSpan grace, CancellationToken ct)
    {
        try
        {
            await container.RemoveAsync(force, withVolumes: true, grace, ct).ConfigureAwait(false);
        }
        catch (BerthException e) when (e.Kind == Fault.NotFound)
        {
            // Made to be removed at its end, or by somebody who was faster.
        }
    }

    private void RequireThere(FileLock held)
    {
        if (_folder.Read(Id) is not null) return;
        held.RemoveFile();
        throw new BerthException(Fault.NotFound, $"there is no pod {Name} any more");
    }

    private static bool IsBusy(Container container) => container.Observe() is { IsAlive: true } or { Status: ContainerStatus.Restarting };

    private Task EachAsync(Func<Container, bool> which, Func<Container, Task> act) => EachAsync([.. Containers.Where(which)], act);

    // All of them are tried; the first fault is told.
    private static Task EachAsync(List<Container> chosen, Func<Container, Task> act) => Task.WhenAll(chosen.ConvertAll(container => act(container)));
}
