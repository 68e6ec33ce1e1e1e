using System.Numerics.Tensors;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Evaluation.Baselines;

/// <summary>What a <see cref="LinearStateSpace"/> makes of a trial.</summary>
/// <param name="States">Means of the states given all bins, bins x states.</param>
/// <param name="LogLikelihood">ln p of the observed entries.</param>
public sealed record SmoothedStates(Table States, double LogLikelihood);

/// <summary>
/// A linear-Gaussian state space: z_0 ~ N(m, P), z_(t+1) = A z_t + w_t with w ~ N(0, Q), y_t = C z_t + d + v_t with v ~ N(0, diag(R)). The filter and smoother
/// of Kalman, and Rauch, Tung and Striebel; missing entries are left out of the likelihood.
/// </summary>
/// <remarks>With Q = B diag(s^2) B' it is this library's model with linear dynamics, a Gaussian prior over inputs and a Gaussian likelihood.</remarks>
public sealed class LinearStateSpace
{
    private const double Frozen = 1e-13;

    private readonly Matrix<double> _initialMean;
    private readonly double[] _offset;
    private readonly double[] _noise;

    /// <summary>A model of given parameters.</summary>
    /// <param name="initialMean">m, n numbers.</param>
    /// <param name="initialCovariance">P, n x n.</param>
    /// <param name="transition">A, n x n.</param>
    /// <param name="stateNoise">Q, n x n.</param>
    /// <param name="readout">C, channels x n.</param>
    /// <param name="offset">d, one a channel.</param>
    /// <param name="noise">R, one variance a channel, positive.</param>
    /// <exception cref="ArgumentException">The sizes differ, or a variance is not positive.</exception>
    public LinearStateSpace(
        IReadOnlyList<double> initialMean, Table initialCovariance, Table transition, Table stateNoise, Table readout, IReadOnlyList<double> offset, IReadOnlyList<double> noise)
    {
        var n = initialMean.Count;
        if (((Table[])[initialCovariance, transition, stateNoise]).Any(table => table.Bins != n || table.Columns != n) || readout.Columns != n
            || readout.Bins != offset.Count || readout.Bins != noise.Count || !noise.All(variance => variance > 0))
        {
            throw new ArgumentException("The sizes of the parts do not fit each other, or a variance of the noise is not positive.", nameof(initialMean));
        }

        _initialMean = From(new Table(1, n, [.. initialMean]));
        (InitialCovariance, Transition, StateNoise, Readout) = (From(initialCovariance), From(transition), From(stateNoise), From(readout));
        (_offset, _noise) = ([.. offset], [.. noise]);
    }

    /// <summary>Number of states n.</summary>
    public int States => Transition.Rows;

    /// <summary>Number of channels.</summary>
    public int Channels => Readout.Rows;

    /// <summary>A.</summary>
    public Matrix<double> Transition { get; }

    /// <summary>Q.</summary>
    public Matrix<double> StateNoise { get; }

    /// <summary>C.</summary>
    public Matrix<double> Readout { get; }

    /// <summary>P.</summary>
    public Matrix<double> InitialCovariance { get; }

    /// <summary>The log likelihood of all trials before each iteration of learning; empty for given parameters.</summary>
    public IReadOnlyList<double> LogLikelihoods { get; private init; } = [];

    /// <summary>Learns by expectation-maximisation, from a factor analysis whose factors last.</summary>
    /// <param name="trials">Bins x channels of each trial.</param>
    /// <param name="states">Number of states, from 1.</param>
    /// <param name="observed">For each trial, row-major, false where an entry is missing; null (of a trial, or altogether) for nowhere.</param>
    /// <param name="iterations">Iterations.</param>
    /// <exception cref="ArgumentException">There are no trials, or no states.</exception>
    public static LinearStateSpace Fit(IReadOnlyList<Table> trials, int states, IReadOnlyList<bool[]?>? observed = null, int iterations = 40)
    {
        ArgumentNullException.ThrowIfNull(trials);
        ArgumentOutOfRangeException.ThrowIfLessThan(trials.Count, 1, nameof(trials));
        var model = Start(trials, observed, states);
        var (likelihoods, seen) = (new List<double>(), new SeenSums(trials, observed));
        for (var iteration = 0; iteration < iterations; iteration++)
        {
            var sums = new StateSums(model, trials, observed, seen);
            likelihoods.Add(sums.LogLikelihood);
            if (!double.IsFinite(sums.LogLikelihood))
            {
                break;
            }

            model = sums.Maximise();
        }

        return new LinearStateSpace(model) { LogLikelihoods = likelihoods };
    }

