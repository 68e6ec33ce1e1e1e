using System.CommandLine;
using System.Text.Json.Nodes;
using IlqrVae.Control;
using IlqrVae.Data.Export;
using IlqrVae.Runs;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Cli.Commands;

/// <summary>ilqr-vae infer</summary>
internal static class InferCommand
{
    private const string Description =
        """
        Finds inputs, states and rates with their uncertainty in the trials of a dataset.

        They are written to a posterior file (HDF5, docs/posterior-format.md), or in the format that the extension or --format tells (docs/exports.md). Trials may be longer than those the model was trained on. Groups that
        are hidden are predicted from the others.

        Example:
          ilqr-vae infer run --data data.h5 -o posterior.h5
          ilqr-vae infer run --data data.h5 -o decoded.h5 --split test --hide velocity
          ilqr-vae infer run --data data.h5 -o posterior.mat
          mpirun -n 8 ilqr-vae infer run --data data.h5 -o posterior.h5 --threads 4
        """;

    public static Command Create(Terminal terminal)
    {
        var run = new Argument<string>("RUN") { Description = "The run's folder, or its model.h5." };
        var data = Arguments.Data();
        var output = Arguments.Output("The posterior file to write.", isRequired: true);
        var format = Arguments.Format();
        var split = Arguments.Split("Which trials; all by default.");
        var hide = Arguments.Hide();
        var byPosition = Arguments.ByPosition();
        var draws = Arguments.Number<int>("--draws", "Joint posterior samples to write for each trial.", "K");
        var intervals = new Option<bool>("--intervals") { Description = "Write intervals of 50, 90 and 95 % of what may be observed, noise included." };
        var uncalibrated = Arguments.Uncalibrated();
        var force = Arguments.Force("Replace a file of that name.");
        var seed = Arguments.Seed("Seed of the samples; by default the model's.");
        var threads = Arguments.Threads();
        var json = Arguments.Json();
        return Arguments.Make("infer", Description, [run, data, output, format, split, hide, byPosition, draws, intervals, uncalibrated, force, seed, threads, json], result => MpiJob.Run(terminal, processes =>
        {
            terminal.IsJson = result.GetValue(json);
            if (result.GetValue(draws) is < 0 or > 10_000)
            {
                throw new InputException("--draws: give a whole number from 0 to 10000.");
            }

            var path = result.GetValue(data)!;
            var destination = result.GetValue(output)!;
            var kind = ExportFile.FormatOf(destination, result.GetValue(format), ExportFormat.Hdf5);
            Arguments.RequireOther(destination, path, "the dataset");
            Arguments.RequireOther(destination, RunFolder.ModelOf(result.GetValue(run)!), "the model");
            Arguments.RequireFree(destination, result.GetValue(force));
            var recording = terminal.Read(path);
            ExportFile.RequireFits(destination, kind, recording.Trials.Where(trial => result.GetValue(split) is null or "all" || string.Equals(trial.Split.ToString(), result.GetValue(split), StringComparison.OrdinalIgnoreCase)));
            var found = InferenceSession.Run(
                result.GetValue(run)!, path, recording,
                new InferenceRequest
                {
                    Split = result.GetValue(split) ?? "all",
                    Hidden = Arguments.Names(result.GetValue(hide)),
                    ByPosition = result.GetValue(byPosition),
                    Samples = result.GetValue(draws),
                    Noise = true,
                    Intervals = result.GetValue(intervals),
                    Calibrated = !result.GetValue(uncalibrated),
                    Seed = result.GetValue(seed),
                    Threads = result.GetValue(threads),
                    Processes = processes,
                },
                terminal.OfInference(),
                terminal.Interrupt);
            if (processes.Number > 0)
            {
                return ExitCode.Done;
            }

            terminal.During("writing", () => PosteriorFile.Write(destination, found.Description, found.Trials, found.Estimates, found.Hidden, found.Calibration, found.Intervals, kind, PosteriorOrigin.Of(ModelFile.Read(RunFolder.ModelOf(result.GetValue(run)!)).Raw, recording, result.GetValue(byPosition))));
            terminal.Remarks(found.Remarks);
            Report(found, destination, terminal);
            return ExitCode.Done;
        }));
    }

    private static void Report(InferenceResult found, string destination, Terminal terminal)
    {
        var converged = found.Estimates.Count(estimate => estimate.Map.Status == SolverStatus.Converged);
        terminal.WriteJson(() => new JsonObject
        {
            ["posterior"] = destination,
            ["split"] = found.Split,
            ["trials"] = found.Trials.Count,
            ["bins"] = found.Trials.Sum(trial => (long)trial.Bins),
            ["hidden"] = Json.Texts(found.Hidden.Order(StringComparer.Ordinal)),
            ["converged"] = converged,
            ["calibrated"] = found.Calibration is not null,
            ["seconds"] = Json.Number(found.Seconds),
        });
        terminal.WriteLine($"{found.Trials.Count} trials in {Wording.Duration(found.Seconds)}, {converged} converged");
        foreach (var estimate in found.Estimates.Where(estimate => estimate.Map.Status != SolverStatus.Converged).Take(5))
        {
            terminal.WriteLine($"  {estimate.Name}: {estimate.Map.Message}");
        }

        terminal.WriteLine($"posterior: {destination}");
    }
}
