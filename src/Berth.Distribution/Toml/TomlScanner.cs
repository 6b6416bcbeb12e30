// The characters of a TOML text: blanks, comments, names, strings.
using System.Globalization;
using System.Text;
using Berth.Oci.Faults;

namespace Berth.Distribution.Toml;

/// <summary>A place in a text.</summary>
internal sealed class TomlScanner(string text)
{
    private int _at;

    public bool IsEnd => _at >= text.Length;

    /// <summary>The next character; NUL at the end.</summary>
    public char Peek => _at < text.Length ? text[_at] : '\0';

    public bool Take(char wanted)
    {
        if (Peek != wanted || IsEnd) return false;
        _at++;
        return true;
    }

    public void SkipBlanks()
    {
        while (Peek is ' ' or '\t') _at++;
    }

    /// <summary>Blanks, comments and ends of lines.</summary>
    public void SkipLines()
    {
        while (true)
        {
            SkipBlanks();
            if (Peek == '#') SkipComment();
            if (!TakeLineEnd()) return;
        }
    }

    /// <summary>Nothing but a comment may stand there.</summary>
    public void EndOfLine()
    {
        if (Peek == '#') SkipComment();
        if (!IsEnd && !TakeLineEnd()) throw Bad("something stands behind the value");
    }

    /// <summary>One part of a key.</summary>
    public string Name()
    {
        if (Peek is '"' or '\'') return text.AsSpan(_at).StartsWith("\"\"\"") || text.AsSpan(_at).StartsWith("'''") ? throw Bad("a key of several lines") : Text();
        int begin = _at;
        while (char.IsAsciiLetterOrDigit(Peek) || Peek is '_' or '-') _at++;
        return _at > begin ? text[begin.._at] : throw Bad("a key was expected");
    }

    /// <summary>A word of a number, a time, true or false: to the next character that cannot belong to it.</summary>
    public string Word()
    {
        int begin = _at;
        while (char.IsAsciiLetterOrDigit(Peek) || Peek is '_' or '-' or '+' or '.' or ':') _at++;
        // "1979-05-27 07:32:00": the one value with a blank inside.
        if (_at - begin == 10 && text[begin + 4] == '-' && Peek == ' ' && _at + 2 < text.Length && char.IsAsciiDigit(text[_at + 1]) && char.IsAsciiDigit(text[_at + 2]))
        {
            _at++;
            while (char.IsAsciiLetterOrDigit(Peek) || Peek is '-' or '+' or '.' or ':') _at++;
        }
        return text[begin.._at];
    }

    /// <summary>A string of any of the four kinds.</summary>
    public string Text()
    {
        char quote = text[_at];
        bool isLong = text.AsSpan(_at).StartsWith(quote == '"' ? "\"\"\"" : "'''");
        _at += isLong ? 3 : 1;
        // A line end right behind the opening does not count.
        if (isLong) TakeLineEnd();
        StringBuilder value = new();
        while (true)
        {
            if (IsEnd) throw Bad("a string is not closed");
            char c = text[_at];
            if (c == quote && Closes(quote, isLong, value)) return value.ToString();
            if (c == '\\' && quote == '"') { Escape(value, isLong); continue; }
            if (isLong && TakeLineEnd()) { value.Append('\n'); continue; }
            if (c != '\t' && (c < ' ' || c == '\x7F')) throw Bad(c is '\n' or '\r' ? "a string is not closed in its line" : "a control character in a string");
            value.Append(c);
            _at++;
        }
    }

    public BerthException Bad(string reason) => new(Fault.InvalidArgument, $"line {Line}: {reason}");

    private int Line => text.AsSpan(0, Math.Min(_at, text.Length)).Count('\n') + 1;

    private bool Closes(char quote, bool isLong, StringBuilder value)
    {
        if (!isLong)
        {
            _at++;
            return true;
        }
        int run = 0;
        while (_at + run < text.Length && text[_at + run] == quote && run < 6) run++;
        // Up to two quotes may stand before the three that close.
        if (run > 5) throw Bad("too many quotes");
        _at += run;
        value.Append(quote, run < 3 ? run : run - 3);
        return run >= 3;
    }

    private void Escape(StringBuilder value, bool isLong)
    {
        _at++;
        char c = Peek;
        if (isLong && c is ' ' or '\t' or '\r' or '\n')
        {
            int at = _at;
            SkipBlanks();
            if (!TakeLineEnd()) { _at = at; throw Bad("a backslash before nothing that it could mean"); }
            while (Peek is ' ' or '\t' || Peek is '\n' or '\r') { if (!TakeLineEnd()) { if (Peek == '\r') throw Bad("a lone carriage return"); _at++; } }
            return;
        }
        _at++;
        switch (c)
        {
            case 'b': value.Append('\b'); break;
            case 't': value.Append('\t'); break;
            case 'n': value.Append('\n'); break;
            case 'f': value.Append('\f'); break;
            case 'r': value.Append('\r'); break;
            case '"': value.Append('"'); break;
            case '\\': value.Append('\\'); break;
            case 'u': value.Append(Scalar(4)); break;
            case 'U': value.Append(Scalar(8)); break;
            default: throw Bad("a backslash before nothing that it could mean");
        }
    }

    private string Scalar(int digits)
    {
        if (_at + digits > text.Length || !int.TryParse(text.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code) || !Rune.IsValid(code)) throw Bad("no character has that number");
        _at += digits;
        return new Rune(code).ToString();
    }

    private void SkipComment()
    {
        while (!IsEnd && Peek is not ('\n' or '\r'))
        {
            if (Peek != '\t' && Peek is < ' ' or '\x7F') throw Bad("a control character in a comment");
            _at++;
        }
    }

    private bool TakeLineEnd()
    {
        if (Peek == '\n' && !IsEnd) { _at++; return true; }
        if (Peek != '\r' || _at + 1 >= text.Length || text[_at + 1] != '\n') return false;
        _at += 2;
        return true;
    }
}
