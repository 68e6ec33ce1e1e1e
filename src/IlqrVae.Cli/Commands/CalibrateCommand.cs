using System.CommandLine;
using System.Text.Json.Nodes;
using IlqrVae.Runs;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Cli.Commands;

/// <summary>ilqr-vae calibrate</summary>
internal static class CalibrateCommand
{
    private const string Description =
        """
        Learns from validation trials how wide intervals have to be, so that they hold what they promise.

        Groups are hidden as in the inference whose intervals are to hold; single entries of the others are hidden too. What is learned is kept in the
        run (calibration.json), one entry for each set of hidden groups, and used from then on by infer and evaluate --coverage. The table shows how
        often intervals of 50, 90 and 95 % hold, each tenth of the trials by what the others say. docs/evaluation.md says what is learned.

        Example:
          ilqr-vae calibrate run --data data.h5 --hide velocity
          ilqr-vae calibrate run --data data.h5 --hide velocity held-out --forecast 10
        """;

    public static Command Create(Terminal terminal)
    {
        var run = new Argument<string>("RUN") { Description = "The run's folder, or its model.h5." };
        var data = Arguments.Data();
        var split = Arguments.Split("Which trials to learn from; by default the validation trials.");
        var hide = Arguments.Hide();
        var forecast = Arguments.Number<int?>("--forecast", "Bins at the end of every trial whose forecasts are to be calibrated too.", "BINS");
        var withoutTruth = new Option<bool>("--without-truth") { Description = "Learn from observations alone, also where the dataset knows true rates and inputs." };
        var byPosition = Arguments.ByPosition();
        var seed = Arguments.Seed("Seed of what is hidden and drawn; by default the model's.");
        var threads = Arguments.Threads();
        var json = Arguments.Json();
        return Arguments.Make("calibrate", Description, [run, data, split, hide, forecast, withoutTruth, byPosition, seed, threads, json], result => MpiJob.Run(terminal, processes =>
        {
            terminal.IsJson = result.GetValue(json);
            if (result.GetValue(forecast) is < 1)
            {
                throw new InputException("--forecast: give a whole number from 1.");
            }

            var path = result.GetValue(data)!;
            var recording = terminal.Read(path);
            var outcome = terminal.During("calibrating", () => CalibrationSession.Run(
                result.GetValue(run)!, path, recording,
                new CalibrationRequest
                {
                    Split = result.GetValue(split),
                    Hidden = Arguments.Names(result.GetValue(hide)),
                    ForecastBins = result.GetValue(forecast) ?? 0,
                    UseTruth = !result.GetValue(withoutTruth),
                    ByPosition = result.GetValue(byPosition),
                    Seed = result.GetValue(seed),
                    Threads = result.GetValue(threads),
                    Processes = processes,
                },
                terminal.OfInference(),
                terminal.Interrupt));
            if (processes.Number > 0)
            {
                return ExitCode.Done;
            }

            terminal.Remarks(outcome.Remarks);
            terminal.WriteJson(() => ToJson(outcome));
            terminal.WriteLine($"{outcome.Situation.Trials} {outcome.Situation.Split} trials; intervals of .50 .90 .95 hold");
            terminal.WriteTable(["of", "posterior x", "noise x", "as they are", "scaled", "calibrated", "standard errors", ""], outcome.Scores.Select(Row));
            terminal.WriteLine($"calibration: {outcome.Path}");
            return ExitCode.Done;
        }));
    }

    private static string NameOf(CalibrationScore score) => score.Case switch
    {
        null => $"{score.Name}, truth",
        EntryCase.Forecast => $"{score.Name}, {score.FirstLead}{(score.LastLead > score.FirstLead ? $" to {score.LastLead}" : "")} ahead",
        { } why => $"{score.Name}, {CalibrationFile.NameOf(why)}",
    };

    private static IReadOnlyList<string> Row(CalibrationScore score) =>
    [
        NameOf(score), Wording.Number(score.PosteriorScale, "0.00"), Wording.Number(score.NoiseScale, "0.00"), Shares(score.Raw), Shares(score.Scaled), Shares(score.Calibrated),
        Shares(score.Errors), $"{score.Entries} entries",
    ];

    private static string Shares(IReadOnlyList<double> shares) => string.Join(' ', shares.Select(share => Wording.Number(share)));

    private static JsonObject ToJson(CalibrationOutcome outcome) => new()
    {
        ["calibration"] = outcome.Path,
        ["split"] = outcome.Situation.Split,
        ["trials"] = outcome.Situation.Trials,
        ["hidden"] = Json.Texts(outcome.Situation.Hidden),
        ["scores"] = new JsonArray([.. outcome.Scores.Select(score => (JsonNode)new JsonObject
        {
            ["name"] = score.Name,
            ["case"] = score.Case is { } why ? CalibrationFile.NameOf(why) : "truth",
            ["first_lead"] = score.FirstLead,
            ["last_lead"] = score.LastLead,
            ["entries"] = score.Entries,
            ["posterior_scale"] = Json.Number(score.PosteriorScale),
            ["noise_scale"] = Json.Number(score.NoiseScale),
            ["raw"] = Json.Numbers(score.Raw),
            ["scaled"] = Json.Numbers(score.Scaled),
            ["calibrated"] = Json.Numbers(score.Calibrated),
            ["standard_errors"] = Json.Numbers(score.Errors),
        })]),
    };
}
