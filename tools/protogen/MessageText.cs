// Writes a message as a class.
using System.Text;

namespace Berth.Protogen;

/// <summary>Writes classes, as short as they can be read.</summary>
internal sealed class MessageText(StringBuilder text, Names names, string space, string access)
{
    /// <summary>Writes one.</summary>
    public void Write(MessageType message)
    {
        string type = names.Declared(message.FullName);
        text.Append($"\n/// <summary>{message.FullName}</summary>\n{access} sealed partial class {type} : IMessage\n{{\n");
        text.Append($"    public const string FullName = \"{message.FullName}\";\n");
        List<Item> items = [.. message.Fields.OrderBy(field => field.Number).Select(field => Of(field, message.FullName, type))];
        foreach (Item item in items.Where(item => NeedsVariable(item.Field)))
        {
            text.Append($"    private {item.Holder}? {item.Variable};\n");
        }
        foreach (Item item in items) Property(item, items);
        text.Append("\n    public void Write(ProtobufWriter to)\n    {\n");
        foreach (Item item in items) WriteField(item);
        text.Append("    }\n\n    public void Read(ref ProtobufReader from)\n    {\n");
        if (items.Count == 0) text.Append("        while (from.Next()) from.Skip();\n");
        else
        {
            text.Append("        while (from.Next())\n        {\n            switch (from.Tag)\n            {\n");
            foreach (Item item in items) ReadField(item);
            text.Append("                default: from.Skip(); break;\n            }\n        }\n");
        }
        text.Append("    }\n}\n");
    }

    private static bool NeedsVariable(Field field) => field.Oneof is not null || field.Kind is FieldKind.Repeated or FieldKind.Map;

    private void Property(Item item, List<Item> items)
    {
        string head = $"    public {item.Holder}";
        if (item.Field.Oneof is { } oneof)
        {
            // Who sets one takes the others away.
            string others = string.Concat(items.Where(other => other.Field.Oneof == oneof).Select(other => $"{other.Variable} = {(other == item ? "value" : "null")}; "));
            text.Append($"{head}? {item.Name} {{ get => {item.Variable}; set {{ {others}}} }}\n");
        }
        else if (NeedsVariable(item.Field)) text.Append($"{head} {item.Name} => {item.Variable} ??= [];\n");
        else if (item.Field.Kind == FieldKind.Optional || item.Value.Scalar is null) text.Append($"{head}? {item.Name} {{ get; set; }}\n");
        else text.Append($"{head} {item.Name} {{ get; set; }}{(item.Value.Scalar.IsValue ? "" : $" = {item.Value.Scalar.Default};")}\n");
    }

    private void WriteField(Item item)
    {
        int number = item.Field.Number;
        string name = item.Field.Oneof is null ? item.Name : item.Variable;
        switch (item.Field.Kind)
        {
            case FieldKind.Map:
                Line($"if ({item.Variable} is not null)", 2);
                Line("{", 2);
                Line($"foreach (({item.Key!.Type} key, {item.Value.Type} value) in {item.Variable})", 3);
                Line("{", 3);
                Line($"int start = to.Begin({number});", 4);
                Line(One(item.Key, 1, "key", present: false), 4);
                Line(One(item.Value, 2, "value", present: false), 4);
                Line("to.End(start);", 4);
                Line("}", 3);
                Line("}", 2);
                break;
            case FieldKind.Repeated when item.Value.Scalar is null: Line($"to.Messages({number}, {item.Variable});", 2); break;
            case FieldKind.Repeated when item.Value.Type == "string": Line($"to.Strings({number}, {item.Variable});", 2); break;
            case FieldKind.Repeated when item.IsPacked:
                Line($"if ({item.Variable} is {{ Count: > 0 }})", 2);
                Line("{", 2);
                Line($"int start = to.Begin({number});", 3);
                Line($"foreach ({item.Value.Type} item in {item.Variable}) to.{item.Value.Scalar.Verb.Replace("Varint", "", StringComparison.Ordinal).Insert(0, "Raw")}({item.Value.Said("item")});", 3);
                Line("to.End(start);", 3);
                Line("}", 2);
                break;
            case FieldKind.Repeated:
                Line($"if ({item.Variable} is not null)", 2);
                Line("{", 2);
                Line($"foreach ({item.Value.Type} item in {item.Variable}) {One(item.Value, number, "item", present: true)}", 3);
                Line("}", 2);
                break;
            case FieldKind.Optional when item.Value.Scalar is not null: Line($"if ({name} is {{ }} value{number}) {One(item.Value, number, $"value{number}", present: true)}", 2); break;
            default: Line(One(item.Value, number, name, present: false), 2); break;
        }
    }

