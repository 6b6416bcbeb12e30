// Which namespaces are made by the clone, which are joined, and when a second clone is needed.
using Berth.Linux;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Plan;

/// <summary>
/// The simple way: one clone3 with every new namespace, then setns into the joined ones. The other way is for what that
/// cannot express (a joined user namespace; a new one beside joined ones; a pid namespace that only the child may join):
/// join what the privileges we came with allow, enter or make the user namespace, join the rest, unshare, and clone again
/// where a pid namespace is among them, since that only takes effect for children.
/// </summary>
internal sealed class NamespacePlan
{
    private readonly List<(Namespaces Kind, Fd Fd)> _joins = [];

    private NamespacePlan(Namespaces created, bool twoPhases)
    {
        Created = created;
        TwoPhases = twoPhases;
    }

    /// <summary>New namespaces.</summary>
    public Namespaces Created { get; }

    private bool TwoPhases { get; }

    /// <summary>New namespaces that clone3 makes.</summary>
    public Namespaces CloneFlags => TwoPhases ? Namespaces.None : Created & ~(Namespaces.Cgroup | Namespaces.Time);

    public bool Creates(Namespaces kind) => (Created & kind) != 0;

    public bool Joins(Namespaces kind)
    {
        foreach ((Namespaces k, _) in _joins)
        {
            if (k == kind) return true;
        }
        return false;
    }

    public bool HasUser => Creates(Namespaces.User) || Joins(Namespaces.User);

    /// <summary>Whether the first process is a clone of the clone: for a moment there are two.</summary>
    public bool ClonesAgain => TwoPhases && (Creates(Namespaces.Pid) || Joins(Namespaces.Pid));

    public static NamespacePlan Of(PlanInput input) => Of(input.Spec, input.Joins);

    public static NamespacePlan Of(Spec spec, IReadOnlyList<(Namespaces Kind, Fd Fd)> joins)
    {
        Namespaces created = Namespaces.None;
        foreach (NamespaceSpec n in spec.Linux?.Namespaces ?? [])
        {
            if (string.IsNullOrEmpty(n.Path)) created |= KindOf(n.Type);
        }
        bool joinsUser = false, joinsPid = false;
        foreach ((Namespaces kind, _) in joins)
        {
            joinsUser |= kind == Namespaces.User;
            joinsPid |= kind == Namespaces.Pid;
        }
        bool two = joinsUser || joinsPid || ((created & Namespaces.User) != 0 && joins.Count > 0);
        NamespacePlan plan = new(created, two);
        plan._joins.AddRange(joins);
        return plan;
    }

    /// <summary>The path of a namespace to join, or null.</summary>
    public static string? PathOf(Spec spec, string type)
    {
        foreach (NamespaceSpec n in spec.Linux?.Namespaces ?? [])
        {
            if (n.Type == type) return string.IsNullOrEmpty(n.Path) ? null : n.Path;
        }
        return null;
    }

    public static Namespaces KindOf(string type) => type switch
    {
        "pid" => Namespaces.Pid,
        "network" => Namespaces.Network,
        "mount" => Namespaces.Mount,
        "ipc" => Namespaces.Ipc,
        "uts" => Namespaces.Uts,
        "user" => Namespaces.User,
        "cgroup" => Namespaces.Cgroup,
        "time" => Namespaces.Time,
        _ => throw new BerthException(Fault.InvalidArgument, $"linux.namespaces: unknown namespace type \"{type}\"",
            "known are pid, network, mount, ipc, uts, user, cgroup and time"),
    };

    public void Add(ChildProgram program, PlanInput input)
    {
        if (TwoPhases) AddTwoPhases(program, input);
        else AddSimple(program, input);
        AddTime(program, input);
    }