    private LinearStateSpace(LinearStateSpace other)
        : this(other._initialMean, other.InitialCovariance, other.Transition, other.StateNoise, other.Readout, other._offset, other._noise)
    {
    }

    internal LinearStateSpace(
        Matrix<double> initialMean, Matrix<double> initialCovariance, Matrix<double> transition, Matrix<double> stateNoise, Matrix<double> readout, double[] offset, double[] noise)
    {
        (_initialMean, InitialCovariance, Transition, StateNoise, Readout) = (initialMean, initialCovariance, transition, stateNoise, readout);
        (_offset, _noise) = (offset, noise);
    }

    /// <summary>The same states seen through some of the channels only.</summary>
    /// <param name="channels">The channels.</param>
    public LinearStateSpace Select(IReadOnlyList<int> channels)
    {
        ArgumentNullException.ThrowIfNull(channels);
        var readout = Matrix<double>.Allocate(channels.Count, States);
        for (var i = 0; i < channels.Count; i++)
        {
            Readout.Row(channels[i]).CopyTo(readout.Row(i));
        }

        return new LinearStateSpace(
            _initialMean, InitialCovariance, Transition, StateNoise, readout, [.. channels.Select(c => _offset[c])], [.. channels.Select(c => _noise[c])]);
    }

    /// <summary>Means of channels in given states.</summary>
    /// <param name="states">Bins x states.</param>
    /// <returns>Bins x channels.</returns>
    public Table Means(Table states)
    {
        var (z, means) = (From(states), Matrix<double>.Allocate(states.Bins, Channels));
        Gemm.Multiply(z, Transposed(Readout), means);
        for (var t = 0; t < means.Rows; t++)
        {
            TensorPrimitives.Add(means.Row(t), _offset, means.Row(t));
        }

        return new Table(states.Bins, Channels, means.ToArray());
    }

    /// <summary>Smooths one trial.</summary>
    /// <param name="observations">Bins x channels; missing entries may hold any finite number.</param>
    /// <param name="observed">Row-major, false where missing; null for nowhere.</param>
    public SmoothedStates Smooth(Table observations, bool[]? observed = null)
    {
        ArgumentNullException.ThrowIfNull(observations);
        var information = new Information(this, observations, observed);
        var (states, likelihood) = SmoothMeans(information, new StateCovariances(this, information, observations.Bins));
        return new SmoothedStates(new Table(observations.Bins, States, states.ToArray()), likelihood);
    }

    /// <summary>Means given all bins, and the log likelihood.</summary>
    internal (Matrix<double> States, double LogLikelihood) SmoothMeans(Information information, StateCovariances covariances)
    {
        var (n, bins) = (States, information.Pull.Rows);
        var (means, predicted) = (Matrix<double>.Allocate(bins, n), Matrix<double>.Allocate(bins, n));
        var (innovation, scratch) = (new double[n], new double[n]);
        var likelihood = information.Constant;
        for (var t = 0; t < bins; t++)
        {
            var before = predicted.Row(t);
            if (t == 0)
            {
                _initialMean.Row(0).CopyTo(before);
            }
            else
            {
                Apply(Transition, means.Row(t - 1), before);
            }

            // r = C' R^-1 (y - d - C m) and its part in the likelihood.
            var pull = information.Pull.Row(t);
            Apply(information.At(t), before, scratch);
            for (var i = 0; i < n; i++)
            {
                innovation[i] = pull[i] - scratch[i];
                likelihood += before[i] * (pull[i] - (0.5 * scratch[i]));
            }

            var after = means.Row(t);
            Apply(covariances.Filtered(t), innovation, after);
            likelihood += 0.5 * (TensorPrimitives.Dot<double>(innovation, after) - covariances.LogDeterminant(t));
            TensorPrimitives.Add(after, before, after);
        }

        for (var t = bins - 2; t >= 0; t--)
        {
            TensorPrimitives.Subtract(means.Row(t + 1), predicted.Row(t + 1), innovation);
            Apply(covariances.Gain(t), innovation, scratch);
            TensorPrimitives.Add(means.Row(t), scratch, means.Row(t));
        }

        return (means, likelihood);
    }

