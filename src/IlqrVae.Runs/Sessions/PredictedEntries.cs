using System.Numerics;
using IlqrVae.Inference;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using IlqrVae.Runs.Files;

namespace IlqrVae.Runs.Sessions;

/// <summary>What inference did not see of a trial although it was observed, one bin after the other, and how far it is from what was predicted.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class PredictedEntries<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly PredictiveDistribution<T> _predictive;
    private readonly double[] _mean;
    private readonly double[] _spread;
    private readonly double[] _noise;
    private readonly double[] _below;
    private readonly double[] _at;
    private readonly double[] _observed;
    private readonly double[] _places;
    private Table? _centres;
    private Table? _deviations;
    private int _bin;

    /// <summary>Allocates the workspace.</summary>
    /// <param name="likelihood">The likelihood of the group.</param>
    public PredictedEntries(Likelihood<T> likelihood)
    {
        _predictive = new PredictiveDistribution<T>(likelihood);
        var channels = likelihood.ChannelCount;
        (_mean, _spread, _noise) = (new double[channels], new double[channels], new double[channels]);
        (_below, _at, _observed, _places) = (new double[channels], new double[channels], new double[channels], new double[channels]);
    }

    /// <summary>Whether they are counts.</summary>
    public bool AreCounts => _predictive.IsOfCounts;

    /// <summary>Takes a bin of a spread up.</summary>
    /// <param name="spread">The posterior.</param>
    /// <param name="group">Index of the group.</param>
    /// <param name="observations">What was observed.</param>
    /// <param name="bin">The bin.</param>
    /// <param name="random">Gives every count its place; one number a channel is drawn whatever is asked for.</param>
    public void Take(PosteriorSpread spread, int group, Observations observations, int bin, ref CounterRandom random)
    {
        (_centres, _deviations, _bin) = (spread.Activations[group], spread.ActivationDeviations[group], bin);
        observations.CopyRow<double>(bin, _observed);
        if (!AreCounts)
        {
            _predictive.Moments(_centres.Row(bin), _deviations.Row(bin), _mean, _spread, _noise);
            return;
        }

        for (var i = 0; i < _places.Length; i++)
        {
            _places[i] = random.NextDouble();
        }
    }

    /// <summary>The normal score of each channel, and the logarithm of what it was predicted with.</summary>
    /// <param name="posteriorScale">What deviations of the posterior are multiplied by.</param>
    /// <param name="noiseScale">What deviations of the noise of values are multiplied by.</param>
    /// <param name="scores">N scores; infinite where numbers overflowed.</param>
    /// <param name="logarithms">N logarithms of densities, or of probabilities.</param>
    public void Score(double posteriorScale, double noiseScale, Span<double> scores, Span<double> logarithms)
    {
        if (AreCounts)
        {
            _predictive.Probabilities(_centres!.Row(_bin), _deviations!.Row(_bin), posteriorScale, _observed, _below, _at);
        }

        for (var i = 0; i < scores.Length; i++)
        {
            if (AreCounts)
            {
                scores[i] = PredictiveDistribution<T>.Score(_below[i], _at[i], _places[i]);
                logarithms[i] = Math.Log(Math.Max(_at[i], double.Epsilon));
            }
            else
            {
                var (residual, posterior, noise) = Residual(i);
                (scores[i], logarithms[i]) = EntrySamples.ScoreOf(residual, posterior, noise, posteriorScale, noiseScale);
            }

            scores[i] = double.IsNaN(scores[i]) ? double.PositiveInfinity : scores[i];
        }
    }

    /// <summary>Of values: the distance from the mean, the variance of the mean and that of the noise.</summary>
    public (double Residual, double Posterior, double Noise) Residual(int channel)
        => (_observed[channel] - _mean[channel], _spread[channel] * _spread[channel], _noise[channel]);
}

/// <summary>Which entries of a trial are looked at, and why they were not seen.</summary>
/// <param name="Group">Index of the group.</param>
/// <param name="Case">Why.</param>
/// <param name="Lead">Bins ahead of the last that was seen, of forecasts; else 0.</param>
internal readonly record struct EntryPlace(int Group, EntryCase Case, int Lead)
{
    /// <summary>Why an observed entry was not seen by inference; null where it was.</summary>
    public static EntryPlace? Of(int group, bool isHidden, int bins, int forecast, int bin, bool isMissing)
    {
        var lead = bin - (bins - forecast) + 1;
        return lead > 0 ? new EntryPlace(group, EntryCase.Forecast, lead)
            : isHidden ? new EntryPlace(group, EntryCase.Hidden, 0)
            : isMissing ? new EntryPlace(group, EntryCase.Missing, 0)
            : null;
    }
}
