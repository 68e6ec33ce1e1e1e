using System.Numerics;
using IlqrVae.Control;

namespace IlqrVae.Inference;

/// <summary>
/// The MAP inputs of one trial: trajectory, derivatives and factors, and how the solve ended. It is a view of its solver's workspace: whoever owns the
/// solver owns the solution, until the solver solves again. From then on all but <see cref="Trial"/> and <see cref="Report"/> throws; what is to last longer is
/// copied, as <see cref="WarmStart{T}"/> copies the decision variables. It belongs to the parameters that it was solved with.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
public readonly struct MapSolution<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly MapSolver<T> _solver;
    private readonly long _version;

    internal MapSolution(MapSolver<T> solver, PreparedTrial<T> trial, SolveReport report)
    {
        _solver = solver;
        _version = solver.Version;
        Trial = trial;
        Report = report;
    }

    private MapSolution(MapSolution<T> other, SolveReport report)
    {
        _solver = other._solver;
        _version = other._version;
        Trial = other.Trial;
        Report = report;
    }

    /// <summary>The trial.</summary>
    public PreparedTrial<T> Trial { get; }

    /// <summary>How the solve ended and what it took.</summary>
    public SolveReport Report { get; }

    /// <summary>J in nats.</summary>
    public double Cost => Report.Cost;

    /// <summary>How the solve ended.</summary>
    public SolverStatus Status => Report.Status;

    /// <summary>False where the trial's numbers overflow, so that nothing can be built on the solution.</summary>
    public bool IsUsable => double.IsFinite(Report.Cost) && Report.Status != SolverStatus.NonFinite;

    /// <summary>Whether the solver still holds it.</summary>
    public bool IsCurrent => _solver is not null && _solver.Version == _version;

    /// <summary>States and inputs.</summary>
    /// <exception cref="InvalidOperationException">The solver has solved again since.</exception>
    public Trajectory<T> Trajectory => Workspace.Current;

    /// <summary>Number of observed entries that the solve saw.</summary>
    /// <exception cref="InvalidOperationException">The solver has solved again since.</exception>
    public long ObservedCount => Problem.ObservedCount;

    /// <summary>The solver that holds it.</summary>
    internal MapSolver<T> Solver
        => IsCurrent ? _solver : throw new InvalidOperationException("The solver has solved again since, and with that written over this solution; copy what is to last longer.");

    /// <summary>The problem, bound to the trial and differentiated at the trajectory. To differentiate elsewhere, take a problem of your own.</summary>
    internal TrialProblem<T> Problem => Solver.Problem;

    /// <summary>Gradient, costates, factors (those of the trajectory or an iterate shortly before it), and room for products with the Hessian.</summary>
    internal IterativeLqr<T> Workspace => Solver.Workspace;

    /// <summary>The same solution with another report, as of a search that took many solves.</summary>
    internal MapSolution<T> With(SolveReport report) => new(this, report);
}