    internal static Matrix<double> Product(Matrix<double> a, Matrix<double> b)
    {
        var product = Matrix<double>.Allocate(a.Rows, b.Columns);
        Gemm.Multiply(a, b, product);
        return product;
    }

    internal static Matrix<double> Transposed(Matrix<double> a)
    {
        var transposed = Matrix<double>.Allocate(a.Columns, a.Rows);
        a.TransposeTo(transposed);
        return transposed;
    }

    internal static Matrix<double> Copy(Matrix<double> a)
    {
        var copy = Matrix<double>.Allocate(a.Rows, a.Columns);
        RowOperations.Copy(a, copy);
        return copy;
    }

    internal static Matrix<double> From(Table table)
    {
        var matrix = Matrix<double>.Allocate(table.Bins, table.Columns);
        matrix.CopyFrom(table.Values);
        return matrix;
    }

    private static void Apply(Matrix<double> a, ReadOnlySpan<double> x, Span<double> y)
    {
        for (var i = 0; i < a.Rows; i++)
        {
            y[i] = TensorPrimitives.Dot(a.Row(i), x);
        }
    }

    private static LinearStateSpace Start(IReadOnlyList<Table> trials, IReadOnlyList<bool[]?>? observed, int states)
    {
        // Slow factors: those of smoothed observations; missing entries are what smoothing makes of them.
        const double Persistence = 0.95;
        Table[] smoothed = [.. trials.Select((table, k) => GaussianSmoothing.Smooth(table, 2, observed?[k]))];
        var smooth = LinearAlignment.Stack(smoothed);
        var raw = LinearAlignment.Stack([.. trials.Select((table, k) => observed?[k] is not { } mask
            ? table
            : new Table(table.Bins, table.Columns, [.. table.Values.Select((value, i) => mask[i] ? value : smoothed[k].Values[i])]))]);
        var factors = FactorAnalysis.Fit(smooth, states, 50);
        states = factors.Factors;
        var (mean, covariance) = FactorAnalysis.Moments(raw);
        var (identity, noise) = (Matrix<double>.Allocate(states, states), new double[mean.Length]);
        for (var i = 0; i < states; i++)
        {
            identity[i, i] = 1;
        }

        for (var c = 0; c < noise.Length; c++)
        {
            var loadings = factors.Loadings.Slice(c * states, states);
            noise[c] = covariance[c, c] > 0 ? Math.Max(covariance[c, c] - TensorPrimitives.Dot(loadings, loadings), 0.05 * covariance[c, c]) : 1;
        }

        var (transition, stateNoise) = (Copy(identity), Copy(identity));
        RowOperations.Scale(Persistence, transition);
        RowOperations.Scale(1 - (Persistence * Persistence), stateNoise);
        var readout = Matrix<double>.Allocate(mean.Length, states);
        readout.CopyFrom(factors.Loadings);
        return new LinearStateSpace(Matrix<double>.Allocate(1, states), identity, transition, stateNoise, readout, mean, noise);
    }

    /// <summary>What a trial's bins say of the states by themselves: the precision C' R^-1 C of the observed channels and C' R^-1 (y - d).</summary>
    internal sealed class Information
    {
        // So many bins stay in the nearer caches on their way.
        private const int ChunkBins = 128;

        private readonly Matrix<double>[] _precisions;

