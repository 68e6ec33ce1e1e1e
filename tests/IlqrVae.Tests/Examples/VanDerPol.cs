using IlqrVae.Models.Differentiation;
using IlqrVae.Models.Dynamics.Custom;
using IlqrVae.Models.Parameters;

namespace IlqrVae.Tests.Examples;

/// <summary>The Van der Pol oscillator, x'' = mu (1 - x^2) x' - x + u, by a symplectic Euler step of 0.05.</summary>
public sealed class VanDerPol : IDynamicsDefinition
{
    private readonly ParameterDeclaration _mu = ParameterDeclaration.Scalar("mu", 1.0, Constraint.Positive);

    public int States => 2;

    public int Inputs => 1;

    public IReadOnlyList<ParameterDeclaration> Parameters => [_mu];

    public void Step<TScalar>(
        StepContext<TScalar> model,
        ReadOnlySpan<TScalar> state,
        ReadOnlySpan<TScalar> input,
        ReadOnlySpan<TScalar> external,
        Span<TScalar> next)
        where TScalar : struct, IScalar<TScalar>
    {
        const double Step = 0.05;
        var mu = model.Scalar(_mu);
        var (x, velocity) = (state[0], state[1]);
        velocity += Step * ((mu * (1 - (x * x)) * velocity) - x + input[0]);
        next[0] = x + (Step * velocity);
        next[1] = velocity;
    }
}
