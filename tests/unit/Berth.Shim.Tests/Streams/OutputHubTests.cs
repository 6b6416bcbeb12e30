// Output read once and handed to many, some of whom go, stop or have enough.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Shim.Streams;

namespace Berth.Shim.Tests.Streams;

public sealed class OutputHubTests : IDisposable
{
    private readonly Scene _scene = new();
    private readonly OutputHub _hub;
    private readonly Fd _write;
    private readonly Fd _read;

    public OutputHubTests()
    {
        _hub = new OutputHub(_scene.Loop);
        (_read, _write) = KernelPath.Pipe(nonBlocking: true);
        _hub.Open(StandardStream.Output, _read);
    }

    public void Dispose()
    {
        _hub.Dispose();
        _write.Dispose();
        _scene.Dispose();
    }

    [Fact]
    public void A_sink_may_remove_itself_while_it_is_written_to()
    {
        RecordingSink first = new(), going = new(), last = new();
        going.OnWrite = () => _hub.Remove(going);
        _hub.Add(first);
        _hub.Add(going);
        _hub.Add(last);
        FdIo.TryWrite(_write, "a"u8, out _);
        _scene.Settle();
        FdIo.TryWrite(_write, "b"u8, out _);
        _scene.Settle();
        Assert.Equal(("ab", "a", "ab"), (first.Text, going.Text, last.Text));
    }

    [Fact]
    public void Nothing_is_read_while_a_sink_is_full_and_no_round_is_made_for_nothing()
    {
        RecordingSink sink = new() { IsFull = true };
        _hub.Add(sink);
        FdIo.TryWrite(_write, "a"u8, out _);
        _scene.Settle();
        FdIo.TryWrite(_write, "b"u8, out _);
        // Nor when the other end is closed.
        _write.Dispose();
        Assert.Equal(0, _scene.Settle());
        Assert.Equal("a", sink.Text);
        sink.IsFull = false;
        _hub.Resume();
        _scene.Settle();
        Assert.Equal("ab", sink.Text);
        Assert.False(_hub.IsOpen);
    }

    [Fact]
    public void Draining_ends_though_somebody_else_goes_on_writing()
    {
        RecordingSink sink = new() { IsFull = true };
        // Another process that has the pipe, and never stops.
        sink.OnWrite = () => FdIo.TryWrite(_write, new byte[64 * 1024], out _);
        _hub.Add(sink);
        FdIo.TryWrite(_write, new byte[64 * 1024], out _);
        _hub.Drain();
        Assert.InRange(sink.Length, 64 * 1024, 2 * 1024 * 1024);
        Assert.Equal(2, sink.Completed);
    }

    [Fact]
    public void A_closed_descriptor_is_nobodys_number()
    {
        (Fd read, Fd write) = KernelPath.Pipe();
        read.Dispose();
        write.Dispose();
        // By now the number may be that of a file which somebody else has opened.
        Assert.Equal(-1, read.Number);
        Assert.Equal(-1, FdIo.TryRead(read, new byte[1], out Errno errno));
        Assert.Equal(Errno.EBADF, errno);
    }

    [Fact]
    public void Input_that_a_program_does_not_read_yet_arrives_in_order()
    {
        (Fd read, Fd write) = KernelPath.Pipe(nonBlocking: true);
        using InputPipe input = new(_scene.Loop);
        input.Write("first "u8);
        input.Write(new byte[200_000]);
        Assert.True(input.IsFull);
        input.Open(write);
        input.Close();
        int total = 0;
        byte[] buffer = new byte[4096];
        _scene.Until(() =>
        {
            int n;
            while ((n = FdIo.TryRead(read, buffer, out _)) > 0)
            {
                if (total == 0) Assert.StartsWith("first ", System.Text.Encoding.ASCII.GetString(buffer), StringComparison.Ordinal);
                total += n;
            }
            return n == 0;
        });
        Assert.Equal(200_006, total);
        read.Dispose();
    }

    [Fact]
    public void Input_opened_after_its_end_closes_what_it_is_given()
    {
        InputPipe input = new(_scene.Loop);
        input.Dispose();
        (Fd read, Fd write) = KernelPath.Pipe(nonBlocking: true);
        input.Open(write);
        Assert.True(write.IsClosed);
        Assert.Equal(0, FdIo.TryRead(read, new byte[1], out _));
        read.Dispose();
    }

    [Fact]
    public void Two_terminals_at_a_time_are_awaited_at_two_places()
    {
        using ConsoleSocket one = new(_scene.Loop, _scene.Folder, static _ => { });
        using ConsoleSocket two = new(_scene.Loop, _scene.Folder, static _ => { });
        Assert.NotEqual(one.Path, two.Path);
        two.Dispose();
        Assert.True(File.Exists(one.Path));
    }

    [Fact]
    public void What_a_full_fifo_does_not_take_is_passed_on_later()
    {
        string path = $"{_scene.Folder}/fifo";
        KernelPath.MakeFifo(path, 0x180);
        FileSink sink = FileSink.Open(_scene.Loop, path, StandardStream.Output);
        using Fd reader = KernelPath.Open(path, 0x800);
        sink.Write(StandardStream.Error, "not this"u8);
        sink.Write(StandardStream.Output, new byte[200_000]);
        sink.Complete(StandardStream.Output);
        Assert.True(sink.IsFull);
        int total = 0;
        byte[] buffer = new byte[4096];
        _scene.Until(() =>
        {
            total += Math.Max(0, FdIo.TryRead(reader, buffer, out _));
            return sink.IsClosed;
        });
        while (FdIo.TryRead(reader, buffer, out _) is > 0 and int n) total += n;
        Assert.Equal(200_000, total);
    }

    [Fact]
    public void A_reader_that_comes_after_the_end_still_finds_everything()
    {
        string path = $"{_scene.Folder}/fifo";
        KernelPath.MakeFifo(path, 0x180);
        FileSink sink = FileSink.Open(_scene.Loop, path, StandardStream.Output);
        sink.Write(StandardStream.Output, "late"u8);
        sink.Complete(StandardStream.Output);
        Assert.False(sink.IsClosed);
        using Fd reader = KernelPath.Open(path, 0x800);
        _scene.Until(() => sink.IsClosed);
        byte[] buffer = new byte[16];
        Assert.Equal(4, FdIo.TryRead(reader, buffer, out _));
        Assert.Equal(0, FdIo.TryRead(reader, buffer, out _));
    }

    [Fact]
    public void A_reader_that_was_there_and_went_is_not_waited_for()
    {
        string path = $"{_scene.Folder}/fifo";
        KernelPath.MakeFifo(path, 0x180);
        Fd reader = KernelPath.Open(path, 0x800);
        FileSink sink = FileSink.Open(_scene.Loop, path, StandardStream.Output);
        reader.Dispose();
        sink.Write(StandardStream.Output, "unread"u8);
        sink.Complete(StandardStream.Output);
        Assert.True(sink.IsClosed);
    }
}
