using System.Numerics;
using IlqrVae.Evaluation;
using IlqrVae.Models;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Recordings;

namespace IlqrVae.Runs.Sessions;

/// <summary>
/// First read-outs of several sessions that mean the same: the first coordinates of the state stand for the behaviour that sessions share, and every channel reads
/// them by its regression on that behaviour. The read-outs of the other coordinates stay as they are.
/// </summary>
internal static class BehaviouralAlignment
{
    // Of counts and behaviour alike: long against single spikes, short against movements.
    private const double SmoothingSeconds = 0.05;

    /// <summary>Aligns the read-outs of a fresh model.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="recording">The recording to learn from.</param>
    /// <param name="model">The model, whose read-out weights change; refresh it afterwards.</param>
    /// <returns>The groups whose read-outs were aligned; none where there are not several sessions, or no behaviour that they share.</returns>
    public static IReadOnlyList<string> Apply<T>(Recording recording, GenerativeModel<T> model)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var sessions = model.Likelihoods.Select(one => SessionGroups.SessionOf(one.Group)).Where(name => name.Length > 0).Distinct(StringComparer.Ordinal).Count();
        var training = recording.TrialsOf(TrialSplit.Train);
        var shared = Enumerable.Range(0, recording.Groups.Count).Where(g => IsShared(recording, training, g)).ToList();
        var dimensions = shared.Sum(g => recording.Groups[g].Channels);
        if (sessions < 2 || shared.Count == 0 || dimensions > model.StateCount)
        {
            return [];
        }

        var deviation = SmoothingSeconds / recording.BinWidth;
        var statistics = shared.Select(g => ChannelStatistics.Of(recording, g)).ToList();
        var behaviour = training.Select(trial => Behaviour(trial, shared, statistics, dimensions, deviation)).ToList();
        var aligned = new List<string>();
        foreach (var likelihood in model.Likelihoods)
        {
            if (recording.IndexOfGroup(likelihood.Group) is var g && Regress(training, behaviour, g, likelihood, recording.BinWidth, deviation, dimensions) is { } regression)
            {
                SetWeights(likelihood, regression);
                aligned.Add(likelihood.Group);
            }
        }

        return aligned;
    }

    private static bool IsShared(Recording recording, IReadOnlyList<Trial> training, int g)
        => recording.Groups[g].Kind == ChannelKind.Values && SessionGroups.SessionOf(recording.Groups[g].Name).Length == 0
            && training.Where(trial => trial.Observations[g].ObservedCount > 0).Select(trial => trial.Session).Distinct(StringComparer.Ordinal).Count() > 1;

    /// <summary>The shared behaviour of a trial in units of its own deviations, smoothed; null where it was not all observed in some bin.</summary>
    private static Table? Behaviour(Trial trial, List<int> shared, List<(double[] Mean, double[] Variance)> statistics, int dimensions, double deviation)
    {
        if (shared.Any(g => trial.Observations[g].ObservedCount == 0))
        {
            return null;
        }

        var table = new Table(trial.Bins, dimensions);
        var offset = 0;
        for (var s = 0; s < shared.Count; s++)
        {
            var observations = trial.Observations[shared[s]];
            var smooth = GaussianSmoothing.Smooth(observations.ToTable(), deviation, observations.ToMask());
            for (var t = 0; t < trial.Bins; t++)
            {
                for (var c = 0; c < smooth.Columns; c++)
                {
                    table[t, offset + c] = (smooth[t, c] - statistics[s].Mean[c]) / Math.Sqrt(statistics[s].Variance[c]);
                }
            }

            offset += smooth.Columns;
        }

        return table;
    }

    /// <summary>How the means of a group's channels follow the behaviour; null where both were seen in too few bins.</summary>
    private static RidgeRegression? Regress<T>(
        IReadOnlyList<Trial> training, List<Table?> behaviour, int g, Likelihood<T> likelihood, double binWidth, double deviation, int dimensions)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var (features, means, bins) = (new List<double>(), new List<double>(), 0);
        for (var i = 0; i < training.Count; i++)
        {
            var observations = training[i].Observations[g];
            if (behaviour[i] is not { } known || !observations.AllObserved)
            {
                continue;
            }

            features.AddRange(known.Values);
            var smooth = GaussianSmoothing.Smooth(observations.ToTable(), deviation).Values;
            means.AddRange(likelihood.MeansAreRates ? Array.ConvertAll(smooth, count => count / binWidth) : smooth);
            bins += training[i].Bins;
        }

        // One count of behaviour in every direction: nothing beside many bins.
        return bins <= dimensions
            ? null
            : RidgeRegression.Fit(new Table(bins, dimensions, [.. features]), new Table(bins, likelihood.ChannelCount, [.. means]), alpha: 1);
    }

    /// <summary>The change of a mean, divided by the slope of the mean at the bias, is that of the activation.</summary>
    private static void SetWeights<T>(Likelihood<T> likelihood, RidgeRegression regression)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var channels = likelihood.ChannelCount;
        var (mean, slope) = (new T[channels], new T[channels]);
        likelihood.Mean(likelihood.Bias.Value.Row(0), mean, slope);
        var weights = likelihood.Weights.ExactValue.ToArray();
        for (var i = 0; i < channels; i++)
        {
            for (var k = 0; k < regression.Features; k++)
            {
                var weight = regression.Weights[(k * channels) + i] / double.CreateChecked(slope[i]);
                if (double.IsFinite(weight))
                {
                    weights[(i * likelihood.StateCount) + k] = weight;
                }
            }
        }

        likelihood.Weights.Set(weights);
    }
}
