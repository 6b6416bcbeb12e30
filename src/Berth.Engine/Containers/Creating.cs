// From a wish to a record: the image is found, what was left open is settled, the name is taken, the root file system is there.
using System.Diagnostics;
using Berth.Engine.Networks;
using Berth.Engine.Tracing;
using Berth.Engine.Volumes;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Store.Records;

namespace Berth.Engine.Containers;

/// <summary>Makes containers. The image must be in the store.</summary>
internal sealed class Creating(ContainerParts parts)
{
    private const int MostName = 200, NameAttempts = 20;

    /// <summary>Makes one.</summary>
    /// <exception cref="BerthException">InvalidArgument. NotFound: no such image. Conflict: the name is taken.</exception>
    public ContainerRecord Create(ContainerSpec spec)
    {
        using Activity? activity = EngineActivities.Begin("make the container");
        if (spec.Name is { } said) RequireName(said);
        RequireRuntime(spec);
        RequireKnown(spec);
        if (spec.Pod is not null) spec = parts.Pods!.Join(spec);
        string id = ObjectId.New();
        StoredImage? image = spec.RootFolder is null ? parts.Images.Looked.Find(spec.Image) : null;
        ImageConfig? config = image is null ? null : parts.Images.Looked.ReadConfig(image);
        SettledSpec settled = Settling.Settle(spec, id, config?.Config, Inherited(spec));
        _ = KeeperWords.LogOf(new ContainerRecord { Id = id, Name = id, Created = default, Spec = spec, Settled = settled }, "");
        ContainerRecord record = new() { Id = id, Name = spec.Name ?? ContainerNames.New(), Created = parts.Clock.GetUtcNow(), Spec = spec, Settled = settled, Image = image?.Id };
        HandedSecrets.Require(parts.Secrets, spec);
        RequireNetworks(record);
        // Ranges that others have are looked up and taken under one lock.
        using FileLock? ids = UserNamespaces.IsAuto(spec.Namespaces) ? FileLock.Take(parts.Places.Lock("ids")) : null;
        record = record with { Settled = WithIds(spec, settled) };
        using FileLock held = parts.Folder.Lock(id);
        using Undo undo = new();
        undo.Push(held.RemoveFile);
        if (spec.RootFolder is null)
        {
            using (EngineActivities.Begin("prepare its root file system")) parts.Images.Store.Snapshots.Prepare(id, image);
            undo.Push(() => parts.Images.Store.Snapshots.Remove(id, force: true));
        }
        foreach (SettledMount mount in settled.Mounts)
        {
            if (mount.Volume is null || parts.Volumes.TryFind(mount.Volume) is not null) continue;
            VolumeRecord volume = parts.Volumes.Create(new VolumeSpec
            {
                Name = mount.Volume,
                Driver = mount.Request.VolumeDriver ?? spec.Storage.VolumeDriver ?? "local",
                Options = mount.Request.VolumeOptions,
                Labels = mount.Request.VolumeLabels,
            }, mount.IsAnonymous, ignoreExisting: true);
            undo.Push(() => parts.Volumes.Remove(volume.Name));
        }
        using IDisposable? pod = spec.Pod is null ? null : parts.Pods!.Hold(spec.Pod);
        using (EngineActivities.Begin("write its record")) record = Insert(record);
        undo.Dismiss();
        parts.Events.Add("container", "create", id, record.Name, ("image", spec.Image));
        return record;
    }

    private SettledSpec WithIds(ContainerSpec spec, SettledSpec settled)
    {
        if (spec.Namespaces.User.Length == 0 && spec.Namespaces.UidMaps.Count == 0 && spec.Namespaces.GidMaps.Count == 0 && spec.Namespaces.SubordinateUser is null) return settled;
        List<IdMaps> taken = [];
        foreach (ContainerRecord other in parts.Folder.All())
        {
            if (other.Settled.Ids is { } theirs) taken.Add(theirs);
        }
        IdFacts facts = HostIds.Facts(spec.Namespaces, !Rootless.UserSession.IsRoot, taken);
        string user = settled.User.Length == 0 && UserNamespaces.KeptUser(spec.Namespaces, facts) is { } kept ? kept : settled.User;
        return settled with { Ids = UserNamespaces.Settle(spec.Namespaces, facts), User = user };
    }

