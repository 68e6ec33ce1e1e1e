using IlqrVae.Evaluation;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using IlqrVae.Simulation;

namespace IlqrVae.Tests.Simulation;

public sealed class SimulationsTests
{
    private static readonly MazeOptions SmallMaze = new() { Trials = 24, ValidationTrials = 6, TestTrials = 2, Neurons = 40, Conditions = 12 };

    public static TheoryData<string> Systems =>
        ["lorenz", "lorenz spikes", "linear", "linear autonomous", "linear autoregressive", "duffing", "maze"];

    [Theory]
    [MemberData(nameof(Systems))]
    public void Simulated_recordings_are_valid_and_have_truth_of_the_right_shape(string system)
    {
        var recording = Make(system, 1);
        recording.Validate(system);
        foreach (var trial in recording.Trials)
        {
            Assert.NotEmpty(trial.Truth);
            foreach (var (name, table) in trial.Truth)
            {
                Assert.Equal(trial.Bins, table.Bins);
                Assert.True(table.Values.All(double.IsFinite), name);
            }

            var level = trial.Truth[recording.Groups[0].Kind == ChannelKind.Counts ? "rates" : "mean"];
            Assert.Equal(recording.Groups[0].Channels, level.Columns);
        }
    }

    [Theory]
    [MemberData(nameof(Systems))]
    public void Simulations_are_a_function_of_their_options(string system)
    {
        var first = Make(system, 1);
        var same = Make(system, 1);
        var other = Make(system, 2);
        for (var k = 0; k < first.Trials.Count; k++)
        {
            Assert.Equal(first.Trials[k].Name, same.Trials[k].Name);
            Assert.Equal(first.Trials[k].Observations[0].ToTable().Values, same.Trials[k].Observations[0].ToTable().Values);
            Assert.NotEqual(first.Trials[k].Observations[0].ToTable().Values, other.Trials[k].Observations[0].ToTable().Values);
        }
    }

    [Fact]
    public void Trials_are_split_as_asked_and_more_of_one_split_leave_the_states_of_another_alone()
    {
        var options = new LorenzOptions { Trials = 3, ValidationTrials = 2, TestTrials = 1 };
        var recording = Simulations.Lorenz(options);
        string[] names = ["train-0000", "train-0001", "train-0002", "validation-0000", "validation-0001", "test-0000"];
        Assert.Equal(names, [.. recording.Trials.Select(trial => trial.Name)], StringComparer.Ordinal);
        Assert.Equal(3, recording.TrialsOf(TrialSplit.Train).Count);
        Assert.Equal(2, recording.TrialsOf(TrialSplit.Validation).Count);
        var larger = Simulations.Lorenz(options with { Trials = 5 });
        Assert.Equal(
            recording.TrialsOf(TrialSplit.Test)[0].Observations[0].ToTable().Values,
            larger.TrialsOf(TrialSplit.Test)[0].Observations[0].ToTable().Values);
    }

    [Fact]
    public void Gaussian_Lorenz_observations_are_the_states_plus_noise_of_the_size_asked_for()
    {
        var recording = Simulations.Lorenz(new LorenzOptions { Trials = 50, NoiseDeviation = 0.1 });
        double square = 0, count = 0;
        foreach (var trial in recording.Trials)
        {
            Assert.Equal(trial.Truth["states"].Values, trial.Truth["mean"].Values);
            for (var i = 0; i < trial.Truth["mean"].Values.Length; i++)
            {
                var difference = trial.Observations[0].ToTable().Values[i] - trial.Truth["mean"].Values[i];
                square += difference * difference;
                count++;
            }
        }

        Assert.InRange(square / count, 0.01 * (1 - (5 * Math.Sqrt(2 / count))), 0.01 * (1 + (5 * Math.Sqrt(2 / count))));
    }

    [Fact]
    public void Random_read_outs_have_unit_variance_over_the_recording()
    {
        var recording = Simulations.Linear(new LinearOptions());
        for (var c = 0; c < 10; c++)
        {
            var values = recording.Trials.SelectMany(trial => Enumerable.Range(0, trial.Bins).Select(t => trial.Truth["mean"][t, c])).ToArray();
            var mean = values.Average();
            Assert.Equal(0, mean, 1e-9);
            Assert.Equal(1, values.Average(value => value * value), 1e-9);
        }
    }

