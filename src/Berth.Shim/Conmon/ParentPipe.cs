// The pipes of an engine: one line of JSON for the pid, one for the exit code, a message where something failed.
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Faults;

namespace Berth.Shim.Conmon;

/// <summary>A pipe whose number the engine told in the environment.</summary>
internal sealed class ParentPipe : IDisposable
{
    private readonly string _key;

    private ParentPipe(Fd fd, string key) => (Fd, _key) = (fd, key);

    /// <summary>The pipe.</summary>
    public Fd Fd { get; }

    /// <summary>The pipe of this variable, or null where there is none.</summary>
    /// <param name="variable">Its name.</param>
    /// <param name="key">Under which member numbers are told.</param>
    /// <exception cref="BerthException">The variable is no number, or not of an open descriptor.</exception>
    public static ParentPipe? Of(string variable, string key)
    {
        if (Environment.GetEnvironmentVariable(variable) is not { } text) return null;
        if (!int.TryParse(text, out int number)) throw new BerthException(Fault.InvalidArgument, $"unable to parse {variable}");
        if (number < 0) return null;
        Fd fd = new(number);
        try
        {
            fd.SetCloseOnExec(true);
        }
        catch (LinuxException e)
        {
            throw new BerthException(Fault.InvalidArgument, $"unable to make {variable} CLOEXEC: {e.Errno.Sentence()}");
        }
        return new ParentPipe(fd, key);
    }

    /// <summary>Tells a number, and what there is to say about it. An engine that is gone is told nothing.</summary>
    public void Tell(int number, string? message = null)
    {
        if (Fd.IsClosed) return;
        if (!RawIo.WriteAll(Fd.Number, Encoding.UTF8.GetBytes(Line(_key, number, message)))) Fd.Dispose();
    }

    /// <summary>Waits for a byte, or for the end.</summary>
    public void Await()
    {
        Span<byte> buffer = stackalloc byte[64];
        KernelPath.Read(Fd, buffer);
    }

    /// <inheritdoc/>
    public void Dispose() => Fd.Dispose();

    /// <summary>One line: <c>{"pid": 42}</c>, or <c>{"pid": -1, "message": "why"}</c>.</summary>
    internal static string Line(string key, int number, string? message)
    {
        StringBuilder text = new();
        text.Append("{\"").Append(key).Append("\": ").Append(number);
        if (!string.IsNullOrEmpty(message))
        {
            text.Append(", \"message\": \"");
            foreach (char c in message) Escape(text, c);
            text.Append('"');
        }
        return text.Append("}\n").ToString();
    }

    private static void Escape(StringBuilder text, char c)
    {
        string? escaped = c switch
        {
            '\\' => "\\\\",
            '"' => "\\\"",
            '/' => "\\/",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\b' => "\\b",
            '\f' => "\\f",
            _ => null,
        };
        if (escaped is not null) text.Append(escaped);
        else if (c is < ' ' or '\x7F') text.Append("\\u00").Append("0123456789abcdef"[c >> 4]).Append("0123456789abcdef"[c & 15]);
        else text.Append(c);
    }
}
