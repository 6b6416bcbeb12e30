// Passwords from people, without an echo, and from files and pipes.
using System.Text;
using Berth.Cli.Verbs;
using Berth.Linux.Files;
using Berth.Linux.Terminals;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands;

/// <summary>Reads from standard input.</summary>
internal static class SecretInput
{
    private const int Longest = 64 * 1024;

    /// <summary>Asks for a line that is not shown.</summary>
    /// <exception cref="BerthException">InvalidArgument: nobody can be asked.</exception>
    public static string Ask(Session session, string question)
    {
        using Terminal raw = Terminal.MakeRaw(0) ?? throw new BerthException(Fault.InvalidArgument, "a password is needed, and standard input is no terminal", "give it to standard input with --password-stdin");
        session.Error.Write(question);
        session.Error.Flush();
        List<byte> typed = [];
        Span<byte> one = stackalloc byte[1];
        while (RawIo.Read(0, one) == 1 && one[0] is not ((byte)'\r' or (byte)'\n' or 4))
        {
            switch (one[0])
            {
                case 3: throw new BerthException(Fault.Failed, "no password was given");
                case 8 or 127:
                    // All bytes of one character.
                    while (typed.Count > 0 && (typed[^1] & 0xC0) == 0x80) typed.RemoveAt(typed.Count - 1);
                    if (typed.Count > 0) typed.RemoveAt(typed.Count - 1);
                    break;
                case 21: typed.Clear(); break;
                default:
                    if (typed.Count < Longest) typed.Add(one[0]);
                    break;
            }
        }
        session.Error.Write("\r\n");
        session.Error.Flush();
        return Encoding.UTF8.GetString([.. typed]);
    }

    /// <summary>Asks for a line that is shown.</summary>
    public static string AskLine(Session session, string question)
    {
        session.Error.Write(question);
        session.Error.Flush();
        List<byte> typed = [];
        Span<byte> one = stackalloc byte[1];
        while (RawIo.Read(0, one) == 1 && one[0] != '\n' && typed.Count < Longest) typed.Add(one[0]);
        return Encoding.UTF8.GetString([.. typed]).Trim();
    }

    /// <summary>All of standard input, without the end of its last line.</summary>
    /// <exception cref="BerthException">InvalidArgument: it is longer than a password.</exception>
    public static string ReadAll()
    {
        byte[] bytes = new byte[Longest];
        int length = 0;
        for (int n; (n = RawIo.Read(0, bytes.AsSpan(length))) > 0; length += n)
        {
            if (length + n == bytes.Length) throw new BerthException(Fault.InvalidArgument, $"standard input has more than {Longest} bytes, and should have a password");
        }
        return Encoding.UTF8.GetString(bytes, 0, length).TrimEnd('\r', '\n');
    }

    /// <summary>Asks yes or no; where nobody can be asked, it is no.</summary>
    public static bool Confirm(Session session, string question) =>
        Terminal.Is(0) && AskLine(session, question + " [y/N] ") is ['y' or 'Y', ..];
}
