using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Simulation;

/// <summary>
/// Poisson neurons with an exponential link: rate_i = exp(c_i' z + d_i) in Hz, counts in a bin ~ Poisson(rate_i * bin width), independent
/// given the states.
/// </summary>
/// <param name="MeanRate">Mean rate of every neuron over the calibration states, in Hz.</param>
/// <param name="ModulationDepth">Standard deviation of every neuron's log rate over the calibration states.</param>
public sealed record PoissonSpikes(double MeanRate, double ModulationDepth)
{
    /// <summary>The firing rates of neurons with random tuning.</summary>
    /// <param name="states">States of all trials, each T x n; the tuning is calibrated on them.</param>
    /// <param name="neurons">Number of neurons N.</param>
    /// <param name="random">Source of the tuning.</param>
    /// <returns>Rates in Hz, one T x N table a trial.</returns>
    public IReadOnlyList<Table> Rates(IReadOnlyList<Table> states, int neurons, ref CounterRandom random)
    {
        var deviations = new double[neurons];
        Array.Fill(deviations, ModulationDepth);
        var readout = LinearReadout.Random(states, deviations, ref random);
        Table[] rates = [.. states.Select(readout.Apply)];
        foreach (var table in rates)
        {
            for (var i = 0; i < table.Values.Length; i++)
            {
                table.Values[i] = Math.Exp(table.Values[i]);
            }
        }

        var mean = new double[neurons];
        var bins = rates.Sum(table => (long)table.Bins);
        foreach (var table in rates)
        {
            for (var i = 0; i < table.Values.Length; i++)
            {
                mean[i % neurons] += table.Values[i] / bins;
            }
        }

        foreach (var table in rates)
        {
            for (var i = 0; i < table.Values.Length; i++)
            {
                table.Values[i] *= MeanRate / mean[i % neurons];
            }
        }

        return rates;
    }

    /// <summary>Draws the counts of one trial.</summary>
    /// <param name="rates">T x N rates in Hz.</param>
    /// <param name="binWidth">Bin width in seconds.</param>
    /// <param name="random">Source of the counts.</param>
    /// <returns>T x N whole counts.</returns>
    public static Table Draw(Table rates, double binWidth, ref CounterRandom random)
    {
        var counts = new Table(rates.Bins, rates.Columns);
        for (var i = 0; i < counts.Values.Length; i++)
        {
            counts.Values[i] = random.NextPoisson(rates.Values[i] * binWidth);
        }

        return counts;
    }
}
