using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using IlqrVae.Cli.Reports;
using IlqrVae.Data;
using IlqrVae.Models;
using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Priors;
using IlqrVae.Recordings;
using IlqrVae.Reports;
using IlqrVae.Reports.Html;
using IlqrVae.Runs;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Scores;
using IlqrVae.Runs.Sessions;
using IlqrVae.Simulation;
using IlqrVae.Training;

namespace IlqrVae.Cli.Commands;

/// <summary>ilqr-vae demo</summary>
internal static class DemoCommand
{
    private const string Description =
        """
        Simulates, learns, infers and compares with the truth, with figures: the whole thing with no input.

          lorenz    spikes of 64 neurons that follow the Lorenz attractor; about a minute on two cores (default)
          duffing   spikes driven by Duffing's oscillator with sudden jumps, which show up as inputs
          sparse    real values from a linear system that gets rare kicks, which the Student prior finds

        Example:
          ilqr-vae demo
          ilqr-vae demo sparse -o sparse-demo --seed 3
        """;

    public static Command Create(Terminal terminal)
    {
        var name = new Argument<string>("NAME") { Description = "Which demonstration.", HelpName = "lorenz|duffing|sparse", Arity = ArgumentArity.ZeroOrOne };
        name.DefaultValueFactory = _ => "lorenz";
        name.AcceptOnlyFromAmong("lorenz", "duffing", "sparse");
        var output = Arguments.Output("Folder for the data, the run, the posterior and the figures; by default demo/NAME.", isRequired: false);
        var seed = Arguments.Seed("Seed of simulation and learning (1).");
        var threads = Arguments.Threads();
        var iterations = Arguments.Number<int?>("--iterations", "Number of parameter updates.", "N");
        var force = Arguments.Force("Replace data or a run in the folder that are not a demonstration's.");
        var noReport = ReportFile.None();
        var json = Arguments.Json();
        return Arguments.Make("demo", Description, [name, output, seed, threads, iterations, noReport, force, json], result =>
        {
            terminal.IsJson = result.GetValue(json);
            var system = result.GetValue(name) ?? "lorenz";
            var scenario = DemoScenario.Of(system, result.GetValue(seed) ?? 1);
            var configuration = TrainCommand.WithOptions(scenario.Configuration, result.GetValue(threads), result.GetValue(iterations));
            return Run(scenario with { Configuration = configuration }, result.GetValue(output) ?? Path.Combine("demo", system), result.GetValue(force), !result.GetValue(noReport), terminal);
        });
    }

