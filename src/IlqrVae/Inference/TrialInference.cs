using System.Numerics;
using IlqrVae.Control;
using IlqrVae.Models;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Inference;

/// <summary>What a model finds in one trial. Deviations are those of the Laplace posterior; NaN where its factors overflow.</summary>
public sealed record TrialEstimate
{
    /// <summary>The trial's name.</summary>
    public required string Name { get; init; }

    /// <summary>How the MAP solve ended.</summary>
    public required SolveReport Map { get; init; }

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

    /// <summary>For each likelihood T x N: standard deviations of observations around these means, of counts in a bin or of values; empty when it was not asked for.</summary>
    public IReadOnlyList<Table> NoiseDeviations { get; init; } = [];

    /// <summary>Number of observed entries.</summary>
    public required long ObservedCount { get; init; }

    /// <summary>Laplace's approximation of log p(o), in nats; NaN where its factors overflow.</summary>
    public required double LogEvidence { get; init; }

    /// <summary>True when the exact Hessian was not positive definite and the Gauss-Newton one stood in for it.</summary>
    public required bool IsGaussNewton { get; init; }

    /// <summary>The ELBO by the shared covariance; null when it was not asked for, or there is no such covariance or the trial is longer.</summary>
    public ElboResult? Elbo { get; init; }

    /// <summary>The decision variables the search ended with, where inputs and first state do not tell them: of autoregressive inputs. Null for others.</summary>
    public double[]? Variables { get; init; }

    /// <summary>Joint samples of the Laplace posterior.</summary>
    public IReadOnlyList<TrialSample> Samples { get; init; } = [];

    /// <summary>The importance-weighted bound by the Laplace posterior; null when it was not asked for or the factors overflow.</summary>
    public ImportanceBound? LaplaceBound { get; init; }

    /// <summary>The same by the shared covariance; null when it was not asked for, or there is no such covariance or the trial is longer.</summary>
    public ImportanceBound? SharedBound { get; init; }

    /// <summary>Predictions, one a horizon.</summary>
    public IReadOnlyList<TrialPrediction> Predictions { get; init; } = [];

    /// <summary>What the inputs do to the state, z_{t+1} - f(z_t, 0) in row t, T x n with zeros in the last row; null when it was not asked for.</summary>
    public Table? InputEffects { get; init; }

    /// <summary>The spread of the Laplace posterior; null when it was not asked for or the factors overflow.</summary>
    public PosteriorSpread? LaplaceSpread { get; init; }

    /// <summary>The spread of the shared covariance; null when it was not asked for, or there is no such covariance or the trial is longer.</summary>
    public PosteriorSpread? SharedSpread { get; init; }
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
    private readonly GenerativeModel<T> _model;
    private readonly MapSearch<T> _search;
    private readonly LaplacePosterior<T> _posterior;
    private readonly ActivationAverage<T>[] _averages;
    private readonly OpenLoopPrediction<T> _prediction;
    private readonly SharedPosterior<T>? _shared;
    private readonly MapSolver<T> _solver;
    private readonly ElboEstimator<T>? _estimator;
    private readonly ImportanceSampler<T>? _sampler;

    /// <summary>Allocates the workspace for MAP inputs and Laplace posteriors.</summary>
    /// <param name="model">The model.</param>
    /// <param name="capacity">The largest number of bins.</param>
    public TrialInference(GenerativeModel<T> model, int capacity)
    {
        ArgumentNullException.ThrowIfNull(model);
        _model = model;
        _solver = new MapSolver<T>(model, capacity);
        _search = new MapSearch<T>(_solver);
        _posterior = new LaplacePosterior<T>(_solver);
        _averages = [.. model.Likelihoods.Select(likelihood => new ActivationAverage<T>(likelihood))];
        _prediction = new OpenLoopPrediction<T>(model);
    }

    /// <summary>Allocates the workspace for these and for what rests on the covariance that trials share.</summary>
    /// <param name="model">The model.</param>
    /// <param name="capacity">The largest number of bins.</param>
    public TrialInference(VariationalModel<T> model, int capacity)
        : this((model ?? throw new ArgumentNullException(nameof(model))).Generative, capacity)
    {
        _shared = model.Posterior;
        _estimator = new ElboEstimator<T>(model, capacity);
        _sampler = new ImportanceSampler<T>(model, _estimator);
    }

