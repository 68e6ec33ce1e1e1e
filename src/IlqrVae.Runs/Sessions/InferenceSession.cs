using System.Diagnostics;
using System.Numerics;
using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Training.Processes;

namespace IlqrVae.Runs.Sessions;

/// <summary>What to analyse and how.</summary>
public sealed record InferenceRequest
{
    /// <summary>Which trials: "train", "validation", "test" or "all"; null for the test trials, or what there is instead.</summary>
    public string? Split { get; init; }

    /// <summary>Names of the channel groups to hide.</summary>
    public IReadOnlySet<string> Hidden { get; init; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Whether channels and external inputs are those of the model in the order of the recording, whatever their names and units.</summary>
    public bool ByPosition { get; init; }

    /// <summary>Joint samples a trial.</summary>
    public int Samples { get; init; }

    /// <summary>Draws of the ELBO a trial; 0 for no ELBO.</summary>
    public int ElboDraws { get; init; }

    /// <summary>Samples of the importance-weighted bounds; 0 for none.</summary>
    public int ImportanceSamples { get; init; }

    /// <summary>Bins to predict ahead.</summary>
    public IReadOnlyList<int> Horizons { get; init; } = [];

    /// <summary>Whether to look how often intervals hold the truth.</summary>
    public bool Coverage { get; init; }

    /// <summary>Whether to use what 'calibrate' learned about the run's intervals, where it did.</summary>
    public bool Calibrated { get; init; }

    /// <summary>Whether the noise of observations is wanted too.</summary>
    public bool Noise { get; init; }

    /// <summary>Whether intervals of what may be observed are wanted, with the noise.</summary>
    public bool Intervals { get; init; }

    /// <summary>What to look at in order to calibrate; null for nothing.</summary>
    internal CalibrationPass? Pass { get; init; }

    /// <summary>Whether to find what inputs do to the state.</summary>
    public bool InputEffects { get; init; }

    /// <summary>Bins to run the learned system without inputs; 0 for none.</summary>
    public int FreeRunBins { get; init; }

    /// <summary>Bins at the end of every trial that inference does not see; 0 for none.</summary>
    public int ForecastBins { get; init; }

    /// <summary>Other bins that inference does not see.</summary>
    public IReadOnlyList<Gap> Gaps { get; init; } = [];

    /// <summary>What of trials inference does not see.</summary>
    internal UnseenParts Unseen => new(ForecastBins, Gaps);

    /// <summary>A posterior file of these trials, model and hidden groups, whose inputs are taken in place of a search; null for none.</summary>
    public string? Posterior { get; init; }

    /// <summary>Seed of samples and draws; null for the model's.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Worker threads; null or 0 for one a core. Of several processes each has as many.</summary>
    public int? Threads { get; init; }

    /// <summary>The processes that share the trials, each by the same call; the first alone learns what was found.</summary>
    public IProcessGroup Processes { get; init; } = new OneProcess();
}

/// <summary>What was found.</summary>
/// <param name="Description">The model.</param>
/// <param name="Recording">The recording, its channels and external inputs in the order of the model's.</param>
/// <param name="Split">Which trials were analysed.</param>
/// <param name="Trials">The trials.</param>
/// <param name="Estimates">What was found in each.</param>
/// <param name="Hidden">The hidden groups.</param>
/// <param name="Seconds">Wall-clock time.</param>
/// <param name="WorkerSeconds">Time summed over workers.</param>
public sealed record InferenceResult(
    ModelDescription Description,
    Recording Recording,
    string Split,
    IReadOnlyList<Trial> Trials,
    IReadOnlyList<TrialEstimate> Estimates,
    IReadOnlySet<string> Hidden,
    double Seconds,
    double WorkerSeconds)
{
    /// <summary>Bins at the end of every trial that inference did not see.</summary>
    public int ForecastBins { get; init; }

    /// <summary>Other bins that inference did not see.</summary>
    public IReadOnlyList<Gap> Gaps { get; init; } = [];

    /// <summary>What of trials inference did not see.</summary>
    internal UnseenParts Unseen => new(ForecastBins, Gaps);

    /// <summary>What the user should know of how the recording was taken and of what cannot be trusted, a sentence each.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>What the model has learned.</summary>
    public required LearnedModel Learned { get; init; }

    /// <summary>How often intervals hold the truth, for each trial; empty when it was not asked for.</summary>
    public IReadOnlyList<ChannelCoverage> Coverage { get; init; } = [];

    /// <summary>What 'calibrate' learned for what is hidden here; null where nothing was, or it was not asked for.</summary>
    public SituationCalibration? Calibration { get; init; }

    /// <summary>Intervals of each trial's channels; empty when they were not asked for.</summary>
    public IReadOnlyList<TrialIntervals> Intervals { get; init; } = [];

    /// <summary>What was looked at in order to calibrate, for each trial; empty when it was not asked for.</summary>
    internal IReadOnlyList<TrialSamples> Samples { get; init; } = [];

    /// <summary>The learned system left to itself; null when it was not asked for.</summary>
    public FreeRun? FreeRun { get; init; }
}

/// <summary>Analyses the trials of a recording with the model of a run.</summary>
public static class InferenceSession
{
    // Deviations of activations to a few per cent.
    private const int SpreadSamples = 500;

