// Reads libseccomp's pseudo filter code and executes it: what libseccomp says its program means.
using System.Globalization;
using Berth.Linux.Seccomp;

namespace Berth.Linux.Tests.Seccomp;

/// <summary>The output of seccomp_export_pfc.</summary>
internal sealed class PseudoCode
{
    private abstract record Statement;

    private sealed record Act(uint Verdict) : Statement;

    private sealed record If(string Left, uint Mask, string Operator, uint Right) : Statement
    {
        public List<Statement> Then { get; } = [];
        public List<Statement> Else { get; } = [];
    }

    private readonly Dictionary<(uint Arch, uint Number), If> _calls = [];

    public PseudoCode(string text)
    {
        Stack<(int Indent, List<Statement> Block)> open = new();
        List<Statement> top = [];
        open.Push((-1, top));
        foreach (string line in text.Split('\n'))
        {
            string word = line.Trim();
            if (word.Length == 0 || word[0] == '#') continue;
            int indent = line.Length - line.TrimStart().Length;
            while (open.Peek().Indent >= indent) open.Pop();
            List<Statement> block = open.Peek().Block;
            if (word == "else")
            {
                open.Push((indent, ((If)block[^1]).Else));
                continue;
            }
            Statement statement = word.StartsWith("if ", StringComparison.Ordinal) ? ParseIf(word) : new Act(ParseAction(word));
            block.Add(statement);
            if (statement is If test) open.Push((indent, test.Then));
        }
        foreach (If arch in top.OfType<If>())
            foreach (If call in arch.Then.OfType<If>())
                _calls[(arch.Right, call.Right)] = call;
    }

    /// <summary>The verdict, or null where the code says nothing of the call or lets it fall to the default.</summary>
    public uint? Run(Call call) => _calls.TryGetValue((call.Arch, call.Number), out If? found) ? Run(found.Then, call) : null;

    /// <summary>Whether the code has a branch for this call.</summary>
    public bool Knows(Call call) => _calls.ContainsKey((call.Arch, call.Number));

    private static uint? Run(List<Statement> block, Call call)
    {
        foreach (Statement statement in block)
        {
            if (statement is Act act) return act.Verdict;
            If test = (If)statement;
            if (Run(Holds(test, call) ? test.Then : test.Else, call) is { } verdict) return verdict;
        }
        return null;
    }

    private static bool Holds(If test, Call call)
    {
        ulong whole = call.Arguments[test.Left[2] - '0'];
        uint word = (test.Left.EndsWith(".hi32", StringComparison.Ordinal) ? (uint)(whole >> 32) : (uint)whole) & test.Mask;
        return test.Operator switch
        {
            "==" => word == test.Right,
            ">=" => word >= test.Right,
            ">" => word > test.Right,
            _ => throw new FormatException(test.Operator),
        };
    }

    private static If ParseIf(string word)
    {
        string[] parts = word[4..^1].Split(' ');
        return parts is [string left, "&", string mask, string op, string right]
            ? new If(left, uint.Parse(mask.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture), op, uint.Parse(right, CultureInfo.InvariantCulture))
            : new If(parts[0], uint.MaxValue, parts[1], uint.Parse(parts[2], CultureInfo.InvariantCulture));
    }

    private static uint ParseAction(string word)
    {
        string action = word["action ".Length..^1];
        int bracket = action.IndexOf('(', StringComparison.Ordinal);
        uint? data = bracket < 0 ? null : uint.Parse(action.AsSpan(bracket + 1, action.Length - bracket - 2), CultureInfo.InvariantCulture);
        string name = bracket < 0 ? action : action[..bracket];
        return SeccompWords.TryAction("SCMP_ACT_" + name, data, out FilterAction known) ? known.Value
            : uint.Parse(name.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
