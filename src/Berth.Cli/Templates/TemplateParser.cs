// Reads templates in the language of Go's text/template, as far as people use it with docker, podman and skopeo.
using System.Globalization;
using Berth.Cli.Values;
using Berth.Oci.Faults;

namespace Berth.Cli.Templates;

/// <summary>Reads one.</summary>
internal sealed class TemplateParser
{
    // Deeper than anybody writes, and far from the end of the stack.
    private const int Deepest = 64;

    private readonly List<(bool IsAction, string Text)> _parts;
    private int _part;
    private List<Token> _tokens = [];
    private int _token;
    private int _depth;

    private TemplateParser(List<(bool, string)> parts) => _parts = parts;

    private Token Now => _tokens[_token];

    /// <summary>Reads one.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static IReadOnlyList<Node> Parse(string text)
    {
        TemplateParser parser = new(Parts(text));
        IReadOnlyList<Node> nodes = parser.ParseList(out string? end);
        return end is null ? nodes : throw Bad($"'{end}' has no beginning");
    }

    /// <summary>Text and actions in turn; {{- and -}} eat the blanks beside them.</summary>
    private static List<(bool, string)> Parts(string text)
    {
        List<(bool, string)> parts = [];
        bool trims = false;
        int at = 0;
        while (true)
        {
            int open = text.IndexOf("{{", at, StringComparison.Ordinal);
            string plain = open < 0 ? text[at..] : text[at..open];
            if (trims) plain = plain.TrimStart();
            if (open >= 0 && text.AsSpan(open + 2) is ['-', ' ' or '\t' or '\n' or '\r', ..]) plain = plain.TrimEnd();
            if (plain.Length > 0) parts.Add((false, plain));
            if (open < 0) return parts;
            int close = CloseOf(text, open + 2);
            string action = text[(open + 2)..close];
            if (action is ['-', ' ' or '\t' or '\n' or '\r', ..]) action = action[2..];
            trims = action is [.., ' ' or '\t' or '\n' or '\r', '-'];
            if (trims) action = action[..^2];
            if (!action.TrimStart().StartsWith("/*", StringComparison.Ordinal)) parts.Add((true, action));
            at = close + 2;
        }
    }

    private static int CloseOf(string text, int at)
    {
        char quote = '\0';
        for (; at < text.Length; at++)
        {
            char c = text[at];
            if (quote != '\0')
            {
                if (c == '\\' && quote != '`') at++;
                else if (c == quote) quote = '\0';
            }
            else if (c is '"' or '`') quote = c;
            else if (c == '}' && at + 1 < text.Length && text[at + 1] == '}') return at;
        }
        throw Bad("'{{' has no '}}'");
    }

    private IReadOnlyList<Node> ParseList(out string? end)
    {
        if (++_depth > Deepest) throw Bad("it is nested too deeply");
        List<Node> nodes = [];
        end = null;
        while (_part < _parts.Count)
        {
            (bool isAction, string text) = _parts[_part++];
            if (!isAction)
            {
                nodes.Add(new Node.Plain(text));
                continue;
            }
            (_tokens, _token) = (Token.Read(text), 0);
            string word = Now.Kind == TokenKind.Word ? Now.Text : "";
            if (word is "end" or "else")
            {
                end = word;
                break;
            }
            nodes.Add(word switch
            {
                "if" or "with" => ParseChoice(word),
                "range" => ParseEach(),
                "define" or "template" or "block" or "break" or "continue" => throw Bad($"'{word}' is not supported"),
                _ => new Node.Print(ParseWhole()),
            });
        }
        _depth--;
        return nodes;
    }

    private Node.Choose ParseChoice(string word)
    {
        _token++;
        Pipeline condition = ParseWhole();
        IReadOnlyList<Node> then = ParseList(out string? end);
        return new Node.Choose(condition, word == "with", then, end == "else" ? ParseElse(word) : end is null ? throw Bad($"'{word}' has no 'end'") : []);
    }

