// D-Bus on the wire, byte by byte, and GVariant text.
using Berth.Cgroups.Systemd;
using Berth.Linux.DBus;
using Berth.Oci.Faults;

namespace Berth.Cgroups.Tests.Systemd;

public class DBusTests
{
    [Fact]
    public void The_greeting_is_the_bytes_of_the_specification()
    {
        byte[] hello = new DBusMessage { Kind = DBusKind.Call, Serial = 1, Path = "/org/freedesktop/DBus", Destination = "org.freedesktop.DBus", Interface = "org.freedesktop.DBus", Member = "Hello" }.Marshal();
        // Laid out by hand from the specification: header, then path, interface, member and destination, each padded to eight.
        string expected = "6C01000100000000010000006D000000"
            + "01016F00150000002F6F72672F667265656465736B746F702F44427573000000"
            + "02017300140000006F72672E667265656465736B746F702E4442757300000000"
            + "030173000500000048656C6C6F000000"
            + "06017300140000006F72672E667265656465736B746F702E4442757300000000";
        Assert.Equal(expected, Convert.ToHexString(hello));
    }

    [Fact]
    public void Every_type_survives_the_wire()
    {
        DBusMessage message = new()
        {
            Kind = DBusKind.Signal, Serial = 9, Path = "/a", Interface = "b.c", Member = "D",
            Body =
            [
                DBusValue.Of("text ü"), DBusValue.Of(true), DBusValue.Of(7u), DBusValue.Of(ulong.MaxValue),
                new DBusNumber('y', 255), new DBusNumber('n', unchecked((ulong)-2L)), new DBusNumber('i', unchecked((ulong)-3L)), new DBusNumber('x', unchecked((ulong)-4L)),
                new DBusNumber('d', BitConverter.DoubleToUInt64Bits(0.5)),
                DBusValue.Of([1, 2, 3]),
                new DBusArray("(ss)", []),
                new DBusArray("(ss)", [DBusStruct.Of(DBusValue.Of("/dev/null"), DBusValue.Of("rwm")), DBusStruct.Of(DBusValue.Of("b"), DBusValue.Of(""))]),
                new DBusArray("(sv)", [DBusStruct.Of(DBusValue.Of("MemoryMax"), new DBusVariant(DBusValue.Of(5UL)))]),
                new DBusArray("{sv}", [new DBusStruct(true, [DBusValue.Of("k"), new DBusVariant(new DBusArray("u", [DBusValue.Of(1u)]))])]),
                new DBusText('g', "a(sv)"),
            ],
        };
        byte[] bytes = message.Marshal();
        Assert.Equal(bytes.Length, DBusMessage.LengthOf(bytes));
        DBusMessage again = DBusMessage.Parse(bytes);
        Assert.Equal(message.Body, again.Body);
        Assert.Equal(("/a", "b.c", "D", 9u), (again.Path, again.Interface, again.Member, again.Serial));
    }

    [Fact]
    public void No_damage_to_a_message_leads_beyond_its_end()
    {
        byte[] whole = new DBusMessage { Kind = DBusKind.Return, Serial = 1, ReplySerial = 2, Body = [DBusValue.Of("text"), new DBusArray("(sv)", [DBusStruct.Of(DBusValue.Of("a"), new DBusVariant(DBusValue.Of(5UL)))])] }.Marshal();
        Random random = new(7);
        for (int i = 0; i < 20000; i++)
        {
            byte[] damaged = [.. whole];
            for (int n = random.Next(1, 4); n > 0; n--) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            try { DBusMessage.Parse(damaged); }
            catch (DBusException) { }
        }
        for (int length = 16; length < whole.Length; length++) Assert.Throws<DBusException>(() => DBusMessage.Parse(whole.AsSpan(0, length)));
    }

    [Theory]
    [InlineData("true", "b", "1")]
    [InlineData("7", "i", "7")]
    [InlineData("-7", "i", "-7")]
    [InlineData("0x10", "i", "16")]
    [InlineData("uint64 123456789", "t", "123456789")]
    [InlineData("byte 0xff", "y", "255")]
    [InlineData("@t 5", "t", "5")]
    [InlineData("0.5", "d", "0.5")]
    [InlineData("'it\\'s'", "s", "it's")]
    [InlineData("\"say \\\"x\\\"\"", "s", "say \"x\"")]
    [InlineData("objectpath '/a'", "o", "/a")]
    [InlineData("['a.service', 'b.service']", "as", "[a.service, b.service]")]
    [InlineData("[uint64 1, 2]", "at", "[1, 2]")]
    [InlineData("@as []", "as", "[]")]
    [InlineData("@a(ss) [('/dev/null', 'rwm')]", "a(ss)", "[(/dev/null, rwm)]")]
    [InlineData("<'x'>", "v", "<x>")]
    public void Annotations_are_read_as_gvariant_text(string text, string signature, string value)
    {
        DBusValue parsed = GVariantText.Parse(text);
        Assert.Equal((signature, value), (parsed.Signature, parsed.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("'open")]
    [InlineData("[1, 'a']")]
    [InlineData("[]")]
    [InlineData("byte 256")]
    [InlineData("uint32 -1")]
    [InlineData("7 7")]
    [InlineData("nonsense")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]")]
    public void What_is_no_value_is_refused(string text) => Assert.Throws<BerthException>(() => GVariantText.Parse(text));

    [Theory]
    [InlineData("1", "02")]
    [InlineData("0-5", "3F")]
    [InlineData("5-8", "E001")]
    [InlineData(" 0, 9 ,", "0102")]
    public void Processor_lists_become_masks_with_the_lowest_byte_first(string list, string mask) => Assert.Equal(mask, Convert.ToHexString(CpuList.ToMask(list)));

    [Theory]
    [InlineData("")]
    [InlineData("3-1")]
    [InlineData("a")]
    [InlineData("99999999")]
    public void Malformed_processor_lists_are_refused(string list) => Assert.Throws<BerthException>(() => CpuList.ToMask(list));

    [Theory]
    [InlineData("252.39-1~deb12u1", 252)]
    [InlineData("v245.4-1.fc32", 245)]
    [InlineData("\"239\"", 239)]
    [InlineData("what", -1)]
    public void The_version_of_systemd_is_its_first_number(string text, int version) => Assert.Equal(version, SystemdClient.ParseVersion(text));

    [Fact]
    public void The_session_bus_is_found_by_the_environment()
    {
        SystemdSockets With(string name, string value) => new() { Variable = n => n == name ? value : null };
        Assert.Equal([new("/run/user/5/bus", true)], With("DBUS_SESSION_BUS_ADDRESS", "tcp:host=x;unix:path=/run/user/5/bus,guid=12").OfUser());
        Assert.Equal([new("\0/tmp/dbus x", true)], With("DBUS_SESSION_BUS_ADDRESS", "unix:abstract=/tmp/dbus%20x").OfUser());
        Assert.Equal([new("/run/user/5/bus", true), new("/run/user/5/systemd/private", false)], With("XDG_RUNTIME_DIR", "/run/user/5").OfUser());
        Assert.Equal(Fault.Unavailable, Assert.Throws<BerthException>(() => With("HOME", "/").OfUser()).Kind);
        Assert.Equal(Fault.Unsupported, Assert.Throws<BerthException>(() => With("DBUS_SESSION_BUS_ADDRESS", "tcp:host=x").OfUser()).Kind);
    }
}
