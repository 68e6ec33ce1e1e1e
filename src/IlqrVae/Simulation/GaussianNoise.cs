using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Simulation;

/// <summary>Independent Gaussian observation noise of one standard deviation in all channels.</summary>
/// <param name="Deviation">Standard deviation, in the unit of the channels.</param>
public sealed record GaussianNoise(double Deviation)
{
    /// <summary>Draws the observations of one trial.</summary>
    /// <param name="mean">T x N noise-free values.</param>
    /// <param name="random">Source of the noise.</param>
    /// <returns>T x N values.</returns>
    public Table Draw(Table mean, ref CounterRandom random)
    {
        var values = new Table(mean.Bins, mean.Columns);
        for (var i = 0; i < values.Values.Length; i++)
        {
            values.Values[i] = mean.Values[i] + (Deviation * random.NextNormal());
        }

        return values;
    }
}
