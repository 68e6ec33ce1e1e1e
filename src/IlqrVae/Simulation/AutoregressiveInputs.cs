using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Simulation;

/// <summary>
/// Inputs of first-order autoregression, independent over channels: u_{t+1} = a u_t + sqrt(1 - a^2) s e_t with e_t ~ N(0, 1), started in
/// the stationary distribution N(0, s^2).
/// </summary>
/// <param name="Coefficient">The coefficient a, between -1 and 1; correlations a lag k apart are a^k.</param>
/// <param name="Deviation">The stationary standard deviation s.</param>
public sealed record AutoregressiveInputs(double Coefficient = 0.8, double Deviation = 1)
{
    /// <summary>Draws the inputs of one trial.</summary>
    /// <param name="bins">Number of bins T.</param>
    /// <param name="channels">Number of inputs m.</param>
    /// <param name="random">Source of the draws.</param>
    /// <returns>T x m inputs.</returns>
    public Table Draw(int bins, int channels, ref CounterRandom random)
    {
        var inputs = new Table(bins, channels);
        var innovation = Deviation * Math.Sqrt(1 - (Coefficient * Coefficient));
        for (var t = 0; t < bins; t++)
        {
            for (var i = 0; i < channels; i++)
            {
                inputs[t, i] = t == 0
                    ? Deviation * random.NextNormal()
                    : (Coefficient * inputs[t - 1, i]) + (innovation * random.NextNormal());
            }
        }

        return inputs;
    }
}
