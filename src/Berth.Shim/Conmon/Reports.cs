// What the monitor says of itself: to standard error while it has one, and to syslog if asked.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Sockets;
using System.Text;

namespace Berth.Shim.Conmon;

/// <summary>How much is said.</summary>
internal enum ReportLevel
{
    /// <summary>Only why it ends.</summary>
    Error,

    /// <summary>What went wrong and was borne.</summary>
    Warning,

    /// <summary>What happened.</summary>
    Info,

    /// <summary>What was done.</summary>
    Debug,

    /// <summary>And how.</summary>
    Trace,
}

/// <summary>Reports as conmon words them.</summary>
internal sealed class Reports(ReportLevel least, bool syslog, string name)
{
    /// <summary>Why it ends.</summary>
    public void Error(string text) => Say(ReportLevel.Error, 'e', "error", text);

    /// <summary>What went wrong and was borne.</summary>
    public void Warn(string text) => Say(ReportLevel.Warning, 'w', "nwarn", text);

    /// <summary>What happened.</summary>
    public void Info(string text) => Say(ReportLevel.Info, 'i', "ninfo", text);

    /// <summary>What was done.</summary>
    public void Debug(string text) => Say(ReportLevel.Debug, 'd', "ndebug", text);

    /// <summary>The level of a name, whatever its capitals; null for a name that is none.</summary>
    public static ReportLevel? Parse(string? name) => name?.ToLowerInvariant() switch
    {
        null or "warn" or "warning" => ReportLevel.Warning,
        "error" or "fatal" or "panic" => ReportLevel.Error,
        "info" => ReportLevel.Info,
        "debug" => ReportLevel.Debug,
        "trace" => ReportLevel.Trace,
        _ => null,
    };

    private void Say(ReportLevel level, char letter, string kind, string text)
    {
        if (level > least) return;
        RawIo.WriteAll(2, Encoding.UTF8.GetBytes($"[conmon:{letter}]: {text}\n"));
        if (!syslog) return;
        try
        {
            // RFC 3164: facility user, severity error or information. Never waited for: a container would wait with us.
            using Fd socket = UnixSocket.New(SocketKind.Datagram);
            string id = name[..Math.Min(20, name.Length)];
            UnixSocket.TrySendTo(socket, "/dev/log", Encoding.UTF8.GetBytes($"<{(level == ReportLevel.Error ? 11 : 14)}>conmon {id} <{kind}>: {text}"), out _);
        }
        catch (LinuxException)
        {
            // No more descriptors: there is nobody left to tell.
        }
    }
}
