using IlqrVae.Evaluation.Baselines;
using IlqrVae.Reports.Panels;
using IlqrVae.Runs;
using IlqrVae.Runs.Scores;

namespace IlqrVae.Reports.Tables;

/// <summary>Scores beside what constants, baselines and the truth itself reach, each where it is to be understood.</summary>
internal static class ScoreTables
{
    /// <summary>How to read the scores.</summary>
    public static string Words(ReportSource source)
        => $"Of {Reports.Words.Count(source.Trials.Count, $"{RunWords.SplitOf(source.Inference.Split)}trial")}.{(source.Baselines is null ? " Baselines were not fitted, or nothing was hidden that they could predict." : "")}";

    /// <summary>The tables.</summary>
    public static IReadOnlyList<ReportTable> Of(ReportSource source)
        => [.. new[] { Predicted(source), Explained(source), Truth(source), Baselines(source) }.OfType<ReportTable>()];

    /// <summary>What inference did not see.</summary>
    private static ReportTable? Predicted(ReportSource source)
    {
        var report = source.Evaluation;
        var parts = report.Groups.Where(score => score.IsHidden).Select(score => (Score: score, What: "hidden"))
            .Concat(report.Parts.OfType<ForecastPart>().SelectMany(part => part.Groups).Select(score => (Score: score, What: "forecast")))
            .Concat(report.Parts.OfType<GapPart>().SelectMany(part => part.Groups).Select(score => (Score: score, What: "in gaps"))).ToList();
        if (parts.Count == 0)
        {
            return null;
        }

        var isCompared = source.Baselines is not null;
        return new ReportTable(
            "What inference did not see",
            isCompared ? ["what", "score", "this model", "constants", "best baseline"] : ["what", "score", "this model", "constants"],
            [.. parts.Select(part => (IReadOnlyList<string>)
            [
                $"{part.Score.Name}, {part.What}",
                part.Score.R2.Count > 0 ? $"R2{(part.Score.R2.Count > 1 ? $", mean of {part.Score.R2.Count} channels ({Reports.Words.List(part.Score.R2.Select(r2 => Wording.Number(r2)))})" : "")}" : "bits per spike",
                Number(part.Score),
                part.Score.R2.Count > 0 ? "0" : double.IsFinite(part.Score.BitsPerSpikeOverTrainingMeans) ? Wording.Number(part.Score.BitsPerSpike - part.Score.BitsPerSpikeOverTrainingMeans) : "0",
                .. isCompared ? [Best(source, part.Score, part.What)] : (string[])[],
            ])],
            $"Predicted from {Reports.Words.List(RunWords.Seen(source))} of the whole trial, before and after, not from the past alone. R2: 1 is perfect, 0 no better than the mean of the scored trials. Bits per spike: how much more than each neuron's mean rate in the scored trials the prediction says of a spike, as the Neural Latents Benchmark scores it (co-bps of hidden neurons); constants are the means of the training trials.");
    }

    private static string Number(GroupScore score) => Wording.Number(score.R2.Count > 0 ? score.MeanR2 : score.BitsPerSpike);

    private static string Best(ReportSource source, GroupScore score, string what)
    {
        var best = what != "hidden" ? null : source.Baselines!.Scores.Where(one => one.Group == score.Name && double.IsFinite(Value(one))).MaxBy(Value);
        return best is null ? "-" : $"{Wording.Number(Value(best))} ({best.Name})";
    }

    private static double Value(BaselineScore score) => score.R2.Count > 0 ? score.MeanR2 : score.BitsPerSpike;

    private static ReportTable Explained(ReportSource source)
    {
        var report = source.Evaluation;
        var rows = new List<IReadOnlyList<string>>
        {
            new[] { "log evidence", "nats an entry", Wording.Number(report.LogEvidence, "0.0000"), Wording.Number(report.Null.LogLikelihood, "0.0000") },
        };
        if (report.ElboTrials > 0)
        {
            rows.Add([$"ELBO{(report.ElboTrials < source.Trials.Count ? $", of the {report.ElboTrials} trials that are short enough" : "")}", "nats an entry", Wording.Number(report.Elbo, "0.0000"), Wording.Number(report.ElboNull.LogLikelihood, "0.0000")]);
        }

        rows.AddRange(report.Groups.Where(score => !score.IsHidden).Select(score => (IReadOnlyList<string>)[$"fit of {score.Name}, which inference saw", score.R2.Count > 0 ? "R2" : "bits per spike", Number(score), "0"]));
        rows.AddRange(report.Parts.OfType<ConditionPart>().SelectMany(part => part.Scores).Select(score => (IReadOnlyList<string>)
            [$"averages over conditions of {score.Group}: {Reports.Words.Count(score.Conditions, "condition")} of {Reports.Words.Count(source.Trials.Count, "trial")}, {Reports.Words.Count(score.Units, "neuron")}", "R2", Wording.Number(score.OfSpikes), "0"]));
        return new ReportTable(
            "How well trials are explained",
            ["what", "score", "this model", "constants"], rows,
            $"Constants: each channel at its mean in the training trials. The ELBO is a lower bound of the log probability of the observations, by the covariance that all trials share; the log evidence is Laplace's approximation of the same, which can lie on either side of it, so that the bound may stand above the approximation. Fits of what inference saw follow its noise too, and score above 0 on neurons of constant rate: they say nothing of what was learned, and are not the scores of the benchmark.{(report.Parts.OfType<ConditionPart>().Any(part => part.Scores.Any(score => score.Conditions * 2 > source.Trials.Count)) ? " With fewer than two trials a condition, averages over conditions are single trials." : "")}");
    }

    private static ReportTable? Truth(ReportSource source)
    {
        var report = source.Evaluation;
        if (report.Truth.Count == 0)
        {
            return null;
        }

        var rows = new List<IReadOnlyList<string>>();
        foreach (var score in report.Truth)
        {
            var isMapped = score.Name is "states" or "inputs";
            rows.Add([$"{score.Name}{(isMapped ? ", after the best affine map" : "")}", isMapped ? "R2, all together" : "R2, mean over channels", Wording.Number(isMapped ? score.VarianceCaptured : score.MeanR2), "1"]);
            if (double.IsFinite(score.ExpectedBitsPerSpike))
            {
                rows.Add([$"fresh spikes of {score.Name}", "expected bits per spike", Wording.Number(score.ExpectedBitsPerSpike), Wording.Number(score.BestBitsPerSpike)]);
            }
        }

        return new ReportTable(
            "Against the truth of the simulation",
            ["what", "score", "this model", "the truth itself"], rows,
            "Maps of states and inputs are fitted on the trials they are scored on, so that they flatter a little, the more the fewer bins there are.");
    }

    private static ReportTable? Baselines(ReportSource source) => source.Baselines is not { Scores.Count: > 0 } part ? null : new ReportTable(
        "Without a model of dynamics",
        ["group", "baseline", "score", "chosen by cross-validation", "time"],
        [.. part.Scores.Select(score => (IReadOnlyList<string>)[score.Group, score.Name, $"{(score.R2.Count > 0 ? "R2" : "bits per spike")} {Wording.Number(Value(score))}", score.Tuned, Wording.Duration(score.Seconds)])],
        "Fitted on the training trials, and scored on the same trials as the model, from what inference saw of them.");
}
