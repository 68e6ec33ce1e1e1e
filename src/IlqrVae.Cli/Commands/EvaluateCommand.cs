using System.CommandLine;
using IlqrVae.Cli.Analysis;
using IlqrVae.Data;

namespace IlqrVae.Cli.Commands;

/// <summary>ilqr-vae evaluate</summary>
internal static class EvaluateCommand
{
    private const string Description =
        """
        Scores a model on the trials of a dataset.

        The scores are the bound on the likelihood, how well each channel group is explained or (when hidden) predicted, how close rates, states and
        inputs come to the truth of a simulation, and how inference went.

        Example:
          ilqr-vae evaluate run --data data.h5
          ilqr-vae evaluate run --data data.h5 --split test --hide velocity --json
        """;

    public static Command Create(Terminal terminal)
    {
        var run = new Argument<string>("RUN") { Description = "The run's folder, or its model.h5." };
        var data = Arguments.Data();
        var split = Arguments.Split("Which trials; by default the test trials, or if there are none the validation or training trials.");
        var hide = Arguments.Hide();
        var draws = Arguments.Number<int?>("--draws", "Draws of the ELBO for each trial (16).", "K");
        var seed = Arguments.Seed("Seed of the draws; by default the model's.");
        var threads = Arguments.Threads();
        var json = Arguments.Json();
        return Arguments.Make("evaluate", Description, [run, data, split, hide, draws, seed, threads, json], result =>
        {
            terminal.IsJson = result.GetValue(json);
            var count = result.GetValue(draws) ?? 16;
            if (count is < 1 or > 10_000)
            {
                throw new InputException("--draws: give a whole number from 1 to 10000.");
            }

            var path = result.GetValue(data)!;
            Runs.RunFolder.ModelOf(result.GetValue(run)!);
            var found = InferenceSession.Run(
                result.GetValue(run)!, path, RecordingFile.Read(path),
                new InferenceRequest
                {
                    Split = result.GetValue(split),
                    Hidden = (result.GetValue(hide) ?? []).ToHashSet(StringComparer.Ordinal),
                    ElboDraws = count,
                    Seed = result.GetValue(seed),
                    Threads = result.GetValue(threads),
                },
                terminal);
            var report = EvaluationReport.Of(found);
            terminal.WriteJson(report.ToJson);
            terminal.WriteLine($"{found.Trials.Count} {(found.Split == "all" ? "" : found.Split + " ")}trials");
            terminal.WriteTable(["score", "value", ""], report.ToRows());
            return ExitCode.Done;
        });
    }
}
