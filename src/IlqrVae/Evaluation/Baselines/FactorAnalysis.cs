using IlqrVae.Numerics;
using IlqrVae.Recordings;
using DenseMatrix = MathNet.Numerics.LinearAlgebra.Matrix<double>;
using Symmetricity = MathNet.Numerics.LinearAlgebra.Symmetricity;

namespace IlqrVae.Evaluation.Baselines;

/// <summary>
/// Factor analysis, y ~ N(mu, L L' + diag(psi)): few factors z ~ N(0, I) that channels share, y = mu + L z + noise of each by itself. Learned by
/// expectation-maximisation from principal components.
/// </summary>
public sealed class FactorAnalysis
{
    /// <summary>Noise variances are at least this share of the channel's variance.</summary>
    public const double LeastNoise = 1e-4;

    private readonly double[] _loadings;
    private readonly double[] _noise;
    private readonly double[] _mean;

    /// <summary>A model of given parameters.</summary>
    /// <param name="mean">mu, one a channel.</param>
    /// <param name="loadings">L, channels x factors.</param>
    /// <param name="noise">psi, one a channel, positive.</param>
    /// <exception cref="ArgumentException">The sizes differ, or a variance is not positive.</exception>
    public FactorAnalysis(IReadOnlyList<double> mean, Table loadings, IReadOnlyList<double> noise)
    {
        ArgumentNullException.ThrowIfNull(loadings);
        if (mean.Count != loadings.Bins || noise.Count != loadings.Bins || !noise.All(variance => variance > 0))
        {
            throw new ArgumentException($"{mean.Count} means, {loadings.Bins} rows of loadings and {noise.Count} variances, all positive, do not fit each other.", nameof(loadings));
        }

        (_mean, _noise) = ([.. mean], [.. noise]);
        (Channels, Factors, _loadings) = (loadings.Bins, loadings.Columns, loadings.Values);
    }

    /// <summary>Number of channels.</summary>
    public int Channels { get; }

    /// <summary>Number of factors.</summary>
    public int Factors { get; }

    /// <summary>mu.</summary>
    public ReadOnlySpan<double> Mean => _mean;

    /// <summary>L, channels x factors, row-major.</summary>
    public ReadOnlySpan<double> Loadings => _loadings;

    /// <summary>psi.</summary>
    public ReadOnlySpan<double> Noise => _noise;

    /// <summary>The log likelihood of a bin, on average over those learned from, after each iteration; empty for given parameters.</summary>
    public IReadOnlyList<double> LogLikelihoods { get; private init; } = [];

