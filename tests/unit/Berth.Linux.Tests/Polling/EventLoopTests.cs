// One thread's loop: watches that are closed, alarms that are cancelled, handlers that fail.
using Berth.Linux.Files;
using Berth.Linux.Polling;
using Berth.Linux.Sockets;

namespace Berth.Linux.Tests;

public sealed class EventLoopTests
{
    [Fact]
    public void Alarms_come_in_order_and_cancelled_ones_not_at_all()
    {
        using EventLoop loop = new();
        List<int> seen = [];
        loop.After(3, () =>
        {
            seen.Add(3);
            loop.Stop();
        });
        loop.After(1, () => seen.Add(1));
        loop.After(2, () => seen.Add(2)).Cancel();
        Assert.True(loop.Run(10_000));
        Assert.Equal([1, 3], seen);
    }

    [Fact]
    public void A_loop_that_is_stopped_before_it_sleeps_does_not_sleep()
    {
        using EventLoop loop = new();
        loop.BeforeSleep = loop.Stop;
        loop.Run();
    }

    [Fact]
    public void Removing_a_watch_late_leaves_the_one_that_has_its_number_now()
    {
        using EventLoop loop = new();
        (Fd first, Fd firstWrite) = KernelPath.Pipe(nonBlocking: true);
        (Fd second, Fd secondWrite) = KernelPath.Pipe(nonBlocking: true);
        // Other tests open files at the same time, and one of them may be quicker.
        for (int attempt = 0; ; attempt++)
        {
            Fd passing = first.Duplicate();
            Watch old = loop.Look(passing, Readiness.Read, _ => { });
            int number = passing.Number;
            passing.Dispose();
            using Fd again = second.DuplicateAbove(number);
            if (again.Number != number && attempt < 100)
            {
                old.Remove();
                continue;
            }
            Assert.Equal(number, again.Number);
            bool came = false;
            Watch fresh = loop.Look(again, Readiness.Read, _ => came = true);
            old.Remove();
            FdIo.TryWrite(secondWrite, "x"u8, out _);
            loop.Once();
            Assert.True(came);
            fresh.Remove();
            break;
        }
        foreach (Fd fd in (Fd[])[first, firstWrite, second, secondWrite]) fd.Dispose();
    }

    [Fact]
    public void One_handlers_fault_is_borne_where_somebody_bears_it()
    {
        using EventLoop loop = new();
        (Fd read, Fd write) = KernelPath.Pipe(nonBlocking: true);
        Watch watch = loop.Look(read, Readiness.Read, _ => throw new LinuxException("test", null, Errno.EIO));
        FdIo.TryWrite(write, "x"u8, out _);
        Assert.Throws<LinuxException>(() => loop.Once());
        List<Exception> borne = [];
        loop.Failed = e =>
        {
            borne.Add(e);
            return true;
        };
        loop.Once();
        watch.Remove();
        loop.After(0, () => throw new LinuxException("alarm", null, Errno.EIO));
        loop.Once();
        Assert.Equal(2, borne.Count);
        read.Dispose();
        write.Dispose();
    }

    [Fact]
    public void A_socket_has_the_mode_that_was_asked_for_and_nobody_is_waited_for()
    {
        string folder = Directory.CreateTempSubdirectory("berth-socket-").FullName;
        string path = $"{folder}/{new string('d', 100)}/s";
        KernelPath.MakeDirectory(Path.GetDirectoryName(path)!, 0x1C0);
        Assert.Null(UnixSocket.TryConnect(path, out Errno errno));
        Assert.Equal(Errno.ENOENT, errno);
        using (Fd listener = UnixSocket.Bind(SocketKind.Stream, path, 0x1B6, backlog: 0))
        {
            Assert.Equal(0xC1B6u, KernelPath.Facts(path)!.Value.Mode);
            Assert.Null(UnixSocket.TryAccept(listener, out errno));
            Assert.Equal(Errno.EAGAIN, errno);
            using Fd? first = UnixSocket.TryConnect(path, out errno);
            Assert.NotNull(first);
            // One more than may wait.
            using Fd? second = UnixSocket.TryConnect(path, out errno);
            Assert.Equal((true, Errno.EAGAIN), (second is null, errno));
            using Fd? accepted = UnixSocket.TryAccept(listener, out errno);
            Assert.NotNull(accepted);
        }
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_datagram_to_nowhere_is_an_answer_and_no_exception()
    {
        using Fd socket = UnixSocket.New(SocketKind.Datagram);
        Assert.False(UnixSocket.TrySendTo(socket, $"/nowhere/{new string('d', 200)}/s", "x"u8, out Errno errno));
        Assert.Equal(Errno.ENOENT, errno);
    }
}
