// Values of D-Bus with their type codes (D-Bus Specification, Type System), as far as services that we ask need them.
namespace Berth.Linux.DBus;

/// <summary>A value that knows its signature.</summary>
/// <param name="Signature">Type code, such as <c>s</c> or <c>a(ss)</c>.</param>
public abstract record DBusValue(string Signature)
{
    /// <summary>A string.</summary>
    public static DBusValue Of(string text) => new DBusText('s', text);

    /// <summary>A truth.</summary>
    public static DBusValue Of(bool flag) => new DBusNumber('b', flag ? 1UL : 0);

    /// <summary>A number of eight bytes.</summary>
    public static DBusValue Of(ulong number) => new DBusNumber('t', number);

    /// <summary>A number of four bytes.</summary>
    public static DBusValue Of(uint number) => new DBusNumber('u', number);

    /// <summary>An array of bytes.</summary>
    public static DBusValue Of(ReadOnlySpan<byte> bytes)
    {
        List<DBusValue> items = new(bytes.Length);
        foreach (byte one in bytes) items.Add(new DBusNumber('y', one));
        return new DBusArray("y", items);
    }

    /// <summary>The signatures of all, one after the other.</summary>
    public static string Signatures(IReadOnlyList<DBusValue> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        string signatures = "";
        foreach (DBusValue value in values) signatures += value.Signature;
        return signatures;
    }

    private protected static bool AreSame(IReadOnlyList<DBusValue> some, IReadOnlyList<DBusValue> others)
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
/// <param name="Type">Which.</param>
/// <param name="Text">Its characters.</param>
public sealed record DBusText(char Type, string Text) : DBusValue(Type.ToString())
{
    /// <inheritdoc/>
    public override string ToString() => Text;
}

/// <summary>Any of <c>y b n q i u x t d</c>, as bits.</summary>
/// <param name="Type">Which.</param>
/// <param name="Bits">Its bits, signed ones extended.</param>
public sealed record DBusNumber(char Type, ulong Bits) : DBusValue(Type.ToString())
{
    /// <inheritdoc/>
    public override string ToString() => Type == 'd'
        ? BitConverter.UInt64BitsToDouble(Bits).ToString(System.Globalization.CultureInfo.InvariantCulture)
        : Type is 'n' or 'i' or 'x' ? ((long)Bits).ToString(System.Globalization.CultureInfo.InvariantCulture) : Bits.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>An array, whose items are all of one type.</summary>
/// <param name="ItemSignature">Their type.</param>
/// <param name="Items">They.</param>
public sealed record DBusArray(string ItemSignature, IReadOnlyList<DBusValue> Items) : DBusValue("a" + ItemSignature)
{
    /// <inheritdoc/>
    public bool Equals(DBusArray? other) => other is not null && ItemSignature == other.ItemSignature && AreSame(Items, other.Items);

    /// <inheritdoc/>
    public override int GetHashCode() => Items.Count;

    /// <inheritdoc/>
    public override string ToString() => $"[{string.Join(", ", Items)}]";
}

/// <summary>A struct, or an entry of a dictionary.</summary>
/// <param name="IsEntry">Whether it is an entry.</param>
/// <param name="Fields">Its values.</param>
public sealed record DBusStruct(bool IsEntry, IReadOnlyList<DBusValue> Fields)
    : DBusValue((IsEntry ? "{" : "(") + Signatures(Fields) + (IsEntry ? "}" : ")"))
{
    /// <summary>A struct of these.</summary>
    public static DBusStruct Of(params IReadOnlyList<DBusValue> fields) => new(IsEntry: false, fields);

    /// <inheritdoc/>
    public bool Equals(DBusStruct? other) => other is not null && IsEntry == other.IsEntry && AreSame(Fields, other.Fields);

    /// <inheritdoc/>
    public override int GetHashCode() => Fields.Count;

    /// <inheritdoc/>
    public override string ToString() => $"({string.Join(", ", Fields)})";
}

/// <summary>A value whose type travels with it.</summary>
/// <param name="Value">The value.</param>
public sealed record DBusVariant(DBusValue Value) : DBusValue("v")
{
    /// <inheritdoc/>
    public override string ToString() => $"<{Value}>";
}
