// Credentials in files and with helpers, as podman's and docker's tools keep them.
using System.Text;
using System.Text.Json.Nodes;
using Berth.Distribution.Authentication;
using Berth.Distribution.Configuration;
using Berth.Distribution.Tests.Stage;
using Berth.Oci.Faults;

namespace Berth.Distribution.Tests.Configuration;

public sealed class AuthFileTests : IDisposable
{
    private readonly Home _home = new();

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task The_most_particular_entry_counts()
    {
        string path = _home.Write("auth.json", $$$"""
            {"auths": {
              "quay.io": {"auth": "{{{Base64("all:1")}}}"},
              "quay.io/team": {"auth": "{{{Base64("team:2")}}}"},
              "quay.io/team/app": {"auth": "{{{Base64("app:3:4")}}}"},
              "empty.io": {},
              "https://old.io/v1/": {"username": "old", "password": "5"}
            }}
            """);
        async Task<Credential?> Of(string registry, string repository) => await AuthFile.Read(path).FindAsync(AuthKey.Of(registry, repository), Now);
        Assert.Equal(new Credential { User = "app", Password = "3:4" }, await Of("quay.io", "team/app"));
        Assert.Equal("team", (await Of("quay.io", "team/other"))?.User);
        Assert.Equal("all", (await Of("quay.io", "teamwork/app"))?.User);
        Assert.Equal("all", (await Of("quay.io", ""))?.User);
        Assert.Equal("old", (await Of("old.io", "x/y"))?.User);
        Assert.Null(await Of("empty.io", "x"));
        Assert.Null(await Of("other.io", "x"));
    }

    [Theory]
    [InlineData("docker.io"), InlineData("https://index.docker.io/v1/"), InlineData("index.docker.io"), InlineData("https://registry-1.docker.io/v2/")]
    public async Task Docker_Hub_is_found_under_all_its_names(string key)
    {
        string path = _home.Write("auth.json", "{\"auths\": {\"" + key + "\": {\"auth\": \"" + Base64("me:x") + "\"}}}");
        Assert.Equal("me", (await AuthFile.Read(path).FindAsync(AuthKey.Of("docker.io", "library/debian"), Now))?.User);
    }

    [Fact]
    public async Task Tokens_are_kept_besides_passwords()
    {
        string path = _home.Write("auth.json", $$$"""{"auths": {"a.io": {"auth": "{{{Base64("me:")}}}", "identitytoken": "refresh"}, "b.io": {"registrytoken": "access"} } }""");
        Assert.Equal(new Credential { User = "me", IdentityToken = "refresh" }, await AuthFile.Read(path).FindAsync(AuthKey.Parse("a.io"), Now));
        Assert.Equal(new Credential { RegistryToken = "access" }, await AuthFile.Read(path).FindAsync(AuthKey.Parse("b.io"), Now));
    }

