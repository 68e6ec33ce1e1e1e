using System.Numerics;
using IlqrVae.Models.Dynamics;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using MathNet.Numerics.LinearAlgebra.Double;

namespace IlqrVae.Models;

/// <summary>A state that the dynamics without inputs leaves where it is, or all but so.</summary>
/// <param name="State">The state, n.</param>
/// <param name="Residual">How far a step moves it, |f(z, 0) - z|.</param>
/// <param name="Transition">df/dz there, n x n, row-major: how small deviations from it go on.</param>
/// <param name="Starts">How many of the starts ended there.</param>
/// <param name="Distance">How far it is from the nearest start, in units of how far starts spread around their mean.</param>
public sealed record FixedPoint(IReadOnlyList<double> State, double Residual, double[] Transition, int Starts, double Distance);

/// <summary>The fixed points of dynamics without inputs, as far as a search from many states finds them.</summary>
/// <param name="Points">Those that were found, the most often reached first; of points closer to each other than a hundredth of the spread one stands for all.</param>
/// <param name="Starts">Number of starts.</param>
/// <param name="Ended">How many of them ended at a fixed point; the others ended where the dynamics is slowest, or left the finite.</param>
/// <param name="Spread">How far starts spread around their mean: the root of the mean squared distance.</param>
public sealed record FixedPoints(IReadOnlyList<FixedPoint> Points, int Starts, int Ended, double Spread)
{
    /// <summary>Points closer to each other than this share of the spread are one.</summary>
    public const double Nearness = 1e-2;

    /// <summary>A step that moves a state by less than this share of the spread leaves it where it is.</summary>
    public const double Tolerance = 1e-9;

    private const int MostIterations = 300;
    private const double MostDamping = 1e12;

    /// <summary>
    /// Searches by damped Gauss-Newton (Levenberg-Marquardt) steps on |f(z, 0) - z|^2 from each start. Known external inputs count as zero. Nothing here is random.
    /// </summary>
    /// <param name="dynamics">The dynamics of the system, of autoregressive inputs without their memory.</param>
    /// <param name="starts">States, one a row, such as those visited in inference; rows that are not finite are left out.</param>
    /// <param name="interrupt">Stops the search.</param>
    /// <typeparam name="T">float or double; with float no residual may reach the tolerance.</typeparam>
    /// <exception cref="ArgumentException">The states have another length.</exception>
    public static FixedPoints Of<T>(Dynamics<T> dynamics, Table starts, CancellationToken interrupt = default)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(dynamics);
        ArgumentNullException.ThrowIfNull(starts);
        dynamics = dynamics.System;
        if (starts.Columns != dynamics.StateCount)
        {
            throw new ArgumentException($"The dynamics has {dynamics.StateCount} states, not {starts.Columns}.", nameof(starts));
        }

        var known = Enumerable.Range(0, starts.Bins).Select(t => starts.Row(t).ToArray()).Where(state => Array.TrueForAll(state, double.IsFinite)).ToList();
        var spread = SpreadOf(known, starts.Columns);
        var search = new Search<T>(dynamics);
        var ends = new List<(double[] State, double Residual)>();
        foreach (var start in known)
        {
            interrupt.ThrowIfCancellationRequested();
            if (search.Run(start, Tolerance * spread) is { } end && end.Residual <= Tolerance * spread)
            {
                ends.Add(end);
            }
        }

        var merged = new List<(double[] State, double Residual, int Starts)>();
        foreach (var end in ends)
        {
            var at = merged.FindIndex(one => Metric(one.State, end.State) <= Nearness * spread);
            if (at < 0)
            {
                merged.Add((end.State, end.Residual, 1));
            }
            else
            {
                merged[at] = end.Residual < merged[at].Residual ? (end.State, end.Residual, merged[at].Starts + 1) : merged[at] with { Starts = merged[at].Starts + 1 };
            }
        }

