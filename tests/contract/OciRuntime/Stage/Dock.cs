// One test's own place: bundle, container id, state directory, cgroup name; and the check that nothing of it stays behind.
using System.Text.Json.Nodes;

namespace Berth.Contract.OciRuntime.Stage;

/// <summary>
/// Everything a test needs, named by one unique word. Disposing it deletes the containers that are left and fails if the runtime
/// left a process, a mount, a cgroup or state behind.
/// </summary>
public sealed class Dock : IDisposable
{
    private static readonly string Parent = MakeParent();
    private static int _number;
    private int _commands;
    private int _bundles;

    /// <summary>Makes the place; the bundle is made at the first <see cref="Write"/>.</summary>
    public Dock()
    {
        Machine.NeedsRoot();
        Id = $"bc{Environment.ProcessId}x{Interlocked.Increment(ref _number)}x{Random.Shared.Next(0x10000, 0xfffff):x}";
        Folder = $"{Parent}/{Id}";
        Directory.CreateDirectory($"{Folder}/io");
        Bundle = $"{Folder}/bundle";
        StateRoot = $"{Folder}/state";
    }

    /// <summary>The unique word; also the id of the test's first container.</summary>
    public string Id { get; }

    /// <summary>The test's own folder.</summary>
    public string Folder { get; }

    /// <summary>The bundle last written.</summary>
    public string Bundle { get; private set; }

    /// <summary>The root file system of the bundle.</summary>
    public string Root => $"{Bundle}/rootfs";

    /// <summary>What is given to --root.</summary>
    public string StateRoot { get; }

    /// <summary>The runtime that is judged.</summary>
    public RuntimeUnderTest Runtime { get; } = RuntimeUnderTest.Current;

    /// <summary>The binary that is called: the runtime's own, or a copy that an attack may ruin.</summary>
    public string Binary { get; set; } = RuntimeUnderTest.Current.Path;

    /// <summary>Writes the plain configuration, changed by <paramref name="edit"/>, into the bundle.</summary>
    public Dock Write(Action<Config>? edit = null)
    {
        if (!Directory.Exists(Root)) Rootfs.Make(Root);
        Config config = new(PlainConfig.Text);
        config.Set("linux.cgroupsPath", $"/{Path.GetFileName(Bundle) switch { "bundle" => Id, string other => $"{Id}-{other}" }}");
        edit?.Invoke(config);
        File.WriteAllText($"{Bundle}/config.json", config.ToString());
        return this;
    }

    /// <summary>Another bundle, for a second container.</summary>
    public Dock NewBundle()
    {
        Bundle = $"{Folder}/bundle{++_bundles}";
        return this;
    }

    /// <summary>A call of the runtime with this state directory.</summary>
    public Command Command(params string[] words) => Bare(["--root", StateRoot, .. words]);

    /// <summary>A call of the runtime with just these words.</summary>
    public Command Bare(params string[] words) => Tool([.. Runtime.Launcher, Binary, .. words]);

    /// <summary>A call of the runtime as somebody else: the words stand before the runtime's path.</summary>
    public Command Through(IEnumerable<string> before, params string[] words) => Tool([.. Runtime.Launcher, .. before, Binary, "--root", StateRoot, .. words]);

    /// <summary>Any program of the host.</summary>
    public Command Tool(params string[] words) => new(words, $"{Folder}/io/{Interlocked.Increment(ref _commands)}");

    /// <summary>Calls the runtime and waits.</summary>
    public Outcome Call(params string[] words) => Command(words).Run();

    /// <summary>Writes the bundle and runs it in the foreground.</summary>
    public Outcome Run(Action<Config> edit) => Write(edit).Call("run", "--bundle", Bundle, Id);

    /// <summary>Writes the bundle and runs it detached.</summary>
    public Outcome Start(Action<Config> edit) => Write(edit).Call("run", "--detach", "--bundle", Bundle, Id).Succeeded();

    /// <summary>Writes the bundle and creates its container.</summary>
    public Outcome Create(Action<Config> edit) => Write(edit).Call("create", "--bundle", Bundle, Id).Succeeded();

    /// <summary>Executes in the running container.</summary>
    public Outcome Exec(params string[] words) => Call(["exec", Id, .. words]);

    /// <summary>The state document.</summary>
    public JsonNode State(string? id = null) => Call("state", id ?? Id).Succeeded().Json;

    /// <summary>The status word.</summary>
    public string Status(string? id = null) => (string)State(id)["status"]!;

    /// <summary>The pid of the first process.</summary>
    public int Pid(string? id = null) => (int)State(id)["pid"]!;

    /// <summary>Waits until the container has that status.</summary>
    public void Await(string status, string? id = null) => Until.True(() => Status(id) == status, $"container {id ?? Id} is {status}");

    /// <summary>A file of the test's own folder, with parents, filled with text.</summary>
    public string NewFile(string name, string text)
    {
        string path = $"{Folder}/{name}";
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>A folder in the test's own folder.</summary>
    public string NewFolder(string name) => Directory.CreateDirectory($"{Folder}/{name}").FullName;

    /// <summary>An executable script of the host.</summary>
    public string Program(string name, string shell)
    {
        string path = NewFile(name, "#!/bin/sh\n" + shell + "\n");
        File.SetUnixFileMode(path, (UnixFileMode)0x1ed);
        return path;
    }

    /// <summary>The container's folder below a cgroup tree, or null; version 1 wants the controller's name.</summary>
    public string? CgroupFolder(string controller, string? name = null)
    {
        string path = Machine.Cgroups == CgroupLayout.Unified ? $"/sys/fs/cgroup/{name ?? Id}" : $"/sys/fs/cgroup/{controller}/{name ?? Id}";
        return Directory.Exists(path) ? path : null;
    }

    /// <summary>The content of one of the container's cgroup files: by its name in version 1 and in version 2.</summary>
    public string CgroupValue(string controller, string v1, string v2) =>
        File.ReadAllText($"{CgroupFolder(controller)}/{(Machine.Cgroups == CgroupLayout.Unified ? v2 : v1)}").Trim();

    /// <inheritdoc/>
    public void Dispose()
    {
        Binary = Runtime.Path;
        if (Directory.Exists(StateRoot))
        {
            foreach (string folder in Directory.GetDirectories(StateRoot).Where(folder => Path.GetFileName(folder)[0] != '.')) Call("delete", "--force", Path.GetFileName(folder));
        }
        Leftovers left = Leftovers.Of(this);
        try { left.Judge(); }
        finally
        {
            left.Clear();
            Leftovers.Remove(Folder);
        }
    }

    private static string MakeParent()
    {
        string parent = $"/tmp/berth-contract-{Environment.ProcessId}";
        Directory.CreateDirectory(parent);
        // Rootless containers and mapped users must be able to walk down to their bundles.
        File.SetUnixFileMode(parent, (UnixFileMode)0x1ed);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Leftovers.Remove(parent);
        return parent;
    }
}
