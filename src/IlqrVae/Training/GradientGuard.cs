namespace IlqrVae.Training;

/// <summary>
/// Bounds what a single trial can do to an update. A sample that strays into a region where the dynamics explodes can have a gradient a thousand times
/// the usual; clipping the whole batch would leave nothing but that trial, so each trial is clipped by itself against what is usual.
/// </summary>
internal static class GradientGuard
{
    /// <summary>A trial counts for at most this many usual ones.</summary>
    private const double Bound = 10;

    /// <summary>Share of the newest batch in what is usual.</summary>
    private const double Adaptation = 0.05;

    /// <summary>What is usual may grow by this factor between batches, so that an explosion does not become usual at once.</summary>
    private const double LargestGrowth = 1.2;

    /// <summary>The factor of each trial's gradient: 1, less for outliers, 0 where numbers overflowed.</summary>
    /// <param name="norms">Norms of the trials' gradients per observed entry.</param>
    /// <param name="usual">The usual norm; zero before the first batch. Updated.</param>
    /// <param name="weights">The result.</param>
    /// <returns>Number of trials whose factor is below 1.</returns>
    public static int Weigh(ReadOnlySpan<double> norms, ref double usual, Span<double> weights)
    {
        var median = Median(norms);
        if (usual == 0)
        {
            usual = median;
        }

        var bounded = 0;
        for (var i = 0; i < norms.Length; i++)
        {
            weights[i] = !double.IsFinite(norms[i]) ? 0 : norms[i] > Bound * usual ? Bound * usual / norms[i] : 1;
            bounded += weights[i] < 1 ? 1 : 0;
        }

        if (median > 0 && usual > 0)
        {
            usual *= Math.Min(LargestGrowth, Math.Pow(median / usual, Adaptation));
        }

        return bounded;
    }

    /// <summary>The median of the finite numbers; zero where there are none.</summary>
    private static double Median(ReadOnlySpan<double> values)
    {
        var finite = new List<double>(values.Length);
        foreach (var value in values)
        {
            if (double.IsFinite(value))
            {
                finite.Add(value);
            }
        }

        finite.Sort();
        return finite.Count == 0 ? 0 : finite[finite.Count / 2];
    }
}
