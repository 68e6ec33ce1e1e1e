using IlqrVae.Models.Differentiation;
using IlqrVae.Models.Dynamics.Custom;

namespace IlqrVae.Tests.Inference;

/// <summary>The Lorenz attractor with states scaled by a tenth, by Euler steps of 0.01; small inputs push each state.</summary>
/// <param name="isFolded">
/// With two more states: one that stays, a, and one that shows it from the second bin on by f(a) = a + 2 sin 8 a, whose many crests hide those behind them
/// from a search that begins at zero.
/// </param>
internal sealed class LorenzDefinition(bool isFolded = false) : IDynamicsDefinition
{
    public int States => isFolded ? 5 : 3;

    public int Inputs => 3;

    public IReadOnlyList<ParameterDeclaration> Parameters => [];

    public void Step<TScalar>(
        StepContext<TScalar> model, ReadOnlySpan<TScalar> state, ReadOnlySpan<TScalar> input, ReadOnlySpan<TScalar> external, Span<TScalar> next)
        where TScalar : struct, IScalar<TScalar>
    {
        const double Step = 0.01;
        var (x, y, z) = (state[0], state[1], state[2]);
        next[0] = x + (Step * 10 * (y - x)) + input[0];
        next[1] = y + (Step * ((x * (28 - (10 * z))) - y)) + input[1];
        next[2] = z + (Step * ((10 * x * y) - (8.0 / 3 * z))) + input[2];
        if (isFolded)
        {
            var a = state[3];
            next[3] = a;
            next[4] = a + (2 * TScalar.Sin(8 * a));
        }
    }
}
