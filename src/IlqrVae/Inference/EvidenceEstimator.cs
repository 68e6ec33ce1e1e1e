using System.Numerics;
using IlqrVae.Control;
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
/// One worker has one; it uses an estimator's workspace.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class EvidenceEstimator<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly VariationalModel<T> _model;
    private readonly ElboEstimator<T> _estimator;
    private readonly LaplacePosterior<T> _laplace;
    private AdjointSweep<T>? _adjoint;

    /// <summary>Allocates a Laplace posterior beside an estimator.</summary>
    /// <param name="model">The model.</param>
    /// <param name="estimator">The estimator that finds MAP inputs.</param>
    public EvidenceEstimator(VariationalModel<T> model, ElboEstimator<T> estimator)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(estimator);
        _model = model;
        _estimator = estimator;
        _laplace = new LaplacePosterior<T>(model.Generative, estimator);
    }

    /// <summary>Evaluates a trial. Allocates nothing but, at the first gradient, the workspace of the draws.</summary>
    /// <param name="trial">The trial.</param>
    /// <param name="warmStart">Decision variables to start from, or null for rest.</param>
    /// <param name="options">Settings of the solve, and the number of draws.</param>
    /// <param name="random">The generator of the draws.</param>
    /// <param name="lossGradient">Receives the gradient of -log p(o) (overwritten), or null when it is not wanted.</param>
    /// <returns>
    /// The evidence in the place of the ELBO; log p(o | u) is that of the MAP inputs, and the divergence what the evidence lacks to it. Negative infinity, with a
    /// zero gradient, where the trial's numbers overflow.
    /// </returns>
    public ElboResult Evaluate(PreparedTrial<T> trial, WarmStart<T>? warmStart, ElboOptions options, ref CounterRandom random, TrialGradient<T>? lossGradient)
    {
        ArgumentNullException.ThrowIfNull(options);
        var map = _estimator.SolveMap(trial, warmStart, options.Solver);
        lossGradient?.Clear(trial.Bins - 1);
        if (!double.IsFinite(map.Cost) || map.Status == SolverStatus.NonFinite || !_laplace.Prepare())
        {
            return new ElboResult(double.NegativeInfinity, double.NegativeInfinity, double.NaN, map, 0, true);
        }

        var evidence = _laplace.LogEvidence;
        var (inputs, initial) = _estimator.Problem.PriorLosses(_estimator.Solver.Current);
        var logLikelihood = inputs + initial - map.Cost;
        for (var k = 0; lossGradient is not null && k < options.Draws; k++)
        {
            Accumulate(_laplace.Sample(ref random, out _), lossGradient.Others);
        }

        if (lossGradient is not null && options.Draws > 1)
        {
            lossGradient.Others.Scale(1.0 / options.Draws);
        }

        return new ElboResult(evidence, logLikelihood, logLikelihood - evidence, map, 0, _laplace.IsGaussNewton);
    }

    private void Accumulate(Trajectory<T> sample, ParameterGradient<T> gradient)
    {
        _adjoint ??= new AdjointSweep<T>(_estimator.Problem);
        _adjoint.Run(_estimator.Problem, sample);
        _estimator.Problem.AccumulateGradient(sample, _adjoint, gradient);
        _model.Generative.InputPrior.AccumulateGradient(sample.Inputs, gradient);
        _model.Generative.InitialPrior.AccumulateGradient(sample.States.RowRange(0, 1), gradient);
    }
}
