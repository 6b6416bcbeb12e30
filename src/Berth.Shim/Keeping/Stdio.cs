// Where a process's streams lead, as containerd names them: fifos, files, or a program that logs.
using Berth.Oci.Faults;

namespace Berth.Shim.Keeping;

/// <summary>Addresses of the three streams; an empty one leads nowhere.</summary>
internal sealed record Stdio(string Input, string Output, string Error, bool Terminal)
{
    /// <summary>Whether we keep the streams ourselves: their output goes to the sinks of the process, and input comes by hand.</summary>
    public bool IsKept { get; init; }

    /// <summary>Whether there is an input, where the streams are kept.</summary>
    public bool HasInput { get; init; }

    /// <summary>Whether none leads anywhere.</summary>
    public bool IsNull => !IsKept && Input.Length == 0 && Output.Length == 0 && Error.Length == 0;

    /// <summary>The scheme of the output's address, which says how all of it is meant.</summary>
    public string Scheme
    {
        get
        {
            int colon = Output.IndexOf("://", StringComparison.Ordinal);
            return colon < 0 ? "fifo" : Output[..colon];
        }
    }

    /// <summary>A file's path, where the output is <c>file://…</c>.</summary>
    public string OutputPath => Unescape(Output[(Output.IndexOf("://", StringComparison.Ordinal) + 3)..].Split('?')[0]);

    /// <summary>The program and its arguments, where the output is <c>binary:///program?key=value</c>: each key and each value is an argument.</summary>
    public (string Program, List<string> Arguments) Logger
    {
        get
        {
            string[] parts = Output[(Output.IndexOf("://", StringComparison.Ordinal) + 3)..].Split('?', 2);
            List<string> arguments = [];
            foreach (string pair in parts.Length > 1 ? parts[1].Split('&', StringSplitOptions.RemoveEmptyEntries) : [])
            {
                string[] sides = pair.Split('=', 2);
                arguments.Add(Unescape(sides[0].Replace('+', ' ')));
                if (sides.Length > 1 && sides[1].Length > 0) arguments.Add(Unescape(sides[1].Replace('+', ' ')));
            }
            return (Unescape(parts[0]), arguments);
        }
    }

    /// <summary>Refuses schemes that nobody here speaks.</summary>
    /// <exception cref="BerthException">Named.</exception>
    public void Check()
    {
        if (Scheme is not ("fifo" or "file" or "binary" or "binary-v2")) throw new BerthException(Fault.InvalidArgument, $"unknown STDIO scheme {Scheme}");
    }

    private static string Unescape(string text)
    {
        if (!text.Contains('%')) return text;
        List<byte> bytes = [];
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && i + 2 < text.Length && byte.TryParse(text.AsSpan(i + 1, 2), System.Globalization.NumberStyles.HexNumber, null, out byte value))
            {
                bytes.Add(value);
                i += 2;
            }
            else bytes.AddRange(System.Text.Encoding.UTF8.GetBytes(text[i].ToString()));
        }
        return System.Text.Encoding.UTF8.GetString([.. bytes]);
    }
}
