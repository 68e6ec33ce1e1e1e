using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using IlqrVae.Recordings;
using IlqrVae.Reports.Panels;
using IlqrVae.Runs;
using IlqrVae.Runs.Configuration;
using IlqrVae.Training;

namespace IlqrVae.Reports.Tables;

/// <summary>What was fitted on what, as sentences and tables.</summary>
internal static class RunWords
{
    /// <summary>The sentences on top of a report: what was fitted on what, and how well that predicts.</summary>
    public static string Summary(ReportSource source)
    {
        var (found, model) = (source.Inference, source.Configuration.Model);
        var training = source.Recording.TrialsOf(TrialSplit.Train).Count;
        var sentences = new List<string>
        {
            $"A model of {Words.Count(model.States, "latent state")} and {Words.Count(model.Inputs, "input")} ('{found.Learned.DynamicsKind}' dynamics, '{found.Learned.PriorKind}' prior) of {Words.List(source.Description.Groups.Select(group => $"{Words.Count(group.Channels, Naming.Channel(group))} '{group.Name}'"))}{(training > 0 ? $", learned from {Words.Count(training, "training trial")}" : "")}.",
        };
        sentences.AddRange(source.Evaluation.Groups.Where(score => score.IsHidden && double.IsFinite(score.R2.Count > 0 ? score.MeanR2 : score.BitsPerSpike)).Select(score =>
            $"In the {Words.Count(found.Trials.Count, $"{SplitOf(found.Split)}trial")} it predicts '{score.Name}', which inference did not see, with {(score.R2.Count > 0 ? $"a mean R2 of {Words.Of(score.MeanR2)}" : $"{Words.Of(score.BitsPerSpike)} bits per spike")} from {Words.List(Seen(source))} of the whole trial, before and after."));
        if (source.Evaluation.IsNoBetterThanConstant)
        {
            sentences.Add("The model explains these trials no better than each channel being constant does: there is nothing to conclude from what follows.");
        }

        if (Ending(source) is { } ending)
        {
            sentences.Add(ending);
        }

        return string.Join(" ", sentences);
    }

    /// <summary>What is to be known of the run and its trials, in sentences.</summary>
    public static string Remarks(ReportSource source)
    {
        var found = source.Inference;
        var sentences = new List<string>();
        var sessions = source.Recording.Trials.Select(trial => trial.Session).Where(name => name.Length > 0).Distinct(StringComparer.Ordinal).ToList();
        if (sessions.Count > 1)
        {
            sentences.Add($"The recording has {sessions.Count} sessions ({Words.List(sessions)}), whose neurons are groups of their own; in trials of one session the others' are not recorded.");
        }

        if (found.Hidden.Count > 0)
        {
            sentences.Add($"Hidden from inference: {Words.List(found.Hidden.Order(StringComparer.Ordinal).Select(name => $"'{name}'"))}.");
        }

        if (found.ForecastBins > 0)
        {
            sentences.Add($"Hidden too are the last {Words.Count(found.ForecastBins, "bin")} of every trial; all other scores are of the bins before, which inference knew less about than with the whole trial: do not compare them with scores where nothing was forecast.");
        }

        if (found.Gaps.Count > 0)
        {
            sentences.Add($"Hidden too are the bins {Words.List(found.Gaps.Select(gap => gap.ToString()))}; all other scores are of the other bins.");
        }

        sentences.AddRange(found.Remarks.Concat(RecordingRemarks.Of(source.Recording)).Select(remark => remark.EndsWith('.') ? remark : $"{remark}."));
        return string.Join(" ", sentences);
    }

