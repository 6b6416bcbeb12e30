// What templates can call: Go's own functions, and docker's.
using System.Globalization;
using Berth.Cli.Output;
using Berth.Cli.Values;
using Berth.Oci.Faults;

namespace Berth.Cli.Templates;

/// <summary>Functions by name.</summary>
internal static class Functions
{
    private static readonly string[] s_names =
        ["and", "eq", "ge", "gt", "index", "join", "json", "le", "len", "lower", "lt", "ne", "not", "or", "pad", "print", "printf", "println", "slice", "split", "title", "truncate", "upper", "urlquery"];

    /// <summary>All names, for messages.</summary>
    public static string Names => string.Join(", ", s_names);

    /// <summary>Whether there is one.</summary>
    public static bool IsKnown(string name) => Array.IndexOf(s_names, name) >= 0;

    /// <summary>Calls one.</summary>
    /// <exception cref="BerthException">InvalidArgument: it takes other arguments.</exception>
    public static Value Call(string name, IReadOnlyList<Value> arguments)
    {
        try { return CallKnown(name, arguments); }
        catch (ArgumentException)
        {
            throw new BerthException(Fault.InvalidArgument, $"the template gives '{name}' arguments that it does not take: {string.Join(", ", arguments.Select(static argument => $"'{Words.Shortened(argument.Printed, 40)}'"))}");
        }
    }

    private static Value CallKnown(string name, IReadOnlyList<Value> a) => name switch
    {
        "and" => a.FirstOrDefault(static value => !value.IsTrue) ?? At(a, a.Count - 1),
        "or" => a.FirstOrDefault(static value => value.IsTrue) ?? At(a, a.Count - 1),
        "not" => Value.Of(!At(a, 0).IsTrue),
        "eq" => Value.Of(a.Count > 1 ? a.Skip(1).Any(other => Compare(a[0], other) == 0) : throw new ArgumentException(name)),
        "ne" => Value.Of(Compare(At(a, 0), At(a, 1)) != 0),
        "lt" => Value.Of(Compare(At(a, 0), At(a, 1)) < 0),
        "le" => Value.Of(Compare(At(a, 0), At(a, 1)) <= 0),
        "gt" => Value.Of(Compare(At(a, 0), At(a, 1)) > 0),
        "ge" => Value.Of(Compare(At(a, 0), At(a, 1)) >= 0),
        "len" => Value.Of(At(a, 0) switch { Value.Text text => System.Text.Encoding.UTF8.GetByteCount(text.Content), Value.List list => list.Items.Count, Value.Map map => map.Members.Count, Value.Nothing => 0, _ => throw new ArgumentException(name) }),
        "index" => a.Skip(1).Aggregate(At(a, 0), Index),
        "slice" => Slice(At(a, 0), [.. a.Skip(1).Select(static value => Whole(value))]),
        "print" => Value.Of(string.Join(a.Any(static value => value is Value.Text) ? "" : " ", a.Select(static value => value.Printed))),
        "println" => Value.Of(string.Join(' ', a.Select(static value => value.Printed)) + "\n"),
        "printf" => Value.Of(Printf.Format(Text(At(a, 0)), [.. a.Skip(1)])),
        "json" => Value.Of(ValueJson.Write(At(a, 0), ValueJson.Style.Line)),
        "join" => Value.Of(string.Join(Text(At(a, 1)), At(a, 0) switch { Value.List list => list.Items.Select(static item => item.Printed), Value.Nothing => [], _ => throw new ArgumentException(name) })),
        "split" => Value.Of(Text(At(a, 0)).Split(Text(At(a, 1)))),
        "lower" => Value.Of(Text(At(a, 0)).ToLowerInvariant()),
        "upper" => Value.Of(Text(At(a, 0)).ToUpperInvariant()),
        "title" => Value.Of(CultureInfo.InvariantCulture.TextInfo.ToTitleCase(Text(At(a, 0)))),
        "pad" => Value.Of(Text(At(a, 0)) is { Length: 0 } empty ? empty : new string(' ', Few(At(a, 1))) + Text(a[0]) + new string(' ', Few(At(a, 2)))),
        "truncate" => Value.Of(Text(At(a, 0)) is { } long_ && long_.Length > Few(At(a, 1)) ? long_[..Few(a[1])] : Text(a[0])),
        "urlquery" => Value.Of(Uri.EscapeDataString(Text(At(a, 0)))),
        _ => throw new ArgumentException(name),
    };

    private static Value At(IReadOnlyList<Value> arguments, int i) => i >= 0 && i < arguments.Count ? arguments[i] : throw new ArgumentException("too few");

    private static string Text(Value value) => value switch { Value.Text text => text.Content, Value.Moment time => time.GoText, Value.Nothing => "", _ => throw new ArgumentException("no text") };

    private static int Whole(Value value) => value is Value.Whole { Number: >= int.MinValue and <= int.MaxValue } whole ? (int)whole.Number : throw new ArgumentException("no number");

    // Blanks to fill a line with, not a memory.
    private static int Few(Value value) => Whole(value) is >= 0 and < 10_000 and int few ? few : throw new ArgumentException("too many");

    private static Value Index(Value value, Value key) => value switch
    {
        Value.List list => Whole(key) is >= 0 and int i && i < list.Items.Count ? list.Items[i] : throw new BerthException(Fault.InvalidArgument, $"the template asks for item {key.Printed} of a list of {list.Items.Count}"),
        Value.Map map => map.Find(Text(key)) ?? Value.Of(""),
        Value.Nothing => Value.None,
        _ => throw new ArgumentException("no list"),
    };

    private static Value Slice(Value value, int[] range)
    {
        int length = value switch { Value.Text text => text.Content.Length, Value.List list => list.Items.Count, _ => throw new ArgumentException("no list") };
        (int begin, int end) = (range.Length > 0 ? range[0] : 0, range.Length > 1 ? range[1] : length);
        if (begin < 0 || end > length || begin > end) throw new BerthException(Fault.InvalidArgument, $"the template asks for {begin} to {end} of {length}");
        return value is Value.Text cut ? Value.Of(cut.Content[begin..end]) : new Value.List([.. ((Value.List)value).Items.Skip(begin).Take(end - begin)]);
    }

    private static int Compare(Value left, Value right) => (left, right) switch
    {
        (Value.Whole a, Value.Whole b) => a.Number.CompareTo(b.Number),
        (Value.Whole or Value.Real, Value.Whole or Value.Real) => Real(left).CompareTo(Real(right)),
        (Value.Truth a, Value.Truth b) => a.Is.CompareTo(b.Is),
        (Value.Nothing, Value.Nothing) => 0,
        (Value.Nothing, _) or (_, Value.Nothing) => -1,
        _ => string.CompareOrdinal(Text(left), Text(right)),
    };

    private static double Real(Value value) => value is Value.Whole whole ? whole.Number : ((Value.Real)value).Number;
}
