using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Simulation;

/// <summary>
/// Simulated recordings, ready to be fitted, with what generated them as truth tables: "states" (T x n), "inputs" (T x m; row t drives the
/// step from bin t to t + 1, so the last row is zero), and "rates" (T x N, in Hz) of spikes or "mean" (T x N) of Gaussian observations.
/// </summary>
/// <remarks>
/// A recording is a function of its options: every trial draws from streams of its own, so that the number of threads does not matter.
/// Trials are called "train-0000", "validation-0000", "test-0000" and so on.
/// </remarks>
public static class Simulations
{
    /// <summary>
    /// The Lorenz system, each trial a stretch of its attractor, z-scored (see <see cref="LorenzSystem"/>). Three Gaussian channels are the
    /// three states plus noise; any other number of Gaussian channels is a random read-out of unit variance plus noise. There are no
    /// inputs.
    /// </summary>
    /// <param name="options">The options.</param>
    /// <returns>One group, "values" or "spikes".</returns>
    /// <exception cref="InputException">An option is impossible; the message names it.</exception>
    public static Recording Lorenz(LorenzOptions options)
    {
        CheckObserved(options);
        var trials = Simulate(options, (_, random) => (LorenzSystem.Simulate(options.Bins, ref random), null));
        return Observe(
            options, trials, isIdentity: options.Channels == 3, "simulated Lorenz system (10, 28, 8/3), Runge-Kutta with step 0.01, z-scored");
    }

    /// <summary>
    /// A random stable linear system, autonomous or driven (see <see cref="LinearSystem.Random"/>), seen through a random read-out of unit
    /// variance.
    /// </summary>
    /// <param name="options">The options.</param>
    /// <returns>One group, "values" or "spikes".</returns>
    /// <exception cref="InputException">An option is impossible; the message names it.</exception>
    public static Recording Linear(LinearOptions options)
    {
        CheckObserved(options);
        Require(options.States >= 1, "states", options.States, "at least 1");
        Require(options.Inputs >= 0, "inputs", options.Inputs, "not negative");
        Require(options.InputProcess == InputKind.None || options.Inputs >= 1, "inputs", options.Inputs, "at least 1 in a driven system");
        Require(options.InputProbability is >= 0 and <= 1, "input probability", options.InputProbability, "between 0 and 1");
        Require(options.InputCoefficient is > -1 and < 1, "input coefficient", options.InputCoefficient, "strictly between -1 and 1");
        RequireDeviation(options.InputDeviation, "input deviation");
        RequireDeviation(options.InitialDeviation, "initial deviation");
        Require(options.SpectralRadius is > 0 and <= 1, "spectral radius", options.SpectralRadius, "above 0 and at most 1");
        Require(
            options.Rotations >= -1 && options.Rotations <= options.States / 2,
            "number of rotations", options.Rotations, $"at most half the number of states ({options.States}), or -1 for as many as fit");

        var systemRandom = new CounterRandom(options.Seed, RandomStreams.SimulatedSystem);
        var rotations = options.Rotations < 0 ? options.States / 2 : options.Rotations;
        var system = LinearSystem.Random(options.States, options.Inputs, options.SpectralRadius, rotations, ref systemRandom);
        var sparse = new SparseInputs(options.InputProbability, options.InputDeviation);
        var autoregressive = new AutoregressiveInputs(options.InputCoefficient, options.InputDeviation);
        var trials = Simulate(options, (_, random) =>
        {
            var start = new double[options.States];
            random.FillNormal(start);
            for (var i = 0; i < start.Length; i++)
            {
                start[i] *= options.InitialDeviation;
            }

            var inputs = options.InputProcess switch
            {
                InputKind.Sparse => sparse.Draw(options.Bins, options.Inputs, ref random),
                InputKind.Autoregressive => autoregressive.Draw(options.Bins, options.Inputs, ref random),
                _ => new Table(options.Bins, options.Inputs),
            };
            inputs.Row(options.Bins - 1).Clear();
            return (system.Simulate(start, inputs), inputs);
        });
        return Observe(options, trials, isIdentity: false, $"simulated linear system, {options.States} states, inputs: {options.InputProcess}");
    }

