using IlqrVae.Recordings;

namespace IlqrVae.Evaluation.NeuralLatents;

/// <summary>PSTH R2 of the Neural Latents Benchmark: rates averaged over the evaluated trials of each condition, against smoothed spikes averaged likewise.</summary>
/// <param name="R2">The mean over neurons.</param>
/// <param name="R2PerNeuron">R2 of each neuron over the bins of all conditions together; one that does not vary scores 0, or 1 where it is met exactly.</param>
/// <param name="Bins">Bins that count, of all conditions together.</param>
/// <param name="Conditions">Conditions that have evaluated trials.</param>
public sealed record ConditionAverages(double R2, IReadOnlyList<double> R2PerNeuron, int Bins, int Conditions)
{
    /// <summary>Scores. The averages are held in memory, rates are read once, a trial at a time.</summary>
    /// <param name="rates">Rates of the evaluated trials, trials x bins x neurons.</param>
    /// <param name="averages">What is averaged of the spikes, conditions x bins x neurons; bins whose first neuron is NaN are left out.</param>
    /// <param name="trials">For each condition its evaluated trials; conditions without any are left out.</param>
    /// <param name="jitter">For each trial how many bins later its rates belong; null for none.</param>
    /// <exception cref="InputException">Shapes differ, there is no such trial, or rates or averages are no numbers in a bin that counts.</exception>
    public static ConditionAverages Of(TrialArray rates, TrialArray averages, IReadOnlyList<IReadOnlyList<int>> trials, IReadOnlyList<int>? jitter = null)
    {
        ArgumentNullException.ThrowIfNull(rates);
        ArgumentNullException.ThrowIfNull(averages);
        ArgumentNullException.ThrowIfNull(trials);
        Require(rates, averages, trials, jitter);
        var predicted = Averages(rates, trials, jitter);
        var neurons = rates.Columns;
        var (known, guessed) = (new List<double[]>(), new List<double[]>());
        for (var c = 0; c < trials.Count; c++)
        {
            if (trials[c].Count == 0)
            {
                continue;
            }

            var psth = new double[averages.Bins * neurons];
            averages.Read(c, psth);
            for (var bin = 0; bin < averages.Bins; bin++)
            {
                if (double.IsNaN(psth[bin * neurons]))
                {
                    continue;
                }

                var (truth, guess) = (psth[(bin * neurons)..((bin + 1) * neurons)], predicted[c].AsSpan(bin * neurons, neurons).ToArray());
                RequireNumbers(truth, $"{averages.Place(c, bin * neurons)}: neuron", "in a bin whose first neuron is known; write NaN for all neurons of a bin, or for none");
                RequireNumbers(guess, $"{rates.Name}, averaged over condition {c} at bin {bin}: neuron", "where the condition average of spikes is known; give a rate there");
                known.Add(truth);
                guessed.Add(guess);
            }
        }

        if (known.Count == 0)
        {
            throw new InputException($"{averages.Name}: no condition with evaluated trials has a bin that is known, so there is nothing to compare with.");
        }

        var r2 = new double[neurons];
        for (var n = 0; n < neurons; n++)
        {
            var mean = known.Average(row => row[n]);
            double residual = 0, total = 0;
            for (var i = 0; i < known.Count; i++)
            {
                residual += (known[i][n] - guessed[i][n]) * (known[i][n] - guessed[i][n]);
                total += (known[i][n] - mean) * (known[i][n] - mean);
            }

            r2[n] = OutputR2.Of(residual, total, mean, known.Count);
        }

        return new ConditionAverages(r2.Average(), r2, known.Count, trials.Count(one => one.Count > 0));
    }

    private static void Require(TrialArray rates, TrialArray averages, IReadOnlyList<IReadOnlyList<int>> trials, IReadOnlyList<int>? jitter)
    {
        if (rates.Bins != averages.Bins || rates.Columns != averages.Columns || rates.Columns == 0)
        {
            throw new InputException($"{rates.Name} has the shape {rates.Shape} and {averages.Name} {averages.Shape}; both need the same bins and neurons.");
        }

        if (trials.Count != averages.Trials)
        {
            throw new InputException($"{averages.Name} has {averages.Trials} conditions where the trials of {trials.Count} are told; give a list of trials for each condition.");
        }

        foreach (var trial in trials.SelectMany(one => one).Where(trial => trial < 0 || trial >= rates.Trials))
        {
            throw new InputException($"{averages.Name}: there is no evaluated trial {trial} as a condition has it; {rates.Name} has {rates.Trials}, counted from 0.");
        }

        if (jitter is not null && jitter.Count != rates.Trials)
        {
            throw new InputException($"{averages.Name}: there are jitters of {jitter.Count} trials where {rates.Name} has {rates.Trials}; give one a trial.");
        }
    }

    private static double[][] Averages(TrialArray rates, IReadOnlyList<IReadOnlyList<int>> trials, IReadOnlyList<int>? jitter)
    {
        var sums = trials.Select(one => new double[one.Count == 0 ? 0 : rates.Bins * rates.Columns]).ToArray();
        var conditions = new List<int>[rates.Trials];
        for (var c = 0; c < trials.Count; c++)
        {
            foreach (var trial in trials[c])
            {
                (conditions[trial] ??= []).Add(c);
            }
        }

        var values = new double[rates.Bins * rates.Columns];
        for (var trial = 0; trial < rates.Trials; trial++)
        {
            if (conditions[trial] is not { } those)
            {
                continue;
            }

            rates.Read(trial, values);
            var moved = (long)(jitter?[trial] ?? 0) * rates.Columns;
            foreach (var c in those)
            {
                for (var i = 0; i < values.Length; i++)
                {
                    // Later by the jitter; where nothing moves to, nothing is known.
                    var from = i - moved;
                    sums[c][i] += from >= 0 && from < values.Length ? values[from] : double.NaN;
                }
            }
        }

        for (var c = 0; c < sums.Length; c++)
        {
            System.Numerics.Tensors.TensorPrimitives.Divide(sums[c], trials[c].Count, sums[c]);
        }

        return sums;
    }

    private static void RequireNumbers(double[] row, string what, string mend)
    {
        var fault = row.AsSpan().IndexOfAnyExceptInRange(double.MinValue, double.MaxValue);
        if (fault >= 0)
        {
            throw new InputException($"{what} {fault} is {row[fault]} {mend}.");
        }
    }
}