    private void AddSimple(ChildProgram program, PlanInput input)
    {
        if (Creates(Namespaces.User)) AddIdMaps(program, input);
        foreach ((Namespaces kind, Fd fd) in _joins)
        {
            if (kind == Namespaces.Pid) continue;
            program.Step("join namespace", Subject(kind, input), "as linux.namespaces asks");
            program.Join(fd, kind);
        }
    }

    private void AddTwoPhases(ChildProgram program, PlanInput input)
    {
        bool joinsUser = Joins(Namespaces.User);
        List<Slot> joined = [];
        foreach ((Namespaces kind, Fd fd) in _joins)
        {
            if (kind is Namespaces.User) continue;
            program.Step("join namespace", Subject(kind, input), "with the privileges we came with, before the user namespace takes them away");
            Label refused = program.NewLabel();
            Slot done = program.NewSlot();
            joined.Add(done);
            program.Load(done, 0);
            program.Join(fd, kind);
            if (joinsUser) program.OnError(refused, Errno.EPERM);
            program.Load(done, 1);
            program.Mark(refused);
        }
        if (joinsUser)
        {
            int next = 0;
            foreach ((Namespaces kind, Fd fd) in _joins)
            {
                if (kind != Namespaces.User) continue;
                program.Step("join namespace", Subject(kind, input), "its owner has the rights over the namespaces that belong to it");
                program.Join(fd, kind);
            }
            BecomeMappedRoot(program);
            foreach ((Namespaces kind, Fd fd) in _joins)
            {
                if (kind is Namespaces.User) continue;
                program.Step("join namespace", Subject(kind, input), "if only the user namespace's owner may join it");
                Label done = program.NewLabel();
                program.JumpIfEqual(joined[next++], 1, done);
                program.Join(fd, kind);
                program.Mark(done);
            }
        }
        else if (Creates(Namespaces.User))
        {
            program.Step("unshare the user namespace", null, "after the joins, before what shall belong to it");
            program.Unshare(Namespaces.User);
            AddIdMaps(program, input);
        }
        Namespaces rest = Created & ~(Namespaces.User | Namespaces.Cgroup | Namespaces.Time);
        if (rest != 0)
        {
            program.Step("unshare namespaces", rest.ProcNames(), "they belong to the user namespace we are in now");
            program.Unshare(rest);
        }
        if (ClonesAgain)
        {
            program.Step("clone again", null, "a pid namespace takes effect for children only");
            program.CloneAgain();
            program.SetParentDeathSignal(9);
        }
    }

    private static string Subject(Namespaces kind, PlanInput input)
    {
        foreach (NamespaceSpec n in input.Spec.Linux?.Namespaces ?? [])
        {
            if (!string.IsNullOrEmpty(n.Path) && KindOf(n.Type) == kind) return $"{n.Type} {n.Path}";
        }
        return kind.ProcName();
    }

    private static void AddIdMaps(ChildProgram program, PlanInput input)
    {
        program.Step("wait for the id maps", null, "until they are written every id here is the overflow id");
        program.Meet(input.Actions.MapIds);
        BecomeMappedRoot(program);
    }

    private static void BecomeMappedRoot(ChildProgram program)
    {
        program.Step("become root of the user namespace", null, "mounts are owned by whom makes them");
        program.SetGroup(0).Tolerate(Errno.EINVAL, Errno.EPERM);
        program.SetUser(0).Tolerate(Errno.EINVAL, Errno.EPERM);
        program.SetDumpable(false);
    }

    private void AddTime(ChildProgram program, PlanInput input)
    {
        if (!Creates(Namespaces.Time)) return;
        program.Step("unshare the time namespace", null, "its offsets can be set only while nobody is in it");
        program.Unshare(Namespaces.Time);
        if (input.Spec.Linux?.TimeOffsets is not { Count: > 0 }) return;
        program.Step("wait for the clock offsets", null, "the parent writes /proc/PID/timens_offsets: this process is undumpable, so its own files are closed to it");
        program.Meet(input.Actions.SetClocks);
    }
}
