using System.Numerics;
using IlqrVae.Control;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Inference;

/// <summary>What a model finds in one trial. Deviations are those of the Laplace posterior; NaN where its factors overflow.</summary>
public sealed record TrialEstimate
{
    /// <summary>The trial's name.</summary>
    public required string Name { get; init; }

    /// <summary>How the MAP solve ended.</summary>
    public required Solution Map { get; init; }

    /// <summary>MAP inputs, T x m; row t drives the step from bin t to t + 1, so the last row is zero.</summary>
    public required Table Inputs { get; init; }

    /// <summary>Marginal standard deviations of the inputs, T x m; NaN in the last row.</summary>
    public required Table InputDeviations { get; init; }

    /// <summary>States along the MAP inputs, T x n; the first row is the MAP initial state.</summary>
    public required Table States { get; init; }

    /// <summary>Marginal standard deviations of the states, T x n.</summary>
    public required Table StateDeviations { get; init; }

    /// <summary>For each likelihood T x N: posterior means of rates in Hz, or of values.</summary>
    public required IReadOnlyList<Table> Means { get; init; }

    /// <summary>For each likelihood T x N: posterior standard deviations of the same, without the noise of the observations.</summary>
    public required IReadOnlyList<Table> MeanDeviations { get; init; }

    /// <summary>Number of observed entries.</summary>
    public required long ObservedCount { get; init; }

    /// <summary>Laplace's approximation of log p(o), in nats; NaN where its factors overflow.</summary>
    public required double LogEvidence { get; init; }

    /// <summary>True when the exact Hessian was not positive definite and the Gauss-Newton one stood in for it.</summary>
    public required bool IsGaussNewton { get; init; }

    /// <summary>The ELBO by the shared covariance; null when it was not asked for or the trial is longer than the covariance.</summary>
    public ElboResult? Elbo { get; init; }

    /// <summary>Joint samples of the Laplace posterior.</summary>
    public IReadOnlyList<TrialSample> Samples { get; init; } = [];
}

/// <summary>One joint sample of inputs, with the states they lead to.</summary>
/// <param name="Inputs">T x m; the last row is zero.</param>
/// <param name="States">T x n.</param>
/// <param name="LogWeight">log p(o, u) - log q(u | o), the logarithm of the importance weight, in nats.</param>
public sealed record TrialSample(Table Inputs, Table States, double LogWeight);

