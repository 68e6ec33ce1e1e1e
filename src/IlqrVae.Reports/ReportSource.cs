using IlqrVae.Models;
using IlqrVae.Recordings;
using IlqrVae.Reports.Kinds;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Scores;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Reports;

/// <summary>A run and a recording that are to be shown. Whatever takes time is computed once, when it is first asked for; not by several threads at a time.</summary>
public sealed class ReportSource : RecordingSource
{
    /// <summary>Draws of the ELBO a trial, as <c>evaluate</c> has them.</summary>
    private const int ElboDraws = 16;

    private readonly Lazy<InferenceResult> _inference;
    private readonly Lazy<EvaluationReport> _evaluation;
    private readonly Lazy<BaselinePart?> _baselines;
    private readonly Lazy<IReadOnlyList<double>> _gains;
    private readonly Lazy<Principal?> _principal;
    private readonly Lazy<GenerativeModel<double>?> _model;
    private readonly Lazy<FixedPoints?> _fixedPoints;
    private readonly Lazy<IReadOnlyDictionary<string, double[]>?> _history;

    private ReportSource(
        ReportRequest request, Recording recording, string data, string? model, ModelDescription description, TrainingSummary? summary, Func<InferenceResult> infer,
        CancellationToken interrupt)
        : base(recording, data)
    {
        Request = request;
        ModelPath = model;
        Description = description;
        Summary = summary;
        _inference = new(infer);
        _evaluation = new(() => EvaluationReport.Of(Inference, new EvaluationRequest { Baselines = Baselines }));
        _principal = new(() => Principal.Of([.. Inference.Estimates.Select(estimate => estimate.States)]));
        _model = new(() => ModelPath is null ? null : Read(ModelPath));
        _fixedPoints = new(() => Model is null ? null : FixedPoints.Of(Model.Dynamics, Visited(), interrupt));
        _baselines = new(() => CanCompare() ? BaselinePart.Of(Inference, interrupt: interrupt) : null);
        _gains = new(() => TrialChoice.GainsOf(Inference));
        _history = new(() => ModelPath is null ? null : HistoryFile.ReadIfAny(new RunFolder(Path.GetDirectoryName(Path.GetFullPath(ModelPath)) ?? "").History));
    }

    /// <summary>Gets what was asked for.</summary>
    public ReportRequest Request { get; }

    /// <summary>Gets the model file; null where only what was inferred is known.</summary>
    public string? ModelPath { get; }

    /// <summary>Gets what the model is.</summary>
    public ModelDescription Description { get; }

    /// <summary>Gets how the model came about; null where that is not known.</summary>
    public TrainingSummary? Summary { get; }

    /// <summary>Gets the run's configuration.</summary>
    public RunConfiguration Configuration => Description.Configuration;

    /// <summary>Gets the columns of the training history; null where there is none, as of a model file taken out of its run.</summary>
    public IReadOnlyDictionary<string, double[]>? History => _history.Value;

    /// <summary>Gets what was inferred: all that takes long, in one pass.</summary>
    public InferenceResult Inference => _inference.Value;

    /// <summary>Gets the scores of what was inferred.</summary>
    public EvaluationReport Evaluation => _evaluation.Value;

    /// <summary>Gets how much better than each channel being constant each trial is explained, in nats per observed entry; NaN where that is not known.</summary>
    public IReadOnlyList<double> Gains => _gains.Value;

    /// <summary>Gets the principal components of the inferred states; null where these do not vary.</summary>
    internal Principal? Principal => _principal.Value;

    /// <summary>Gets the model in double precision; null where only what was inferred is known.</summary>
    public GenerativeModel<double>? Model => _model.Value;

    /// <summary>Gets the fixed points of the dynamics as far as a search from visited states finds them; null where only what was inferred is known.</summary>
    public FixedPoints? FixedPoints => _fixedPoints.Value;

    /// <summary>Gets what baselines reach; null where they were not asked for or nothing is hidden that they could predict.</summary>
    public BaselinePart? Baselines => _baselines.Value;

    /// <inheritdoc/>
    public override Recording Recording => _inference.IsValueCreated ? Inference.Recording : base.Recording;

    /// <inheritdoc/>
    public override IReadOnlyList<Trial> Trials => Inference.Trials;

