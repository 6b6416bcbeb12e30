// Device rules: as one policy, as lines for v1, and as a BPF program for v2, which is run here instruction by instruction.
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Cgroups.Tests;

public class DeviceTests
{
    private static DeviceRule Deny(string access = "rwm") => new() { Allow = false, Access = access };

    private static DeviceRule Rule(bool allow, string type, long? major, long? minor, string access) =>
        new() { Allow = allow, Type = type, Major = major, Minor = minor, Access = access };

    [Fact]
    public void A_container_without_rules_may_use_the_default_devices_and_make_any()
    {
        DevicePolicy policy = DevicePolicy.For(null, null);
        Assert.False(policy.AllowsByDefault);
        Assert.Equal(
            ["c *:* m", "b *:* m", "c 1:3 rwm", "c 1:8 rwm", "c 1:7 rwm", "c 5:0 rwm", "c 1:5 rwm", "c 1:9 rwm", "c 136:* rwm", "c 5:2 rwm", "c 10:200 rwm"],
            policy.Exceptions.Select(e => e.ToString()));
    }

    [Fact]
    public void A_node_of_the_configuration_takes_the_place_of_the_default_one()
    {
        DevicePolicy policy = DevicePolicy.For(null, [new DeviceSpec { Path = "/dev/tty", Type = "c", Major = 5, Minor = 0 }]);
        Assert.DoesNotContain("c 5:0 rwm", policy.Exceptions.Select(e => e.ToString()));
    }

    [Fact]
    public void Rules_hold_in_order_and_unknown_letters_of_access_are_passed_over()
    {
        DevicePolicy policy = DevicePolicy.For([Deny(), Rule(true, "c", 1, 11, "r"), Rule(true, "c", 1, 11, "wa"), Rule(false, "c", 1, 11, "r")], null);
        Assert.Equal("c 1:11 w", policy.Exceptions[0].ToString());
    }

    [Fact]
    public void A_hole_in_a_wildcard_is_refused_instead_of_ignored()
    {
        BerthException fault = Assert.Throws<BerthException>(() => DevicePolicy.For([Deny(), Rule(true, "b", 8, null, "rw"), Rule(false, "b", 8, 1, "w")], null));
        Assert.Contains("cannot punch hole in existing wildcard rule [b 8:* rw]", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x", "r", "invalid cgroup device type \"x\"")]
    [InlineData("c", "", "device access at 0 field cannot be empty")]
    public void Malformed_rules_are_refused(string type, string access, string message) =>
        Assert.Equal(message, Assert.Throws<BerthException>(() => DevicePolicy.For([Rule(true, type, 1, 1, access)], null)).Message);

    [Fact]
    public void Nothing_is_written_when_the_list_already_says_it()
    {
        DevicePolicy policy = DevicePolicy.For([Deny(), Rule(true, "b", 8, 0, "r")], null);
        string list = string.Join('\n', policy.Exceptions.Select(e => e.ToString())) + "\n";
        DevicePolicy listed = DevicePolicy.FromList(list);
        Assert.Equal(policy, listed);
        Assert.Empty(LegacyDevices.Transition(listed, policy));
    }

    [Fact]
    public void A_change_of_rules_never_denies_what_is_allowed_before_and_after()
    {
        DevicePolicy from = DevicePolicy.FromList("c 1:3 rwm\nc 1:5 rw\nb 8:0 r\n"), to = DevicePolicy.FromList("c 1:3 rwm\nc 1:5 r\nc 5:0 rw\n");
        Assert.Equal([new(false, "c 1:5 w"), new(false, "b 8:0 r"), new DeviceLine(true, "c 5:0 rw")], LegacyDevices.Transition(from, to));
    }

    [Fact]
    public void From_a_list_that_allows_everything_the_way_leads_through_denying_everything()
    {
        DevicePolicy to = DevicePolicy.FromList("c 1:3 rwm\n");
        Assert.Equal([new(false, "a *:* rwm"), new DeviceLine(true, "c 1:3 rwm")], LegacyDevices.Transition(DevicePolicy.FromList("a *:* rwm\n"), to));
        Assert.Equal([new(false, "a *:* rwm"), new DeviceLine(true, "c 1:3 rwm")], LegacyDevices.Transition(null, to));
    }

    [Fact]
    public void Lines_are_written_into_the_file_they_belong_to()
    {
        using RecordedTree tree = new RecordedTree().WithFiles("d", "devices.allow", "devices.deny");
        tree["d/devices.list"] = "c 1:3 rwm\n";
        LegacyDevices.Apply(tree.Root + "/d", DevicePolicy.FromList("c 1:3 rw\nc 1:5 r\n"), isNew: false);
        Assert.Equal("c 1:3 m", tree["d/devices.deny"]);
        Assert.Equal("c 1:5 r", tree["d/devices.allow"]);
    }