        public Information(LinearStateSpace model, Table observations, bool[]? observed, Matrix<double> shared = default)
        {
            var (bins, channels, n) = (observations.Bins, model.Channels, model.States);
            IsConstant = observed is null;
            var scaled = Matrix<double>.Allocate(Math.Min(bins, ChunkBins), channels);
            double[] logarithms = [.. model._noise.Select(variance => Math.Log(2 * Math.PI * variance))];
            var (deviations, ofBin, constant) = (new double[channels], logarithms.Sum(), 0.0);
            Pull = Matrix<double>.Allocate(bins, n);
            for (var first = 0; first < bins; first += ChunkBins)
            {
                var chunk = scaled.RowRange(0, Math.Min(ChunkBins, bins - first));
                for (var i = 0; i < chunk.Rows; i++)
                {
                    var row = chunk.Row(i);
                    TensorPrimitives.Subtract(observations.Row(first + i), model._offset, deviations);
                    TensorPrimitives.Divide(deviations, model._noise, row);
                    for (var c = 0; observed is not null && c < channels; c++)
                    {
                        if (!observed[((first + i) * channels) + c])
                        {
                            row[c] = deviations[c] = 0;
                            constant += 0.5 * logarithms[c];
                        }
                    }

                    constant -= 0.5 * (ofBin + TensorPrimitives.Dot<double>(deviations, row));
                }

                Gemm.Multiply(chunk, model.Readout, Pull.RowRange(first, chunk.Rows));
            }

            Constant = constant;
            if (IsConstant)
            {
                _precisions = [shared.IsEmpty ? Precision(model) : shared];
                return;
            }

            _precisions = new Matrix<double>[bins];
            for (var t = 0; t < bins; t++)
            {
                _precisions[t] = Matrix<double>.Allocate(n, n);
                for (var c = 0; c < channels; c++)
                {
                    if (observed![(t * channels) + c])
                    {
                        AddOuter(model.Readout.Row(c), 1 / model._noise[c], _precisions[t]);
                    }
                }
            }
        }

        /// <summary>Whether all bins are observed alike.</summary>
        public bool IsConstant { get; }

        /// <summary>Bins x states.</summary>
        public Matrix<double> Pull { get; }

        /// <summary>The part of the log likelihood that no state moves.</summary>
        public double Constant { get; }

        /// <summary>The precision of a bin.</summary>
        public Matrix<double> At(int bin) => _precisions[IsConstant ? 0 : bin];

        /// <summary>The precision where every channel is observed.</summary>
        public static Matrix<double> Precision(LinearStateSpace model)
        {
            var precision = Matrix<double>.Allocate(model.States, model.States);
            for (var c = 0; c < model.Channels; c++)
            {
                AddOuter(model.Readout.Row(c), 1 / model._noise[c], precision);
            }

            return precision;
        }

        internal static void AddOuter(ReadOnlySpan<double> x, double factor, Matrix<double> target)
        {
            for (var i = 0; i < x.Length; i++)
            {
                var row = target.Row(i);
                TensorPrimitives.MultiplyAdd(x, factor * x[i], row, row);
            }
        }
    }

    /// <summary>Covariances of the filter and gains of the smoother; where bins are observed alike they settle, and are computed until they have.</summary>
    internal sealed class StateCovariances
    {
        private readonly List<Matrix<double>> _predicted = [];
        private readonly List<Matrix<double>> _filtered = [];
        private readonly List<Matrix<double>> _gains = [];
        private readonly List<double> _determinants = [];

        public StateCovariances(LinearStateSpace model, Information information, int bins)
        {
            var transposed = Transposed(model.Transition);
            var predicted = Copy(model.InitialCovariance);
            for (var t = 0; t < bins; t++)
            {
                // P = (S^-1 + M)^-1, |I + S M| = |S| |S^-1 + M|.
                var precision = PositiveDefinite.Inverse(predicted, out var before);
                RowOperations.AddScaled(1, information.At(t), precision);
                var filtered = PositiveDefinite.Inverse(precision, out var after);
                PositiveDefinite.Symmetrise(filtered);
                _predicted.Add(predicted);
                _filtered.Add(filtered);
                _determinants.Add(before + after);
                var carried = Product(filtered, transposed);
                var next = Product(model.Transition, carried);
                RowOperations.AddScaled(1, model.StateNoise, next);
                PositiveDefinite.Symmetrise(next);
                _gains.Add(Product(carried, PositiveDefinite.Inverse(next, out _)));
                if (information.IsConstant && AreClose(predicted, next))
                {
                    IsSettled = true;
                    break;
                }

                predicted = next;
            }
        }

