using System.Numerics;
using IlqrVae.Control;
using IlqrVae.Numerics;

namespace IlqrVae.Inference;

/// <summary>
/// Solves a trial in pieces, each searched for by itself with some bins on either side that are left away, and joins them by feedback. What many bins before a
/// piece make hard in a search of the whole trial is no part of its own, so that a piece ends in its best minimum far more often; its margins are seen from both
/// sides of a seam.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class JoinedPieces<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly MapSolver<T> _solver;
    private readonly MapSearch<T> _search;
    private readonly int _piece;
    private readonly int _margin;

    /// <summary>Solves with a solver's workspace.</summary>
    /// <param name="solver">The solver of whole trials.</param>
    /// <param name="search">Finds pieces, with the same solver.</param>
    /// <param name="piece">Bins of a piece.</param>
    /// <param name="margin">Bins on either side that are solved with it.</param>
    public JoinedPieces(MapSolver<T> solver, MapSearch<T> search, int piece, int margin)
        => (_solver, _search, _piece, _margin) = (solver, search, piece, margin);

    /// <summary>Leaves the joined pieces in the workspace's current trajectory, to be solved from there. Seams are where the first piece ends and then at every piece's length.</summary>
    /// <param name="trial">The trial.</param>
    /// <param name="options">Settings of the pieces' solves.</param>
    /// <param name="whole">What is looked at: all bins.</param>
    /// <param name="firstPiece">Bins of the first piece.</param>
    /// <returns>What was spent, as shares of the trial: an iteration of each piece is one iteration.</returns>
    public SearchEffort Run(PreparedTrial<T> trial, SolverOptions options, SolveScope whole, int firstPiece)
    {
        var states = Matrix<T>.Allocate(trial.Bins, _solver.Model.StateCount);
        var inputs = Matrix<T>.Allocate(trial.Bins - 1, _solver.Model.InputCount);
        var (iterations, factorisations, products) = (0L, 0L, 0L);
        for (var (first, end) = (0, Math.Min(trial.Bins, firstPiece)); first < trial.Bins; (first, end) = (end, Math.Min(trial.Bins, end + _piece)))
        {
            var (from, bins) = (Math.Max(0, first - _margin), Math.Min(trial.Bins, end + _margin) - Math.Max(0, first - _margin));
            var piece = _search.Run(trial.Part(from, bins), options, whole.Selection?.Part(from, bins, trial.Bins));
            states.RowRange(first, end - first).CopyFrom(piece.Trajectory.States.RowRange(first - from, end - first));
            var steps = Math.Min(end, trial.Bins - 1) - first;
            inputs.RowRange(first, steps).CopyFrom(piece.Trajectory.Inputs.RowRange(first - from, steps));
            iterations += (long)piece.Report.Iterations * bins;
            factorisations += (long)piece.Report.Factorisations * bins;
            products += (long)piece.Report.ConjugateGradientSteps * bins;
        }

        var current = _solver.Begin(trial, whole);
        current.States.CopyFrom(states);
        current.Inputs.CopyFrom(inputs);
        var passes = _solver.Workspace.Factors.Passes;
        _solver.Workspace.Join();
        return new SearchEffort(Share(iterations), Share(factorisations) + _solver.Workspace.Factors.Passes - passes, Share(products));

        int Share(long spent) => (int)Math.Min(int.MaxValue, (spent + trial.Bins - 1) / trial.Bins);
    }
}
