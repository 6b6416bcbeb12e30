// The log in runc's two formats, to a file, to standard error or to a log of the system, and errors always also where a person looks.
using System.Globalization;
using System.Text;
using Berth.Oci.Json;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Runtime.State;

namespace Berth.Runtime.Commands;

internal enum LogLevel
{
    Debug,
    Info,
    Warning,
    Error,
}

internal sealed class RuntimeLog(string? path, bool json, LogLevel least)
{
    private const int Append = 0x1 | 0x40 | 0x400;
    private readonly LogSocket? _system = LogSocket.Of(path);

    public bool IsDebug => least == LogLevel.Debug;

    public void Debug(string text) => Write(LogLevel.Debug, text);

    public void Warn(string text) => Write(LogLevel.Warning, text);

    /// <summary>An error: into the log, and to standard error where that is not the log.</summary>
    public void Error(string text)
    {
        Write(LogLevel.Error, text);
        if (path is not null) RawIo.WriteAll(2, Encoding.UTF8.GetBytes(text + "\n"));
    }

    /// <summary>Refuses a log that cannot be written before anything is done.</summary>
    public void Check()
    {
        if (path is null) return;
        if (_system is not null)
        {
            _system.Check();
            return;
        }
        using Fd file = KernelPath.Open(path, Append, 0x1A4);
    }

    private void Write(LogLevel level, string text)
    {
        if (level < least) return;
        if (_system is not null)
        {
            _system.Write(level, text);
            return;
        }
        byte[] line = json ? Json(level, text) : Encoding.UTF8.GetBytes(Text(level, text));
        if (path is null)
        {
            RawIo.WriteAll(2, line);
            return;
        }
        using Fd? file = KernelPath.TryOpen(path, Append, 0x1A4);
        if (file is not null) RawIo.WriteAll(file.Number, line);
    }

    private static string Now => Timestamp.NowInSeconds;

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Debug => "debug",
        LogLevel.Info => "info",
        LogLevel.Warning => "warning",
        _ => "error",
    };

    private static byte[] Json(LogLevel level, string text)
    {
        JsonWriter w = new();
        w.WriteStartObject();
        w.WriteString("level"u8, Word(level));
        w.WriteString("msg"u8, text);
        w.WriteString("time"u8, Now);
        w.WriteEndObject();
        return [.. w.Written, (byte)'\n'];
    }

    private static string Text(LogLevel level, string text)
    {
        StringBuilder line = new();
        line.Append("time=\"").Append(Now).Append("\" level=").Append(Word(level)).Append(" msg=\"");
        foreach (char c in text)
        {
            switch (c)
            {
                case '"': line.Append("\\\""); break;
                case '\\': line.Append("\\\\"); break;
                case '\n': line.Append("\\n"); break;
                case '\t': line.Append("\\t"); break;
                case < ' ': line.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"); break;
                default: line.Append(c); break;
            }
        }
        return line.Append("\"\n").ToString();
    }
}
