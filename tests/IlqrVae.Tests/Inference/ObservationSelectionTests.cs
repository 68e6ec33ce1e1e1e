using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Tests.Inference;

/// <summary>Hiding as an argument of a solve gives what the same entries marked missing in the recording give.</summary>
public sealed class ObservationSelectionTests
{
    private const int Bins = 12;
    private const int Spikes = 4;
    private const int Values = 3;

    public static TheoryData<string> Cases => ["group", "end", "entries", "all of these", "nothing", "everything"];

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_is_hidden_counts_as_missing(string which)
    {
        var recording = Recording(null);
        var (model, capacity) = Model(recording);
        var selection = Selection(which);
        var hidden = Recording(selection);
        Assert.Equal(Evaluate(new MapSolver<double>(model.Generative, capacity), hidden, null), Evaluate(new MapSolver<double>(model.Generative, capacity), recording, selection));

        // And with a solver that has seen other selections before.
        var used = new MapSolver<double>(model.Generative, capacity);
        foreach (var other in Cases.Select(row => row.Data))
        {
            Evaluate(used, recording, Selection(other));
            Evaluate(used, recording, null);
        }

        Assert.Equal(Evaluate(used, hidden, null), Evaluate(used, recording, selection));

        double[] Evaluate(MapSolver<double> solver, Recording data, ObservationSelection? selection)
        {
            var trial = new PreparedTrial<double>(model.Generative, data, data.Trials[0]);
            var inferred = new TrialInference<double>(model, capacity).Infer(trial, new ElboOptions(), null, 1, new CounterRandom(1), selection: selection);
            var map = solver.Solve(trial, null, new SolverOptions { Tolerance = 1e-10 }, new SolveScope { Selection = selection });
            var draws = new PosteriorDraws<double>(2, capacity, model.Generative.StateCount, model.Generative.InputCount);
            draws.SetBins(Bins);
            draws.Fill(1, 2, 3);
            var gradient = new TrialGradient<double>(model, 2);
            var elbo = new ElboEstimator<double>(model, capacity).Evaluate(map, draws, new ElboOptions(), gradient);
            var total = new ParameterGradient<double>(model.Parameters.All);
            gradient.AddTo(total);
            var raw = new double[model.Parameters.RawCount];
            model.Parameters.PullBack(total, raw);
            return
            [
                map.Cost, map.ObservedCount, .. map.Trajectory.Inputs.ToArray(), elbo.Elbo, elbo.LogLikelihood, .. raw,
                inferred.LogEvidence, inferred.ObservedCount, inferred.Samples[0].LogWeight, .. inferred.Means.SelectMany(table => table.Values),
            ];
        }
    }

    [Fact]
    public void What_is_hidden_makes_a_difference_and_what_it_held_makes_none()
    {
        var recording = Recording(null);
        var (model, capacity) = Model(recording);
        var solver = new MapSolver<double>(model.Generative, capacity);
        var whole = Cost(recording, null);
        foreach (var which in (string[])["group", "end", "entries"])
        {
            var selection = Selection(which);
            Assert.NotEqual(whole, Cost(recording, selection));
            var other = Recording(null, moved: selection);
            Assert.NotEqual(whole, Cost(other, null));
            Assert.Equal(Cost(recording, selection), Cost(other, selection));
        }

        // One trial with one selection after the other.
        var trial = new PreparedTrial<double>(model.Generative, recording, recording.Trials[0]);
        foreach (var which in (string[])["group", "end", "entries", "end", "nothing"])
        {
            var selection = Selection(which);
            Assert.Equal(Cost(recording, selection), solver.Solve(trial, null, new SolverOptions(), new SolveScope { Selection = selection }).Cost);
        }

        double Cost(Recording data, ObservationSelection? selection)
            => new MapSolver<double>(model.Generative, capacity).Solve(new PreparedTrial<double>(model.Generative, data, data.Trials[0]), null, new SolverOptions(), new SolveScope { Selection = selection }).Cost;
    }