    /// <summary>
    /// The Duffing oscillator, each trial several pieces of free motion joined by jumps (see <see cref="DuffingOscillator"/>).
    /// </summary>
    /// <param name="options">The options.</param>
    /// <returns>One group, "spikes" or "values"; the truth has the jumps as "inputs".</returns>
    /// <exception cref="InputException">An option is impossible; the message names it.</exception>
    public static Recording Duffing(DuffingOptions options)
    {
        CheckObserved(options);
        Require(options.Pieces >= 1, "number of pieces", options.Pieces, "at least 1");
        Require(options.Bins % options.Pieces == 0, "number of bins", options.Bins, $"a multiple of the number of pieces ({options.Pieces})");
        var trials = Simulate(options, (_, random) => DuffingOscillator.Simulate(options.Pieces, options.Bins / options.Pieces, ref random));
        return Observe(
            options, trials, isIdentity: false, $"simulated Duffing oscillator, {options.Pieces} pieces a trial, Runge-Kutta with step 0.03");
    }

    /// <summary>
    /// A population of motor cortical neurons during delayed reaches (see <see cref="DelayedReachPopulation"/>). Conditions follow each
    /// other in shuffled blocks. The truth also has "condition" (T x 1, its number, the same in all bins), "command" (T x 2, the velocity that the
    /// population commands, in m/s) and "rates.held-out".
    /// </summary>
    /// <param name="options">The options.</param>
    /// <returns>Three groups: "spikes", "held-out" (spikes of the neurons to be held out, unless there are none) and "velocity" (x and y, m/s).</returns>
    /// <exception cref="InputException">An option is impossible; the message names it.</exception>
    public static Recording Maze(MazeOptions options)
    {
        Check(options);
        Require(options.Neurons >= 1, "number of neurons", options.Neurons, "at least 1");
        Require(options.BinWidth <= DelayedReachPopulation.LongestBin, "bin width", options.BinWidth, $"at most {DelayedReachPopulation.LongestBin} s");
        RequireSize(options, options.Neurons, "neurons");
        var heldOut = options.HeldOutNeurons == -1 ? options.Neurons / 4 : options.HeldOutNeurons;
        Require(
            heldOut >= 0 && heldOut < options.Neurons, "number of held-out neurons", options.HeldOutNeurons, $"below the number of neurons ({options.Neurons}), or -1 for a quarter");
        Require(options.Conditions >= 1, "number of conditions", options.Conditions, "at least 1");
        Require(options.EarliestGo >= 0 && double.IsFinite(options.EarliestGo), "earliest go cue", options.EarliestGo, "not negative");
        Require(
            options.LatestGo >= options.EarliestGo && double.IsFinite(options.LatestGo),
            "latest go cue", options.LatestGo, $"at or after the earliest ({options.EarliestGo} s)");
        Require(
            options.LatestGo < options.Bins * options.BinWidth,
            "latest go cue", options.LatestGo, $"before the end of the trial ({options.Bins * options.BinWidth} s)");
        RequireDeviation(options.TrialVariability, "trial variability");
        RequireDeviation(options.MotorVariability, "motor variability");

        var systemRandom = new CounterRandom(options.Seed, RandomStreams.SimulatedSystem);
        var population = new DelayedReachPopulation(options.Conditions, ref systemRandom);
        var conditions = ConditionsOfTrials(options);
        var firstGo = (int)Math.Round(options.EarliestGo / options.BinWidth);
        var lastGo = Math.Min((int)Math.Round(options.LatestGo / options.BinWidth), options.Bins - 1);
        var trials = new (Table States, Table Inputs, Table Command)[TrialCount(options)];
        ForEachTrial(options, 0, trials.Length, k =>
        {
            var random = TrialRandom(options, k, RandomStreams.Dynamics);
            var goBin = firstGo + random.NextInt32(lastGo - firstGo + 1);
            trials[k] = population.Simulate(conditions[k], options.Bins, options.BinWidth, goBin, options.TrialVariability, ref random);
        });

        // A few hundred trials settle the tuning; the rates of all of them need not be in memory at once.
        var stride = Math.Max(1, trials.Length / 200);
        Table[] calibration = [.. Enumerable.Range(0, trials.Length).Where(k => k % stride == 0).Select(k => trials[k].States)];
        var readoutRandom = new CounterRandom(options.Seed, RandomStreams.SimulatedReadout);
        var tuning = new SoftplusTuning(calibration, options.Neurons, ref readoutRandom);
        var arm = new MotorVariability(options.MotorVariability);
        var heldIn = options.Neurons - heldOut;
        int[] seen = [.. Enumerable.Range(0, heldIn)];
        int[] hidden = [.. Enumerable.Range(heldIn, heldOut)];
        var result = new Trial[trials.Length];
        ForEachTrial(options, 1, trials.Length, k =>
        {
            var random = TrialRandom(options, k, RandomStreams.Observations);
            var motor = TrialRandom(options, k, RandomStreams.MotorVariability);
            var rates = tuning.Rates(trials[k].States);
            var counts = PoissonSpikes.Draw(rates, options.BinWidth, ref random);
            var condition = new Table(options.Bins, 1);
            Array.Fill(condition.Values, conditions[k]);
            var truth = new Dictionary<string, Table>(StringComparer.Ordinal)
            {
                ["condition"] = condition, ["inputs"] = trials[k].Inputs, ["command"] = trials[k].Command,
            };
            if (options.KeepRates)
            {
                truth["states"] = trials[k].States;
                truth["rates"] = rates.SelectColumns(seen);
            }

            var observations = new List<Observations> { Observations.FromCounts(counts.SelectColumns(seen)) };
            if (heldOut > 0)
            {
                observations.Add(Observations.FromCounts(counts.SelectColumns(hidden)));
                if (options.KeepRates)
                {
                    truth[$"rates.{HeldOutChannels.GroupName}"] = rates.SelectColumns(hidden);
                }
            }

            observations.Add(Observations.FromValues(arm.Execute(trials[k].Command, options.BinWidth, ref motor)));

            var (split, name) = SplitAndName(options, k);
            result[k] = new Trial
            {
                Name = name,
                Bins = options.Bins,
                Split = split,
                Observations = observations,
                Truth = truth,
            };
        });

        return new Recording
        {
            BinWidth = options.BinWidth,
            Groups =
            [
                new ChannelGroup("spikes", ChannelKind.Counts, heldIn),
                .. heldOut > 0 ? (ChannelGroup[])[new ChannelGroup(HeldOutChannels.GroupName, ChannelKind.Counts, heldOut)] : [],
                new ChannelGroup("velocity", ChannelKind.Values, 2, "m/s", ["x", "y"]),
            ],
            Trials = result,
            Source = $"simulated delayed reaches, {options.Conditions} conditions, seed {options.Seed}",
        };
    }

