// A systemd made of answers: it listens where systemd would, notes every call, and says what the test wants it to say.
using System.Collections.Concurrent;
using System.Net.Sockets;
using Berth.Cgroups.Systemd;
using Berth.Linux.DBus;

namespace Berth.Cgroups.Tests.Systemd;

/// <summary>A server of one test.</summary>
internal sealed class FakeSystemd : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Thread _thread;

    public FakeSystemd(RecordedTree tree)
    {
        Directory.CreateDirectory(tree.Root + "/run/systemd/system");
        Sockets = new SystemdSockets { Run = tree.Root + "/run", Variable = _ => null };
        _listener.Bind(new UnixDomainSocketEndPoint(tree.Root + "/run/systemd/private"));
        _listener.Listen();
        _thread = new Thread(Serve) { IsBackground = true };
        _thread.Start();
    }

    public SystemdSockets Sockets { get; }

    /// <summary>Calls as they came: member and arguments.</summary>
    public ConcurrentQueue<DBusMessage> Calls { get; } = new();

    public string Version { get; set; } = "252.39-1~deb12u1";

    /// <summary>Result of the next jobs.</summary>
    public string JobResult { get; set; } = "done";

    /// <summary>Errors by member, each told once.</summary>
    public ConcurrentDictionary<string, string> Errors { get; } = new();

    public IEnumerable<string> Members => Calls.Select(c => c.Member);

    /// <summary>The properties of the only call of this member.</summary>
    public List<string> PropertiesOf(string member)
    {
        DBusMessage call = Calls.Single(c => c.Member == member);
        DBusArray list = call.Body.OfType<DBusArray>().First();
        return [.. list.Items.Cast<DBusStruct>().Select(p => $"{p.Fields[0]}={p.Fields[1]}")];
    }

    public void Dispose()
    {
        _listener.Dispose();
        _thread.Join();
    }

    private void Serve()
    {
        while (true)
        {
            Socket client;
            try { client = _listener.Accept(); }
            catch (SocketException) { return; }
            catch (ObjectDisposedException) { return; }
            using (client) Talk(client);
        }
    }

    private void Talk(Socket client)
    {
        using NetworkStream stream = new(client);
        string said = "";
        while (!said.EndsWith("BEGIN\r\n", StringComparison.Ordinal))
        {
            int one = stream.ReadByte();
            if (one < 0) return;
            said += (char)one;
        }
        if (said != "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n") return;
        stream.Write("DATA\r\nOK 0123456789abcdef0123456789abcdef\r\n"u8);
        while (Receive(stream) is { } call)
        {
            Calls.Enqueue(call);
            // All answers in one write: what comes behind an answer must not be lost.
            stream.Write([.. Answers(call).SelectMany(a => a.Marshal())]);
        }
    }

    /// <summary>Reads one message; null at the end.</summary>
    public static DBusMessage? Receive(Stream stream)
    {
        byte[] header = new byte[DBusMessage.FixedHeader];
        if (stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length) return null;
        byte[] whole = new byte[DBusMessage.LengthOf(header)];
        header.CopyTo(whole, 0);
        stream.ReadExactly(whole.AsSpan(header.Length));
        return DBusMessage.Parse(whole);
    }

    /// <summary>What systemd says to a call.</summary>
    public IEnumerable<DBusMessage> Answers(DBusMessage call)
    {
        if (Errors.TryRemove(call.Member, out string? error))
        {
            yield return new() { Kind = DBusKind.Error, Serial = 1, ReplySerial = call.Serial, ErrorName = error, Body = [DBusValue.Of("no, said the test")] };
            yield break;
        }
        DBusMessage done = new() { Kind = DBusKind.Return, Serial = 1, ReplySerial = call.Serial };
        switch (call.Member)
        {
            case "Get":
                string name = ((DBusText)call.Body[1]).Text;
                yield return done with { Body = [new DBusVariant(DBusValue.Of(name == "Version" ? Version : "/user.slice/user-1000.slice/user@1000.service"))] };
                break;
            case "StartTransientUnit" or "StopUnit":
                yield return Removed("/org/freedesktop/systemd1/job/6", "done");
                yield return done with { Body = [new DBusText('o', "/org/freedesktop/systemd1/job/7")] };
                yield return Removed("/org/freedesktop/systemd1/job/7", JobResult);
                break;
            default:
                yield return done;
                break;
        }

        static DBusMessage Removed(string job, string result) => new()
        {
            Kind = DBusKind.Signal, Serial = 1, Path = SystemdNames.Path, Interface = SystemdNames.Manager, Member = "JobRemoved",
            Body = [DBusValue.Of(7u), new DBusText('o', job), DBusValue.Of("x.scope"), DBusValue.Of(result)],
        };
    }
}
