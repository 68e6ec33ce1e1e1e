using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Control;

/// <summary>How a run of conjugate gradients ended.</summary>
public enum ConjugateGradientStatus
{
    /// <summary>The residual fell below the tolerance.</summary>
    Converged,

    /// <summary>The limit of iterations was reached first; the result is the best so far.</summary>
    MaximumIterations,

    /// <summary>
    /// A direction of negative (or no) curvature was met: the Hessian is not positive definite. The result is the last one before it plus a step along
    /// that direction, a direction of descent.
    /// </summary>
    NegativeCurvature,

    /// <summary>A number was not finite.</summary>
    NonFinite,
}

/// <summary>How a run of conjugate gradients ended and what it took.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Iterations">Hessian products used.</param>
/// <param name="RelativeResidual">Residual over right-hand side, both in the norm of the preconditioner.</param>
public readonly record struct ConjugateGradientResult(ConjugateGradientStatus Status, int Iterations, double RelativeResidual);

/// <summary>
/// Solves H v = b by conjugate gradients with the exact Hessian H, preconditioned with Riccati factors (Hestenes and Stiefel; Nocedal and Wright,
/// Algorithm 5.3). The preconditioner's forward sweep is the tangent roll-out that the product needs, and roll-outs combine linearly, so an
/// iteration costs three sweeps: the product's one backwards, the preconditioner's backwards and forwards.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class ConjugateGradients<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly InputVector<T> _residual;
    private readonly InputVector<T> _product;
    private readonly TangentRollout<T> _direction;
    private readonly Matrix<T> _solutionStates;
    private readonly Matrix<T> _block;
    private readonly Matrix<T> _initialBlock;
    private readonly Matrix<T> _blockProduct;
    private readonly Matrix<T> _initialBlockProduct;

    /// <summary>Allocates the workspace of a problem.</summary>
    /// <param name="problem">The problem; its capacity bounds the number of bins.</param>
    /// <param name="recordedBins">Of trials of more bins, only what cannot be computed again is kept.</param>
    public ConjugateGradients(ShootingProblem<T> problem, int recordedBins = int.MaxValue)
    {
        _residual = new InputVector<T>(problem.Capacity, problem.StateCount, problem.InputCount);
        _product = new InputVector<T>(problem.Capacity, problem.StateCount, problem.InputCount);
        _direction = new TangentRollout<T>(problem, recordedBins);
        _solutionStates = Matrix<T>.Allocate(Math.Min(problem.Capacity, recordedBins), problem.StateCount);
        _block = Matrix<T>.Allocate(problem.InputCount, problem.InputCount);
        _initialBlock = Matrix<T>.Allocate(problem.StateCount, problem.StateCount);
        _blockProduct = Matrix<T>.Allocate(1, problem.InputCount);
        _initialBlockProduct = Matrix<T>.Allocate(1, problem.StateCount);
        Solution = new InputVector<T>(problem.Capacity, problem.StateCount, problem.InputCount);
    }

    /// <summary>v; see <see cref="RollOutSolution"/>.</summary>
    public InputVector<T> Solution { get; }

    /// <summary>What the preconditioner's sweep backwards leaves for the one forwards. A product that the residual has taken up makes room for it.</summary>
    private InputVector<T> Feedforward => _product;

    /// <summary>b' M^-1 b of the last run: twice the decrease that the preconditioner's quadratic model predicts.</summary>
    public double PreconditionedNormSquared { get; private set; }

    /// <summary>
    /// The smallest Rayleigh quotient p'Hp / p'Mp over the directions of the last run: how much the preconditioner M overrates the Hessian H.
    /// </summary>
    public double SmallestQuotient { get; private set; } = 1;

    /// <summary>Solves H v = b.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="at">The trajectory.</param>
    /// <param name="adjoint">The adjoint sweep at the trajectory.</param>
    /// <param name="factors">The preconditioner.</param>
    /// <param name="hessian">The operator.</param>
    /// <param name="b">The right-hand side.</param>
    /// <param name="tolerance">Relative residual in the preconditioner's norm at which to stop.</param>
    /// <param name="maximumIterations">Limit of Hessian products.</param>
    public ConjugateGradientResult Solve(
        ShootingProblem<T> problem,
        Trajectory<T> at,
        AdjointSweep<T> adjoint,
        RiccatiFactors<T> factors,
        ExactHessian<T> hessian,
        InputVector<T> b,
        double tolerance,
        int maximumIterations)
    {
        Begin(problem, at, factors, b, 1);
        return Continue(problem, at, adjoint, factors, hessian, tolerance, maximumIterations);
    }

    /// <summary>
    /// The preconditioner's sweep backwards over the right-hand side: enough for <see cref="PreconditionedNormSquared"/>.
    /// <see cref="RollOutPreconditioned"/> or <see cref="Continue"/> go on from there.
    /// </summary>
    /// <param name="problem">The problem.</param>
    /// <param name="at">The trajectory.</param>
    /// <param name="factors">The preconditioner.</param>
    /// <param name="b">The right-hand side,</param>
    /// <param name="scale">but for this factor.</param>
    public void Begin(ShootingProblem<T> problem, Trajectory<T> at, RiccatiFactors<T> factors, InputVector<T> b, double scale)
    {
        _residual.SetBins(at.Bins);
        _residual.CopyFrom(b);
        if (scale != 1)
        {
            _residual.Scale(scale);
        }

        Feedforward.SetBins(at.Bins);
        PreconditionedNormSquared = factors.SweepBack(problem, at, _residual, Feedforward);
    }

    /// <summary>M^-1 b after <see cref="Begin"/>, rolled out: all that a Gauss-Newton step needs.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="at">The trajectory.</param>
    /// <param name="factors">The preconditioner.</param>
    /// <returns>The direction; the next run writes over it.</returns>
    public TangentRollout<T> RollOutPreconditioned(ShootingProblem<T> problem, Trajectory<T> at, RiccatiFactors<T> factors)
    {
        factors.SweepForward(problem, at, Feedforward, 0, _direction);
        return _direction;
    }

    /// <summary>Iterates from what <see cref="Begin"/> left.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="at">The trajectory.</param>
    /// <param name="adjoint">The adjoint sweep at the trajectory.</param>
    /// <param name="factors">The preconditioner.</param>
    /// <param name="hessian">The operator.</param>
    /// <param name="tolerance">Relative residual in the preconditioner's norm at which to stop.</param>
    /// <param name="maximumIterations">Limit of Hessian products.</param>
    /// <param name="regularisation">mu, to solve with the Hessian plus mu times the priors' curvature instead.</param>
    public ConjugateGradientResult Continue(
        ShootingProblem<T> problem,
        Trajectory<T> at,
        AdjointSweep<T> adjoint,
        RiccatiFactors<T> factors,
        ExactHessian<T> hessian,
        double tolerance,
        int maximumIterations,
        double regularisation = 0)
    {
        var solutionStates = SolutionStates(at.Bins);
        Solution.SetBins(at.Bins);
        Solution.Clear();
        solutionStates.Clear();
        var first = PreconditionedNormSquared;
        var rho = first;
        if (!double.IsFinite(rho))
        {
            return NonFinite(0, double.NaN);
        }

        if (rho == 0)
        {
            return new(ConjugateGradientStatus.Converged, 0, 0);
        }

        RollOutPreconditioned(problem, at, factors);
        var metric = rho;
        SmallestQuotient = double.PositiveInfinity;
        for (var iteration = 1; iteration <= maximumIterations; iteration++)
        {
            hessian.Multiply(problem, at, adjoint, _direction, _product);
            if (regularisation > 0)
            {
                AddPriorCurvature(problem, at, T.CreateSaturating(regularisation));
            }

            var curvature = _direction.Direction.Dot(_product);
            if (!double.IsFinite(curvature))
            {
                return NonFinite(iteration, Math.Sqrt(rho / first));
            }

            if (curvature <= 0)
            {
                // As if the curvature had the other sign, but no further than the preconditioner would go.
                AddToSolution(Math.Min(1, -rho / curvature), solutionStates);
                return new(ConjugateGradientStatus.NegativeCurvature, iteration, Math.Sqrt(rho / first));
            }

            SmallestQuotient = Math.Min(SmallestQuotient, curvature / metric);
            var step = rho / curvature;
            AddToSolution(step, solutionStates);
            _residual.AddScaled(-step, _product);
            var next = factors.SweepBack(problem, at, _residual, Feedforward);
            if (!double.IsFinite(next))
            {
                return NonFinite(iteration, Math.Sqrt(rho / first));
            }

            if (next <= tolerance * tolerance * first)
            {
                return new(ConjugateGradientStatus.Converged, iteration, Math.Sqrt(next / first));
            }

            var conjugation = next / rho;
            factors.SweepForward(problem, at, Feedforward, conjugation, _direction);
            metric = next + (conjugation * conjugation * metric);
            rho = next;
        }

        return new(ConjugateGradientStatus.MaximumIterations, maximumIterations, Math.Sqrt(rho / first));
    }

    /// <summary>v and its tangent roll-out, as products with it need. The next run writes over it.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="at">The trajectory.</param>
    public TangentRollout<T> RollOutSolution(ShootingProblem<T> problem, Trajectory<T> at)
    {
        _direction.SetBins(at.Bins);
        _direction.Direction.CopyFrom(Solution);
        _direction.Run(problem, at);
        return _direction;
    }

    /// <summary>v as a direction to step along. Its states are summed as v is in trials whose records are kept, and rolled out in longer ones.</summary>
    internal SearchDirection<T> SearchDirection(ShootingProblem<T> problem, Trajectory<T> at)
    {
        var states = SolutionStates(at.Bins);
        return states.IsEmpty ? new(RollOutSolution(problem, at)) : new(Solution, states);
    }

    /// <summary>Numbers that are not finite get into the padding of rows too, which nobody writes again: they must not outlive the run there.</summary>
    private ConjugateGradientResult NonFinite(int iterations, double relativeResidual)
    {
        _residual.Clear();
        _product.Clear();
        _direction.Clear();
        return new(ConjugateGradientStatus.NonFinite, iterations, relativeResidual);
    }

    private Matrix<T> SolutionStates(int bins) => bins <= _solutionStates.Rows ? _solutionStates.RowRange(0, bins) : default;

    private void AddToSolution(double step, Matrix<T> states)
    {
        Solution.AddScaled(step, _direction.Direction);
        if (!states.IsEmpty)
        {
            RowOperations.AddScaled(T.CreateSaturating(step), _direction.States, states);
        }
    }

    /// <summary>product += mu P direction, P the curvature of the priors that <see cref="RiccatiFactors{T}"/> regularises with.</summary>
    private void AddPriorCurvature(ShootingProblem<T> problem, Trajectory<T> at, T regularisation)
    {
        var direction = _direction.Direction;
        _initialBlock.Clear();
        problem.AddInitialCurvature(regularisation, _initialBlock);
        AddProduct(_initialBlock, direction.InitialPointer, _initialBlockProduct.Pointer, _product.InitialPointer);
        for (var t = 0; t < at.Bins - 1; t++)
        {
            _block.Clear();
            problem.AddInputCurvature(t, at, CurvatureKind.GaussNewton, regularisation, _block);
            AddProduct(_block, direction.Inputs.RowPointer(t), _blockProduct.Pointer, _product.Inputs.RowPointer(t));
        }

        GC.KeepAlive(this);

        static void AddProduct(Matrix<T> upper, T* x, T* product, T* y)
        {
            Cholesky.MirrorUpper(upper);
            Gemv.Multiply(upper, x, product);
            Gemv.AddScaled(T.One, product, y, upper.Columns);
        }
    }
}
