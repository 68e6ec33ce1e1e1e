using IlqrVae.Recordings;

namespace IlqrVae.Data.Import.NeuralLatents;

/// <summary>Condition averages of smoothed spikes of whole sessions, as the Neural Latents Benchmark makes them.</summary>
/// <param name="Averages">Of each condition bins x neurons, held-in neurons first; NaN where the shortest of its trials has ended.</param>
/// <param name="Learned">Of each condition its trials to learn from, counted from 0 among these.</param>
/// <param name="Evaluated">Of each condition its evaluated trials, counted from 0 among these.</param>
public sealed record SessionAverages(IReadOnlyList<Table> Averages, IReadOnlyList<IReadOnlyList<int>> Learned, IReadOnlyList<IReadOnlyList<int>> Evaluated)
{
    // Shorter trials than so much of their condition's mean length are left out.
    private const double LeastShare = 0.8;

    private const long Millisecond = 1_000_000;
    private const long Microsecond = 1000;

    /// <summary>Averages.</summary>
    /// <param name="session">The session.</param>
    /// <param name="set">The set.</param>
    /// <param name="width">Width of a bin in ms.</param>
    /// <param name="learned">The trials to learn from.</param>
    /// <param name="evaluated">The evaluated trials.</param>
    /// <param name="keyOf">The condition of a trial; null for none.</param>
    /// <param name="nextStarts">Of each trial of the session when the one behind it starts.</param>
    internal static SessionAverages Of(
        MillisecondSession session, NeuralLatentsSet set, int width, IReadOnlyList<MillisecondSession.Row> learned, IReadOnlyList<MillisecondSession.Row> evaluated,
        Func<MillisecondSession.Row, double[]?> keyOf, long[] nextStarts)
    {
        var all = learned.Concat(evaluated).OrderBy(row => row.Number).Select(row => (Row: row, Key: keyOf(row))).Where(one => one.Key is not null).ToList();
        var conditions = all.GroupBy(one => string.Join(' ', one.Key!.Select(number => number.ToString("R", System.Globalization.CultureInfo.InvariantCulture))), StringComparer.Ordinal)
            .OrderBy(group => group.First().Key!, Comparer<double[]>.Create((x, y) => x.AsSpan().SequenceCompareTo(y)))
            .Select(group => Kept(Spans([.. group.Select(one => one.Row)]))).Where(spans => spans.Count > 0).ToList();
        var bins = (set.WindowEnd - set.WindowStart) / width;
        var averages = Means(session, set, width, bins, conditions);
        return new SessionAverages(averages, [.. conditions.Select(spans => Places(spans, learned))], [.. conditions.Select(spans => Places(spans, evaluated))]);

        // Windows without jitter, each of which ends at latest where the next of its condition begins.
        List<Span> Spans(List<MillisecondSession.Row> rows)
        {
            var aligned = rows.ConvertAll(row => row.Time(session.Path, set.AlignedTo));
            var starts = rows.ConvertAll(row => set.EvaluatedFrom is { } from ? row.Time(session.Path, from) : null);
            var spans = new List<Span>();
            for (var i = 0; i < rows.Count; i++)
            {
                if (aligned[i] is not { } time || StartOf(i) is not { } start)
                {
                    continue;
                }

                var next = i + 1 < rows.Count ? Math.Min(StartOf(i + 1) ?? long.MaxValue, nextStarts[rows[i + 1].Number]) : long.MaxValue;
                var end = time + (set.WindowEnd * Millisecond) - Microsecond;
                end = end > next ? next - Microsecond : end;
                var (bin, first) = (width * Millisecond, Ceiling(start, width));
                spans.Add(new Span(rows[i], first, (int)Math.Max(0, FloorOf(end, bin) - first + 1), first - Ceiling(time, width)));
            }

            return spans;

            long? StartOf(int i) => set.EvaluatedFrom is not null ? starts[i] : aligned[i] + (set.WindowStart * Millisecond);
        }

        static List<Span> Kept(List<Span> spans)
        {
            var least = LeastShare * spans.Select(span => (double)span.Bins).DefaultIfEmpty(0).Average();
            return spans.FindAll(span => span.Bins >= least && span.Bins > 0);
        }
    }

    private static long FloorOf(long time, long bin) => (time / bin) - (time % bin < 0 ? 1 : 0);

    private static long Ceiling(long time, int width) => -FloorOf(-time, width * Millisecond);

    private static IReadOnlyList<int> Places(List<Span> spans, IReadOnlyList<MillisecondSession.Row> rows)
    {
        var numbers = spans.Select(span => span.Row.Number).ToHashSet();
        return [.. Enumerable.Range(0, rows.Count).Where(i => numbers.Contains(rows[i].Number))];
    }

