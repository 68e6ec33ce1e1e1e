using System.Numerics;
using IlqrVae.Control;
using IlqrVae.Numerics;

namespace IlqrVae.Inference;

/// <summary>
/// The MAP inputs of a trial nobody has solved before. Where the learned dynamics is strong and inputs are rare, J has many local minima, and a solve of
/// the whole trial from rest may end in a poor one: a small error of the initial state grows until no bin far away agrees with the data. Training does
/// not notice, because its warm starts follow each trial from the days when the dynamics was weak.
/// </summary>
/// <remarks>
/// A growing horizon avoids that: the first few bins, where J is almost convex, are solved alone, and then again and again with a quarter more bins,
/// each time from what was found before and no inputs after it. New bins are then predicted from a state that the data before them determine, and the
/// little they add corrects it. The first attempt follows the best of many initial states drawn from their prior, judged by forty bins (even the first few bins
/// may have several minima), the second by twenty; where both and the solve from rest agree, as they do for gentle dynamics, the search is over. Else the trial
/// is solved in <see cref="JoinedPieces{T}"/>. The best minimum is kept.
/// <para>Within a piece, in a trial no longer than one, and where there are no inputs to join pieces by, more is tried in their place: other first horizons, from drawn states or with inputs that are
/// cheap at first (which makes J almost convex too), and the whole trial with cheap inputs. That three attempts agree ends the search only where no other ended
/// far away, as in long trials with small local differences: in chaos seven attempts of nine may share a minimum twenty nats above the best.</para>
/// <para>What to try was measured on 640 trials of 100 bins, inferred from Lorenz spikes of 60 neurons, or of 48 of them, with four models. This search ended above the best
/// minimum known in 9 of them, by 11 nats in all, in 98 factorisations a trial. The nine attempts for pieces ended above it in 9, by 62 nats (52 in one trial, in which all of them fail), in 91.</para>
/// <para>Trials of more than <see cref="LongTrial"/> bins are left to a <see cref="LongTrialSearch{T}"/>.</para>
/// </remarks>
/// <typeparam name="T">float or double.</typeparam>
public sealed class MapSearch<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Attempts before a trial is solved in pieces.</summary>
    private const int AttemptsBeforePieces = 2;

    /// <summary>
    /// Growing horizons in the order in which they are tried: whether the first one begins at an initial state drawn from its prior or with cheap inputs,
    /// and its bins.
    /// </summary>
    private static readonly (bool IsDrawn, int FirstHorizon)[] Attempts =
        [(true, 40), (true, 20), (false, 10), (true, 10), (false, 20), (false, 30), (false, 5)];

    /// <summary>Bins of a piece, and bins on either side that are solved with it and left away. Trials that are no longer are not divided.</summary>
    private const int Piece = 60;
    private const int Margin = 20;

    /// <summary>Trials of more bins have their minima stretch by stretch.</summary>
    internal const int LongTrial = 500;

    /// <summary>A horizon over the one before.</summary>
    internal const double Growth = 1.25;

    /// <summary>Initial states drawn from their prior, of which the one that agrees best with the first horizon is followed.</summary>
    private const int DrawnStates = 256;

    /// <summary>Weights of the inputs' prior, from cheap to almost its own.</summary>
    internal static readonly double[] Prices = [1.0 / 256, 1.0 / 64, 1.0 / 16, 1.0 / 4];

    /// <summary>The solves on the way need not be exact.</summary>
    private const double CoarseTolerance = 0.1;
    private const int CoarseIterations = 25;

    /// <summary>Two minima are the same when their costs differ by less than this many nats and by less than this share.</summary>
    private const double SameNats = 0.01;
    private const double SameShare = 1e-6;

    /// <summary>Attempts that end in one minimum before it is believed.</summary>
    private const int Agreeing = 3;

    /// <summary>A trial is gentle when all its minima found so far lie within this share.</summary>
    private const double GentleShare = 1e-4;

    private readonly MapSolver<T> _solver;
    private readonly bool _isWhole;
    private LongTrialSearch<T>? _long;
    private JoinedPieces<T>? _pieces;

    /// <summary>Solves with a solver's workspace.</summary>
    /// <param name="solver">The solver, which holds the solution afterwards.</param>
    public MapSearch(MapSolver<T> solver)
        : this(solver, isWhole: false)
    {
    }

    /// <summary>Solves with a solver's workspace.</summary>
    /// <param name="solver">The solver.</param>
    /// <param name="isWhole">Whether trials are never divided into pieces, being such themselves.</param>
    internal MapSearch(MapSolver<T> solver, bool isWhole)
    {
        ArgumentNullException.ThrowIfNull(solver);
        (_solver, _isWhole) = (solver, isWhole);
    }

    /// <summary>Finds the MAP inputs. Allocates two starts and a few small objects.</summary>
    /// <param name="trial">The trial.</param>
    /// <param name="options">Settings of the last solve.</param>
    /// <param name="selection">Observations that do not count; null for none.</param>
    /// <returns>The best solution, valid until the solver solves again; iterations, factorisations and products include all that was spent.</returns>
    public MapSolution<T> Run(PreparedTrial<T> trial, SolverOptions options, ObservationSelection? selection = null)
    {
        ArgumentNullException.ThrowIfNull(trial);
        ArgumentNullException.ThrowIfNull(options);
        var isDivided = !_isWhole && _solver.Model.InputCount > 0 && trial.Bins > Piece + Margin;
        if (isDivided && trial.Bins > LongTrial)
        {
            return (_long ??= new LongTrialSearch<T>(_solver)).Run(trial, options, selection);
        }

        var whole = new SolveScope { Selection = selection };
        var bestStart = new WarmStart<T>(trial.Bins, _solver.Model.StateCount, _solver.Model.InputCount);
        var start = new WarmStart<T>(trial.Bins, _solver.Model.StateCount, _solver.Model.InputCount);
        var solution = _solver.Solve(trial, null, options, whole);
        bestStart.CopyFrom(solution.Trajectory);
        var rest = solution.Report;
        var (best, spent, isLast) = (rest, default(SearchEffort).And(rest), true);
        var costs = new List<double> { rest.Cost };

        // Returns whether the search is over: the one just tried ends where others did, and none ended far from the best.
        bool Compare(SolveReport next)
        {
            costs.Add(next.Cost);
            var isSame = costs.Count(cost => AreSame(next.Cost, cost)) >= Agreeing;
            isLast = next.Cost <= best.Cost || !double.IsFinite(best.Cost);
            if (isLast)
            {
                best = next;
                bestStart.CopyFrom(solution.Trajectory);
            }

            return isSame && costs.Max() - best.Cost <= SameNats + (GentleShare * Math.Abs(best.Cost));
        }

        var isOver = false;
        foreach (var (isDrawn, first) in Attempts.Where(attempt => attempt.FirstHorizon < trial.Bins).Take(isDivided ? AttemptsBeforePieces : Attempts.Length))
        {
            isOver = Compare(isDrawn ? GrowFromLikelyState(first) : GrowFromCheapInputs(first));
            if (isOver)
            {
                break;
            }
        }

        if (!isOver)
        {
            Compare(isDivided ? SolvePieces() : FromCheapInputs(options, whole));
        }

        if (!isLast)
        {
            // Back to the best, which from its own solution takes one look.
            best = Solve(bestStart, options, whole);
        }

        return solution.With(best with
        {
            InitialCost = rest.InitialCost,
            Iterations = spent.Iterations,
            Factorisations = spent.Factorisations,
            ConjugateGradientSteps = spent.ConjugateGradientSteps,
        });

        SolveReport GrowFromCheapInputs(int first)
        {
            FromCheapInputs(Coarse(options), whole with { Horizon = first });
            return Grow(first);
        }

        SolveReport GrowFromLikelyState(int first)
        {
            Array.Clear(start.Values);
            LikelyInitialState(trial, whole with { Horizon = first }).CopyTo(start.Values, 0);
            return Grow(first);
        }

        SolveReport Grow(int first)
        {
            for (var horizon = (double)first; horizon < trial.Bins; horizon *= Growth)
            {
                Solve(start, Coarse(options), whole with { Horizon = (int)horizon });
            }

            return Solve(start, options, whole);
        }

        SolveReport SolvePieces()
        {
            spent += (_pieces ??= new JoinedPieces<T>(_solver, new MapSearch<T>(_solver, isWhole: true), Piece, Margin)).Run(trial, options, whole, Piece);
            start.CopyFrom(_solver.Workspace.Current);
            return Solve(start, options, whole);
        }

        SolveReport FromCheapInputs(SolverOptions last, SolveScope scope)
        {
            Array.Clear(start.Values);
            foreach (var price in Prices)
            {
                Solve(start, Coarse(options), scope with { InputPriorWeight = price });
            }

            return Solve(start, last, scope);
        }

        SolveReport Solve(WarmStart<T> from, SolverOptions settings, SolveScope scope)
        {
            solution = _solver.Solve(trial, from, settings, scope);
            from.CopyFrom(solution.Trajectory);
            var report = solution.Report;
            spent = spent.And(report);
            return report;
        }
    }

    /// <summary>Of many initial states that from which the dynamics, left alone, agrees best with the first bins. Always tries the same ones.</summary>
    private T[] LikelyInitialState(PreparedTrial<T> trial, SolveScope scope)
    {
        var trajectory = _solver.Begin(trial, scope);
        var problem = _solver.Problem;
        trajectory.ClearInputs();
        var random = new CounterRandom(0, RandomStreams.LikelyStates);
        var best = trajectory.States.Row(0).ToArray();
        var leastCost = double.PositiveInfinity;
        for (var k = 0; k < DrawnStates; k++)
        {
            problem.SampleInitialState(ref random, trajectory.States.RowRange(0, 1));
            var cost = IterativeLqr<T>.RollOut(problem, trajectory);
            if (cost < leastCost)
            {
                leastCost = cost;
                trajectory.States.Row(0).CopyTo(best);
            }
        }

        return best;
    }

    /// <summary>Whether two costs are those of the same minimum.</summary>
    internal static bool AreSame(double cost, double other) => Math.Abs(cost - other) <= SameNats + (SameShare * Math.Abs(other));

    /// <summary>Settings of solves on the way.</summary>
    internal static SolverOptions Coarse(SolverOptions options)
        => options with { Tolerance = Math.Max(options.Tolerance, CoarseTolerance), MaximumIterations = CoarseIterations };
}