    private static string One(Value value, int number, string name, bool present) =>
        value.Scalar is null ? $"to.Message({number}, {name});" : $"to.{(present ? "Present" : "")}{value.Scalar.Verb}({number}, {value.Said(name)});";

    private void ReadField(Item item)
    {
        int number = item.Field.Number, encoding = item.Value.Scalar?.Encoding ?? 2;
        switch (item.Field.Kind)
        {
            case FieldKind.Map:
                Case(number, 2);
                Line("{", 4);
                Line($"{item.Key!.Type} key = {item.Key.Initial};", 5);
                Line($"{item.Value.Type} value = {item.Value.Initial};", 5);
                Line("int outer = from.Enter();", 5);
                Line("while (from.Next())", 5);
                Line("{", 5);
                Line($"if (from.Tag == {1 << 3 | item.Key.Scalar!.Encoding}) key = {item.Key.Scalar.Read};", 6);
                Line($"else if (from.Tag == {2 << 3 | encoding}) {(item.Value.Scalar is null ? "from.Message(value)" : $"value = {item.Value.Scalar.Read}")};", 6);
                Line("else from.Skip();", 6);
                Line("}", 5);
                Line("from.Leave(outer);", 5);
                Line($"{item.Name}[key] = value;", 5);
                Line("break;", 5);
                Line("}", 4);
                break;
            case FieldKind.Repeated when item.Value.Scalar is null:
                Case(number, 2);
                Line("{", 4);
                Line($"{item.Value.Type} item = new();", 5);
                Line("from.Message(item);", 5);
                Line($"{item.Name}.Add(item);", 5);
                Line("break;", 5);
                Line("}", 4);
                break;
            case FieldKind.Repeated:
                // Both ways of writing numbers are read, whichever is ours.
                Case(number, encoding, $"{item.Name}.Add({item.Value.Scalar!.Read}); break;");
                if (encoding == 2) break;
                Case(number, 2);
                Line("{", 4);
                Line("int outer = from.Enter();", 5);
                Line($"while (from.More) {item.Name}.Add({item.Value.Scalar.Read});", 5);
                Line("from.Leave(outer);", 5);
                Line("break;", 5);
                Line("}", 4);
                break;
            case FieldKind.Optional or FieldKind.Singular when item.Value.Scalar is null: Case(number, 2, $"from.Message({item.Name} ??= new()); break;"); break;
            default: Case(number, encoding, $"{item.Name} = {item.Value.Scalar!.Read}; break;"); break;
        }
    }

    private void Case(int number, int encoding, string body = "") => Line($"case {(uint)number << 3 | (uint)encoding}:{(body.Length > 0 ? " " : "")}{body}", 4);

    private void Line(string line, int depth) => text.Append(' ', depth * 4).Append(line).Append('\n');

    private Item Of(Field field, string scope, string type)
    {
        Value value = Of(field.Type, scope);
        Value? key = field.KeyType is null ? null : Of(field.KeyType, scope);
        string holder = field.Kind switch { FieldKind.Repeated => $"List<{value.Type}>", FieldKind.Map => $"Dictionary<{key!.Type}, {value.Type}>", _ => value.Type };
        return new Item(field, Names.Property(field.Name, type), Names.Variable(field.Name), holder, value) { Key = key };
    }

    private Value Of(string type, string scope)
    {
        if (Scalar.IsOne(type)) return new Value(Scalar.Of(type).CSharp, Scalar.Of(type));
        string fullName = names.Resolve(type, scope), said = names.Said(fullName, space);
        return new Value(said, names.IsEnum(fullName) ? Scalar.OfEnum(said) : null);
    }

    private sealed record Item(Field Field, string Name, string Variable, string Holder, Value Value)
    {
        public Value? Key { get; init; }

        public bool IsPacked => !Field.Unpacked && Value.Scalar is { Encoding: not 2 };
    }

    // The scalar is null for messages.
    private sealed record Value(string Type, Scalar? Scalar)
    {
        public string Initial => Scalar is null ? "new()" : Scalar.IsValue ? "default" : Scalar.Default;

        public string Said(string name) => Scalar!.Value.Replace("{0}", name, StringComparison.Ordinal);
    }
}
