// The image below a container, and what is done for it: restarts, health, stop, log.
using System.Globalization;
using Berth.Engine.Diagnosis;
using Berth.Oci.Content;
using Berth.Oci.Faults;

namespace Berth.Engine.Containers;

/// <summary>The sections <c>image</c> and <c>care</c>.</summary>
internal static class ImageFacts
{
    /// <summary>Name, id and layers.</summary>
    public static List<ExplainedFact> Of(Explained all)
    {
        if (all.Record.Image is not { } id) return [Explained.Asked("root folder", all.Wish.RootFolder ?? "", "--rootfs")];
        List<ExplainedFact> facts = [Explained.Asked("name", all.Wish.Image, "as it was said"), Explained.OfImage("id", id.ToString())];
        try
        {
            int number = 0;
            foreach (Digest layer in all.Parts.Images.Looked.ReadConfig(all.Parts.Images.Looked.Find(id.ToString())).RootFs?.DiffIds ?? []) facts.Add(Explained.OfImage(string.Create(CultureInfo.InvariantCulture, $"layer {++number}"), layer.ToString()));
        }
        catch (BerthException fault)
        {
            facts.Add(new ExplainedFact("layers", "not known", FactOrigin.Host) { Detail = fault.Message });
        }
        return facts;
    }

    /// <summary>What is done when it ends, is stopped, is not well, or writes.</summary>
    public static List<ExplainedFact> Care(Explained all)
    {
        ContainerSpec wish = all.Wish;
        SettledSpec settled = all.Record.Settled;
        List<ExplainedFact> facts = [];
        string signal = settled.StopSignal.ToString(CultureInfo.InvariantCulture);
        facts.Add(wish.StopSignal is not null ? Explained.Asked("stop signal", signal, $"--stop-signal {wish.StopSignal}") : all.Image.StopSignal is { Length: > 0 } said ? Explained.OfImage("stop signal", signal, said) : Explained.Usual("stop signal", signal, "SIGTERM"));
        facts.Add(Explained.Chosen(wish.StopTimeout is not null, "killed after", wish.StopTimeout is { } seconds ? $"{seconds} s" : "10 s", "--stop-timeout"));
        facts.Add(Explained.Chosen(wish.Restart.When != RestartKind.Never, "restart", wish.Restart.When switch { RestartKind.Never => "no", RestartKind.OnFailure => "on-failure", RestartKind.Always => "always", _ => "unless-stopped" }, "--restart"));
        facts.Add(Explained.Chosen(wish.IsRemovedAtEnd, "removed at its end", wish.IsRemovedAtEnd ? "yes" : "no", "--rm"));
        string health = settled.Health is { Test.Count: > 0 } check ? string.Join(' ', check.Test) : "not looked at";
        facts.Add(wish.Health is not null ? Explained.Asked("health", health, "--health-cmd") : settled.Health is not null ? Explained.OfImage("health", health) : Explained.Usual("health", health));
        string path = wish.Log.Options.GetValueOrDefault("path") ?? all.Parts.Places.Log(all.Record.Id);
        facts.Add(Explained.Chosen(wish.Log.Driver != "json-file" || wish.Log.Options.Count > 0, "log", wish.Log.Driver is "none" or "journald" ? wish.Log.Driver : path, "--log-driver, --log-opt"));
        facts.Add(Explained.Chosen(wish.Runtime is not null, "runtime", Starting.RuntimeOf(all.Parts.Runtime, wish), "--runtime"));
        facts.Add(Explained.Usual("record", all.Parts.Places.Record(all.Record.Id)));
        if (all.Pid > 0) facts.Add(Explained.Usual("bundle", all.Parts.Places.Bundle(all.Record.Id)));
        return facts;
    }
}