    [Fact]
    public void Spiking_Lorenz_neurons_have_the_mean_rate_and_depth_asked_for_and_Poisson_counts()
    {
        var recording = Simulations.Lorenz(LorenzOptions.Spiking);
        var neurons = recording.Groups[0].Channels;
        var rates = new double[neurons];
        double logSquare = 0, logMean = 0, pearson = 0, entries = 0, peak = 0;
        foreach (var trial in recording.Trials)
        {
            for (var t = 0; t < trial.Bins; t++)
            {
                for (var c = 0; c < neurons; c++)
                {
                    var rate = trial.Truth["rates"][t, c];
                    var mean = rate * recording.BinWidth;
                    var difference = trial.Observations[0][t, c] - mean;
                    rates[c] += rate / recording.Trials.Count / trial.Bins;
                    pearson += difference * difference / mean;
                    peak = Math.Max(peak, rate);
                    entries++;
                    if (c == 0)
                    {
                        logMean += Math.Log(rate);
                        logSquare += Math.Log(rate) * Math.Log(rate);
                    }
                }
            }
        }

        Assert.All(rates, rate => Assert.Equal(15, rate, 1e-9));
        logMean *= neurons / entries;
        Assert.Equal(LorenzOptions.Spiking.ModulationDepth, Math.Sqrt((logSquare * neurons / entries) - (logMean * logMean)), 1e-9);
        Assert.InRange(peak, 50, 500);

        // Pearson's statistic of Poisson counts has mean 1 and variance 2 + 1/mean an entry; the least mean here is about 0.02.
        var error = 5 * Math.Sqrt(50 / entries);
        Assert.InRange(pearson / entries, 1 - error, 1 + error);
    }

    [Fact]
    public void Driven_linear_systems_follow_their_inputs_and_the_last_input_is_zero()
    {
        var recording = Simulations.Linear(new LinearOptions { Trials = 4, InputProcess = InputKind.Autoregressive });
        Assert.All(recording.Trials, trial => Assert.All(trial.Truth["inputs"].Row(trial.Bins - 1).ToArray(), value => Assert.Equal(0, value)));
        var autonomous = Simulations.Linear(Autonomous);
        Assert.Equal(8, autonomous.Trials[0].Truth["states"].Columns);
        Assert.All(autonomous.Trials, trial => Assert.All(trial.Truth["inputs"].Values, value => Assert.Equal(0, value)));
    }

    [Fact]
    public void Delayed_reaches_hold_still_until_the_cue_and_then_go_to_their_targets()
    {
        var recording = Simulations.Maze(SmallMaze);
        foreach (var trial in recording.Trials)
        {
            var velocity = trial.Observations[2].ToTable();
            var inputs = trial.Truth["inputs"];
            var go = Enumerable.Range(0, trial.Bins).First(t => inputs[t, 4] == 1);
            Assert.InRange(go * recording.BinWidth, 0.1 - 1e-9, 0.25 + 1e-9);
            var speeds = Enumerable.Range(0, trial.Bins).Select(t => Math.Sqrt((velocity[t, 0] * velocity[t, 0]) + (velocity[t, 1] * velocity[t, 1])))
                .ToArray();
            Assert.All(speeds.Take(go + 1), speed => Assert.Equal(0, speed, 1e-12));
            var peak = Array.IndexOf(speeds, speeds.Max());
            Assert.InRange(speeds[peak], 0.15, 1.5);
            Assert.InRange((peak - go) * recording.BinWidth, 0.1, 0.4);
            Assert.True(speeds[^1] < 0.5 * speeds[peak]);
        }
    }