        /// <summary>Whether the last ones go on for ever.</summary>
        public bool IsSettled { get; }

        /// <summary>The bin from which all is the same, if it is settled.</summary>
        public int Settled => _filtered.Count - 1;

        public Matrix<double> Predicted(int bin) => _predicted[Math.Min(bin, Settled)];

        public Matrix<double> Filtered(int bin) => _filtered[Math.Min(bin, Settled)];

        public Matrix<double> Gain(int bin) => _gains[Math.Min(bin, Settled)];

        public double LogDeterminant(int bin) => _determinants[Math.Min(bin, Settled)];

        internal static bool AreClose(Matrix<double> a, Matrix<double> b)
        {
            var (difference, size) = (0.0, 0.0);
            for (var i = 0; i < a.Rows; i++)
            {
                for (var j = 0; j < a.Columns; j++)
                {
                    difference = Math.Max(difference, Math.Abs(a[i, j] - b[i, j]));
                    size = Math.Max(size, Math.Abs(a[i, j]));
                }
            }

            return difference <= Frozen * size;
        }
    }

    /// <summary>What was observed, 0 where nothing was, and sums over it that no iteration changes.</summary>
    private sealed class SeenSums
    {
        public SeenSums(IReadOnlyList<Table> trials, IReadOnlyList<bool[]?>? observed)
        {
            var channels = trials[0].Columns;
            (Bins, Sums, Squares) = (new double[channels], new double[channels], new double[channels]);
            Trials = [.. trials.Select(From)];
            for (var k = 0; k < Trials.Count; k++)
            {
                var mask = observed?[k];
                for (var t = 0; t < Trials[k].Rows; t++)
                {
                    var row = Trials[k].Row(t);
                    for (var c = 0; c < channels; c++)
                    {
                        var isThere = mask?[(t * channels) + c] ?? true;
                        row[c] = isThere ? row[c] : 0;
                        Bins[c] += isThere ? 1 : 0;
                    }

                    TensorPrimitives.Add(Sums, row, Sums);
                    TensorPrimitives.MultiplyAdd(row, row, Squares, Squares);
                }
            }
        }

        /// <summary>Bins x channels of each trial.</summary>
        public IReadOnlyList<Matrix<double>> Trials { get; }

        /// <summary>Observed bins of every channel.</summary>
        public double[] Bins { get; }

        /// <summary>Of every channel.</summary>
        public double[] Sums { get; }

        /// <summary>Sums of squares of every channel.</summary>
        public double[] Squares { get; }
    }

    /// <summary>Sums over all trials of what is expected of states, and the parameters that are likeliest by them.</summary>
    private sealed class StateSums
    {
        private readonly LinearStateSpace _model;
        private readonly int _n;
        private readonly int _trials;
        private readonly double[] _bins;
        private readonly Matrix<double> _initial;
        private readonly Matrix<double> _initialSecond;
        private readonly Matrix<double> _all;
        private readonly Matrix<double> _first;
        private readonly Matrix<double> _last;
        private readonly Matrix<double> _cross;
        private readonly Matrix<double>[] _missing;
        private readonly Matrix<double> _readout;
        private readonly double[] _squares;
        private readonly Dictionary<int, Spread> _spreads = [];
        private readonly double _steps;

