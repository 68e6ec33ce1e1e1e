using System.Numerics.Tensors;
using IlqrVae.Numerics;

namespace IlqrVae.Training;

/// <summary>
/// What is known of one channel's read-out: the row c that was learned with a penalty p c c' / 2, and the information F about it in what was recorded. Without the
/// penalty the likelihood would be about exp(f x - x F x' / 2), with f = c (F + p), of which c is the penalised maximum.
/// </summary>
/// <param name="Row">c, n numbers.</param>
/// <param name="Information">F, n x n, symmetric; that of the bias taken off.</param>
/// <param name="Penalty">p.</param>
internal readonly record struct ReadOutEvidence(double[] Row, Matrix<double> Information, double Penalty);

/// <summary>
/// Empirical Bayes for the read-outs of many channels: each row is drawn from N(0, tau L L'), with one L for all channels and a scale tau for each, which EM learns
/// from all of them, and becomes the mean of its posterior. What most channels do not read from is noise in those that seem to; and a channel that hardly follows the
/// states is drawn towards constancy (Efron and Morris, 1973, for many regressions at once).
/// </summary>
/// <remarks>In the coordinates L^-1 c, in which the prior is tau I: nothing is ever divided by L, whose small directions go to zero.</remarks>
internal static class ReadOutPrior
{
    /// <summary>
    /// Degrees of freedom of the scales' own prior, an inverse gamma of mode below 1: with it a channel is a draw of a multivariate t. It keeps a scale from falling to
    /// zero, where a channel that follows little is told that it follows not at all.
    /// </summary>
    private const double ScaleFreedom = 3;

    /// <summary>Rounds of EM. Directions that are noise shrink slowly and matter little long before they are gone.</summary>
    private const int Rounds = 60;

    /// <summary>What is added to the first prior in every direction, as a share of its mean variance: channels may be fewer than states.</summary>
    private const double LeastShare = 1e-6;

    /// <summary>Learns the prior and shrinks the rows. Allocates.</summary>
    /// <param name="channels">The channels, more than one.</param>
    /// <param name="crew">The threads; the result does not depend on their number.</param>
    /// <returns>The shrunk rows; null where numbers fail.</returns>
    public static double[][]? Shrink(IReadOnlyList<ReadOutEvidence> channels, WorkerCrew crew)
    {
        var n = channels[0].Row.Length;
        var transposed = FirstRoot(channels, n);
        if (!Cholesky.EliminatePanel(transposed))
        {
            return null;
        }

        ClearLower(transposed);
        var root = Matrix<double>.Allocate(n, n);
        var moments = Matrix<double>.Allocate(n, n);
        var next = Matrix<double>.Allocate(n, n);
        var posteriors = channels.Select(channel => new Posterior(channel)).ToArray();
        var scratch = Enumerable.Range(0, crew.Size).Select(_ => new Scratch(n)).ToArray();
        for (var round = 0; ; round++)
        {
            transposed.TransposeTo(root);
            crew.ForEach(posteriors.Length, (thread, i) => posteriors[i].Update(root, scratch[thread]));
            if (Array.Exists(posteriors, posterior => !posterior.IsSound))
            {
                return null;
            }

            if (round == Rounds)
            {
                return [.. posteriors.Select(posterior => posterior.Row(root))];
            }

            // L L' becomes the mean over channels of c c' / tau, by its root in the coordinates: L M L' with M = R' R, so that L' becomes R L'.
            moments.Clear();
            foreach (var posterior in posteriors)
            {
                posterior.AddMoments(1.0 / posteriors.Length, moments);
            }

            if (!Cholesky.EliminatePanel(moments))
            {
                return null;
            }

            ClearLower(moments);
            Gemm.Multiply(moments, transposed, next);

            // A factor common to all scales belongs to L.
            var scale = posteriors.Average(posterior => posterior.NextScale);
            RowOperations.Scale(Math.Sqrt(scale), next);
            (transposed, next) = (next, transposed);
            foreach (var posterior in posteriors)
            {
                posterior.Scale = posterior.NextScale / scale;
            }
        }
    }

