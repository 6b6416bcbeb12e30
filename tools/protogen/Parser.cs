// Reads the subset of proto3 that the house uses: packages, imports, messages, enums, oneof, map, optional, repeated, services.
namespace Berth.Protogen;

/// <summary>Reads one file. What it does not know is an error, never passed over: an unread field would be lost in silence.</summary>
internal sealed class Parser
{
    private readonly Tokens _tokens;
    private readonly string _path;
    private readonly List<string> _imports = [];
    private readonly List<MessageType> _messages = [];
    private readonly List<EnumType> _enums = [];
    private readonly List<ServiceType> _services = [];
    private string _package = "";

    private Parser(string path, string text) => (_path, _tokens) = (path, new Tokens(path, text));

    /// <summary>Reads a file.</summary>
    /// <param name="path">Path below its root.</param>
    /// <param name="text">What stands in it.</param>
    public static ProtoFile Parse(string path, string text) => new Parser(path, text).File();

    private ProtoFile File()
    {
        _tokens.Expect("syntax");
        _tokens.Expect("=");
        if (_tokens.Text() != "proto3") throw _tokens.Wrong("only proto3 is read");
        _tokens.Expect(";");
        while (_tokens.Peek().Length > 0) Declaration();
        return new ProtoFile(_path, _package, _imports, _messages, _enums, _services);
    }

    private void Declaration()
    {
        switch (_tokens.Take())
        {
            case "package":
                _package = _tokens.Name();
                _tokens.Expect(";");
                break;
            case "import":
                _imports.Add(_tokens.Text());
                _tokens.Expect(";");
                break;
            case "option": _tokens.SkipStatement(); break;
            case "message": Message(_package); break;
            case "enum": Enum(_package); break;
            case "service": Service(); break;
            case ";": break;
            case string other: throw _tokens.Wrong($"{other} is not known here");
        }
    }

    private void Message(string scope)
    {
        string name = Join(scope, _tokens.Name());
        List<Field> fields = [];
        // It stands before the messages inside of it, as it does in the file.
        _messages.Add(new MessageType(name, fields));
        _tokens.Expect("{");
        while (!_tokens.Took("}"))
        {
            switch (_tokens.Peek())
            {
                case "message":
                    _tokens.Take();
                    Message(name);
                    break;
                case "enum":
                    _tokens.Take();
                    Enum(name);
                    break;
                case "option" or "reserved": _tokens.SkipStatement(); break;
                case "oneof":
                    _tokens.Take();
                    string oneof = _tokens.Name();
                    _tokens.Expect("{");
                    while (!_tokens.Took("}")) fields.Add(Field(FieldKind.Optional) with { Oneof = oneof });
                    break;
                case "map": fields.Add(Map()); break;
                case ";": _tokens.Take(); break;
                default:
                    fields.Add(_tokens.Took("repeated") ? Field(FieldKind.Repeated) : _tokens.Took("optional") ? Field(FieldKind.Optional) : Field(FieldKind.Singular));
                    break;
            }
        }
        if (fields.GroupBy(field => field.Number).FirstOrDefault(same => same.Count() > 1) is { } twice) throw _tokens.Wrong($"{name} has field {twice.Key} twice");
        if (fields.GroupBy(field => field.Name).FirstOrDefault(same => same.Count() > 1) is { } again) throw _tokens.Wrong($"{name} has {again.Key} twice");
    }

    private Field Field(FieldKind kind)
    {
        string type = _tokens.Name(), name = _tokens.Name();
        int number = FieldNumber();
        return new Field(name, number, kind, type) { Unpacked = Options() };
    }

    private Field Map()
    {
        _tokens.Expect("map");
        _tokens.Expect("<");
        string key = _tokens.Name();
        if (key is "float" or "double" or "bytes" || !Scalar.IsOne(key)) throw _tokens.Wrong($"{key} cannot be a key");
        _tokens.Expect(",");
        string value = _tokens.Name();
        _tokens.Expect(">");
        string name = _tokens.Name();
        int number = FieldNumber();
        Options();
        return new Field(name, number, FieldKind.Map, value) { KeyType = key };
    }

    private int FieldNumber()
    {
        _tokens.Expect("=");
        int number = _tokens.Number();
        return number is >= 1 and < 1 << 29 and not (>= 19000 and < 20000) ? number : throw _tokens.Wrong($"{number} is no number for a field");
    }

    /// <summary>The end of a field; says whether packed = false was said.</summary>
    private bool Options()
    {
        bool unpacked = false;
        if (_tokens.Took("["))
        {
            do
            {
                string option = _tokens.Name();
                _tokens.Expect("=");
                string value = _tokens.Take();
                if (option == "packed") unpacked = value == "false";
                else if (option is not ("deprecated" or "json_name")) throw _tokens.Wrong($"the option {option} is not known");
            }
            while (_tokens.Took(","));
            _tokens.Expect("]");
        }
        _tokens.Expect(";");
        return unpacked;
    }

    private void Enum(string scope)
    {
        string name = Join(scope, _tokens.Name());
        List<(string, int)> values = [];
        _tokens.Expect("{");
        while (!_tokens.Took("}"))
        {
            if (_tokens.Peek() is "option" or "reserved")
            {
                _tokens.SkipStatement();
                continue;
            }
            string value = _tokens.Name();
            _tokens.Expect("=");
            values.Add((value, _tokens.Number()));
            Options();
        }
        if (values is not [(_, 0), ..]) throw _tokens.Wrong($"the first value of {name} has to be zero");
        _enums.Add(new EnumType(name, values));
    }

    private void Service()
    {
        string name = Join(_package, _tokens.Name());
        List<Method> methods = [];
        _tokens.Expect("{");
        while (!_tokens.Took("}"))
        {
            _tokens.Expect("rpc");
            string method = _tokens.Name();
            (string request, bool clientStreams) = Side();
            _tokens.Expect("returns");
            (string response, bool serverStreams) = Side();
            if (_tokens.Took("{")) _tokens.Expect("}");
            else _tokens.Expect(";");
            methods.Add(new Method(method, request, response) { ClientStreams = clientStreams, ServerStreams = serverStreams });
        }
        _services.Add(new ServiceType(name, methods));
    }

    private (string Type, bool Streams) Side()
    {
        _tokens.Expect("(");
        string type = _tokens.Name();
        bool streams = type == "stream" && _tokens.Peek() != ")";
        if (streams) type = _tokens.Name();
        _tokens.Expect(")");
        return (type, streams);
    }

    private static string Join(string scope, string name) => scope.Length == 0 ? name : $"{scope}.{name}";
}
