using System.Text.Json.Nodes;
using IlqrVae.Control;
using IlqrVae.Evaluation;
using IlqrVae.Inference;
using IlqrVae.Recordings;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Scores;

/// <summary>How well something known of a simulation was found.</summary>
/// <param name="Name">What: rates, mean, states or inputs.</param>
/// <param name="R2">R2 of each column.</param>
/// <param name="VarianceCaptured">R2 over the columns together.</param>
/// <param name="ExpectedBitsPerSpike">Rates only: bits per spike over fresh spikes; else NaN.</param>
/// <param name="BestBitsPerSpike">Rates only: the same of the true rates; else NaN.</param>
public sealed record TruthScore(string Name, IReadOnlyList<double> R2, double VarianceCaptured, double ExpectedBitsPerSpike = double.NaN, double BestBitsPerSpike = double.NaN)
{
    /// <summary>Rates only: the expected bits per spike as a share of those of the true rates.</summary>
    public double ShareOfBest => ExpectedBitsPerSpike / BestBitsPerSpike;

    /// <summary>Mean of R2 over columns.</summary>
    public double MeanR2 => R2.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();
}

/// <summary>Scores of a model on the trials of a recording.</summary>
public sealed record EvaluationReport
{
    /// <summary>What was found in the trials.</summary>
    public required InferenceResult Inference { get; init; }

    /// <summary>Trials short enough for the shared covariance.</summary>
    public required int ElboTrials { get; init; }

    /// <summary>In nats per observed entry, over those trials; NaN where nothing was observed.</summary>
    public required double Elbo { get; init; }

    /// <summary>Its part of the observations.</summary>
    public required double LogLikelihood { get; init; }

    /// <summary>Its divergence from the prior.</summary>
    public required double Divergence { get; init; }

    /// <summary>Laplace's approximation of log p(o) per observed entry, over all trials.</summary>
    public required double LogEvidence { get; init; }

    /// <summary>What constant rates and values explain of all trials: what the log evidence is to be compared with.</summary>
    public required NullModel Null { get; init; }

    /// <summary>The same of the trials that the ELBO is of.</summary>
    public required NullModel ElboNull { get; init; }

    /// <summary>Whether the model explains what inference saw no better than constants do, by the ELBO and by the log evidence.</summary>
    public bool IsNoBetterThanConstant => Null.IsAsGoodAs(LogEvidence) && !(Elbo > ElboNull.LogLikelihood);

    /// <summary>How well each channel group is explained or predicted.</summary>
    public required IReadOnlyList<GroupScore> Groups { get; init; }

    /// <summary>How well what a simulation knows was found.</summary>
    public required IReadOnlyList<TruthScore> Truth { get; init; }

    /// <summary>The scores that not every recording or command has.</summary>
    public IReadOnlyList<IReportPart> Parts { get; init; } = [];

    private string PerEntry => Null.Entries > 0 ? "nats per observed entry" : "no entry was observed";

    /// <summary>Trials whose inference converged.</summary>
    public int Converged => Inference.Estimates.Count(estimate => estimate.Map.Status == SolverStatus.Converged);

    /// <summary>Iterations of inference, on average over trials.</summary>
    public double MeanIterations => Inference.Estimates.Average(estimate => estimate.Map.Iterations);

    /// <summary>Iterations of inference in the trial that took most.</summary>
    public int MostIterations => Inference.Estimates.Max(estimate => estimate.Map.Iterations);

    /// <summary>Seconds of one thread for one trial.</summary>
    public double SecondsPerTrial => Inference.WorkerSeconds / Inference.Trials.Count;

    /// <summary>Scores what was found.</summary>
    /// <param name="result">What was found.</param>
    /// <param name="request">What was asked for; null for the usual.</param>
    public static EvaluationReport Of(InferenceResult result, EvaluationRequest? request = null)
    {
        request ??= new EvaluationRequest();
        var measured = result.Estimates.Where(estimate => estimate.Elbo is not null).ToList();
        var entries = measured.Sum(estimate => estimate.ObservedCount);
        var all = result.Estimates.Sum(estimate => estimate.ObservedCount);
        double Mean(Func<ElboResult, double> part) => entries == 0 ? double.NaN : measured.Sum(estimate => part(estimate.Elbo!.Value)) / entries;
        NullModel NullOf(IReadOnlyList<Trial> trials) => NullModel.Of(result.Description, result.Recording, trials, result.Hidden, result.ForecastBins, result.Gaps);
        var constant = NullOf(result.Trials);
        return new EvaluationReport
        {
            Inference = result,
            ElboTrials = measured.Count,
            Elbo = Mean(elbo => elbo.Elbo),
            LogLikelihood = Mean(elbo => elbo.LogLikelihood),
            Divergence = Mean(elbo => elbo.Divergence),
            LogEvidence = all == 0 ? double.NaN : result.Estimates.Sum(estimate => estimate.LogEvidence) / all,
            Null = constant,
            ElboNull = measured.Count == result.Estimates.Count ? constant : NullOf([.. result.Trials.Where((_, i) => result.Estimates[i].Elbo is not null)]),
            Groups = GroupScore.OfAll(result, ScoredPart.Rest),
            Truth = [.. ScoreTruth(result)],
            Parts =
            [
                .. new IReportPart?[]
                {
                    request.Baselines,
                    request.Shuffle ? ShufflePart.Of(result, request.Inference.Seed) : null,
                    ImportancePart.Of(result, request.Inference.ImportanceSamples),
                    PredictionPart.Of(result, request.Inference.Horizons),
                    ForecastPart.Of(result),
                    GapPart.Of(result),
                    CoveragePart.Of(result),
                    ConditionPart.Of(result),
                    request.Decoding,
                    InputEnergyPart.Of(result, request.EnergyAt, request.EnergyWindow),
                    request.Onsets,
                    LearnedPart.Of(result),
                    FreeRunPart.Of(result, request.Inference.FreeRunBins),
                }.OfType<IReportPart>(),
            ],
        };
    }