    /// <summary>The second moments of the rows as they are.</summary>
    private static Matrix<double> FirstRoot(IReadOnlyList<ReadOutEvidence> channels, int n)
    {
        var sum = Matrix<double>.Allocate(n, n);
        foreach (var channel in channels)
        {
            for (var i = 0; i < n; i++)
            {
                for (var j = i; j < n; j++)
                {
                    sum[i, j] += channel.Row[i] * channel.Row[j] / channels.Count;
                }
            }
        }

        var least = LeastShare * Enumerable.Range(0, n).Average(i => sum[i, i]);
        for (var i = 0; i < n; i++)
        {
            sum[i, i] += least;
        }

        return sum;
    }

    private static void ClearLower(Matrix<double> upper)
    {
        for (var i = 1; i < upper.Rows; i++)
        {
            upper.Row(i)[..i].Clear();
        }
    }

    /// <summary>Room for one channel's update.</summary>
    private sealed class Scratch(int n)
    {
        public Matrix<double> Product { get; } = Matrix<double>.Allocate(n, n);

        public Matrix<double> Information { get; } = Matrix<double>.Allocate(n, n);

        /// <summary>A matrix and, from a padded length on, the identity.</summary>
        public Matrix<double> Panel { get; } = Matrix<double>.Allocate(n, Matrix<double>.PaddedLength(n) + n);
    }

    /// <summary>A channel's posterior in the coordinates L^-1 c: mean m and covariance tau W.</summary>
    private sealed class Posterior(ReadOutEvidence channel)
    {
        private readonly double[] _mean = new double[channel.Row.Length];
        private readonly Matrix<double> _covariance = Matrix<double>.Allocate(channel.Row.Length, channel.Row.Length);

        /// <summary>tau.</summary>
        public double Scale { get; set; } = 1;

        /// <summary>tau after this round.</summary>
        public double NextScale { get; private set; } = 1;

        public bool IsSound { get; private set; }

        /// <summary>W = (I + tau L'FL)^-1 and m = tau W L'f.</summary>
        public void Update(Matrix<double> root, Scratch scratch)
        {
            var n = _mean.Length;
            var identity = Matrix<double>.PaddedLength(n);
            Gemm.Multiply(channel.Information, root, scratch.Product);
            Gemm.TransposedMultiply(root, scratch.Product, scratch.Information);
            for (var i = 0; i < n; i++)
            {
                var row = scratch.Panel.Row(i);
                row.Clear();
                for (var j = i; j < n; j++)
                {
                    row[j] = Scale * scratch.Information[i, j];
                }

                row[i] += 1;
                row[identity + i] = 1;
            }

            IsSound = Cholesky.EliminatePanel(scratch.Panel);
            var inverse = scratch.Panel.ColumnRange(identity, n);
            Gemm.SymmetricUpper(inverse, inverse, _covariance);
            Cholesky.MirrorUpper(_covariance);
            var force = new double[n];
            for (var i = 0; i < n; i++)
            {
                TensorPrimitives.MultiplyAdd(scratch.Product.Row(i), Scale * channel.Row[i], force, force);
                TensorPrimitives.MultiplyAdd(root.Row(i), Scale * channel.Penalty * channel.Row[i], force, force);
            }

            var (squares, trace) = (0.0, 0.0);
            for (var i = 0; i < n; i++)
            {
                _mean[i] = TensorPrimitives.Dot<double>(_covariance.Row(i), force);
                squares += _mean[i] * _mean[i];
                trace += _covariance[i, i];
            }

            NextScale = (squares + (Scale * trace) + ScaleFreedom) / (n + ScaleFreedom);
            IsSound &= double.IsFinite(NextScale);
        }

        /// <summary>target += factor (m m' / tau + W), the upper triangle.</summary>
        public void AddMoments(double factor, Matrix<double> target)
        {
            for (var i = 0; i < _mean.Length; i++)
            {
                var row = target.Row(i);
                for (var j = i; j < row.Length; j++)
                {
                    row[j] += factor * ((_mean[i] * _mean[j] / Scale) + _covariance[i, j]);
                }
            }
        }

        /// <summary>L m.</summary>
        public double[] Row(Matrix<double> root) => [.. Enumerable.Range(0, _mean.Length).Select(i => TensorPrimitives.Dot<double>(root.Row(i), _mean))];
    }
}
