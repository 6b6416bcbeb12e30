// Reads one JSON document forwards, member by member, and says where in it something is wrong.
using System.Text;
using System.Text.Json;
using Berth.Oci.Faults;

namespace Berth.Oci.Json;

/// <summary>Reads one element of an array, or one value of a map, at the cursor.</summary>
internal delegate T ReadValue<T>(ref JsonCursor cursor);

/// <summary>
/// A forward-only cursor over a whole document. It stands on a value; <see cref="Enter"/> and <see cref="Member"/> walk an object,
/// the typed members read a value. <c>null</c> reads as the type's default, and every fault is a
/// <see cref="BerthException"/> of <see cref="Fault.InvalidArgument"/> that names the place.
/// </summary>
internal ref struct JsonCursor
{
    /// <summary>Largest document, in bytes.</summary>
    public const int Largest = 16 * 1024 * 1024;

    /// <summary>Deepest nesting.</summary>
    public const int Deepest = 64;

    private readonly ReadOnlySpan<byte> _json;
    private readonly string _document;
    private Utf8JsonReader _reader;
    private ReadOnlySpan<byte> _name;
    private bool _folded;

    /// <summary>Stands on the root value of <paramref name="utf8"/>; <paramref name="document"/> is its name in messages.</summary>
    public JsonCursor(ReadOnlySpan<byte> utf8, string document)
    {
        if (utf8.Length > Largest) throw new BerthException(Fault.InvalidArgument, $"{document}: larger than {Largest >> 20} MiB");
        // A byte order mark is no JSON, and editors write it all the same.
        _json = utf8.StartsWith("\uFEFF"u8) ? utf8[3..] : utf8;
        _document = document;
        _reader = new Utf8JsonReader(_json, new JsonReaderOptions { MaxDepth = Deepest });
        Advance();
        if (IsNull) throw Expected("an object");
    }

    /// <summary>Whether the value is <c>null</c>.</summary>
    public readonly bool IsNull => _reader.TokenType == JsonTokenType.Null;

    /// <summary>Goes into the object; false where the value is <c>null</c>.</summary>
    public readonly bool Enter() => IsNotNull(JsonTokenType.StartObject, "an object");

    /// <summary>Moves to the value of the next member; false behind the last one.</summary>
    public bool Member()
    {
        if (_folded) return true;
        Advance();
        if (_reader.TokenType == JsonTokenType.EndObject) return false;
        _name = _reader.ValueIsEscaped ? UnescapedName() : _reader.ValueSpan;
        Advance();
        return true;
    }

    /// <summary>Whether the member the cursor stands on has this name: to the letter, or, where no name fits so, but for its capitals.</summary>
    public bool Is(ReadOnlySpan<byte> name)
    {
        if (_name.SequenceEqual(name)) return true;
        if (!_folded || !Ascii.EqualsIgnoreCase(_name, name)) return false;
        _folded = false;
        return true;
    }

    /// <summary>
    /// No name was the member's: it is met a second time with capitals not told apart, as Go's decoder matches names and so all who
    /// write for it; then it is passed over.
    /// </summary>
    public void Skip()
    {
        _folded = !_folded;
        if (_folded) return;
        if (_reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray)) return;
        try { _reader.Skip(); }
        catch (JsonException e) { throw Malformed(e); }
    }

    /// <summary>Demands that nothing but white space follows the value just read.</summary>
    public void End()
    {
        try { _reader.Read(); }
        catch (JsonException e) { throw Malformed(e); }
    }

    /// <summary>An array; null where the value is <c>null</c>.</summary>
    public List<T>? List<T>(ReadValue<T> read)
    {
        if (!IsNotNull(JsonTokenType.StartArray, "an array")) return null;
        List<T> list = [];
        while (Element()) list.Add(read(ref this));
        return list;
    }

    /// <summary>An array of strings; null where the value is <c>null</c>.</summary>
    public List<string>? Texts()
    {
        if (!IsNotNull(JsonTokenType.StartArray, "an array")) return null;
        List<string> list = [];
        while (Element()) list.Add(Text());
        return list;
    }

    /// <summary>An object with free names; members that are <c>null</c> are absent. Null where the value is <c>null</c>.</summary>
    public Dictionary<string, T>? Map<T>(ReadValue<T> read)
    {
        if (!Enter()) return null;
        Dictionary<string, T> map = [];
        while (Key() is { } key)
        {
            if (!IsNull) map[key] = read(ref this);
        }
        return map;
    }

    /// <summary>An object with free names and strings as values. Null where the value is <c>null</c>.</summary>
    public Dictionary<string, string>? TextMap()
    {
        if (!Enter()) return null;
        Dictionary<string, string> map = [];
        while (Key() is { } key)
        {
            if (!IsNull) map[key] = Text();
        }
        return map;
    }

    /// <summary>As <see cref="TextMap"/>, for values that never reach the kernel: they may hold a NUL.</summary>
    public Dictionary<string, string>? Annotations()
    {
        if (!Enter()) return null;
        Dictionary<string, string> map = [];
        while (Key() is { } key)
        {
            if (!IsNull) map[key] = Decoded(JsonTokenType.String);
        }
        return map;
    }

    /// <summary>A string; empty where the value is <c>null</c>.</summary>
    public string Text()
    {
        if (IsNull) return "";
        string text = Decoded(JsonTokenType.String);
        // A raw NUL is malformed JSON, so only an escape can bring one in.
        if (_reader.ValueIsEscaped && text.Contains('\0')) throw Wrong("the string holds a NUL byte, which no path, name or argument can");
        return text;
    }

    /// <summary>A string, or null where it is <c>null</c> or empty: specs-go does not tell those apart.</summary>
    public string? TextOrNull() => Text() is { Length: > 0 } text ? text : null;

    /// <summary>A boolean; false where the value is <c>null</c>.</summary>
    public readonly bool Bool() => _reader.TokenType switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False or JsonTokenType.Null => false,
        _ => throw Expected("a boolean"),
    };

    /// <summary>A boolean, or null.</summary>
    public readonly bool? BoolOrNull() => IsNull ? null : Bool();

    /// <summary>A whole number in the range of the type; 0 where the value is <c>null</c>.</summary>
    public readonly int Int32() => (int)Integer(int.MinValue, int.MaxValue);

    /// <inheritdoc cref="Int32"/>
    public readonly uint UInt32() => (uint)Integer(0, uint.MaxValue);

    /// <inheritdoc cref="Int32"/>
    public readonly long Int64() => Integer(long.MinValue, long.MaxValue);

    /// <inheritdoc cref="Int32"/>
    public readonly ulong UInt64()
    {
        if (IsNull) return 0;
        RequireNumber();
        if (_reader.TryGetUInt64(out ulong value)) return value;
        JsonInteger number = Number(0, ulong.MaxValue);
        return number.IsNegative && number.Magnitude > 0 ? throw OutOfRange(0, ulong.MaxValue) : number.Magnitude;
    }

    /// <summary>A whole number in the range of the type, or null.</summary>
    public readonly int? Int32OrNull() => IsNull ? null : Int32();

    /// <inheritdoc cref="Int32OrNull"/>
    public readonly uint? UInt32OrNull() => IsNull ? null : UInt32();

    /// <inheritdoc cref="Int32OrNull"/>
    public readonly ushort? UInt16OrNull() => IsNull ? null : (ushort)Integer(0, ushort.MaxValue);

    /// <inheritdoc cref="Int32OrNull"/>
    public readonly long? Int64OrNull() => IsNull ? null : Int64();

    /// <inheritdoc cref="Int32OrNull"/>
    public readonly ulong? UInt64OrNull() => IsNull ? null : UInt64();

    private readonly long Integer(long min, long max)
    {
        if (IsNull) return 0;
        RequireNumber();
        if (!_reader.TryGetInt64(out long value))
        {
            JsonInteger number = Number(min, (ulong)max);
            ulong most = number.IsNegative ? (ulong)long.MaxValue + 1 : long.MaxValue;
            if (number.Magnitude > most) throw OutOfRange(min, (ulong)max);
            value = number.IsNegative ? unchecked(-(long)number.Magnitude) : (long)number.Magnitude;
        }
        return value < min || value > max ? throw OutOfRange(min, (ulong)max) : value;
    }

    private readonly JsonInteger Number(long min, ulong max) => JsonInteger.Parse(_reader.ValueSpan) switch
    {
        { IsWhole: false } => throw Wrong($"{Shown(_reader.ValueSpan)} is not a whole number"),
        { IsTooLarge: true } => throw OutOfRange(min, max),
        JsonInteger number => number,
    };

    private readonly void RequireNumber()
    {
        if (_reader.TokenType != JsonTokenType.Number) throw Expected("a number");
    }

    private readonly bool IsNotNull(JsonTokenType type, string expected) =>
        _reader.TokenType == type || (IsNull ? false : throw Expected(expected));

    private bool Element()
    {
        Advance();
        if (_reader.TokenType == JsonTokenType.EndArray) return false;
        return IsNull ? throw Wrong("expected a value, found null") : true;
    }

    private string? Key()
    {
        Advance();
        if (_reader.TokenType == JsonTokenType.EndObject) return null;
        string key = Decoded(JsonTokenType.PropertyName);
        if (_reader.ValueIsEscaped && key.Contains('\0')) throw Wrong("the member's name holds a NUL byte");
        Advance();
        return key;
    }

    private readonly string Decoded(JsonTokenType type)
    {
        if (_reader.TokenType != type) throw Expected("a string");
        try { return _reader.GetString()!; }
        catch (InvalidOperationException) { throw Wrong("the text is not valid Unicode"); }
    }

    private readonly ReadOnlySpan<byte> UnescapedName()
    {
        byte[] buffer = new byte[_reader.ValueSpan.Length];
        // A span, not buffer[..n]: a range of an array makes a native program carry the runtime's type loader, 210 KB.
        try { return buffer.AsSpan(0, _reader.CopyString(buffer)); }
        catch (InvalidOperationException) { throw Wrong("the member's name is not valid Unicode"); }
    }

    private void Advance()
    {
        try { _reader.Read(); }
        catch (JsonException e) { throw Malformed(e); }
    }

    private readonly BerthException Expected(string what) => Wrong($"expected {what}, found {JsonPlace.Name(_reader.TokenType)}");

    private readonly BerthException OutOfRange(long min, ulong max) => Wrong($"{Shown(_reader.ValueSpan)} is out of range, {min} to {max} is allowed");

    private readonly BerthException Wrong(string what)
    {
        string path = JsonPlace.Path(_json, _reader.TokenStartIndex);
        return new BerthException(Fault.InvalidArgument, path.Length == 0 ? $"{_document}: {what}" : $"{_document}: {path}: {what}");
    }

    private readonly BerthException Malformed(JsonException e)
    {
        string place = JsonPlace.Syntax(_json, e.LineNumber ?? 0, e.BytePositionInLine ?? 0, _reader.CurrentDepth >= Deepest - 1);
        return new BerthException(Fault.InvalidArgument, $"{_document}: {place}", hint: null, e);
    }

    private static string Shown(ReadOnlySpan<byte> number) => JsonPlace.Shown(number);
}