    /// <summary>Learns.</summary>
    /// <param name="rows">Bins x channels, all observed.</param>
    /// <param name="factors">Number of factors, from 1.</param>
    /// <param name="iterations">Iterations of expectation-maximisation.</param>
    /// <exception cref="ArgumentException">There are too few rows or no factors.</exception>
    public static FactorAnalysis Fit(Table rows, int factors, int iterations = 100)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var (mean, covariance) = Moments(rows);
        return Fit(mean, covariance, factors, iterations);
    }

    /// <summary>Learns from the mean and covariance of rows.</summary>
    internal static FactorAnalysis Fit(double[] mean, Table covariance, int factors, int iterations)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(factors, 1);
        var p = mean.Length;
        factors = Math.Min(factors, p);

        // In units of every channel's own size; one that does not vary keeps its mean and has no loadings.
        double[] scale = [.. Enumerable.Range(0, p).Select(c => covariance[c, c] > 0 ? Math.Sqrt(covariance[c, c]) : 1)];
        var correlation = DenseMatrix.Build.Dense(p, p, (i, j) => i == j ? 1 : covariance[i, j] / scale[i] / scale[j]);
        var components = correlation.Evd(Symmetricity.Symmetric);
        var loadings = DenseMatrix.Build.Dense(p, factors, (c, k) => components.EigenVectors[c, p - 1 - k] * Math.Sqrt(Math.Max(components.EigenValues[p - 1 - k].Real, LeastNoise)));
        var noise = Enumerable.Range(0, p).Select(c => Math.Max(LeastNoise, 1 - loadings.Row(c).DotProduct(loadings.Row(c)))).ToArray();
        var likelihoods = new List<double>();
        for (var iteration = 0; iteration < iterations; iteration++)
        {
            // beta = (I + L' psi^-1 L)^-1 L' psi^-1, the mean of the factors given a row about its mean.
            var scaled = DenseMatrix.Build.Dense(p, factors, (c, k) => loadings[c, k] / noise[c]);
            var precision = loadings.TransposeThisAndMultiply(scaled) + DenseMatrix.Build.DenseIdentity(factors);
            var factor = precision.Cholesky();
            var beta = factor.Solve(scaled.Transpose());
            var cross = correlation * beta.Transpose();
            var second = factor.Solve(DenseMatrix.Build.DenseIdentity(factors)) + (beta * cross);
            likelihoods.Add(LogLikelihood(correlation, noise, scaled, cross, factor.DeterminantLn) - scale.Sum(Math.Log));
            loadings = second.Transpose().Solve(cross.Transpose()).Transpose();
            for (var c = 0; c < p; c++)
            {
                noise[c] = Math.Max(LeastNoise, 1 - loadings.Row(c).DotProduct(cross.Row(c)));
            }

            if (likelihoods.Count > 1 && likelihoods[^1] - likelihoods[^2] < 1e-7)
            {
                break;
            }
        }

        var table = new Table(p, factors);
        for (var c = 0; c < p; c++)
        {
            for (var k = 0; k < factors; k++)
            {
                table[c, k] = loadings[c, k] * scale[c];
            }
        }

        return new FactorAnalysis(mean, table, [.. noise.Select((variance, c) => variance * scale[c] * scale[c])]) { LogLikelihoods = likelihoods };
    }

    /// <summary>Mean and covariance (divided by the number of rows) of rows.</summary>
    internal static (double[] Mean, Table Covariance) Moments(Table rows)
    {
        var p = rows.Columns;
        var mean = Metrics.ColumnMeans(rows);
        var products = Matrix<double>.Allocate(p, p);
        const int ChunkRows = 512;
        var chunk = Matrix<double>.Allocate(Math.Max(1, Math.Min(rows.Bins, ChunkRows)), p);
        for (var first = 0; first < rows.Bins; first += ChunkRows)
        {
            var part = chunk.RowRange(0, Math.Min(ChunkRows, rows.Bins - first));
            for (var t = 0; t < part.Rows; t++)
            {
                System.Numerics.Tensors.TensorPrimitives.Subtract(rows.Row(first + t), mean, part.Row(t));
            }

            Gemm.SymmetricUpper(part, part, products, accumulate: true);
        }

        Cholesky.MirrorUpper(products);
        var covariance = new Table(p, p, products.ToArray());
        System.Numerics.Tensors.TensorPrimitives.Divide(covariance.Values, rows.Bins, covariance.Values);
        return (mean, covariance);
    }

    /// <summary>The mean of some channels given others, which is linear in these: E[y_h | y_s] = mu_h + W (y_s - mu_s).</summary>
    /// <param name="given">The channels that are known.</param>
    /// <param name="wanted">The channels to predict.</param>
    /// <returns>W, wanted x given.</returns>
    public Table Conditional(IReadOnlyList<int> given, IReadOnlyList<int> wanted)
    {
        ArgumentNullException.ThrowIfNull(given);
        ArgumentNullException.ThrowIfNull(wanted);
        var known = DenseMatrix.Build.Dense(given.Count, Factors, (i, k) => _loadings[(given[i] * Factors) + k]);
        var scaled = DenseMatrix.Build.Dense(given.Count, Factors, (i, k) => known[i, k] / _noise[given[i]]);
        var precision = known.TransposeThisAndMultiply(scaled) + DenseMatrix.Build.DenseIdentity(Factors);
        var factors = precision.Cholesky().Solve(scaled.Transpose());
        var weights = DenseMatrix.Build.Dense(wanted.Count, Factors, (i, k) => _loadings[(wanted[i] * Factors) + k]) * factors;
        return new Table(wanted.Count, given.Count, weights.ToRowMajorArray());
    }

    // -1/2 (p ln 2 pi + ln |S| + tr S^-1 C) with S = L L' + psi, by the lemmas of Woodbury and Sylvester.
    private static double LogLikelihood(DenseMatrix correlation, double[] noise, DenseMatrix scaled, DenseMatrix cross, double determinant)
    {
        var p = noise.Length;
        var sum = (p * Math.Log(2 * Math.PI)) + determinant;
        for (var c = 0; c < p; c++)
        {
            sum += Math.Log(noise[c]) + (correlation[c, c] / noise[c]) - scaled.Row(c).DotProduct(cross.Row(c));
        }

        return -0.5 * sum;
    }
}
