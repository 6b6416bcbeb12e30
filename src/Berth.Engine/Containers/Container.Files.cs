// A container's files as a whole: what was changed, an archive, an image, a mount.
using System.Text.Json;
using Berth.Engine.Files;
using Berth.Engine.Networks;
using Berth.Images.Copying;
using Berth.Images.Making;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Store.Copying;
using Berth.Store.Snapshots;

namespace Berth.Engine.Containers;

/// <content>All files of one.</content>
public sealed partial class Container
{
    // Where the runtime mounts something in each container: that such a place was made is no change of anybody's.
    private static readonly string[] s_mountPoints =
    [
        "/dev", "/dev/console", "/dev/mqueue", "/dev/pts", "/dev/shm", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/proc", "/run/.containerenv", "/run/secrets", "/sys", "/sys/fs", "/sys/fs/cgroup",
    ];

    private static readonly JsonElement s_empty = JsonDocument.Parse("{}").RootElement;

    /// <summary>What was changed of its image.</summary>
    /// <exception cref="BerthException">Unsupported: its root is a folder of the host.</exception>
    public Task<IReadOnlyList<FileChange>> DiffAsync(CancellationToken ct = default)
    {
        RequireSnapshot("tell what was changed in");
        return Task.Run<IReadOnlyList<FileChange>>(() => [.. _parts.Images.Store.Snapshots.Diff(Id, ct).Where(change => !s_mountPoints.Contains(change.Path))], ct);
    }

    /// <summary>Writes all its files as a tar, without what is mounted in it.</summary>
    public async Task ExportAsync(Stream tar, CancellationToken ct = default)
    {
        using OpenRoot root = await _roots.OpenBareAsync(Id, ct).ConfigureAwait(false);
        await Task.Run(() => Pack(root, tar, ct), ct).ConfigureAwait(false);
        _parts.Events.Add("container", "export", Id, Name);
    }

    /// <summary>Mounts its files where they stay until nobody wants them any more; each call is one who does.</summary>
    /// <returns>Where: a folder of the host.</returns>
    /// <exception cref="BerthException">Denied.</exception>
    public async Task<string> MountAsync(CancellationToken ct = default)
    {
        await SettleAsync(ct).ConfigureAwait(false);
        using FileLock held = _parts.Folder.Lock(Id);
        string path = RootMounts.Mount(_parts, Refresh(), Observe() is { IsAlive: true } or { Status: ContainerStatus.Restarting }, held);
        _parts.Events.Add("container", "mount", Id, Name);
        return path;
    }

    /// <summary>One wants them no more.</summary>
    /// <param name="force">Whether nobody does.</param>
    /// <returns>Whether they were mounted.</returns>
    public bool Unmount(bool force = false)
    {
        using FileLock held = _parts.Folder.Lock(Id);
        if (!RootMounts.Unmount(_parts.Places, Id, force)) return false;
        _parts.Events.Add("container", "unmount", Id, Name);
        return true;
    }

    /// <summary>Where they are mounted by <see cref="MountAsync"/>; null: they are not.</summary>
    public string? MountPoint => RootMounts.IsMounted(_parts.Places, Id) ? _parts.Places.Mounted(Id) : null;