    /// <summary>Opens a run.</summary>
    /// <param name="run">The run's folder, or a model file.</param>
    /// <param name="data">The dataset file, for sentences.</param>
    /// <param name="recording">What it holds.</param>
    /// <param name="request">What is to be shown; null for the usual.</param>
    /// <param name="progress">Told of every trial that is inferred; null for nobody.</param>
    /// <param name="interrupt">Stops the inference.</param>
    /// <returns>The source; nothing was inferred yet.</returns>
    /// <exception cref="InputException">The run has no model, or a damaged one, or the model does not fit the recording.</exception>
    public static ReportSource Open(
        string run, string data, Recording recording, ReportRequest? request = null, IProgress<InferenceProgress>? progress = null, CancellationToken interrupt = default)
    {
        ArgumentNullException.ThrowIfNull(recording);
        request ??= new ReportRequest();
        var path = RunFolder.ModelOf(run);
        var (description, _, summary) = ModelFile.Read(path);
        return new ReportSource(request, recording, data, path, description, summary, () =>
        {
            var (split, hidden) = request.Posterior is { } posterior ? Taken(posterior, description, request) : (request.Split, request.Hidden ?? UsuallyHidden(description, recording));
            var found = InferenceSession.Run(
                run, data, recording,
                new InferenceRequest
                {
                    Split = split,
                    Hidden = hidden,
                    Posterior = request.Posterior,
                    ByPosition = request.ByPosition,
                    ElboDraws = ElboDraws,
                    ForecastBins = request.ForecastBins,
                    Gaps = request.Gaps,
                    InputEffects = true,
                    Coverage = true,
                    Calibrated = true,
                    Noise = true,
                    Seed = request.Seed,
                    Threads = request.Threads,
                },
                progress, interrupt);
            return request.Posterior is null ? found : found with { Remarks = [.. found.Remarks, $"What was inferred is taken from {request.Posterior}"] };
        }, interrupt);
    }

    /// <summary>Takes what was inferred already.</summary>
    /// <param name="found">What was inferred.</param>
    /// <param name="data">The dataset file, for sentences.</param>
    /// <param name="run">The run's folder, or a model file; null where it is not at hand, so that learning curves and fixed points are not shown.</param>
    /// <param name="request">What is to be shown; null for the usual.</param>
    /// <returns>The source.</returns>
    public static ReportSource Of(InferenceResult found, string data, string? run = null, ReportRequest? request = null)
    {
        ArgumentNullException.ThrowIfNull(found);
        var path = run is null ? null : RunFolder.ModelOf(run);
        return new ReportSource(request ?? new ReportRequest(), found.Recording, data, path, found.Description, path is null ? null : ModelFile.Read(path).Summary, () => found, CancellationToken.None);
    }

    private bool CanCompare()
        => Request is { Baselines: true, ForecastBins: 0, Gaps.Count: 0 } && Inference.Hidden.Any(name => Inference.Recording.IndexOfGroup(name) >= 0)
            && Inference.Recording.TrialsOf(TrialSplit.Train).Count > 0;

    /// <summary>States that inference visited, evenly over all bins of all trials.</summary>
    private Table Visited()
    {
        var states = Inference.Estimates.Where(estimate => Array.TrueForAll(estimate.States.Values, double.IsFinite)).Select(estimate => estimate.States).ToList();
        var bins = states.Sum(table => (long)table.Bins);
        var count = (int)Math.Min(FixedPointPanels.Starts, bins);
        var visited = new Table(count, states.Count == 0 ? Model!.SystemStateCount : states[0].Columns);
        var (k, first) = (0, 0L);
        foreach (var table in states)
        {
            for (; k < count && (k * bins / count) - first < table.Bins; k++)
            {
                table.Row((int)((k * bins / count) - first)).CopyTo(visited.Row(k));
            }

            first += table.Bins;
        }

        return visited;
    }

    private static GenerativeModel<double> Read(string path)
    {
        var (description, raw, _) = ModelFile.Read(path);
        return ModelFile.Build<double>(path, description, raw).Generative;
    }

    /// <summary>Which trials of a posterior file are shown, and what of them was hidden.</summary>
    private static (string? Split, IReadOnlySet<string> Hidden) Taken(string posterior, ModelDescription description, ReportRequest request)
        => request is { ForecastBins: > 0 } or { Gaps.Count: > 0 } or { Hidden: not null } or { Split: not null }
            ? throw new InputException($"{posterior}: what was hidden and which trials were inferred is in the file; leave out what asks for it, or infer anew without the file.")
            : PosteriorFile.ContentsOf(posterior, description);

    /// <summary>Values where there are counts to predict them from, and what was hidden in validation.</summary>
    internal static HashSet<string> UsuallyHidden(ModelDescription description, Recording recording)
    {
        var hidden = description.Configuration.Training.ValidationHides.ToHashSet(StringComparer.Ordinal);
        var counts = description.Groups.Where(group => group.Kind == ChannelKind.Counts && !hidden.Contains(group.Name) && recording.IndexOfGroup(group.Name) >= 0).ToList();
        if (counts.Count > 0)
        {
            hidden.UnionWith(description.Groups.Where(group => group.Kind == ChannelKind.Values).Select(group => group.Name));
        }

        return hidden;
    }
}
