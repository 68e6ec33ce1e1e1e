using System.Numerics;
using IlqrVae.Control;
using IlqrVae.Models;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;

namespace IlqrVae.Inference;

/// <summary>
/// Laplace's approximation of log p(o) of a trial, and an estimate of its gradient by Fisher's identity,
/// <code>
/// d/d theta log p(o) = E[ d/d theta log p(o, u) ],    u ~ p(u | o),
/// </code>
/// with draws of the trial's Laplace posterior in place of p(u | o). For linear-Gaussian models both are exact but for the draws: this is direct descent
/// of the likelihood. Elsewhere it is an approximation without a bound behind it. The covariance that trials share has no part in it.
/// One worker has one.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class EvidenceEstimator<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly GenerativeModel<T> _model;
    private readonly LaplacePosterior<T> _laplace;
    private AdjointSweep<T>? _adjoint;

    /// <summary>Allocates a Laplace posterior.</summary>
    /// <param name="solver">The solver whose solutions are evaluated.</param>
    public EvidenceEstimator(MapSolver<T> solver)
    {
        ArgumentNullException.ThrowIfNull(solver);
        _model = solver.Model;
        _laplace = new LaplacePosterior<T>(solver);
    }

    /// <summary>Evaluates a trial. Allocates nothing but, at the first gradient, the workspace of the draws.</summary>
    /// <param name="map">The trial's solution.</param>
    /// <param name="options">The number of draws.</param>
    /// <param name="random">The generator of the draws.</param>
    /// <param name="lossGradient">Receives the gradient of -log p(o) (overwritten), or null when it is not wanted.</param>
    /// <returns>
    /// The evidence in the place of the ELBO; log p(o | u) is that of the MAP inputs, and the divergence what the evidence lacks to it. Negative infinity, with a
    /// zero gradient, where the trial's numbers overflow.
    /// </returns>
    public ElboResult Evaluate(MapSolution<T> map, ElboOptions options, ref CounterRandom random, TrialGradient<T>? lossGradient)
    {
        ArgumentNullException.ThrowIfNull(options);
        lossGradient?.Clear(map.Trajectory.Bins - 1);
        if (!map.IsUsable || !_laplace.Prepare(map))
        {
            return new ElboResult(double.NegativeInfinity, double.NegativeInfinity, double.NaN, map.Report, 0, true) { Weight = map.ObservedCount };
        }

        var evidence = _laplace.LogEvidence;
        var (inputs, initial) = map.Problem.PriorLosses(map.Trajectory);
        var logLikelihood = inputs + initial - map.Cost;
        for (var k = 0; lossGradient is not null && k < options.Draws; k++)
        {
            Accumulate(_laplace.Sample(ref random, out _), lossGradient.Others);
        }

        if (lossGradient is not null && options.Draws > 1)
        {
            lossGradient.Others.Scale(1.0 / options.Draws);
        }

        return new ElboResult(evidence, logLikelihood, logLikelihood - evidence, map.Report, 0, _laplace.IsGaussNewton) { Weight = map.ObservedCount };
    }

    private void Accumulate(Trajectory<T> sample, ParameterGradient<T> gradient)
    {
        var problem = _laplace.SampleProblem;
        _adjoint ??= new AdjointSweep<T>(problem);
        _adjoint.Run(problem, sample);
        problem.AccumulateGradient(sample, _adjoint, gradient);
        _model.InputPrior.AccumulateGradient(sample.Inputs, gradient);
        _model.InitialPrior.AccumulateGradient(sample.States.RowRange(0, 1), gradient);
    }
}
