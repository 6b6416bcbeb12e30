// Keys by which a user leaves a container that goes on: ctrl-p,ctrl-q.
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>Finds the sequence in what is typed, wherever reads cut it.</summary>
internal sealed class DetachSequence(byte[] keys)
{
    private int _matched;

    /// <summary>Reads <c>ctrl-p,ctrl-q</c>, <c>a,b</c>, or nothing.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static byte[] Parse(string text)
    {
        if (text.Length == 0) return [];
        List<byte> keys = [];
        foreach (string word in text.Split(','))
        {
            keys.Add(word switch
            {
                { Length: 1 } when word[0] < 128 => (byte)word[0],
                { Length: 6 } when word.StartsWith("ctrl-", StringComparison.Ordinal) && (char.IsAsciiLetter(word[5]) || word[5] is '@' or '[' or '\\' or ']' or '^' or '_') => (byte)(char.ToUpperInvariant(word[5]) - '@'),
                _ => throw new BerthException(Fault.InvalidArgument, $"'{text}' are no detach keys", "letters, or ctrl- and a letter, with commas between: ctrl-p,ctrl-q"),
            });
        }
        return [.. keys];
    }

    /// <summary>Takes what was typed.</summary>
    /// <param name="typed">The bytes.</param>
    /// <param name="isComplete">Whether the sequence is complete.</param>
    /// <returns>What is to be passed on.</returns>
    public byte[] Take(ReadOnlySpan<byte> typed, out bool isComplete)
    {
        isComplete = false;
        if (keys.Length == 0) return typed.ToArray();
        List<byte> passed = [];
        foreach (byte key in typed)
        {
            if (key == keys[_matched])
            {
                isComplete = ++_matched == keys.Length;
                if (isComplete) break;
                continue;
            }
            // What looked like the beginning was none.
            passed.AddRange(keys.AsSpan(0, _matched));
            _matched = key == keys[0] ? 1 : 0;
            if (_matched == 0) passed.Add(key);
        }
        return [.. passed];
    }
}