    /// <summary>The affine map from inferred to true states; null when the recording does not know them, or numbers overflowed in a trial.</summary>
    public static LinearAlignment? AlignStates(InferenceResult result) => Align(result, "states", estimate => estimate.States, dropLastBin: false);

    /// <summary>The affine map from inferred to true inputs; null when the recording does not know them, or numbers overflowed in a trial.</summary>
    public static LinearAlignment? AlignInputs(InferenceResult result) => Align(result, "inputs", estimate => estimate.Inputs, dropLastBin: true);

    /// <summary>The scores as one JSON object.</summary>
    public JsonObject ToJson()
    {
        var groups = new JsonObject();
        foreach (var group in Groups)
        {
            groups[group.Name] = group.ToJson();
        }

        var truth = new JsonObject();
        foreach (var score in Truth)
        {
            var entry = new JsonObject { ["r2"] = Json.Number(score.MeanR2), ["variance_captured"] = Json.Number(score.VarianceCaptured) };
            if (double.IsFinite(score.ExpectedBitsPerSpike))
            {
                entry["expected_bits_per_spike"] = Json.Number(score.ExpectedBitsPerSpike);
                entry["expected_bits_per_spike_of_truth"] = Json.Number(score.BestBitsPerSpike);
                entry["share_of_truth"] = Json.Number(score.ShareOfBest);
            }

            entry["r2_per_column"] = Json.Numbers(score.R2);
            truth[score.Name] = entry;
        }

        var json = new JsonObject
        {
            ["split"] = Inference.Split,
            ["trials"] = Inference.Trials.Count,
            ["bins"] = Inference.Trials.Sum(trial => (long)trial.Bins),
            ["observed_entries"] = Inference.Estimates.Sum(estimate => estimate.ObservedCount),
            ["hidden"] = Json.Texts(Inference.Hidden.Order(StringComparer.Ordinal)),
            ["elbo"] = Json.Number(Elbo),
            ["log_likelihood"] = Json.Number(LogLikelihood),
            ["divergence"] = Json.Number(Divergence),
            ["elbo_trials"] = ElboTrials,
            ["log_evidence"] = Json.Number(LogEvidence),
            ["null_log_likelihood"] = Json.Number(Null.LogLikelihood),
            ["elbo_null_log_likelihood"] = Json.Number(ElboNull.LogLikelihood),
            ["no_better_than_constant"] = IsNoBetterThanConstant,
            ["groups"] = groups,
            ["truth"] = truth,
            ["solver"] = new JsonObject
            {
                ["converged"] = (double)Converged / Inference.Trials.Count,
                ["mean_iterations"] = Json.Number(MeanIterations),
                ["most_iterations"] = MostIterations,
                ["seconds_per_trial"] = Json.Number(SecondsPerTrial),
                ["seconds"] = Json.Number(Inference.Seconds),
            },
        };
        foreach (var part in Parts)
        {
            json[part.Key] = part.ToJson();
        }

        return json;
    }

