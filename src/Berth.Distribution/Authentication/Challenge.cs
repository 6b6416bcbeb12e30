// What a registry asks for before it answers: the header WWW-Authenticate (RFC 9110, 11.6.1; distribution's token specification).
namespace Berth.Distribution.Authentication;

/// <summary>A scheme and its parameters.</summary>
/// <param name="Scheme">In small letters: <c>bearer</c>, <c>basic</c>.</param>
/// <param name="Parameters">Names in small letters.</param>
internal sealed record Challenge(string Scheme, IReadOnlyDictionary<string, string> Parameters)
{
    private const int Longest = 16 * 1024;

    /// <summary>A parameter, or null.</summary>
    public string? this[string name] => Parameters.GetValueOrDefault(name);

    /// <summary>All challenges of a header. What cannot be read is left out: it is a stranger's word.</summary>
    public static List<Challenge> Read(string header)
    {
        List<Challenge> challenges = [];
        if (header.Length > Longest) return challenges;
        int at = 0;
        string? scheme = null;
        Dictionary<string, string> parameters = [];
        void Done()
        {
            if (scheme is not null) challenges.Add(new Challenge(scheme, parameters));
            (scheme, parameters) = (null, []);
        }
        while (true)
        {
            while (at < header.Length && header[at] is ' ' or '\t' or ',') at++;
            string word = Token(header, ref at);
            if (word.Length == 0) break;
            while (at < header.Length && header[at] is ' ' or '\t') at++;
            if (at < header.Length && header[at] == '=' && scheme is not null)
            {
                at++;
                while (at < header.Length && header[at] is ' ' or '\t') at++;
                parameters[word.ToLowerInvariant()] = at < header.Length && header[at] == '"' ? Quoted(header, ref at) : Token(header, ref at);
                continue;
            }
            Done();
            scheme = word.ToLowerInvariant();
        }
        Done();
        return challenges;
    }

    private static string Token(string text, ref int at)
    {
        int begin = at;
        while (at < text.Length && text[at] is not (' ' or '\t' or ',' or '=' or '"')) at++;
        return text[begin..at];
    }

    private static string Quoted(string text, ref int at)
    {
        System.Text.StringBuilder value = new();
        for (at++; at < text.Length && text[at] != '"'; at++)
        {
            if (text[at] == '\\' && at + 1 < text.Length) at++;
            value.Append(text[at]);
        }
        // A quote that is not closed ends with the header.
        at = Math.Min(at + 1, text.Length);
        return value.ToString();
    }
}