    [Fact]
    public void What_is_not_there_cannot_be_hidden()
    {
        var recording = Recording(null);
        var (model, capacity) = Model(recording);
        var trial = new PreparedTrial<double>(model.Generative, recording, recording.Trials[0]);
        foreach (var selection in (ObservationSelection[])
        [
            new() { HiddenEnd = -1 }, new() { HiddenEnd = Bins + 1 }, new() { HiddenGroups = Names("velocity") },
            new() { HiddenEntries = new Dictionary<string, bool[]>(StringComparer.Ordinal) { ["velocity"] = new bool[Bins] } },
            new() { HiddenEntries = new Dictionary<string, bool[]>(StringComparer.Ordinal) { ["spikes"] = new bool[(Bins * Spikes) - 1] } },
        ])
        {
            Assert.Throws<InputException>(() => new MapSolver<double>(model.Generative, capacity).Solve(trial, null, new SolverOptions(), new SolveScope { Selection = selection }));
            Assert.Throws<InputException>(() => new TrialInference<double>(model, capacity).Infer(trial, new ElboOptions(), null, 0, default, selection: selection));
        }
    }

    private static (VariationalModel<double> Model, int Capacity) Model(Recording recording)
    {
        var generative = ModelBuilder<double>.Build(new ModelSpecification { States = 3, Inputs = 2 }, recording, 3);
        return (new VariationalModel<double>(generative, SharedPosterior<double>.Independent(3, 2, Bins, 0.3, 0.3)), Bins + 2);
    }

    private static ObservationSelection Selection(string which)
    {
        var group = which is "group" or "all of these" or "everything" ? Names("values") : Names();
        var entries = new Dictionary<string, bool[]>(StringComparer.Ordinal);
        if (which is "entries" or "all of these")
        {
            entries["spikes"] = [.. Enumerable.Range(0, Bins * Spikes).Select(i => i % Spikes == 2 || i % 7 == 0)];
        }

        return new ObservationSelection { HiddenGroups = group, HiddenEntries = entries, HiddenEnd = which switch { "end" or "all of these" => 5, "everything" => Bins, _ => 0 } };
    }

    private static HashSet<string> Names(params string[] names) => new(names, StringComparer.Ordinal);

    private static IEnumerable<(int Group, int Entry)> Hidden(ObservationSelection selection)
    {
        for (var g = 0; g < 2; g++)
        {
            var (name, channels) = g == 0 ? ("spikes", Spikes) : ("values", Values);
            for (var i = 0; i < Bins * channels; i++)
            {
                if (i / channels >= Bins - selection.HiddenEnd || selection.HiddenGroups.Contains(name) || (selection.HiddenEntries.TryGetValue(name, out var hidden) && hidden[i]))
                {
                    yield return (g, i);
                }
            }
        }
    }

    /// <summary>Some entries are missing anyway; those that a selection hides may be missing too, or hold other numbers.</summary>
    private static Recording Recording(ObservationSelection? missing, ObservationSelection? moved = null)
    {
        var random = new CounterRandom(8);
        bool[] spikesSeen = [.. Enumerable.Range(0, Bins * Spikes).Select(i => i % 11 != 3)];
        bool[] valuesSeen = [.. Enumerable.Range(0, Bins * Values).Select(i => i % 9 != 4)];
        foreach (var (g, i) in missing is null ? [] : Hidden(missing))
        {
            (g == 0 ? spikesSeen : valuesSeen)[i] = false;
        }

        var spikes = new Table(Bins, Spikes);
        var values = new Table(Bins, Values);
        for (var i = 0; i < spikes.Values.Length; i++)
        {
            spikes.Values[i] = random.NextInt32(4);
        }

        for (var i = 0; i < values.Values.Length; i++)
        {
            values.Values[i] = random.NextNormal();
        }

        foreach (var (g, i) in moved is null ? [] : Hidden(moved))
        {
            (g == 0 ? spikes : values).Values[i] += 5;
        }

        return new Recording
        {
            BinWidth = 0.02,
            Groups = [new ChannelGroup("spikes", ChannelKind.Counts, Spikes), new ChannelGroup("values", ChannelKind.Values, Values)],
            Trials = [new Trial { Name = "one", Bins = Bins, Observations = [Observations.FromCounts(spikes, spikesSeen), Observations.FromValues(values, valuesSeen)] }],
        };
    }
}
