// generate and validate: commands with flag tables of their own.
using System.Runtime.InteropServices;
using System.Text;
using Berth.Linux.Files;
using Berth.Runtime.Generate;
using Berth.Runtime.Validate;

namespace Berth.Runtime.Commands;

internal static class GenerateVerbs
{
    public static int Generate(Invocation call) => WithWriters((o, e) => GenerateCommand.Run(CollectionsMarshal.AsSpan(call.Arguments), o, e));

    public static int Validate(Invocation call) => WithWriters((o, e) => ValidateCommand.Run(CollectionsMarshal.AsSpan(call.Arguments), o, e));

    /// <summary>Collected and written raw: the framework's console would add its own start-up cost to every command.</summary>
    private static int WithWriters(Func<TextWriter, TextWriter, int> run)
    {
        using StringWriter output = new(), error = new();
        int code = run(output, error);
        RawIo.WriteAll(1, Encoding.UTF8.GetBytes(output.ToString()));
        RawIo.WriteAll(2, Encoding.UTF8.GetBytes(error.ToString()));
        return code;
    }
}
