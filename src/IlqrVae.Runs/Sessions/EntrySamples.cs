namespace IlqrVae.Runs.Sessions;

/// <summary>
/// Entries that inference did not see, with what their scores are under every scale: of values by formula, of counts at the points of a grid.
/// </summary>
/// <param name="areCounts">Whether they are counts.</param>
internal sealed class EntrySamples(bool areCounts)
{
    private const int GridBelow = 12;
    private const int GridAbove = 16;
    private const double PosteriorScalePrior = 0.5;
    private const double NoiseScalePrior = 0.05;
    private static readonly double GridStep = Math.Log(1.15);

    private readonly List<int> _units = [];
    private readonly List<float[]> _numbers = [];
    private readonly List<float[]> _scores = [];

    /// <summary>Scales of the posterior of which scores of counts are known.</summary>
    public static IReadOnlyList<double> Grid { get; } = [.. Enumerable.Range(-GridBelow, GridBelow + GridAbove + 1).Select(k => Math.Exp(k * GridStep))];

    /// <summary>Number of entries.</summary>
    public int Count => _units.Count;

    /// <summary>For each entry the trial, or part of one, that it belongs to.</summary>
    public IReadOnlyList<int> Units => _units;

    /// <summary>A value's normal score and the logarithm of its density.</summary>
    public static (double Score, double Logarithm) ScoreOf(double residual, double posterior, double noise, double posteriorScale, double noiseScale)
    {
        var variance = (posteriorScale * posteriorScale * posterior) + (noiseScale * noiseScale * noise);
        var score = residual / Math.Sqrt(variance);
        return (score, -0.5 * (Math.Log(2 * Math.PI * variance) + (score * score)));
    }

    /// <summary>Adds a value.</summary>
    public void AddValue(int unit, double residual, double posterior, double noise)
    {
        _units.Add(unit);
        _numbers.Add([(float)residual, (float)posterior, (float)noise]);
    }

    /// <summary>Adds a count.</summary>
    /// <param name="unit">What it belongs to.</param>
    /// <param name="logarithms">The logarithms of its probability at every point of the grid.</param>
    /// <param name="scores">Its normal scores there.</param>
    public void AddCount(int unit, float[] logarithms, float[] scores)
    {
        _units.Add(unit);
        _numbers.Add(logarithms);
        _scores.Add(scores);
    }

    /// <summary>Adds what another holds.</summary>
    public void Add(EntrySamples other)
    {
        _units.AddRange(other._units);
        _numbers.AddRange(other._numbers);
        _scores.AddRange(other._scores);
    }

