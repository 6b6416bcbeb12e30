// Logs of the system: the journal's native protocol (sd_journal_send(3)), and syslog's (RFC 3164), each one datagram a line.
using System.Buffers.Binary;
using System.Text;
using Berth.Linux;
using Berth.Linux.Network;
using Berth.Linux.Sockets;
using Berth.Oci.Faults;

namespace Berth.Runtime.Commands;

/// <param name="journal">The journal, or syslog.</param>
/// <param name="name">What the lines are found by.</param>
internal sealed class LogSocket(bool journal, string name)
{
    private string Path => journal ? "/run/systemd/journal/socket" : "/dev/log";

    /// <summary>The log that <c>journald:NAME</c> or <c>syslog:NAME</c> means, or null.</summary>
    public static LogSocket? Of(string? log)
    {
        if (log is null) return null;
        if (log.StartsWith("journald:", StringComparison.Ordinal)) return new LogSocket(true, log[9..]);
        return log.StartsWith("syslog:", StringComparison.Ordinal) ? new LogSocket(false, log[7..]) : null;
    }

    /// <exception cref="BerthException"><see cref="Fault.Unavailable"/>: nobody listens there.</exception>
    public void Check()
    {
        try { Connect().Dispose(); }
        catch (LinuxException e)
        {
            throw new BerthException(Fault.Unavailable, $"cannot log to {(journal ? "the journal" : "syslog")} at {Path}: {e.Errno.Sentence()}", "give a file with --log, or leave it out", e);
        }
    }

    /// <summary>What cannot be sent is lost: a log is no reason to fail.</summary>
    public void Write(LogLevel level, string text)
    {
        int severity = level switch { LogLevel.Debug => 7, LogLevel.Info => 6, LogLevel.Warning => 4, _ => 3 };
        try
        {
            using Fd socket = Connect();
            DescriptorSocket.Send(socket, journal ? Entry(severity, text) : Line(severity, text));
        }
        catch (LinuxException) { }
    }

    private Fd Connect() => UnixDatagram.Connect(Path);

    private byte[] Entry(int severity, string text)
    {
        byte[] head = Encoding.UTF8.GetBytes($"PRIORITY={severity}\nSYSLOG_IDENTIFIER={(name.Length > 0 ? name : "berth-runtime")}\nID={name}\nMESSAGE\n");
        byte[] message = Encoding.UTF8.GetBytes(text);
        byte[] entry = new byte[head.Length + 8 + message.Length + 1];
        head.CopyTo(entry, 0);
        // With its length before it a value may have more than one line.
        BinaryPrimitives.WriteInt64LittleEndian(entry.AsSpan(head.Length), message.Length);
        message.CopyTo(entry, head.Length + 8);
        entry[^1] = (byte)'\n';
        return entry;
    }

    /// <summary>Facility user. The time is left to the receiver, who knows it in his own zone.</summary>
    private byte[] Line(int severity, string text) => Encoding.UTF8.GetBytes($"<{8 + severity}>{(name.Length > 0 ? name : "berth-runtime")}: {text}");
}