    // Blocks of all conditions, each in a random order of its own, separately in every split, so that each has all conditions if it is long
    // enough.
    private static int[] ConditionsOfTrials(MazeOptions options)
    {
        var result = new int[TrialCount(options)];
        var block = new int[options.Conditions];
        var start = 0;
        int[] sizes = [options.Trials, options.ValidationTrials, options.TestTrials];
        for (var split = 0; split < sizes.Length; split++)
        {
            var random = new CounterRandom(options.Seed, RandomStreams.SimulatedConditions, RandomStreams.ConditionsOfSplit(split));
            for (var k = 0; k < sizes[split]; k++)
            {
                if (k % block.Length == 0)
                {
                    for (var i = 0; i < block.Length; i++)
                    {
                        block[i] = i;
                    }

                    random.Shuffle(block);
                }

                result[start + k] = block[k % block.Length];
            }

            start += sizes[split];
        }

        return result;
    }

    private static (Table States, Table? Inputs)[] Simulate(
        SimulationOptions options, Func<int, CounterRandom, (Table States, Table? Inputs)> simulate)
    {
        var trials = new (Table States, Table? Inputs)[TrialCount(options)];
        ForEachTrial(options, 0, trials.Length, k => trials[k] = simulate(k, TrialRandom(options, k, RandomStreams.Dynamics)));
        return trials;
    }

