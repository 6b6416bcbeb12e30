// A table of a TOML file, with its keys in the order in which they were written.
using Berth.Oci.Faults;

namespace Berth.Distribution.Toml;

/// <summary>A table. Its values are <see cref="string"/>, <see cref="long"/>, <see cref="double"/>, <see cref="bool"/>, <see cref="TomlTime"/>, a list of values, or a table.</summary>
internal sealed class TomlTable(string path)
{
    private readonly Dictionary<string, object> _values = [];
    private readonly List<string> _keys = [];

    /// <summary>How it came to be: that decides who may add to it.</summary>
    internal enum Origin
    {
        /// <summary>Named on the way to another one: a header may still define it.</summary>
        Passing,

        /// <summary>By a header of its own.</summary>
        Header,

        /// <summary>By a key with dots: only keys of the same table add to it.</summary>
        Dotted,

        /// <summary>In braces: complete.</summary>
        Inline,
    }

    /// <summary>Where it stands, for messages.</summary>
    public string Path => path;

    /// <summary>The keys, in order.</summary>
    public IReadOnlyList<string> Keys => _keys;

    internal Origin MadeBy { get; set; }

    internal object? Find(string key) => _values.GetValueOrDefault(key);

    internal void Add(string key, object value)
    {
        _values.Add(key, value);
        _keys.Add(key);
    }

    /// <summary>A text, or null.</summary>
    /// <exception cref="BerthException">InvalidArgument: it is something else.</exception>
    public string? Text(string key) => Of<string>(key, "a string");

    /// <summary>True or false, or null.</summary>
    /// <exception cref="BerthException">InvalidArgument: it is something else.</exception>
    public bool? Flag(string key) => _values.TryGetValue(key, out object? value) ? value is bool flag ? flag : throw Wrong(key, "true or false") : null;

    /// <summary>A table, or null.</summary>
    /// <exception cref="BerthException">InvalidArgument: it is something else.</exception>
    public TomlTable? Table(string key) => Of<TomlTable>(key, "a table");

    /// <summary>Any list, or null.</summary>
    /// <exception cref="BerthException">InvalidArgument: it is something else.</exception>
    public IReadOnlyList<object>? List(string key) => Of<List<object>>(key, "a list");

    /// <summary>A list of texts, or null.</summary>
    /// <exception cref="BerthException">InvalidArgument: it is something else.</exception>
    public IReadOnlyList<string>? Texts(string key) => All<string>(key, "a list of strings");

    /// <summary>A list of tables; empty where there is none.</summary>
    /// <exception cref="BerthException">InvalidArgument: it is something else.</exception>
    public IReadOnlyList<TomlTable> Tables(string key) => All<TomlTable>(key, "a list of tables") ?? [];

    private T? Of<T>(string key, string what) where T : class => _values.TryGetValue(key, out object? value) ? value as T ?? throw Wrong(key, what) : null;

    private List<T>? All<T>(string key, string what)
    {
        if (!_values.TryGetValue(key, out object? value)) return null;
        List<T> all = [];
        foreach (object one in value as List<object> ?? throw Wrong(key, what)) all.Add(one is T item ? item : throw Wrong(key, what));
        return all;
    }

    private BerthException Wrong(string key, string what) => new(Fault.InvalidArgument, $"'{(path.Length == 0 ? key : path + "." + key)}' must be {what}");
}

/// <summary>A date or time as it was written.</summary>
/// <param name="Text">RFC 3339, or a part of it.</param>
internal sealed record TomlTime(string Text);
