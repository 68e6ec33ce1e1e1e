using System.Numerics;
using IlqrVae.Control;
using IlqrVae.Numerics;

namespace IlqrVae.Inference;

/// <summary>
/// Importance-weighted bounds of a trial around its MAP solution. Every draw is a function of (seed, trial), so results do not depend on which worker
/// computes them. One worker has one.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class ImportanceSampler<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly VariationalModel<T> _model;
    private readonly ElboEstimator<T> _estimator;
    private PosteriorDraws<T>? _draw;

    /// <summary>Samples with the workspace of an estimator.</summary>
    /// <param name="model">The model.</param>
    /// <param name="estimator">The estimator, of the same model.</param>
    public ImportanceSampler(VariationalModel<T> model, ElboEstimator<T> estimator)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(estimator);
        _model = model;
        _estimator = estimator;
    }

    /// <summary>The bound by the covariance that all trials share (paper, Eq. 12).</summary>
    /// <param name="map">The trial's solution; not longer than the covariance covers.</param>
    /// <param name="samples">K, at least 1.</param>
    /// <param name="seed">Seed.</param>
    /// <param name="key">A number that identifies the trial.</param>
    /// <param name="activity">Told of samples while they are drawn; null for nobody.</param>
    public ImportanceBound OfShared(MapSolution<T> map, int samples, ulong seed, ulong key, SolveActivity? activity = null)
    {
        var weights = new double[samples];
        for (var k = 0; k < samples; k++)
        {
            activity?.AddSample();
            weights[k] = -_estimator.SampleShared(map, DrawOf(map.Trial, k, seed, key), 0, out var logDensity).Cost - logDensity;
        }

        return ImportanceBound.Of(weights);
    }

    /// <summary>The bound by the Laplace posterior of a trial.</summary>
    /// <param name="posterior">The posterior, prepared for the trial's solution.</param>
    /// <param name="samples">K, at least 1.</param>
    /// <param name="seed">Seed.</param>
    /// <param name="key">A number that identifies the trial.</param>
    /// <param name="activity">Told of samples while they are drawn; null for nobody.</param>
    public static ImportanceBound OfLaplace(LaplacePosterior<T> posterior, int samples, ulong seed, ulong key, SolveActivity? activity = null)
    {
        ArgumentNullException.ThrowIfNull(posterior);
        var weights = new double[samples];
        var random = new CounterRandom(seed, RandomStreams.ImportanceLaplace, key);
        for (var k = 0; k < samples; k++)
        {
            activity?.AddSample();
            weights[k] = -posterior.Sample(ref random, out var logDensity).Cost - logDensity;
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
