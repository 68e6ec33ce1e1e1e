using System.Numerics;
using IlqrVae.Models;
using IlqrVae.Models.Priors;

namespace IlqrVae.Runs.Sessions;

/// <summary>What a model has learned, apart from any trial.</summary>
/// <param name="DynamicsKind">What configurations call its dynamics.</param>
/// <param name="Transition">A of linear dynamics, n x n, row-major; null for others.</param>
/// <param name="InitialScale">sigma_0 of the system's own state, n.</param>
/// <param name="PriorKind">What configurations call its prior.</param>
/// <param name="InputScale">s, m; of autoregressive inputs that of the innovations.</param>
/// <param name="PriorShape">What the prior has learned beside its scales.</param>
public sealed record LearnedModel(
    string DynamicsKind, double[]? Transition, double[] InitialScale, string PriorKind, double[] InputScale, IReadOnlyList<LearnedNumber> PriorShape)
{
    /// <summary>a of autoregressive inputs, m; empty for inputs independent over bins.</summary>
    public IReadOnlyList<double> Coefficients { get; init; } = [];

    /// <summary>The scale of the inputs themselves, m: s, and of autoregressive ones s / sqrt(1 - a^2), as of a stationary process.</summary>
    public IReadOnlyList<double> StationaryScale
        => Coefficients.Count == 0 ? InputScale : [.. InputScale.Zip(Coefficients, (scale, a) => scale / Math.Sqrt((1 - a) * (1 + a)))];

    /// <summary>Reads a model.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="model">The model.</param>
    public static LearnedModel Of<T>(GenerativeModel<T> model)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        return new LearnedModel(
            model.Dynamics.Kind,
            model.Dynamics.Transition?.ExactValue.ToArray(),
            model.InitialPrior.Scale.ExactValue[..model.SystemStateCount].ToArray(),
            model.InputPrior.Kind,
            model.InputPrior.Scale.ExactValue.ToArray(),
            model.InputPrior.Learned) { Coefficients = model.Autoregression?.Coefficient.ExactValue.ToArray() ?? [] };
    }
}