    /// <summary>Makes an image of it: what was written is one more layer, and it starts as this container did.</summary>
    /// <exception cref="BerthException">Unsupported: its root is a folder of the host. WrongState: its image is gone.</exception>
    public async Task<Store.Records.StoredImage> CommitAsync(CommitSpec? spec = null, CancellationToken ct = default)
    {
        spec ??= new CommitSpec();
        RequireSnapshot("make an image of");
        bool pauses = spec.Pauses && HasCgroup && Observe().Status == ContainerStatus.Running;
        IAsyncDisposable? paused = pauses ? await PauseMark.PauseAsync(this, _parts.Places, ct).ConfigureAwait(false) : null;
        try
        {
            if (spec.IsSquashed) return await SquashAsync(spec, ct).ConfigureAwait(false);
            ContainerConfig Change(ContainerConfig config) => spec.Change is { } change ? change(ConfigOf(config, spec.IncludesVolumes)) : ConfigOf(config, spec.IncludesVolumes);
            CommitOptions options = new()
            {
                Author = spec.Author,
                Comment = spec.Message,
                CreatedBy = string.Join(' ', _record.Settled.Arguments),
                Format = spec.Format,
                Change = Change,
                Uids = FileRoots.ShiftOf(_record)?.Uids,
                Gids = FileRoots.ShiftOf(_record)?.Gids,
            };
            Store.Records.StoredImage image = await _parts.Images.Store.CommitAsync(Id, spec.Name is null ? null : Oci.References.ImageReference.Parse(spec.Name), options, ct).ConfigureAwait(false);
            _parts.Events.Add("container", "commit", Id, Name, ("image", image.Id.ToString()));
            return image;
        }
        finally
        {
            if (paused is not null) await paused.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<Store.Records.StoredImage> SquashAsync(CommitSpec spec, CancellationToken ct)
    {
        ImageConfig below = _record.Image is { } id ? _parts.Images.Looked.ReadConfig(_parts.Images.Looked.Find(id.ToString())) : new ImageConfig { Os = Platform.Host.Os, Architecture = Platform.Host.Architecture, Variant = Platform.Host.Variant };
        string now = _parts.Clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", System.Globalization.CultureInfo.InvariantCulture);
        // In the container's folder: what is left of one who was killed is written over by the next, and goes with the container.
        string file = $"{_parts.Places.Folder(Id)}/squash";
        using OpenRoot root = await _roots.OpenBareAsync(Id, ct).ConfigureAwait(false);
        using LayerFile layer = await Task.Run(() => LayerFile.Make(file, tar => Pack(root, tar, ct), Compression.Gzip, null, spec.Format), ct).ConfigureAwait(false);
        ContainerConfig config = ConfigOf(below.Config ?? new ContainerConfig(), spec.IncludesVolumes);
        ImageConfig whole = below with
        {
            Created = now,
            Author = spec.Author ?? below.Author,
            Config = spec.Change is { } change ? change(config) : config,
            RootFs = new RootFs { DiffIds = [layer.DiffId] },
            History = [new HistoryEntry { Created = now, Author = spec.Author, CreatedBy = string.Join(' ', _record.Settled.Arguments), Comment = spec.Message }],
        };
        await using StoreTarget target = _parts.Images.Store.Target(spec.Name is null ? null : Oci.References.ImageReference.Parse(spec.Name), isFromRegistry: false);
        await using MadeImage image = new(Name, whole, [], null, [layer], spec.Format);
        await ImageCopier.CopyAsync(image, target, ct: ct).ConfigureAwait(false);
        return target.Image ?? throw new BerthException(Fault.Failed, $"no image was made of container {Name}");
    }

    private static void Pack(OpenRoot root, Stream tar, CancellationToken ct)
    {
        using FilePlace top = root.Tree.Resolve("/", follow: true);
        // Not closed: the stream is the caller's.
        BufferedStream buffered = new(tar, 256 * 1024);
        TreePacker packer = new(buffered, new PackRules { HasAttributes = true }, ct);
        packer.Add(top, "."u8.ToArray());
        packer.Finish();
        buffered.Flush();
    }

    /// <summary>What a container of its image starts with, as this one was started.</summary>
    internal ContainerConfig ConfigOf(ContainerConfig image, bool withVolumes)
    {
        SettledSpec settled = _record.Settled;
        List<string> variables = [.. image.Env ?? []];
        variables.RemoveAll(variable => _record.Spec.EnvironmentRemoved.Any(name => name == "*" || variable.StartsWith(name + "=", StringComparison.Ordinal)));
        foreach (string variable in _record.Spec.Environment)
        {
            variables.RemoveAll(other => other.StartsWith(variable[..(variable.IndexOf('=', StringComparison.Ordinal) + 1)], StringComparison.Ordinal));
            variables.Add(variable);
        }
        IEnumerable<string> volumes = withVolumes ? settled.Mounts.Where(static mount => mount.Request.Kind == MountKind.Volume).Select(static mount => mount.Request.Destination) : [];
        return image with
        {
            Entrypoint = settled.EntrypointLength == 0 ? null : [.. settled.Arguments.Take(settled.EntrypointLength)],
            Cmd = settled.Arguments.Count == settled.EntrypointLength ? null : [.. settled.Arguments.Skip(settled.EntrypointLength)],
            Env = variables.Count == 0 ? null : variables,
            User = settled.User.Length == 0 ? null : settled.User,
            WorkingDir = _record.Spec.WorkingFolder ?? image.WorkingDir,
            Labels = settled.Labels.Count == 0 ? null : settled.Labels,
            ExposedPorts = Set(image.ExposedPorts, settled.Exposed),
            Volumes = Set(image.Volumes, volumes),
            StopSignal = _record.Spec.StopSignal ?? image.StopSignal,
        };
    }

    private static Dictionary<string, JsonElement>? Set(IReadOnlyDictionary<string, JsonElement>? before, IEnumerable<string> more)
    {
        Dictionary<string, JsonElement> set = new(before ?? new Dictionary<string, JsonElement>());
        foreach (string one in more) set.TryAdd(one, s_empty);
        return set.Count == 0 ? null : set;
    }

    private void RequireSnapshot(string what)
    {
        if (_record.Spec.RootFolder is not null && !_record.Spec.IsRootFolderKept) throw new BerthException(Fault.Unsupported, $"cannot {what} container {Name}: its root is the folder {_record.Spec.RootFolder}, and nothing says what that was before");
    }
}
