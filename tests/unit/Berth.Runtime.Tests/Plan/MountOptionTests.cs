// Options of a mount, sorted out: what is a flag, what clears one, what is data.
using Berth.Linux.Programs;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Plan;

public sealed class MountOptionTests
{
    private static MountOptions Parse(params string[] options) => MountOptions.Parse(new MountSpec { Options = [.. options] });

    [Fact]
    public void Every_option_of_features_is_known()
    {
        foreach (string name in MountOptions.Names) Assert.True(MountOptions.Known(name) is not null, name);
    }

    [Fact]
    public void The_list_for_features_is_sorted() => Assert.Equal(MountOptions.Names.Order(StringComparer.Ordinal), MountOptions.Names);

    [Fact]
    public void The_later_of_two_opposites_wins()
    {
        Assert.Equal((MountFlags.None, MountFlags.ReadOnly), (Parse("ro", "rw").Flags, Parse("ro", "rw").Cleared));
        Assert.Equal((MountFlags.ReadOnly, MountFlags.None), (Parse("rw", "ro").Flags, Parse("rw", "ro").Cleared));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(false, "defaults")]
    [InlineData(false, "rslave", "rro", "idmap")]
    [InlineData(true, "ro")]
    [InlineData(true, "suid")]
    [InlineData(true, "norelatime")]
    [InlineData(true, "sync")]
    public void Only_options_of_flags_name_flags(bool names, params string[] options) => Assert.Equal(names, Parse([.. options, "bind"]).NamesFlags);

    [Theory]
    [InlineData(MountAttributes.None, "relatime")]
    [InlineData(MountAttributes.NoAccessTime, "noatime")]
    [InlineData(MountAttributes.NoAccessTime, "noatime", "relatime")]
    [InlineData(MountAttributes.StrictAccessTime, "noatime", "strictatime")]
    [InlineData(MountAttributes.None, "strictatime", "nostrictatime")]
    [InlineData(MountAttributes.NoDirectoryAccessTime, "nodiratime")]
    [InlineData(MountAttributes.ReadOnly | MountAttributes.NoSuid | MountAttributes.NoDev | MountAttributes.NoExec | MountAttributes.NoSymFollow, "ro", "nosuid", "nodev", "noexec", "nosymfollow")]
    public void Flags_become_attributes_as_mount_2_takes_them(MountAttributes attributes, params string[] options) => Assert.Equal(attributes, BindFlags.Attributes(Parse(options).Flags));

    [Fact]
    public void Access_times_stay_unless_they_are_named()
    {
        Assert.Equal(MountAttributes.None, BindFlags.Others(Parse("ro").Flags) & (MountAttributes.AccessTimeMask | MountAttributes.NoDirectoryAccessTime));
        Assert.Equal(MountAttributes.None, BindFlags.Others(Parse("atime").Flags) & MountAttributes.AccessTimeMask);
        Assert.Equal(MountAttributes.AccessTimeMask, BindFlags.Others(Parse("relatime").Flags) & MountAttributes.AccessTimeMask);
    }

    [Fact]
    public void What_is_not_set_is_cleared() =>
        Assert.Equal(MountAttributes.NoSuid | MountAttributes.NoDev | MountAttributes.NoExec | MountAttributes.NoSymFollow, BindFlags.Others(Parse("ro").Flags));

    [Theory]
    [InlineData("rro", MountAttributes.ReadOnly, MountAttributes.None)]
    [InlineData("rrw", MountAttributes.None, MountAttributes.ReadOnly)]
    [InlineData("rnoatime", MountAttributes.NoAccessTime, MountAttributes.AccessTimeMask)]
    [InlineData("rstrictatime", MountAttributes.StrictAccessTime, MountAttributes.AccessTimeMask)]
    [InlineData("rrelatime", MountAttributes.None, MountAttributes.AccessTimeMask)]
    [InlineData("rnorelatime", MountAttributes.None, MountAttributes.AccessTimeMask)]
    [InlineData("rnodiratime", MountAttributes.NoDirectoryAccessTime, MountAttributes.None)]
    public void Recursive_options_set_and_clear(string option, MountAttributes set, MountAttributes clear) => Assert.Equal((set, clear), (Parse(option).TreeSet, Parse(option).TreeClear));

    [Fact]
    public void The_later_of_two_recursive_access_times_wins()
    {
        MountOptions options = Parse("rnoatime", "rstrictatime");
        Assert.Equal((MountAttributes.StrictAccessTime, MountAttributes.AccessTimeMask), (options.TreeSet, options.TreeClear));
    }

    [Fact]
    public void What_is_no_option_of_ours_is_data_for_the_file_system() =>
        Assert.Equal([("size", "1m"), ("noswap", null), ("acl", null)], Parse("size=1m", "ro", "noswap", "acl").Data);

    [Fact]
    public void A_mapping_inside_the_option_is_read()
    {
        MountOptions options = Parse("idmap=uids=0-1000-10;gids=0-2000-10");
        (List<IdMapping> uids, List<IdMapping> gids) = MountOptions.ParseIdMap(options.IdMapText!, null);
        Assert.Equal((1000u, 2000u), (Assert.Single(uids).HostId, Assert.Single(gids).HostId));
    }
}
