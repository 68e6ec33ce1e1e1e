using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using IlqrVae.Cli.Reports;
using IlqrVae.Recordings;
using IlqrVae.Reports;
using IlqrVae.Runs;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Fitting;
using IlqrVae.Runs.Scores;
using IlqrVae.Runs.Sessions;
using IlqrVae.Training;

namespace IlqrVae.Cli.Commands;

/// <summary>ilqr-vae fit</summary>
internal static class FitCommand
{
    private const string Description =
        """
        Finds and trains a model of a dataset, without a configuration, within a time you give.

        Models of several sizes learn to predict what is hidden from them: neurons from other neurons, behaviour from spikes. Those that predict the
        validation trials best go on; the best of all is trained for what is left of the time. Test trials have no part in it. The result is an ordinary run,
        with its configuration, for 'infer', 'evaluate' and 'train --resume'. The same command started again goes on with a fit that was interrupted.

        Example:
          ilqr-vae fit data.h5
          ilqr-vae fit data.h5 -o run --minutes 30 --hide held-out --watch
        """;

    /// <summary>Of the time that a fit may take, so much again for baselines.</summary>
    private const double BaselineShare = 0.5;

    public static Command Create(Terminal terminal)
    {
        var data = new Argument<string>("DATA") { Description = "The dataset file, as 'ilqr-vae import' makes it." };
        var output = Arguments.Output("Folder of the run; by default called like the dataset, with -run behind.", isRequired: false);
        var minutes = Arguments.Number<double?>("--minutes", "Minutes it may take (10).", "MIN");
        var hide = Arguments.Hide();
        hide.Description = "Neurons that are to be predicted from the others in validation, a channel group; may be given several times. Values, such as behaviour, always are.";
        var seed = Arguments.Seed("Seed of everything random (1).");
        var parallel = Arguments.Parallel("Trainings of the search at a time, which share the threads; by default as many as keep the threads busy, with two threads one.");
        var threads = Arguments.Threads();
        var force = Arguments.Force("Replace a run that is in the folder already, or begin a fit anew that was interrupted there.");
        var noBaselines = new Option<bool>("--no-baselines") { Description = "Leave out the comparison with baselines at the end, of which none is begun after half of the minutes again." };
        var follow = new FollowOptions();
        var noReport = ReportFile.None();
        var json = Arguments.Json();
        return Arguments.Make("fit", Description, [data, output, minutes, hide, noBaselines, .. follow.All, noReport, seed, parallel, threads, force, json], result =>
        {
            terminal.IsJson = result.GetValue(json);
            var path = result.GetValue(data)!;
            var given = result.GetValue(minutes) ?? 10;
            if (!(given is > 0 and <= 100_000))
            {
                throw new InputException("--minutes: give a number above 0, such as 10.");
            }

            if (result.GetValue(threads) is < 0 and var wrong)
            {
                throw new InputException($"--threads: {wrong} is not possible; give a whole number from 1, or 0 for one a core.");
            }

            var atATime = Arguments.Given(result, parallel) ?? 0;
            follow.Require(result);
            var recording = terminal.Read(path);
            var folder = new RunFolder(result.GetValue(output) ?? Path.Combine(Path.GetDirectoryName(path) ?? "", Path.GetFileNameWithoutExtension(path) + "-run"));
            var request = new FitRequest
            {
                Seconds = 60 * given,
                Seed = result.GetValue(seed) ?? 1,
                Threads = result.GetValue(threads) ?? 0,
                Parallel = atATime,
                Predict = [.. Arguments.Names(result.GetValue(hide))],
                Force = result.GetValue(force),
            };
            using var followers = follow.Begin(result, path, recording, terminal);
            return Run(path, recording, folder, request, result.GetValue(noBaselines), result.GetValue(noReport), followers, terminal);
        });
    }

