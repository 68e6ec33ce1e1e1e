using System.Numerics.Tensors;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Evaluation.Baselines;

/// <summary>
/// Poisson regression with log link, n_j ~ Poisson(exp(w_j'x + b_j)), of many neurons on the same features, with a ridge penalty on the weights of
/// standardised features; b is never penalised.
/// </summary>
/// <remarks>
/// By Newton's method, all neurons at once: each step is solved by conjugate gradients, whose products with the Hessians of all neurons are two matrix products, and
/// which the one factor of the features' covariance preconditions for all of them (where rates hardly vary, it is the Hessian).
/// </remarks>
public sealed class PoissonRegression
{
    private const int ChunkRows = 512;
    private const int MostSteps = 60;
    private const int MostHalvings = 30;
    private const double Tolerance = 1e-10;

    private readonly double[] _weights;
    private readonly double[] _intercept;

    private PoissonRegression(int features, int outputs, double[] weights, double[] intercept, double alpha, double loss)
    {
        Features = features;
        Outputs = outputs;
        _weights = weights;
        _intercept = intercept;
        Alpha = alpha;
        Loss = loss;
    }

    /// <summary>Number of features p.</summary>
    public int Features { get; }

    /// <summary>Number of neurons K.</summary>
    public int Outputs { get; }

    /// <summary>Weights of the features as they are, p x K, row-major.</summary>
    public ReadOnlySpan<double> Weights => _weights;

    /// <summary>b, one a neuron.</summary>
    public ReadOnlySpan<double> Intercept => _intercept;

    /// <summary>The penalty that was used.</summary>
    public double Alpha { get; }

    /// <summary>What was minimised at the end, summed over neurons: sum_t (r - n ln r) and the penalty.</summary>
    public double Loss { get; }

    /// <summary>Fits.</summary>
    /// <param name="features">Bins x p of each trial.</param>
    /// <param name="counts">Bins x K of each trial.</param>
    /// <param name="alpha">
    /// The penalty, not negative, as a pure number: sum_t (r - n ln r) + alpha / 2 nbar T |w|^2 with w of standardised features, nbar the neuron's mean count and T its
    /// bins; 1 halves the weight of an average direction of feature space.
    /// </param>
    /// <param name="observed">For each trial, row-major, false where a count is missing and left out; null (of a trial, or altogether) for nowhere.</param>
    /// <exception cref="ArgumentException">The trials do not match, there are none, or the penalty is impossible.</exception>
    public static PoissonRegression Fit(
        IReadOnlyList<Table> features, IReadOnlyList<Table> counts, double alpha, IReadOnlyList<bool[]?>? observed = null)
    {
        LinearAlignment.RequireSameBins(features, counts);
        if (features.Count == 0 || features.Any(table => table.Columns != features[0].Columns) || counts.Any(table => table.Columns != counts[0].Columns))
        {
            throw new ArgumentException("There must be at least one trial, all of the same number of columns.", nameof(features));
        }

        if (!(alpha >= 0) || !double.IsFinite(alpha))
        {
            throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "The penalty must be finite and not negative.");
        }

