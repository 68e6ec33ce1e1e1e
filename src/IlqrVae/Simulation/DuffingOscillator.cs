using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Simulation;

/// <summary>
/// The undamped, unforced Duffing oscillator x' = y, y' = x - x^3, by Runge-Kutta with steps of 0.03. Its energy y^2/2 - x^2/2 + x^4/4 is
/// conserved.
/// </summary>
public static class DuffingOscillator
{
    /// <summary>Length of a step in the system's own time; one bin is one step.</summary>
    public const double Step = 0.03;

    /// <summary>Starting points are uniform on the square of this half-width, in both coordinates.</summary>
    public const double StartRange = 1.5;

    /// <summary>The time derivative.</summary>
    /// <param name="state">x, y.</param>
    /// <param name="derivative">Receives x', y'.</param>
    public static void Derivative(ReadOnlySpan<double> state, Span<double> derivative)
    {
        derivative[0] = state[1];
        derivative[1] = state[0] - (state[0] * state[0] * state[0]);
    }

    /// <summary>The conserved energy.</summary>
    /// <param name="state">x, y.</param>
    public static double Energy(ReadOnlySpan<double> state)
    {
        var x2 = state[0] * state[0];
        return (0.5 * state[1] * state[1]) - (0.5 * x2) + (0.25 * x2 * x2);
    }

    /// <summary>
    /// Pieces of free motion joined end to end, each from a random starting point: the state jumps where they meet. The jump is an input:
    /// row t of the inputs is what must be added to the free step from bin t to reach bin t + 1, zero except in the last bin of a piece.
    /// </summary>
    /// <param name="pieces">Number of pieces.</param>
    /// <param name="binsPerPiece">Bins in each.</param>
    /// <param name="random">Source of the starting points.</param>
    /// <returns>States and inputs, both T x 2 with T = pieces * binsPerPiece.</returns>
    public static (Table States, Table Inputs) Simulate(int pieces, int binsPerPiece, ref CounterRandom random)
    {
        var bins = checked(pieces * binsPerPiece);
        var states = new Table(bins, 2);
        var inputs = new Table(bins, 2);
        Span<double> state = stackalloc double[2];
        Span<double> workspace = stackalloc double[10];
        for (var t = 0; t < bins; t++)
        {
            if (t % binsPerPiece == 0)
            {
                for (var i = 0; i < 2; i++)
                {
                    var start = StartRange * ((2 * random.NextDouble()) - 1);
                    if (t > 0)
                    {
                        inputs[t - 1, i] = start - state[i];
                    }

                    state[i] = start;
                }
            }

            state.CopyTo(states.Row(t));
            RungeKutta.Step(Derivative, state, Step, workspace);
        }

        return (states, inputs);
    }
}
