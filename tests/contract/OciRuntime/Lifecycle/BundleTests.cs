// RT-01, RT-09: what a bundle is, and what in its configuration is an error.
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Lifecycle;

[Row("RT-01")]
public sealed class BundleTests : ContainerTest
{
    [Fact]
    public void Run_executes_the_program_of_the_bundle() => Shell("echo hello").Says("hello");

    [Fact]
    public void Short_option_b_names_the_bundle() =>
        Dock.Write(config => config.Shell("echo short")).Call("run", "-b", Dock.Bundle, Id).Succeeded().Says("short");

    [Fact]
    public void Without_an_option_the_bundle_is_the_current_folder() =>
        Dock.Write(config => config.Shell("echo here")).Command("run", Id).In(Dock.Bundle).Run().Succeeded().Says("here");

    [Fact]
    public void A_relative_bundle_is_taken_from_the_current_folder() =>
        Dock.Write(config => config.Shell("echo relative")).Command("run", "--bundle", "bundle", Id).In(Dock.Folder).Run().Succeeded().Says("relative");

    [Fact]
    public void A_root_path_may_be_absolute() =>
        Run(config => config.Shell("echo absolute").Set("root.path", Dock.Root)).Succeeded().Says("absolute");

    [Fact]
    public void A_root_path_may_leave_the_bundle()
    {
        Dock.Write();
        Directory.Move(Dock.Root, $"{Dock.Folder}/elsewhere");
        Run(config => config.Shell("echo outside").Set("root.path", "../elsewhere")).Succeeded().Says("outside");
    }

    [Fact]
    public void A_root_that_does_not_exist_is_an_error_that_names_it()
    {
        Run(config => config.Set("root.path", "nowhere")).Failed().Explains("nowhere");
        IsGone();
    }

    [Fact]
    public void A_folder_without_config_is_an_error_that_names_the_file()
    {
        Call("run", "--bundle", Dock.NewFolder("empty"), Id).Failed().Explains("config.json");
        IsGone();
    }

    [Fact]
    public void A_config_that_is_not_json_is_an_error()
    {
        Dock.Write();
        File.WriteAllText($"{Dock.Bundle}/config.json", "{ \"ociVersion\": ");
        Call("run", "--bundle", Dock.Bundle, Id).Failed().Explains("config.json");
        IsGone();
    }

    [Fact]
    public void A_config_without_process_cannot_be_run()
    {
        Run(config => config.Remove("process")).Failed().Explains("process");
        IsGone();
    }

    [Fact]
    public void Empty_arguments_are_an_error()
    {
        Run(config => config.Args()).Failed().Explains("args");
        IsGone();
    }

    [Theory]
    [InlineData("2.0.0")]
    [InlineData("99.1.0")]
    public void A_major_version_of_the_future_is_refused(string version)
    {
        Run(config => config.Set("ociVersion", version)).Failed().Explains(version);
        IsGone();
    }

    [Theory]
    [InlineData("1.0.0")]
    [InlineData("1.0.2-dev")]
    [InlineData("1.3.0")]
    public void Versions_of_the_first_major_are_accepted(string version) => Run(config => config.Set("ociVersion", version)).Succeeded();

    [Fact]
    [Row("RT-09")]
    public void Unknown_members_are_ignored() =>
        Run(config => config.Shell("echo fine")
            .Set("x-unknown", true)
            .SetJson("process.x-unknown", """{"a":[1,2,{"b":null}]}""")
            .Set("linux.x-unknown", "text")
            .SetJson("windows", """{"layerFolders":["C:\\x"]}""")).Succeeded().Says("fine");

    [Theory]
    [Row("RT-09")]
    [InlineData("linux.namespaces", """[{"type":"mount"},{"type":"no-such"}]""", "no-such")]
    [InlineData("linux.rootfsPropagation", "\"sideways\"", "sideways")]
    [InlineData("process.rlimits", """[{"type":"RLIMIT_NO_SUCH","soft":1,"hard":1}]""", "RLIMIT_NO_SUCH")]
    [InlineData("linux.seccomp", """{"defaultAction":"SCMP_ACT_NO_SUCH"}""", "SCMP_ACT_NO_SUCH")]
    [InlineData("linux.namespaces", """[{"type":"mount"},{"type":"pid"},{"type":"pid"}]""", "pid")]
    [InlineData("process.args", "\"not a list\"", "args")]
    [InlineData("process.user.uid", "\"zero\"", "uid")]
    public void Required_values_that_are_not_understood_are_refused(string path, string value, string named)
    {
        Run(config => config.SetJson(path, value)).Failed().Explains(named);
        IsGone();
    }

    [Fact]
    [Row("RT-09")]
    public void A_duplicated_member_does_not_confuse_the_reader()
    {
        Dock.Write(config => config.Shell("echo second"));
        string path = $"{Dock.Bundle}/config.json";
        File.WriteAllText(path, "{\"hostname\":\"first\"," + File.ReadAllText(path).TrimStart()[1..]);
        Call("run", "--bundle", Dock.Bundle, Id).Succeeded().Says("second");
    }
}
