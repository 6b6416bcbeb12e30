// A template that is filled with values.
using System.Text;
using Berth.Cli.Values;
using Berth.Oci.Faults;

namespace Berth.Cli.Templates;

/// <summary>One that was read; it is filled any number of times.</summary>
internal sealed class Template
{
    private readonly IReadOnlyList<Node> _nodes;

    private Template(IReadOnlyList<Node> nodes) => _nodes = nodes;

    /// <summary>Reads one.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static Template Parse(string text) => new(TemplateParser.Parse(text));

    /// <summary>Fills it.</summary>
    /// <exception cref="BerthException">InvalidArgument: it asks for something that is not there.</exception>
    public string Fill(Value value)
    {
        StringBuilder text = new();
        new Filling(text, value).Run(_nodes, value);
        return text.ToString();
    }

    /// <summary>The names it prints in a row, for the heads of a table: the last field of each action.</summary>
    public IEnumerable<string> FieldsOfRow()
    {
        foreach (Node node in _nodes)
        {
            if (node is Node.Print print) yield return FieldOf(print.Pipeline) ?? "";
        }
    }

    /// <summary>The same text with heads where values would be.</summary>
    public string FillHeads(Func<string, string> head)
    {
        StringBuilder text = new();
        foreach (Node node in _nodes)
        {
            if (node is Node.Plain plain) text.Append(plain.Text);
            else if (node is Node.Print print) text.Append(FieldOf(print.Pipeline) is { } field ? head(field) : "");
        }
        return text.ToString();
    }

    private static string? FieldOf(Pipeline pipeline)
    {
        foreach (IReadOnlyList<Operand> command in pipeline.Commands)
        {
            foreach (Operand operand in command)
            {
                if (operand is Operand.Dot && operand.Fields.Count > 0) return operand.Fields[^1];
                if (operand is Operand.Inner inner && FieldOf(inner.Pipeline) is { } field) return field;
            }
        }
        return null;
    }

    private sealed class Filling(StringBuilder text, Value root)
    {
        private readonly List<(string Name, Value Value)> _variables = [("$", root)];

        public void Run(IReadOnlyList<Node> nodes, Value dot)
        {
            int visible = _variables.Count;
            foreach (Node node in nodes)
            {
                switch (node)
                {
                    case Node.Plain plain: text.Append(plain.Text); break;
                    case Node.Print print:
                        Value value = Of(print.Pipeline, dot);
                        if (print.Pipeline.Variables.Count == 0) text.Append(value.Printed);
                        break;
                    case Node.Choose choose: Choose(choose, dot); break;
                    case Node.Each each: Each(each, dot); break;
                }
            }
            _variables.RemoveRange(visible, _variables.Count - visible);
        }

        private void Choose(Node.Choose choose, Value dot)
        {
            int visible = _variables.Count;
            Value value = Of(choose.Condition, dot);
            if (value.IsTrue) Run(choose.Then, choose.SetsDot ? value : dot);
            else Run(choose.Otherwise, dot);
            _variables.RemoveRange(visible, _variables.Count - visible);
        }

        private void Each(Node.Each each, Value dot)
        {
            Value over = Of(each.Over with { Variables = [] }, dot);
            (Value Key, Value Value)[] items = over switch
            {
                Value.List list => [.. list.Items.Select(static (item, i) => (Value.Of(i), item))],
                Value.Map map => [.. map.Members.Select(static member => (Value.Of(member.Name), member.Value))],
                Value.Nothing => [],
                _ => throw new BerthException(Fault.InvalidArgument, $"the template ranges over '{over.Printed}', which is no list"),
            };
            foreach ((Value key, Value value) in items)
            {
                int visible = _variables.Count;
                IReadOnlyList<string> names = each.Over.Variables;
                if (names.Count == 2) _variables.Add((names[0], key));
                if (names.Count > 0) _variables.Add((names[^1], value));
                Run(each.Body, value);
                _variables.RemoveRange(visible, _variables.Count - visible);
            }
            if (items.Length == 0) Run(each.Otherwise, dot);
        }

        private Value Of(Pipeline pipeline, Value dot)
        {
            Value? value = null;
            foreach (IReadOnlyList<Operand> command in pipeline.Commands) value = Of(command, dot, value);
            foreach (string name in pipeline.Variables)
            {
                int there = pipeline.Assigns ? _variables.FindLastIndex(variable => variable.Name == name) : -1;
                if (pipeline.Assigns && there < 0) throw new BerthException(Fault.InvalidArgument, $"the template has no variable {name}");
                if (there >= 0) _variables[there] = (name, value!);
                else _variables.Add((name, value!));
            }
            return value!;
        }

        private Value Of(IReadOnlyList<Operand> command, Value dot, Value? before)
        {
            if (command[0] is Operand.Function function)
            {
                List<Value> arguments = [.. command.Skip(1).Select(operand => Of(operand, dot))];
                if (before is not null) arguments.Add(before);
                return Follow(Functions.Call(function.Name, arguments), function.Fields);
            }
            if (command.Count == (before is null ? 2 : 1) && Of(command[0], dot) is Value.Lookup lookup) return lookup.Of(before ?? Of(command[1], dot));
            if (command.Count > 1 || before is not null) throw new BerthException(Fault.InvalidArgument, "the template gives arguments to what is no function");
            return Of(command[0], dot);
        }

        private Value Of(Operand operand, Value dot) => Follow(operand switch
        {
            Operand.Dot => dot,
            Operand.Variable variable => _variables.FindLastIndex(known => known.Name == variable.Name) is >= 0 and int i ? _variables[i].Value : throw new BerthException(Fault.InvalidArgument, $"the template has no variable {variable.Name}"),
            Operand.Constant constant => constant.Value,
            Operand.Inner inner => Of(inner.Pipeline, dot),
            Operand.Function function => Functions.Call(function.Name, []),
            _ => Value.None,
        }, operand.Fields);

        private static Value Follow(Value value, IReadOnlyList<string> fields)
        {
            foreach (string field in fields)
            {
                value = value switch
                {
                    Value.Record record => record.Named(field) ?? throw new BerthException(Fault.InvalidArgument, $"the template asks for .{field}, which is not there", $"there are {string.Join(", ", record.Shown.Select(static member => "." + member.Name).Take(40))}"),
                    Value.Map map => map.Find(field) ?? Value.None,
                    Value.Nothing => Value.None,
                    _ => throw new BerthException(Fault.InvalidArgument, $"the template asks for .{field} of '{value.Printed}', which has no parts"),
                };
            }
            return value;
        }
    }
}
