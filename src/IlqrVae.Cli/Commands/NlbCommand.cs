using System.CommandLine;
using System.Text.Json.Nodes;
using IlqrVae.Data.Import.NeuralLatents;
using IlqrVae.Runs;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.NeuralLatents;

namespace IlqrVae.Cli.Commands;

/// <summary>ilqr-vae nlb: its commands score, predict and target.</summary>
internal static class NlbCommand
{
    private const string Description =
        """
        Files and scores of the Neural Latents Benchmark 2021: submissions, targets and what one is worth against the other.

        docs/nlb.md defines every score and has the published ones. Choose by the validation trials alone; the test trials are for the end.

        Example:
          ilqr-vae nlb predict run --data data.h5 -o submission.h5
          ilqr-vae nlb target data.h5 -o target.h5
          ilqr-vae nlb score submission.h5 --target target.h5
        """;

    private const string ScoreDescription =
        """
        Scores a submission file against a target file, every group that both have, exactly as the benchmark defines it.

        Example:
          ilqr-vae nlb score submission.h5 --target target.h5
          ilqr-vae nlb score submission.h5 --target eval_data_val.h5 --json
        """;

    private const string PredictDescription =
        """
        Writes a submission: the rates that a run predicts of a dataset, as expected spikes a bin.

        Of every trial inference sees the held-in neurons in the window and nothing else. The validation trials are evaluated, or the test trials.

        Example:
          ilqr-vae nlb predict run --data data.h5 -o submission.h5
          ilqr-vae nlb predict run --data maze.h5 -o submission.h5 --set mc_maze --forward-bins 40 --phase test
        """;

    private const string TargetDescription =
        """
        Writes a target file of a dataset, so that submissions can be scored in the benchmark's way whatever the recording.

        Example:
          ilqr-vae nlb target data.h5 -o target.h5
          ilqr-vae nlb target sub-Jenkins/*.nwb -o target.h5 --set mc_maze
          ilqr-vae nlb target data.h5 -o target.h5 --forward-bins 20 --behaviour velocity --lag 100 --condition condition --sigma 50
        """;

    public static Command Create(Terminal terminal)
    {
        var command = new Command("nlb", Description);
        command.Subcommands.Add(Score(terminal));
        command.Subcommands.Add(Predict(terminal));
        command.Subcommands.Add(Target(terminal));
        return command;
    }

    private static Command Score(Terminal terminal)
    {
        var submission = new Argument<string>("SUBMISSION") { Description = "The submission file." };
        var target = new Option<string>("--target") { Description = "The target file.", Required = true, HelpName = "target.h5" };
        var json = Arguments.Json();
        return Arguments.Make("score", ScoreDescription, [submission, target, json], result =>
        {
            terminal.IsJson = result.GetValue(json);
            var score = terminal.Interruptible("scoring", () => NeuralLatentsScore.Of(result.GetValue(submission)!, result.GetValue(target)!, terminal.Interrupt));
            terminal.Remarks(score.Remarks);
            terminal.WriteJson(score.ToJson);
            terminal.WriteTable(["group", "score", "value", ""], score.ToRows());
            foreach (var (group, why) in score.PassedOver)
            {
                terminal.WriteLine($"passed over: {group} ({why})");
            }

            return ExitCode.Done;
        });
    }

    private static Command Predict(Terminal terminal)
    {
        var run = new Argument<string>("RUN") { Description = "The run's folder, or its model.h5." };
        var data = Arguments.Data();
        var output = Arguments.Output("The submission file to write.", isRequired: true);
        var how = new HowToCut();
        var byPosition = Arguments.ByPosition();
        var force = Arguments.Force("Replace a file of that name.");
        var threads = Arguments.Threads();
        var json = Arguments.Json();
        return Arguments.Make("predict", PredictDescription, [run, data, output, .. how.Options, byPosition, force, threads, json], result => MpiJob.Run(terminal, processes =>
        {
            terminal.IsJson = result.GetValue(json);
            var (path, destination) = (result.GetValue(data)!, result.GetValue(output)!);
            Arguments.RequireOther(destination, path, "the dataset");
            Arguments.RequireOther(destination, RunFolder.ModelOf(result.GetValue(run)!), "the model");
            Arguments.RequireFree(destination, result.GetValue(force));
            var found = NeuralLatentsPrediction.Of(
                result.GetValue(run)!, path, terminal.Read(path), how.Read(result), result.GetValue(byPosition), result.GetValue(threads), terminal.OfInference(), processes, terminal.Interrupt);
            if (processes.Number > 0)
            {
                return ExitCode.Done;
            }

            terminal.During("writing", () => found.File.Save(destination));
            terminal.Remarks(found.Remarks);
            terminal.WriteJson(() => new JsonObject
            {
                ["submission"] = destination,
                ["group"] = found.Group,
                ["train_trials"] = found.TrainingTrials,
                ["eval_trials"] = found.EvaluatedTrials,
                ["bins"] = found.Bins,
                ["forward_bins"] = found.ForwardBins,
                ["held_in"] = found.HeldIn,
                ["held_out"] = found.HeldOut,
                ["hidden"] = Json.Texts(found.Hidden),
                ["converged"] = found.Converged,
                ["seconds"] = Json.Number(found.Seconds),
            });
            terminal.WriteLine(
                $"{found.Group}: {found.TrainingTrials} trials to learn from and {found.EvaluatedTrials} evaluated, {found.Bins} bins{(found.ForwardBins > 0 ? $" and {found.ForwardBins} after them" : "")}, {found.HeldIn} neurons seen and {found.HeldOut} predicted, in {Wording.Duration(found.Seconds)}, {found.Converged} converged");
            terminal.WriteLine($"submission: {destination}");
            return ExitCode.Done;
        }));
    }

