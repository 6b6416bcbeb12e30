// What runtimes say, as kinds of faults.
using Berth.Engine.Keeping;
using Berth.Oci.Faults;

namespace Berth.Engine.Tests.Containers;

public sealed class RuntimeFaultTests
{
    [Theory]
    [InlineData("OCI runtime create failed: berth-runtime create failed: exec: \"x\": executable file not found in $PATH: no such file or directory; hint: PATH inside is /bin", Fault.CommandNotFound, "cannot start container web: exec: \"x\": executable file not found in $PATH: no such file or directory")]
    [InlineData("OCI runtime create failed: runc create failed: unable to start container process: exec: \"/x\": stat /x: no such file or directory", Fault.CommandNotFound, "cannot start container web: exec: \"/x\": stat /x: no such file or directory")]
    [InlineData("OCI runtime create failed: executable file `x` not found in $PATH: No such file or directory", Fault.CommandNotFound, "cannot start container web: executable file `x` not found in $PATH: No such file or directory")]
    [InlineData("OCI runtime create failed: open executable: Permission denied", Fault.CommandNotExecutable, "cannot start container web: open executable: Permission denied")]
    [InlineData("OCI runtime create failed: runc create failed: unable to start container process: exec: \"/\": permission denied", Fault.CommandNotExecutable, "cannot start container web: exec: \"/\": permission denied")]
    [InlineData("OCI runtime create failed: mount /proc: permission denied", Fault.Failed, "cannot start container web: mount /proc: permission denied")]
    public void A_command_that_is_missing_is_told_from_one_that_cannot_be_executed(string said, Fault kind, string words)
    {
        BerthException fault = RuntimeFaults.Of(new BerthException(Fault.Failed, said), "start container web");
        Assert.Equal((kind, words), (fault.Kind, fault.Message));
    }

    [Fact]
    public void A_hint_stays_one() => Assert.Equal("try y", RuntimeFaults.Of(new BerthException(Fault.Failed, "x; hint: try y"), "do it").Hint);
}
