// mounts: add and remove on a container that runs, from a file that holds what config.json calls mounts.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Commands;

internal static class MountsVerb
{
    public static int Mounts(Invocation call)
    {
        string what = call.Arguments[0], id = call.Arguments[1];
        if (what is not ("add" or "remove")) throw new UsageException($"unknown command {what}: use add or remove");
        List<MountSpec> mounts = Read(call.Arguments[2]);
        if (what == "add") call.Runtime.AddMounts(id, mounts);
        else call.Runtime.RemoveMounts(id, mounts);
        return 0;
    }

    /// <summary>A list, or an object with a member of that name.</summary>
    private static List<MountSpec> Read(string path)
    {
        byte[] json = KernelFile.TryRead(path, out Errno errno) ?? throw new BerthException(Fault.NotFound, $"cannot read {path}: {errno.Sentence()}");
        bool list = json.AsSpan().TrimStart(" \t\r\n"u8).StartsWith("["u8);
        List<MountSpec> mounts = SpecReader.Read(list ? [.. "{\"mounts\":"u8, .. json, (byte)'}'] : json, path).Mounts;
        foreach (MountSpec mount in mounts)
        {
            if (mount.Destination.Length == 0) throw new BerthException(Fault.InvalidArgument, $"{path}: mounts: a destination is missing");
        }
        return mounts.Count > 0 ? mounts : throw new BerthException(Fault.InvalidArgument, $"{path}: there are no mounts in it", "it is a list as in config.json: [{\"destination\": ...}]");
    }
}
