// In a process of many threads, as the one that runs the tests, signals come through the pipe.
using Berth.Linux.Processes;

namespace Berth.Linux.Tests;

public sealed class SignalInboxTests
{
    // A real-time signal that nobody else in a test run uses.
    private const int Signal = 45;

    [Fact]
    public void Signals_are_numbers_to_be_taken_one_by_one()
    {
        using SignalInbox inbox = SignalInbox.Open(Signal);
        Assert.Equal(0, inbox.Take());
        Assert.True(Self.TrySignal(Self.ProcessId, Signal, out _));
        Span<PollEntry> entries = [new PollEntry { Fd = inbox.Descriptor.Number, Events = 1 }];
        Assert.Equal(1, Poll.Wait(entries, 10_000));
        Assert.Equal(Signal, inbox.Take());
        Assert.Equal(0, inbox.Take());
    }
}
