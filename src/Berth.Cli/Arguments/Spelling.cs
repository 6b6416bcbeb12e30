// What somebody may have meant who mistyped a word.

namespace Berth.Cli.Arguments;

/// <summary>Distances between words.</summary>
internal static class Spelling
{
    /// <summary>The word that is at most two changes away, or null.</summary>
    public static string? Nearest(string word, IEnumerable<string> words)
    {
        string? best = null;
        // Of short words, nearly all are two changes apart.
        int least = word.Length <= 3 ? 2 : 3;
        foreach (string candidate in words)
        {
            int distance = Distance(word, candidate);
            if (distance < least) (best, least) = (candidate, distance);
        }
        return best;
    }

    private static int Distance(string left, string right)
    {
        if (Math.Abs(left.Length - right.Length) > 2) return 3;
        int[] row = new int[right.Length + 1];
        for (int j = 0; j < row.Length; j++) row[j] = j;
        for (int i = 1; i <= left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (left[i - 1] == right[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }
        return row[^1];
    }
}
