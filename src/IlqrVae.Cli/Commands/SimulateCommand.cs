using System.CommandLine;
using IlqrVae.Cli.Reports;
using IlqrVae.Data;
using IlqrVae.Recordings;
using IlqrVae.Simulation;

namespace IlqrVae.Cli.Commands;

/// <summary>ilqr-vae simulate</summary>
internal static class SimulateCommand
{
    private const string Description =
        """
        Simulates a recording and writes it as a dataset with the truth: states, inputs and rates.

          lorenz    the Lorenz attractor, no inputs            linear   a random linear system driven by inputs
          duffing   Duffing's oscillator with sudden jumps     maze     delayed reaches of a motor cortical population

        Example:
          ilqr-vae simulate lorenz -o lorenz.h5 --observation spikes --test-trials 16
          ilqr-vae simulate linear -o sparse.h5 --states 3 --inputs 3 --input-process sparse
          ilqr-vae simulate maze -o maze.h5 --trials 400 --validation-trials 100 --test-trials 100
        """;

    private static readonly string[] Systems = ["lorenz", "linear", "duffing", "maze"];

    public static Command Create(Terminal terminal)
    {
        var system = new Argument<string>("SYSTEM") { Description = "What to simulate.", HelpName = "lorenz|linear|duffing|maze" };
        system.AcceptOnlyFromAmong(Systems);
        var output = Arguments.Output("The dataset file to write.", isRequired: true);
        var seed = Arguments.Seed("Seed (0); the same options and seed give the same recording.");
        var force = Arguments.Force("Replace a file of that name.");
        var json = Arguments.Json();
        var options = new Options();
        return Arguments.Make("simulate", Description, [system, output, seed, force, .. options.All, json], result =>
        {
            terminal.IsJson = result.GetValue(json);
            var destination = result.GetValue(output)!;
            Arguments.RequireFree(destination, result.GetValue(force));
            var recording = terminal.Interruptible("simulating", stage => Simulate(result.GetValue(system)!, result, options, result.GetValue(seed) ?? 0, stage));
            terminal.During("writing", () => RecordingFile.Write(destination, recording));
            Inspection.Report(destination, recording, terminal);
            return ExitCode.Done;
        });
    }

    private static Recording Simulate(string system, ParseResult result, Options o, ulong seed, IProgress<double> progress)
    {
        foreach (var option in o.All.Where(option => result.GetResult(option) is { Implicit: false } && !o.Fits(option, system)))
        {
            throw new InputException($"{option.Name}: this does not apply to '{system}'; leave it out.");
        }

        switch (system)
        {
            case "lorenz":
            {
                var isSpikes = result.GetValue(o.Observation) == "spikes";
                return Simulations.Lorenz(Observed(isSpikes ? LorenzOptions.Spiking : new LorenzOptions(), result, o, seed, progress));
            }

            case "linear":
            {
                var start = Observed(new LinearOptions(), result, o, seed, progress);
                return Simulations.Linear(start with
                {
                    States = result.GetValue(o.States) ?? start.States,
                    Inputs = result.GetValue(o.Inputs) ?? start.Inputs,
                    InputProcess = result.GetValue(o.InputProcess) switch
                    {
                        "none" => InputKind.None,
                        "autoregressive" => InputKind.Autoregressive,
                        _ => InputKind.Sparse,
                    },
                    InputProbability = result.GetValue(o.InputProbability) ?? start.InputProbability,
                    InputCoefficient = result.GetValue(o.InputCoefficient) ?? start.InputCoefficient,
                    InputDeviation = result.GetValue(o.InputDeviation) ?? start.InputDeviation,
                    InitialDeviation = result.GetValue(o.InitialDeviation) ?? start.InitialDeviation,
                    SpectralRadius = result.GetValue(o.SpectralRadius) ?? start.SpectralRadius,
                    Rotations = result.GetValue(o.Rotations) ?? start.Rotations,
                });
            }

            case "duffing":
            {
                var start = Observed(new DuffingOptions(), result, o, seed, progress);
                return Simulations.Duffing(start with { Pieces = result.GetValue(o.Pieces) ?? start.Pieces });
            }

            default:
            {
                var start = new MazeOptions();
                return Simulations.Maze((MazeOptions)Shared(start, result, o, seed, progress) with
                {
                    Neurons = result.GetValue(o.Channels) ?? start.Neurons,
                    HeldOutNeurons = result.GetValue(o.HeldOut) ?? start.HeldOutNeurons,
                    Conditions = result.GetValue(o.Conditions) ?? start.Conditions,
                    TrialVariability = result.GetValue(o.TrialVariability) ?? start.TrialVariability,
                    MotorVariability = result.GetValue(o.MotorVariability) ?? start.MotorVariability,
                });
            }
        }
    }

    private static SimulationOptions Shared(SimulationOptions start, ParseResult result, Options o, ulong seed, IProgress<double> progress) => start with
    {
        Progress = progress,
        Seed = seed,
        Trials = result.GetValue(o.Trials) ?? start.Trials,
        ValidationTrials = result.GetValue(o.ValidationTrials) ?? start.ValidationTrials,
        TestTrials = result.GetValue(o.TestTrials) ?? start.TestTrials,
        Bins = result.GetValue(o.Bins) ?? start.Bins,
        BinWidth = result.GetValue(o.BinWidth) ?? start.BinWidth,
    };