    // Trials start from rest here, not from the last iteration's solution.
    private const int LeastIterations = 300;

    /// <summary>Analyses.</summary>
    /// <param name="run">The run's folder, or a model file.</param>
    /// <param name="data">The dataset file.</param>
    /// <param name="recording">What it holds.</param>
    /// <param name="request">What to analyse and how.</param>
    /// <param name="progress">Told of every trial that is done; null for nobody.</param>
    /// <param name="interrupt">Stops the inference.</param>
    /// <returns>What was found; of several processes the others than the first have no trials and no estimates.</returns>
    /// <exception cref="InputException">The recording does not fit the model, or what is asked for is not there. Of several processes all throw what one meets.</exception>
    /// <exception cref="OperationCanceledException">The inference was stopped; of several processes in one of them.</exception>
    public static InferenceResult Run(
        string run, string data, Recording recording, InferenceRequest request,
        IProgress<InferenceProgress>? progress = null, CancellationToken interrupt = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var isReady = false;
        try
        {
            return Run(run, data, recording, request, () => isReady = true, progress, interrupt);
        }
        catch (InputException exception) when (request.Processes.Count > 1 && !isReady)
        {
            // The others wait to hear that this one is ready.
            throw new InputException(request.Processes.Agree(exception.Message)!, exception);
        }
    }

    private static InferenceResult Run(
        string run, string data, Recording recording, InferenceRequest request, Action ready, IProgress<InferenceProgress>? progress, CancellationToken interrupt)
    {
        var path = RunFolder.ModelOf(run);
        var (description, raw, _) = ModelFile.Read(path);
        if (request.Threads is < 0)
        {
            throw new InputException($"--threads: {request.Threads} is not possible; give a whole number from 1, or 0 for one a core.");
        }

        var names = description.Groups.Select(group => group.Name).ToList();
        var absent = SessionGroups.OfAbsentSessions(names, recording);
        if (absent.Count == names.Count)
        {
            absent = [];
        }

        request = request with { Hidden = request.Hidden.SelectMany(name => SessionGroups.Named(name, names)).Concat(absent).ToHashSet(StringComparer.Ordinal) };
        description.RequireFit(recording, request.Hidden, data);
        var match = ChannelMatch.Of(description, recording, request.ByPosition, data);
        if (request.FreeRunBins > 0 && description.ExternalNames.Count > 0)
        {
            throw new InputException("--free-run: the model takes external inputs, which nobody knows in a free run; leave the option out.");
        }

        var known = request.Posterior is { } posterior ? PosteriorSolutions.Read(posterior, description, PosteriorOrigin.Of(raw, recording, request.ByPosition), request, data) : null;
        var (calibration, remark) = request.Calibrated ? Calibration(path, raw, request.Hidden) : default;
        var result = description.Configuration.Precision == Precision.Single
            ? Run<float>(path, description, raw, data, match.Recording, request, known, calibration, ready, progress, interrupt)
            : Run<double>(path, description, raw, data, match.Recording, request, known, calibration, ready, progress, interrupt);
        var sessions = absent.Select(SessionGroups.SessionOf).Distinct(StringComparer.Ordinal).Select(name => $"'{name}'").ToList();
        var without = sessions.Count == 0
            ? null
            : $"{data}: nothing was recorded in the model's session{(sessions.Count == 1 ? "" : "s")} {string.Join(", ", sessions)}; the channels are predicted from those that were.";
        return request.Processes.Number > 0 ? result : result with { Remarks = [.. match.Remarks, .. new[] { without, remark }.OfType<string>(), .. BeyondTraining.Remarks(description, result.Estimates)] };
    }

