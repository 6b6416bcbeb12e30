// Options of a container: runc's message, or the text that CRI hands to runtimes it does not know by name.
using System.Text;
using Berth.Linux.Files;
using Berth.Rpc.Protobuf;
using Berth.Shim.Keeping;
using Berth.Shim.ShimV2.Protos;
using Berth.Shim.ShimV2.Protos.Google.Protobuf;

namespace Berth.Shim.ShimV2;

internal static class OptionsMessage
{
    private const string StoredName = "options.pb";
    private const string DefaultRoot = "/run/containerd/berth";

    /// <summary>What a request asks for.</summary>
    public static ContainerOptions Read(CreateTaskRequest request, out Options message)
    {
        message = Parse(request.Options);
        return new ContainerOptions
        {
            Binary = BinaryOf(message),
            Root = RootOf(message),
            SystemdCgroup = message.SystemdCgroup,
            NoPivot = message.NoPivotRoot,
            NoNewKeyring = message.NoNewKeyring,
            PipeOwner = (message.IoUid, message.IoGid),
            CriuImagePath = message.CriuImagePath,
            CriuWorkPath = message.CriuWorkPath,
            Checkpoint = request.Checkpoint,
            ParentCheckpoint = request.ParentCheckpoint,
        };
    }

    /// <summary>The options in an Any; of an unknown type, and of none, the usual ones.</summary>
    public static Options Parse(Any? any)
    {
        string type = any?.TypeUrl[(any.TypeUrl.LastIndexOf('/') + 1)..] ?? "";
        if (type == Options.FullName) return ProtobufReader.Read(any!.Value, new Options());
        if (type != Protos.Runtimeoptions.Options.FullName) return new Options();
        Protos.Runtimeoptions.Options text = ProtobufReader.Read(any!.Value, new Protos.Runtimeoptions.Options());
        byte[] body = text.ConfigBody.Length > 0 ? text.ConfigBody : text.ConfigPath.Length > 0 ? KernelFile.Read(text.ConfigPath) : [];
        return OfText(Encoding.UTF8.GetString(body));
    }

    /// <summary>Keeps them beside the bundle: who cleans up after us has nothing else.</summary>
    public static void Store(string bundle, Options message) => KernelPath.WriteAtomically($"{bundle}/{StoredName}", ProtobufWriter.ToBytes(message), 0x180);

    /// <summary>What was kept.</summary>
    public static Options Stored(string bundle) =>
        KernelFile.TryRead($"{bundle}/{StoredName}", out _) is { } bytes ? ProtobufReader.Read(bytes, new Options()) : new Options();

    /// <summary>The runtime: the one that is asked for, else ours beside this program, else the first of ours and runc in PATH.</summary>
    public static string BinaryOf(Options message)
    {
        if (message.BinaryName.Length > 0) return message.BinaryName;
        string self = KernelPath.ReadLink("/proc/self/exe") ?? "";
        string beside = $"{self[..Math.Max(0, self.LastIndexOf('/'))]}/berth-runtime";
        if (KernelFile.IsExecutable(beside, out _)) return beside;
        string found = OciRuntime.Found("berth-runtime");
        return found.Contains('/') ? found : "runc";
    }

    /// <summary>Its state directory.</summary>
    public static string RootOf(Options message) => message.Root.Length > 0 ? message.Root : DefaultRoot;

    /// <summary>The words of a checkpoint.</summary>
    public static List<string> Words(CheckpointOptions options, string path)
    {
        List<string> words = ["--image-path", path.Length > 0 ? path : options.ImagePath];
        if (options.ParentPath.Length > 0) words.AddRange(["--parent-path", options.ParentPath]);
        if (options.OpenTcp) words.Add("--tcp-established");
        if (options.ExternalUnixSockets) words.Add("--ext-unix-sk");
        if (options.Terminal) words.Add("--shell-job");
        if (options.FileLocks) words.Add("--file-locks");
        foreach (string space in options.EmptyNamespaces) words.AddRange(["--empty-ns", space]);
        if (options.CgroupsMode.Length > 0) words.AddRange(["--manage-cgroups-mode", options.CgroupsMode]);
        if (!options.Exit) words.Add("--leave-running");
        return words;
    }

    /// <summary>Lines of TOML with a key and a plain value, which is all that these options are.</summary>
    internal static Options OfText(string text)
    {
        Options options = new();
        foreach (string raw in text.Split('\n'))
        {
            string line = raw.Trim();
            int equals = line.IndexOf('=');
            if (equals <= 0 || line[0] is '#' or '[') continue;
            string value = Value(line[(equals + 1)..].Trim());
            bool yes = value == "true";
            _ = uint.TryParse(value, out uint number);
            switch (line[..equals].Trim().Trim('"'))
            {
                case "BinaryName": options.BinaryName = value; break;
                case "Root": options.Root = value; break;
                case "SystemdCgroup": options.SystemdCgroup = yes; break;
                case "NoPivotRoot": options.NoPivotRoot = yes; break;
                case "NoNewKeyring": options.NoNewKeyring = yes; break;
                case "ShimCgroup": options.ShimCgroup = value; break;
                case "IoUid": options.IoUid = number; break;
                case "IoGid": options.IoGid = number; break;
                case "CriuImagePath": options.CriuImagePath = value; break;
                case "CriuWorkPath": options.CriuWorkPath = value; break;
                default: break;
            }
        }
        return options;
    }

    private static string Value(string text)
    {
        if (text.Length >= 2 && text[0] is '"' or '\'' && text.IndexOf(text[0], 1) is > 0 and int end) return text[1..end];
        int comment = text.IndexOf('#');
        return comment < 0 ? text : text[..comment].TrimEnd();
    }
}
