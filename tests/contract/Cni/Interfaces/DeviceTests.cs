// host-device and tap: interfaces that were the host's, and interfaces that belong to a program.
using System.Text.Json;
using Berth.Contract.Cni.Stage;

namespace Berth.Contract.Cni.Interfaces;

public sealed class DeviceTests
{
    private static readonly string Ipam = PrivateHost.HostLocal("""[{"subnet":"10.1.2.0/24"}]""", ",\"routes\":[{\"dst\":\"0.0.0.0/0\"}]");

    public static TheoryData<string> Folders() => PluginFolder.All();

    private static PrivateHost Host(string folder)
    {
        PrivateHost host = new PrivateHost(folder).Container("c1");
        host.Run("ip link add card0 type veth peer name wire && ip link set card0 address 02:11:22:33:44:55 && ip link set card0 up");
        return host;
    }

    private static string Configuration(string more, bool addresses = true) => $$"""{"cniVersion":"0.4.0","name":"net","type":"host-device",{{more}}{{(addresses ? $",\"ipam\":{Ipam}" : "")}} }""";

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_device_goes_to_the_container_and_comes_back_under_its_name(string folder)
    {
        using PrivateHost host = Host(folder);
        string configuration = Configuration("\"device\":\"card0\"");
        Answer added = host.Call("ADD", "host-device", configuration).Succeeds();
        Assert.Equal("""
            {
                "cniVersion": "0.4.0",
                "interfaces": [
                    {
                        "name": "eth0",
                        "mac": "MAC",
                        "sandbox": "/run/netns/c1"
                    }
                ],
                "ips": [
                    {
                        "version": "4",
                        "interface": 0,
                        "address": "10.1.2.2/24",
                        "gateway": "10.1.2.1"
                    }
                ],
                "routes": [
                    {
                        "dst": "0.0.0.0/0"
                    }
                ],
                "dns": {}
            }
            """, added.Plain);
        Assert.Equal(["wire"], host.Names(""));
        JsonElement link = host.Link("c1", "eth0");
        Assert.Equal(("card0", "02:11:22:33:44:55"), (link.GetProperty("ifalias").GetString(), link.GetProperty("address").GetString()));
        Assert.Equal(["10.1.2.2/24"], host.Addresses("c1", "eth0"));
        host.Call("CHECK", "host-device", added.After(configuration)).Succeeds();
        host.Call("DEL", "host-device", configuration).Succeeds();
        Assert.Equal(["card0", "wire"], host.Names(""));
        Assert.Empty(host.Names("c1"));
        // The reference leaves the alias, and misses the interface the second time.
        if (folder == PluginFolder.Reference) return;
        Assert.False(host.Link("", "card0").TryGetProperty("ifalias", out _));
        host.Call("DEL", "host-device", configuration).Succeeds();
        host.Run("ip netns del c1");
        host.Call("DEL", "host-device", configuration).Succeeds();
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_device_is_found_by_its_hardware_address_and_keeps_to_itself_without_ipam(string folder)
    {
        using PrivateHost host = Host(folder);
        Answer added = host.Call("ADD", "host-device", Configuration("\"hwaddr\":\"02:11:22:33:44:55\"", addresses: false)).Succeeds();
        Assert.Equal("""
            {
                "cniVersion": "0.4.0",
                "interfaces": [
                    {
                        "name": "eth0",
                        "mac": "MAC",
                        "sandbox": "/run/netns/c1"
                    }
                ],
                "dns": {}
            }
            """, added.Plain);
        Assert.Contains("UP", host.Run("ip -n c1 -o link show eth0"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Devices_that_are_not_there_are_refused(string folder)
    {
        using PrivateHost host = Host(folder);
        host.Call("ADD", "host-device", """{"cniVersion":"0.4.0","name":"net","type":"host-device"}""").Refuses(folder == PluginFolder.Reference ? 999 : 7);
        host.Call("ADD", "host-device", Configuration("\"device\":\"none\"")).Refuses(999);
        host.Call("ADD", "host-device", Configuration("\"hwaddr\":\"02:00:00:00:00:01\"")).Refuses(999);
        host.Call("ADD", "host-device", Configuration("\"kernelpath\":\"/etc\"")).Refuses(folder == PluginFolder.Reference ? 999 : 7);
        host.Call("ADD", "host-device", Configuration("\"pciBusID\":\"0000:ff:1f.7\"")).Refuses(999);
        host.Call("ADD", "host-device", Configuration("\"device\":\"card0\",\"runtimeConfig\":{\"deviceID\":\"0000:ff:1f.7\"}")).Refuses(999);
        Assert.Equal(["card0", "wire"], host.Names(""));
    }

    [Fact]
    public void A_name_that_is_taken_leaves_the_device_where_it_was()
    {
        using PrivateHost host = Host(PluginFolder.Ours);
        host.Run("ip -n c1 link add eth0 type veth peer name other");
        host.Call("ADD", "host-device", Configuration("\"device\":\"card0\"")).Refuses(999, "eth0");
        Assert.Equal(["card0", "wire"], host.Names(""));
        host.Run("ip -n c1 link del eth0");
        // Addresses run out: the device comes back, and is up as it was.
        host.Call("ADD", "host-device", Configuration("\"device\":\"card0\"").Replace("10.1.2.0/24\"", "10.1.2.0/30\",\"rangeStart\":\"10.1.2.1\",\"rangeEnd\":\"10.1.2.1\"", StringComparison.Ordinal)).Refuses(999);
        Assert.Equal(["card0", "wire"], host.Names(""));
        Assert.Contains(",UP", host.Run("ip -o link show card0"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_tap_belongs_to_its_owner_and_can_be_a_port_of_a_bridge()
    {
        Assert.SkipUnless(File.Exists("/dev/net/tun"), "there is no /dev/net/tun");
        using PrivateHost host = new PrivateHost(PluginFolder.Ours).Container("c1");
        host.Run("ip -n c1 link add br0 type bridge");
        string configuration = $$"""{"cniVersion":"0.4.0","name":"net","type":"tap","multiQueue":true,"owner":1000,"group":1001,"mtu":1300,"mac":"02:11:22:33:44:55","bridge":"br0","ipam":{{Ipam}} }""";
        Answer added = host.Call("ADD", "tap", configuration).Succeeds();
        JsonElement link = host.Link("c1", "eth0"), data = link.GetProperty("linkinfo").GetProperty("info_data");
        Assert.Equal(("tun", "tap"), (link.GetProperty("linkinfo").GetProperty("info_kind").GetString(), data.GetProperty("type").GetString()));
        Assert.True(data.GetProperty("multi_queue").GetBoolean());
        Assert.Equal("1000\n1001", host.Run("ip netns exec c1 cat /sys/class/net/eth0/owner /sys/class/net/eth0/group").Trim());
        Assert.Equal((1300, "02:11:22:33:44:55", "br0"), (link.GetProperty("mtu").GetInt32(), link.GetProperty("address").GetString(), link.GetProperty("master").GetString()));
        Assert.Equal("02:11:22:33:44:55", added.Json.GetProperty("interfaces")[0].GetProperty("mac").GetString());
        Assert.Equal(["10.1.2.2/24"], host.Addresses("c1", "eth0"));
        host.Call("ADD", "tap", configuration, "c1").Refuses(999, "eth0");
        host.Call("CHECK", "tap", added.After(configuration)).Succeeds();
        host.Call("DEL", "tap", configuration).Succeeds();
        host.Call("DEL", "tap", configuration).Succeeds();
        Assert.Equal(["br0"], host.Names("c1"));
    }

    [Fact]
    public void A_tap_without_addresses_is_brought_up()
    {
        Assert.SkipUnless(File.Exists("/dev/net/tun"), "there is no /dev/net/tun");
        using PrivateHost host = new PrivateHost(PluginFolder.Ours).Container("c1");
        host.Call("ADD", "tap", """{"cniVersion":"1.0.0","name":"net","type":"tap"}""").Succeeds();
        Assert.Contains(",UP", host.Run("ip -n c1 -o link show eth0"), StringComparison.Ordinal);
        host.Run("ip netns del c1");
        host.Call("DEL", "tap", """{"cniVersion":"1.0.0","name":"net","type":"tap"}""").Succeeds();
    }
}