        return new Fitting(features, counts, alpha, observed).Run();
    }

    /// <summary>Predicts.</summary>
    /// <param name="features">Bins x p.</param>
    /// <returns>Expected counts, bins x K.</returns>
    /// <exception cref="ArgumentException">The number of features is another.</exception>
    public Table Apply(Table features)
    {
        if (features.Columns != Features)
        {
            throw new ArgumentException($"The regression has {Features} features, the data {features.Columns}.", nameof(features));
        }

        var result = new Table(features.Bins, Outputs);
        for (var t = 0; t < features.Bins; t++)
        {
            var row = result.Row(t);
            _intercept.CopyTo(row);
            var x = features.Row(t);
            for (var i = 0; i < x.Length; i++)
            {
                var weights = _weights.AsSpan(i * Outputs, Outputs);
                TensorPrimitives.MultiplyAdd(weights, x[i], row, row);
            }

            TensorPrimitives.Exp(row, row);
        }

        return result;
    }

    // The last column of the design is constant; weights, gradients and so on are (p + 1) x K.
    private sealed class Fitting
    {
        private readonly int _p;
        private readonly int _k;
        private readonly int _rows;
        private readonly double _alpha;
        private readonly double[] _mean;
        private readonly double[] _scale;
        private readonly double[] _penalty;
        private readonly double[] _spikes;
        private readonly double[] _loss;
        private readonly bool[] _active;
        private readonly Matrix<double> _design;
        private readonly Matrix<double> _counts;
        private readonly Matrix<double> _observed;
        private readonly Matrix<double> _activation;
        private readonly Matrix<double> _rates;
        private readonly Matrix<double> _change;
        private readonly Matrix<double> _inverse;
        private readonly Matrix<double> _weights;
        private readonly Matrix<double> _gradient;
        private readonly Matrix<double> _scratch;

        public Fitting(IReadOnlyList<Table> features, IReadOnlyList<Table> counts, double alpha, IReadOnlyList<bool[]?>? observed)
        {
            (_p, _k, _alpha) = (features[0].Columns, counts[0].Columns, alpha);
            _rows = features.Sum(table => table.Bins);
            _design = Matrix<double>.Allocate(_rows, _p + 1);
            _counts = Matrix<double>.Allocate(_rows, _k);
            _observed = observed?.Any(mask => mask is not null) == true ? Matrix<double>.Allocate(_rows, _k) : default;
            (_activation, _rates, _change) = (Matrix<double>.Allocate(_rows, _k), Matrix<double>.Allocate(_rows, _k), Matrix<double>.Allocate(_rows, _k));
            (_weights, _gradient) = (Matrix<double>.Allocate(_p + 1, _k), Matrix<double>.Allocate(_p + 1, _k));
            _scratch = Matrix<double>.Allocate(Math.Min(_rows, ChunkRows), _k);
            (_mean, _scale) = (new double[_p], new double[_p]);
            (_penalty, _spikes, _loss, _active) = (new double[_k], new double[_k], new double[_k], new bool[_k]);
            Fill(features, counts, observed);
            Standardise();
            _inverse = InverseCovariance();
        }

        public PoissonRegression Run()
        {
            Start();
            for (var step = 0; step < MostSteps && _active.Contains(true); step++)
            {
                Move(Direction());
            }

            var weights = new double[_p * _k];
            var intercept = _weights.Row(_p).ToArray();
            for (var i = 0; i < _p; i++)
            {
                for (var j = 0; j < _k; j++)
                {
                    weights[(i * _k) + j] = _weights[i, j] / _scale[i];
                    intercept[j] -= weights[(i * _k) + j] * _mean[i];
                }
            }

            return new PoissonRegression(_p, _k, weights, intercept, _alpha, _loss.Sum());
        }

        private void Fill(IReadOnlyList<Table> features, IReadOnlyList<Table> counts, IReadOnlyList<bool[]?>? observed)
        {
            var bins = new double[_k];
            for (var (trial, at) = (0, 0); trial < features.Count; trial++)
            {
                for (var t = 0; t < features[trial].Bins; t++, at++)
                {
                    features[trial].Row(t).CopyTo(_design.Row(at));
                    _design[at, _p] = 1;
                    var target = _counts.Row(at);
                    for (var j = 0; j < _k; j++)
                    {
                        var isThere = observed?[trial] is not { } mask || mask[(t * _k) + j];
                        target[j] = isThere ? counts[trial][t, j] : 0;
                        bins[j] += isThere ? 1 : 0;
                        if (!_observed.IsEmpty)
                        {
                            _observed[at, j] = isThere ? 1 : 0;
                        }
                    }

                    TensorPrimitives.Add(_spikes, target, _spikes);
                }
            }

            for (var j = 0; j < _k; j++)
            {
                // A neuron that never fired in training is rare and not impossible.
                _active[j] = _spikes[j] > 0;
                _weights[_p, j] = Math.Log(Math.Max(_spikes[j], 0.5) / Math.Max(1, bins[j]));
                _penalty[j] = _alpha * _spikes[j];
            }
        }

        private void Standardise()
        {
            for (var t = 0; t < _rows; t++)
            {
                TensorPrimitives.Add(_mean, _design.Row(t)[.._p], _mean);
            }

            TensorPrimitives.Divide(_mean, _rows, _mean);
            for (var t = 0; t < _rows; t++)
            {
                var row = _design.Row(t)[.._p];
                TensorPrimitives.Subtract(row, _mean, row);
                TensorPrimitives.MultiplyAdd(row, row, _scale, _scale);
            }

            for (var i = 0; i < _p; i++)
            {
                // A feature that varies by rounding alone is constant.
                var deviation = Math.Sqrt(_scale[i] / _rows);
                _scale[i] = deviation > 1e-12 * Math.Abs(_mean[i]) && deviation > 0 ? deviation : double.PositiveInfinity;
            }

            for (var t = 0; t < _rows; t++)
            {
                var row = _design.Row(t)[.._p];
                TensorPrimitives.Divide(row, _scale, row);
            }
        }

        private Matrix<double> InverseCovariance()
        {
            var covariance = Matrix<double>.Allocate(_p + 1, _p + 1);
            for (var first = 0; first < _rows; first += ChunkRows)
            {
                var rows = _design.RowRange(first, Math.Min(ChunkRows, _rows - first));
                Gemm.SymmetricUpper(rows, rows, covariance, accumulate: true);
            }

            RowOperations.Scale(1.0 / _rows, covariance);
            for (var i = 0; i < _p; i++)
            {
                // It only preconditions, so that a little more on the diagonal costs iterations at most.
                covariance[i, i] += _alpha + 1e-6;
            }

            return PositiveDefinite.Inverse(covariance, out _);
        }

        // Activations, rates and losses of the first weights.
        private void Start()
        {
            for (var first = 0; first < _rows; first += ChunkRows)
            {
                var count = Math.Min(ChunkRows, _rows - first);
                Gemm.Multiply(_design.RowRange(first, count), _weights, _activation.RowRange(first, count));
            }

            Losses(new double[_k], _loss);
            Advance(new double[_k]);
        }

        // sum_t (r - n a) of activations moved by a step along the change; the penalty is the caller's (that of the first weights is 0).
        private void Losses(double[] step, double[] loss)
        {
            Array.Clear(loss);
            var activation = new double[_k];
            var rate = new double[_k];
            for (var t = 0; t < _rows; t++)
            {
                TensorPrimitives.MultiplyAdd(_change.Row(t), step, _activation.Row(t), activation);
                TensorPrimitives.Exp(activation, rate);
                if (!_observed.IsEmpty)
                {
                    TensorPrimitives.Multiply(rate, _observed.Row(t), rate);
                }

                TensorPrimitives.Add(loss, rate, loss);
                TensorPrimitives.Multiply(activation, _counts.Row(t), activation);
                TensorPrimitives.Subtract(loss, activation, loss);
            }
        }

        private void Advance(double[] step)
        {
            for (var t = 0; t < _rows; t++)
            {
                TensorPrimitives.MultiplyAdd(_change.Row(t), step, _activation.Row(t), _activation.Row(t));
                TensorPrimitives.Exp(_activation.Row(t), _rates.Row(t));
                if (!_observed.IsEmpty)
                {
                    TensorPrimitives.Multiply(_rates.Row(t), _observed.Row(t), _rates.Row(t));
                }
            }
        }

        private void AddPenalty(Matrix<double> weights, Matrix<double> target)
        {
            for (var i = 0; i < _p; i++)
            {
                TensorPrimitives.MultiplyAdd(weights.Row(i), _penalty, target.Row(i), target.Row(i));
            }
        }

        private void Gradient()
        {
            RowOperations.Scale(0, _gradient);
            for (var first = 0; first < _rows; first += ChunkRows)
            {
                var count = Math.Min(ChunkRows, _rows - first);
                var difference = _scratch.RowRange(0, count);
                for (var t = 0; t < count; t++)
                {
                    TensorPrimitives.Subtract(_rates.Row(first + t), _counts.Row(first + t), difference.Row(t));
                }

                Gemm.TransposedMultiply(_design.RowRange(first, count), difference, _gradient, accumulate: true);
            }

            AddPenalty(_weights, _gradient);
        }

        private void Hessian(Matrix<double> direction, Matrix<double> product)
        {
            RowOperations.Scale(0, product);
            for (var first = 0; first < _rows; first += ChunkRows)
            {
                var count = Math.Min(ChunkRows, _rows - first);
                var rows = _design.RowRange(first, count);
                var change = _scratch.RowRange(0, count);
                Gemm.Multiply(rows, direction, change);
                for (var t = 0; t < count; t++)
                {
                    TensorPrimitives.Multiply(change.Row(t), _rates.Row(first + t), change.Row(t));
                }

                Gemm.TransposedMultiply(rows, change, product, accumulate: true);
            }

            AddPenalty(direction, product);
        }

        // Conjugate gradients for every neuron by itself, all in step.
        private Matrix<double> Direction()
        {
            Gradient();
            var (solution, residual, preconditioned, search, product) = (Same(), Same(), Same(), Same(), Same());
            RowOperations.AddScaled(-1, _gradient, residual);
            Gemm.Multiply(_inverse, residual, preconditioned);
            RowOperations.Copy(preconditioned, search);
            var size = ColumnDots(residual, preconditioned);
            var goal = new double[_k];
            for (var j = 0; j < _k; j++)
            {
                // The closer to the minimum, the more exactly: about the loss that is left, a spike.
                goal[j] = size[j] * Math.Min(0.01, size[j] / Math.Max(1, _spikes[j] * _spikes[j]));
            }

            for (var iteration = 0; iteration < _p + 1 && Enumerable.Range(0, _k).Any(j => _active[j] && size[j] > goal[j]); iteration++)
            {
                Hessian(search, product);
                var curvature = ColumnDots(search, product);
                var step = new double[_k];
                for (var j = 0; j < _k; j++)
                {
                    step[j] = _active[j] && size[j] > goal[j] && curvature[j] > 0 ? size[j] / curvature[j] : 0;
                }

                for (var i = 0; i <= _p; i++)
                {
                    TensorPrimitives.MultiplyAdd(search.Row(i), step, solution.Row(i), solution.Row(i));
                    TensorPrimitives.Multiply(product.Row(i), step, product.Row(i));
                    TensorPrimitives.Subtract(residual.Row(i), product.Row(i), residual.Row(i));
                }

                Gemm.Multiply(_inverse, residual, preconditioned);
                var next = ColumnDots(residual, preconditioned);
                var ratio = new double[_k];
                for (var j = 0; j < _k; j++)
                {
                    ratio[j] = step[j] > 0 && size[j] > 0 ? next[j] / size[j] : 0;
                    size[j] = step[j] > 0 ? next[j] : 0;
                }

                for (var i = 0; i <= _p; i++)
                {
                    TensorPrimitives.MultiplyAdd(search.Row(i), ratio, preconditioned.Row(i), search.Row(i));
                }
            }

            return solution;
        }

        // Every neuron moves along its direction as far as its loss falls; one that hardly would is done.
        private void Move(Matrix<double> direction)
        {
            for (var first = 0; first < _rows; first += ChunkRows)
            {
                var count = Math.Min(ChunkRows, _rows - first);
                Gemm.Multiply(_design.RowRange(first, count), direction, _change.RowRange(first, count));
            }

            var slope = ColumnDots(_gradient, direction);
            var step = new double[_k];
            for (var j = 0; j < _k; j++)
            {
                step[j] = _active[j] ? 1 : 0;
                _active[j] = _active[j] && -slope[j] > Tolerance * Math.Max(1, _spikes[j]);
            }

            var quadratic = PenaltyTerms(direction, direction);
            var linear = PenaltyTerms(_weights, direction);
            var start = PenaltyTerms(_weights, _weights);
            var loss = new double[_k];
            for (var halving = 0; ; halving++)
            {
                Losses(step, loss);
                var isDone = true;
                for (var j = 0; j < _k; j++)
                {
                    loss[j] += 0.5 * (start[j] + (2 * step[j] * linear[j]) + (step[j] * step[j] * quadratic[j]));
                    if (step[j] > 0 && !(loss[j] <= _loss[j] + (1e-4 * step[j] * slope[j]) + (1e-12 * Math.Abs(_loss[j]))))
                    {
                        step[j] = halving < MostHalvings ? step[j] / 2 : 0;
                        isDone = false;
                    }
                }

                if (isDone)
                {
                    break;
                }
            }

            loss.CopyTo(_loss, 0);
            for (var i = 0; i <= _p; i++)
            {
                TensorPrimitives.MultiplyAdd(direction.Row(i), step, _weights.Row(i), _weights.Row(i));
            }

            Advance(step);
            for (var j = 0; j < _k; j++)
            {
                _active[j] = _active[j] && step[j] > 0;
            }
        }

        private double[] PenaltyTerms(Matrix<double> a, Matrix<double> b)
        {
            var sums = ColumnDots(a.RowRange(0, _p), b.RowRange(0, _p));
            TensorPrimitives.Multiply(sums, _penalty, sums);
            return sums;
        }

        private Matrix<double> Same() => Matrix<double>.Allocate(_p + 1, _k);

        private static double[] ColumnDots(Matrix<double> a, Matrix<double> b)
        {
            var sums = new double[a.Columns];
            for (var i = 0; i < a.Rows; i++)
            {
                TensorPrimitives.MultiplyAdd(a.Row(i), b.Row(i), sums, sums);
            }

            return sums;
        }
    }
}
