using System.Numerics;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Recordings;

namespace IlqrVae.Inference;

/// <summary>How far a posterior of one trial spreads, in the coordinates in which it is Gaussian: inputs and activations.</summary>
/// <param name="Activations">For each likelihood T x N: the centre of C z + d.</param>
/// <param name="ActivationDeviations">For each likelihood T x N: its standard deviation.</param>
/// <param name="InputCovariances">(T - 1) x m x m: the covariance of each bin's inputs around the MAP inputs.</param>
public sealed record PosteriorSpread(
    IReadOnlyList<Table> Activations, IReadOnlyList<Table> ActivationDeviations, IReadOnlyList<double> InputCovariances)
{
    private const double FarthestScore = 64;

    /// <summary>
    /// The central interval of each rate or value, from that of its activation: means rise with activations, so that quantiles go over into quantiles.
    /// </summary>
    /// <param name="likelihood">The likelihood.</param>
    /// <param name="group">Its index.</param>
    /// <param name="quantile">Half-width of the interval in standard deviations of the activation.</param>
    /// <returns>Lower and upper ends, T x N, in Hz or in units of the values.</returns>
    /// <typeparam name="T">float or double.</typeparam>
    public (Table Lower, Table Upper) Interval<T>(Likelihood<T> likelihood, int group, double quantile)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(likelihood);
        return (End(likelihood, group, -quantile), End(likelihood, group, quantile));
    }

    /// <summary>
    /// How many deviations of the activation each true rate or value is away from the posterior's centre: by bisection, as means rise with activations.
    /// </summary>
    /// <param name="likelihood">The likelihood.</param>
    /// <param name="group">Its index.</param>
    /// <param name="truth">T x N, in Hz or in units of the values.</param>
    /// <returns>T x N; within 64, which is where it ends.</returns>
    /// <typeparam name="T">float or double.</typeparam>
    public Table Standardise<T>(Likelihood<T> likelihood, int group, Table truth)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(likelihood);
        var (centre, spread) = (Activations[group], ActivationDeviations[group]);
        var scores = new Table(centre.Bins, centre.Columns);
        var (lower, upper) = (new double[centre.Columns], new double[centre.Columns]);
        var (activations, mean, slope) = (new T[centre.Columns], new T[centre.Columns], new T[centre.Columns]);
        for (var t = 0; t < centre.Bins; t++)
        {
            Array.Fill(lower, -FarthestScore);
            Array.Fill(upper, FarthestScore);
            for (var step = 0; step < 24; step++)
            {
                for (var i = 0; i < activations.Length; i++)
                {
                    activations[i] = T.CreateSaturating(centre[t, i] + (0.5 * (lower[i] + upper[i]) * spread[t, i]));
                }

                likelihood.Mean(activations, mean, slope);
                for (var i = 0; i < activations.Length; i++)
                {
                    var middle = 0.5 * (lower[i] + upper[i]);
                    (lower[i], upper[i]) = double.CreateChecked(mean[i]) < truth[t, i] ? (middle, upper[i]) : (lower[i], middle);
                }
            }

            for (var i = 0; i < activations.Length; i++)
            {
                scores[t, i] = double.IsFinite(centre[t, i]) && double.IsFinite(spread[t, i]) ? 0.5 * (lower[i] + upper[i]) : double.PositiveInfinity;
            }
        }

        return scores;
    }

    private Table End<T>(Likelihood<T> likelihood, int group, double deviations)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var (centre, spread) = (Activations[group], ActivationDeviations[group]);
        var end = new Table(centre.Bins, centre.Columns);
        var activations = new T[centre.Columns];
        var mean = new T[centre.Columns];
        var slope = new T[centre.Columns];
        for (var t = 0; t < centre.Bins; t++)
        {
            for (var i = 0; i < activations.Length; i++)
            {
                activations[i] = T.CreateSaturating(centre[t, i] + (deviations * spread[t, i]));
            }

            likelihood.Mean(activations, mean, slope);
            for (var i = 0; i < mean.Length; i++)
            {
                end[t, i] = double.CreateChecked(mean[i]);
            }
        }

        return end;
    }
}
