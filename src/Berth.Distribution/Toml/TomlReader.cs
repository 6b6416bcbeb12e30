// Reads TOML 1.0: what registries.conf and hosts.toml are written in. No reflection, bounded in length and depth.
using Berth.Oci.Faults;

namespace Berth.Distribution.Toml;

/// <summary>Reads one text.</summary>
internal sealed class TomlReader
{
    /// <summary>Bytes of the longest file.</summary>
    public const int MostBytes = 1 << 20;

    private const int Deepest = 32;

    private readonly TomlScanner _in;
    private readonly TomlTable _root = new("");
    private int _depth;

    private TomlReader(string text) => _in = new TomlScanner(text);

    /// <summary>Reads a file; null where there is none.</summary>
    /// <exception cref="BerthException">InvalidArgument: it is not TOML, and in which line. Denied: it may not be read.</exception>
    public static TomlTable? ReadFile(string path)
    {
        string text;
        try
        {
            using FileStream file = File.OpenRead(path);
            byte[] bytes = new byte[MostBytes + 1];
            int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length > MostBytes) throw new BerthException(Fault.InvalidArgument, $"cannot use {path}: it is longer than {MostBytes} bytes");
            text = new System.Text.UTF8Encoding(false, true).GetString(bytes, 0, length);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException) { return null; }
        catch (UnauthorizedAccessException e) { throw new BerthException(Fault.Denied, $"cannot read {path}: permission denied", inner: e); }
        catch (IOException e) { throw new BerthException(Fault.Failed, $"cannot read {path}: {e.Message}", inner: e); }
        catch (System.Text.DecoderFallbackException e) { throw new BerthException(Fault.InvalidArgument, $"cannot use {path}: it is not UTF-8", inner: e); }
        try { return Read(text); }
        catch (BerthException e) when (e.Kind == Fault.InvalidArgument) { throw new BerthException(Fault.InvalidArgument, $"cannot use {path}: {e.Message}", e.Hint, e); }
    }

    /// <summary>Reads a text.</summary>
    /// <exception cref="BerthException">InvalidArgument: it is not TOML, and in which line.</exception>
    public static TomlTable Read(string text) => new TomlReader(text.StartsWith('\uFEFF') ? text[1..] : text).Document();

    private TomlTable Document()
    {
        TomlTable at = _root;
        while (true)
        {
            _in.SkipLines();
            if (_in.IsEnd) return _root;
            if (_in.Take('[')) at = Header();
            else KeyAndValue(at);
            _in.SkipBlanks();
            _in.EndOfLine();
        }
    }

    private TomlTable Header()
    {
        bool isList = _in.Take('[');
        List<string> names = Key();
        if (!_in.Take(']') || (isList && !_in.Take(']'))) throw _in.Bad("a header is not closed");
        TomlTable table = _root;
        for (int i = 0; i < names.Count - 1; i++) table = Pass(table, names[i]);
        string name = names[^1];
        object? there = table.Find(name);
        if (isList)
        {
            TomlTable item = new(Path(table, name)) { MadeBy = TomlTable.Origin.Header };
            if (there is null) table.Add(name, new TomlTables { item });
            else if (there is TomlTables items) items.Add(item);
            else throw _in.Bad($"'{name}' is there already, and is no list of tables");
            return item;
        }
        if (there is null)
        {
            TomlTable made = new(Path(table, name)) { MadeBy = TomlTable.Origin.Header };
            table.Add(name, made);
            return made;
        }
        if (there is not TomlTable { MadeBy: TomlTable.Origin.Passing } passed) throw _in.Bad($"'{name}' is there already");
        passed.MadeBy = TomlTable.Origin.Header;
        return passed;
    }

    /// <summary>On the way of a header.</summary>
    private TomlTable Pass(TomlTable table, string name)
    {
        switch (table.Find(name))
        {
            case null:
                TomlTable made = new(Path(table, name));
                table.Add(name, made);
                return made;
            case TomlTable inner when inner.MadeBy != TomlTable.Origin.Inline: return inner;
            case TomlTables items: return (TomlTable)items[^1];
            default: throw _in.Bad($"'{name}' is there already, and is no table");
        }
    }

    private void KeyAndValue(TomlTable table)
    {
        List<string> names = Key();
        if (!_in.Take('=')) throw _in.Bad("a key without '='");
        _in.SkipBlanks();
        for (int i = 0; i < names.Count - 1; i++)
        {
            object? there = table.Find(names[i]);
            if (there is null)
            {
                TomlTable made = new(Path(table, names[i])) { MadeBy = TomlTable.Origin.Dotted };
                table.Add(names[i], made);
                table = made;
            }
            else table = there as TomlTable is { MadeBy: TomlTable.Origin.Dotted } dotted ? dotted : throw _in.Bad($"'{names[i]}' is there already");
        }
        if (table.Find(names[^1]) is not null) throw _in.Bad($"'{names[^1]}' is there already");
        table.Add(names[^1], Value(table, names[^1]));
    }

    private List<string> Key()
    {
        List<string> names = [];
        do
        {
            _in.SkipBlanks();
            names.Add(_in.Name());
            if (names.Count > Deepest) throw _in.Bad("a key has too many parts");
            _in.SkipBlanks();
        }
        while (_in.Take('.'));
        return names;
    }

    private object Value(TomlTable table, string name)
    {
        if (++_depth > Deepest) throw _in.Bad("values lie too deep in each other");
        object value = _in.Peek switch
        {
            '"' or '\'' => _in.Text(),
            '[' => List(table, name),
            '{' => Inline(table, name),
            _ => TomlScalars.Read(_in),
        };
        _depth--;
        return value;
    }

    private List<object> List(TomlTable table, string name)
    {
        List<object> items = [];
        _in.Take('[');
        while (true)
        {
            _in.SkipLines();
            if (_in.Take(']')) return items;
            items.Add(Value(table, name));
            _in.SkipLines();
            if (_in.Take(',')) continue;
            if (_in.Take(']')) return items;
            throw _in.Bad("a list is not closed");
        }
    }

    private TomlTable Inline(TomlTable table, string name)
    {
        TomlTable made = new(Path(table, name)) { MadeBy = TomlTable.Origin.Inline };
        _in.Take('{');
        _in.SkipBlanks();
        if (_in.Take('}')) return made;
        do
        {
            KeyAndValue(made);
            _in.SkipBlanks();
        }
        while (_in.Take(','));
        if (!_in.Take('}')) throw _in.Bad("a table is not closed by '}'");
        Close(made);
        return made;
    }

    // Nothing may be added to what stands in braces, nor to what its dotted keys made.
    private static void Close(TomlTable table)
    {
        table.MadeBy = TomlTable.Origin.Inline;
        foreach (string key in table.Keys)
        {
            if (table.Find(key) is TomlTable { MadeBy: TomlTable.Origin.Dotted } inner) Close(inner);
        }
    }

    private static string Path(TomlTable table, string name) => table.Path.Length == 0 ? name : $"{table.Path}.{name}";

    /// <summary>A list that headers in two brackets made; only they add to it.</summary>
    private sealed class TomlTables : List<object>;
}
