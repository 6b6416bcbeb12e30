// Session, keyring, host and domain name.
using Berth.Linux;
using Berth.Linux.Programs;

namespace Berth.Runtime.Plan;

internal static class Session
{
    public static void Add(ChildProgram program, PlanInput input)
    {
        program.Step("start a session", null, "a controlling terminal needs one, and signals to the runtime's group must not reach the container");
        program.NewSession().Tolerate(Errno.EPERM);
        if (!input.NoNewKeyring) AddKeyring(program, input);
        if (!string.IsNullOrEmpty(input.Spec.Hostname))
        {
            program.Step("set the host name", input.Spec.Hostname, "in the new UTS namespace");
            program.SetHostName(input.Spec.Hostname);
        }
        if (!string.IsNullOrEmpty(input.Spec.Domainname))
        {
            program.Step("set the domain name", input.Spec.Domainname, "in the new UTS namespace");
            program.SetDomainName(input.Spec.Domainname);
        }
    }

    private static void AddKeyring(ChildProgram program, PlanInput input)
    {
        string? label = input.Spec.Process?.SelinuxLabel;
        if (!string.IsNullOrEmpty(label) && input.Proc is not null)
        {
            program.Step("label the keyring", label, "the keyring is created with this SELinux context");
            program.WriteFile(input.Proc, "thread-self/attr/keycreate", label, Resolve.None, ifPresent: true);
        }
        program.Step("join a session keyring", $"_ses.{input.Id}", "keys of the caller must not be visible inside");
        // ENOSYS: not built in. EDQUOT and EPERM: many containers of one user; the caller's keyring is left with them.
        program.JoinSessionKeyring($"_ses.{input.Id}").Tolerate(Errno.ENOSYS, Errno.EDQUOT, Errno.EPERM);
    }
}
