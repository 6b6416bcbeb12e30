// The stored config.json after a change: what this runtime does not know of it stays as it was written.
using System.Text;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Generate;

namespace Berth.Runtime.State;

internal static class StoredConfig
{
    /// <summary>The text with the changes between two specifications carried into it.</summary>
    /// <param name="text">config.json, with sections for other platforms and members of later versions.</param>
    /// <param name="before">What was read from it.</param>
    /// <param name="after">What it shall say.</param>
    public static byte[] Change(ReadOnlySpan<byte> text, Spec before, Spec after)
    {
        try
        {
            JsonTree tree = JsonTree.Parse(text);
            Carry(tree, Tree(before), Tree(after));
            return Encoding.UTF8.GetBytes(tree.ToJson());
        }
        catch (InvalidOperationException)
        {
            // Somewhere in what we do not know is text that is no Unicode, and cannot be written again.
            return SpecWriter.ToJson(after, indented: false);
        }
    }

    private static JsonTree Tree(Spec spec) => JsonTree.Parse(SpecWriter.ToJson(spec, indented: false));

    private static void Carry(JsonTree text, JsonTree before, JsonTree after)
    {
        foreach ((string name, _) in before.Members)
        {
            if (after[name] is null) text[text.Spelled(name)] = null;
        }
        foreach ((string name, JsonTree value) in after.Members)
        {
            string spelled = text.Spelled(name);
            JsonTree? was = before[name];
            if (value.IsObject && was is { IsObject: true } && text[spelled] is { IsObject: true } written) Carry(written, was, value);
            else if (was is null || was.ToJson() != value.ToJson()) text[spelled] = value;
        }
    }
}
