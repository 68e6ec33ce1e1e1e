using System.Numerics;
using IlqrVae.Evaluation;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Scores;

namespace IlqrVae.Runs.Sessions;

/// <summary>Whose intervals are looked at.</summary>
public enum IntervalSource
{
    /// <summary>Those of the Laplace posterior.</summary>
    Laplace,

    /// <summary>Those of the covariance that trials share.</summary>
    Shared,

    /// <summary>Those of the Laplace posterior, as the run's calibration corrects them.</summary>
    Calibrated,
}

/// <summary>What was looked at and whose intervals.</summary>
/// <param name="Name">The truth's name, or the group's whose observations were hidden.</param>
/// <param name="Case">Why observations were not seen; null for true rates, values and inputs.</param>
/// <param name="Source">Whose intervals.</param>
public readonly record struct CoverageKey(string Name, EntryCase? Case, IntervalSource Source);

/// <summary>How often intervals hold the true rates or values of one trial, and what was observed in it but not seen.</summary>
/// <param name="Counts">What was counted.</param>
public sealed record ChannelCoverage(IReadOnlyDictionary<CoverageKey, IntervalCoverage> Counts)
{
    /// <summary>Looks at a trial.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="model">The model.</param>
    /// <param name="description">What it is.</param>
    /// <param name="recording">The recording.</param>
    /// <param name="trial">The trial.</param>
    /// <param name="estimate">What was found in it.</param>
    /// <param name="request">What was hidden.</param>
    /// <param name="calibration">The run's calibration for that; null for none.</param>
    /// <param name="seed">Of the places of counts.</param>
    /// <param name="key">Identifies the trial.</param>
    public static ChannelCoverage Of<T>(
        GenerativeModel<T> model, ModelDescription description, Recording recording, Trial trial, TrialEstimate estimate, InferenceRequest request,
        SituationCalibration? calibration, ulong seed, ulong key)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var counts = new Dictionary<CoverageKey, IntervalCoverage>();
        foreach (var (source, spread) in ((IntervalSource, PosteriorSpread?)[])
            [(IntervalSource.Laplace, estimate.LaplaceSpread), (IntervalSource.Shared, estimate.SharedSpread), (IntervalSource.Calibrated, calibration is null ? null : estimate.LaplaceSpread)])
        {
            for (var g = 0; spread is not null && g < model.Likelihoods.Count; g++)
            {
                var used = source == IntervalSource.Calibrated ? calibration : null;
                AddTruth(counts, model, description, trial, spread, g, source, used);
                AddObserved(counts, model, recording, trial, spread, g, source, request, used, new CounterRandom(seed, RandomStreams.RandomisedPlaces, RandomStreams.Draw(key, g)));
            }
        }

        return new ChannelCoverage(counts);
    }

    private static void AddTruth<T>(
        Dictionary<CoverageKey, IntervalCoverage> counts, GenerativeModel<T> model, ModelDescription description, Trial trial, PosteriorSpread spread, int g,
        IntervalSource source, SituationCalibration? calibration)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (TruthTables.NameOf(description, trial, g) is not { } name || trial.Truth[name] is not { } truth)
        {
            return;
        }

        var likelihood = model.Likelihoods[g];
        var widths = source == IntervalSource.Calibrated ? calibration!.OfRates(likelihood.Group, name, IntervalCoverage.Levels) : IntervalCoverage.HalfWidths;
        if (widths is null)
        {
            return;
        }

        var coverage = At(counts, new CoverageKey(name, null, source));
        for (var level = 0; level < IntervalCoverage.Levels.Count; level++)
        {
            var (lower, upper) = spread.Interval(likelihood, g, widths[level]);
            coverage.Add(level, truth, lower, upper);
        }
    }

    private static void AddObserved<T>(
        Dictionary<CoverageKey, IntervalCoverage> counts, GenerativeModel<T> model, Recording recording, Trial trial, PosteriorSpread spread, int g,
        IntervalSource source, InferenceRequest request, SituationCalibration? calibration, CounterRandom random)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var name = model.Likelihoods[g].Group;
        var index = recording.IndexOfGroup(name);
        var isHidden = request.Hidden.Contains(name);
        if (index < 0 || (!isHidden && request.Unseen.IsEmpty))
        {
            return;
        }

        var observations = trial.Observations[index];
        var entries = new PredictedEntries<T>(model.Likelihoods[g]);
        var (scores, logarithms) = (new double[observations.Channels], new double[observations.Channels]);
        for (var t = isHidden || request.Gaps.Count > 0 ? 0 : trial.Bins - request.ForecastBins; t < trial.Bins; t++)
        {
            entries.Take(spread, g, observations, t, ref random);
            if (request.Gaps.Count > 0)
            {
                Add(t, new EntryPlace(g, EntryCase.Gap, 0), isGap: true);
            }

            if (EntryPlace.Of(g, isHidden, trial.Bins, request.ForecastBins, t, isMissing: false) is { } place)
            {
                Add(t, place, isGap: false);
            }
        }

        void Add(int t, EntryPlace place, bool isGap)
        {
            var found = calibration?.Of(name, place.Case, place.Lead);
            if (source == IntervalSource.Calibrated && found is null)
            {
                return;
            }

            entries.Score(found?.PosteriorScale ?? 1, found?.NoiseScale ?? 1, scores, logarithms);
            double[]? widths = found is null ? null : [.. IntervalCoverage.Levels.Select(level => RunCalibration.HalfWidth(found.HalfWidths, level))];
            for (var c = 0; c < scores.Length; c++)
            {
                if (observations.IsObserved(t, c) && request.Unseen.Of(name, trial.Bins, t, c) == ScoredPart.Gap == isGap)
                {
                    At(counts, new CoverageKey(name, place.Case, source)).AddScore(scores[c], widths);
                }
            }
        }
    }

    private static IntervalCoverage At(Dictionary<CoverageKey, IntervalCoverage> counts, CoverageKey key)
    {
        if (!counts.TryGetValue(key, out var coverage))
        {
            counts[key] = coverage = new IntervalCoverage();
        }

        return coverage;
    }
}
