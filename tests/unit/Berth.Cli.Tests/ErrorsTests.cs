// The catalogue of faults: what is thrown is explained, what is explained is thrown, and docs/errors.md says it.
using System.Reflection;
using Berth.Cli.Commands;
using Berth.Engine.Diagnosis;
using Berth.Oci.Faults;

namespace Berth.Cli.Tests;

public sealed class ErrorsTests
{
    private static readonly string s_checkout = FindCheckout();

    private static Dictionary<string, string> Constants() => typeof(FaultCode).GetFields(BindingFlags.Public | BindingFlags.Static).ToDictionary(static field => (string)field.GetRawConstantValue()!, static field => field.Name);

    [Fact]
    public void Every_code_and_every_kind_has_an_entry_and_nothing_else_has() =>
        Assert.Equal(Constants().Keys.Concat(Enum.GetValues<Fault>().Select(FaultCatalogue.CodeOf)).Distinct().Order(), FaultCatalogue.All.Select(static entry => entry.Code).Order());

    [Fact]
    public void Every_code_is_given_to_some_fault()
    {
        string sources = string.Concat(Directory.EnumerateFiles(Path.Combine(s_checkout, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(static file => !file.EndsWith("FaultCatalogue.Table.cs", StringComparison.Ordinal)).Select(File.ReadAllText));
        Assert.Equal([], Constants().Values.Where(name => !sources.Contains("FaultCode." + name, StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_entry_says_what_it_means_what_it_comes_from_and_what_helps() =>
        Assert.Equal([], FaultCatalogue.All.Where(static entry => !entry.Meaning.EndsWith('.') || entry.Causes.Count == 0 || entry.Cures.Count == 0).Select(static entry => entry.Code));

    [Fact]
    public void The_page_is_what_the_command_prints()
    {
        string path = Path.Combine(s_checkout, "docs", "errors.md"), text = Errors.Markdown(FaultCatalogue.All);
        if (Environment.GetEnvironmentVariable("BERTH_ACCEPT") is not null) File.WriteAllText(path, text);
        Assert.Equal(File.ReadAllText(path), text);
    }

    [Fact]
    public void A_code_is_that_of_the_fault_of_its_cause_or_of_its_kind()
    {
        BerthException taken = new(Fault.Conflict, "taken") { Code = FaultCode.PortTaken };
        Assert.Equal("port-taken", FaultCatalogue.CodeOf(taken));
        Assert.Equal("port-taken", FaultCatalogue.CodeOf(new BerthException(Fault.Failed, "around it", inner: taken)));
        Assert.Equal("disk-full", FaultCatalogue.CodeOf(new BerthException(Fault.Failed, "write", inner: new IOException("full", 28))));
        Assert.Equal("conflict", FaultCatalogue.CodeOf(new BerthException(Fault.Conflict, "plain")));
        Assert.Equal("failed", FaultCatalogue.CodeOf(new InvalidOperationException()));
    }

    private static string FindCheckout()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Berth.slnx"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("the tests do not lie in a checkout");
    }
}
