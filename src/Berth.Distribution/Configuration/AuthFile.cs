// One file with credentials: auth.json (containers-auth.json(5)) or Docker's config.json.
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Distribution.Authentication;
using Berth.Oci.Faults;

namespace Berth.Distribution.Configuration;

/// <summary>What is in it at the time of reading. Members that are not ours stay in it.</summary>
internal sealed class AuthFile
{
    private const int MostBytes = 4 << 20;
    private static readonly TimeSpan s_longestHelper = TimeSpan.FromSeconds(60);

    private readonly JsonObject _root;

    private AuthFile(string path, JsonObject root) => (Path, _root) = (path, root);

    public string Path { get; }

    /// <summary>Docker's tools find Docker Hub under another name than the others.</summary>
    private bool IsDockers => System.IO.Path.GetFileName(Path) == "config.json";

    /// <summary>Reads one; one that is not there is empty.</summary>
    /// <exception cref="BerthException">InvalidArgument: it is damaged. Denied: it is not ours to read.</exception>
    public static AuthFile Read(string path)
    {
        try
        {
            FileInfo info = new(path);
            if (!info.Exists || info.Length == 0) return new AuthFile(path, []);
            if (info.Length > MostBytes) throw new BerthException(Fault.InvalidArgument, $"cannot use {path}: it is longer than {MostBytes} bytes");
            JsonObject root = JsonNode.Parse(File.ReadAllBytes(path), documentOptions: new JsonDocumentOptions { MaxDepth = 32 }) as JsonObject ?? throw Damaged(path);
            _ = root.Count;
            return new AuthFile(path, root);
        }
        // Never with the parser's words: it may quote a secret.
        catch (Exception e) when (e is JsonException or ArgumentException) { throw Damaged(path); }
        catch (UnauthorizedAccessException e) { throw new BerthException(Fault.Denied, $"cannot read {path}: permission denied", inner: e); }
        catch (IOException e) when (e is FileNotFoundException or DirectoryNotFoundException) { return new AuthFile(path, []); }
    }

    /// <summary>What it has for a registry or a part of it; null: nothing.</summary>
    public async Task<Credential?> FindAsync(AuthKey key, CancellationToken ct)
    {
        foreach ((CredentialProgram helper, string server) in HelpersFor(key))
        {
            if (await helper.GetAsync(server, ct).ConfigureAwait(false) is { } kept) return kept;
        }
        return FindHere(key);
    }