    private static TOptions Observed<TOptions>(TOptions start, ParseResult result, Options o, ulong seed, IProgress<double> progress)
        where TOptions : ObservedSimulationOptions
    {
        var shared = (ObservedSimulationOptions)Shared(start, result, o, seed, progress);
        return (TOptions)(shared with
        {
            Observation = result.GetValue(o.Observation) switch { "spikes" => ObservationKind.Spikes, "gaussian" => ObservationKind.Gaussian, _ => shared.Observation },
            Channels = result.GetValue(o.Channels) ?? shared.Channels,
            NoiseDeviation = result.GetValue(o.Noise) ?? shared.NoiseDeviation,
            MeanRate = result.GetValue(o.MeanRate) ?? shared.MeanRate,
            ModulationDepth = result.GetValue(o.Modulation) ?? shared.ModulationDepth,
        });
    }

    private sealed class Options
    {
        public Options()
        {
            Observation.AcceptOnlyFromAmong("gaussian", "spikes");
            InputProcess.AcceptOnlyFromAmong("none", "sparse", "autoregressive");
        }

        public Option<int?> Trials { get; } = Arguments.Number<int?>("--trials", "Training trials.", "N");

        public Option<int?> ValidationTrials { get; } = Arguments.Number<int?>("--validation-trials", "Validation trials.", "N");

        public Option<int?> TestTrials { get; } = Arguments.Number<int?>("--test-trials", "Test trials.", "N");

        public Option<int?> Bins { get; } = Arguments.Number<int?>("--bins", "Bins a trial.", "N");

        public Option<double?> BinWidth { get; } = Arguments.Number<double?>("--bin-width", "Width of a bin in seconds.", "S");

        public Option<int?> Channels { get; } = Arguments.Number<int?>("--channels", "Channels or neurons.", "N");

        public Option<string?> Observation { get; } = new("--observation") { Description = "Real values or spike counts (not maze).", HelpName = "gaussian|spikes" };

        public Option<double?> Noise { get; } = Arguments.Number<double?>("--noise", "Gaussian only: standard deviation of the noise.", "SD");

        public Option<double?> MeanRate { get; } = Arguments.Number<double?>("--mean-rate", "Spikes only: mean rate in Hz (not maze).", "HZ");

        public Option<double?> Modulation { get; } = Arguments.Number<double?>("--modulation", "Spikes only: standard deviation of log rates (not maze).", "SD");

        public Option<int?> States { get; } = Arguments.Number<int?>("--states", "Linear only: states.", "N");

        public Option<int?> Inputs { get; } = Arguments.Number<int?>("--inputs", "Linear only: inputs.", "M");

        public Option<string?> InputProcess { get; } = new("--input-process") { Description = "Linear only: what drives the system.", HelpName = "none|sparse|autoregressive" };

        public Option<double?> InputProbability { get; } = Arguments.Number<double?>("--input-probability", "Linear only: probability of a sparse input in a bin.", "P");

        public Option<double?> InputCoefficient { get; } = Arguments.Number<double?>("--input-coefficient", "Linear only: coefficient of autoregressive inputs from bin to bin (0.8).", "A");

        public Option<double?> InputDeviation { get; } = Arguments.Number<double?>("--input-deviation", "Linear only: standard deviation of inputs (1).", "SD");

        public Option<double?> InitialDeviation { get; } = Arguments.Number<double?>("--initial-deviation", "Linear only: standard deviation of the first state (1).", "SD");

        public Option<double?> SpectralRadius { get; } = Arguments.Number<double?>("--spectral-radius", "Linear only: largest modulus of an eigenvalue.", "R");

        public Option<int?> Rotations { get; } = Arguments.Number<int?>("--rotations", "Linear only: complex pairs of eigenvalues; by default as many as fit.", "N");

        public Option<int?> Pieces { get; } = Arguments.Number<int?>("--pieces", "Duffing only: pieces joined in a trial.", "N");

        public Option<int?> Conditions { get; } = Arguments.Number<int?>("--conditions", "Maze only: conditions.", "N");

        public Option<int?> HeldOut { get; } = Arguments.Number<int?>("--held-out", "Maze only: neurons in a group of their own, to be held out; by default a quarter.", "N");

        public Option<double?> TrialVariability { get; } = Arguments.Number<double?>("--trial-variability", "Maze only: variability of the preparation over trials (0.1).", "S");

        public Option<double?> MotorVariability { get; } = Arguments.Number<double?>("--motor-variability", "Maze only: variability of the hand that no neuron knows (1).", "S");

        public IReadOnlyList<Option> All =>
        [
            Trials, ValidationTrials, TestTrials, Bins, BinWidth, Channels, Observation, Noise, MeanRate, Modulation, States, Inputs, InputProcess,
            InputProbability, InputCoefficient, InputDeviation, InitialDeviation, SpectralRadius, Rotations, Pieces, Conditions, HeldOut, TrialVariability,
            MotorVariability,
        ];

        public bool Fits(Option option, string system)
        {
            Option[] linear = [States, Inputs, InputProcess, InputProbability, InputCoefficient, InputDeviation, InitialDeviation, SpectralRadius, Rotations];
            Option[] maze = [Conditions, HeldOut, TrialVariability, MotorVariability];
            Option[] observed = [Observation, Noise, MeanRate, Modulation];
            return (system == "linear" || !linear.Contains(option))
                && (system != "maze" || !observed.Contains(option))
                && (system == "duffing" || option != Pieces)
                && (system == "maze" || !maze.Contains(option));
        }
    }
}