    private ContainerRecord Insert(ContainerRecord record)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                parts.Folder.Insert(record);
                return record;
            }
            catch (BerthException e) when (e.Kind == Fault.Conflict && record.Spec.Name is null && attempt < NameAttempts)
            {
                // A name that we made up ourselves is made up anew.
                record = record with { Name = attempt < NameAttempts / 2 ? ContainerNames.New() : $"{ContainerNames.New()}_{record.ShortId[..6]}" };
            }
        }
    }

    private List<SettledMount> Inherited(ContainerSpec spec)
    {
        List<SettledMount> mounts = [];
        foreach (string wish in spec.Storage.VolumesFrom)
        {
            string name = wish, mode = "";
            int colon = wish.LastIndexOf(':');
            if (colon > 0) (name, mode) = (wish[..colon], wish[(colon + 1)..]);
            ContainerRecord other = parts.Folder.Find(name) ?? throw new BerthException(Fault.NotFound, $"there is no container {name} to take volumes from") { Code = FaultCode.ContainerUnknown };
            foreach (SettledMount mount in other.Settled.Mounts)
            {
                if (mount.Request.Kind is not (MountKind.Volume or MountKind.Bind)) continue;
                MountRequest request = mount.Request with { IsReadOnly = mode.Split(',').Contains("ro") || mount.Request.IsReadOnly };
                mounts.Add(mount with { Request = request });
            }
        }
        return mounts;
    }

    // What can be seen to be wrong now is not to be found out at the start.
    private void RequireNetworks(ContainerRecord record)
    {
        NetworkMode mode = NetworkMode.Of(record.Spec.Connection);
        foreach (NetworkWish wish in mode.Wishes)
        {
            if (wish.Network != EngineNetworks.Default) parts.Networks.Find(wish.Network);
        }
        if (record.Spec.Pod is null && mode.Kind == NetworkKind.Pod) throw new BerthException(Fault.InvalidArgument, "the network is to be a pod's, and the container has no pod", "say --pod NAME");
        if (mode.Kind == NetworkKind.Container && parts.Folder.Find(mode.Argument) is null) throw new BerthException(Fault.NotFound, $"there is no container {mode.Argument} whose network could be shared") { Code = FaultCode.ContainerUnknown };
        if (mode.Kind != NetworkKind.Networks && record.Spec.Connection.Ports.Count > 0 && mode.Kind != NetworkKind.Host) throw new BerthException(Fault.InvalidArgument, $"cannot publish ports of a container whose network is {record.Spec.Connection.Networks[0].Network}", "publish them where the network is, or name a network of the engine");
    }

    // To leave these out in silence would be worse than to refuse them.
    private static void RequireKnown(ContainerSpec spec)
    {
        if (spec.PreservedDescriptors > 0) throw new BerthException(Fault.Unsupported, "cannot make a container as it was asked for: descriptors of the caller are not handed on");
        NamespacesSpec spaces = spec.Namespaces;
        if (spec.Pod is null && (spaces.Pid == "pod" || spaces.Ipc == "pod" || spaces.Uts == "pod")) throw new BerthException(Fault.InvalidArgument, "a namespace is to be a pod's, and the container has no pod", "say --pod NAME");
    }

    private void RequireRuntime(ContainerSpec spec) => Starting.RuntimeOf(parts.Runtime, spec);

    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static void RequireName(string name)
    {
        bool good = name.Length is > 0 and <= MostName && char.IsAsciiLetterOrDigit(name[0]);
        foreach (char c in name) good &= char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-';
        if (!good) throw new BerthException(Fault.InvalidArgument, $"'{name}' is no name of a container", $"letters, digits, and _ . - behind the first, {MostName} of them at most") { Code = FaultCode.ContainerNameInvalid };
    }
}
