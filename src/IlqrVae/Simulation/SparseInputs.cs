using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Simulation;

/// <summary>
/// Sparse inputs: in each bin, independently, with probability p all channels receive N(0, s^2) together, otherwise none does.
/// </summary>
/// <param name="Probability">Probability p of an input in a bin, between 0 and 1.</param>
/// <param name="Deviation">Standard deviation s of each channel where there is an input.</param>
public sealed record SparseInputs(double Probability = 0.03, double Deviation = 1)
{
    /// <summary>Draws the inputs of one trial.</summary>
    /// <param name="bins">Number of bins T.</param>
    /// <param name="channels">Number of inputs m.</param>
    /// <param name="random">Source of the draws.</param>
    /// <returns>T x m inputs.</returns>
    /// <exception cref="InvalidOperationException">The probability is not between 0 and 1.</exception>
    public Table Draw(int bins, int channels, ref CounterRandom random)
    {
        if (Probability is not (>= 0 and <= 1))
        {
            throw new InvalidOperationException($"The probability of an input is {Probability}; it must be between 0 and 1.");
        }

        var inputs = new Table(bins, channels);
        for (var t = 0; t < bins; t++)
        {
            if (random.NextDouble() >= Probability)
            {
                continue;
            }

            for (var i = 0; i < channels; i++)
            {
                inputs[t, i] = Deviation * random.NextNormal();
            }
        }

        return inputs;
    }
}