    /// <summary>What was learned about a run's intervals when these groups are hidden, or what to say of it.</summary>
    private static (SituationCalibration? Found, string? Remark) Calibration(string model, double[] raw, IReadOnlySet<string> hidden)
    {
        var file = new RunFolder(Path.GetDirectoryName(model)!).Calibration;
        if (CalibrationFile.ReadIfAny(file) is not { } all)
        {
            return default;
        }

        var names = string.Join(" ", hidden.Order(StringComparer.Ordinal).Select(Wording.Quoted));
        var again = $"'ilqr-vae calibrate'{(hidden.Count == 0 ? "" : $" with --hide {names}")}";
        if (all.Model != RunCalibration.FingerprintOf(raw))
        {
            return (null, $"{file} was made for other parameters than those of {model}, so intervals are not calibrated; make it anew by {again}.");
        }

        return all.Situations.FirstOrDefault(one => one.IsOf(hidden)) is { } found
            ? (found, null)
            : (null, $"{file} says nothing of {(hidden.Count == 0 ? "nothing hidden" : $"{names} hidden")}, so intervals are not calibrated; add it by {again}.");
    }

    private static InferenceResult Run<T>(
        string path, ModelDescription description, double[] raw, string data, Recording recording, InferenceRequest request, PosteriorSolutions? known, SituationCalibration? calibration,
        Action ready, IProgress<InferenceProgress>? progress, CancellationToken interrupt)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var (split, trials) = Select(data, recording, request.Split);

        // What is drawn for a trial is keyed by its place in the recording, so that it does not depend on which others are analysed.
        var places = recording.Trials.Select((trial, place) => (trial, place)).ToDictionary(pair => pair.trial, pair => (ulong)pair.place);
        RequireBins(trials, request.ForecastBins);
        foreach (var gap in request.Gaps)
        {
            gap.Require(description, trials, request.Hidden);
        }

        known?.RequireAll(trials, split);
        var model = ModelFile.Build<T>(path, description, raw);
        var options = description.Configuration.Training.Elbo;
        options = options with { Solver = options.Solver with { MaximumIterations = Math.Max(LeastIterations, options.Solver.MaximumIterations) } };
        var seed = request.Seed ?? description.Configuration.Seed;
        var hidden = request.Hidden.Count == 0 ? null : request.Hidden;

        ready();
        if (request.Processes.Count > 1 && request.Processes.Agree(null) is { } reason)
        {
            throw new InputException(reason);
        }

        var shared = new SharedTrials(request.Processes, trials);
        var own = shared.Own;

