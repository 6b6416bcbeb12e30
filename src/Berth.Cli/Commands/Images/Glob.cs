// Patterns of names: * and ? do not go over a slash, [a-z] is one of these.

namespace Berth.Cli.Commands.Images;

/// <summary>Go's path.Match.</summary>
internal static class Glob
{
    /// <summary>Whether the whole text has the pattern. A malformed pattern matches nothing.</summary>
    public static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        // Where to go on with one character more behind the last star.
        int p = 0, t = 0, star = -1, mark = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, mark) = (p++, t);
                continue;
            }
            int next = p < pattern.Length ? One(pattern, p, text[t]) : -1;
            if (next > 0)
            {
                (p, t) = (next, t + 1);
                continue;
            }
            if (star < 0 || text[mark] == '/') return false;
            (p, t) = (star + 1, ++mark);
        }
        while (p < pattern.Length && pattern[p] == '*') p++;
        return p == pattern.Length;
    }

    /// <summary>Where the pattern goes on behind a character that it matches, or -1.</summary>
    private static int One(ReadOnlySpan<char> pattern, int p, char c)
    {
        switch (pattern[p])
        {
            case '?': return c == '/' ? -1 : p + 1;
            case '\\' when p + 1 < pattern.Length: return pattern[p + 1] == c ? p + 2 : -1;
            case '[':
                int end = pattern[(p + 2 <= pattern.Length ? p + 2 : p)..].IndexOf(']');
                if (end < 0) return -1;
                end += p + 2;
                return c != '/' && InSet(pattern[(p + 1)..end], c) ? end + 1 : -1;
            default: return pattern[p] == c ? p + 1 : -1;
        }
    }

    private static bool InSet(ReadOnlySpan<char> set, char c)
    {
        bool not = set is ['^', ..];
        if (not) set = set[1..];
        bool found = false;
        for (int i = 0; i < set.Length; i++)
        {
            if (i + 2 < set.Length && set[i + 1] == '-')
            {
                found |= c >= set[i] && c <= set[i + 2];
                i += 2;
            }
            else found |= set[i] == c;
        }
        return found != not;
    }
}