    /// <summary>The data.</summary>
    public static ReportTable Data(RecordingSource source)
    {
        var recording = source.Recording;
        var bins = recording.Trials.Sum(trial => (long)trial.Bins);
        var (shortest, longest) = (recording.Trials.Min(trial => trial.Bins), recording.Trials.Max(trial => trial.Bins));
        var rows = new List<IReadOnlyList<string>>
        {
            new[] { "file", Path.GetFileName(source.Data) },
        };
        if (recording.Source.Length > 0)
        {
            rows.Add(["source", recording.Source]);
        }

        rows.Add(["trials", $"{Words.Count(recording.Trials.Count, "trial")}: {string.Join(", ", Enum.GetValues<TrialSplit>().Select(split => (Split: split, recording.TrialsOf(split).Count)).Where(one => one.Count > 0).Select(one => $"{one.Count} {SplitOf(one.Split.ToString().ToLowerInvariant()).TrimEnd()}"))}"]);
        rows.Add(["bins", $"{Words.Count(bins, "bin")} of {Words.Of(1000 * recording.BinWidth, "ms")}, {Wording.Duration(bins * recording.BinWidth)}; {(shortest == longest ? $"{shortest} a trial" : $"{shortest} to {longest} a trial")}"]);
        for (var g = 0; g < recording.Groups.Count; g++)
        {
            var group = recording.Groups[g];
            var observed = recording.Trials.Sum(trial => trial.Observations[g].ObservedCount);
            var all = (double)bins * group.Channels;
            rows.Add([$"'{group.Name}'", $"{Words.Count(group.Channels, "channel")} of {(group.Kind == ChannelKind.Counts ? "counts" : "values")}{(group.Unit.Length > 0 ? $" in {group.Unit}" : "")}{(observed < all ? $", {Words.Percent(1 - (observed / all))} missing" : "")}"]);
        }

        if (recording.ExternalNames.Count > 0)
        {
            rows.Add(["external inputs", Words.List(recording.ExternalNames, 12)]);
        }

        var truth = recording.Trials.SelectMany(trial => trial.Truth.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        if (truth.Count > 0)
        {
            rows.Add(["known truth", Words.List(truth, 12)]);
        }

        return new ReportTable("Data", ["", ""], rows);
    }

    /// <summary>The model, how it came about, and on what this report was made.</summary>
    public static ReportTable Model(ReportSource source)
    {
        var (configuration, found) = (source.Configuration, source.Inference);
        var model = configuration.Model;
        var rows = new List<IReadOnlyList<string>>
        {
            new[] { "latent states", Number(model.States) },
            new[] { "inputs", Number(model.Inputs) },
            new[] { "dynamics", found.Learned.DynamicsKind },
            new[] { "prior of inputs", $"{found.Learned.PriorKind}{(found.Learned.Coefficients.Count > 0 ? ", autoregressive" : "")}{string.Concat(found.Learned.PriorShape.Select(number => $", {number.Name} {Words.Of(number.Value)}"))}" },
            new[] { "likelihoods", Words.List(model.Likelihoods.Select(one => $"{one.Kind} of '{one.Group}'"), 8) },
            new[] { "learned by", configuration.Training.Objective == LearningObjective.Evidence ? "the evidence" : $"the ELBO{(configuration.Training.Hide is { Count: > 0 } ? ", with parts of trials hidden" : "")}" },
            new[] { "precision", configuration.Precision == Precision.Single ? "single" : "double" },
            new[] { "seed", configuration.Seed.ToString(CultureInfo.InvariantCulture) },
        };
        if (source.Model is { } parameters)
        {
            rows.Insert(5, ["parameters", Words.Count(parameters.Parameters.Sum(one => (long)one.Raw.Length), "number")]);
        }

        if (source.Summary is { } summary)
        {
            rows.Add(["iterations", $"{summary.Iterations} of at most {configuration.Training.Iterations}, kept {summary.Iteration}"]);
            rows.Add(["training took", Wording.Duration(summary.Seconds)]);
        }

        rows.Add(["inferred", $"{Words.Count(found.Trials.Count, $"{SplitOf(found.Split)}trial")} in {Wording.Duration(found.Seconds)}"]);
        rows.Add(["by", $"iLQR-VAE for .NET {Version}, {Words.Count(Environment.ProcessorCount, "processor")}, {RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}, {RuntimeInformation.FrameworkDescription}"]);
        return new ReportTable("Model", ["", ""], rows);
    }

    /// <summary>What a split is called before "trial".</summary>
    public static string SplitOf(string split) => split switch
    {
        "all" => "",
        "train" => "training ",
        _ => $"{split} ",
    };

    /// <summary>The groups that inference saw.</summary>
    public static IReadOnlyList<string> Seen(ReportSource source)
        => [.. source.Description.Groups.Where(group => !source.Inference.Hidden.Contains(group.Name)).Select(group => $"'{group.Name}'")];

    private static string Version => typeof(RunWords).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>What is to be said of a training that did not go to its end, or where numbers overflowed.</summary>
    private static string? Ending(ReportSource source)
    {
        var sentences = new List<string>();
        if (source.Summary is { } summary && summary.Iterations < source.Configuration.Training.Iterations)
        {
            sentences.Add($"Training went {Words.Count(summary.Iterations, "iteration")} of {source.Configuration.Training.Iterations}: it was interrupted, stopped since validation no longer rose, or is still at work.");
        }

        if (source.History is { } history)
        {
            var overflowed = history["loss"].Count(loss => !double.IsFinite(loss));
            var recoveries = history["recoveries"].Where(double.IsFinite).DefaultIfEmpty(0).Max();
            if (overflowed > 0)
            {
                sentences.Add($"Numbers overflowed in {Words.Count(overflowed, "iteration")} of its training.");
            }

            if (recoveries > 0)
            {
                sentences.Add($"Training went back to its best parameters {Words.Count((long)recoveries, "time")}, with half the learning rate.");
            }
        }

        var broken = source.Inference.Estimates.Count(estimate => estimate.Means.Any(means => !Array.TrueForAll(means.Values, double.IsFinite)));
        if (broken > 0)
        {
            sentences.Add($"In {Words.Count(broken, "trial")} numbers overflowed in inference; no scores are known there.");
        }

        return sentences.Count == 0 ? null : string.Join(" ", sentences);
    }
}
