// The cache gives back what was put, and nothing that it cannot trust.
using System.Runtime.Versioning;
using Berth.Linux.Seccomp;

namespace Berth.Linux.Tests.Seccomp;

[SupportedOSPlatform("linux")]
public sealed class FilterCacheTests : IDisposable
{
    private readonly string _directory = Path.Combine(Path.GetTempPath(), "berth-" + Path.GetRandomFileName());
    private static readonly byte[] s_source = "{\"defaultAction\":\"SCMP_ACT_ERRNO\"}"u8.ToArray();

    private static readonly CompiledFilter s_filter = FilterCompiler.Compile(new()
    {
        DefaultAction = FilterAction.Trap,
        Rules = [new(["read"], FilterAction.Allow)],
        Flags = FilterFlags.LOG,
    });

    public void Dispose()
    {
        if (Directory.Exists(_directory)) Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void What_was_put_is_found_by_the_same_bytes_and_by_no_others()
    {
        FilterCache cache = new(_directory);
        Assert.Null(cache.TryGet(s_source));
        Assert.True(cache.TryPut(s_source, s_filter));
        CompiledFilter found = Assert.IsType<CompiledFilter>(cache.TryGet(s_source));
        Assert.Equal(s_filter.Instructions.ToArray(), found.Instructions.ToArray());
        Assert.Equal(FilterFlags.LOG, found.Flags);
        Assert.Null(cache.TryGet([.. s_source, (byte)' ']));
        Assert.Null(cache.TryGet([]));
        Assert.Null(cache.TryGet(s_source, variant: 1));
        Assert.True(cache.TryPut(s_source, s_filter, variant: 1));
        Assert.NotNull(cache.TryGet(s_source, variant: 1));
    }

    [Fact]
    public void The_directory_and_its_files_are_for_their_owner_only()
    {
        Assert.True(new FilterCache(_directory).TryPut(s_source, s_filter));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_directory));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Assert.Single(Directory.GetFiles(_directory))));
    }

    [Fact]
    public void A_file_with_any_byte_changed_or_missing_is_ignored_and_replaced()
    {
        FilterCache cache = new(_directory);
        cache.TryPut(s_source, s_filter);
        string path = Assert.Single(Directory.GetFiles(_directory));
        byte[] right = File.ReadAllBytes(path);
        for (int i = 0; i < right.Length; i++)
        {
            byte[] wrong = [.. right];
            wrong[i] ^= 0x10;
            File.WriteAllBytes(path, wrong);
            Assert.Null(cache.TryGet(s_source));
            File.WriteAllBytes(path, right[..i]);
            Assert.Null(cache.TryGet(s_source));
        }
        File.WriteAllBytes(path, [.. right, 0]);
        Assert.Null(cache.TryGet(s_source));
        Assert.True(cache.TryPut(s_source, s_filter));
        Assert.NotNull(cache.TryGet(s_source));
    }

    [Fact]
    public void A_file_that_others_may_write_or_that_is_a_link_is_ignored()
    {
        FilterCache cache = new(_directory);
        cache.TryPut(s_source, s_filter);
        string path = Assert.Single(Directory.GetFiles(_directory));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherWrite);
        Assert.Null(cache.TryGet(s_source));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.NotNull(cache.TryGet(s_source));
        File.Move(path, path + ".real");
        File.CreateSymbolicLink(path, path + ".real");
        Assert.Null(cache.TryGet(s_source));
    }

    [Fact]
    public void Nothing_is_put_into_a_directory_that_others_may_write()
    {
        Directory.CreateDirectory(_directory);
        File.SetUnixFileMode(_directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupWrite);
        Assert.False(new FilterCache(_directory).TryPut(s_source, s_filter));
        Assert.Empty(Directory.GetFiles(_directory));
    }

    [Fact]
    public void Without_a_parent_directory_nothing_is_put_and_nothing_thrown()
    {
        FilterCache cache = new(Path.Combine(_directory, "deeper"));
        Assert.False(cache.TryPut(s_source, s_filter));
        Assert.Null(cache.TryGet(s_source));
    }

    [Fact]
    public void The_oldest_files_are_dropped_beyond_the_capacity()
    {
        FilterCache cache = new(_directory, capacity: 3);
        for (byte i = 0; i < 5; i++)
        {
            cache.TryPut([i], s_filter);
            // Older than the next one by the clock of the file system, however coarse that is.
            foreach (string file in Directory.GetFiles(_directory)) File.SetLastWriteTimeUtc(file, File.GetLastWriteTimeUtc(file).AddHours(-1));
        }
        Assert.Equal([false, false, true, true, true], Enumerable.Range(0, 5).Select(i => cache.TryGet([(byte)i]) is not null));
    }
}