        public StateSums(LinearStateSpace model, IReadOnlyList<Table> trials, IReadOnlyList<bool[]?>? observed, SeenSums seen)
        {
            _model = model;
            _n = model.States;
            _trials = trials.Count;
            var channels = model.Channels;
            _initial = Matrix<double>.Allocate(1, _n);
            (_initialSecond, _first, _last, _cross) = (Square(_n), Square(_n), Square(_n), Square(_n));

            // A constant beside the states: their sums, and the offsets of channels.
            _all = Square(_n + 1);
            _readout = Matrix<double>.Allocate(channels, _n + 1);
            _missing = new Matrix<double>[channels];
            (_bins, _squares) = (seen.Bins, seen.Squares);
            for (var c = 0; c < channels; c++)
            {
                _readout[c, _n] = seen.Sums[c];
            }

            var precision = Information.Precision(model);
            StateCovariances? shared = null;
            var longest = trials.Where((_, k) => observed?[k] is null).Select(table => table.Bins).DefaultIfEmpty(0).Max();
            for (var k = 0; k < trials.Count; k++)
            {
                var mask = observed?[k];
                var information = new Information(model, trials[k], mask, precision);
                var covariances = mask is null ? shared ??= new StateCovariances(model, information, longest) : new StateCovariances(model, information, trials[k].Bins);
                var (states, likelihood) = model.SmoothMeans(information, covariances);
                LogLikelihood += likelihood;
                _steps += trials[k].Bins - 1;
                Spread spread;
                if (mask is not null)
                {
                    spread = new Spread(covariances, trials[k].Bins, _n, keepAll: true);
                }
                else if (!_spreads.TryGetValue(trials[k].Bins, out spread!))
                {
                    _spreads[trials[k].Bins] = spread = new Spread(covariances, trials[k].Bins, _n, keepAll: false);
                }

                Add(states, spread, seen.Trials[k], mask);
            }
        }

        public double LogLikelihood { get; }

        public LinearStateSpace Maximise()
        {
            var channels = _model.Channels;
            var mean = Copy(_initial);
            RowOperations.Scale(1.0 / _trials, mean);
            var covariance = Copy(_initialSecond);
            RowOperations.Scale(1.0 / _trials, covariance);
            Information.AddOuter(mean.Row(0), -1, covariance);
            PositiveDefinite.Symmetrise(covariance);
            var (transition, stateNoise) = (_model.Transition, _model.StateNoise);
            if (_steps > 0)
            {
                transition = Product(_cross, PositiveDefinite.Inverse(_first, out _));
                stateNoise = Copy(_last);
                RowOperations.AddScaled(-1, Product(transition, Transposed(_cross)), stateNoise);
                RowOperations.Scale(1 / _steps, stateNoise);
                PositiveDefinite.Symmetrise(stateNoise);
            }

            var inverse = PositiveDefinite.Inverse(_all, out _);
            var (readout, offset, noise) = (Matrix<double>.Allocate(channels, _n), new double[channels], new double[channels]);
            for (var c = 0; c < channels; c++)
            {
                var own = inverse;
                if (!_missing[c].IsEmpty)
                {
                    var there = Copy(_all);
                    RowOperations.AddScaled(-1, _missing[c], there);
                    own = PositiveDefinite.Inverse(there, out _);
                }

                var weights = Product(_readout.RowRange(c, 1), own);
                weights.Row(0)[.._n].CopyTo(readout.Row(c));
                offset[c] = weights[0, _n];
                var variance = (_squares[c] - TensorPrimitives.Dot<double>(weights.Row(0), _readout.Row(c))) / _bins[c];
                noise[c] = variance > 1e-9 * _squares[c] / _bins[c] ? variance : _model._noise[c];
                if (!(_bins[c] > 0) || !double.IsFinite(noise[c]) || !double.IsFinite(offset[c]))
                {
                    (offset[c], noise[c]) = (_model._offset[c], _model._noise[c]);
                    _model.Readout.Row(c).CopyTo(readout.Row(c));
                }
            }

            return new LinearStateSpace(mean, covariance, transition, stateNoise, readout, offset, noise);
        }

