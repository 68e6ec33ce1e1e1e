using IlqrVae.Control;

namespace IlqrVae.Inference;

/// <summary>What a search has spent on solves.</summary>
/// <param name="Iterations">Iterations.</param>
/// <param name="Factorisations">Backward passes.</param>
/// <param name="ConjugateGradientSteps">Products with the Hessian.</param>
internal readonly record struct SearchEffort(int Iterations, int Factorisations, int ConjugateGradientSteps)
{
    /// <summary>With another solve.</summary>
    public SearchEffort And(SolveReport report) => this + new SearchEffort(report.Iterations, report.Factorisations, report.ConjugateGradientSteps);

    /// <summary>Both together.</summary>
    public static SearchEffort operator +(SearchEffort one, SearchEffort other)
        => new(one.Iterations + other.Iterations, one.Factorisations + other.Factorisations, one.ConjugateGradientSteps + other.ConjugateGradientSteps);
}
