// A program that keeps secrets: docker-credential-NAME, called as Docker's tools call it.
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Berth.Distribution.Authentication;
using Berth.Oci.Faults;

namespace Berth.Distribution.Configuration;

/// <summary>What goes in with <c>store</c>, and comes out with <c>get</c>.</summary>
internal sealed record HelperSecret
{
    public string? ServerURL { get; init; }

    public string? Username { get; init; }

    public string? Secret { get; init; }
}

[JsonSerializable(typeof(HelperSecret))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class HelperJson : JsonSerializerContext;

/// <summary>One such program. Secrets go through pipes only: neither arguments nor messages have them.</summary>
/// <param name="name">What stands behind <c>docker-credential-</c>.</param>
/// <param name="longest">How long it may take; it may ask its user something.</param>
internal sealed class CredentialProgram(string name, TimeSpan longest)
{
    private const int MostAnswer = 1 << 20;
    // The user name that says that the secret is a refresh token.
    private const string TokenUser = "<token>";
    private const string Missing = "credentials not found";

    private string Program => $"docker-credential-{name}";

    /// <summary>What it has for a registry; null: nothing.</summary>
    public async Task<Credential?> GetAsync(string server, CancellationToken ct)
    {
        (bool found, string answer) = await RunAsync("get", server, isSecret: true, ct).ConfigureAwait(false);
        if (!found) return null;
        HelperSecret? secret;
        try { secret = JsonSerializer.Deserialize(answer, HelperJson.Default.HelperSecret); }
        // What the parser says may quote what it read.
        catch (JsonException) { throw new BerthException(Fault.Failed, $"{Program} answered something else than JSON"); }
        if (secret?.Secret is not { Length: > 0 } password) return null;
        return secret.Username == TokenUser ? new Credential { IdentityToken = password } : new Credential { User = secret.Username, Password = password };
    }

    public async Task StoreAsync(string server, Credential credential, CancellationToken ct)
    {
        HelperSecret secret = new() { ServerURL = server, Username = credential.IdentityToken is null ? credential.User : TokenUser, Secret = credential.IdentityToken ?? credential.Password };
        await RunAsync("store", JsonSerializer.Serialize(secret, HelperJson.Default.HelperSecret), isSecret: true, ct).ConfigureAwait(false);
    }

    /// <returns>Whether there was something.</returns>
    public async Task<bool> EraseAsync(string server, CancellationToken ct) => (await RunAsync("erase", server, isSecret: false, ct).ConfigureAwait(false)).Found;

    /// <summary>The registries that it has something for.</summary>
    public async Task<IReadOnlyCollection<string>> ListAsync(CancellationToken ct)
    {
        (bool found, string answer) = await RunAsync("list", "", isSecret: false, ct).ConfigureAwait(false);
        try { return found && JsonSerializer.Deserialize(answer, HelperJson.Default.DictionaryStringString) is { } all ? all.Keys : []; }
        catch (JsonException) { throw new BerthException(Fault.Failed, $"{Program} answered something else than JSON"); }
    }

    private async Task<(bool Found, string Answer)> RunAsync(string verb, string input, bool isSecret, CancellationToken ct)
    {
        // The name comes from a file, and becomes a part of a program's.
        if (name.Length is 0 or > 100 || name.Any(static c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '-'))) throw new BerthException(Fault.InvalidArgument, "the name of a credential helper has other characters than letters, digits, '.', '_' and '-'");
        using Process process = new() { StartInfo = new ProcessStartInfo(Program, [verb]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, StandardInputEncoding = new UTF8Encoding(false) } };
        try { process.Start(); }
        catch (System.ComponentModel.Win32Exception e) { throw new BerthException(Fault.Unavailable, $"cannot run {Program}: {e.Message}", "install it, or take it out of credHelpers and credsStore of the authentication file", e); }
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(longest);
        try
        {
            Task<string> output = ReadAsync(process.StandardOutput, limit.Token), errors = ReadAsync(process.StandardError, limit.Token);
            try
            {
                await process.StandardInput.WriteAsync(input.AsMemory(), limit.Token).ConfigureAwait(false);
                process.StandardInput.Close();
            }
            catch (IOException) { } // it did not want to know: its exit tells why
            string answer = await output.ConfigureAwait(false), said = await errors.ConfigureAwait(false);
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            if (process.ExitCode == 0) return (true, answer);
            if (answer.Contains(Missing, StringComparison.OrdinalIgnoreCase)) return (false, "");
            // A broken one may repeat what it was told.
            string words = isSecret ? "" : new string([.. (said.Length > 0 ? said : answer).Trim().Where(static c => !char.IsControl(c)).Take(200)]);
            throw new BerthException(Fault.Failed, $"{Program} {verb} failed with exit code {process.ExitCode}{(words.Length > 0 ? ": " + words : "")}");
        }
        catch (OperationCanceledException e)
        {
            process.Kill(entireProcessTree: true);
            ct.ThrowIfCancellationRequested();
            throw new BerthException(Fault.TimedOut, $"{Program} {verb} did not answer within {longest.TotalSeconds:0} seconds", inner: e);
        }
    }

    private async Task<string> ReadAsync(StreamReader from, CancellationToken ct)
    {
        StringBuilder text = new();
        char[] buffer = new char[4096];
        for (int n; (n = await from.ReadAsync(buffer, ct).ConfigureAwait(false)) > 0;)
        {
            if (text.Length + n > MostAnswer) throw new BerthException(Fault.Failed, $"{Program} answered more than {MostAnswer} characters");
            text.Append(buffer, 0, n);
        }
        return text.ToString();
    }
}