    /// <summary>The scores as rows of name, value and remark.</summary>
    public IEnumerable<IReadOnlyList<string>> ToRows()
    {
        if (ElboTrials > 0)
        {
            var part = ElboTrials == Inference.Trials.Count
                ? ""
                : $", the {ElboTrials} trials no longer than {Inference.Description.Capacity} bins; each channel constant there: {Wording.Number(ElboNull.LogLikelihood, "0.0000")}";
            yield return ["ELBO", Wording.Number(Elbo, "0.0000"), $"{PerEntry}{part}"];
        }

        yield return ["log evidence (Laplace)", Wording.Number(LogEvidence, "0.0000"), PerEntry];
        yield return
        [
            "no model: each channel constant", Wording.Number(Null.LogLikelihood, "0.0000"),
            $"{PerEntry}{(IsNoBetterThanConstant ? "; the model is NO BETTER than that" : ", which ELBO and log evidence have to exceed")}",
        ];
        foreach (var group in Groups)
        {
            var how = group.IsHidden ? "predicted from the other groups" : "in-sample: noise scores above 0 too";
            var name = group.IsHidden ? group.Name : $"{group.Name}, in-sample";
            yield return group.R2.Count > 0
                ? [$"R2 of {name}", Wording.Number(group.MeanR2), $"{how}; columns {Columns(group.R2)}"]
                : [$"bits per spike of {name}", Wording.Number(group.BitsPerSpike), $"{how}; over means of these trials (co-bps){(double.IsFinite(group.BitsPerSpikeOverTrainingMeans) ? $"; over training means {Wording.Number(group.BitsPerSpikeOverTrainingMeans)}" : "")}"];
        }

        foreach (var score in Truth)
        {
            var isMapped = score.Name is "states" or "inputs";
            yield return isMapped
                ? [$"R2 of {score.Name} vs truth", Wording.Number(score.VarianceCaptured), $"after the affine map that fits these trials best; columns {Columns(score.R2)}"]
                : [$"R2 of {score.Name} vs truth", Wording.Number(score.MeanR2), $"mean over {score.R2.Count} channels; all together {Wording.Number(score.VarianceCaptured)}"];
            if (double.IsFinite(score.ExpectedBitsPerSpike))
            {
                yield return [$"expected bits per spike{(score.Name == "rates" ? "" : $" of {score.Name}")}", Wording.Number(score.ExpectedBitsPerSpike), $"of fresh spikes; the true rates give {Wording.Number(score.BestBitsPerSpike)}, a share of {Wording.Number(score.ShareOfBest)}"];
            }
        }

        foreach (var row in Parts.SelectMany(part => part.ToRows()))
        {
            yield return row;
        }

        yield return
        [
            "inference converged",
            $"{Converged}/{Inference.Trials.Count}",
            $"trials; {Wording.Number(MeanIterations, "0.0")} iterations on average, {MostIterations} at most, {Wording.Duration(SecondsPerTrial)} a trial and thread",
        ];
    }

    private static string Columns(IReadOnlyList<double> values)
        => string.Join(' ', values.Take(6).Select(value => Wording.Number(value))) + (values.Count > 6 ? " ..." : "");

    private static IEnumerable<TruthScore> ScoreTruth(InferenceResult result)
    {
        for (var g = 0; g < result.Description.Groups.Count; g++)
        {
            if (TruthTables.OfGroup(result.Description, result.Trials, g) is not { } known)
            {
                continue;
            }

            var truth = known.Tables;
            var isRate = result.Description.IsRate(g);
            var means = known.Indices.Select(i => result.Estimates[i].Means[g]).ToList();
            var (stackedTruth, stackedMeans) = (LinearAlignment.Stack(truth), LinearAlignment.Stack(means));
            var (expected, best) = (double.NaN, double.NaN);
            if (isRate)
            {
                var width = result.Description.BinWidth;
                var counts = truth.Select(table => Scaled(table, width)).ToList();
                expected = Metrics.ExpectedBitsPerSpike([.. means.Select(table => Scaled(table, width))], counts);
                best = Metrics.ExpectedBitsPerSpike(counts, counts);
            }

            yield return new TruthScore(
                known.Name, Metrics.R2PerColumn(stackedTruth, stackedMeans), Metrics.R2VarianceWeighted(stackedTruth, stackedMeans), expected, best);
        }

        if (AlignStates(result) is { } states)
        {
            yield return new TruthScore("states", states.R2PerColumn, states.VarianceCaptured);
        }

        if (AlignInputs(result) is { } inputs)
        {
            yield return new TruthScore("inputs", inputs.R2PerColumn, inputs.VarianceCaptured);
        }
    }

    private static LinearAlignment? Align(InferenceResult result, string name, Func<TrialEstimate, Table> take, bool dropLastBin)
    {
        if (TruthTables.Of(result.Trials, name) is not { } truth)
        {
            return null;
        }

        var kept = truth.Indices.Zip(truth.Tables).Where(pair => !dropLastBin || pair.Second.Bins > 1).ToList();

        // Where numbers overflowed there is nothing to map, and leaving those trials out would flatter the rest.
        return kept.Sum(pair => pair.Second.Bins) < 3 || kept.Exists(pair => !Array.TrueForAll(take(result.Estimates[pair.First]).Values, double.IsFinite))
            ? null
            : LinearAlignment.Fit([.. kept.Select(pair => take(result.Estimates[pair.First]))], [.. kept.Select(pair => pair.Second)], dropLastBin);
    }

    private static Table Scaled(Table table, double factor) => new(table.Bins, table.Columns, Array.ConvertAll(table.Values, value => value * factor));
}