        return new FixedPoints(
            [.. merged.OrderByDescending(one => one.Starts).ThenBy(one => one.Residual).Select(one =>
                new FixedPoint(one.State, one.Residual, search.Transition(one.State), one.Starts, known.Min(start => Metric(start, one.State)) / spread))],
            known.Count, ends.Count, spread);
    }

    /// <summary>1 where all starts are the same.</summary>
    private static double SpreadOf(List<double[]> states, int columns)
    {
        if (states.Count == 0)
        {
            return 1;
        }

        double[] mean = [.. Enumerable.Range(0, columns).Select(c => states.Average(state => state[c]))];
        var spread = Math.Sqrt(states.Average(state => Metric(state, mean) * Metric(state, mean)));
        return spread > 0 && double.IsFinite(spread) ? spread : 1;
    }

    private static double Metric(double[] one, double[] other)
    {
        var sum = 0.0;
        for (var i = 0; i < one.Length; i++)
        {
            sum += (one[i] - other[i]) * (one[i] - other[i]);
        }

        return Math.Sqrt(sum);
    }

    private sealed unsafe class Search<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        private readonly Dynamics<T> _dynamics;
        private readonly DynamicsScratch<T> _scratch;
        private readonly Matrix<T> _state;
        private readonly Matrix<T> _next;
        private readonly Matrix<T> _noInput;
        private readonly Matrix<T> _noExternal;
        private readonly Matrix<T> _tape;
        private readonly Matrix<T> _a;
        private readonly Matrix<T> _b;

        public Search(Dynamics<T> dynamics)
        {
            _dynamics = dynamics;
            _scratch = dynamics.CreateScratch();
            var n = dynamics.StateCount;
            (_state, _next, _noInput, _noExternal) = (Matrix<T>.Allocate(1, n), Matrix<T>.Allocate(1, n), Matrix<T>.Allocate(1, dynamics.InputCount), Matrix<T>.Allocate(1, dynamics.ExternalCount));
            (_tape, _a, _b) = (Matrix<T>.Allocate(1, dynamics.TapeLength), Matrix<T>.Allocate(n, n), Matrix<T>.Allocate(n, dynamics.InputCount));
        }

        /// <summary>Where a start ends; null where numbers overflowed at once.</summary>
        public (double[] State, double Residual)? Run(double[] start, double enough)
        {
            var n = start.Length;
            var state = (double[])start.Clone();
            var residual = Residual(state);
            var damping = 1e-3;
            for (var k = 0; k < MostIterations && double.IsFinite(Length(residual)) && Length(residual) > enough; k++)
            {
                var jacobian = DenseMatrix.OfArray(ToJacobian(state));
                var gradient = jacobian.TransposeThisAndMultiply(DenseVector.OfArray(residual));
                var normal = jacobian.TransposeThisAndMultiply(jacobian);
                var scale = Math.Max(Enumerable.Range(0, n).Max(i => normal[i, i]), double.Epsilon);
                var isBetter = false;
                while (!isBetter && damping < MostDamping)
                {
                    var damped = normal.Clone();
                    for (var i = 0; i < n; i++)
                    {
                        damped[i, i] += damping * scale;
                    }

                    var step = damped.Solve(gradient);
                    double[] tried = [.. state.Select((z, i) => z - step[i])];
                    var left = Residual(tried);
                    isBetter = Length(left) < Length(residual);
                    if (isBetter)
                    {
                        (state, residual, damping) = (tried, left, Math.Max(damping / 10, 1e-15));
                    }
                    else
                    {
                        damping *= 10;
                    }
                }

                if (!isBetter)
                {
                    break;
                }
            }

            return double.IsFinite(Length(residual)) ? (state, Length(residual)) : null;
        }

        /// <summary>df/dz, row-major.</summary>
        public double[] Transition(double[] state)
        {
            var (n, jacobian) = (state.Length, ToJacobian(state));
            var a = new double[n * n];
            for (var i = 0; i < n; i++)
            {
                for (var j = 0; j < n; j++)
                {
                    a[(i * n) + j] = jacobian[i, j] + (i == j ? 1 : 0);
                }
            }

            return a;
        }

        private static double Length(double[] vector) => Math.Sqrt(vector.Sum(x => x * x));

        private void Step(double[] state)
        {
            for (var i = 0; i < state.Length; i++)
            {
                _state[0, i] = T.CreateSaturating(state[i]);
            }

            _dynamics.Step(_scratch, _state.Pointer, _noInput.Pointer, _noExternal.Pointer, _next.Pointer, _tape.Pointer);
            GC.KeepAlive(this);
        }

        /// <summary>f(z, 0) - z.</summary>
        private double[] Residual(double[] state)
        {
            Step(state);
            return [.. state.Select((z, i) => double.CreateChecked(_next[0, i]) - z)];
        }

        /// <summary>df/dz - 1.</summary>
        private double[,] ToJacobian(double[] state)
        {
            Step(state);
            _dynamics.Jacobian(_scratch, _state.Pointer, _noInput.Pointer, _noExternal.Pointer, _tape.Pointer, _a, _b);
            GC.KeepAlive(this);
            var n = state.Length;
            var jacobian = new double[n, n];
            for (var i = 0; i < n; i++)
            {
                for (var j = 0; j < n; j++)
                {
                    jacobian[i, j] = double.CreateChecked(_a[i, j]) - (i == j ? 1 : 0);
                }
            }

            return jacobian;
        }
    }
}
