using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Models.Dynamics.Custom;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Models.Parameters;
using IlqrVae.Models.Priors;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Tests.Inference;

/// <summary>Trials much longer than those for training, of a system whose every stretch has two minima, with jumps as where a recording was cut.</summary>
public sealed class LongTrialSearchTests
{
    private const int Bins = 1000;

    private static readonly SolverOptions Options = new() { MaximumIterations = 300 };
    private static readonly SolveScope Whole = new();

    private readonly GenerativeModel<double> _model = Model();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void It_never_ends_above_the_pieces_joined_nor_above_what_else_was_tried_whatever_the_first_bin(ulong seed)
    {
        var observed = Simulate(seed);
        var solver = new MapSolver<double>(_model, Bins);
        var search = new MapSearch<double>(solver);
        foreach (var first in new[] { 0, 3 })
        {
            var trial = Prepare(observed, first, Bins - first);
            var found = search.Run(trial, Options);
            Assert.True(found.IsUsable);
            var cost = found.Cost;
            var others = new[] { solver.Solve(trial, null, Options).Cost, Grown(solver, trial), Joined(solver, trial, new MapSearch<double>(new MapSolver<double>(_model, 120)), 80) };
            Assert.True(cost <= others.Min() + 1e-6, $"bin {first}: {cost}, others {string.Join(" ", others)}");
            Assert.True(others.Max() > cost + 1, $"bin {first}: one minimum only, {cost}: the case is not hard");
        }
    }

    /// <summary>Of 200 bins, whose pieces of 60 are never divided themselves, also where much of the middle is hidden.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Nor_does_a_search_of_a_trial_of_medium_length(bool isPartlyHidden)
    {
        const int Medium = 200;
        var hidden = new bool[Medium];
        Array.Fill(hidden, true, 90, 40);
        var selection = isPartlyHidden ? new ObservationSelection { HiddenEntries = new Dictionary<string, bool[]>(StringComparer.Ordinal) { ["shown"] = hidden } } : null;
        var solver = new MapSolver<double>(_model, Medium);
        var search = new MapSearch<double>(solver);
        var whole = new MapSearch<double>(solver, isWhole: true);
        var pieces = new MapSearch<double>(new MapSolver<double>(_model, 100), isWhole: true);
        var (gained, trials) = (0.0, 0);
        for (ulong seed = 1; seed <= 3; seed++)
        {
            var observed = Simulate(seed);
            var absent = Prepare(observed, 0, Medium, [.. hidden.Select(one => !(one && isPartlyHidden))]);
            var expected = search.Run(absent, Options).Cost;
            for (var t = 0; t < Medium; t++)
            {
                // What nobody may look at.
                observed[t] = hidden[t] && isPartlyHidden ? 50 : observed[t];
            }

            var trial = Prepare(observed, 0, Medium);
            var cost = search.Run(trial, Options, selection).Cost;
            Assert.True(cost <= Joined(solver, trial, pieces, 60, selection) + 1e-6, $"seed {seed}");

            Assert.Equal(expected, cost, 1e-6);
            gained += whole.Run(trial, Options, selection).Cost - cost;
            trials++;
        }

        Assert.True(gained > 10 * trials, $"{gained} nats: the case is not hard");
    }

    [Fact]
    public void What_is_returned_is_a_solution_that_the_solver_holds_and_its_effort_that_of_all_attempts()
    {
        var trial = Prepare(Simulate(1), 0, Bins);
        var solver = new MapSolver<double>(_model, Bins);
        var rest = solver.Solve(trial, null, Options).Report;
        var found = new MapSearch<double>(solver).Run(trial, Options);
        Assert.True(found.IsCurrent);
        Assert.Equal(found.Cost, solver.Problem.Cost(found.Trajectory), 1e-9);
        var cost = found.Cost;
        Assert.Equal(rest.InitialCost, found.Report.InitialCost);
        Assert.True(found.Report.Iterations > rest.Iterations + 2);
        Assert.True(found.Report.Factorisations > rest.Factorisations + 2);
        Assert.True(found.Report.ConjugateGradientSteps > rest.ConjugateGradientSteps);
        var again = new MapSearch<double>(new MapSolver<double>(_model, Bins)).Run(trial, Options);
        Assert.Equal(found.Report, again.Report);
    }