    private static int Run(string path, Recording recording, RunFolder folder, FitRequest request, bool isAlone, bool hasNoReport, Followers followers, Terminal terminal)
    {
        FitOutcome outcome;
        try
        {
            request = request with
            {
                GoesOn = (done, seconds) => terminal.Remark($"going on with a fit that was interrupted: {done} {(done == 1 ? "training of its search is" : "trainings of its search are")} done, in {Wording.Duration(seconds)}"),
            };
            outcome = FitSession.Run(path, recording, folder, request, attempt => Tell(attempt, terminal), followers.With(terminal.OfFit(request.Seconds)), terminal.Interrupt);
        }
        catch (OperationCanceledException)
        {
            if (!Directory.Exists(folder.Search))
            {
                throw;
            }

            terminal.End();
            terminal.Fail($"stopped; what was tried is kept, and {GoingOn(request)}");
            return ExitCode.Interrupted;
        }

        terminal.End();
        var training = outcome.Training;
        followers.EndOfTraining(TrainCommand.InWords(training));
        if (outcome.IsOutOfTime)
        {
            terminal.Remark($"the machine became slower, and the time was up after {training.Iterations} of {outcome.Chosen.Configuration.Training.Iterations} updates; the others: {TrainingSession.ResumeCommand(folder)}");
        }
        else if (training.End == TrainingEnd.Interrupted)
        {
            terminal.Fail($"stopped at iteration {training.Iterations}, everything saved; {GoingOn(request)}");
            return ExitCode.Interrupted;
        }

        if (training.End == TrainingEnd.Diverged)
        {
            throw new FailedRunException($"numbers overflowed again and again; the best parameters are in {folder.Model}. Look for extreme values with 'ilqr-vae inspect'.");
        }

        var hidden = recording.Groups.Where(group => group.Kind == ChannelKind.Values && recording.Groups.Any(one => one.Kind == ChannelKind.Counts)).Select(group => group.Name)
            .Concat(request.Predict).ToHashSet(StringComparer.Ordinal);
        var rows = hidden.Count == 0 ? [] : Compared(path, recording, folder, outcome.Chosen.Configuration.Training, hidden, isAlone ? TimeSpan.Zero : TimeSpan.FromSeconds(request.Seconds * BaselineShare), terminal);
        var report = ReportFile.Add(() => ReportSource.Open(folder.Root, path, recording, new ReportRequest { Threads = request.Threads }, terminal.OfInference(), terminal.Interrupt), folder.Root, terminal, hasNoReport, followers);
        terminal.WriteJson(() => new JsonObject
        {
            ["run"] = folder.Root,
            ["report"] = report,
            ["tensorboard"] = followers.Events,
            ["chosen"] = outcome.Chosen.Name,
            ["attempts"] = new JsonArray([.. outcome.Attempts.Select(attempt => (JsonNode)new JsonObject
            {
                ["round"] = attempt.Round,
                ["candidate"] = attempt.Candidate,
                ["iterations"] = attempt.Iterations,
                ["folds"] = attempt.Folds,
                ["seconds"] = Json.Number(attempt.Seconds),
                ["validation_gain"] = Json.Number(attempt.Gain),
                ["kept"] = attempt.IsKept,
            })]),
            ["iterations"] = training.Iterations,
            ["best_iteration"] = training.BestIteration,
            ["validation_gain"] = Json.Number(-training.ValidationLoss),
            ["seconds"] = Json.Number(outcome.Seconds),
            ["validation"] = new JsonArray([.. rows.Select(row => (JsonNode)new JsonObject { ["score"] = row.Name, ["value"] = Json.Number(row.Value), ["by"] = row.By })]),
        });
        terminal.WriteLine();
        terminal.WriteTable(
            ["round", "model", "updates", "seconds", "gain", ""],
            outcome.Attempts.Select(attempt => (IReadOnlyList<string>)
            [
                attempt.Round.ToString(CultureInfo.InvariantCulture), attempt.Candidate, string.Create(CultureInfo.InvariantCulture, $"{(attempt.Folds > 1 ? $"{attempt.Folds} x " : "")}{attempt.Iterations}"),
                Wording.Number(attempt.Seconds, "0"), Wording.Number(attempt.Gain, "0.0000"), attempt.IsKept ? "kept" : "",
            ]).Append(["last", outcome.Chosen.Name, training.Iterations.ToString(CultureInfo.InvariantCulture), Wording.Number(training.Seconds, "0"), Wording.Number(-training.ValidationLoss, "0.0000"), "chosen"]));
        terminal.WriteLine("gain: nats that a hidden entry of the validation trials gains over each channel being constant; what was hidden is neurons in turn, and behaviour");
        if (training.IsNoBetterThanConstant)
        {
            terminal.Remark("the model predicts the validation trials no better than each channel being constant does: give it more time or data, or take it that there is nothing to find.");
        }

        if (rows.Count > 0)
        {
            terminal.WriteLine();
            terminal.WriteLine($"validation trials, {string.Join(" and ", hidden.Order(StringComparer.Ordinal))} hidden");
            terminal.WriteTable(["score", "value", "by"], rows.Select(row => (IReadOnlyList<string>)[row.Name, Wording.Number(row.Value), row.By]));
        }

        var test = recording.TrialsOf(TrialSplit.Test).Count > 0 ? "test" : recording.TrialsOf(TrialSplit.Validation).Count > 0 ? "validation" : "train";
        var hides = string.Concat(hidden.Order(StringComparer.Ordinal).Select(name => $" --hide {Wording.Quoted(name)}"));
        terminal.WriteLine($"model: {folder.Model}, from {folder.Configuration}");
        if (report is not null)
        {
            terminal.WriteLine($"report: {report}");
        }

        if (followers.Events is { } events)
        {
            terminal.WriteLine($"events: {events}");
        }

        terminal.WriteLine($"next:  ilqr-vae evaluate {Wording.Quoted(folder.Root)} --data {Wording.Quoted(path)} --split {test}{hides}{(hidden.Count > 0 ? " --baselines" : "")}");
        return ExitCode.Done;
    }

