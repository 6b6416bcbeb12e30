// Writes a service as the class that its implementation derives from, with the methods' names for clients.
using System.Text;

namespace Berth.Protogen;

/// <summary>Writes dispatch: one switch over the method's name.</summary>
internal sealed class ServiceText(StringBuilder text, Names names, string space, string access)
{
    /// <summary>Writes one.</summary>
    public void Write(ServiceType service)
    {
        string type = service.FullName[(service.FullName.LastIndexOf('.') + 1)..] + "Service";
        text.Append($"\n/// <summary>{service.FullName}</summary>\n{access} abstract partial class {type} : TtrpcService\n{{\n");
        text.Append($"    public const string FullName = \"{service.FullName}\";\n\n");
        foreach (Method method in service.Methods) text.Append($"    protected abstract void {method.Name}({Parameters(method, service.FullName)});\n");
        text.Append("\n    protected sealed override bool Dispatch(TtrpcCall call)\n    {\n        switch (call.Method)\n        {\n");
        foreach (Method method in service.Methods) text.Append($"            case \"{method.Name}\": {Condition(method)}{method.Name}({Arguments(method, service.FullName)}); return true;\n");
        text.Append("            default: return false;\n        }\n    }\n\n    /// <summary>For clients.</summary>\n    public static class Methods\n    {\n");
        foreach (Method method in service.Methods) text.Append($"        public static TtrpcMethod {method.Name} => new({type}.FullName, \"{method.Name}\");\n");
        text.Append("    }\n}\n");
    }

    // Who streams is handed the call itself: it is read, answered and ended piece by piece.
    private string Parameters(Method method, string scope) => method switch
    {
        { ClientStreams: true } => "TtrpcCall call",
        { ServerStreams: true } => $"{Type(method.Request, scope)} request, TtrpcCall call",
        _ => $"{Type(method.Request, scope)} request, TtrpcReply<{Type(method.Response, scope)}> reply",
    };

    private static string Condition(Method method) => method switch
    {
        { ClientStreams: true } => "if (BringsStream(call)) ",
        { ServerStreams: true } => "if (ExpectsStream(call)) ",
        _ => "",
    };

    private string Arguments(Method method, string scope) => method switch
    {
        { ClientStreams: true } => "call",
        { ServerStreams: true } => $"call.Read(new {Type(method.Request, scope)}()), call",
        _ => $"call.Read(new {Type(method.Request, scope)}()), new(call)",
    };

    private string Type(string name, string scope) => names.Said(names.Resolve(name, scope), space);
}