    /// <summary>Told of iterations and samples while they are done; null for nobody.</summary>
    public SolveActivity? Activity
    {
        get => _solver.Activity;
        set => _solver.Activity = value;
    }

    /// <summary>Analyses a trial that nobody has solved before. Allocates the result.</summary>
    /// <param name="trial">The trial.</param>
    /// <param name="options">Settings of the solve and of the ELBO.</param>
    /// <param name="elboDraws">Draws for the ELBO, filled for this trial; null when it is not wanted.</param>
    /// <param name="samples">Number of joint samples.</param>
    /// <param name="random">The generator of the samples.</param>
    /// <param name="analyses">What else to find out; null for nothing.</param>
    /// <param name="selection">Observations that do not count; null for none.</param>
    public TrialEstimate Infer(
        PreparedTrial<T> trial, ElboOptions options, PosteriorDraws<T>? elboDraws, int samples, CounterRandom random, TrialAnalyses? analyses = null,
        ObservationSelection? selection = null)
    {
        ArgumentNullException.ThrowIfNull(trial);
        ArgumentNullException.ThrowIfNull(options);
        var map = analyses?.Known is { } known
            ? _solver.Hold(trial, known, new SolveScope { Selection = selection })
            : _search.Run(trial, options.Solver, selection);
        var variables = _model.Autoregression is null ? null : VariablesOf(map.Trajectory);
        var report = map.Report;
        ElboResult? elbo = null;
        if (elboDraws is not null && trial.Bins <= _shared?.Capacity)
        {
            // As training solves: from a good start.
            var start = new WarmStart<T>(trial.Bins, _model.StateCount, _model.InputCount);
            start.CopyFrom(map.Trajectory);
            map = _solver.Solve(trial, start, options.Solver, new SolveScope { Selection = selection });
            elbo = _estimator!.Evaluate(map, elboDraws, options, null);
        }

        var current = map.Trajectory;
        var inputs = InputsOf(current);
        var states = StatesOf(current);
        var isPrepared = double.IsFinite(report.Cost) && _posterior.Prepare(map);
        var marginals = isPrepared ? _posterior.Marginals(analyses?.SpreadSamples > 0) : Unknown(trial.Bins);
        var means = new List<Table>();
        var deviations = new List<Table>();
        var noises = new List<Table>();
        for (var g = 0; g < _averages.Length; g++)
        {
            var (mean, deviation, noise) = Average(g, current, isPrepared ? marginals.Activations[g] : null, analyses?.Noise == true);
            means.Add(mean);
            deviations.Add(deviation);
            if (noise is not null)
            {
                noises.Add(noise);
            }
        }

        var estimate = new TrialEstimate
        {
            Name = trial.Name,
            Map = report,
            Inputs = inputs,
            InputDeviations = InputDeviations(marginals, trial.Bins),
            States = states,
            StateDeviations = StateDeviations(marginals, trial.Bins),
            Means = means,
            MeanDeviations = deviations,
            NoiseDeviations = noises,
            ObservedCount = map.ObservedCount,
            LogEvidence = isPrepared ? _posterior.LogEvidence : double.NaN,
            IsGaussNewton = _posterior.IsGaussNewton,
            Elbo = elbo,
            Variables = variables,
        };
        estimate = analyses is null ? estimate : Analyse(estimate, map, analyses, isPrepared ? marginals : null);
        return samples == 0 || !isPrepared ? estimate : estimate with { Samples = Draw(samples, random) };
    }

    private TrialEstimate Analyse(TrialEstimate estimate, MapSolution<T> map, TrialAnalyses analyses, LaplaceMarginals? marginals)
    {
        var isCovered = map.Trial.Bins <= _shared?.Capacity && double.IsFinite(estimate.Map.Cost);
        var (importance, spread) = (analyses.ImportanceSamples, analyses.SpreadSamples);
        return estimate with
        {
            Predictions = _prediction.Predict(map, analyses.Horizons),
            InputEffects = analyses.InputEffects ? _prediction.InputEffects(map) : null,
            SharedBound = importance > 0 && isCovered ? _sampler!.OfShared(map, importance, analyses.Seed, analyses.Key, Activity) : null,
            LaplaceBound = importance > 0 && marginals is not null ? ImportanceSampler<T>.OfLaplace(_posterior, importance, analyses.Seed, analyses.Key, Activity) : null,
            SharedSpread = spread > 0 && isCovered ? SharedSpread(map, analyses) : null,
            LaplaceSpread = spread > 0 && marginals is not null ? LaplaceSpread(map.Trajectory, marginals) : null,
        };
    }

