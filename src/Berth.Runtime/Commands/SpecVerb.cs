// spec: a configuration to begin with.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Generate;

namespace Berth.Runtime.Commands;

internal static class SpecVerb
{
    public static int Spec(Invocation call)
    {
        string directory = call.Flags["bundle"] is { Length: > 0 } bundle ? bundle : ".";
        string path = $"{directory}/config.json";
        byte[] json = SpecWriter.ToJson(DefaultSpec.Create(call.Flags.Has("rootless")), indented: true);
        using Fd? file = KernelPath.TryOpen(path, 0x1 | 0x40 | 0x80, 0x1B6);
        if (file is null)
        {
            throw KernelPath.LastErrno == Errno.EEXIST
                ? new BerthException(Fault.Conflict, "file config.json exists. Remove it first")
                : new BerthException(Fault.Failed, $"cannot write {path}: {KernelPath.LastErrno.Sentence()}");
        }
        KernelPath.WriteAll(file, json, path);
        return 0;
    }
}
