using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Evaluation;

/// <summary>How often central intervals of 50, 90 and 95 % hold the truth; of an honest uncertainty as often as their level says.</summary>
public sealed class IntervalCoverage
{
    private readonly long[] _inside = new long[Levels.Count];
    private readonly long[] _entries = new long[Levels.Count];
    private readonly long[] _places = new long[PlaceCount];

    /// <summary>Number of places that are told apart.</summary>
    public const int PlaceCount = 20;

    /// <summary>The levels.</summary>
    public static IReadOnlyList<double> Levels { get; } = [0.5, 0.9, 0.95];

    /// <summary>For each level the half-width of a Gaussian's central interval in standard deviations.</summary>
    public static IReadOnlyList<double> HalfWidths { get; } = [0.67448975019608171, 1.6448536269514722, 1.9599639845400545];

    /// <summary>Number of entries looked at.</summary>
    public long Entries => _entries.Max();

    /// <summary>The share of entries inside, one a level; NaN where there were none.</summary>
    public IReadOnlyList<double> Shares => [.. _inside.Zip(_entries, (inside, entries) => entries > 0 ? (double)inside / entries : double.NaN)];

    /// <summary>
    /// Of entries looked at by their scores: how many lie in each twentieth of what was predicted, the lowest first. Where predictions are right, as many in each
    /// (a histogram of the probability integral transform); what is not a number is in none.
    /// </summary>
    public IReadOnlyList<long> Places => _places;

    /// <summary>Looks at one entry with a Gaussian around it, at every level.</summary>
    /// <param name="truth">The truth.</param>
    /// <param name="centre">The mean.</param>
    /// <param name="deviation">The standard deviation. What is not finite, here or elsewhere, counts as not covering.</param>
    public void Add(double truth, double centre, double deviation)
    {
        for (var level = 0; level < _inside.Length; level++)
        {
            _entries[level]++;
            _inside[level] += double.IsFinite(deviation) && Math.Abs(truth - centre) <= HalfWidths[level] * deviation ? 1 : 0;
        }
    }

    /// <summary>Looks at one entry whose distance from the centre is known in deviations, at every level.</summary>
    /// <param name="score">The distance, of either sign; not a number counts as not covering.</param>
    /// <param name="halfWidths">For each level the half-width of the interval in the same unit; null for those of a Gaussian.</param>
    public void AddScore(double score, IReadOnlyList<double>? halfWidths = null)
    {
        for (var level = 0; level < _inside.Length; level++)
        {
            _entries[level]++;
            _inside[level] += Math.Abs(score) <= (halfWidths ?? HalfWidths)[level] ? 1 : 0;
        }

        if (!double.IsNaN(score))
        {
            _places[Math.Min(PlaceCount - 1, (int)(PlaceCount * NormalDistribution.Cumulative(score)))]++;
        }
    }

    /// <summary>Looks at every entry of a table with intervals of one level.</summary>
    /// <param name="level">Index of the level.</param>
    /// <param name="truth">The truth.</param>
    /// <param name="lower">Lower ends, of the same shape.</param>
    /// <param name="upper">Upper ends, of the same shape. An end that is not finite counts as not covering.</param>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public void Add(int level, Table truth, Table lower, Table upper)
    {
        if ((truth.Bins, truth.Columns) != (lower.Bins, lower.Columns) || (truth.Bins, truth.Columns) != (upper.Bins, upper.Columns))
        {
            throw new ArgumentException("The tables must have one shape.", nameof(truth));
        }

        _entries[level] += truth.Values.Length;
        for (var i = 0; i < truth.Values.Length; i++)
        {
            var (from, to) = (lower.Values[i], upper.Values[i]);
            _inside[level] += double.IsFinite(from) && double.IsFinite(to) && truth.Values[i] >= from && truth.Values[i] <= to ? 1 : 0;
        }
    }

    /// <summary>All that was counted, for <see cref="OfCounts"/>.</summary>
    public long[] ToCounts() => [.. _inside, .. _entries, .. _places];

    /// <summary>What another has counted, in another process perhaps.</summary>
    /// <param name="counts">What its <see cref="ToCounts"/> returned.</param>
    /// <exception cref="ArgumentException">There are more or fewer counts than that.</exception>
    public static IntervalCoverage OfCounts(ReadOnlySpan<long> counts)
    {
        var levels = Levels.Count;
        if (counts.Length != (2 * levels) + PlaceCount)
        {
            throw new ArgumentException($"There are {counts.Length} counts in place of {(2 * levels) + PlaceCount}.", nameof(counts));
        }

        var coverage = new IntervalCoverage();
        counts[..levels].CopyTo(coverage._inside);
        counts.Slice(levels, levels).CopyTo(coverage._entries);
        counts[(2 * levels)..].CopyTo(coverage._places);
        return coverage;
    }

    /// <summary>Adds what another has counted.</summary>
    /// <param name="other">The other.</param>
    public void Add(IntervalCoverage other)
    {
        ArgumentNullException.ThrowIfNull(other);
        for (var level = 0; level < _inside.Length; level++)
        {
            _inside[level] += other._inside[level];
            _entries[level] += other._entries[level];
        }

        for (var k = 0; k < _places.Length; k++)
        {
            _places[k] += other._places[k];
        }
    }
}
