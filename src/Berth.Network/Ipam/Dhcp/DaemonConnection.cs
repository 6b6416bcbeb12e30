// The plugin's way to the daemon, which is started on the way if the configuration says how.
using Berth.Linux;
using Berth.Linux.Processes;
using Berth.Linux.Sockets;
using Berth.Network.Contract;

namespace Berth.Network.Ipam.Dhcp;

/// <summary>Asks a daemon.</summary>
/// <param name="socket">Its socket.</param>
/// <param name="program">What is started where none answers; empty: nothing.</param>
internal sealed class DaemonConnection(string socket, string program)
{
    // Longer than the daemon tries by default: it is the one to say that there is no server.
    private const int AnswerMilliseconds = 300_000, StartMilliseconds = 10_000;

    /// <summary>Asks, and waits for the answer.</summary>
    /// <returns>The acknowledgement, or nothing.</returns>
    /// <exception cref="CniException">The daemon refused; or there is none (code 11).</exception>
    public byte[] Ask(DaemonRequest request)
    {
        byte[] bytes = request.Write();
        long end = Self.Monotonic + (StartMilliseconds * 1_000_000L);
        while (true)
        {
            if (TryAsk(bytes, out Errno errno) is { } answer) return DaemonRequest.ReadAnswer(answer);
            if (program.Length == 0) throw Missing(errno, null);
            if (Self.Monotonic > end) throw Missing(errno, $"{program} was started, and does not answer in {StartMilliseconds / 1000} s");
            DhcpDaemon.Start(socket, program);
        }
    }

    /// <summary>As <see cref="Ask"/>.</summary>
    /// <returns>Null where no daemon is there; none is started.</returns>
    public byte[]? AskIfThere(DaemonRequest request) => TryAsk(request.Write(), out _) is { } answer ? DaemonRequest.ReadAnswer(answer) : null;

    private CniException Missing(Errno errno, string? details) =>
        new(CniCode.TryAgainLater, $"cannot reach the DHCP daemon at {socket}: {(errno == Errno.None ? "it hung up" : errno.Sentence())}", details ?? $"start it as root: dhcp daemon{(socket == DhcpConfiguration.StandardSocket ? "" : $" -socketpath {socket}")} (the plugin's own program; the reference's daemon does not understand it)");

    // Null: nobody is there, or it ended before it answered.
    private byte[]? TryAsk(byte[] request, out Errno errno)
    {
        errno = Errno.None;
        try
        {
            using UnixStream stream = UnixStream.Connect(socket);
            stream.Send(request, AnswerMilliseconds);
            byte[] header = new byte[DaemonRequest.HeaderSize];
            if (!Fill(stream, header)) return null;
            int length = DaemonRequest.Length(header, DaemonRequest.LargestAnswer);
            if (length < 0) throw CniException.Failed($"what listens at {socket} is no DHCP daemon of these plugins");
            byte[] answer = new byte[length];
            return Fill(stream, answer) ? answer : null;
        }
        catch (LinuxException e) when (e.Errno is Errno.ENOENT or Errno.ECONNREFUSED or Errno.ECONNRESET or Errno.EPIPE or Errno.EAGAIN)
        {
            errno = e.Errno;
            return null;
        }
        catch (LinuxException e)
        {
            throw CniException.Failed($"cannot reach the DHCP daemon at {socket}: {e.Message}", e);
        }
    }

    private static bool Fill(UnixStream stream, Span<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int n = stream.Receive(bytes, AnswerMilliseconds);
            if (n == 0) return false;
            bytes = bytes[n..];
        }
        return true;
    }
}