    [Fact]
    public void The_program_allows_exactly_what_the_policy_allows()
    {
        Random random = new(20260819);
        for (int round = 0; round < 300; round++)
        {
            DevicePolicy policy = RandomPolicy(random);
            ulong[] program = DeviceProgram.Compile(policy);
            for (int i = 0; i < 60; i++)
            {
                bool block = random.Next(2) == 0;
                uint major = (uint)random.Next(4), minor = (uint)random.Next(4);
                DeviceAccess access = (DeviceAccess)random.Next(1, 8);
                Assert.Equal(Allows(policy, block, major, minor, access), Bpf.Run(program, block, major, minor, (uint)access));
            }
        }
    }

    [Fact]
    public void A_denial_of_writing_catches_opening_for_both()
    {
        ulong[] program = DeviceProgram.Compile(AllBut(DevicePolicy.FromList("c 1:1 w\n")));
        Assert.True(Bpf.Run(program, false, 1, 1, (uint)DeviceAccess.Read));
        Assert.False(Bpf.Run(program, false, 1, 1, (uint)(DeviceAccess.Read | DeviceAccess.Write)));
    }

    [Fact]
    public void Numbers_above_two_to_the_31_match_themselves()
    {
        DevicePolicy policy = DevicePolicy.For([Deny(), Rule(true, "c", 0xF0000001, 0xFFFFFFFF, "r")], null);
        ulong[] program = DeviceProgram.Compile(policy);
        Assert.True(Bpf.Run(program, false, 0xF0000001, 0xFFFFFFFF, 2));
        Assert.False(Bpf.Run(program, false, 0x70000001, 0xFFFFFFFF, 2));
        Assert.Throws<BerthException>(() => DeviceProgram.Compile(DevicePolicy.For([Rule(true, "c", 0x1_0000_0000, 0, "r")], null)));
    }

    /// <summary>Everything but these exceptions.</summary>
    private static DevicePolicy AllBut(DevicePolicy exceptions)
    {
        DevicePolicy policy = new();
        policy.Reset(allow: true);
        foreach (DeviceException e in exceptions.Exceptions)
        {
            string line = e.ToString();
            policy.Take(Rule(false, e.IsBlock ? "b" : "c", e.Major, e.Minor, line[(line.LastIndexOf(' ') + 1)..]), 0);
        }
        return policy;
    }

    private static DevicePolicy RandomPolicy(Random random)
    {
        string list = "";
        for (int i = random.Next(6); i > 0; i--)
        {
            string major = random.Next(4) == 0 ? "*" : random.Next(4).ToString(), minor = random.Next(4) == 0 ? "*" : random.Next(4).ToString();
            string access = string.Concat("rwm".Where(_ => random.Next(2) == 0));
            if (access.Length > 0) list += $"{(random.Next(2) == 0 ? 'b' : 'c')} {major}:{minor} {access}\n";
        }
        DevicePolicy policy = DevicePolicy.FromList(list);
        return random.Next(2) == 0 ? policy : AllBut(policy);
    }

    private static bool Allows(DevicePolicy policy, bool block, uint major, uint minor, DeviceAccess access)
    {
        foreach (DeviceException e in policy.Exceptions)
        {
            if (e.IsBlock != block || e.Major >= 0 && e.Major != major || e.Minor >= 0 && e.Minor != minor) continue;
            if (policy.AllowsByDefault ? (access & e.Access) != 0 : (access & ~e.Access) == 0) return !policy.AllowsByDefault;
        }
        return policy.AllowsByDefault;
    }

    /// <summary>The few instructions the compiler uses, as the kernel executes them.</summary>
    private static class Bpf
    {
        public static bool Run(ulong[] program, bool block, uint major, uint minor, uint access)
        {
            uint[] context = [(access << 16) | (block ? 1u : 2u), major, minor];
            ulong[] r = new ulong[11];
            for (int pc = 0; ; pc++)
            {
                ulong word = program[pc];
                int to = (int)(word >> 8) & 15, from = (int)(word >> 12) & 15;
                short offset = (short)(word >> 16);
                uint value = (uint)(word >> 32);
                switch ((byte)word)
                {
                    case 0x61: r[to] = context[offset / 4]; break;
                    case 0x54: r[to] = (uint)r[to] & value; break;
                    case 0x74: r[to] = (uint)r[to] >> (int)value; break;
                    case 0xb4: r[to] = value; break;
                    case 0xbc: r[to] = (uint)r[from]; break;
                    case 0x56: if ((uint)r[to] != value) pc += offset; break;
                    case 0x16: if ((uint)r[to] == value) pc += offset; break;
                    case 0x5e: if ((uint)r[to] != (uint)r[from]) pc += offset; break;
                    case 0x95: return r[0] != 0;
                    default: throw new InvalidOperationException($"instruction {word:x}");
                }
            }
        }
    }
}
