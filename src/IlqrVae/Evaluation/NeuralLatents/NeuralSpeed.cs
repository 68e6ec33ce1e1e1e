using IlqrVae.Recordings;

namespace IlqrVae.Evaluation.NeuralLatents;

/// <summary>One condition of <see cref="NeuralSpeed"/>.</summary>
/// <param name="Condition">What the trials have in common: is_eye, theta and is_short.</param>
/// <param name="Trials">Number of trials.</param>
/// <param name="Correlation">Between speed and produced interval, Pearson.</param>
public sealed record NeuralSpeedCondition(IReadOnlyList<double> Condition, int Trials, double Correlation);

/// <summary>
/// tp correlation of the Neural Latents Benchmark (dmfc_rsg): how the speed of the rates goes with the interval that an animal produced. The more negative the better:
/// the slower the state, the longer the interval.
/// </summary>
/// <param name="Correlation">The mean over conditions.</param>
/// <param name="Conditions">Each condition.</param>
/// <param name="Speeds">For each trial the mean distance between the rates of bins that follow each other; NaN where there are none.</param>
public sealed record NeuralSpeed(double Correlation, IReadOnlyList<NeuralSpeedCondition> Conditions, IReadOnlyList<double> Speeds)
{
    private const int KeyColumns = 3;

    /// <summary>Scores.</summary>
    /// <param name="rates">Rates of the evaluated trials, trials x bins x neurons.</param>
    /// <param name="spikes">Held-out spikes of these trials; the bins in which the first neuron is known are those that count.</param>
    /// <param name="behaviour">Trials x 1 x columns: is_eye, theta, is_short, further ones, and the produced interval last; a trial with NaN is left out.</param>
    /// <exception cref="InputException">Shapes differ, a condition has one trial, or the rates of a trial that counts are no numbers.</exception>
    public static NeuralSpeed Of(TrialArray rates, TrialArray spikes, TrialArray behaviour)
    {
        ArgumentNullException.ThrowIfNull(rates);
        ArgumentNullException.ThrowIfNull(spikes);
        ArgumentNullException.ThrowIfNull(behaviour);
        if (rates.Trials != spikes.Trials || rates.Bins != spikes.Bins || spikes.Columns == 0 || behaviour.Trials != rates.Trials)
        {
            throw new InputException($"{rates.Name} has the shape {rates.Shape}, {spikes.Name} {spikes.Shape} and {behaviour.Name} {behaviour.Shape}; all need the same trials, and the first two the same bins.");
        }

        if (behaviour.Bins != 1 || behaviour.Columns <= KeyColumns)
        {
            throw new InputException($"{behaviour.Name} has the shape {behaviour.Shape}; it needs a row a trial of is_eye, theta, is_short, ts and tp.");
        }

        var speeds = SpeedsOf(rates, spikes);
        var rows = new double[rates.Trials][];
        for (var trial = 0; trial < rows.Length; trial++)
        {
            behaviour.Read(trial, rows[trial] = new double[behaviour.Columns]);
        }

        var conditions = new List<NeuralSpeedCondition>();
        foreach (var members in Enumerable.Range(0, rows.Length).Where(trial => !Array.Exists(rows[trial], double.IsNaN))
            .GroupBy(trial => (rows[trial][0], rows[trial][1], rows[trial][2])).OrderBy(group => group.Key))
        {
            var those = members.ToList();
            var named = $"{behaviour.Name}: the condition is_eye {members.Key.Item1}, theta {members.Key.Item2}, is_short {members.Key.Item3}";
            if (those.Count < 2)
            {
                throw new InputException($"{named} has one trial (trial {those[0]}), and a correlation needs two; mark it with NaN or leave it out.");
            }

            foreach (var trial in those.Where(trial => !double.IsFinite(speeds[trial])))
            {
                throw new InputException($"{rates.Name}: the speed of trial {trial} is no number; the rates of all neurons are needed in its bins, and two bins at least.");
            }

            conditions.Add(new NeuralSpeedCondition(
                [members.Key.Item1, members.Key.Item2, members.Key.Item3], those.Count, Pearson([.. those.Select(trial => speeds[trial])], [.. those.Select(trial => rows[trial][^1])])));
        }

        return conditions.Count > 0
            ? new NeuralSpeed(conditions.Average(one => one.Correlation), conditions, speeds)
            : throw new InputException($"{behaviour.Name}: every trial has NaN, so there is none to score.");
    }

    private static double[] SpeedsOf(TrialArray rates, TrialArray spikes)
    {
        var speeds = new double[rates.Trials];
        var (values, known) = (new double[rates.Bins * rates.Columns], new double[spikes.Bins * spikes.Columns]);
        for (var trial = 0; trial < speeds.Length; trial++)
        {
            rates.Read(trial, values);
            spikes.Read(trial, known);
            var (sum, steps, last) = (0.0, 0, -1);
            for (var bin = 0; bin < rates.Bins; bin++)
            {
                // Holes are closed up: the step over one counts as one.
                if (double.IsNaN(known[bin * spikes.Columns]))
                {
                    continue;
                }

                if (last >= 0)
                {
                    sum += Distance(values.AsSpan(last * rates.Columns, rates.Columns), values.AsSpan(bin * rates.Columns, rates.Columns));
                    steps++;
                }

                last = bin;
            }

            speeds[trial] = steps == 0 ? double.NaN : sum / steps;
        }

        return speeds;
    }

    private static double Distance(ReadOnlySpan<double> a, ReadOnlySpan<double> b) => System.Numerics.Tensors.TensorPrimitives.Distance(a, b);

    private static double Pearson(double[] x, double[] y)
    {
        var (meanX, meanY) = (x.Average(), y.Average());
        double xy = 0, xx = 0, yy = 0;
        for (var i = 0; i < x.Length; i++)
        {
            xy += (x[i] - meanX) * (y[i] - meanY);
            xx += (x[i] - meanX) * (x[i] - meanX);
            yy += (y[i] - meanY) * (y[i] - meanY);
        }

        return xy / Math.Sqrt(xx * yy);
    }
}
