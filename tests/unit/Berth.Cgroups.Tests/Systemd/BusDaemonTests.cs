// Our client against the reference bus, with a fake systemd as another of its clients.
using System.Diagnostics;
using System.Net.Sockets;
using Berth.Cgroups.Systemd;
using Berth.Linux.DBus;
using Berth.Oci.Faults;

namespace Berth.Cgroups.Tests.Systemd;

public sealed class BusDaemonTests : IDisposable
{
    private readonly RecordedTree _tree = new();
    private readonly Process? _daemon;

    private string Bus => _tree.Root + "/bus";

    public BusDaemonTests()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/dbus-daemon"), "needs dbus-daemon");
        _tree["bus.conf"] = $"""
            <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig><type>session</type><listen>unix:path={Bus}</listen><auth>EXTERNAL</auth>
            <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/><allow user="*"/></policy></busconfig>
            """;
        _daemon = Process.Start(new ProcessStartInfo("/usr/bin/dbus-daemon", ["--nofork", "--nopidfile", "--print-address", "--config-file=" + _tree.Root + "/bus.conf"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        });
        // It prints its address when it listens.
        Assert.StartsWith("unix:path=", _daemon!.StandardOutput.ReadLine(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_bus_knows_us_by_our_socket_and_greets_us()
    {
        using DBusConnection connection = DBusConnection.Open(Bus, isBus: true);
        DBusArray names = (DBusArray)connection.Call(DBusNames.Bus, DBusNames.BusPath, DBusNames.Bus, "ListNames")[0];
        Assert.Contains(DBusValue.Of("org.freedesktop.DBus"), names.Items);
        DBusNumber uid = (DBusNumber)connection.Call(DBusNames.Bus, DBusNames.BusPath, DBusNames.Bus, "GetConnectionUnixUser", DBusValue.Of("org.freedesktop.DBus"))[0];
        Assert.Equal(Berth.Linux.Processes.Self.UserId, (uint)uid.Bits);
        DBusErrorException fault = Assert.Throws<DBusErrorException>(() => connection.Call(DBusNames.Bus, DBusNames.BusPath, DBusNames.Bus, "GetNameOwner", DBusValue.Of("no.such.name")));
        Assert.Equal("org.freedesktop.DBus.Error.NameHasNoOwner", fault.Name);
    }

    [Fact]
    public void A_unit_is_started_and_stopped_by_a_systemd_behind_the_bus()
    {
        using FakeSystemd systemd = new(_tree);
        using Socket service = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        service.Connect(new UnixDomainSocketEndPoint(Bus));
        using NetworkStream stream = new(service);
        Thread thread = new(() => Serve(stream, systemd)) { IsBackground = true };
        Own(stream);
        thread.Start();
        SystemdSockets sockets = new() { Variable = n => n == "DBUS_SESSION_BUS_ADDRESS" ? "unix:path=" + Bus : null };
        using (SystemdClient client = SystemdClient.Open(sockets, ofUser: true))
        {
            Assert.Equal(252, client.Version);
            client.Start("x.scope", new ScopeProperties(252, []).AddScope(new SystemdUnit("a.slice", "x.scope"), "test", "user.slice", 12, unified: true).List);
            client.Set("x.scope", [new UnitProperty("MemoryMax", DBusValue.Of(5UL))]);
            client.Stop("x.scope");
        }
        Assert.Equal(["Get", "StartTransientUnit", "SetUnitProperties", "StopUnit", "ResetFailedUnit"], systemd.Members);
        Assert.Contains("PIDs=<[12]>", systemd.PropertiesOf("StartTransientUnit"));
        service.Shutdown(SocketShutdown.Both);
        thread.Join();
    }

    [Fact]
    public void Nobody_behind_the_name_is_a_fault_that_says_so()
    {
        SystemdSockets sockets = new() { Variable = n => n == "DBUS_SESSION_BUS_ADDRESS" ? "unix:path=" + Bus : null };
        using SystemdClient client = SystemdClient.Open(sockets, ofUser: true);
        BerthException fault = Assert.Throws<BerthException>(() => client.Stop("x.scope"));
        Assert.Contains("org.freedesktop.DBus.Error.ServiceUnknown", fault.Message, StringComparison.Ordinal);
    }

    /// <summary>Authenticates, greets and takes the name of systemd.</summary>
    private static void Own(NetworkStream stream)
    {
        stream.Write("\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n"u8);
        string said = "";
        while (!said.Contains("OK ", StringComparison.Ordinal) || !said.EndsWith("\r\n", StringComparison.Ordinal)) said += (char)stream.ReadByte();
        stream.Write(Call(1, "Hello").Marshal());
        stream.Write((Call(2, "RequestName") with { Body = [DBusValue.Of(SystemdNames.Bus), DBusValue.Of(4u)] }).Marshal());
        while (FakeSystemd.Receive(stream) is { } message && message.ReplySerial != 2) { }

        static DBusMessage Call(uint serial, string member) => new()
        {
            Kind = DBusKind.Call, Serial = serial, Destination = DBusNames.Bus, Path = DBusNames.BusPath, Interface = DBusNames.Bus, Member = member,
        };
    }

    private static void Serve(NetworkStream stream, FakeSystemd systemd)
    {
        while (FakeSystemd.Receive(stream) is { } message)
        {
            if (message.Kind != DBusKind.Call) continue;
            systemd.Calls.Enqueue(message);
            foreach (DBusMessage answer in systemd.Answers(message))
            {
                stream.Write((answer.Kind == DBusKind.Signal ? answer : answer with { Destination = message.Sender }).Marshal());
            }
        }
    }

    public void Dispose()
    {
        _daemon?.Kill();
        _daemon?.WaitForExit();
        _daemon?.Dispose();
        _tree.Dispose();
    }
}
