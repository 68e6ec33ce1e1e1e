using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Control;

/// <summary>
/// The factors of the block-tridiagonal Hessian of a shooting problem that one backward pass of dynamic programming leaves behind: the
/// feedback gains K_t and the Cholesky factors R_t of Q_uu,t, and R_0 of the initial state's.
/// </summary>
/// <remarks>
/// With V the value function's Hessian at bin t + 1, the pass forms
/// <code>
/// [Q_uu Q_ux]   [(1+mu) p_uu + B'VB   B'VA]
/// [     Q_xx] = [                l_xx+A'VA],   Q_uu = R'R,  Y = R'^-1 Q_ux,  K = -R^-1 Y,  V_t = Q_xx - Y'Y
/// </code>
/// which is a partial Cholesky elimination of u_t. Regularisation is Levenberg-Marquardt's in the metric of the prior: mu p_uu is part of the
/// quadratic model at every bin, so the pass solves exactly the model plus mu/2 |du|^2_prior, whatever the scale of the inputs.
/// <para>
/// Applied to a gradient, the factors are the map M^-1 = S Q_uu^-1 S' with S = I + K G, G the closed-loop response. It is symmetric and
/// positive definite whatever trajectory the dynamics is linearised at, so that factors of an earlier iterate precondition later ones.
/// </para>
/// </remarks>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class RiccatiFactors<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    internal static readonly double MachineEpsilon = typeof(T) == typeof(float) ? 1.2e-7 : 2.3e-16;

    private readonly T _roundingGuard;
    private readonly int _n;
    private readonly int _m;
    private readonly int _inputWidth;
    private readonly GainStore<T> _gains;
    private readonly Matrix<T> _initialFactor;
    private readonly Matrix<T> _value;
    private readonly Matrix<T> _jacobian;
    private readonly Matrix<T> _product;
    private readonly Matrix<T> _panel;
    private readonly Matrix<T> _scratch;
    private readonly Matrix<T> _forward;
    private readonly Matrix<T> _adjointScratch;
    private readonly Matrix<T> _tangentScratch;

    /// <summary>Allocates the workspace of a problem.</summary>
    /// <param name="problem">The problem; its capacity bounds the number of bins.</param>
    /// <param name="recordedBins">
    /// Of trials of more bins the gains are kept in single precision. As a preconditioner the factors are as good, and still symmetric and positive
    /// definite; what is read off them for its own sake, such as variances, wants full precision.
    /// </param>
    public RiccatiFactors(ShootingProblem<T> problem, int recordedBins = int.MaxValue)
    {
        _n = problem.StateCount;
        _m = problem.InputCount;
        _roundingGuard = T.CreateChecked(1 + ((_n + _m) * MachineEpsilon));
        _inputWidth = Matrix<T>.PaddedLength(_m);
        _gains = new GainStore<T>(problem.Capacity, recordedBins, _m, _n);
        _initialFactor = Matrix<T>.Allocate(_n, _n);
        _value = Matrix<T>.Allocate(_n, _n);
        _jacobian = Matrix<T>.Allocate(_n, _inputWidth + _n);
        _product = Matrix<T>.Allocate(_n, _inputWidth + _n);
        _panel = Matrix<T>.Allocate(_m, _inputWidth + _n);
        _scratch = Matrix<T>.Allocate(3, Math.Max(_n, _m));
        _forward = Matrix<T>.Allocate(3, Math.Max(_n, _m));
        _adjointScratch = Matrix<T>.Allocate(1, problem.AdjointTapeLength);
        _tangentScratch = Matrix<T>.Allocate(1, problem.TangentTapeLength);
    }

    /// <summary>Backward passes run so far, the failed ones included.</summary>
    public int Passes { get; private set; }

    /// <summary>K_t, m x n, valid until the next call.</summary>
    /// <param name="t">Step.</param>
    public Matrix<T> Gain(int t) => _gains.Gain(t);

    /// <summary>Asks for K_t, which will be needed soon.</summary>
    internal void PrefetchGain(int t) => _gains.Prefetch(t);

    /// <summary>R_t, upper triangular m x m with Q_uu,t = R_t' R_t, valid until the next call.</summary>
    /// <param name="t">Step.</param>
    public Matrix<T> InputFactor(int t) => _gains.Factor(t);

    /// <summary>R_0, upper triangular n x n with R_0' R_0 = d2 c_0 + V_0.</summary>
    public Matrix<T> InitialFactor => _initialFactor;

    /// <summary>Runs the backward pass at a trajectory whose costs have been differentiated.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="at">The trajectory.</param>
    /// <param name="regularisation">mu, zero or more.</param>
    /// <param name="exactAt">
    /// Null for Gauss-Newton curvature. The dynamics' second derivatives for the exact Hessian, which is positive definite only near a minimum.
    /// </param>
    /// <returns>False when some Q_uu is not positive definite to working precision.</returns>
    public bool Factorise(ShootingProblem<T> problem, Trajectory<T> at, double regularisation, ExactCurvature<T>? exactAt = null)
    {
        Passes++;
        _gains.SetBins(at.Bins);
        var kind = exactAt is null ? CurvatureKind.GaussNewton : CurvatureKind.Exact;
        var scale = T.CreateSaturating(1 + regularisation);
        var jacobianOfState = _jacobian.ColumnRange(_inputWidth, _n);
        var jacobianOfInput = _jacobian.ColumnRange(0, _m);
        var productOfState = _product.ColumnRange(_inputWidth, _n);
        var panelOfInput = _panel.ColumnRange(0, _m);
        var panelOfState = _panel.ColumnRange(_inputWidth, _n);

        _value.Clear();
        problem.AddStateCurvature(at.Bins - 1, kind, _value);
        for (var t = at.Bins - 2; t >= 0; t--)
        {
            Cholesky.MirrorUpper(_value);
            problem.Jacobian(t, at, jacobianOfState, jacobianOfInput);
            Gemm.Multiply(_value, _jacobian, _product);
            Gemm.TransposedMultiply(jacobianOfInput, _product, _panel);
            Gemm.SymmetricUpper(jacobianOfState, productOfState, _value);
            problem.AddInputCurvature(t, at, kind, scale, panelOfInput);
            problem.AddStateCurvature(t, kind, _value);
            exactAt?.AddDynamicsCurvature(problem, at, t, panelOfInput, panelOfState, _value);
            if (!Cholesky.EliminatePanel(_panel))
            {
                return false;
            }

            // The difference is positive semidefinite but for rounding, which is relative to what it is taken from: make up for that.
            for (var i = 0; i < _n; i++)
            {
                _value[i, i] *= _roundingGuard;
            }

            Gemm.SymmetricUpperSubtract(panelOfState, _value);
            Cholesky.NegativeSolve(_panel, panelOfState, _gains.GainToWrite(t));
            _gains.Keep(t, panelOfInput);
        }

        problem.AddInitialCurvature(scale, _value);
        _initialFactor.CopyFrom(_value);
        return Cholesky.EliminatePanel(_initialFactor);
    }

    /// <summary>
    /// The first half of z = M^-1 r, backwards in time:
    /// <code>
    /// s_{T-1} = 0;  q = B's_{t+1} - r_t;  k_t = -Q_uu^-1 q;  s_t = A's_{t+1} + K'q;   dz_0 = -(R_0'R_0)^-1 (s_0 - r_0)
    /// </code>
    /// </summary>
    /// <param name="problem">The problem.</param>
    /// <param name="at">The trajectory at which the dynamics is linearised (not necessarily that of the factors).</param>
    /// <param name="r">The right-hand side.</param>
    /// <param name="feedforward">Receives dz_0 and k.</param>
    /// <returns>r' M^-1 r, as the sum of squares |R_t'^-1 q_t|^2 that it is: it cannot cancel, nor be negative.</returns>
    public double SweepBack(ShootingProblem<T> problem, Trajectory<T> at, InputVector<T> r, InputVector<T> feedforward)
    {
        var squares = 0.0;
        var s = _scratch.RowPointer(0);
        var toState = _scratch.RowPointer(1);
        var q = _scratch.RowPointer(2);
        _scratch.Clear();
        for (var t = at.Bins - 2; t >= 0; t--)
        {
            Prefetch(at, r, feedforward, t - Numerics.Prefetch.Distance);
            problem.Adjoint(t, at, s, toState, q, _adjointScratch.Pointer);
            Gemv.AddScaled(-T.One, r.Inputs.RowPointer(t), q, _m);
            Gemv.TransposedMultiply(Gain(t), q, toState, accumulate: true);
            var k = feedforward.Inputs.RowPointer(t);
            Elementwise.ScaleTo(-T.One, q, k, _m);
            squares += Cholesky.SolveBoth(InputFactor(t), k);
            var swap = s;
            s = toState;
            toState = swap;
        }

        var initial = feedforward.InitialPointer;
        Elementwise.Subtract(r.InitialPointer, s, initial, _n);
        squares += Cholesky.SolveBoth(_initialFactor, initial);
        GC.KeepAlive(r);
        GC.KeepAlive(feedforward);
        GC.KeepAlive(this);
        return squares;
    }

    /// <summary>
    /// The second half, forwards in time, which is z's tangent roll-out:
    /// <code>
    /// du_t = k_t + K_t dz_t;  dz_{t+1} = A dz_t + B du_t
    /// </code>
    /// It is added to a multiple of a direction on the way.
    /// </summary>
    /// <param name="problem">The problem.</param>
    /// <param name="at">The trajectory at which the dynamics is linearised.</param>
    /// <param name="feedforward">What <see cref="SweepBack"/> left.</param>
    /// <param name="factor">direction = z + factor * direction. With zero it is not read.</param>
    /// <param name="direction">The result and its tangent roll-out.</param>
    public void SweepForward(ShootingProblem<T> problem, Trajectory<T> at, InputVector<T> feedforward, double factor, TangentRollout<T> direction)
    {
        if (factor == 0)
        {
            direction.SetBins(at.Bins);
            Elementwise.Copy(feedforward.InitialPointer, direction.Direction.InitialPointer, _n);
            Elementwise.Copy(feedforward.InitialPointer, direction.States.RowPointer(0), _n);
            for (var t = 0; t < at.Bins - 1; t++)
            {
                Prefetch(at, feedforward, direction.Direction, t + Numerics.Prefetch.Distance);
                Respond(feedforward, t, direction.States.RowPointer(t), direction.Direction.Inputs.RowPointer(t));
                direction.Step(problem, at, t);
            }

            GC.KeepAlive(feedforward);
            GC.KeepAlive(direction);
            GC.KeepAlive(this);
            return;
        }

        var f = T.CreateSaturating(factor);
        _forward.Clear();
        var state = _forward.RowPointer(0);
        var next = _forward.RowPointer(1);
        var input = _forward.RowPointer(2);
        var tape = _tangentScratch.Pointer;
        Elementwise.Copy(feedforward.InitialPointer, state, _n);
        RowOperations.ScaleAndAdd(f, direction.Direction.InitialPointer, state, Matrix<T>.PaddedLength(_n));
        for (var t = 0; t < at.Bins - 1; t++)
        {
            Prefetch(at, feedforward, direction.Direction, t + Numerics.Prefetch.Distance);
            direction.Prefetch(t + Numerics.Prefetch.Distance);
            Respond(feedforward, t, state, input);
            problem.Tangent(t, at, state, input, next, tape);
            direction.ScaleAndAdd(f, t, state, input, tape);
            var swap = state;
            state = next;
            next = swap;
        }

        direction.ScaleAndAdd(f, at.Bins - 1, state, input, tape);
        GC.KeepAlive(feedforward);
        GC.KeepAlive(direction);
        GC.KeepAlive(this);

        void Respond(InputVector<T> feedforward, int t, T* state, T* input)
        {
            Gemv.Multiply(Gain(t), state, input);
            Gemv.AddScaled(T.One, feedforward.Inputs.RowPointer(t), input, _m);
            GC.KeepAlive(feedforward);
        }
    }

    /// <summary>log det M = sum_t log det Q_uu,t + log det(d2 c_0 + V_0), the log determinant of the factored Hessian.</summary>
    /// <param name="bins">Number of bins of the trajectory that was factored.</param>
    public double LogDeterminant(int bins)
    {
        var sum = Cholesky.LogDeterminant(_initialFactor);
        for (var t = 0; t < bins - 1; t++)
        {
            sum += Cholesky.LogDeterminant(InputFactor(t));
        }

        return sum;
    }

    /// <summary>Asks for what a sweep will read at a step.</summary>
    private void Prefetch(Trajectory<T> at, InputVector<T> x, InputVector<T> y, int t)
    {
        _gains.Prefetch(t);
        at.Prefetch(t);
        Numerics.Prefetch.Row(x.Inputs, t);
        Numerics.Prefetch.Row(y.Inputs, t);
    }
}