    [Fact]
    public void A_group_of_which_nothing_was_seen_changes_nothing()
    {
        var observed = Simulate(1);
        var found = new MapSearch<double>(new MapSolver<double>(_model, Bins)).Run(Prepare(observed, 0, Bins), Options);
        var absent = new GaussianLikelihood<double>(
            "absent",
            new Parameter<double>("C2", 3, 2, Constraint.Free, [1, 2, 3, 4, 5, 6.0]),
            new Parameter<double>("d2", 1, 3, Constraint.Free, [0, 0, 0.0]),
            new Parameter<double>("variance2", 1, 3, Constraint.Positive, [1, 1, 1.0]));
        var both = new GenerativeModel<double>(_model.Dynamics, _model.InitialPrior, _model.InputPrior, [_model.Likelihoods[0], absent]);
        var trial = new Trial { Name = "long", Bins = Bins, Observations = [Observations.FromValues(new Table(Bins, 1, observed)), Observations.Missing(Bins, 3, ChannelKind.Values)] };
        var recording = new Recording
        {
            BinWidth = 0.01, Groups = [new ChannelGroup("shown", ChannelKind.Values, 1, ""), new ChannelGroup("absent", ChannelKind.Values, 3, "")], Trials = [trial],
        };
        var cost = found.Cost;
        Assert.Equal(cost, new MapSearch<double>(new MapSolver<double>(both, Bins)).Run(new PreparedTrial<double>(both, recording, trial), Options).Cost, 1e-9);
    }

    [Fact]
    public void Of_two_solutions_the_better_is_taken_stretch_by_stretch()
    {
        // The same minimum, disturbed in one stretch and in another.
        var trial = Prepare(Simulate(6), 0, 600);
        var solver = new MapSolver<double>(_model, 600);
        var start = new WarmStart<double>(600, 2, 2);
        start.CopyFrom(solver.Solve(trial, null, Options).Trajectory);
        var least = solver.Solve(trial, start, Options).Cost;
        var best = new SplicedSolution<double>(600, 2, 2);
        best.Take(Disturbed(100));
        var other = Disturbed(400);
        Assert.True(Math.Min(best.Cost, other.Cost) > least + 1);
        Assert.True(best.TryMix(solver.Problem, other));
        solver.Workspace.Join();
        var mixed = solver.Workspace.Current;
        Assert.InRange(mixed.Cost, least - 0.01, least + 0.01);

        // Nothing to gain from itself, nor from one that is worse throughout.
        best.Take(mixed);
        Assert.False(best.TryMix(solver.Problem, mixed));
        Assert.False(best.TryMix(solver.Problem, Disturbed(200)));

        Trajectory<double> Disturbed(int bin)
        {
            var at = solver.Begin(trial, null);
            start.CopyTo(at);
            at.Inputs[bin, 1] += 0.5;
            IterativeLqr<double>.RollOut(solver.Problem, at);
            return at;
        }
    }

    [Fact]
    public void Costs_of_parts_add_up_to_that_of_the_whole()
    {
        var trial = Prepare(Simulate(3), 0, 600);
        var solver = new MapSolver<double>(_model, 600);
        var at = solver.Solve(trial, null, Options with { MaximumIterations = 3 }).Trajectory;
        var sum = 0.0;
        foreach (var (first, bins) in new[] { (0, 1), (1, 250), (251, 349) })
        {
            sum += solver.Problem.PartCost(first, at.States.RowRange(first, bins), at.Inputs.RowRange(first, Math.Min(bins, 599 - first)));
        }

        Assert.Equal(at.Cost, sum, 1e-8);
    }

    [Fact]
    public void A_part_is_the_trial_of_its_bins_with_what_is_hidden_of_them()
    {
        var observed = Simulate(4);
        var hidden = new bool[300];
        Array.Fill(hidden, true, 120, 30);
        var selection = new ObservationSelection { HiddenEnd = 140, HiddenEntries = new Dictionary<string, bool[]>(StringComparer.Ordinal) { ["shown"] = hidden } };
        var solver = new MapSolver<double>(_model, 300);
        var part = solver.Solve(Prepare(observed, 0, 300).Part(100, 80), null, Options, new SolveScope { Selection = selection.Part(100, 80, 300) });
        Assert.Equal(30, part.ObservedCount);
        var cost = part.Cost;
        var kept = Enumerable.Range(0, 80).Select(t => t < 60 && !(t is >= 20 and < 50)).ToArray();
        var alone = solver.Solve(Prepare(observed, 100, 80, kept), null, Options);
        Assert.Equal(alone.Cost, cost, 1e-9);
    }

