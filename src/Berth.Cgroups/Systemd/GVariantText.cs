// Reads values in GVariant text format (GLib manual), in which annotations give unit properties: 'text', uint64 5, ['a', 'b'].
using System.Globalization;
using System.Text;
using Berth.Linux.DBus;
using Berth.Oci.Faults;

namespace Berth.Cgroups.Systemd;

/// <summary>A parser for one value.</summary>
internal ref struct GVariantText
{
    private const int DeepestNesting = 16;

    private readonly string _text;
    private int _at;

    private GVariantText(string text) => _text = text;

    /// <summary>Parses a whole text.</summary>
    /// <exception cref="BerthException">It is no value.</exception>
    public static DBusValue Parse(string text)
    {
        GVariantText parser = new(text);
        DBusValue value = parser.Value(null, 0);
        parser.SkipBlanks();
        return parser._at == text.Length ? value : throw parser.Malformed();
    }

    /// <param name="type">The type the place demands, or null.</param>
    /// <param name="depth">Of nesting.</param>
    private DBusValue Value(string? type, int depth)
    {
        if (depth > DeepestNesting) throw Malformed();
        SkipBlanks();
        switch (Peek())
        {
            case '@':
                _at++;
                return Value(Type(), depth + 1);
            case '\'' or '"': return new DBusText(type is "o" or "g" ? type[0] : 's', Quoted());
            case '[': return Array(type, depth);
            case '(': return Struct(type, depth);
            case '<':
                _at++;
                DBusVariant variant = new(Value(null, depth + 1));
                Expect('>');
                return variant;
        }
        string word = Word();
        switch (word)
        {
            case "true": return DBusValue.Of(true);
            case "false": return DBusValue.Of(false);
        }
        if (TypeOf(word) is { } named) return Value(named.ToString(), depth + 1);
        return Number(word, type);
    }

    private DBusArray Array(string? type, int depth)
    {
        if (type is not null && type[0] != 'a') throw Malformed();
        string? item = type?[1..];
        _at++;
        List<DBusValue> items = [];
        SkipBlanks();
        while (Peek() != ']')
        {
            items.Add(Value(item, depth + 1));
            item ??= items[0].Signature;
            if (items[^1].Signature != item) throw Malformed();
            SkipBlanks();
            if (Peek() != ']') Expect(',');
            SkipBlanks();
        }
        _at++;
        return new DBusArray(item ?? throw Malformed(), items);
    }

    private DBusStruct Struct(string? type, int depth)
    {
        if (type is not null && type[0] != '(') throw Malformed();
        _at++;
        List<DBusValue> fields = [];
        SkipBlanks();
        while (Peek() != ')')
        {
            // Types inside a demanded struct are left to the values: properties have none that would differ.
            fields.Add(Value(null, depth + 1));
            SkipBlanks();
            if (Peek() != ')') Expect(',');
            SkipBlanks();
        }
        _at++;
        return DBusStruct.Of(fields);
    }

    private DBusNumber Number(string word, string? type)
    {
        if (word.Length == 0) throw Malformed();
        bool isDouble = type == "d" || type is null && word.AsSpan().ContainsAny(".eE") && !word.StartsWith("0x", StringComparison.Ordinal);
        char code = type is { Length: 1 } ? type[0] : isDouble ? 'd' : 'i';
        if (isDouble)
        {
            return double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double real)
                ? new DBusNumber('d', BitConverter.DoubleToUInt64Bits(real))
                : throw Malformed();
        }
        bool negative = word[0] == '-';
        ReadOnlySpan<char> digits = word.AsSpan(negative ? 1 : 0);
        bool parsed = digits.StartsWith("0x", StringComparison.Ordinal)
            ? ulong.TryParse(digits[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong magnitude)
            : ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out magnitude);
        (bool Signed, ulong Most) range = code switch
        {
            'y' => (false, byte.MaxValue),
            'n' => (true, (ulong)short.MaxValue),
            'q' => (false, ushort.MaxValue),
            'i' => (true, int.MaxValue),
            'u' or 'h' => (false, uint.MaxValue),
            'x' => (true, long.MaxValue),
            't' => (false, ulong.MaxValue),
            _ => throw Malformed(),
        };
        // The lowest number of a signed type is by one farther from zero than the highest.
        ulong most = !negative ? range.Most : range.Signed ? range.Most + 1 : 0;
        if (!parsed || magnitude > most) throw Malformed();
        return new DBusNumber(code, negative ? 0 - magnitude : magnitude);
    }

    private string Quoted()
    {
        char quote = _text[_at++];
        StringBuilder plain = new();
        while (true)
        {
            if (_at >= _text.Length) throw Malformed();
            char c = _text[_at++];
            if (c == quote) return plain.ToString();
            if (c == '\\')
            {
                if (_at >= _text.Length) throw Malformed();
                c = _text[_at++];
                c = c switch { 'n' => '\n', 't' => '\t', 'r' => '\r', 'a' => '\a', 'b' => '\b', 'f' => '\f', 'v' => '\v', _ => c };
            }
            plain.Append(c);
        }
    }

    private string Type()
    {
        int start = _at;
        while (_at < _text.Length && !char.IsWhiteSpace(_text[_at])) _at++;
        return _at > start ? _text[start.._at] : throw Malformed();
    }

    private string Word()
    {
        int start = _at;
        while (_at < _text.Length && !char.IsWhiteSpace(_text[_at]) && _text[_at] is not (',' or ']' or '>' or ')' or '[' or '\'' or '"')) _at++;
        return _text[start.._at];
    }

    private static char? TypeOf(string word) => word switch
    {
        "boolean" => 'b',
        "byte" => 'y',
        "int16" => 'n',
        "uint16" => 'q',
        "int32" => 'i',
        "uint32" => 'u',
        "int64" => 'x',
        "uint64" => 't',
        "double" => 'd',
        "handle" => 'h',
        "string" => 's',
        "objectpath" => 'o',
        "signature" => 'g',
        _ => null,
    };

    private readonly char Peek() => _at < _text.Length ? _text[_at] : throw Malformed();

    private void Expect(char c)
    {
        SkipBlanks();
        if (Peek() != c) throw Malformed();
        _at++;
    }

    private void SkipBlanks()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at])) _at++;
    }

    private readonly BerthException Malformed() => new(Fault.InvalidArgument, $"cannot read `{_text}` as a GVariant value at position {_at}");
}
