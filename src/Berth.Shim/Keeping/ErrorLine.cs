// A line of a runtime's log in its JSON format: level, msg, time.
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace Berth.Shim.Keeping;

/// <summary>Reads what runtimes log.</summary>
internal static class ErrorLine
{
    /// <summary>The message of a line whose level is error.</summary>
    public static bool TryRead(string line, [NotNullWhen(true)] out string? message)
    {
        message = null;
        if (line.Length == 0) return false;
        bool isError = false;
        try
        {
            Utf8JsonReader json = new(Encoding.UTF8.GetBytes(line));
            while (json.Read())
            {
                if (json.TokenType != JsonTokenType.PropertyName || json.CurrentDepth != 1) continue;
                bool level = json.ValueTextEquals("level"u8), text = json.ValueTextEquals("msg"u8);
                json.Read();
                if (level) isError = json.TokenType == JsonTokenType.String && json.ValueTextEquals("error"u8);
                else if (text && json.TokenType == JsonTokenType.String) message = json.GetString()?.Trim();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Cut off in the middle by a runtime that was killed; or half of a pair of \u escapes, which is no text.
            return false;
        }
        return isError && message is not null;
    }
}
