// Cuts a .proto file into words, numbers, texts and signs; comments fall away.
namespace Berth.Protogen;

/// <summary>The words of a file, one after the other, with the line they stand on.</summary>
internal sealed class Tokens(string path, string text)
{
    private int _at;
    private int _line = 1;
    private string? _next;

    /// <summary>The next word without taking it; empty at the end.</summary>
    public string Peek() => _next ??= Read();

    /// <summary>Takes the next word.</summary>
    public string Take()
    {
        string word = Peek();
        _next = null;
        if (word.Length == 0) throw Wrong("the file ends too early");
        return word;
    }

    /// <summary>Takes the next word if it is this one.</summary>
    public bool Took(string word)
    {
        if (Peek() != word) return false;
        _next = null;
        return true;
    }

    /// <summary>Takes the next word, which has to be this one.</summary>
    public void Expect(string word)
    {
        string found = Take();
        if (found != word) throw Wrong($"expected {word}, found {found}");
    }

    /// <summary>Takes a name, with dots in it.</summary>
    public string Name()
    {
        string word = Take();
        return char.IsAsciiLetter(word[0]) || word[0] is '_' or '.' ? word : throw Wrong($"expected a name, found {word}");
    }

    /// <summary>Takes a whole number.</summary>
    public int Number()
    {
        bool negative = Took("-");
        string word = Take();
        bool hex = word.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        try
        {
            int number = hex ? Convert.ToInt32(word, 16) : Convert.ToInt32(word, 10);
            return negative ? -number : number;
        }
        catch (FormatException)
        {
            throw Wrong($"expected a number, found {word}");
        }
    }

    /// <summary>Takes a text in quotes.</summary>
    public string Text()
    {
        string word = Take();
        return word[0] is '"' or '\'' ? word[1..^1] : throw Wrong($"expected a text, found {word}");
    }

    /// <summary>Takes everything up to and with a semicolon.</summary>
    public void SkipStatement()
    {
        while (Take() != ";") { }
    }

    /// <summary>An error on the present line.</summary>
    public FormatException Wrong(string what) => new($"{path}:{_line}: {what}");

    private string Read()
    {
        SkipBlank();
        if (_at == text.Length) return "";
        int start = _at;
        char c = text[_at++];
        if (char.IsAsciiLetterOrDigit(c) || c is '_' or '.')
        {
            while (_at < text.Length && (char.IsAsciiLetterOrDigit(text[_at]) || text[_at] is '_' or '.')) _at++;
        }
        else if (c is '"' or '\'')
        {
            while (_at < text.Length && text[_at] != c && text[_at] != '\n') _at++;
            if (_at == text.Length || text[_at++] != c) throw Wrong("a text does not end");
        }
        return text[start.._at];
    }

    private void SkipBlank()
    {
        while (_at < text.Length)
        {
            if (text[_at] == '\n') _line++;
            if (char.IsWhiteSpace(text[_at])) _at++;
            else if (text.AsSpan(_at).StartsWith("//")) _at = IndexOf("\n");
            else if (text.AsSpan(_at).StartsWith("/*"))
            {
                int end = IndexOf("*/");
                _line += text[_at..end].Count(c => c == '\n');
                _at = Math.Min(end + 2, text.Length);
            }
            else break;
        }
    }

    private int IndexOf(string what) => text.IndexOf(what, _at, StringComparison.Ordinal) is >= 0 and int found ? found : text.Length;
}
