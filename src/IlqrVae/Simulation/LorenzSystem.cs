using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Simulation;

/// <summary>
/// The Lorenz system x' = 10 (y - x), y' = x (28 - z) - y, z' = x y - 8/3 z (Lorenz 1963, J. Atmos. Sci. 20:130), by Runge-Kutta with steps
/// of 0.01.
/// </summary>
public static class LorenzSystem
{
    /// <summary>Length of a step in the system's own time; one bin is one step.</summary>
    public const double Step = 0.01;

    // Moments of the attractor, averaged over 5e7 steps. With constants instead of the sample's own moments, trajectories of any number and
    // length share one coordinate system, so that a model fitted to one set can be tested on another.
    private static readonly double[] AttractorMean = [0, 0, 23.553];
    private static readonly double[] AttractorDeviation = [7.923, 9.008, 8.618];

    /// <summary>The time derivative in the system's own coordinates.</summary>
    /// <param name="state">x, y, z.</param>
    /// <param name="derivative">Receives x', y', z'.</param>
    public static void Derivative(ReadOnlySpan<double> state, Span<double> derivative)
    {
        derivative[0] = 10 * (state[1] - state[0]);
        derivative[1] = (state[0] * (28 - state[2])) - state[1];
        derivative[2] = (state[0] * state[1]) - (8.0 / 3 * state[2]);
    }

    /// <summary>To z-scores: subtracts the attractor's mean and divides by its standard deviation, in place.</summary>
    /// <param name="state">x, y, z.</param>
    public static void Standardize(Span<double> state)
    {
        for (var i = 0; i < 3; i++)
        {
            state[i] = (state[i] - AttractorMean[i]) / AttractorDeviation[i];
        }
    }

    /// <summary>
    /// A trajectory on the attractor in z-scores: starts at a random point (normal about (0, 0, 25) with standard deviation 5) and
    /// drops the first 1 000 to 2 000 steps, a random number of them.
    /// </summary>
    /// <param name="bins">Number of bins T.</param>
    /// <param name="random">Source of the starting point.</param>
    /// <returns>T x 3 states.</returns>
    public static Table Simulate(int bins, ref CounterRandom random)
    {
        Span<double> state = [5 * random.NextNormal(), 5 * random.NextNormal(), 25 + (5 * random.NextNormal())];
        Span<double> workspace = stackalloc double[15];
        var burnIn = 1000 + random.NextInt32(1001);
        for (var i = 0; i < burnIn; i++)
        {
            RungeKutta.Step(Derivative, state, Step, workspace);
        }

        var states = new Table(bins, 3);
        for (var t = 0; t < bins; t++)
        {
            state.CopyTo(states.Row(t));
            Standardize(states.Row(t));
            RungeKutta.Step(Derivative, state, Step, workspace);
        }

        return states;
    }
}