    private PosteriorSpread LaplaceSpread(Trajectory<T> at, LaplaceMarginals marginals)
    {
        var activations = ActivationsOf(at);
        return new PosteriorSpread(
            activations,
            [.. activations.Select((table, g) => new Table(table.Bins, table.Columns, Array.ConvertAll(marginals.Activations[g], Math.Sqrt)))],
            marginals.InputCovariances ?? []);
    }

    /// <summary>Of activations by sampling, since the states' covariance under it has no recursion over bins; of inputs exactly.</summary>
    private PosteriorSpread SharedSpread(MapSolution<T> map, TrialAnalyses analyses)
    {
        Table[]? mean = null;
        Table[]? squares = null;
        for (var k = 0; k < analyses.SpreadSamples; k++)
        {
            var sample = _estimator!.SampleShared(map, _sampler!.DrawOf(map.Trial, k, analyses.Seed, analyses.Key), 0, out _);
            var activations = ActivationsOf(sample);
            mean ??= [.. activations.Select(table => new Table(table.Bins, table.Columns))];
            squares ??= [.. activations.Select(table => new Table(table.Bins, table.Columns))];
            for (var g = 0; g < mean.Length; g++)
            {
                var (m, s, x) = (mean[g].Values, squares[g].Values, activations[g].Values);
                for (var i = 0; i < x.Length; i++)
                {
                    // Welford's update.
                    var delta = x[i] - m[i];
                    m[i] += delta / (k + 1);
                    s[i] += delta * (x[i] - m[i]);
                }
            }
        }

        var freedom = Math.Max(1, analyses.SpreadSamples - 1);
        var deviations = squares!.Select(table => new Table(table.Bins, table.Columns, Array.ConvertAll(table.Values, sum => Math.Sqrt(sum / freedom))));
        return new PosteriorSpread(mean!, [.. deviations], SharedInputCovariances(map.Trial.Bins - 1));
    }

    /// <summary>(Sigma_t)_tt Sigma_s for every step t; of autoregressive inputs what their recursion makes of it, and of the memory they begin with.</summary>
    private double[] SharedInputCovariances(int steps)
    {
        var (time, space, initial, m, n) = (_shared!.Time.Value, _shared.Space.Value, _shared.Initial.Value, _model.InputCount, _model.SystemStateCount);
        var coefficients = _model.Autoregression?.Coefficient.ExactValue.ToArray();
        var covariances = new double[steps * m * m];

        // Of inputs that go on: row t of L_t filtered with each coefficient.
        var filtered = coefficients is null ? [] : Enumerable.Range(0, m).Select(_ => new double[steps]).ToArray();
        for (var t = 0; t < steps; t++)
        {
            for (var j = 0; j < filtered.Length; j++)
            {
                for (var k = 0; k <= t; k++)
                {
                    filtered[j][k] = (coefficients![j] * filtered[j][k]) + double.CreateChecked(time[t, k]);
                }
            }

            var variance = Inner(time, t, t);
            for (var i = 0; i < m; i++)
            {
                for (var j = 0; j < m; j++)
                {
                    covariances[(((t * m) + i) * m) + j] = coefficients is null
                        ? variance * Inner(space, i, j)
                        : (Products(filtered[i], filtered[j], t + 1) * Inner(space, i, j))
                            + (Math.Pow(coefficients[i] * coefficients[j], t + 1) * Inner(initial, n + i, n + j));
                }
            }
        }

        return covariances;

        static double Products(double[] x, double[] y, int count)
        {
            var sum = 0.0;
            for (var k = 0; k < count; k++)
            {
                sum += x[k] * y[k];
            }

            return sum;
        }

        static double Inner(Matrix<T> factor, int i, int j)
        {
            var sum = 0.0;
            for (var k = 0; k <= Math.Min(i, j); k++)
            {
                sum += double.CreateChecked(factor[i, k]) * double.CreateChecked(factor[j, k]);
            }

            return sum;
        }
    }

