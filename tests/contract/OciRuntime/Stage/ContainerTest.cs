// What every test of the suite stands on: a dock of its own, and short words for what is done with it.
using System.Text.Json.Nodes;

namespace Berth.Contract.OciRuntime.Stage;

/// <summary>A test with a dock; after it, nothing of the dock may be left.</summary>
public abstract class ContainerTest : IDisposable
{
    /// <summary>A program that ends when it is asked to, and says when it is ready to be asked.</summary>
    protected const string Obedient = "trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done";

    /// <summary>Skips what the runtime under test is known to lack, before anything is made.</summary>
    protected ContainerTest()
    {
        Gaps.SkipKnown();
        Dock = new Dock();
    }

    /// <summary>The test's own place.</summary>
    protected Dock Dock { get; }

    /// <summary>The id of the test's container.</summary>
    protected string Id => Dock.Id;

    /// <summary>The runtime that is judged.</summary>
    protected static RuntimeUnderTest Runtime => RuntimeUnderTest.Current;

    /// <summary>Runs a container in the foreground.</summary>
    protected Outcome Run(Action<Config> edit) => Dock.Run(edit);

    /// <summary>Runs a shell script in a plain container in the foreground, and expects it to succeed.</summary>
    protected Outcome Shell(string script, Action<Config>? edit = null) => Dock.Run(config =>
    {
        config.Shell(script);
        edit?.Invoke(config);
    }).Succeeded();

    /// <summary>Starts a container that stays, and waits until its program runs.</summary>
    protected Outcome Started(Action<Config>? edit = null)
    {
        Outcome outcome = Dock.Start(config =>
        {
            config.Shell(Obedient);
            edit?.Invoke(config);
        });
        if (outcome.ExitCode == 0) Until.FileHas(outcome.OutputFile, "ready");
        return outcome;
    }

    /// <summary>Calls the runtime.</summary>
    protected Outcome Call(params string[] words) => Dock.Call(words);

    /// <summary>Executes in the container.</summary>
    protected Outcome Exec(params string[] words) => Dock.Exec(words);

    /// <summary>Executes a shell script in the container.</summary>
    protected Outcome ExecShell(string script) => Dock.Exec("/bin/sh", "-c", script);

    /// <summary>The state document.</summary>
    protected JsonNode State() => Dock.State();

    /// <summary>Asserts that there is no such container.</summary>
    protected void IsGone(string? id = null) => Call("state", id ?? Id).Failed();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the dock.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing) Dock.Dispose();
    }
}
