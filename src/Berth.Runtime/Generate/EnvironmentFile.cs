// Files of environment variables: NAME=VALUE a line, # for comments, a bare NAME takes this process's value.
using System.Text;
using Berth.Linux.Files;

namespace Berth.Runtime.Generate;

/// <summary>Reads a file of environment variables.</summary>
internal static class EnvironmentFile
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The variables as NAME=VALUE, in order. A bare name that this process lacks is left out.</summary>
    public static List<string> Read(string path)
    {
        string text;
        try { text = Strict.GetString(KernelFile.Read(path)).TrimStart('\uFEFF'); }
        catch (ArgumentException) { throw FlagValue.Fault($"{path}: not UTF-8"); }
        List<string> variables = [];
        int number = 0;
        foreach (string raw in text.Split('\n'))
        {
            number++;
            string line = raw.TrimEnd('\r').TrimStart();
            if (line.Length == 0 || line[0] == '#') continue;
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? line.TrimEnd() : line[..equals];
            if (name.Length == 0 || name.AsSpan().IndexOfAny(' ', '\t') >= 0) throw FlagValue.Fault($"{path}: line {number}: '{name}' is no name of a variable");
            if (equals >= 0) variables.Add(line);
            else if (Environment.GetEnvironmentVariable(name) is { } value) variables.Add($"{name}={value}");
        }
        return variables;
    }
}