    [Fact]
    public void Rates_of_the_delayed_reach_population_are_realistic_and_differ_between_conditions()
    {
        var recording = Simulations.Maze(SmallMaze);
        var rates = recording.Trials.SelectMany(trial => trial.Truth["rates"].Values).ToArray();
        Array.Sort(rates);
        Assert.InRange(rates.Average(), 4, 14);
        Assert.InRange(rates[(int)(0.999 * rates.Length)], 25, 90);
        Assert.Equal(12, recording.TrialsOf(TrialSplit.Train).Select(trial => trial.Truth["condition"][0, 0]).Distinct().Count());
    }

    [Fact]
    public void Wider_bins_of_delayed_reaches_follow_the_same_motion()
    {
        var options = SmallMaze with { Trials = 3, ValidationTrials = 0, TestTrials = 0, EarliestGo = 0.2, LatestGo = 0.2 };
        var fine = Simulations.Maze(options);
        var coarse = Simulations.Maze(options with { Bins = 35, BinWidth = 0.02 });
        for (var t = 0; t < 35; t++)
        {
            Assert.Equal(fine.Trials[1].Observations[2][4 * t, 0], coarse.Trials[1].Observations[2][t, 0], 1e-9);
        }
    }

    [Fact]
    public void Held_out_neurons_are_a_group_of_their_own_with_their_own_rates()
    {
        var whole = Simulations.Maze(SmallMaze with { HeldOutNeurons = 0 });
        var parted = Simulations.Maze(SmallMaze);
        Assert.Equal([("spikes", 40), ("velocity", 2)], whole.Groups.Select(group => (group.Name, group.Channels)));
        Assert.Equal([("spikes", 30), ("held-out", 10), ("velocity", 2)], parted.Groups.Select(group => (group.Name, group.Channels)));
        for (var t = 0; t < 140; t += 20)
        {
            var (rates, counts) = (whole.Trials[3].Truth["rates"].Row(t).ToArray(), whole.Trials[3].Observations[0].ToTable().Row(t).ToArray());
            Assert.Equal(rates, (double[])[.. parted.Trials[3].Truth["rates"].Row(t), .. parted.Trials[3].Truth["rates.held-out"].Row(t)]);
            Assert.Equal(counts, (double[])[.. parted.Trials[3].Observations[0].ToTable().Row(t), .. parted.Trials[3].Observations[1].ToTable().Row(t)]);
        }
    }

    /// <summary>What a linear decoder of the true rates reaches is what the hand does of what it is told.</summary>
    [Fact]
    public void The_hand_follows_the_rates_but_not_to_the_last()
    {
        var options = new MazeOptions { Trials = 120, ValidationTrials = 0, TestTrials = 80, Neurons = 80, Conditions = 27, HeldOutNeurons = 0 };
        Assert.InRange(FromRates(options), 0.91, 0.95);
        Assert.InRange(FromRates(options with { MotorVariability = 0 }), 0.99, 1);

        static double FromRates(MazeOptions options)
        {
            var recording = Simulations.Maze(options);
            var (train, test) = (recording.TrialsOf(TrialSplit.Train), recording.TrialsOf(TrialSplit.Test));
            var decoder = RidgeRegression.FitCrossValidated(Rates(train), Velocity(train), penalty: RidgePenalty.Relative);
            return Metrics.R2(Velocity(test), decoder.Apply(Rates(test)));
        }

        static Table Rates(IReadOnlyList<Trial> trials) => LinearAlignment.Stack([.. trials.Select(trial => trial.Truth["rates"])]);

        static Table Velocity(IReadOnlyList<Trial> trials) => LinearAlignment.Stack([.. trials.Select(trial => trial.Observations[^1].ToTable())]);
    }

