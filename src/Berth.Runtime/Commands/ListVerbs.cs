// state, list and ps: what is there, as JSON or as a table.
using System.Globalization;
using System.Text;
using Berth.Oci.Json;
using Berth.Cgroups;
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Oci.Faults;
using Berth.Runtime.State;

namespace Berth.Runtime.Commands;

internal static class ListVerbs
{
    public static int State(Invocation call)
    {
        (ContainerRecord record, ContainerStatus status) = call.Runtime.State(call.Id);
        // As runc and crun: callers that ask until there is an answer take the first one for "created".
        if (status == ContainerStatus.Creating) throw new BerthException(Fault.NotFound, $"container does not exist: {call.Id}", "it is being created just now");
        JsonWriter w = new("  ");
        Write(w, record, status);
        Invocation.Print(w.Written);
        return 0;
    }

    public static int List(Invocation call)
    {
        List<(ContainerRecord Record, ContainerStatus Status)> containers = [];
        if (call.Options.Root is { } root && !KernelFile.Exists(root)) throw new BerthException(Fault.NotFound, $"open {root}: no such file or directory", "containers of the usual root are listed without --root");
        foreach (string id in call.Runtime.Store.Ids())
        {
            try
            {
                containers.Add(call.Runtime.State(id));
            }
            catch (BerthException e)
            {
                // One half-made container must not hide the others.
                call.Log.Warn($"container {id}: {e.Message}");
            }
        }
        if (call.Flags.Has("quiet"))
        {
            foreach ((ContainerRecord record, _) in containers) Invocation.Print(record.Id + "\n");
            return 0;
        }
        switch (call.Flags["format"] ?? "table")
        {
            case "table": Invocation.Print(Table(containers)); return 0;
            case "json": Invocation.Print(Json(containers)); return 0;
            default: throw new BerthException(Fault.InvalidArgument, $"invalid format option: {call.Flags["format"]}", "use table or json");
        }
    }

    private static string Table(List<(ContainerRecord Record, ContainerStatus Status)> containers)
    {
        List<string[]> rows = [["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]];
        foreach ((ContainerRecord r, ContainerStatus status) in containers)
        {
            rows.Add([r.Id, (status == ContainerStatus.Stopped ? 0 : r.Pid).ToString(), status.Word(), r.Bundle, r.Created, Users.NameOf(r.Owner)]);
        }
        StringBuilder text = new();
        for (int i = 0; i < rows.Count; i++)
        {
            for (int c = 0; c < rows[i].Length; c++)
            {
                int width = 12;
                foreach (string[] row in rows) width = Math.Max(width, row[c].Length + 3);
                text.Append(c == rows[i].Length - 1 ? rows[i][c] : rows[i][c].PadRight(width));
            }
            text.Append('\n');
        }
        return text.ToString();
    }

    private static byte[] Json(List<(ContainerRecord Record, ContainerStatus Status)> containers)
    {
        JsonWriter w = new();
        if (containers.Count == 0)
        {
            w.WriteNullValue();
        }
        else
        {
            w.WriteStartArray();
            foreach ((ContainerRecord record, ContainerStatus status) in containers) Write(w, record, status);
            w.WriteEndArray();
        }
        return [.. w.Written, (byte)'\n'];
    }

    private static void Write(JsonWriter w, ContainerRecord r, ContainerStatus status)
    {
        w.WriteStartObject();
        w.WriteString("ociVersion"u8, CommandLine.SpecVersion);
        w.WriteString("id"u8, r.Id);
        w.WriteNumber("pid"u8, status == ContainerStatus.Stopped ? 0 : r.Pid);
        w.WriteString("status"u8, status.Word());
        w.WriteString("bundle"u8, r.Bundle);
        w.WriteString("rootfs"u8, r.Rootfs);
        w.WriteString("created"u8, r.Created);
        if (r.Annotations.Count > 0)
        {
            w.WriteStartObject("annotations"u8);
            foreach ((string key, string value) in r.Annotations) w.WriteString(key, value);
            w.WriteEndObject();
        }
        w.WriteString("owner"u8, Users.NameOf(r.Owner));
        w.WriteEndObject();
    }

    public static int Ps(Invocation call)
    {
        (ContainerRecord record, ContainerStatus status) = call.Runtime.State(call.Id);
        List<int> pids = status == ContainerStatus.Stopped ? [] : record.Cgroups is { } c && CgroupTree.Open(c) is { HasCgroup: true } tree ? tree.Pids(recursive: true) : [record.Pid];
        switch (call.Flags["format"] ?? "table")
        {
            case "json":
                Invocation.Print($"[{string.Join(',', pids)}]\n");
                return 0;
            case "table":
                return Table(call, pids);
            default:
                throw new BerthException(Fault.InvalidArgument, $"invalid format option: {call.Flags["format"]}", "use table or json");
        }
    }

    /// <summary>The host's ps with the caller's options, reduced to the container's processes.</summary>
    private static int Table(Invocation call, List<int> pids)
    {
        List<string> arguments = ["ps", .. call.Arguments.Count > 1 ? call.Arguments[1..] : ["-ef"]];
        CommandResult result;
        try
        {
            string path = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin";
            result = CommandRunner.Run(new Linux.Processes.Command { Candidates = Plan.Finish.Candidates("ps", ["PATH=" + path]), Arguments = arguments, Environment = ["PATH=" + path], MostOutput = KernelFile.Largest });
        }
        catch (Linux.Programs.StepFailedException e)
        {
            throw new BerthException(Fault.Unsupported, "cannot list processes: ps is not installed", "use --format json, or install procps", e);
        }
        if (result.Status != 0) throw new BerthException(Fault.Failed, $"ps: {WaitStatus.Describe(result.Status)}: {result.Output.AsSpan(0, Math.Min(result.Output.Length, 500))}");
        string[] lines = result.Output.TrimEnd().Split('\n');
        int column = Array.IndexOf(lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries), "PID");
        if (column < 0) throw new BerthException(Fault.InvalidArgument, "couldn't find PID field in ps output", "choose options of ps that show the PID column");
        Invocation.Print(lines[0] + "\n");
        foreach (string line in lines.AsSpan(1))
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > column && int.TryParse(fields[column], out int pid) && pids.Contains(pid)) Invocation.Print(line + "\n");
        }
        return 0;
    }
}

/// <summary>Names of users on the host.</summary>
internal static class Users
{
    public static string NameOf(uint uid)
    {
        string id = uid.ToString(CultureInfo.InvariantCulture);
        foreach (string line in (KernelFile.TryReadText("/etc/passwd") ?? "").Split('\n'))
        {
            string[] fields = line.Split(':');
            if (fields.Length > 2 && fields[2] == id) return fields[0];
        }
        return "#" + id;
    }
}