    private static Command Target(Terminal terminal)
    {
        var data = new Argument<string[]>("DATA") { Description = "The dataset file; or NWB files of a set of the benchmark, of which targets are made as the benchmark makes them.", Arity = ArgumentArity.OneOrMore };
        var output = Arguments.Output("The target file to write.", isRequired: true);
        var how = new HowToCut();
        var behaviour = new Option<string?>("--behaviour") { Description = "Group of values to decode; by default the set's, or the only one there is.", HelpName = "GROUP" };
        var lag = Arguments.Number<double>("--lag", "How many ms later than spikes behaviour is taken (0); where a trial ends before that it is missing.", "MS");
        var condition = new Option<string[]>("--condition")
        {
            Description = "Tables of one number a trial, in /truth, that make a condition together; by default the set's, or 'condition'.",
            HelpName = "TABLE",
            AllowMultipleArgumentsPerToken = true,
        };
        var sigma = Arguments.Number<double?>("--sigma", "Standard deviation in ms of the kernel that smooths spikes for condition averages; by default the set's, or 70.", "MS");
        var decodeBy = new Option<string?>("--decode-by") { Description = "Table of one number a trial, in /truth, each of whose values has a decoder of its own.", HelpName = "TABLE" };
        var force = Arguments.Force("Replace a file of that name.");
        var json = Arguments.Json();
        return Arguments.Make("target", TargetDescription, [data, output, .. how.Options, behaviour, lag, condition, sigma, decodeBy, force, json], result =>
        {
            terminal.IsJson = result.GetValue(json);
            var (paths, destination) = (result.GetValue(data)!, result.GetValue(output)!);
            Array.ForEach(paths, path => Arguments.RequireOther(destination, path, "the dataset"));
            Arguments.RequireFree(destination, result.GetValue(force));
            var options = how.Read(result) with
            {
                Behaviour = result.GetValue(behaviour),
                LagMilliseconds = result.GetValue(lag),
                Conditions = Arguments.NamesInOrder(result.GetValue(condition)),
                SigmaMilliseconds = result.GetValue(sigma),
                DecodedBy = result.GetValue(decodeBy),
            };
            var made = terminal.Interruptible("making the target", () => paths.Length > 1 || NeuralLatentsImport.Recognises(paths[0])
                ? NeuralLatentsTarget.OfSessions(paths, options)
                : NeuralLatentsTarget.Of(paths[0], terminal.Read(paths[0]), options));
            terminal.During("writing", () => made.File.Save(destination));
            terminal.Remarks(made.Remarks);
            terminal.WriteJson(() => new JsonObject
            {
                ["target"] = destination,
                ["group"] = made.Group,
                ["train_trials"] = made.TrainingTrials,
                ["eval_trials"] = made.EvaluatedTrials,
                ["bins"] = made.Bins,
                ["forward_bins"] = made.ForwardBins,
                ["held_out"] = made.HeldOut,
                ["behaviour"] = made.Behaviour,
                ["conditions"] = made.Conditions,
                ["decoders"] = made.Decoders,
            });
            terminal.WriteLine(
                $"{made.Group}: {made.TrainingTrials} trials to learn from and {made.EvaluatedTrials} evaluated, {made.Bins} bins{(made.ForwardBins > 0 ? $" and {made.ForwardBins} after them" : "")}, {made.HeldOut} neurons held out, behaviour: {made.Behaviour ?? "none"}, {made.Conditions} conditions");
            terminal.WriteLine($"target: {destination}");
            return ExitCode.Done;
        });
    }

    /// <summary>What predict and target must be told alike.</summary>
    private sealed class HowToCut
    {
        private readonly Option<string?> _set = new("--set") { Description = "The set, which names the group: one of the benchmark's, such as mc_maze, or any other; by default the name of the dataset file.", HelpName = "NAME" };
        private readonly Option<string?> _phase = Arguments.Phase("Which trials are evaluated, those of validation (val, the default) or of test.");
        private readonly Option<string[]> _heldOut = new("--held-out-group") { Description = "Groups of neurons that are predicted; 'held-out' by default.", HelpName = "GROUP", AllowMultipleArgumentsPerToken = true };
        private readonly Option<int?> _forward = Arguments.Number<int?>("--forward-bins", "Bins at the end of every trial that are predicted from those before; by default those of the benchmark's set where trials have them, else none.", "N");
        private readonly Option<double?> _bin = Arguments.Number<double?>("--bin", "Width of the bins to write in ms, a multiple of the dataset's.", "MS");

        public IEnumerable<Option> Options => [_set, _phase, _heldOut, _forward, _bin];

        public NeuralLatentsOptions Read(ParseResult result) => new()
        {
            Set = result.GetValue(_set),
            IsTest = Arguments.IsTest(result.GetValue(_phase)),
            HeldOut = [.. Arguments.Names(result.GetValue(_heldOut)).Order(StringComparer.Ordinal)],
            ForwardBins = result.GetValue(_forward),
            BinMilliseconds = result.GetValue(_bin),
        };
    }
}
