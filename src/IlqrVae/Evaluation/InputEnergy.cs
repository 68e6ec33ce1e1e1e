using IlqrVae.Recordings;

namespace IlqrVae.Evaluation;

/// <summary>
/// Where in time inferred inputs act. Energies are in units of the prior, z_0' diag(sigma_0^-2) z_0 for the initial state and u_t' diag(s^-2) u_t for
/// step t, so that neither the scale of the states nor that of the inputs, which a model may trade for its input matrix, counts. With what inputs do to
/// the state in place of the inputs, and sigma_0 as their scale, they compare like with like: an input that moves nothing has none.
/// </summary>
public sealed class InputEnergy
{
    private readonly double[] _initial;
    private readonly double[][] _steps;

    private InputEnergy(double[] initial, double[][] steps)
    {
        _initial = initial;
        _steps = steps;
        var total = initial.Sum() + steps.Sum(trial => trial.Sum());
        Total = double.IsFinite(total) ? total : double.NaN;
    }

    /// <summary>The energy of all initial states and inputs; NaN, as are all shares, where it is not finite.</summary>
    public double Total { get; }

    /// <summary>The initial states' share of it; NaN where there is no energy at all.</summary>
    public double InitialShare => _initial.Sum() / Total;

    /// <summary>The energy of each step of each trial.</summary>
    public IReadOnlyList<IReadOnlyList<double>> Steps => _steps;

    /// <summary>Measures the energies of trials.</summary>
    /// <param name="initialStates">n numbers a trial.</param>
    /// <param name="inputs">T x m of each trial, or T x n of their effects; the last row drives nothing and is left out.</param>
    /// <param name="initialScale">sigma_0, n.</param>
    /// <param name="inputScale">s, m, or sigma_0 for effects.</param>
    /// <exception cref="ArgumentException">The numbers of trials, states or inputs differ.</exception>
    public static InputEnergy Of(
        IReadOnlyList<double[]> initialStates, IReadOnlyList<Table> inputs, IReadOnlyList<double> initialScale, IReadOnlyList<double> inputScale)
    {
        ArgumentNullException.ThrowIfNull(initialStates);
        ArgumentNullException.ThrowIfNull(inputs);
        if (initialStates.Count != inputs.Count
            || initialStates.Any(state => state.Length != initialScale.Count) || inputs.Any(table => table.Columns != inputScale.Count))
        {
            throw new ArgumentException("Every trial needs an initial state and inputs with one scale each.", nameof(inputs));
        }

        return new InputEnergy(
            [.. initialStates.Select(state => Square(state, initialScale))],
            [.. inputs.Select(table => Enumerable.Range(0, Math.Max(0, table.Bins - 1)).Select(t => Square(table.Row(t), inputScale)).ToArray())]);
    }

    /// <summary>The share of the energy in inputs whose step is within a distance of a named one.</summary>
    /// <param name="steps">Of each trial the named steps; step t leads from bin t to t + 1.</param>
    /// <param name="window">The distance in steps, not negative.</param>
    /// <returns>The share of the energy, and the share of the steps that are that near: what inputs spread evenly over time would give of theirs.</returns>
    /// <exception cref="ArgumentException">The number of trials differs.</exception>
    public (double Energy, double Steps) ShareNear(IReadOnlyList<IReadOnlyCollection<int>> steps, int window)
    {
        ArgumentNullException.ThrowIfNull(steps);
        ArgumentOutOfRangeException.ThrowIfNegative(window);
        if (steps.Count != _steps.Length)
        {
            throw new ArgumentException($"There are {_steps.Length} trials and steps of {steps.Count}.", nameof(steps));
        }

        var (energy, near, all) = (0.0, 0L, 0L);
        for (var k = 0; k < _steps.Length; k++)
        {
            all += _steps[k].Length;
            for (var t = 0; t < _steps[k].Length; t++)
            {
                if (steps[k].Any(step => Math.Abs(step - t) <= window))
                {
                    energy += _steps[k][t];
                    near++;
                }
            }
        }

        return (energy / Total, all > 0 ? (double)near / all : double.NaN);
    }

    private static double Square(ReadOnlySpan<double> values, IReadOnlyList<double> scale)
    {
        var sum = 0.0;
        for (var i = 0; i < values.Length; i++)
        {
            sum += values[i] / scale[i] * (values[i] / scale[i]);
        }

        return sum;
    }
}
