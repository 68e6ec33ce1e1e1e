using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Inference;

/// <summary>
/// Importance-weighted bounds of a trial whose MAP inputs an estimator has just found. Every draw is a function of (seed, trial), so results do not
/// depend on which worker computes them. One worker has one.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class ImportanceSampler<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly VariationalModel<T> _model;
    private readonly ElboEstimator<T> _estimator;
    private readonly LaplacePosterior<T> _laplace;
    private PosteriorDraws<T>? _draw;

    /// <summary>Samples with the workspace of others.</summary>
    /// <param name="model">The model.</param>
    /// <param name="estimator">The estimator that solves the trials.</param>
    /// <param name="laplace">The Laplace posterior around its solutions.</param>
    public ImportanceSampler(VariationalModel<T> model, ElboEstimator<T> estimator, LaplacePosterior<T> laplace)
    {
        _model = model;
        _estimator = estimator;
        _laplace = laplace;
    }

    /// <summary>The bound by the covariance that all trials share (paper, Eq. 12).</summary>
    /// <param name="trial">The trial that was solved last; not longer than the covariance covers.</param>
    /// <param name="samples">K, at least 1.</param>
    /// <param name="seed">Seed.</param>
    /// <param name="key">A number that identifies the trial.</param>
    public ImportanceBound OfShared(PreparedTrial<T> trial, int samples, ulong seed, ulong key)
    {
        var weights = new double[samples];
        for (var k = 0; k < samples; k++)
        {
            weights[k] = -_estimator.SampleShared(trial, DrawOf(trial, k, seed, key), 0, out var logDensity).Cost - logDensity;
        }

        return ImportanceBound.Of(weights);
    }

    /// <summary>The bound by the Laplace posterior of the trial, which must have been prepared.</summary>
    /// <param name="samples">K, at least 1.</param>
    /// <param name="seed">Seed.</param>
    /// <param name="key">A number that identifies the trial.</param>
    public ImportanceBound OfLaplace(int samples, ulong seed, ulong key)
    {
        var weights = new double[samples];
        var random = new CounterRandom(seed, RandomStreams.ImportanceLaplace, key);
        for (var k = 0; k < samples; k++)
        {
            weights[k] = -_laplace.Sample(ref random, out var logDensity).Cost - logDensity;
        }

        return ImportanceBound.Of(weights);
    }

    /// <summary>One set of draws, filled for a sample: a thousand of them need not be in memory at once.</summary>
    internal PosteriorDraws<T> DrawOf(PreparedTrial<T> trial, int sample, ulong seed, ulong key)
    {
        _draw ??= new PosteriorDraws<T>(1, _model.Posterior.Capacity, _model.Generative.StateCount, _model.Generative.InputCount);
        _draw.SetBins(trial.Bins);
        _draw.Fill(seed, RandomStreams.ImportanceShared(sample), key);
        return _draw;
    }
}
