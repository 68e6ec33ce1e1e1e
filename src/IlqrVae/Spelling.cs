namespace IlqrVae;

/// <summary>Finds the word that was meant.</summary>
public static class Spelling
{
    /// <summary>The word closest to a misspelt one, if any is close.</summary>
    /// <param name="word">The misspelt word.</param>
    /// <param name="words">The words there are.</param>
    public static string? Closest(string word, IEnumerable<string> words)
    {
        // A word that begins as was written is closer than another that takes fewer changes.
        var best = words.Select(candidate => (candidate, isPart: IsPart(word, candidate), distance: Distance(word.ToUpperInvariant().Replace('_', '-'), candidate.ToUpperInvariant())))
            .OrderBy(one => one.distance == 0 ? 0 : one.candidate.StartsWith(word, StringComparison.OrdinalIgnoreCase) && one.isPart ? 1 : 2).ThenBy(one => one.distance).FirstOrDefault();
        return best.candidate is not null && (best.isPart || best.distance <= Math.Max(1, word.Length / 3)) ? best.candidate : null;
    }

    /// <summary>A question, or nothing where no word is close.</summary>
    /// <param name="word">The misspelt word.</param>
    /// <param name="words">The words there are.</param>
    public static string DidYouMean(string word, IEnumerable<string> words) => Closest(word, words) is { } closest ? $"did you mean '{closest}'? " : "";

    private static bool IsPart(string word, string candidate)
        => word.Length >= 4 && (candidate.StartsWith(word, StringComparison.OrdinalIgnoreCase) || word.StartsWith(candidate, StringComparison.OrdinalIgnoreCase));

    /// <summary>Letters to add, drop, change or swap to get from one word to another.</summary>
    private static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1][];
        for (var i = 0; i <= a.Length; i++)
        {
            rows[i] = new int[b.Length + 1];
            for (var j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    rows[i][j] = i + j;
                    continue;
                }

                var cost = Math.Min(Math.Min(rows[i - 1][j], rows[i][j - 1]) + 1, rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                rows[i][j] = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] ? Math.Min(cost, rows[i - 2][j - 2] + 1) : cost;
            }
        }

        return rows[a.Length][b.Length];
    }
}