        // Each worker has room for the longest trial; long trials are few, and then workers are too.
        var longest = own.Select(i => trials[i].Bins).DefaultIfEmpty(1).Max();
        var threads = Math.Min(request.Threads is > 0 and { } given ? given : Environment.ProcessorCount, own.Count);
        var estimates = new TrialEstimate[trials.Count];
        var coverage = new ChannelCoverage[request.Coverage ? trials.Count : 0];
        var samples = new TrialSamples[request.Pass is null ? 0 : trials.Count];
        var intervals = new TrialIntervals[request.Intervals ? trials.Count : 0];
        var clock = Stopwatch.StartNew();
        var next = -1;
        var done = 0;
        long workerTicks = 0;
        var activity = new SolveActivity();
        progress?.Report(new InferenceProgress(0, own.Count, activity));
        void Work()
        {
            var started = Stopwatch.GetTimestamp();
            var inference = request.Pass is null && !request.Intervals ? new TrialInference<T>(model, longest) : new TrialInference<T>(model.Generative, longest);
            inference.Activity = activity;
            var draws = request.ElboDraws == 0
                ? null
                : new PosteriorDraws<T>(request.ElboDraws, Math.Min(longest, description.Capacity), model.Generative.StateCount, model.Generative.InputCount);
            for (var k = Interlocked.Increment(ref next); k < own.Count; k = Interlocked.Increment(ref next))
            {
                var i = own[k];
                interrupt.ThrowIfCancellationRequested();
                var prepared = new PreparedTrial<T>(model.Generative, recording, trials[i], hidden);
                if (draws is not null && prepared.Bins <= description.Capacity)
                {
                    draws.SetBins(prepared.Bins);
                    draws.Fill(seed, RandomStreams.ReportedElbo, places[trials[i]]);
                }

                var missing = request.Pass?.Missing(model.Generative, prepared.Bins, request.Hidden, seed, places[trials[i]]);
                var entries = request.Unseen.Entries(description.Groups, prepared.Bins, missing);
                var shown = request.ForecastBins == 0 && entries is not { Count: > 0 }
                    ? null
                    : new ObservationSelection { HiddenEnd = request.ForecastBins, HiddenEntries = entries ?? new Dictionary<string, bool[]>(StringComparer.Ordinal) };
                estimates[i] = inference.Infer(prepared, options, draws, request.Samples, new CounterRandom(seed, RandomStreams.PosteriorSamples, places[trials[i]]), new TrialAnalyses
                {
                    Seed = seed,
                    Key = places[trials[i]],
                    ImportanceSamples = request.ImportanceSamples,
                    Horizons = request.Horizons,
                    InputEffects = request.InputEffects,
                    SpreadSamples = request.Coverage || request.Pass is not null || request.Intervals ? SpreadSamples : 0,
                    Noise = request.Noise,
                    Known = known?.Of(trials[i]),
                }, shown);
                if (request.Coverage)
                {
                    // The spread of every channel of every trial would be as large as the recording; of inputs it is needed once all are known.
                    coverage[i] = ChannelCoverage.Of(model.Generative, description, recording, trials[i], estimates[i], request, calibration, seed, places[trials[i]]);
                }

                if (request.Pass is { } pass)
                {
                    samples[i] = pass.Samples(model.Generative, description, recording, trials[i], i, estimates[i].LaplaceSpread, request, missing!, seed, places[trials[i]]);
                    estimates[i] = estimates[i] with { Means = [], MeanDeviations = [] };
                }

                if (request.Intervals)
                {
                    intervals[i] = TrialIntervals.Of(model.Generative, estimates[i].LaplaceSpread, trials[i].Bins, request.Hidden, calibration);
                }

                estimates[i] = estimates[i] with { LaplaceSpread = OfInputs(estimates[i].LaplaceSpread), SharedSpread = OfInputs(estimates[i].SharedSpread) };

                var finished = Interlocked.Increment(ref done);
                if (progress is not null)
                {
                    lock (progress)
                    {
                        progress.Report(new InferenceProgress(finished, own.Count, activity));
                    }
                }
            }

            Interlocked.Add(ref workerTicks, Stopwatch.GetTimestamp() - started);
        }