    [Fact]
    public async Task A_login_keeps_what_others_wrote_and_is_for_its_owner_alone()
    {
        string path = _home.Write("auth.json", $$$"""{"HttpHeaders": {"X": "y"}, "auths": {"https://a.io/v1/": {"auth": "{{{Base64("old:1")}}}"}, "b.io": {"auth": "{{{Base64("b:2")}}}"}}, "psFormat": "<x>"}""");
        await AuthFile.Read(path).StoreAsync(AuthKey.Parse("a.io"), new Credential { User = "new", Password = "3" }, Now);
        JsonNode written = JsonNode.Parse(await File.ReadAllTextAsync(path, Now))!;
        Assert.Equal("y", (string?)written["HttpHeaders"]!["X"]);
        Assert.Equal("<x>", (string?)written["psFormat"]);
        Assert.Equal(["b.io", "a.io"], written["auths"]!.AsObject().Select(pair => pair.Key));
        Assert.Equal(Base64("new:3"), (string?)written["auths"]!["a.io"]!["auth"]);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));
        Assert.True(await AuthFile.Read(path).RemoveAsync(AuthKey.Parse("a.io"), Now));
        Assert.False(await AuthFile.Read(path).RemoveAsync(AuthKey.Parse("a.io"), Now));
        await AuthFile.Read(path).ClearAsync(Now);
        Assert.Null(await AuthFile.Read(path).FindAsync(AuthKey.Parse("b.io"), Now));
        Assert.Contains("HttpHeaders", await File.ReadAllTextAsync(path, Now));
    }

    [Fact]
    public async Task Docker_finds_our_login_to_its_hub_under_its_own_name()
    {
        string path = _home.Write("home/.docker/config.json", "{}");
        await AuthFile.Read(path).StoreAsync(AuthKey.Parse("docker.io"), new Credential { User = "u", Password = "p" }, Now);
        Assert.NotNull(JsonNode.Parse(await File.ReadAllTextAsync(path, Now))!["auths"]!["https://index.docker.io/v1/"]);
    }

    [Fact]
    public async Task A_link_stays_one_and_a_new_folder_is_for_its_owner_alone()
    {
        string target = _home.Write("real/auth.json", "{}"), link = $"{_home.Folder}/link.json", fresh = $"{_home.Folder}/new/deep/auth.json";
        File.CreateSymbolicLink(link, target);
        await AuthFile.Read(link).StoreAsync(AuthKey.Parse("a.io"), new Credential { User = "u", Password = "p" }, Now);
        Assert.NotNull(new FileInfo(link).LinkTarget);
        Assert.Contains("a.io", await File.ReadAllTextAsync(target, Now));
        await AuthFile.Read(fresh).StoreAsync(AuthKey.Parse("a.io"), new Credential { User = "u", Password = "p" }, Now);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(fresh)!));
    }

    [Theory]
    [InlineData("{\"auths\": {\"a.io\": {\"auth\": \"c2VjcmV0LXdvcmQ=\"}}}"), InlineData("{\"auths\": {\"a.io\": {\"auth\": \"%%secret-word\"}}}"), InlineData("{\"auths\": {\"a.io\": secret-word}}"), InlineData("[]"), InlineData("{\"auths\": {}, \"auths\": {}}")]
    public async Task A_damaged_file_is_refused_and_not_quoted(string text)
    {
        string path = _home.Write("auth.json", text);
        BerthException fault = await Assert.ThrowsAsync<BerthException>(() => AuthFile.Read(path).FindAsync(AuthKey.Parse("a.io"), Now));
        Assert.Equal(Fault.InvalidArgument, fault.Kind);
        Assert.Contains(path, fault.Message);
        Assert.DoesNotContain("secret-word", fault.ToString());
    }

    [Fact]
    public async Task Files_are_searched_as_podman_does()
    {
        string runtime = $"{_home.Folder}/run/containers/1234/auth.json";
        AuthFiles files = new(_home.Places, null, null);
        Assert.Equal(runtime, files.Primary);
        _home.Write("home/.docker/config.json", Entry("a.io", "docker"));
        Assert.Equal("docker", (await files.FindAsync(AuthKey.Parse("a.io"), Now))?.User);
        // Who is logged in elsewhere is told where.
        BerthException elsewhere = await Assert.ThrowsAsync<BerthException>(() => files.RemoveAsync(AuthKey.Parse("a.io"), Now));
        Assert.Equal(Fault.WrongState, elsewhere.Kind);
        Assert.Contains(".docker/config.json", elsewhere.Hint);
        _home.Write("home/.config/containers/auth.json", Entry("a.io", "own"));
        Assert.Equal("own", (await files.FindAsync(AuthKey.Parse("a.io"), Now))?.User);
        _home.Write("run/containers/1234/auth.json", Entry("a.io", "run"));
        Assert.Equal("run", (await files.FindAsync(AuthKey.Parse("a.io"), Now))?.User);
        _home.Environment["XDG_RUNTIME_DIR"] = $"{_home.Folder}/xdg";
        _home.Write("xdg/containers/auth.json", Entry("a.io", "xdg"));
        Assert.Equal("xdg", (await files.FindAsync(AuthKey.Parse("a.io"), Now))?.User);
        // A file that was named is the only one.
        _home.Environment["REGISTRY_AUTH_FILE"] = _home.Write("named.json", Entry("b.io", "named"));
        Assert.Null(await files.FindAsync(AuthKey.Parse("a.io"), Now));
        Assert.Equal("named", (await files.FindAsync(AuthKey.Parse("b.io"), Now))?.User);
        Assert.Equal("option", (await new AuthFiles(_home.Places, _home.Write("option.json", Entry("b.io", "option")), null).FindAsync(AuthKey.Parse("b.io"), Now))?.User);
    }

    [Fact]
    public async Task Helpers_keep_secrets_and_hear_them_by_their_pipe_alone()
    {
        Helper("berthtest", """
            case $1 in
            get) read s; [ -e "$D/store" ] || { echo "credentials not found in native keychain"; exit 1; }; cat "$D/store";;
            store) cat > "$D/store";;
            erase) read s; rm -f "$D/store";;
            list) [ -e "$D/store" ] && echo '{"a.io":"me"}' || echo '{}';;
            esac
            """);
        string path = _home.Write("config.json", """{"credHelpers": {"a.io": "berthtest"}, "auths": {}}""");
        AuthKey key = AuthKey.Parse("a.io");
        Assert.Null(await AuthFile.Read(path).FindAsync(key, Now));
        await AuthFile.Read(path).StoreAsync(key, new Credential { User = "me", Password = "hunter2" }, Now);
        Assert.DoesNotContain("hunter2", await File.ReadAllTextAsync(path, Now));
        Assert.Contains("""{"ServerURL":"a.io","Username":"me","Secret":"hunter2"}""", await File.ReadAllTextAsync($"{_home.Folder}/store", Now));
        Assert.Equal(new Credential { User = "me", Password = "hunter2" }, await AuthFile.Read(path).FindAsync(key, Now));
        Assert.DoesNotContain("hunter2", await File.ReadAllTextAsync($"{_home.Folder}/arguments", Now));
        Assert.True(await AuthFile.Read(path).RemoveAsync(key, Now));
        Assert.False(File.Exists($"{_home.Folder}/store"));
        Assert.False(await AuthFile.Read(path).RemoveAsync(key, Now));
        // For all registries, as docker writes it.
        string all = _home.Write("all/config.json", """{"credsStore": "berthtest"}""");
        await AuthFile.Read(all).StoreAsync(key, new Credential { User = "me", IdentityToken = "refresh" }, Now);
        Assert.Contains("\"a.io\": {}", await File.ReadAllTextAsync(all, Now));
        Assert.Equal(new Credential { IdentityToken = "refresh" }, await AuthFile.Read(all).FindAsync(key, Now));
        await AuthFile.Read(all).ClearAsync(Now);
        Assert.False(File.Exists($"{_home.Folder}/store"));
    }

    [Fact]
    public async Task A_helper_that_fails_or_hangs_or_is_missing_is_named_and_not_quoted()
    {
        Helper("berthbroken", "cat; cat >&2; exit 3");
        Helper("berthsleepy", "exec sleep 1000");
        BerthException broken = await Assert.ThrowsAsync<BerthException>(() => new CredentialProgram("berthbroken", TimeSpan.FromSeconds(20)).StoreAsync("a.io", new Credential { User = "me", Password = "hunter2" }, Now));
        Assert.Contains("exit code 3", broken.Message);
        Assert.DoesNotContain("hunter2", broken.ToString());
        BerthException sleepy = await Assert.ThrowsAsync<BerthException>(() => new CredentialProgram("berthsleepy", TimeSpan.FromMilliseconds(200)).GetAsync("a.io", Now));
        Assert.Equal(Fault.TimedOut, sleepy.Kind);
        Assert.Equal(Fault.Unavailable, (await Assert.ThrowsAsync<BerthException>(() => new CredentialProgram("no-such-helper", TimeSpan.FromSeconds(20)).GetAsync("a.io", Now))).Kind);
        Assert.Equal(Fault.InvalidArgument, (await Assert.ThrowsAsync<BerthException>(() => new CredentialProgram("../../bin/sh", TimeSpan.FromSeconds(20)).GetAsync("a.io", Now))).Kind);
    }

    private void Helper(string name, string script)
    {
        string path = _home.Write($"bin/docker-credential-{name}", $"#!/bin/sh\nD={_home.Folder}\necho \"$@\" >> $D/arguments\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Environment.SetEnvironmentVariable("PATH", $"{_home.Folder}/bin:{Environment.GetEnvironmentVariable("PATH")}");
    }

    private static string Entry(string registry, string user) => "{\"auths\": {\"" + registry + "\": {\"auth\": \"" + Base64($"{user}:x") + "\"}}}";

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
