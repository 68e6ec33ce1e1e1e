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

    /// <summary>The factor of a trial's gradient: 1, less for an outlier, 0 where numbers overflowed.</summary>
    /// <param name="norm">Norm of its gradient per observed entry.</param>
    /// <param name="usual">The usual norm.</param>
    public static double Weight(double norm, double usual) => !double.IsFinite(norm) ? 0 : norm > Bound * usual ? Bound * usual / norm : 1;

    /// <summary>The usual norm after a batch.</summary>
    /// <param name="usual">The usual norm before it.</param>
    /// <param name="norms">Norms of the batch.</param>
    public static double Adapt(double usual, ReadOnlySpan<double> norms)
    {
        var median = Median(norms);
        return median > 0 && usual > 0 ? usual * Math.Min(LargestGrowth, Math.Pow(median / usual, Adaptation)) : usual;
    }

    /// <summary>The median of the finite numbers; zero where there are none.</summary>
    public static double Median(ReadOnlySpan<double> values)
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