    private static int Run(DemoScenario scenario, string root, bool isForced, bool hasReport, Terminal terminal)
    {
        var files = new DemoFiles(root);
        var run = new RunFolder(files.Run);
        if ((run.HoldsRun || File.Exists(files.Data) || File.Exists(files.Posterior)) && !File.Exists(files.Summary) && !isForced)
        {
            throw new InputException($"{root}: this folder holds data or a run that are not a demonstration's; choose another folder with -o, or replace them with --force.");
        }

        new RunFolder(root).Create();
        File.Delete(files.Summary);
        var seconds = new List<(string Phase, double Seconds)>();
        var clock = Stopwatch.StartNew();
        void Ended(string phase)
        {
            seconds.Add((phase, clock.Elapsed.TotalSeconds));
            clock.Restart();
        }

        terminal.WriteLine($"{scenario.Title}");
        var recording = terminal.During("simulating", scenario.Simulate);
        terminal.During("writing", () => RecordingFile.Write(files.Data, recording));
        Ended("simulate");

        var configuration = scenario.Configuration with { Data = files.Data };
        var outcome = TrainingSession.Run(configuration, recording, run, new TrainingRequest(run.Configuration, Force: true), terminal.OfTraining(), terminal.Interrupt);
        Ended("train");
        if (outcome.End == TrainingEnd.Interrupted)
        {
            terminal.Fail($"stopped at iteration {outcome.Iterations}, everything saved; continue with: {TrainingSession.ResumeCommand(run)}");
            return ExitCode.Interrupted;
        }

        if (outcome.End == TrainingEnd.Diverged)
        {
            throw new FailedRunException($"training diverged; see {run.Log}.");
        }

        var found = InferenceSession.Run(
            files.Run, files.Data, recording, new InferenceRequest { Split = "test", ElboDraws = 16, InputEffects = true, Threads = configuration.Training.Threads }, terminal.OfInference(), terminal.Interrupt);
        terminal.During("writing", () => PosteriorFile.Write(
            files.Posterior, found.Description, found.Trials, found.Estimates, found.Hidden, origin: PosteriorOrigin.Of(ModelFile.Read(run.Model).Raw, recording, byPosition: false)));
        Ended("infer");
        var report = terminal.During("scoring", () => EvaluationReport.Of(found));
        Ended("evaluate");
        Directory.CreateDirectory(files.Figures);
        var source = ReportSource.Of(found, files.Data, files.Run);
        var figures = terminal.During("drawing", () => Figures.Write(files.Figures, source));
        Ended("figures");
        if (hasReport)
        {
            terminal.During("making the report", () => HtmlReport.Write(RunReport.Create(source), run.Report));
            Ended("report");
        }

        var summary = report.ToJson();
        summary["demo"] = scenario.Name;
        summary["iterations"] = outcome.Iterations;
        summary["phases"] = new JsonObject(seconds.Select(one => KeyValuePair.Create(one.Phase, Json.Number(Math.Round(one.Seconds, 3)))));
        summary["total_seconds"] = Json.Number(Math.Round(seconds.Sum(one => one.Seconds), 3));
        summary["folder"] = root;
        summary["figures"] = Json.Texts(figures);
        summary["report"] = hasReport ? run.Report : null;
        AtomicFile.WriteText(files.Summary, Json.Format(summary) + "\n");
        terminal.WriteJson(() => summary);
        terminal.WriteLine();
        terminal.WriteLine($"on {found.Trials.Count} held-out trials");
        terminal.WriteTable(["score", "value", ""], report.ToRows());
        terminal.WriteLine();
        terminal.WriteLine($"time: {string.Join(", ", seconds.Select(one => $"{one.Phase} {Wording.Duration(one.Seconds)}"))}; {Wording.Duration(seconds.Sum(one => one.Seconds))} in all");
        terminal.WriteLine($"files in {root}: data.h5 (the recording), run (the model), posterior.h5 (what was found), summary.json");
        terminal.WriteLine($"figures: {string.Join(", ", figures)}");
        if (hasReport)
        {
            terminal.WriteLine($"all of it on one page: {run.Report}");
        }

        return ExitCode.Done;
    }

    private sealed record DemoFiles(string Root)
    {
        public string Data => Path.Combine(Root, "data.h5");

        public string Run => Path.Combine(Root, "run");

        public string Posterior => Path.Combine(Root, "posterior.h5");

        public string Figures => Path.Combine(Root, "figures");

        public string Summary => Path.Combine(Root, "summary.json");
    }

    private sealed record DemoScenario(string Name, string Title, Func<Recording> Simulate, RunConfiguration Configuration)
    {
        public static DemoScenario Of(string name, ulong seed) => name switch
        {
            "duffing" => new(
                name,
                "Duffing's oscillator seen through the spikes of 100 neurons, with a jump in the middle of each trial",
                () => Simulations.Duffing(new DuffingOptions { Seed = seed, Channels = 100, Bins = 100, Trials = 64, ValidationTrials = 16, TestTrials = 16, BinWidth = 0.02 }),
                Configure(seed, new ModelSpecification { States = 12, Inputs = 2 }, 300)),
            // Inputs are compared with the true ones on their own scale, which columns of unit norm fix.
            "sparse" => new(
                name,
                "a linear system that gets rare kicks, seen through 10 noisy channels",
                () => Simulations.Linear(new LinearOptions { Seed = seed, ValidationTrials = 16, TestTrials = 16 }),
                Configure(
                    seed,
                    new ModelSpecification { States = 3, Inputs = 3, Dynamics = new LinearSpecification { UnitNormInputs = true }, Prior = new StudentPriorSpecification { DegreesOfFreedom = 4 } },
                    400)),
            _ => new(
                name,
                "the Lorenz attractor seen through the spikes of 64 neurons",
                () => Simulations.Lorenz(LorenzOptions.Spiking with { Seed = seed, Trials = 224 }),
                Configure(seed, new ModelSpecification { States = 20, Inputs = 5 }, 1000)),
        };

        private static RunConfiguration Configure(ulong seed, ModelSpecification model, int iterations) => new()
        {
            Seed = seed,
            Model = model,
            Training = new TrainingOptions { Iterations = iterations, BatchSize = 16, LearningRate = 0.02, ValidationInterval = 25, CheckpointInterval = 100 },
        };
    }
}
