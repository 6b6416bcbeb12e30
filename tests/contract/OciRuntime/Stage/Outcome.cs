// How a command ended, and everything it said, for assertions and for the reader of a failed one.
using System.Text.Json.Nodes;

namespace Berth.Contract.OciRuntime.Stage;

/// <summary>The end of a command.</summary>
/// <param name="Words">The command line.</param>
/// <param name="ExitCode">Exit code; 128+n when signal n ended it.</param>
/// <param name="OutputFile">Where its standard output goes, also after it ended (detached containers keep writing).</param>
/// <param name="ErrorFile">Where its standard error goes.</param>
public sealed record Outcome(string Words, int ExitCode, string OutputFile, string ErrorFile)
{
    /// <summary>Standard output as of now.</summary>
    public string Output => File.ReadAllText(OutputFile);

    /// <summary>Standard error as of now.</summary>
    public string Error => File.ReadAllText(ErrorFile);

    /// <summary>Standard output without white space at its ends.</summary>
    public string Text => Output.Trim();

    /// <summary>Standard output in lines.</summary>
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Standard output as JSON.</summary>
    public JsonNode Json => JsonNode.Parse(Output) ?? throw new FormatException($"{this} printed null");

    /// <summary>Asserts exit code 0.</summary>
    public Outcome Succeeded() => Exited(0);

    /// <summary>Asserts an exit code.</summary>
    public Outcome Exited(int code)
    {
        Assert.True(ExitCode == code, $"expected exit code {code} of {this}");
        return this;
    }

    /// <summary>Asserts that it did not succeed, and said something about it.</summary>
    public Outcome Failed()
    {
        Assert.True(ExitCode != 0, $"expected a failure of {this}");
        return this;
    }

    /// <summary>Asserts that standard error has the text (case aside); the words are our promise, so only our runtime is held to them.</summary>
    public Outcome Explains(params string[] texts)
    {
        if (!RuntimeUnderTest.Current.IsOurs) return this;
        foreach (string text in texts) Assert.True(Error.Contains(text, StringComparison.OrdinalIgnoreCase), $"expected '{text}' in the error of {this}");
        return this;
    }

    /// <summary>Asserts the whole standard output, white space at its ends aside.</summary>
    public Outcome Says(string text)
    {
        Assert.True(Text == text, $"expected output '{text}' of {this}");
        return this;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Words}\nexit code {ExitCode}\nstdout: {Output}\nstderr: {Error}";
}