    [Fact]
    public void Joining_closes_gaps_and_leaves_alone_what_has_none()
    {
        var trial = Prepare(Simulate(5), 0, 300);
        var solver = new MapSolver<double>(_model, 300);
        var solved = solver.Solve(trial, null, Options);
        var (cost, states) = (solved.Cost, solved.Trajectory.States.ToArray());
        solver.Workspace.Join();
        Assert.Equal(cost, solver.Workspace.Current.Cost, 1e-9);
        Assert.Equal(states, solver.Workspace.Current.States.ToArray(), (a, b) => Math.Abs(a - b) < 1e-9);

        // A jump of the state that is shown in the middle, as between pieces.
        var current = solver.Workspace.Current;
        for (var t = 150; t < 300; t++)
        {
            current.States[t, 1] += 0.5 * Math.Pow(0.8, t - 150);
        }

        solver.Workspace.Join();
        var joined = solver.Workspace.Current;
        Assert.Equal(states[..300], joined.States.ToArray()[..300], (a, b) => Math.Abs(a - b) < 1e-9);
        Assert.NotEqual(states[302], joined.States[151, 0]);
        var joinedCost = joined.Cost;
        Assert.Equal(joinedCost, IterativeLqr<double>.RollOut(solver.Problem, joined), 1e-9);
        Assert.True(joinedCost < cost + 20, $"{joinedCost} {cost}");
    }

    private static double Grown(MapSolver<double> solver, PreparedTrial<double> trial)
    {
        var start = new WarmStart<double>(trial.Bins, 2, 2);
        for (var horizon = 10.0; horizon < trial.Bins; horizon *= 1.25)
        {
            start.CopyFrom(solver.Solve(trial, start, Options with { Tolerance = 0.1, MaximumIterations = 25 }, Whole with { Horizon = (int)horizon }).Trajectory);
        }

        return solver.Solve(trial, start, Options).Cost;
    }

    private double Joined(MapSolver<double> solver, PreparedTrial<double> trial, MapSearch<double> search, int piece, ObservationSelection? selection = null)
    {
        var (states, inputs) = (Matrix<double>.Allocate(trial.Bins, 2), Matrix<double>.Allocate(trial.Bins, 2));
        for (var first = 0; first < trial.Bins; first += piece)
        {
            var from = Math.Max(0, first - 20);
            var bins = Math.Min(trial.Bins, first + piece + 20) - from;
            var at = search.Run(trial.Part(from, bins), Options, selection?.Part(from, bins, trial.Bins)).Trajectory;
            for (var t = first; t < Math.Min(trial.Bins, first + piece); t++)
            {
                at.States.Row(t - from).CopyTo(states.Row(t));
                if (t - from < bins - 1)
                {
                    at.Inputs.Row(t - from).CopyTo(inputs.Row(t));
                }
            }
        }

        var scope = new SolveScope { Selection = selection };
        var current = solver.Begin(trial, scope);
        current.States.CopyFrom(states);
        current.Inputs.CopyFrom(inputs.RowRange(0, trial.Bins - 1));
        solver.Workspace.Join();
        var start = new WarmStart<double>(trial.Bins, 2, 2);
        start.CopyFrom(solver.Workspace.Current);
        return solver.Solve(trial, start, Options, scope).Cost;
    }

    private static GenerativeModel<double> Model() => new(
        new CustomDynamics<double, BistableDefinition>(new BistableDefinition()),
        new GaussianPrior<double>(new Parameter<double>("initial", 1, 2, Constraint.Positive, [1, 1])),
        new StudentPrior<double>(new Parameter<double>("inputs", 1, 2, Constraint.Positive, [0.1, 0.02]), new Parameter<double>("nu", 1, 1, Constraint.Positive, [6.0])),
        [
            new GaussianLikelihood<double>(
                "shown",
                new Parameter<double>("C", 1, 2, Constraint.Free, [0, 1.0]),
                new Parameter<double>("d", 1, 1, Constraint.Free, [0.0]),
                new Parameter<double>("variance", 1, 1, Constraint.Positive, [2.0])),
        ]);

    private PreparedTrial<double> Prepare(double[] observed, int first, int bins, bool[]? mask = null)
    {
        var trial = new Trial { Name = "long", Bins = bins, Observations = [Observations.FromValues(new Table(bins, 1, observed[first..(first + bins)]), mask)] };
        var recording = new Recording { BinWidth = 0.01, Groups = [new ChannelGroup("shown", ChannelKind.Values, 1, "")], Trials = [trial] };
        return new PreparedTrial<double>(_model, recording, trial);
    }

    /// <summary>The side changes every 100 to 300 bins, at once.</summary>
    private static double[] Simulate(ulong seed)
    {
        var random = new CounterRandom(seed, 0);
        var observed = new double[Bins];
        var (side, shown, left) = (1.0, 1.0, 150);
        for (var t = 0; t < Bins; t++)
        {
            if (left-- == 0)
            {
                side = -side;
                left = 200 + (int)(60 * Math.Clamp(random.NextNormal(), -1.6, 1.6));
            }

            shown = (0.8 * shown) + (0.2 * side);
            observed[t] = shown + (1.4 * random.NextNormal());
        }

        return observed;
    }
}
