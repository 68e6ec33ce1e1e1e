using System.CommandLine;
using System.Text.Json.Nodes;
using IlqrVae.Cli.Reports;
using IlqrVae.Recordings;
using IlqrVae.Reports;
using IlqrVae.Runs;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Sessions;
using IlqrVae.Training;

namespace IlqrVae.Cli.Commands;

/// <summary>ilqr-vae train</summary>
internal static class TrainCommand
{
    private const string Description =
        """
        Learns a model from the training trials of a dataset and writes it to a run folder.

        Ctrl-C saves the state and stops with exit code 130; --resume goes on from there with the same numbers as if nothing had
        happened. All keys of the configuration are in docs/configuration.md; the smallest one is 'data: data.h5'.

        Example:
          ilqr-vae train config.yaml -o run
          ilqr-vae train config.yaml -o second-run --data other.h5 --seed 2
          ilqr-vae train config.yaml -o linear --set model.dynamics.kind=linear --set training.iterations=500
          ilqr-vae train new-session.yaml -o third-run --from run --freeze dynamics,prior
          ilqr-vae train run/config.yaml --resume
          ilqr-vae train --like run -o again
          ilqr-vae train config.yaml --watch --tensorboard logs/run
          mpirun -n 8 ilqr-vae train config.yaml --threads 4
        """;

