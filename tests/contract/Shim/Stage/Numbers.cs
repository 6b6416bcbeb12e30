// Numbers that a program counts at full speed: a gap, a double or a torn line shows.
using System.Globalization;

namespace Berth.Contract.Shim.Stage;

/// <summary>Judges what `seq` prints.</summary>
public static class Numbers
{
    /// <summary>Asserts that the text is the numbers from 1 to the last, without printing all of it.</summary>
    public static void AreAll(int last, string text, string end = "\n")
    {
        string[] lines = text.Split(end);
        for (int i = 0; i < Math.Min(last, lines.Length - 1); i++)
        {
            Assert.True(lines[i] == (i + 1).ToString(CultureInfo.InvariantCulture), $"'{lines[i]}' stands where {i + 1} is due");
        }
        Assert.Equal(last, lines.Length - 1);
        Assert.Empty(lines[^1]);
    }
}
