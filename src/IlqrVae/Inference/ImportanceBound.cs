namespace IlqrVae.Inference;

/// <summary>
/// The importance-weighted bound on log p(o) from K samples of a posterior q (Burda, Grosse and Salakhutdinov, ICLR 2016, Eq. 8),
/// <code>
/// log 1/K sum_k w_k,    w_k = p(o, u_k) / q(u_k | o),    u_k ~ q
/// </code>
/// beside the bound of one sample, the mean of log w_k, from the same samples. Its expectation rises with K to log p(o).
/// </summary>
/// <param name="Samples">K.</param>
/// <param name="Elbo">The mean of log w, in nats: an estimate of the ELBO of q; negative infinity where a sample overflowed.</param>
/// <param name="Bound">The logarithm of the mean of w, in nats; at least <paramref name="Elbo"/>.</param>
/// <param name="EffectiveSamples">(sum w)^2 / sum w^2, from 1 (one sample carries everything) to K (q is the posterior).</param>
public readonly record struct ImportanceBound(int Samples, double Elbo, double Bound, double EffectiveSamples)
{
    /// <summary>What importance weighting gains over the ELBO, in nats; not negative.</summary>
    public double Gap => Bound - Elbo;

    /// <summary>Computes the bound without overflow, whatever the size of the logarithms.</summary>
    /// <param name="logWeights">log w of each sample; one that is not a number counts as weight zero.</param>
    /// <exception cref="ArgumentException">There are no weights.</exception>
    public static ImportanceBound Of(ReadOnlySpan<double> logWeights)
    {
        if (logWeights.IsEmpty)
        {
            throw new ArgumentException("At least one weight is needed.", nameof(logWeights));
        }

        var largest = double.NegativeInfinity;
        var mean = 0.0;
        foreach (var weight in logWeights)
        {
            var finite = double.IsNaN(weight) ? double.NegativeInfinity : weight;
            largest = Math.Max(largest, finite);
            mean += finite / logWeights.Length;
        }

        if (double.IsInfinity(largest))
        {
            return new ImportanceBound(logWeights.Length, mean, largest, double.NaN);
        }

        var (sum, squares) = (0.0, 0.0);
        foreach (var weight in logWeights)
        {
            var relative = double.IsNaN(weight) ? 0 : Math.Exp(weight - largest);
            sum += relative;
            squares += relative * relative;
        }

        // Equal weights can leave the logarithm of their mean a rounding error below the mean of their logarithms.
        var bound = largest + Math.Log(sum / logWeights.Length);
        return new ImportanceBound(logWeights.Length, mean, Math.Max(mean, bound), sum * sum / squares);
    }
}
