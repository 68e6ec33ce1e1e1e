using IlqrVae.Models.Differentiation;

namespace IlqrVae.Models.Dynamics.Custom;

/// <summary>
/// Dynamics of a user's own: sizes, parameters and one step, z_{t+1} = f(z_t, u_t, x_t). Nothing is derived by hand;
/// <see cref="CustomDynamics{T, TDefinition}"/> turns a definition into dynamics with every derivative.
/// </summary>
/// <remarks>
/// <see cref="Step"/> must depend on nothing but its arguments and be differentiable where trajectories go. It may branch on values. Several
/// threads call it at once.
/// </remarks>
public interface IDynamicsDefinition
{
    /// <summary>State dimension n.</summary>
    int States { get; }

    /// <summary>Input dimension m.</summary>
    int Inputs { get; }

    /// <summary>Number of known external inputs.</summary>
    int External => 0;

    /// <summary>The parameters. Keep them in fields, which <see cref="Step"/> reads them by.</summary>
    IReadOnlyList<ParameterDeclaration> Parameters { get; }

    /// <summary>One step.</summary>
    /// <param name="model">The values of the parameters, and temporary vectors.</param>
    /// <param name="state">z_t, n numbers.</param>
    /// <param name="input">u_t, m numbers.</param>
    /// <param name="external">x_t, the external inputs.</param>
    /// <param name="next">z_{t+1}, n numbers to be written; zero before.</param>
    /// <typeparam name="TScalar">The kind of number.</typeparam>
    void Step<TScalar>(
        StepContext<TScalar> model,
        ReadOnlySpan<TScalar> state,
        ReadOnlySpan<TScalar> input,
        ReadOnlySpan<TScalar> external,
        Span<TScalar> next)
        where TScalar : struct, IScalar<TScalar>;
}
