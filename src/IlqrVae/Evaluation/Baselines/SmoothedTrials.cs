using IlqrVae.Recordings;

namespace IlqrVae.Evaluation.Baselines;

/// <summary>Smoothed seen channels of trials, kept as long as they are asked for with the same few widths.</summary>
internal sealed class SmoothedTrials
{
    /// <summary>Standard deviations in bins to choose among.</summary>
    public static readonly double[] Deviations = [0, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];

    private const double UsualSeconds = 0.08;
    private const long MostEntries = 60_000_000;
    private readonly Dictionary<(BaselineTrial Trial, double Deviation), Table> _tables = new(ByReference.Instance);
    private long _entries;

    /// <summary>Where to start to look among <see cref="Deviations"/>.</summary>
    /// <param name="binWidth">Width of a bin in seconds.</param>
    public static int Usual(double binWidth)
    {
        var usual = UsualSeconds / binWidth;
        return Enumerable.Range(0, Deviations.Length).MinBy(i => Math.Abs(Deviations[i] - usual));
    }

    /// <summary>The seen channels of a trial, smoothed. May be called by several threads.</summary>
    public Table Of(BaselineTrial trial, double deviation)
    {
        if (deviation == 0)
        {
            return trial.Seen;
        }

        lock (_tables)
        {
            if (_tables.TryGetValue((trial, deviation), out var known))
            {
                return known;
            }
        }

        // Two threads may smooth the same trial, to the same numbers.
        var table = GaussianSmoothing.Smooth(trial.Seen, deviation);
        lock (_tables)
        {
            _entries += table.Values.Length;
            if (_entries > MostEntries)
            {
                _tables.Clear();
                _entries = table.Values.Length;
            }

            _tables[(trial, deviation)] = table;
        }

        return table;
    }

    // Records compare by content, which would read the whole trial.
    private sealed class ByReference : IEqualityComparer<(BaselineTrial Trial, double Deviation)>
    {
        public static readonly ByReference Instance = new();

        public bool Equals((BaselineTrial Trial, double Deviation) x, (BaselineTrial Trial, double Deviation) y)
            => ReferenceEquals(x.Trial, y.Trial) && x.Deviation == y.Deviation;

        public int GetHashCode((BaselineTrial Trial, double Deviation) one)
            => HashCode.Combine(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(one.Trial), one.Deviation);
    }
}