    private IReadOnlyList<Node> ParseElse(string word)
    {
        // {{else if …}} is an if in the else, and both end at one end.
        if (_tokens[1] is { Kind: TokenKind.Word, Text: "if" or "with" } inner)
        {
            _token = 1;
            return [ParseChoice(inner.Text)];
        }
        IReadOnlyList<Node> otherwise = ParseList(out string? end);
        return end == "end" ? otherwise : throw Bad($"'{word}' has no 'end'");
    }

    private Node.Each ParseEach()
    {
        _token++;
        Pipeline over = ParseWhole();
        IReadOnlyList<Node> body = ParseList(out string? end);
        return new Node.Each(over, body, end == "else" ? ParseElse("range") : end is null ? throw Bad("'range' has no 'end'") : []);
    }

    private Pipeline ParseWhole()
    {
        Pipeline pipeline = ParsePipeline();
        return Now.Kind == TokenKind.End ? pipeline : throw Bad($"'{Now.Text}' is not expected there");
    }

    private Pipeline ParsePipeline()
    {
        if (++_depth > Deepest) throw Bad("it is nested too deeply");
        (List<string> variables, bool assigns) = ParseVariables();
        List<IReadOnlyList<Operand>> commands = [];
        while (true)
        {
            List<Operand> command = [];
            while (!(Now.Kind == TokenKind.End || (Now.Kind == TokenKind.Sign && Now.Text is ")" or "|"))) command.Add(ParseOperand());
            if (command.Count == 0) throw Bad("a command is empty");
            commands.Add(command);
            if (!(Now.Kind == TokenKind.Sign && Now.Text == "|")) break;
            _token++;
        }
        _depth--;
        return new Pipeline(variables, assigns, commands);
    }

    private (List<string> Variables, bool Assigns) ParseVariables()
    {
        int begin = _token;
        List<string> variables = [];
        while (Now.Kind == TokenKind.Variable)
        {
            variables.Add(Now.Text);
            _token++;
            if (Now.Kind != TokenKind.Sign) break;
            string sign = Now.Text;
            if (sign is ":=" or "=")
            {
                _token++;
                return (variables, sign == "=");
            }
            if (sign != ",") break;
            _token++;
        }
        _token = begin;
        return ([], false);
    }

    private Operand ParseOperand()
    {
        Token token = Now;
        _token++;
        Operand operand = token.Kind switch
        {
            TokenKind.Dot => new Operand.Dot(),
            TokenKind.Field => new Operand.Dot { Fields = [token.Text[1..]] },
            TokenKind.Variable => new Operand.Variable(token.Text),
            TokenKind.Text => new Operand.Constant(Value.Of(token.Text)),
            TokenKind.Number => new Operand.Constant(Number(token.Text)),
            TokenKind.Word => token.Text switch
            {
                "true" or "false" => new Operand.Constant(Value.Of(token.Text == "true")),
                "nil" => new Operand.Constant(Value.None),
                _ => Functions.IsKnown(token.Text) ? new Operand.Function(token.Text) : throw new BerthException(Fault.InvalidArgument, $"the template calls '{token.Text}', which is unknown", $"there are {Functions.Names}"),
            },
            TokenKind.Sign when token.Text == "(" => ParseInner(),
            _ => throw Bad($"'{token.Text}' is not expected there"),
        };
        List<string> fields = [.. operand.Fields];
        while (Now is { Kind: TokenKind.Field, IsGlued: true })
        {
            fields.Add(Now.Text[1..]);
            _token++;
        }
        return operand with { Fields = fields };
    }

    private Operand.Inner ParseInner()
    {
        Pipeline pipeline = ParsePipeline();
        if (!(Now.Kind == TokenKind.Sign && Now.Text == ")")) throw Bad("'(' has no ')'");
        _token++;
        return new Operand.Inner(pipeline);
    }

    private static Value Number(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole) ? Value.Of(whole)
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double real) ? new Value.Real(real)
        : throw Bad($"'{text}' is no number");

    internal static BerthException Bad(string reason) => new(Fault.InvalidArgument, $"the template cannot be read: {reason}");
}