    /// <summary>Writes them.</summary>
    public void Write(BinaryWriter to)
    {
        to.Write(areCounts);
        TrialFinding.Write<int>(to, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_units));
        TrialFinding.WriteAll(to, _numbers, numbers => TrialFinding.Write<float>(to, numbers));
        TrialFinding.WriteAll(to, _scores, scores => TrialFinding.Write<float>(to, scores));
    }

    /// <summary>Reads some.</summary>
    public static EntrySamples Read(BinaryReader from)
    {
        var samples = new EntrySamples(from.ReadBoolean());
        samples._units.AddRange(TrialFinding.ReadNumbers<int>(from));
        samples._numbers.AddRange(TrialFinding.ReadAll(from, () => TrialFinding.ReadNumbers<float>(from)));
        samples._scores.AddRange(TrialFinding.ReadAll(from, () => TrialFinding.ReadNumbers<float>(from)));
        return samples;
    }

    /// <summary>An entry's normal score.</summary>
    public double Score(int entry, double posteriorScale, double noiseScale)
    {
        var numbers = _numbers[entry];
        if (!areCounts)
        {
            return ScoreOf(numbers[0], numbers[1], numbers[2], posteriorScale, noiseScale).Score;
        }

        var at = Math.Clamp((Math.Log(posteriorScale) / GridStep) + GridBelow, 0, Grid.Count - 1);
        var (low, high) = ((int)Math.Floor(at), (int)Math.Ceiling(at));
        var scores = _scores[entry];
        return low == high || !float.IsFinite(scores[low]) || !float.IsFinite(scores[high]) ? scores[low] : scores[low] + ((at - low) * (scores[high] - scores[low]));
    }

    /// <summary>
    /// The scales under which entries were predicted best, by the logarithms of their probabilities or densities. Where these do not tell the two scales of
    /// values apart, the posterior's is taken to be off rather than the noise's, which was learned from all training trials: by priors on their logarithms that
    /// are .5 and .05 wide.
    /// </summary>
    /// <param name="isIncluded">Which units to learn from.</param>
    public (double Posterior, double Noise) Fit(Func<int, bool> isIncluded)
    {
        var included = Enumerable.Range(0, Count).Where(entry => isIncluded(_units[entry])).ToArray();
        return areCounts ? (FitCounts(included), 1) : FitValues(included);
    }

    /// <summary>Half-widths of intervals that hold so many of the entries: with n of them the ceil((n + 1) level)-th smallest score.</summary>
    public double[] HalfWidths(Func<int, bool> isIncluded, double posteriorScale, double noiseScale, IReadOnlyList<double> levels)
        => Quantiles([.. Enumerable.Range(0, Count).Where(entry => isIncluded(_units[entry])).Select(entry => Math.Abs(Score(entry, posteriorScale, noiseScale)))], levels);

    /// <summary>The ceil((n + 1) level)-th smallest of n distances, for every level.</summary>
    public static double[] Quantiles(double[] distances, IReadOnlyList<double> levels)
    {
        Array.Sort(distances);
        return [.. levels.Select(level => distances.Length == 0 ? double.NaN : Finite(distances[Math.Clamp((int)Math.Ceiling((distances.Length + 1) * level) - 1, 0, distances.Length - 1)]))];
    }

    private static double Finite(double distance) => distance < 1e6 ? distance : 1e6;

    private double FitCounts(int[] included)
    {
        var sums = new double[Grid.Count];
        for (var k = 0; k < sums.Length; k++)
        {
            sums[k] = -Penalty((k - GridBelow) * GridStep, 0);
            foreach (var entry in included)
            {
                sums[k] += _numbers[entry][k];
            }
        }

        var best = Array.IndexOf(sums, sums.Max());
        if (best <= 0 || best == sums.Length - 1)
        {
            return Grid[Math.Max(0, best)];
        }

        // The top of the parabola through the best point and its neighbours.
        var (before, here, after) = (sums[best - 1], sums[best], sums[best + 1]);
        var bend = before - (2 * here) + after;
        return Math.Exp((best - GridBelow + (bend < 0 ? 0.5 * (before - after) / bend : 0)) * GridStep);
    }

    private (double Posterior, double Noise) FitValues(int[] included)
    {
        double Sum(double posterior, double noise)
        {
            var (a, b) = (Math.Exp(posterior), Math.Exp(noise));
            var sum = -Penalty(posterior, noise);
            foreach (var entry in included)
            {
                var numbers = _numbers[entry];
                var logarithm = ScoreOf(numbers[0], numbers[1], numbers[2], a, b).Logarithm;
                sum += double.IsFinite(logarithm) ? logarithm : 0;
            }

            return sum;
        }

        // A pattern search in two dimensions: smooth, with one top as far as it matters.
        var (x, y) = (0.0, 0.0);
        var best = Sum(x, y);
        for (var step = 0.4; step > 0.004;)
        {
            var moved = false;
            foreach (var (dx, dy) in ((int, int)[])[(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)])
            {
                var (nx, ny) = (x + (step * dx), y + (step * dy));
                if (Math.Abs(nx) < 5 && Math.Abs(ny) < 5 && Sum(nx, ny) is var sum && sum > best)
                {
                    (x, y, best, moved) = (nx, ny, sum, true);
                    break;
                }
            }

            step = moved ? step : 0.5 * step;
        }

        return (Math.Exp(x), Math.Exp(y));
    }

    /// <summary>As of a normal distribution near zero, as of a Laplace distribution far from it: what is plainly wrong is not held back.</summary>
    private static double Penalty(double posterior, double noise)
        => Math.Sqrt(1 + Math.Pow(posterior / PosteriorScalePrior, 2)) + Math.Sqrt(1 + Math.Pow(noise / NoiseScalePrior, 2)) - 2;
}
