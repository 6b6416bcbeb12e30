// Words of an action: what stands between {{ and }}.
using System.Globalization;
using System.Text;
using Berth.Oci.Faults;

namespace Berth.Cli.Templates;

/// <summary>What a word is.</summary>
internal enum TokenKind
{
    /// <summary>A name: of a function, or a keyword.</summary>
    Word,

    /// <summary>.Name, with the point.</summary>
    Field,

    /// <summary>$ or $name.</summary>
    Variable,

    /// <summary>In quotes.</summary>
    Text,

    /// <summary>A number.</summary>
    Number,

    /// <summary>One of ( ) | , and the signs := and =.</summary>
    Sign,

    /// <summary>A point alone.</summary>
    Dot,

    /// <summary>The end.</summary>
    End,
}

/// <summary>A word.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">What it says; of a text in quotes, its content.</param>
/// <param name="IsGlued">Whether no blank stands in front of it.</param>
internal readonly record struct Token(TokenKind Kind, string Text, bool IsGlued)
{
    /// <summary>The words of an action, with an end behind them.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static List<Token> Read(string action)
    {
        List<Token> tokens = [];
        int at = 0;
        while (true)
        {
            int begin = at;
            while (at < action.Length && char.IsWhiteSpace(action[at])) at++;
            bool glued = at == begin;
            if (at == action.Length)
            {
                tokens.Add(new Token(TokenKind.End, "", glued));
                return tokens;
            }
            tokens.Add(ReadOne(action, ref at) with { IsGlued = glued });
        }
    }

    private static Token ReadOne(string action, ref int at)
    {
        char c = action[at];
        if (c is '"' or '`' or '\'') return new Token(c == '\'' ? TokenKind.Number : TokenKind.Text, ReadQuoted(action, ref at), false);
        if (c is '(' or ')' or '|' or ',' or '=') return new Token(TokenKind.Sign, action[at++].ToString(), false);
        if (c == ':' && at + 1 < action.Length && action[at + 1] == '=')
        {
            at += 2;
            return new Token(TokenKind.Sign, ":=", false);
        }
        int begin = at++;
        if (c == '.' && (at == action.Length || !IsName(action[at]))) return new Token(TokenKind.Dot, ".", false);
        if (c is '.' or '$' || IsName(c))
        {
            bool number = char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(action[at]));
            while (at < action.Length && (IsName(action[at]) || (number && action[at] == '.'))) at++;
            string text = action[begin..at];
            return number ? new Token(TokenKind.Number, text, false) : new Token(c switch { '.' => TokenKind.Field, '$' => TokenKind.Variable, _ => TokenKind.Word }, text, false);
        }
        if (c is '-' or '+' && at < action.Length && char.IsAsciiDigit(action[at]))
        {
            while (at < action.Length && (char.IsAsciiLetterOrDigit(action[at]) || action[at] is '.' or '_')) at++;
            return new Token(TokenKind.Number, action[begin..at], false);
        }
        throw new BerthException(Fault.InvalidArgument, $"the template has an unexpected '{c}' in '{{{{{action}}}}}'");
    }

    private static string ReadQuoted(string action, ref int at)
    {
        char quote = action[at++];
        StringBuilder text = new();
        for (; at < action.Length; at++)
        {
            char c = action[at];
            if (c == quote)
            {
                at++;
                // A character in single quotes is its number.
                return quote == '\'' ? ((int)(text.Length > 0 ? text[0] : '\0')).ToString(CultureInfo.InvariantCulture) : text.ToString();
            }
            if (c != '\\' || quote == '`' || at + 1 == action.Length) text.Append(c);
            else text.Append(Unescaped(action, ref at));
        }
        throw new BerthException(Fault.InvalidArgument, $"the template has a quote without an end in '{{{{{action}}}}}'");
    }

    private static char Unescaped(string action, ref int at)
    {
        char c = action[++at];
        if (c is 'u' or 'x' && action.Length > at + (c == 'u' ? 4 : 2) && int.TryParse(action.AsSpan(at + 1, c == 'u' ? 4 : 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int code))
        {
            at += c == 'u' ? 4 : 2;
            return (char)code;
        }
        return c switch { 'n' => '\n', 't' => '\t', 'r' => '\r', 'a' => '\a', 'b' => '\b', 'f' => '\f', 'v' => '\v', _ => c };
    }

    private static bool IsName(char c) => char.IsLetterOrDigit(c) || c == '_';
}
