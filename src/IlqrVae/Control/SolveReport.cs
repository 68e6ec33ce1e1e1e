namespace IlqrVae.Control;

/// <summary>How a solve ended.</summary>
public enum SolverStatus
{
    /// <summary>The Newton decrement, an estimate of J - J*, fell below the tolerance or below what rounding allows to see.</summary>
    Converged,

    /// <summary>The limit of iterations was reached first.</summary>
    MaximumIterations,

    /// <summary>No step decreased the cost, however short or regularised.</summary>
    Stalled,

    /// <summary>The cost is not finite at the start, or its derivatives overflow at the best point, whatever the regularisation.</summary>
    NonFinite,
}

/// <summary>How a solve ended and what it took.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="InitialCost">J at the start, in nats.</param>
/// <param name="Cost">J at the returned point; never above <paramref name="InitialCost"/> when that is finite.</param>
/// <param name="Decrement">Half the squared Newton decrement at the last point where it was computed: an estimate of J - J* in nats.</param>
/// <param name="Iterations">Steps tried.</param>
/// <param name="Factorisations">Riccati backward passes.</param>
/// <param name="ConjugateGradientSteps">Exact Hessian products.</param>
public readonly record struct SolveReport(
    SolverStatus Status, double InitialCost, double Cost, double Decrement, int Iterations, int Factorisations, int ConjugateGradientSteps)
{
    /// <summary>One readable line.</summary>
    public string Message => Status switch
    {
        SolverStatus.Converged => $"converged after {Iterations} iterations (J = {Cost:G8}, decrement {Decrement:G2} nats)",
        SolverStatus.MaximumIterations => $"stopped at the limit of {Iterations} iterations (J = {Cost:G8}, decrement {Decrement:G2} nats)",
        SolverStatus.Stalled => $"no further decrease found after {Iterations} iterations (J = {Cost:G8}, decrement {Decrement:G2} nats)",
        _ => $"numbers overflowed after {Iterations} iterations (J = {Cost:G8}); the returned point is the best finite one",
    };
}
