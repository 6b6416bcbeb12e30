// The rows of the crash matrix that every role has: who dies, stops or fills up, and what has to be true afterwards.
namespace Berth.SystemTests.Crash;

/// <summary>
/// A container counts at full speed while something above or below it fails. It lives on, its log has each line once, its exit
/// code is found, and nothing is left behind. Derived classes are the columns: the roles in which a container is kept.
/// </summary>
public abstract class CrashMatrix : IDisposable
{
    /// <summary>Ends what a failed test has left.</summary>
    protected abstract void Dispose(bool disposing);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>How long a client does not read: a minute in the long run.</summary>
    protected static TimeSpan Idleness { get; } = TimeSpan.FromSeconds(Environment.GetEnvironmentVariable("BERTH_SOAK") is { Length: > 0 } ? 60 : 2);

    /// <summary>A container that is started, and waits to be told to count.</summary>
    protected abstract Kept Start(Wishes? wishes = null);

    /// <summary>Kills whatever stands above the keeper, while it counts.</summary>
    protected abstract void KillEngine(Kept kept);

    /// <summary>Puts the engine where it was again.</summary>
    protected abstract void RestartEngine();

    /// <summary>Somebody reads the log as it grows; he dies when the result is disposed of.</summary>
    protected abstract IDisposable ReadLog(Kept kept);

    /// <summary>A container with a client of its streams, who reads until he is told to rest; afterwards all that he got is judged.</summary>
    protected abstract (Kept Kept, IRestingClient Client) StartWithClient();

    /// <summary>Has the engine create a container, kills the runtime there, and asserts that the engine hears of it; then takes away what there is.</summary>
    protected abstract void CreateWhileTheRuntimeIsKilled(KillPoint point);

    /// <summary>After its keeper was killed: what the engine finds, and how it gets rid of it.</summary>
    protected abstract void Repair(Kept kept);

    [Fact]
    public void Nothing_happens()
    {
        Kept kept = Counting();
        kept.EndsWell();
    }

    [Fact]
    public void The_engine_is_killed()
    {
        Kept kept = Counting();
        KillEngine(kept);
        Assert.True(kept.IsAlive);
        kept.AwaitMore();
        RestartEngine();
        kept.EndsWell();
    }

    [Fact]
    public void The_container_ends_while_there_is_no_engine()
    {
        Kept kept = Counting();
        KillEngine(kept);
        kept.AwaitMore();
        kept.Counter.Stop();
        Until.True(() => !kept.IsAlive, "the program ends");
        RestartEngine();
        kept.EndsWell();
    }

    [Fact]
    public void A_reader_of_the_log_is_killed()
    {
        Kept kept = Counting();
        using (ReadLog(kept)) kept.AwaitMore();
        Assert.True(kept.IsAlive);
        kept.AwaitMore();
        kept.EndsWell();
    }

    [Fact]
    public void A_client_does_not_read_for_long()
    {
        (Kept kept, IRestingClient client) = StartWithClient();
        using IRestingClient held = client;
        kept.Counter.Go();
        client.AwaitMore();
        client.Rest();
        long until = Environment.TickCount64 + (long)Idleness.TotalMilliseconds;
        Until.True(() => Environment.TickCount64 > until, "a while has passed", Idleness * 2);
        Assert.True(kept.IsAlive);
        client.GoOn();
        client.AwaitMore();
        kept.Counter.Stop();
        client.JudgeAll(kept.Counter);
        client.Dispose();
        kept.EndsWell();
    }

    [Fact]
    public void The_keeper_stops_for_a_while()
    {
        Kept kept = Counting();
        Native.Kill(kept.Keeper, Processes.Stop);
        Until.True(() => Processes.State(kept.Keeper) == 'T', "the keeper has stopped");
        // Its pipe is full: it waits in its write.
        Until.True(() => Processes.State(kept.Pid) == 'S', "the program waits");
        Native.Kill(kept.Keeper, Processes.Continue);
        kept.AwaitMore();
        kept.EndsWell();
    }

    [Fact]
    public void The_disk_of_the_log_is_full_for_a_while()
    {
        using Disk disk = new(roomy: 96 << 20);
        disk.Fill(leaving: 1 << 20);
        // About 2.2 MB of log: what does not fit is less than anybody who keeps it must be able to keep.
        Kept kept = Start(new Wishes { LogFolder = disk.Path, First = 16_000 });
        kept.Counter.Go();
        Until.True(() => disk.IsFull, "the disk is full");
        Assert.True(kept.IsAlive);
        disk.Free();
        kept.Counter.GoOn();
        kept.AwaitMore();
        kept.EndsWell();
    }

    [Theory]
    [InlineData(KillPoint.Before)]
    [InlineData(KillPoint.After)]
    [InlineData(KillPoint.Between)]
    public void The_runtime_is_killed_while_it_creates(KillPoint point) => CreateWhileTheRuntimeIsKilled(point);

    [Fact]
    public void The_keeper_is_killed()
    {
        Kept kept = Counting();
        Native.Kill(kept.Keeper, Processes.Kill);
        Until.True(() => !Processes.Lives(kept.Keeper), "the keeper is gone");
        Repair(kept);
        Until.True(() => !kept.IsAlive, "the program is gone");
        kept.NothingIsLeft();
    }

    /// <summary>A container that counts, and has logged some.</summary>
    protected Kept Counting(Wishes? wishes = null)
    {
        Kept kept = Start(wishes);
        kept.Counter.Go();
        kept.AwaitMore();
        return kept;
    }

    /// <summary>A little time that is another each time: a place in the middle of something.</summary>
    protected static void WaitByChance(int mostMilliseconds)
    {
        long until = Environment.TickCount64 + Random.Shared.Next(mostMilliseconds + 1);
        while (Environment.TickCount64 < until) Thread.SpinWait(1000);
    }
}

/// <summary>Somebody who reads what a container prints, or does not.</summary>
public interface IRestingClient : IDisposable
{
    /// <summary>Waits until more has come.</summary>
    void AwaitMore();

    /// <summary>Reads no more.</summary>
    void Rest();

    /// <summary>Reads again.</summary>
    void GoOn();

    /// <summary>Reads to the end, and asserts that nothing was lost on the way.</summary>
    void JudgeAll(Counter counter);
}