    /// <summary>Keeps a credential: with the helper for that registry, or in the file.</summary>
    public async Task StoreAsync(AuthKey key, Credential credential, CancellationToken ct)
    {
        foreach ((CredentialProgram helper, string server) in HelpersFor(key))
        {
            await helper.StoreAsync(server, credential, ct).ConfigureAwait(false);
            // As Docker's tools do: an empty entry says that there is something.
            if (HelperNameFor(key) is null) Auths(create: true)![EntryName(key)] = new JsonObject();
            Write();
            return;
        }
        JsonObject entry = [];
        if (credential.Password is not null) entry["auth"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.User}:{credential.Password}"));
        if (credential.IdentityToken is not null)
        {
            entry["auth"] ??= Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.User}:"));
            entry["identitytoken"] = credential.IdentityToken;
        }
        if (credential.RegistryToken is not null) entry["registrytoken"] = credential.RegistryToken;
        JsonObject auths = Auths(create: true)!;
        foreach (string old in OwnEntries(auths, key)) auths.Remove(old);
        auths[EntryName(key)] = entry;
        Write();
    }

    /// <returns>Whether there was something.</returns>
    public async Task<bool> RemoveAsync(AuthKey key, CancellationToken ct)
    {
        bool found = false;
        foreach ((CredentialProgram helper, string server) in HelpersFor(key))
        {
            if (await helper.GetAsync(server, ct).ConfigureAwait(false) is null) continue;
            found |= await helper.EraseAsync(server, ct).ConfigureAwait(false);
        }
        if (Auths(create: false) is not { } auths) return found;
        List<string> entries = OwnEntries(auths, key);
        foreach (string entry in entries) auths.Remove(entry);
        if (entries.Count > 0) Write();
        return found || entries.Count > 0;
    }

    public async Task ClearAsync(CancellationToken ct)
    {
        HashSet<string> helpers = [.. (Member(_root, "credHelpers") ?? []).Select(static pair => Text(pair.Value)).OfType<string>()];
        if (Text(_root["credsStore"]) is { } store) helpers.Add(store);
        foreach (string name in helpers)
        {
            CredentialProgram helper = new(name, s_longestHelper);
            foreach (string server in await helper.ListAsync(ct).ConfigureAwait(false)) await helper.EraseAsync(server, ct).ConfigureAwait(false);
        }
        if (Auths(create: false) is not { Count: > 0 }) return;
        _root["auths"] = new JsonObject();
        Write();
    }

    private Credential? FindHere(AuthKey key)
    {
        if (Auths(create: false) is not { } auths) return null;
        foreach (string level in key.Levels())
        {
            if (auths[level] is JsonObject exact && Read(exact) is { } credential) return credential;
        }
        foreach ((string name, JsonNode? value) in auths)
        {
            if (value is JsonObject entry && key.IsOfRegistry(name) && Read(entry) is { } credential) return credential;
        }
        return null;
    }

    private Credential? Read(JsonObject entry)
    {
        string? user = Text(entry["username"]), password = Text(entry["password"]), identity = Text(entry["identitytoken"]), token = Text(entry["registrytoken"]);
        if (Text(entry["auth"]) is { } auth)
        {
            string plain;
            try { plain = Encoding.UTF8.GetString(Convert.FromBase64String(auth)); }
            catch (FormatException) { throw Damaged(Path); }
            int colon = plain.IndexOf(':');
            if (colon < 0) throw Damaged(Path);
            // Docker's old tools padded with NUL.
            (user, password) = (plain[..colon], plain[(colon + 1)..].TrimEnd('\0'));
        }
        if (identity is null && token is null && string.IsNullOrEmpty(password)) return null;
        return new Credential { User = string.IsNullOrEmpty(user) ? null : user, Password = string.IsNullOrEmpty(password) ? null : password, IdentityToken = identity, RegistryToken = token };
    }

    // Helpers know registries only, not parts of them.
    private IEnumerable<(CredentialProgram Helper, string Server)> HelpersFor(AuthKey key)
    {
        if (HelperNameFor(key) is { } particular) yield return (new CredentialProgram(particular.Name, s_longestHelper), particular.Server);
        else if (Text(_root["credsStore"]) is { } store) yield return (new CredentialProgram(store, s_longestHelper), key.Registry == "docker.io" ? AuthKey.DockerHub : key.Registry);
    }

    private (string Name, string Server)? HelperNameFor(AuthKey key)
    {
        foreach ((string registry, JsonNode? value) in Member(_root, "credHelpers") ?? [])
        {
            if (key.IsOfRegistry(registry) && Text(value) is { } name) return (name, registry);
        }
        return null;
    }

    private string EntryName(AuthKey key) => IsDockers && key is { Registry: "docker.io", Path: "" } ? AuthKey.DockerHub : key.ToString();

    private static List<string> OwnEntries(JsonObject auths, AuthKey key) =>
        [.. auths.Select(static pair => pair.Key).Where(name => name == key.ToString() || (key.Path.Length == 0 && key.IsOfRegistry(name)))];

    private JsonObject? Auths(bool create)
    {
        if (Member(_root, "auths") is { } auths) return auths;
        if (create) _root["auths"] = new JsonObject();
        return _root["auths"] as JsonObject;
    }

    private static JsonObject? Member(JsonObject of, string name) => of[name] as JsonObject;

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) && text.Length > 0 ? text : null;

    private static BerthException Damaged(string path) => new(Fault.InvalidArgument, $"cannot use {path}: it is not the JSON that an authentication file is", "correct it, or remove it and log in again");

    private void Write()
    {
        // A link is followed, so that it stays one.
        string path = File.Exists(Path) ? File.ResolveLinkTarget(Path, returnFinalTarget: true)?.FullName ?? Path : Path;
        string folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        string temporary = $"{folder}/.{System.IO.Path.GetFileName(path)}.{Guid.NewGuid():N}";
        try
        {
            if (!Directory.Exists(folder)) Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            try
            {
                using (FileStream file = new(temporary, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
                {
                    using (Utf8JsonWriter writer = new(file, new JsonWriterOptions { Indented = true, IndentCharacter = '\t', IndentSize = 1, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping })) _root.WriteTo(writer);
                    file.Flush(flushToDisk: true);
                }
                File.Move(temporary, path, overwrite: true);
            }
            finally { File.Delete(temporary); }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BerthException(e is UnauthorizedAccessException ? Fault.Denied : Fault.Failed, $"cannot write {path}: {(e is UnauthorizedAccessException ? "permission denied" : e.Message)}", "name another file with --authfile", e);
        }
    }
}
