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
/// iteration costs three sweeps.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed unsafe class ConjugateGradients<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly InputVector<T> _residual;
    private readonly InputVector<T> _product;
    private readonly TangentRollout<T> _preconditioned;
    private readonly TangentRollout<T> _direction;
    private readonly Matrix<T> _block;
    private readonly Matrix<T> _initialBlock;
    private readonly Matrix<T> _blockProduct;

    /// <summary>Allocates the workspace of a problem.</summary>
    /// <param name="problem">The problem; its capacity bounds the number of bins.</param>
    public ConjugateGradients(ShootingProblem<T> problem)
    {
        _residual = new InputVector<T>(problem.Capacity, problem.StateCount, problem.InputCount);
        _product = new InputVector<T>(problem.Capacity, problem.StateCount, problem.InputCount);
        _preconditioned = new TangentRollout<T>(problem);
        _direction = new TangentRollout<T>(problem);
        _block = Matrix<T>.Allocate(problem.InputCount, problem.InputCount);
        _initialBlock = Matrix<T>.Allocate(problem.StateCount, problem.StateCount);
        _blockProduct = Matrix<T>.Allocate(1, Math.Max(problem.StateCount, problem.InputCount));
        Solution = new TangentRollout<T>(problem, hasTape: false);
    }

    /// <summary>v and its tangent roll-out, without tape; see <see cref="RollOutSolution"/>.</summary>
    public TangentRollout<T> Solution { get; }

    /// <summary>M^-1 b after <see cref="Begin"/>; <see cref="Continue"/> writes over it.</summary>
    public TangentRollout<T> Preconditioned => _preconditioned;

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
        Begin(problem, at, factors, b);
        return Continue(problem, at, adjoint, factors, hessian, tolerance, maximumIterations);
    }

    /// <summary>Applies the preconditioner to the right-hand side, which is all that a Gauss-Newton step needs.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="at">The trajectory.</param>
    /// <param name="factors">The preconditioner.</param>
    /// <param name="b">The right-hand side.</param>
    public void Begin(ShootingProblem<T> problem, Trajectory<T> at, RiccatiFactors<T> factors, InputVector<T> b)
    {
        _residual.SetBins(at.Bins);
        _residual.CopyFrom(b);
        PreconditionedNormSquared = factors.Apply(problem, at, _residual, _preconditioned);
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
        _direction.SetBins(at.Bins);
        Solution.SetBins(at.Bins);
        Solution.Clear();
        var first = PreconditionedNormSquared;
        var rho = first;
        if (!double.IsFinite(rho))
        {
            return new(ConjugateGradientStatus.NonFinite, 0, double.NaN);
        }

        if (rho == 0)
        {
            return new(ConjugateGradientStatus.Converged, 0, 0);
        }

        _direction.CopyFrom(_preconditioned);
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
                return new(ConjugateGradientStatus.NonFinite, iteration, Math.Sqrt(rho / first));
            }

            if (curvature <= 0)
            {
                // As if the curvature had the other sign, but no further than the preconditioner would go.
                Solution.AddScaled(Math.Min(1, -rho / curvature), _direction);
                return new(ConjugateGradientStatus.NegativeCurvature, iteration, Math.Sqrt(rho / first));
            }

            SmallestQuotient = Math.Min(SmallestQuotient, curvature / metric);
            var step = rho / curvature;
            Solution.AddScaled(step, _direction);
            _residual.AddScaled(-step, _product);
            var next = factors.Apply(problem, at, _residual, _preconditioned);
            if (!double.IsFinite(next))
            {
                return new(ConjugateGradientStatus.NonFinite, iteration, Math.Sqrt(rho / first));
            }

            if (next <= tolerance * tolerance * first)
            {
                return new(ConjugateGradientStatus.Converged, iteration, Math.Sqrt(next / first));
            }

            var conjugation = next / rho;
            _direction.ScaleAndAdd(conjugation, _preconditioned);
            metric = next + (conjugation * conjugation * metric);
            rho = next;
        }

        return new(ConjugateGradientStatus.MaximumIterations, maximumIterations, Math.Sqrt(rho / first));
    }

    /// <summary>v and its tangent roll-out with tape, as products with it need. The next run writes over it.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="at">The trajectory.</param>
    public TangentRollout<T> RollOutSolution(ShootingProblem<T> problem, Trajectory<T> at)
    {
        _direction.SetBins(at.Bins);
        _direction.Direction.CopyFrom(Solution.Direction);
        _direction.Run(problem, at);
        return _direction;
    }

    /// <summary>product += mu P direction, P the curvature of the priors that <see cref="RiccatiFactors{T}"/> regularises with.</summary>
    private void AddPriorCurvature(ShootingProblem<T> problem, Trajectory<T> at, T regularisation)
    {
        var direction = _direction.Direction;
        _initialBlock.Clear();
        problem.AddInitialCurvature(regularisation, _initialBlock);
        AddProduct(_initialBlock, direction.InitialPointer, _product.InitialPointer);
        for (var t = 0; t < at.Bins - 1; t++)
        {
            _block.Clear();
            problem.AddInputCurvature(t, at, CurvatureKind.GaussNewton, regularisation, _block);
            AddProduct(_block, direction.Inputs.RowPointer(t), _product.Inputs.RowPointer(t));
        }

        void AddProduct(Matrix<T> upper, T* x, T* y)
        {
            Cholesky.MirrorUpper(upper);
            Gemv.Multiply(upper, x, _blockProduct.Pointer);
            Gemv.AddScaled(T.One, _blockProduct.Pointer, y, upper.Columns);
        }
    }
}
