namespace IlqrVae.Control;

/// <summary>Settings of <see cref="IterativeLqr{T}"/>.</summary>
public sealed record SolverOptions
{
    /// <summary>Newton decrement, in nats, at which the solve ends. It does not depend on the scaling of states or inputs.</summary>
    public double Tolerance { get; init; } = 1e-6;

    /// <summary>Limit of steps tried.</summary>
    public int MaximumIterations { get; init; } = 100;

    /// <summary>Limit of exact Hessian products a step; 0 makes every step a Gauss-Newton one (plain iLQR).</summary>
    public int MaximumConjugateGradientSteps { get; init; } = 40;

    /// <summary>Share of the predicted decrease that a step must achieve (Armijo's condition).</summary>
    public double SufficientDecrease { get; init; } = 1e-4;
}