    private static string GoingOn(FitRequest request) => $"the same command goes on{(request.Force ? " without --force, with which it begins anew" : "")}";

    /// <summary>How well the model and baselines predict the hidden groups of the validation trials, which have chosen it: on test trials it may be a little less.</summary>
    private static List<(string Name, double Value, string By)> Compared(
        string path, Recording recording, RunFolder folder, TrainingOptions training, HashSet<string> hidden, TimeSpan forBaselines, Terminal terminal)
    {
        recording = LearningTrials.Of(recording, training.Chunk, training.ValidationShare);
        if (recording.TrialsOf(TrialSplit.Validation).Count == 0)
        {
            return [];
        }

        var found = InferenceSession.Run(
            folder.Root, path, recording, new InferenceRequest { Split = "validation", Hidden = hidden, Threads = training.Threads }, terminal.OfInference(), terminal.Interrupt);
        static string NameOf(bool isCounts, string group) => $"{(isCounts ? "bits per spike" : "R2")} of {group}";
        var rows = GroupScore.OfAll(found, ScoredPart.Rest).Where(score => score.IsHidden)
            .Select(score => (Name: NameOf(score.R2.Count == 0, score.Name), Value: score.R2.Count == 0 ? score.BitsPerSpike : score.MeanR2, By: "this model")).ToList();
        if (forBaselines > TimeSpan.Zero)
        {
            terminal.Remark("comparing with baselines; --no-baselines leaves that out");
            var baselines = terminal.Interruptible("comparing with baselines", () => BaselinePart.Of(found, forBaselines, terminal.Interrupt));
            if (baselines.LeftOut.Count > 0)
            {
                terminal.Remark($"no time was left for {string.Join(", ", baselines.LeftOut)}; 'evaluate --baselines' takes the time that it needs");
            }

            rows.AddRange(baselines.Scores.Select(score => (NameOf(score.R2.Count == 0, score.Group), score.R2.Count == 0 ? score.BitsPerSpike : score.MeanR2, score.Name)));
        }

        // A group after the other, the model first in each.
        return [.. rows.GroupBy(row => row.Name, StringComparer.Ordinal).SelectMany(group => group)];
    }

    private static void Tell(FitAttempt attempt, Terminal terminal) => terminal.Remark(string.Create(
        CultureInfo.InvariantCulture,
        $"round {attempt.Round}: {attempt.Candidate}, {(attempt.Folds > 1 ? $"{attempt.Folds} times " : "")}{attempt.Iterations} updates in {Wording.Duration(attempt.Seconds)}: gain {attempt.Gain:0.0000}{(attempt.IsKept ? ", kept" : "")}"));
}
