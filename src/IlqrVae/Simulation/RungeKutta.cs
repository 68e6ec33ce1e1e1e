namespace IlqrVae.Simulation;

/// <summary>
/// The time derivative of a state: fills <paramref name="derivative"/> from <paramref name="state"/>, both of the same length.
/// </summary>
/// <param name="state">The state.</param>
/// <param name="derivative">Receives its time derivative.</param>
public delegate void VectorField(ReadOnlySpan<double> state, Span<double> derivative);

/// <summary>The classical Runge-Kutta method of order 4 with a fixed step.</summary>
public static class RungeKutta
{
    /// <summary>Advances a state by one step, in place.</summary>
    /// <param name="field">The time derivative; it must not depend on time within the step.</param>
    /// <param name="state">The state at the start; the state one step later on return.</param>
    /// <param name="step">Length of the step, in the time unit of the field.</param>
    /// <param name="workspace">Scratch of at least five times the length of the state; its contents do not matter.</param>
    public static void Step(VectorField field, Span<double> state, double step, Span<double> workspace)
    {
        var n = state.Length;
        var k1 = workspace[..n];
        var k2 = workspace.Slice(n, n);
        var k3 = workspace.Slice(2 * n, n);
        var k4 = workspace.Slice(3 * n, n);
        var point = workspace.Slice(4 * n, n);
        field(state, k1);
        Move(state, step / 2, k1, point);
        field(point, k2);
        Move(state, step / 2, k2, point);
        field(point, k3);
        Move(state, step, k3, point);
        field(point, k4);
        for (var i = 0; i < n; i++)
        {
            state[i] += step / 6 * (k1[i] + (2 * k2[i]) + (2 * k3[i]) + k4[i]);
        }
    }

    private static void Move(ReadOnlySpan<double> from, double distance, ReadOnlySpan<double> direction, Span<double> to)
    {
        for (var i = 0; i < to.Length; i++)
        {
            to[i] = from[i] + (distance * direction[i]);
        }
    }
}