        if (request.Processes.Count == 1)
        {
            Parallelise(threads, Work);
        }
        else
        {
            var (isInterrupted, failure) = (false, (string?)null);
            try
            {
                Parallelise(threads, Work);
            }
            catch (OperationCanceledException)
            {
                isInterrupted = true;
            }
            catch (InputException exception)
            {
                failure = exception.Message;
            }

            shared.Meet(isInterrupted, failure, ref workerTicks);
            shared.Collect(
                i => new TrialFinding(estimates[i], request.Coverage ? coverage[i] : null, request.Pass is null ? null : samples[i], request.Intervals ? intervals[i] : null),
                (i, finding) =>
                {
                    estimates[i] = finding.Estimate;
                    if (finding.Coverage is { } covered)
                    {
                        coverage[i] = covered;
                    }

                    if (finding.Samples is { } looked)
                    {
                        samples[i] = looked;
                    }

                    if (finding.Intervals is { } ends)
                    {
                        intervals[i] = ends;
                    }
                });
        }

        // The others have nothing to tell.
        var isFirst = request.Processes.Number == 0;
        return new InferenceResult(
            description, recording, split, isFirst ? trials : [], isFirst ? estimates : [], request.Hidden, clock.Elapsed.TotalSeconds, (double)workerTicks / Stopwatch.Frequency)
        {
            ForecastBins = request.ForecastBins,
            Gaps = request.Gaps,
            Learned = LearnedModel.Of(model.Generative),
            Coverage = isFirst ? coverage : [],
            Calibration = calibration,
            Samples = isFirst ? samples : [],
            Intervals = isFirst ? intervals : [],
            FreeRun = request.FreeRunBins == 0 || !isFirst ? null : FreeRun.Of(model.Generative, estimates[0].States.Row(trials[0].Bins - 1), request.FreeRunBins, seed),
        };
    }

    /// <summary>Works on so many threads, and throws what one of them throws.</summary>
    private static void Parallelise(int threads, Action work)
    {
        if (threads == 1)
        {
            work();
        }
        else if (threads > 1)
        {
            try
            {
                Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, _ => work());
            }
            catch (AggregateException exception)
            {
                var first = exception.Flatten().InnerExceptions.FirstOrDefault(inner => inner is not OperationCanceledException) ?? exception.Flatten().InnerExceptions[0];
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
            }
        }
    }

    private static void RequireBins(IReadOnlyList<Trial> trials, int forecast)
    {
        if (trials.FirstOrDefault(trial => trial.Bins <= forecast) is { } shortest)
        {
            throw new InputException($"--forecast: trial '{shortest.Name}' has {shortest.Bins} bins; hide fewer than that.");
        }
    }

    private static PosteriorSpread? OfInputs(PosteriorSpread? spread) => spread is null ? null : spread with { Activations = [], ActivationDeviations = [] };

    private static (string Name, IReadOnlyList<Trial> Trials) Select(string data, Recording recording, string? split)
    {
        if (split == "all")
        {
            return (split, recording.Trials);
        }

        if (split is not null)
        {
            var trials = recording.TrialsOf(Enum.Parse<TrialSplit>(split, ignoreCase: true));
            var there = recording.Trials.Select(trial => trial.Split).Distinct().Select(one => one.ToString().ToLowerInvariant());
            return trials.Count > 0
                ? (split, trials)
                : throw new InputException($"{data}: there are no trials with the split '{split}'; the file has {string.Join(", ", there)} (--split all takes every trial).");
        }

        foreach (var choice in (TrialSplit[])[TrialSplit.Test, TrialSplit.Validation, TrialSplit.Train])
        {
            var trials = recording.TrialsOf(choice);
            if (trials.Count > 0)
            {
                return (choice.ToString().ToLowerInvariant(), trials);
            }
        }

        return ("all", recording.Trials);
    }
}
