using System.CommandLine;
using IlqrVae.Cli.Reports;
using IlqrVae.Recordings;
using IlqrVae.Reports;
using IlqrVae.Runs;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Scores;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Cli.Commands;

/// <summary>ilqr-vae evaluate</summary>
internal static class EvaluateCommand
{
    private const string Description =
        """
        Scores a model on the trials of a dataset.

        The scores are the bound on the likelihood, how well each channel group is explained or (when hidden) predicted, how close rates, states and
        inputs come to the truth of a simulation, where inputs act, what was learned, and how inference went. Options add tighter bounds, predictions,
        coverage of uncertainties and a free run; docs/evaluation.md defines every score.

        Example:
          ilqr-vae evaluate run --data data.h5
          ilqr-vae evaluate run --data data.h5 --split test --hide velocity --json
          ilqr-vae evaluate run --data data.h5 --split test --hide held-out,velocity --baselines --shuffle
          ilqr-vae evaluate run --data data.h5 --split test --posterior posterior.h5
          ilqr-vae evaluate run --data data.h5 --forecast 20 --gap 40:60 --gap 'spikes[0-9]:70:80'
          ilqr-vae evaluate run --data data.h5 --iwae 1000 --horizon 30,50 --coverage --free-run 10000
        """;

    public static Command Create(Terminal terminal)
    {
        var run = new Argument<string>("RUN") { Description = "The run's folder, or its model.h5." };
        var data = Arguments.Data();
        var split = Arguments.Split("Which trials; by default the test trials, or if there are none the validation or training trials.");
        var hide = Arguments.Hide();
        var posterior = new Option<string?>("--posterior") { Description = "A posterior file that 'infer' wrote of these trials with the same groups hidden; its inputs are scored, and nothing is solved again.", HelpName = "posterior.h5" };
        var byPosition = Arguments.ByPosition();
        var draws = Arguments.Number<int?>("--draws", "Draws of the ELBO for each trial (16).", "K");
        var iwae = Arguments.Number<int?>("--iwae", "Samples of the importance-weighted bounds for each trial.", "K");
        var horizon = new Option<string?>("--horizon") { Description = "Bins to predict ahead without inputs, against the truth.", HelpName = "30,50" };
        var coverage = new Option<bool>("--coverage") { Description = "How often intervals of 50, 90 and 95 % hold true rates and inputs, and what was observed and is hidden." };
        var uncalibrated = Arguments.Uncalibrated();
        var energyAt = new Option<string?>("--energy-at") { Description = "Bins near which the share of the inputs' energy is wanted.", HelpName = "0,99" };
        var energyWindow = Arguments.Number<int?>("--energy-window", "How many bins away still count as near (3).", "BINS");
        var freeRun = Arguments.Number<int?>("--free-run", "Bins to run the learned system on without inputs.", "BINS");
        var forecast = Arguments.Number<int?>("--forecast", "Bins at the end of every trial to treat as missing and predict from those before.", "BINS");
        var gap = Arguments.Gap();
        var decode = new Option<string?>("--decode") { Description = "Channel group to decode from inferred rates by a ridge regression fitted on the training trials.", HelpName = "GROUP" };
        var onsets = new Option<string?>("--onsets") { Description = "Channel group of velocities at whose onsets of movement the inferred inputs are wanted.", HelpName = "GROUP" };
        var baselines = new Option<bool>("--baselines") { Description = "What regressions, factor analysis and other simpler means reach on the hidden groups, fitted on the training trials." };
        var shuffle = new Option<bool>("--shuffle") { Description = "What chance gives: the scores with predictions of other trials, and with the bins of each in another order." };
        var figures = new Option<string?>("--figures") { Description = "Folder for figures of the learning curve, a trial and what was found.", HelpName = "FOLDER" };
        var force = Arguments.Force("Replace figures that are in the folder already.");
        var seed = Arguments.Seed("Seed of the draws; by default the model's.");
        var threads = Arguments.Threads();
        var json = Arguments.Json();
        return Arguments.Make("evaluate", Description, [run, data, split, hide, posterior, byPosition, forecast, gap, draws, iwae, horizon, coverage, uncalibrated, energyAt, energyWindow, freeRun, decode, baselines, shuffle, onsets, figures, force, seed, threads, json], result => MpiJob.Run(terminal, processes =>
        {
            terminal.IsJson = result.GetValue(json);
            var count = result.GetValue(draws) ?? 16;
            if (count is < 1 or > 10_000)
            {
                throw new InputException("--draws: give a whole number from 1 to 10000.");
            }

            RequireRange("--iwae", result.GetValue(iwae), 1, 1_000_000);
            RequireRange("--forecast", result.GetValue(forecast), 1, int.MaxValue);
            RequireRange("--free-run", result.GetValue(freeRun), 2, 10_000_000);
            RequireRange("--energy-window", result.GetValue(energyWindow), 0, int.MaxValue);
            var path = result.GetValue(data)!;
            var request = new EvaluationRequest
            {
                Inference = new InferenceRequest
                {
                    Split = result.GetValue(split),
                    Hidden = Arguments.Names(result.GetValue(hide)),
                    ByPosition = result.GetValue(byPosition),
                    ElboDraws = count,
                    Posterior = result.GetValue(posterior),
                    ForecastBins = result.GetValue(forecast) ?? 0,
                    Gaps = Arguments.Gaps(result.GetValue(gap)),
                    ImportanceSamples = result.GetValue(iwae) ?? 0,
                    Horizons = Arguments.WholeNumbers("--horizon", result.GetValue(horizon), 1),
                    InputEffects = true,
                    Coverage = result.GetValue(coverage),
                    Calibrated = result.GetValue(coverage) && !result.GetValue(uncalibrated),
                    FreeRunBins = result.GetValue(freeRun) ?? 0,
                    Seed = result.GetValue(seed),
                    Threads = result.GetValue(threads),
                    Processes = processes,
                },
                Shuffle = result.GetValue(shuffle),
                EnergyAt = Arguments.WholeNumbers("--energy-at", result.GetValue(energyAt), 0),
                EnergyWindow = result.GetValue(energyWindow) ?? new EvaluationRequest().EnergyWindow,
            };
            var model = result.GetValue(run)!;
            var decoded = result.GetValue(decode);
            var modelPath = RunFolder.ModelOf(model);
            var recording = terminal.Read(path);
            var longest = recording.Trials.Max(trial => trial.Bins);
            foreach (var bin in request.EnergyAt.Where(bin => bin >= longest))
            {
                throw new InputException($"--energy-at: there is no bin {bin}; the longest trial of {path} has {longest}, counted from 0.");
            }

            if (decoded is not null)
            {
                Arguments.RequireValues("--decode", decoded, "behaviour", recording, path);
                DecodingPart.RequireRows(recording, decoded, path);
                DecodingPart.RequireHidden(decoded, ModelFile.Read(modelPath).Description, request.Inference.Hidden);
            }

            var moved = result.GetValue(onsets);
            if (moved is not null)
            {
                Arguments.RequireValues("--onsets", moved, "the velocity of a hand", recording, path);
            }

            var folder = result.GetValue(figures);
            if (folder is not null)
            {
                foreach (var name in Figures.Names)
                {
                    if (!result.GetValue(force) && File.Exists(Path.Combine(folder, name)))
                    {
                        throw new InputException($"--figures: {folder} has a {name} already; choose another folder, or replace the figures with --force.");
                    }
                }

                CreateFolder(folder);
            }

            var wanted = result.GetValue(baselines);
            if (wanted && (request.Inference.ForecastBins > 0 || request.Inference.Gaps.Count > 0))
            {
                throw new InputException(BaselinePart.OnlyGroups);
            }

            if (wanted && request.Inference.Hidden.All(name => recording.IndexOfGroup(name) < 0))
            {
                throw new InputException("--baselines: baselines predict hidden groups; hide one that the dataset has, with --hide GROUP.");
            }

            if (wanted && recording.TrialsOf(TrialSplit.Train).Count == 0)
            {
                throw new InputException($"--baselines: {path} has no trials with the split 'train' to learn from; leave the option out, or mark some.");
            }

            var found = InferenceSession.Run(model, path, recording, request.Inference, terminal.OfInference(), terminal.Interrupt);
            var learned = decoded is null
                ? null
                : InferenceSession.Run(
                    model, path, recording,
                    new InferenceRequest
                    {
                        Split = "train", Hidden = request.Inference.Hidden, ByPosition = request.Inference.ByPosition, Posterior = request.Inference.Posterior, Threads = request.Inference.Threads, Processes = processes,
                    },
                    terminal.OfInference("inferring training trials"), terminal.Interrupt);
            if (processes.Number > 0)
            {
                return ExitCode.Done;
            }

            request = request with { Baselines = wanted ? terminal.Interruptible("comparing with baselines", () => BaselinePart.Of(found, interrupt: terminal.Interrupt)) : null };
            var report = terminal.During("scoring", () =>
            {
                request = request with { Onsets = moved is null ? null : OnsetPart.Of(found, moved) };
                request = request with { Decoding = learned is null ? null : DecodingPart.Of(found, learned, decoded!) };
                return EvaluationReport.Of(found, request);
            });
            terminal.Remarks(found.Remarks);
            if (report.IsNoBetterThanConstant)
            {
                terminal.Remark($"the model explains these trials no better than each channel being constant does ({Wording.Number(report.Null.LogLikelihood, "0.0000")} nats per observed entry).");
            }

            terminal.WriteJson(report.ToJson);
            terminal.WriteLine($"{found.Trials.Count} {(found.Split == "all" ? "" : found.Split + " ")}trials");
            terminal.WriteTable(["score", "value", ""], report.ToRows());
            if (folder is not null)
            {
                var source = ReportSource.Of(found, path, model);
                terminal.WriteLine($"figures: {string.Join(", ", terminal.Interruptible("drawing", () => Figures.Write(folder, source, moved)))}");
            }

            return ExitCode.Done;
        }));
    }

    private static void CreateFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new InputException($"--figures: the folder {folder} cannot be made; choose another.", exception);
        }
    }

    private static void RequireRange(string name, int? value, int least, int most)
    {
        if (value < least || value > most)
        {
            throw new InputException(most == int.MaxValue ? $"{name}: give a whole number from {least}." : $"{name}: give a whole number from {least} to {most}.");
        }
    }
}
