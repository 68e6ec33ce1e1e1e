using IlqrVae.Control;

namespace IlqrVae.Inference;

/// <summary>How the gradient passes through the MAP inputs u*.</summary>
public enum GradientMethod
{
    /// <summary>Implicit differentiation with the exact Hessian: the exact gradient.</summary>
    Exact,

    /// <summary>Implicit differentiation with the Gauss-Newton Hessian: cheaper, a few to twenty percent off.</summary>
    GaussNewton,
}

/// <summary>How the divergence from the prior is evaluated.</summary>
public enum PriorTerm
{
    /// <summary>In closed form where the prior is Gaussian, by the draws elsewhere.</summary>
    ClosedFormWhereKnown,

    /// <summary>By the draws everywhere.</summary>
    Sampled,
}

/// <summary>Settings of <see cref="ElboEstimator{T}"/>.</summary>
public sealed record ElboOptions
{
    /// <summary>The MAP solve.</summary>
    public SolverOptions Solver { get; init; } = new();

    /// <summary>How the gradient passes through the MAP inputs.</summary>
    public GradientMethod Method { get; init; } = GradientMethod.Exact;

    /// <summary>How the divergence from the prior is evaluated.</summary>
    public PriorTerm PriorTerm { get; init; } = PriorTerm.ClosedFormWhereKnown;

    /// <summary>Number of reparameterised draws.</summary>
    public int Draws { get; init; } = 1;

    /// <summary>Relative residual at which the exact gradient's linear solve ends.</summary>
    public double GradientTolerance { get; init; } = 1e-6;

    /// <summary>Limit of Hessian products in the exact gradient's linear solve.</summary>
    public int MaximumGradientSteps { get; init; } = 60;
}

/// <summary>The evidence lower bound of one trial and what it took.</summary>
/// <param name="Elbo">In nats.</param>
/// <param name="LogLikelihood">Mean over draws of log p(o | u), in nats.</param>
/// <param name="Divergence">KL(q || prior) in nats; negative noise is possible where it is sampled.</param>
/// <param name="Map">How the MAP solve ended.</param>
/// <param name="GradientSteps">Hessian products of the exact gradient.</param>
/// <param name="FellBack">True when the exact gradient's solve met negative curvature or did not converge, and the Gauss-Newton one was used; the evidence, whose gradient needs no solve, leaves it false.</param>
public readonly record struct ElboResult(
    double Elbo, double LogLikelihood, double Divergence, SolveReport Map, int GradientSteps, bool FellBack)
{
    /// <summary>The sum of weights of the observed entries that counted: their number, where each counts once.</summary>
    public double Weight { get; init; }
}
