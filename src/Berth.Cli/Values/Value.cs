// What commands have to say, before it is a table, JSON or what a template makes of it.
using System.Globalization;

namespace Berth.Cli.Values;

/// <summary>A value as templates and JSON know them.</summary>
internal abstract record Value
{
    private Value()
    {
    }

    /// <summary>Nothing.</summary>
    public static Value None { get; } = new Nothing();

    /// <summary>A list that is not there: empty for a template, null in JSON, as in Go.</summary>
    public static Value NoList { get; } = new List([]) { IsNull = true };

    /// <summary>A map that is not there.</summary>
    public static Value NoMap { get; } = new Map([]) { IsNull = true };

    /// <summary>A string, or nothing.</summary>
    public static Value Of(string? text) => text is null ? None : new Text(text);

    /// <summary>A whole number.</summary>
    public static Value Of(long number) => new Whole(number);

    /// <summary>True or false.</summary>
    public static Value Of(bool truth) => new Truth(truth);

    /// <summary>A list of strings; null is an empty one.</summary>
    public static Value Of(IEnumerable<string>? texts) => new List([.. (texts ?? []).Select(static text => (Value)new Text(text))]);

    /// <summary>Labels and the like, in the order of their names.</summary>
    public static Value Of(IReadOnlyDictionary<string, string>? map) =>
        map is null ? NoMap : new Map([.. map.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => new Member(pair.Key, new Text(pair.Value)))]);

    /// <summary>Whether a template's <c>if</c> takes it for true: nothing, zero and what is empty are false.</summary>
    public bool IsTrue => this switch
    {
        Nothing => false,
        Text text => text.Content.Length > 0,
        Whole whole => whole.Number != 0,
        Real real => real.Number != 0,
        Truth truth => truth.Is,
        List list => list.Items.Count > 0,
        Map map => map.Members.Count > 0,
        _ => true,
    };

    /// <summary>As Go prints it.</summary>
    public string Printed => this switch
    {
        Nothing => "<no value>",
        Text text => text.Content,
        Whole whole => whole.Number.ToString(CultureInfo.InvariantCulture),
        Real real => real.Number.ToString("R", CultureInfo.InvariantCulture),
        Truth truth => truth.Is ? "true" : "false",
        Moment moment => moment.GoText,
        List list => $"[{string.Join(' ', list.Items.Select(static item => item.Printed))}]",
        Record record => $"{{{string.Join(' ', record.Shown.Select(static member => member.Value.Printed))}}}",
        Map map => $"map[{string.Join(' ', map.Members.Select(static member => $"{member.Name}:{member.Value.Printed}"))}]",
        _ => "",
    };

    /// <summary>Nothing.</summary>
    internal sealed record Nothing : Value;

    /// <summary>A string.</summary>
    internal sealed record Text(string Content) : Value;

    /// <summary>A whole number.</summary>
    internal sealed record Whole(long Number) : Value;

    /// <summary>A number.</summary>
    internal sealed record Real(double Number) : Value;

    /// <summary>True or false.</summary>
    internal sealed record Truth(bool Is) : Value;

    /// <summary>A time, RFC 3339: JSON has it as it is, a template in Go's words.</summary>
    internal sealed record Moment(string Rfc3339) : Value
    {
        /// <summary>2024-01-02 03:04:05.123 +0000 UTC.</summary>
        public string GoText
        {
            get
            {
                if (!DateTimeOffset.TryParse(Rfc3339, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)) return Rfc3339;
                int dot = Rfc3339.IndexOf('.');
                string fraction = dot < 0 ? "" : new string([.. Rfc3339.Skip(dot + 1).TakeWhile(char.IsAsciiDigit)]).TrimEnd('0');
                string zone = time.Offset == TimeSpan.Zero ? "+0000 UTC" : time.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", "") is { } offset ? $"{offset} {offset}" : "";
                return $"{time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)}{(fraction.Length > 0 ? "." + fraction : "")} {zone}";
            }
        }
    }

    /// <summary>Several.</summary>
    internal sealed record List(IReadOnlyList<Value> Items) : Value
    {
        /// <summary>Whether JSON has null for it.</summary>
        public bool IsNull { get; init; }
    }

    /// <summary>Values by names that the user chose.</summary>
    internal record Map(IReadOnlyList<Member> Members) : Value
    {
        /// <summary>Whether JSON has null for it.</summary>
        public bool IsNull { get; init; }

        /// <summary>The value of a name, or null.</summary>
        public Value? Find(string name)
        {
            foreach (Member member in Members)
            {
                if (member.Name == name) return member.Value;
            }
            return null;
        }

        /// <summary>Those that JSON has.</summary>
        public IReadOnlyList<Member> Shown => Members.Any(static member => member.IsHidden) ? [.. Members.Where(static member => !member.IsHidden)] : Members;
    }

    /// <summary>A function of a row: <c>{{.Label "name"}}</c> is the value of a label.</summary>
    internal sealed record Lookup(IReadOnlyDictionary<string, string> Values) : Value
    {
        /// <summary>Of a name; what is not there is empty.</summary>
        public Value Of(Value name) => Value.Of(Values.TryGetValue(name.Printed, out string? value) ? value : "");
    }

    /// <summary>Values by names that we chose: an unknown one is a mistake.</summary>
    internal sealed record Record(IReadOnlyList<Member> Members) : Map(Members)
    {
        /// <summary>The value of a name; Go's programs spell it Id in JSON and ID in templates, so upper and lower case are one where nothing is spelt so.</summary>
        public Value? Named(string name)
        {
            if (Find(name) is { } exact) return exact;
            foreach (Member member in Members)
            {
                if (member.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) return member.Value;
            }
            return null;
        }

        /// <summary>From its members, those that are null left out.</summary>
        public static Record Of(params IReadOnlyList<Member?> members) => new([.. members.OfType<Member>()]);
    }
}

/// <summary>A named value.</summary>
internal sealed record Member(string Name, Value Value)
{
    /// <summary>Whether templates alone see it.</summary>
    public bool IsHidden { get; init; }

    /// <summary>For templates alone.</summary>
    public static Member Hidden(string name, Value value) => new(name, value) { IsHidden = true };

    /// <summary>With a string.</summary>
    public static Member Of(string name, string? text) => new(name, Value.Of(text));

    /// <summary>With a number.</summary>
    public static Member Of(string name, long number) => new(name, Value.Of(number));

    /// <summary>With a truth.</summary>
    public static Member Of(string name, bool truth) => new(name, Value.Of(truth));

    /// <summary>With strings.</summary>
    public static Member Of(string name, IEnumerable<string>? texts) => new(name, Value.Of(texts));

    /// <summary>With labels.</summary>
    public static Member Of(string name, IReadOnlyDictionary<string, string>? map) => new(name, Value.Of(map));
}