/// <summary>Analyses trials of any length with a learned model. One worker has one.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class TrialInference<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly VariationalModel<T> _model;
    private readonly ElboEstimator<T> _estimator;
    private readonly MapSearch<T> _search;
    private readonly LaplacePosterior<T> _posterior;
    private readonly ActivationAverage<T>[] _averages;

    /// <summary>Allocates the workspace.</summary>
    /// <param name="model">The model.</param>
    /// <param name="capacity">The largest number of bins.</param>
    public TrialInference(VariationalModel<T> model, int capacity)
    {
        ArgumentNullException.ThrowIfNull(model);
        _model = model;
        _estimator = new ElboEstimator<T>(model, capacity);
        _search = new MapSearch<T>(_estimator);
        _posterior = new LaplacePosterior<T>(model.Generative, _estimator);
        _averages = [.. model.Generative.Likelihoods.Select(likelihood => new ActivationAverage<T>(likelihood))];
    }

    /// <summary>Analyses a trial that nobody has solved before. Allocates the result.</summary>
    /// <param name="trial">The trial.</param>
    /// <param name="options">Settings of the solve and of the ELBO.</param>
    /// <param name="elboDraws">Draws for the ELBO, filled for this trial; null when it is not wanted.</param>
    /// <param name="samples">Number of joint samples.</param>
    /// <param name="random">The generator of the samples.</param>
    public TrialEstimate Infer(PreparedTrial<T> trial, ElboOptions options, PosteriorDraws<T>? elboDraws, int samples, CounterRandom random)
    {
        ArgumentNullException.ThrowIfNull(trial);
        ArgumentNullException.ThrowIfNull(options);
        var map = _search.Run(trial, options.Solver);
        ElboResult? elbo = null;
        if (elboDraws is not null && trial.Bins <= _model.Posterior.Capacity)
        {
            var start = new WarmStart<T>(trial.Bins, _model.Generative.StateCount, _model.Generative.InputCount);
            start.CopyFrom(_estimator.Solver.Current);
            elbo = _estimator.Evaluate(trial, start, elboDraws, options, null);
        }

        var current = _estimator.Solver.Current;
        var inputs = WithLastRow(current.Inputs, trial.Bins, _model.Generative.InputCount);
        var states = new Table(trial.Bins, _model.Generative.StateCount, current.States.ToArray());
        var isPrepared = double.IsFinite(map.Cost) && _posterior.Prepare();
        var marginals = isPrepared ? _posterior.Marginals() : Unknown(trial.Bins);
        var means = new List<Table>();
        var deviations = new List<Table>();
        for (var g = 0; g < _averages.Length; g++)
        {
            var (mean, deviation) = Average(g, current, isPrepared ? marginals.Activations[g] : null);
            means.Add(mean);
            deviations.Add(deviation);
        }

        var estimate = new TrialEstimate
        {
            Name = trial.Name,
            Map = map,
            Inputs = inputs,
            InputDeviations = InputDeviations(marginals.Inputs, trial.Bins),
            States = states,
            StateDeviations = new Table(trial.Bins, states.Columns, Array.ConvertAll(marginals.States, Math.Sqrt)),
            Means = means,
            MeanDeviations = deviations,
            ObservedCount = trial.ObservedCount,
            LogEvidence = isPrepared ? _posterior.LogEvidence : double.NaN,
            IsGaussNewton = _posterior.IsGaussNewton,
            Elbo = elbo,
        };
        return samples == 0 || !isPrepared ? estimate : estimate with { Samples = Draw(samples, random, trial.Bins) };
    }

    private List<TrialSample> Draw(int count, CounterRandom random, int bins)
    {
        var samples = new List<TrialSample>(count);
        for (var k = 0; k < count; k++)
        {
            var sample = _posterior.Sample(ref random, out var logDensity);
            samples.Add(new TrialSample(
                WithLastRow(sample.Inputs, bins, _model.Generative.InputCount),
                new Table(bins, _model.Generative.StateCount, sample.States.ToArray()),
                -sample.Cost - logDensity));
        }

        return samples;
    }

    private (Table Mean, Table Deviation) Average(int group, Trajectory<T> at, double[]? variances)
    {
        var likelihood = _model.Generative.Likelihoods[group];
        var channels = likelihood.ChannelCount;
        var mean = new Table(at.Bins, channels);
        var deviation = new Table(at.Bins, channels);
        var activations = Matrix<T>.Allocate(at.Bins, channels);
        likelihood.Activate(at.States, activations);
        var isUnknown = variances is null;
        variances ??= new double[at.Bins * channels];
        for (var t = 0; t < at.Bins; t++)
        {
            _averages[group].Compute(activations.Row(t), variances.AsSpan(t * channels, channels), mean.Row(t), deviation.Row(t));
        }

        if (isUnknown)
        {
            Array.Fill(deviation.Values, double.NaN);
        }

        return (mean, deviation);
    }

    private LaplaceMarginals Unknown(int bins) => new(
        NotKnown(_model.Generative.StateCount),
        NotKnown((bins - 1) * _model.Generative.InputCount),
        NotKnown(bins * _model.Generative.StateCount),
        [.. _model.Generative.Likelihoods.Select(likelihood => NotKnown(bins * likelihood.ChannelCount))]);

    private static double[] NotKnown(int count)
    {
        var values = new double[count];
        Array.Fill(values, double.NaN);
        return values;
    }

    private static Table WithLastRow(Matrix<T> inputs, int bins, int columns)
    {
        var table = new Table(bins, columns);
        inputs.ToArray().CopyTo(table.Values, 0);
        return table;
    }

    private Table InputDeviations(double[] variances, int bins)
    {
        var table = new Table(bins, _model.Generative.InputCount);
        Array.Fill(table.Values, double.NaN);
        for (var i = 0; i < variances.Length; i++)
        {
            table.Values[i] = Math.Sqrt(variances[i]);
        }

        return table;
    }
}