    private List<Table> ActivationsOf(Trajectory<T> at)
    {
        var tables = new List<Table>();
        foreach (var likelihood in _model.Likelihoods)
        {
            var activations = Matrix<T>.Allocate(at.Bins, likelihood.ChannelCount);
            likelihood.Activate(at.States, activations);
            tables.Add(new Table(at.Bins, likelihood.ChannelCount, activations.ToArray()));
        }

        return tables;
    }

    private List<TrialSample> Draw(int count, CounterRandom random)
    {
        var samples = new List<TrialSample>(count);
        for (var k = 0; k < count; k++)
        {
            var sample = _posterior.Sample(ref random, out var logDensity);
            samples.Add(new TrialSample(InputsOf(sample), StatesOf(sample), -sample.Cost - logDensity));
        }

        return samples;
    }

    private (Table Mean, Table Deviation, Table? Noise) Average(int group, Trajectory<T> at, double[]? variances, bool withNoise)
    {
        var likelihood = _model.Likelihoods[group];
        var channels = likelihood.ChannelCount;
        var mean = new Table(at.Bins, channels);
        var deviation = new Table(at.Bins, channels);
        var noise = withNoise ? new Table(at.Bins, channels) : null;
        var activations = Matrix<T>.Allocate(at.Bins, channels);
        likelihood.Activate(at.States, activations);
        var isUnknown = variances is null;
        variances ??= new double[at.Bins * channels];
        for (var t = 0; t < at.Bins; t++)
        {
            _averages[group].Compute(activations.Row(t), variances.AsSpan(t * channels, channels), mean.Row(t), deviation.Row(t), noise is null ? default : noise.Row(t));
        }

        for (var i = 0; i < noise?.Values.Length; i++)
        {
            noise.Values[i] = Math.Sqrt(noise.Values[i]);
        }

        if (isUnknown)
        {
            Array.Fill(deviation.Values, double.NaN);
        }

        return (mean, deviation, noise);
    }

    private LaplaceMarginals Unknown(int bins) => new(
        NotKnown(_model.StateCount),
        NotKnown((bins - 1) * _model.InputCount),
        NotKnown(bins * _model.StateCount),
        [.. _model.Likelihoods.Select(likelihood => NotKnown(bins * likelihood.ChannelCount))]);

    private static double[] NotKnown(int count)
    {
        var values = new double[count];
        Array.Fill(values, double.NaN);
        return values;
    }

    /// <summary>T x m: the inputs themselves, not the innovations of autoregressive ones.</summary>
    private Table InputsOf(Trajectory<T> at)
    {
        if (_model.Autoregression is { } autoregression)
        {
            return autoregression.InputsAlong(at.States);
        }

        var table = new Table(at.Bins, _model.InputCount);
        at.Inputs.ToArray().CopyTo(table.Values, 0);
        return table;
    }

    private double[] VariablesOf(Trajectory<T> at)
    {
        var start = new WarmStart<T>(at.Bins, _model.StateCount, _model.InputCount);
        start.CopyFrom(at);
        return Array.ConvertAll(start.Values, double.CreateChecked);
    }

    private Table StatesOf(Trajectory<T> at) => new(at.Bins, _model.SystemStateCount, at.States.ColumnRange(0, _model.SystemStateCount).ToArray());

    private Table StateDeviations(LaplaceMarginals marginals, int bins)
    {
        var table = new Table(bins, _model.SystemStateCount);
        for (var t = 0; t < bins; t++)
        {
            for (var i = 0; i < table.Columns; i++)
            {
                table[t, i] = Math.Sqrt(marginals.States[(t * _model.StateCount) + i]);
            }
        }

        return table;
    }

    private Table InputDeviations(LaplaceMarginals marginals, int bins)
    {
        var m = _model.InputCount;
        var isCarried = _model.Autoregression is not null;
        var table = new Table(bins, m);
        Array.Fill(table.Values, double.NaN);
        for (var t = 0; t < bins - 1; t++)
        {
            for (var j = 0; j < m; j++)
            {
                // Inputs that go on are the last part of the next state.
                table[t, j] = Math.Sqrt(isCarried ? marginals.States[((t + 2) * _model.StateCount) - m + j] : marginals.Inputs[(t * m) + j]);
            }
        }

        return table;
    }
}