    private static Recording Observe(ObservedSimulationOptions options, (Table States, Table? Inputs)[] trials, bool isIdentity, string source)
    {
        var random = new CounterRandom(options.Seed, RandomStreams.SimulatedReadout);
        Table[] states = [.. trials.Select(trial => trial.States)];
        var isSpikes = options.Observation == ObservationKind.Spikes;
        IReadOnlyList<Table> means;
        if (isSpikes)
        {
            means = new PoissonSpikes(options.MeanRate, options.ModulationDepth).Rates(states, options.Channels, ref random);
        }
        else
        {
            var deviations = new double[options.Channels];
            Array.Fill(deviations, 1);
            var readout = isIdentity ? LinearReadout.Identity(options.Channels) : LinearReadout.Random(states, deviations, ref random);
            means = [.. states.Select(readout.Apply)];
        }

        var noise = new GaussianNoise(options.NoiseDeviation);
        var result = new Trial[trials.Length];
        ForEachTrial(options, 1, trials.Length, k =>
        {
            var trialRandom = TrialRandom(options, k, RandomStreams.Observations);
            var values = isSpikes ? PoissonSpikes.Draw(means[k], options.BinWidth, ref trialRandom) : noise.Draw(means[k], ref trialRandom);
            var truth = new Dictionary<string, Table>(StringComparer.Ordinal)
            {
                ["states"] = states[k],
                [isSpikes ? "rates" : "mean"] = means[k],
            };
            if (trials[k].Inputs is { Columns: > 0 } inputs)
            {
                truth["inputs"] = inputs;
            }

            var (split, name) = SplitAndName(options, k);
            result[k] = new Trial { Name = name, Bins = options.Bins, Split = split, Observations = [isSpikes ? Observations.FromCounts(values) : Observations.FromValues(values)], Truth = truth };
        });

        var group = isSpikes
            ? new ChannelGroup("spikes", ChannelKind.Counts, options.Channels)
            : new ChannelGroup("values", ChannelKind.Values, options.Channels);
        return new Recording { BinWidth = options.BinWidth, Groups = [group], Trials = result, Source = $"{source}, seed {options.Seed}" };
    }

    /// <summary>First states are simulated of all trials, then observations.</summary>
    private static void ForEachTrial(SimulationOptions options, int half, int count, Action<int> simulate)
    {
        var done = 0;
        Parallel.For(0, count, k =>
        {
            simulate(k);
            options.Progress?.Report((half + ((double)Interlocked.Increment(ref done) / count)) / 2);
        });
    }

    private static int TrialCount(SimulationOptions options) => options.Trials + options.ValidationTrials + options.TestTrials;

    private static CounterRandom TrialRandom(SimulationOptions options, int trial, ulong substream)
    {
        var (split, number) = SplitAndNumber(options, trial);
        return new CounterRandom(options.Seed, RandomStreams.SimulatedTrial((int)split, number), substream);
    }

    private static (TrialSplit Split, string Name) SplitAndName(SimulationOptions options, int trial)
    {
        var (split, number) = SplitAndNumber(options, trial);
        return (split, $"{split.ToString().ToLowerInvariant()}-{number:0000}");
    }

    private static (TrialSplit Split, int Number) SplitAndNumber(SimulationOptions options, int trial)
    {
        if (trial < options.Trials)
        {
            return (TrialSplit.Train, trial);
        }

        trial -= options.Trials;
        return trial < options.ValidationTrials ? (TrialSplit.Validation, trial) : (TrialSplit.Test, trial - options.ValidationTrials);
    }

    private static void CheckObserved(ObservedSimulationOptions options)
    {
        Check(options);
        Require(options.Channels >= 1, "number of channels", options.Channels, "at least 1");
        RequireDeviation(options.NoiseDeviation, "noise deviation");
        Require(options.ModulationDepth is >= 0 and <= 5, "modulation depth", options.ModulationDepth, "between 0 and 5");
        RequireSize(options, options.Channels, "channels");
        Require(options.MeanRate > 0 && options.MeanRate * options.BinWidth < 1e9, "mean rate", options.MeanRate, "positive, in Hz");
        Require(Enum.IsDefined(options.Observation), "observation", (int)options.Observation, "gaussian or spikes");
    }

    private static void Check(SimulationOptions options)
    {
        Require(options.Trials >= 0, "number of trials", options.Trials, "not negative");
        Require(options.ValidationTrials >= 0, "number of validation trials", options.ValidationTrials, "not negative");
        Require(options.TestTrials >= 0, "number of test trials", options.TestTrials, "not negative");
        var total = (long)options.Trials + options.ValidationTrials + options.TestTrials;
        Require(total is >= 1 and <= 10_000_000, "total number of trials", total, "between 1 and 10 000 000");
        Require(options.Bins >= 1, "number of bins", options.Bins, "at least 1");
        Require(options.BinWidth > 0 && double.IsFinite(options.BinWidth), "bin width", options.BinWidth, "positive, in seconds");
    }

    private static void RequireSize(SimulationOptions options, int channels, string name) =>
        Require((long)options.Bins * channels <= 100_000_000, $"number of bins times {name}", 1.0 * options.Bins * channels, "at most 100 000 000");

    private static void RequireDeviation(double value, string name) =>
        Require(value >= 0 && double.IsFinite(value), name, value, "finite and not negative");

    private static void Require(bool holds, string name, double value, string condition)
    {
        if (!holds)
        {
            throw new InputException($"simulation: the {name} is {value}; it must be {condition}.");
        }
    }
}
