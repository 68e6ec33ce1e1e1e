using System.Numerics;
using IlqrVae.Control;

namespace IlqrVae.Inference;

/// <summary>
/// The MAP inputs of a trial much longer than those that dynamics are learned from. What a search of the whole trial finds is right in one stretch and poor in
/// another, whatever it starts from, so that it is not enough to keep the best of several solutions: the best is kept of every stretch.
/// </summary>
/// <remarks>
/// Attempts are the solve from rest; pieces, each searched for by itself with some bins around it, joined by feedback and solved as a whole, and pieces with
/// seams elsewhere; a growing horizon; and inputs that are cheap at first. Each is compared with the best so far stretch by stretch (<see cref="SplicedSolution{T}"/>), and where both have better ones
/// these are joined and solved. What is returned is thus never above the pieces joined and solved, nor above any other attempt. The first two attempts end
/// the search where they find the same minimum.
/// </remarks>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class LongTrialSearch<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Bins of a piece, and bins on either side that are solved with it and left away.</summary>
    internal const int Piece = 80;
    internal const int Margin = 20;

    private const int FirstHorizon = 10;

    private readonly MapSolver<T> _solver;
    private readonly JoinedPieces<T> _pieces;

    /// <summary>Solves with a solver's workspace.</summary>
    /// <param name="solver">The solver of whole trials.</param>
    public LongTrialSearch(MapSolver<T> solver)
    {
        _solver = solver;
        _pieces = new JoinedPieces<T>(solver, new MapSearch<T>(solver), Piece, Margin);
    }

    /// <summary>Finds the MAP inputs.</summary>
    /// <param name="trial">The trial.</param>
    /// <param name="options">Settings of the last solve.</param>
    /// <param name="selection">Observations that do not count; null for none.</param>
    /// <returns>
    /// The best solution, valid until the solver solves again. Iterations, factorisations and products include all that was spent, of pieces as shares of the
    /// trial: an iteration of each piece is one iteration.
    /// </returns>
    public MapSolution<T> Run(PreparedTrial<T> trial, SolverOptions options, ObservationSelection? selection)
    {
        var whole = new SolveScope { Selection = selection };
        var start = new WarmStart<T>(trial.Bins, _solver.Model.StateCount, _solver.Model.InputCount);
        var aside = new WarmStart<T>(trial.Bins, _solver.Model.StateCount, _solver.Model.InputCount);
        var best = new SplicedSolution<T>(trial.Bins, _solver.Model.StateCount, _solver.Model.InputCount);
        var effort = default(SearchEffort);
        var solution = _solver.Solve(trial, null, options, whole);
        effort = effort.And(solution.Report);
        var rest = solution.Report;
        var report = rest;
        var isLast = false;
        Keep();
        solution = SolvePieces(Piece);
        var isSame = MapSearch<T>.AreSame(solution.Cost, rest.Cost);
        Compare();
        if (!isSame)
        {
            solution = SolvePieces(Piece / 2);
            Compare();
            solution = Grow();
            Compare();
            solution = FromCheapInputs();
            Compare();
        }

        if (!isLast && double.IsFinite(best.Cost))
        {
            // Back to the best, which from its own solution takes one look.
            best.CopyTo(_solver.Begin(trial, whole));
            start.CopyFrom(_solver.Workspace.Current);
            solution = Solve(options, whole);
            report = solution.Report;
        }

        return solution.With(report with
        {
            InitialCost = rest.InitialCost,
            Iterations = effort.Iterations,
            Factorisations = effort.Factorisations,
            ConjugateGradientSteps = effort.ConjugateGradientSteps,
        });

        void Keep()
        {
            best.Take(solution.Trajectory);
            report = solution.Report;
            isLast = true;
        }

        // Keeps the last solution, or the best of both stretch by stretch.
        void Compare()
        {
            isLast = false;
            if (!double.IsFinite(solution.Cost))
            {
                return;
            }

            var isBetter = solution.Cost <= best.Cost || !double.IsFinite(best.Cost);
            if (double.IsFinite(best.Cost) && !MapSearch<T>.AreSame(solution.Cost, best.Cost))
            {
                aside.CopyFrom(solution.Trajectory);
                var lastCost = solution.Cost;
                if (best.TryMix(_solver.Problem, solution.Trajectory))
                {
                    solution = SolveJoined();
                    if (solution.Cost <= Math.Min(best.Cost, lastCost))
                    {
                        Keep();
                        return;
                    }

                    // Mixing was no use.
                    if (!isBetter)
                    {
                        return;
                    }

                    Array.Copy(aside.Values, start.Values, start.Values.Length);
                    solution = Solve(options, whole);
                }
            }

            if (isBetter)
            {
                Keep();
            }
        }

        MapSolution<T> SolvePieces(int firstPiece)
        {
            effort += _pieces.Run(trial, options, whole, firstPiece);
            start.CopyFrom(_solver.Workspace.Current);
            return Solve(options, whole);
        }

        MapSolution<T> SolveJoined()
        {
            var passes = _solver.Workspace.Factors.Passes;
            _solver.Workspace.Join();
            effort += new SearchEffort(0, _solver.Workspace.Factors.Passes - passes, 0);
            start.CopyFrom(_solver.Workspace.Current);
            return Solve(options, whole);
        }

        MapSolution<T> Grow()
        {
            Array.Clear(start.Values);
            for (var horizon = (double)FirstHorizon; horizon < trial.Bins; horizon *= MapSearch<T>.Growth)
            {
                Solve(MapSearch<T>.Coarse(options), whole with { Horizon = (int)horizon });
            }

            return Solve(options, whole);
        }

        MapSolution<T> FromCheapInputs()
        {
            Array.Clear(start.Values);
            foreach (var price in MapSearch<T>.Prices)
            {
                Solve(MapSearch<T>.Coarse(options), whole with { InputPriorWeight = price });
            }

            return Solve(options, whole);
        }

        MapSolution<T> Solve(SolverOptions settings, SolveScope scope)
        {
            var found = _solver.Solve(trial, start, settings, scope);
            start.CopyFrom(found.Trajectory);
            effort = effort.And(found.Report);
            return found;
        }
    }
}