        private void Add(Matrix<double> states, Spread spread, Matrix<double> seen, bool[]? mask)
        {
            var (bins, channels) = (states.Rows, _model.Channels);
            TensorPrimitives.Add(_initial.Row(0), states.Row(0), _initial.Row(0));
            RowOperations.AddScaled(1, spread.First, _initialSecond);
            Information.AddOuter(states.Row(0), 1, _initialSecond);
            var (second, cross) = (Square(_n), Square(_n));
            Gemm.TransposedMultiply(states, states, second);
            RowOperations.AddScaled(1, spread.Sum, second);
            if (bins > 1)
            {
                Gemm.TransposedMultiply(states.RowRange(1, bins - 1), states.RowRange(0, bins - 1), cross);
                RowOperations.AddScaled(1, spread.Cross, cross);
                RowOperations.AddScaled(1, cross, _cross);
                RowOperations.AddScaled(1, second, _first);
                RowOperations.AddScaled(-1, spread.Last, _first);
                Information.AddOuter(states.Row(bins - 1), -1, _first);
                RowOperations.AddScaled(1, second, _last);
                RowOperations.AddScaled(-1, spread.First, _last);
                Information.AddOuter(states.Row(0), -1, _last);
            }

            for (var i = 0; i < _n; i++)
            {
                TensorPrimitives.Add(_all.Row(i)[.._n], second.Row(i), _all.Row(i)[.._n]);
            }

            _all[_n, _n] += bins;
            var sum = new double[_n];
            for (var t = 0; t < bins; t++)
            {
                TensorPrimitives.Add(sum, states.Row(t), sum);
                for (var c = 0; mask is not null && c < channels; c++)
                {
                    if (!mask[(t * channels) + c])
                    {
                        Leave(c, states.Row(t), spread.All[t]);
                    }
                }
            }

            for (var i = 0; i < _n; i++)
            {
                _all[i, _n] += sum[i];
                _all[_n, i] += sum[i];
            }

            Gemm.TransposedMultiply(seen, states, _readout.ColumnRange(0, _n), accumulate: true);
        }

        // A bin that a channel did not see is no part of its sums.
        private void Leave(int channel, Span<double> state, Matrix<double> covariance)
        {
            if (_missing[channel].IsEmpty)
            {
                _missing[channel] = Square(_n + 1);
            }

            var sum = _missing[channel];
            for (var i = 0; i < _n; i++)
            {
                for (var j = 0; j < _n; j++)
                {
                    sum[i, j] += covariance[i, j] + (state[i] * state[j]);
                }

                sum[i, _n] += state[i];
                sum[_n, i] += state[i];
            }

            sum[_n, _n]++;
        }

        private static Matrix<double> Square(int n) => Matrix<double>.Allocate(n, n);
    }

    /// <summary>Covariances of the states given all bins, summed over the bins of a trial: they do not depend on what was observed but on where.</summary>
    private sealed class Spread
    {
        public Spread(StateCovariances covariances, int bins, int n, bool keepAll)
        {
            (Sum, Cross) = (Matrix<double>.Allocate(n, n), Matrix<double>.Allocate(n, n));
            All = keepAll ? new Matrix<double>[bins] : [];
            Last = covariances.Filtered(bins - 1);
            RowOperations.AddScaled(1, Last, Sum);
            if (keepAll)
            {
                All[bins - 1] = Last;
            }

            var after = Last;
            var (gain, cross) = (Matrix<double>.Allocate(n, n), Matrix<double>.Allocate(n, n));
            var (difference, product) = (Matrix<double>.Allocate(n, n), Matrix<double>.Allocate(n, n));
            for (var t = bins - 2; t >= 0; t--)
            {
                // V = P + J (V' - S') J', and the covariance of z_(t+1) with z_t is V' J'.
                covariances.Gain(t).TransposeTo(gain);
                Gemm.Multiply(after, gain, cross);
                RowOperations.AddScaled(1, cross, Cross);
                RowOperations.Copy(after, difference);
                RowOperations.AddScaled(-1, covariances.Predicted(t + 1), difference);
                Gemm.Multiply(difference, gain, product);
                var now = Product(covariances.Gain(t), product);
                RowOperations.AddScaled(1, covariances.Filtered(t), now);
                PositiveDefinite.Symmetrise(now);
                RowOperations.AddScaled(1, now, Sum);
                if (keepAll)
                {
                    All[t] = now;
                }
                else if (covariances.IsSettled && t > covariances.Settled && StateCovariances.AreClose(after, now))
                {
                    // The same for all bins down to where the filter has settled.
                    var same = t - covariances.Settled;
                    RowOperations.AddScaled(same, now, Sum);
                    RowOperations.AddScaled(same, Product(now, gain), Cross);
                    t = covariances.Settled;
                }

                after = now;
            }

            First = after;
        }

        public Matrix<double> Sum { get; }

        public Matrix<double> Cross { get; }

        public Matrix<double> First { get; }

        public Matrix<double> Last { get; }

        public Matrix<double>[] All { get; }
    }
}
