// Values of D-Bus with their type codes (D-Bus Specification, Type System), as far as unit properties need them.
namespace Berth.Cgroups.Systemd;

/// <summary>A value that knows its signature.</summary>
/// <param name="Signature">Type code, such as <c>s</c> or <c>a(ss)</c>.</param>
internal abstract record DBusValue(string Signature)
{
    public static DBusValue Of(string text) => new DBusText('s', text);

    public static DBusValue Of(bool flag) => new DBusNumber('b', flag ? 1UL : 0);

    public static DBusValue Of(ulong number) => new DBusNumber('t', number);

    public static DBusValue Of(uint number) => new DBusNumber('u', number);

    public static DBusValue Of(ReadOnlySpan<byte> bytes)
    {
        List<DBusValue> items = new(bytes.Length);
        foreach (byte one in bytes) items.Add(new DBusNumber('y', one));
        return new DBusArray("y", items);
    }

    /// <summary>The signatures of all, one after the other.</summary>
    public static string Signatures(IReadOnlyList<DBusValue> values)
    {
        string signatures = "";
        foreach (DBusValue value in values) signatures += value.Signature;
        return signatures;
    }

    protected static bool AreSame(IReadOnlyList<DBusValue> some, IReadOnlyList<DBusValue> others)
    {
        if (some.Count != others.Count) return false;
        for (int i = 0; i < some.Count; i++)
        {
            if (!some[i].Equals(others[i])) return false;
        }
        return true;
    }

    /// <summary>Alignment of a type in a message.</summary>
    public static int AlignmentOf(char type) => type switch
    {
        'y' or 'g' or 'v' => 1,
        'n' or 'q' => 2,
        'x' or 't' or 'd' or '(' or '{' => 8,
        _ => 4,
    };
}

/// <summary>A string, an object path or a signature (<c>s</c>, <c>o</c>, <c>g</c>).</summary>
internal sealed record DBusText(char Type, string Text) : DBusValue(Type.ToString())
{
    public override string ToString() => Text;
}

/// <summary>Any of <c>y b n q i u x t d</c>, as bits.</summary>
internal sealed record DBusNumber(char Type, ulong Bits) : DBusValue(Type.ToString())
{
    public override string ToString() => Type == 'd'
        ? BitConverter.UInt64BitsToDouble(Bits).ToString(System.Globalization.CultureInfo.InvariantCulture)
        : Type is 'n' or 'i' or 'x' ? ((long)Bits).ToString(System.Globalization.CultureInfo.InvariantCulture) : LimitText.Of(Bits);
}

/// <summary>An array, whose items are all of one type.</summary>
internal sealed record DBusArray(string ItemSignature, IReadOnlyList<DBusValue> Items) : DBusValue("a" + ItemSignature)
{
    public bool Equals(DBusArray? other) => other is not null && ItemSignature == other.ItemSignature && AreSame(Items, other.Items);

    public override int GetHashCode() => Items.Count;

    public override string ToString() => $"[{string.Join(", ", Items)}]";
}

/// <summary>A struct, or an entry of a dictionary.</summary>
internal sealed record DBusStruct(bool IsEntry, IReadOnlyList<DBusValue> Fields)
    : DBusValue((IsEntry ? "{" : "(") + Signatures(Fields) + (IsEntry ? "}" : ")"))
{
    public static DBusStruct Of(params IReadOnlyList<DBusValue> fields) => new(IsEntry: false, fields);

    public bool Equals(DBusStruct? other) => other is not null && IsEntry == other.IsEntry && AreSame(Fields, other.Fields);

    public override int GetHashCode() => Fields.Count;

    public override string ToString() => $"({string.Join(", ", Fields)})";
}

/// <summary>A value whose type travels with it.</summary>
internal sealed record DBusVariant(DBusValue Value) : DBusValue("v")
{
    public override string ToString() => $"<{Value}>";
}