    public static Command Create(Terminal terminal)
    {
        var file = new Argument<string?>("CONFIG") { Description = "The configuration (YAML), or the folder of a run to resume.", Arity = ArgumentArity.ZeroOrOne };
        var like = new Option<string?>("--like") { Description = "A run to repeat from what it recorded, instead of CONFIG: configuration, seed and data; says whether it came out the same.", HelpName = "RUN" };
        var output = Arguments.Output("Folder of the run; by default called like the configuration and beside it.", isRequired: false);
        var data = Arguments.Data("The dataset file to learn from; overrides the configuration.", isRequired: false);
        var seed = Arguments.Seed("Seed of everything random; overrides the configuration.");
        var from = new Option<string?>("--from") { Description = "A run whose parameters learning starts from; overrides the configuration.", HelpName = "RUN" };
        var freeze = new Option<string?>("--freeze") { Description = "Parts that are not learned, separated by commas: dynamics, prior, initial, posterior, likelihoods, likelihood:GROUP; overrides the configuration.", HelpName = "PARTS" };
        var set = Arguments.Set();
        var resume = new Option<bool>("--resume") { Description = "Continue an interrupted run, or train a finished one further with more --iterations." };
        var force = Arguments.Force("Replace a run that is in the folder already.");
        var threads = Arguments.Threads();
        var iterations = Arguments.Number<int?>("--iterations", "Number of parameter updates; overrides the configuration.", "N");
        var stopAfter = Arguments.Number<int?>("--stop-after", "Save and stop after so many iterations of this call, as Ctrl-C does.", "N");
        var follow = new FollowOptions();
        var noReport = ReportFile.None();
        var json = Arguments.Json();
        return Arguments.Make("train", Description, [file, output, like, set, data, seed, from, freeze, resume, force, threads, iterations, stopAfter, .. follow.All, noReport, json], result => MpiJob.Run(terminal, processes =>
        {
            terminal.IsJson = result.GetValue(json);
            var repeat = OpenRepeat(result.GetValue(like), result.GetValue(file), result.GetValue(output), [
                ("--set", result.GetValue(set) is { Length: > 0 }), ("--seed", result.GetValue(seed) is not null), ("--from", result.GetValue(from) is not null),
                ("--freeze", result.GetValue(freeze) is not null), ("--resume", result.GetValue(resume)), ("--iterations", result.GetValue(iterations) is not null)]);
            var path = repeat is null ? RunFolder.ConfigurationOf(result.GetValue(file)!) : new RunFolder(repeat.Run).Configuration;
            var configuration = WithOptions(repeat?.Configuration ?? ConfigurationFile.Read(path, result.GetValue(set), isAgreed: !Directory.Exists(result.GetValue(file))), result.GetValue(threads), result.GetValue(iterations));
            configuration = configuration with { Data = result.GetValue(data) ?? configuration.Data, Seed = result.GetValue(seed) ?? configuration.Seed, StartFrom = result.GetValue(from) ?? configuration.StartFrom };
            if (result.GetValue(freeze) is { } parts)
            {
                configuration = configuration with { Training = configuration.Training with { Freeze = [.. parts.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)] } };
            }

            if (result.GetValue(stopAfter) is < 1)
            {
                throw new InputException("--stop-after: give a whole number from 1.");
            }

            follow.Require(result);
            var folder = new RunFolder(result.GetValue(output) ?? DefaultFolder(path));
            var recording = terminal.Read(configuration.Data);
            IEnumerable<string> remarks = result.GetValue(resume) ? [] : RecordingRemarks.Of(recording).Concat(TrainingSession.RemarksOf(configuration, recording));
            var differences = repeat?.Require(configuration, recording) ?? [];
            terminal.Remarks(differences);
            using var followers = processes.Number == 0 ? follow.Begin(result, configuration.Data, recording, terminal) : new Followers(null, null, terminal);
            var outcome = TrainingSession.Run(
                configuration, recording, folder,
                new TrainingRequest(path, result.GetValue(resume), result.GetValue(force), result.GetValue(stopAfter)) { Processes = processes, Remark = terminal.Remark }, followers.With(terminal.OfTraining(remarks, () => SettingsOf(folder))), terminal.Interrupt);
            followers.EndOfTraining(InWords(outcome));
            ReportSource Open() => ReportSource.Open(folder.Root, configuration.Data, recording, new ReportRequest { Threads = configuration.Training.Threads }, terminal.OfInference(), terminal.Interrupt);
            var report = processes.Number > 0 || outcome.End is TrainingEnd.Interrupted or TrainingEnd.Diverged ? null : ReportFile.Add(Open, folder.Root, terminal, result.GetValue(noReport), followers);
            var repeated = repeat is null || processes.Number > 0 || outcome.End == TrainingEnd.Interrupted ? null : new Repeated(repeat.Run, differences, repeat.Compare(folder.Model));
            Report(outcome, configuration.Data, folder, report, followers.Events, repeated, terminal);
            return outcome.End switch
            {
                TrainingEnd.Interrupted => ExitCode.Interrupted,
                TrainingEnd.Diverged => throw new FailedRunException(
                    $"numbers overflowed again and again; the best parameters are in {folder.Model}. Look for extreme values with 'ilqr-vae inspect', or train anew with a smaller learning-rate."),
                _ => ExitCode.Done,
            };
        }));
    }

    /// <summary>The run to be repeated; null where none is.</summary>
    private static RunRepeat? OpenRepeat(string? like, string? file, string? output, IEnumerable<(string Option, bool IsThere)> others)
    {
        if (like is null)
        {
            return file is null ? throw new InputException("ilqr-vae train: CONFIG is missing; give the configuration (YAML), or the folder of a run to resume (see 'ilqr-vae train --help')") : null;
        }

        if (file is not null)
        {
            throw new InputException($"--like: the configuration is that of the run; leave out '{file}', or --like.");
        }

        if (others.FirstOrDefault(one => one.IsThere) is { Option: { } other })
        {
            throw new InputException($"--like: the run is repeated as it was; leave out {other}, or --like.");
        }

        return output is null ? throw new InputException("--like: give a folder for the repetition with -o.") : RunRepeat.Open(like);
    }

    /// <summary>Every setting as the run keeps it, what was left open resolved.</summary>
    private static IEnumerable<string> SettingsOf(RunFolder folder)
        => ConfigurationFile.Values(ConfigurationFile.Read(folder.Configuration)).Select(one => $"{one.Path}: {(one.Value ?? "").Replace("\n", "; ", StringComparison.Ordinal)}");

    /// <summary>A configuration with what the command line overrides.</summary>
    public static RunConfiguration WithOptions(RunConfiguration configuration, int? threads, int? iterations)
    {
        if (threads is < 0)
        {
            throw new InputException($"--threads: {threads} is not possible; give a whole number from 1, or 0 for one a core.");
        }

        if (iterations is < 1)
        {
            throw new InputException($"--iterations: {iterations} is not possible; give a whole number from 1.");
        }

        return configuration with
        {
            Training = configuration.Training with
            {
                Threads = threads ?? configuration.Training.Threads,
                Iterations = iterations ?? configuration.Training.Iterations,
            },
        };
    }

    private static string DefaultFolder(string path)
    {
        var beside = Path.GetDirectoryName(path) ?? "";
        var name = Path.GetFileNameWithoutExtension(path);

        // The configuration kept in a run's folder belongs to that run.
        return name == "config" && new RunFolder(beside).HoldsRun ? beside : Path.Combine(beside, name);
    }

    /// <summary>How a training ended, for those who watch it.</summary>
    public static string InWords(TrainingOutcome outcome)
        => $"{outcome.End switch
        {
            TrainingEnd.Interrupted => "Training was stopped, with its state saved,",
            TrainingEnd.EarlyStopped => "Training ended, since validation stopped improving,",
            TrainingEnd.Diverged => "Training ended, since numbers overflowed again and again,",
            _ => "Training ended",
        }} after {outcome.Iterations} iterations in {Wording.Duration(outcome.Seconds)}.{(double.IsFinite(outcome.ValidationLoss) ? $" Best validation {TrainingSession.InWords(outcome.ValidationScore, outcome.ValidationLoss)}, at iteration {outcome.BestIteration}." : "")}";

    private static void Report(TrainingOutcome outcome, string data, RunFolder folder, string? report, string? events, Repeated? repeated, Terminal terminal)
    {
        terminal.WriteJson(() => WithRepetition(new JsonObject
        {
            ["run"] = folder.Root,
            ["end"] = outcome.End.ToString().ToLowerInvariant(),
            ["iterations"] = outcome.Iterations,
            ["best_iteration"] = outcome.BestIteration,
            ["loss"] = Json.Number(outcome.Loss),
            ["validation_loss"] = Json.Number(outcome.ValidationLoss),
            ["validation_score"] = TrainingSession.NameOf(outcome.ValidationScore),
            ["validation_null_log_likelihood"] = Json.Number(outcome.ValidationNull),
            ["seconds"] = Json.Number(outcome.Seconds),
            ["parameters"] = outcome.Parameters,
            ["model"] = folder.Model,
            ["report"] = report,
            ["tensorboard"] = events,
        }, repeated));
        if (outcome.End == TrainingEnd.Diverged)
        {
            return;
        }

        if (outcome.End == TrainingEnd.Interrupted)
        {
            terminal.Fail($"stopped at iteration {outcome.Iterations}, everything saved; continue with: {TrainingSession.ResumeCommand(folder)}");
            return;
        }

        var words = outcome.End == TrainingEnd.EarlyStopped ? "validation stopped improving after" : "trained";
        terminal.WriteLine($"{words} {outcome.Iterations} iterations in {Wording.Duration(outcome.Seconds)}");
        if (double.IsFinite(outcome.ValidationLoss))
        {
            terminal.WriteLine($"best validation {TrainingSession.InWords(outcome.ValidationScore, outcome.ValidationLoss)}, at iteration {outcome.BestIteration}{(outcome.ValidationScore == LearningObjective.Predictive ? "" : $"; each channel constant: {Wording.Number(outcome.ValidationNull, "0.0000")}")}");
        }

        if (outcome.IsNoBetterThanConstant)
        {
            terminal.Remark("the model explains the validation trials no better than each channel being constant does: train longer, give it more data, or take it that there is nothing to find.");
        }

        if (repeated is not null)
        {
            terminal.WriteLine(repeated.Outcome.IsSame ? $"the parameters are those of {repeated.Run}, bit by bit"
                : double.IsNaN(repeated.Outcome.LargestDifference) ? $"the parameters are not those of {repeated.Run}: the updates they come from are not as many"
                : $"the parameters differ from those of {repeated.Run} by at most {Wording.Number(repeated.Outcome.LargestDifference, "0.#e-0")}");
        }

        terminal.WriteLine($"model: {folder.Model}");
        if (report is not null)
        {
            terminal.WriteLine($"report: {report}");
        }

        if (events is not null)
        {
            terminal.WriteLine($"events: {events}");
        }

        terminal.WriteLine($"next:  ilqr-vae infer {Wording.Quoted(folder.Root)} --data {Wording.Quoted(data)} -o posterior.h5");
    }

    private static JsonObject WithRepetition(JsonObject json, Repeated? repeated)
    {
        if (repeated is not null)
        {
            json["like"] = new JsonObject
            {
                ["run"] = repeated.Run,
                ["differences"] = Json.Texts(repeated.Differences),
                ["same_bits"] = repeated.Outcome.IsSame,
                ["largest_difference"] = Json.Number(repeated.Outcome.LargestDifference),
            };
        }

        return json;
    }

    /// <summary>A run that was repeated.</summary>
    private sealed record Repeated(string Run, IReadOnlyList<string> Differences, RepeatOutcome Outcome);
}
