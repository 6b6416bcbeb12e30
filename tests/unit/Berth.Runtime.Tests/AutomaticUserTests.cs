// Whose ids a user namespace gets that nobody asked for.
using Berth.Linux.Processes;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Bundles;

namespace Berth.Runtime;

public sealed class AutomaticUserTests
{
    private static string Maps(uint inside, uint own, (uint, uint)? lent) =>
        string.Join(' ', AutomaticUsers.Map(inside, own, lent).Select(static m => $"{m.ContainerId}-{m.HostId}-{m.Size}"));

    [Theory]
    [InlineData(0u, "0-1000-1 1-100000-65536")]
    [InlineData(5u, "0-100000-5 5-1000-1 6-100005-65531")]
    [InlineData(65536u, "0-100000-65536 65536-1000-1")]
    [InlineData(70000u, "0-100000-65536 70000-1000-1")]
    public void The_caller_is_the_programs_user_and_lent_ids_are_the_others(uint inside, string maps) => Assert.Equal(maps, Maps(inside, 1000, (100000, 65536)));

    [Fact]
    public void Without_lent_ids_there_is_one() => Assert.Equal("7-1000-1", Maps(7, 1000, null));

    [Theory]
    [InlineData("root:1:2\nme:100:200\nme:7:8\n", 100u, 200u)]
    [InlineData("# me:1:1\n1000:100:200\n", 100u, 200u)]
    public void The_first_range_of_the_name_or_the_number_counts(string file, uint first, uint count) => Assert.Equal((first, count), LentIds.Range(file, "me", "1000"));

    [Theory]
    [InlineData("")]
    [InlineData("you:100:200")]
    [InlineData("me:100:0")]
    [InlineData("me:100")]
    [InlineData("me:-1:5")]
    public void Lines_that_say_nothing_lend_nothing(string file) => Assert.Null(LentIds.Range(file, "me", "1000"));

    [Fact]
    public void Whoever_asked_for_users_gets_what_he_asked_for()
    {
        Spec spec = new() { Linux = new LinuxSpec { Namespaces = [new NamespaceSpec { Type = "user", Path = "/proc/1/ns/user" }] } };
        Assert.False(AutomaticUsers.AddTo(spec));
        Assert.Null(spec.Linux.UidMappings);
    }
}