    [Fact]
    public void Motor_variability_has_the_size_it_says_and_none_leaves_the_command_alone()
    {
        const int Trials = 2000;
        var command = new Table(40, 2);
        for (var t = 0; t < 40; t++)
        {
            (command[t, 0], command[t, 1]) = (3, 4);
        }

        // |c| = 5: gain and angle give 0.12^2 |c|^2 along and across, the noise 0.15^2 |c|^2 in each direction.
        var (along, across) = (0.0, 0.0);
        for (var k = 0; k < Trials; k++)
        {
            var random = new CounterRandom(1, (ulong)k);
            var velocity = new MotorVariability().Execute(command, 0.01, ref random);
            var t = k % 40;
            along += Math.Pow((0.6 * velocity[t, 0]) + (0.8 * velocity[t, 1]) - 5, 2) / Trials;
            across += Math.Pow((-0.8 * velocity[t, 0]) + (0.6 * velocity[t, 1]), 2) / Trials;
            Assert.Equal(command.Values, new MotorVariability(0).Execute(command, 0.01, ref random).Values);
        }

        var expected = 25 * (0.0144 + 0.0225);
        var error = 5 * expected * Math.Sqrt(2.0 / Trials);
        Assert.InRange(along, expected - error, expected + error);
        Assert.InRange(across, expected - error, expected + error);
    }

    [Fact]
    public void Impossible_options_are_refused_with_their_name()
    {
        Refused("number of bins", () => Simulations.Lorenz(new LorenzOptions { Bins = 0 }));
        Refused("bin width", () => Simulations.Lorenz(new LorenzOptions { BinWidth = double.NaN }));
        Refused("total number of trials", () => Simulations.Lorenz(new LorenzOptions { Trials = 0 }));
        Refused("number of trials", () => Simulations.Lorenz(new LorenzOptions { Trials = -1 }));
        Refused("noise deviation", () => Simulations.Lorenz(new LorenzOptions { NoiseDeviation = -1 }));
        Refused("number of channels", () => Simulations.Lorenz(new LorenzOptions { Channels = 0 }));
        Refused("modulation depth", () => Simulations.Lorenz(LorenzOptions.Spiking with { ModulationDepth = 6 }));
        Refused("number of bins times channels", () => Simulations.Lorenz(new LorenzOptions { Bins = 100_000_001 }));
        Refused("mean rate", () => Simulations.Lorenz(LorenzOptions.Spiking with { MeanRate = 0 }));
        Refused("spectral radius", () => Simulations.Linear(new LinearOptions { SpectralRadius = 1.1 }));
        Refused("number of rotations", () => Simulations.Linear(new LinearOptions { Rotations = 2 }));
        Refused("input probability", () => Simulations.Linear(new LinearOptions { InputProbability = 1.5 }));
        Refused("inputs", () => Simulations.Linear(new LinearOptions { Inputs = 0 }));
        Refused("number of bins", () => Simulations.Duffing(new DuffingOptions { Bins = 101 }));
        Refused("latest go cue", () => Simulations.Maze(new MazeOptions { LatestGo = 0.05 }));
        Refused("latest go cue", () => Simulations.Maze(new MazeOptions { Bins = 40 }));
        Refused("held-out neurons", () => Simulations.Maze(SmallMaze with { HeldOutNeurons = 40 }));
        Refused("motor variability", () => Simulations.Maze(SmallMaze with { MotorVariability = -1 }));
    }

    private static LinearOptions Autonomous => new() { States = 8, Channels = 8, InputProcess = InputKind.None };

    private static void Refused(string name, Action action) =>
        Assert.Contains(name, Assert.Throws<InputException>(action).Message, StringComparison.Ordinal);

    private static Recording Make(string system, ulong seed) => system switch
    {
        "lorenz" => Simulations.Lorenz(new LorenzOptions { Seed = seed, Trials = 5 }),
        "lorenz spikes" => Simulations.Lorenz(LorenzOptions.Spiking with { Seed = seed, Trials = 5 }),
        "linear" => Simulations.Linear(new LinearOptions { Seed = seed, Trials = 5 }),
        "linear autonomous" => Simulations.Linear(Autonomous with { Seed = seed, Trials = 5 }),
        "linear autoregressive" => Simulations.Linear(new LinearOptions { Seed = seed, Trials = 5, InputProcess = InputKind.Autoregressive }),
        "duffing" => Simulations.Duffing(new DuffingOptions { Seed = seed, Trials = 3 }),
        "maze" => Simulations.Maze(SmallMaze with { Seed = seed }),
        _ => throw new ArgumentOutOfRangeException(nameof(system)),
    };
}
