using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Evaluation.NeuralLatents;

/// <summary>
/// Bits per spike of the Neural Latents Benchmark: on held-out neurons its co-bps, on all neurons in bins after the window its fp-bps.
/// </summary>
/// <param name="BitsPerSpike">
/// (<paramref name="NullLoss"/> - <paramref name="ModelLoss"/>) / (spikes * ln 2): 0 is no better than each neuron's mean over the evaluated bins; NaN without spikes.
/// </param>
/// <param name="ModelLoss">Poisson negative log-likelihood of the spikes under the rates, in nats.</param>
/// <param name="NullLoss">The same under each neuron's mean.</param>
/// <param name="Spikes">Number of spikes.</param>
/// <param name="ExpectedSpikes">The sum of the rates of the same entries.</param>
/// <param name="Counted">Entries whose spikes are known.</param>
/// <param name="Missing">Entries whose spikes are not known, which count for nothing.</param>
/// <param name="ZeroRates">Rates of 0 among those that count; they count as <see cref="Metrics.LeastRate"/>.</param>
public sealed record SpikePrediction(
    double BitsPerSpike, double ModelLoss, double NullLoss, double Spikes, double ExpectedSpikes, long Counted, long Missing, long ZeroRates)
{
    /// <summary>Scores rates.</summary>
    /// <param name="rates">Expected spikes a bin, trials x bins x neurons.</param>
    /// <param name="spikes">Spikes a bin, of the same shape; NaN where they are not known.</param>
    /// <exception cref="InputException">The shapes differ; a rate is NaN, infinite or negative where spikes are known; spikes are negative or infinite.</exception>
    public static SpikePrediction Of(TrialArray rates, TrialArray spikes)
    {
        ArgumentNullException.ThrowIfNull(rates);
        ArgumentNullException.ThrowIfNull(spikes);
        if (rates.Trials != spikes.Trials || rates.Bins != spikes.Bins || rates.Columns != spikes.Columns)
        {
            throw new InputException($"{rates.Name} has the shape {rates.Shape} where {spikes.Name} has {spikes.Shape}; rates and spikes need the same trials, bins and neurons.");
        }

        var (sums, known) = SumsOf(spikes);
        var means = sums.Zip(known, (sum, entries) => Floored(sum / entries)).ToArray();
        var (counts, expected) = (new double[spikes.Bins * spikes.Columns], new double[spikes.Bins * spikes.Columns]);
        double model = 0, none = 0, total = 0;
        long zeros = 0;
        for (var trial = 0; trial < spikes.Trials; trial++)
        {
            spikes.Read(trial, counts);
            rates.Read(trial, expected);
            double modelOfTrial = 0, noneOfTrial = 0;
            for (var i = 0; i < counts.Length; i++)
            {
                if (double.IsNaN(counts[i]))
                {
                    continue;
                }

                RequireRate(rates, trial, i, expected[i]);
                zeros += expected[i] == 0 ? 1 : 0;
                total += expected[i];
                var factorial = SpecialFunctions.LogGamma(counts[i] + 1);
                modelOfTrial += Loss(Floored(expected[i]), counts[i]) + factorial;
                noneOfTrial += Loss(means[i % means.Length], counts[i]) + factorial;
            }

            model += modelOfTrial;
            none += noneOfTrial;
        }

        var (all, counted) = (sums.Sum(), known.Sum());
        return new SpikePrediction(
            all > 0 ? (none - model) / (all * Math.Log(2)) : double.NaN, model, none, all, total, counted, ((long)spikes.Trials * counts.Length) - counted, zeros);
    }

    private static double Loss(double rate, double count) => rate - (count * Math.Log(rate));

    // The benchmark raises rates of 0 and leaves smaller ones than the floor as they are.
    private static double Floored(double rate) => rate == 0 ? Metrics.LeastRate : rate;

    private static (double[] Sums, long[] Known) SumsOf(TrialArray spikes)
    {
        var (sums, known) = (new double[spikes.Columns], new long[spikes.Columns]);
        var counts = new double[spikes.Bins * spikes.Columns];
        for (var trial = 0; trial < spikes.Trials; trial++)
        {
            spikes.Read(trial, counts);
            for (var i = 0; i < counts.Length; i++)
            {
                if (double.IsNaN(counts[i]))
                {
                    continue;
                }

                if (!(counts[i] >= 0) || !double.IsFinite(counts[i]))
                {
                    throw new InputException($"{spikes.Place(trial, i)} is {counts[i]}; spikes are counted from 0, and NaN where they are not known.");
                }

                sums[i % sums.Length] += counts[i];
                known[i % sums.Length]++;
            }
        }

        return (sums, known);
    }

    private static void RequireRate(TrialArray rates, int trial, int entry, double rate)
    {
        if (double.IsNaN(rate))
        {
            throw new InputException($"{rates.Place(trial, entry)} is NaN where spikes are known; give the expected number of spikes a bin.");
        }

        if (rate < 0)
        {
            throw new InputException($"{rates.Place(trial, entry)} is {rate}; a rate is the expected number of spikes a bin and cannot be negative (were logarithms written?).");
        }

        if (double.IsInfinity(rate))
        {
            throw new InputException($"{rates.Place(trial, entry)} is infinite; a rate is the expected number of spikes a bin.");
        }
    }
}
