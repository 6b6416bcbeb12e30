// What attaches to a container: a packet socket on which each packet begins with the number of its stream.
using System.Net.Sockets;
using System.Text;

namespace Berth.Contract.Shim.Stage;

/// <summary>A client of the attach socket.</summary>
public sealed class AttachClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
    private readonly List<(byte Stream, byte[] Data)> _packets = [];
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private bool _ended;

    /// <summary>Connects; the path may be longer than an address holds.</summary>
    public AttachClient(string path)
    {
        int folder = Kernel.OpenFolder(Path.GetDirectoryName(path)!);
        try { _socket.Connect(new UnixDomainSocketEndPoint($"/proc/self/fd/{folder}/{Path.GetFileName(path)}")); }
        finally { Kernel.Close(folder); }
    }

    /// <summary>What came, packet by packet.</summary>
    public IReadOnlyList<(byte Stream, byte[] Data)> Packets => _packets;

    /// <summary>What came of standard output, one character for each byte.</summary>
    public string Output => _output.ToString();

    /// <summary>What came of standard error.</summary>
    public string Errors => _errors.ToString();

    /// <summary>Types.</summary>
    public void Type(string text) => _socket.Send(Encoding.Latin1.GetBytes(text));

    /// <summary>Types no more, and goes on listening.</summary>
    public void EndInput() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Waits until standard output has the text; returns all of it.</summary>
    public string Await(string text)
    {
        Until.True(() => { Listen(); return Output.Contains(text, StringComparison.Ordinal); }, () => $"the client sees '{text}'; it saw: {Tail(Output)}");
        return Output;
    }

    /// <summary>Waits until standard error has the text; returns all of it.</summary>
    public string AwaitError(string text)
    {
        Until.True(() => { Listen(); return Errors.Contains(text, StringComparison.Ordinal); }, () => $"the client sees '{text}'; it saw: {Tail(Errors)}");
        return Errors;
    }

    /// <summary>Listens until the monitor hangs up; returns standard output.</summary>
    public string ToEnd()
    {
        Until.True(() => { Listen(); return _ended; }, "the monitor hangs up");
        return Output;
    }

    /// <summary>Takes what is there.</summary>
    public void Listen()
    {
        byte[] buffer = new byte[65536];
        for (int i = 0; i < 256 && !_ended && _socket.Poll(i == 0 ? 4000 : 0, SelectMode.SelectRead); i++)
        {
            int count;
            try { count = _socket.Receive(buffer); }
            catch (SocketException) { count = 0; }
            if (count == 0) _ended = true;
            else Take(buffer.AsSpan(0, count));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private void Take(ReadOnlySpan<byte> packet)
    {
        _packets.Add((packet[0], packet[1..].ToArray()));
        (packet[0] == 3 ? _errors : _output).Append(Encoding.Latin1.GetString(packet[1..]));
    }

    private static string Tail(string text) => text.Length <= 400 ? text : "..." + text[^400..];
}
