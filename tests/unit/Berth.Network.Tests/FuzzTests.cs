// Hostile input: whatever comes, a plugin answers with a result or an error object, and a reader with a fault of its kind.
using System.Globalization;
using System.Text;
using Berth.Network.Calls;
using Berth.Network.Contract;
using Berth.Network.Ipam.HostLocal;
using Berth.Network.Ipam.Static;
using Berth.Network.Lists;
using Berth.Oci.Faults;

namespace Berth.Network.Tests;

/// <summary>BERTH_FUZZ sets how many documents, BERTH_FUZZ_SEED where it begins.</summary>
public sealed class FuzzTests : IDisposable
{
    private static readonly string[] Bits =
    [
        "null", "{}", "[]", "\"\"", "-1", "1e999", "99999999999999999999", "true", "\"\\ud800\"", "\"\\udc00\\ud800x\"", "\"10.0.0.0/8\"", "\"::/0\"",
        "[[[[[[]]]]]]", "{\"a\":1,\"a\":2}", "\u0000", "\"\\u0000\"", "[null]", "[{}]", "{\"\":{}}", "\"0.4.0\"", "\"..\"", "\"255.255.255.255/1\"", "[[{\"subnet\":\"0.0.0.0/0\"}]]",
    ];

    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void No_input_makes_a_plugin_fail_without_an_error_object()
    {
        Random dice = new(Number("BERTH_FUZZ_SEED", 1));
        int rounds = Number("BERTH_FUZZ", 5000);
        string[] seeds = Seeds;
        for (int round = 0; round < rounds; round++)
        {
            byte[] text = Mutated(dice, seeds[dice.Next(seeds.Length)]);
            foreach (string command in (ReadOnlySpan<string>)["ADD", "CHECK", "DEL", "GC", "STATUS"])
            {
                IPlugin plugin = dice.Next(2) == 0 ? new HostLocalPlugin(_folder.Path) : new StaticPlugin();
                Outcome outcome = PluginProgramTests.Run(PluginProgramTests.Environment(command, ("CNI_ARGS", dice.Next(4) == 0 ? "IP=10.0.0.7/8" : "")), text, plugin);
                if (outcome.Code == 0) continue;
                CniException? error = CniJson.ReadError(Encoding.UTF8.GetBytes(outcome.Output));
                Assert.True(error is not null && error.Message.Length > 0, $"round {round}: {outcome.Output}");
                // 999 with a cause of the framework's would be an exception that nobody thought of.
                Assert.DoesNotContain("Exception", error.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void No_list_and_no_result_is_read_with_another_fault_than_its_own()
    {
        Random dice = new(Number("BERTH_FUZZ_SEED", 2));
        int rounds = Number("BERTH_FUZZ", 20_000);
        string[] seeds = [.. Seeds, Encoding.UTF8.GetString(Folder.Golden("rich-1.1.0.json")), Encoding.UTF8.GetString(Folder.Golden("rich-0.2.0.json")), Encoding.UTF8.GetString(Folder.Golden("rich-0.4.0.json"))];
        for (int round = 0; round < rounds; round++)
        {
            byte[] text = Mutated(dice, seeds[dice.Next(seeds.Length)]);
            try { NetworkList.Parse(text); }
            catch (BerthException) { }
            try { NetworkList.ParseSingle(text); }
            catch (BerthException) { }
            try
            {
                CniResult result = CniJson.ReadResult(text, "1.1.0");
                foreach (string version in CniVersions.All) CniJson.WriteResult(result, version);
            }
            catch (CniException) { }
            CniJson.ReadError(text);
        }
    }

    private static readonly string[] Seeds =
    [
        """{"cniVersion":"1.1.0","name":"n","type":"x","ipam":{"type":"host-local","dataDir":"FOLDER","ranges":[[{"subnet":"10.0.0.0/29","rangeStart":"10.0.0.2","rangeEnd":"10.0.0.4","gateway":"10.0.0.1"}],[{"subnet":"fd00::/125"}]],"routes":[{"dst":"0.0.0.0/0","gw":"10.0.0.1","mtu":5}]},"runtimeConfig":{"ips":["10.0.0.3/29"],"ipRanges":[[{"subnet":"10.9.0.0/29"}]]},"args":{"cni":{"ips":["10.0.0.4"]}},"prevResult":{"ips":[{"address":"10.0.0.2/29","interface":0}]},"cni.dev/valid-attachments":[{"containerID":"a","ifname":"b"}]}""",
        """{"cniVersion":"0.2.0","name":"n","type":"x","ipam":{"dataDir":"FOLDER","subnet":"10.1.0.0/29","addresses":[{"address":"10.1.0.2/29","gateway":"10.1.0.1"}],"dns":{"nameservers":["1.1.1.1"]}}}""",
        """{"cniVersion":"1.0.0","cniVersions":["1.1.0"],"name":"n","disableCheck":"true","disableGC":false,"plugins":[{"type":"bridge","capabilities":{"ips":true}},{"type":"portmap"}]}""",
    ];

    private byte[] Mutated(Random dice, string seed)
    {
        string text = seed;
        for (int times = dice.Next(4); times >= 0; times--)
        {
            int at = dice.Next(text.Length + 1);
            int to = Math.Min(text.Length, at + dice.Next(12));
            text = dice.Next(4) switch
            {
                0 => text[..at] + Bits[dice.Next(Bits.Length)] + text[to..],
                1 => text[..at] + text[to..],
                2 => Replaced(dice, text),
                _ => text[..at] + (char)dice.Next(0x100) + text[at..],
            };
        }
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length > 0 && dice.Next(8) == 0) bytes[dice.Next(bytes.Length)] = (byte)dice.Next(256);
        // Leases stay in the test's folder, whatever became of the member that says so; and no range is walked to the end of the internet.
        text = Encoding.Latin1.GetString(bytes).Replace("\"dataDir\":\"FOLDER\"", $"\"dataDir\":\"{_folder.Path}\"", StringComparison.Ordinal);
        text = text.Replace("0.0.0.0/0\"}]]", "10.8.0.0/29\"}]]", StringComparison.Ordinal);
        return Encoding.Latin1.GetBytes(text);
    }

    /// <summary>A value in place of another.</summary>
    private static string Replaced(Random dice, string text)
    {
        int colon = text.IndexOf(':', dice.Next(text.Length));
        int end = colon < 0 ? -1 : text.IndexOfAny([',', '}', ']'], colon);
        return end < 0 ? text : text[..(colon + 1)] + Bits[dice.Next(Bits.Length)] + text[end..];
    }

    private static int Number(string name, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : otherwise;
}