    private static List<Table> Means(MillisecondSession session, NeuralLatentsSet set, int width, int bins, List<List<Span>> conditions)
    {
        // Rows of an average are by the time from the bin that is aligned to. Where bins do not divide the window's start, trials differ by a bin in their first.
        var ranges = conditions.ConvertAll(spans => (First: spans.Min(span => span.Shift), Rows: (int)(spans.Max(span => span.Shift + span.Bins) - spans.Min(span => span.Shift))));
        var neurons = session.HeldIn.Count + session.HeldOut.Count;
        var (sums, known) = (ranges.ConvertAll(range => new Table(range.Rows, neurons)), ranges.ConvertAll(range => new int[range.Rows * neurons]));
        var kernel = Kernel(set.Sigma);
        var column = 0;
        foreach (var (units, isHeldOut) in new[] { (session.HeldIn, false), (session.HeldOut, true) })
        {
            var stretches = session.Known(isHeldOut).ToArray();
            foreach (var unit in units)
            {
                var spikes = Sorted(session, unit);
                for (var c = 0; c < conditions.Count; c++)
                {
                    foreach (var span in conditions[c])
                    {
                        var smoothed = Smooth(spikes, stretches, span, width, kernel);
                        for (var bin = 0; bin < span.Bins; bin++)
                        {
                            if (!double.IsNaN(smoothed[bin]))
                            {
                                var row = (int)(span.Shift + bin - ranges[c].First);
                                sums[c][row, column] += smoothed[bin];
                                known[c][(row * neurons) + column]++;
                            }
                        }
                    }
                }

                column++;
            }
        }

        var averages = new List<Table>();
        for (var c = 0; c < conditions.Count; c++)
        {
            var shortest = Math.Min(bins, conditions[c].Min(span => span.Bins));
            var (skipped, ahead) = set.EndsAtAlignment ? (ranges[c].Rows - shortest, bins - shortest) : (0, 0);
            var average = new Table(bins, neurons);
            Array.Fill(average.Values, double.NaN);
            for (var i = 0; i < shortest * neurons; i++)
            {
                var from = (skipped * neurons) + i;
                average.Values[(ahead * neurons) + i] = known[c][from] > 0 ? sums[c].Values[from] / known[c][from] : double.NaN;
            }

            averages.Add(average);
        }

        return averages;
    }

    private static int[] Sorted(MillisecondSession session, long unit)
    {
        var spikes = new List<int>();
        session.ReadSpikes(unit, times =>
        {
            foreach (var time in times)
            {
                if (!double.IsNaN(time))
                {
                    spikes.Add((int)Math.Round(time * 1000));
                }
            }
        });
        spikes.Sort();
        return [.. spikes];
    }

    /// <summary>Sums of a Gaussian kernel up to each of its steps of 1 ms.</summary>
    private static double[] Kernel(double sigma)
    {
        var sums = new double[(int)(6 * sigma) + 1];
        for (var k = 1; k < sums.Length; k++)
        {
            var distance = (k - 1 - ((sums.Length - 2) / 2.0)) / sigma;
            sums[k] = sums[k - 1] + Math.Exp(-0.5 * distance * distance);
        }

        return Array.ConvertAll(sums, sum => sum / sums[^1]);
    }

    /// <summary>Smoothed spikes in the bins of a span: of each stretch without a gap by itself, and missing where a bin's first millisecond is.</summary>
    private static double[] Smooth(int[] spikes, (int Start, int End)[] stretches, Span span, int width, double[] kernel)
    {
        var result = new double[span.Bins];
        Array.Fill(result, double.NaN);
        var (from, to, offset) = (span.First * width, (span.First + span.Bins) * width, (kernel.Length - 2) / 2);
        foreach (var (start, end) in stretches)
        {
            if (end <= from || start >= to)
            {
                continue;
            }

            for (var bin = 0; bin < span.Bins; bin++)
            {
                result[bin] = from + (bin * width) >= start && from + (bin * width) < end ? 0 : result[bin];
            }
        }

        foreach (var (start, end) in stretches)
        {
            if (end <= from || start >= to)
            {
                continue;
            }

            // Spikes that reach into the span from inside this stretch.
            var next = Array.BinarySearch(spikes, (int)Math.Max(start, from - kernel.Length) - 1);
            next = next < 0 ? ~next : next;
            for (; next < spikes.Length && spikes[next] < Math.Min(end, to + kernel.Length); next++)
            {
                var spike = spikes[next];
                if (spike < start)
                {
                    continue;
                }

                var first = Math.Max(Math.Max(from, start), (long)spike - offset);
                var last = Math.Min(Math.Min(to, end), (long)spike - offset + kernel.Length - 1);
                for (var bin = (first - from) / width; bin < span.Bins && from + (bin * width) < last; bin++)
                {
                    var (low, high) = (Math.Max(first, from + (bin * width)), Math.Min(last, from + ((bin + 1) * width)));
                    result[bin] += kernel[high - spike + offset] - kernel[low - spike + offset];
                }
            }
        }

        return result;
    }

    /// <summary>Bins of a trial.</summary>
    /// <param name="Row">The trial.</param>
    /// <param name="First">Its first bin on the session's grid.</param>
    /// <param name="Bins">Number of bins.</param>
    /// <param name="Shift">The first bin, counted from the one that is aligned to.</param>
    private sealed record Span(MillisecondSession.Row Row, long First, int Bins, long Shift);
}
