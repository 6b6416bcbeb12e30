// Who somebody is to a registry.
namespace Berth.Distribution.Authentication;

/// <summary>A user with a password, or a token that stands for both. Its text never shows either.</summary>
public sealed record Credential
{
    /// <summary>The user; null with a token alone.</summary>
    public string? User { get; init; }

    /// <summary>The password.</summary>
    public string? Password { get; init; }

    /// <summary>A refresh token, for which the token server gives access tokens (Docker's <c>identitytoken</c>).</summary>
    public string? IdentityToken { get; init; }

    /// <summary>An access token that is sent as it is (<c>registrytoken</c>).</summary>
    public string? RegistryToken { get; init; }

    /// <inheritdoc/>
    public override string ToString() => User ?? "token";
}
