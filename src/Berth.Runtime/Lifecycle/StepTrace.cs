// A timeline of a start in the format that Chrome's and Perfetto's viewers read (Trace Event Format, JSON array); its times are those of CLOCK_MONOTONIC.
using Berth.Oci.Json;
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Linux.Programs;

namespace Berth.Runtime.Lifecycle;

internal sealed class StepTrace
{
    private readonly List<(string Name, long Start, long End)> _parent = [];
    private long _last = Self.Monotonic;

    /// <summary>What the parent did since the last mark.</summary>
    public void Mark(string name)
    {
        long now = Self.Monotonic;
        _parent.Add((name, _last, now));
        _last = now;
    }

    public void Write(string path, ChildProgram program, SpawnedChild child, string subject)
    {
        Mark("spawn and meet");
        JsonWriter w = new();
        w.WriteStartArray();
        foreach ((string name, long start, long end) in _parent) Event(w, name, subject, start, end - start, thread: 1);
        for (int i = 0; i < program.Steps.Count && i < child.StepTimes.Count; i++)
        {
            long start = child.StepTimes[i];
            if (start == 0) continue;
            long end = 0;
            for (int next = i + 1; next < child.StepTimes.Count && end == 0; next++) end = child.StepTimes[next];
            if (end == 0) end = child.ExecuteTime == 0 ? start : child.ExecuteTime;
            Event(w, program.Steps[i].Phrase, program.Steps[i].Why ?? "", start, Math.Max(0, end - start), thread: 2);
        }
        w.WriteEndArray();
        KernelPath.WriteAtomically(path, w.Written, 0x1A4);
    }

    private static void Event(JsonWriter w, string name, string why, long start, long length, int thread)
    {
        w.WriteStartObject();
        w.WriteString("name"u8, name);
        w.WriteString("ph"u8, "X");
        w.WritePropertyName("ts"u8);
        w.WriteRawValue(Microseconds(start));
        w.WritePropertyName("dur"u8);
        w.WriteRawValue(Microseconds(length));
        w.WriteNumber("pid"u8, 1);
        w.WriteNumber("tid"u8, thread);
        w.WriteStartObject("args"u8);
        w.WriteString("why"u8, why);
        w.WriteEndObject();
        w.WriteEndObject();
    }

    private static string Microseconds(long nanoseconds) => $"{nanoseconds / 1000}.{nanoseconds % 1000 / 100}";
}
