using IlqrVae.Models.Differentiation;
using IlqrVae.Models.Dynamics.Custom;

namespace IlqrVae.Tests.Inference;

/// <summary>
/// A state that stays near 1 or near -1 unless inputs push it over, and one that follows it slowly and shows it faintly: whether a long stretch is spent on
/// the one side or on the other is decided by many bins together, and each stretch has its two minima.
/// </summary>
internal sealed class BistableDefinition : IDynamicsDefinition
{
    public int States => 2;

    public int Inputs => 2;

    public IReadOnlyList<ParameterDeclaration> Parameters => [];

    public void Step<TScalar>(
        StepContext<TScalar> model, ReadOnlySpan<TScalar> state, ReadOnlySpan<TScalar> input, ReadOnlySpan<TScalar> external, Span<TScalar> next)
        where TScalar : struct, IScalar<TScalar>
    {
        var (side, shown) = (state[0], state[1]);
        next[0] = side + (0.3 * (side - (side * side * side))) + input[0];
        next[1] = (0.8 * shown) + (0.2 * side) + input[1];
    }
}
