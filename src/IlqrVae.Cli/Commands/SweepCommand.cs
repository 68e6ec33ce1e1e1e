using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using IlqrVae.Mpi;
using IlqrVae.Reports;
using IlqrVae.Reports.Html;
using IlqrVae.Runs;
using IlqrVae.Runs.Sessions;
using IlqrVae.Runs.Sweeps;

namespace IlqrVae.Cli.Commands;

/// <summary>ilqr-vae sweep</summary>
internal static class SweepCommand
{
    private const string Description =
        """
        Trains a configuration with many settings, and says which predicts the validation trials best.

        A YAML file names the configuration and the keys that vary. Every combination is tried (search: grid), some that fill the space of settings evenly
        (random), or many of which most end early (halving). Every training is an ordinary run in the sweep's folder. The same command started again
        goes on where it was; started several times at once, on one machine or on many that share the folder, all work on the same sweep.

        Example:
          ilqr-vae sweep sweep.yaml
          ilqr-vae sweep sweep.yaml -o sizes --parallel 4
        """;

    private const string Named = "sweep";

    /// <summary>Points of the table that is printed; all are in the sweep's folder.</summary>
    private const int Shown = 20;

    public static Command Create(Terminal terminal)
    {
        var file = new Argument<string>("SWEEP") { Description = "The YAML file that says what to try; docs/sweeps.md." };
        var output = Arguments.Output("Folder of the sweep; by default called like the file, beside it.", isRequired: false);
        var parallel = Arguments.Parallel("Trainings at a time in this process, which share the threads (1).");
        var threads = Arguments.Threads();
        var json = Arguments.Json();
        return Arguments.Make(Named, Description, [file, output, parallel, threads, json], result =>
        {
            terminal.IsJson = result.GetValue(json);

            // Processes of an MPI job are workers like others; one of them speaks.
            terminal.IsSilent = MpiLaunch.IsShared && !MpiLaunch.IsFirst;
            var path = result.GetValue(file)!;
            var atATime = Arguments.Given(result, parallel) ?? 1;
            if (result.GetValue(threads) is < 0 and var wrong)
            {
                throw new InputException($"--threads: {wrong} is not possible; give a whole number from 1, or 0 for one a core.");
            }

            var plan = SweepFile.Read(path);
            var folder = new SweepFolder(result.GetValue(output) ?? Path.Combine(Path.GetDirectoryName(path) ?? "", Path.GetFileNameWithoutExtension(path)));
            var request = new SweepRequest { Parallel = atATime, Threads = result.GetValue(threads) ?? 0 };
            SweepOutcome outcome;
            try
            {
                outcome = SweepSession.Run(plan, path, folder, request, terminal.Read, (point, done) => Tell(point, done, plan, terminal), terminal.OfSweep(), terminal.Interrupt);
            }
            catch (OperationCanceledException)
            {
                terminal.End();
                terminal.Fail($"stopped, everything saved; the same command goes on: ilqr-vae sweep {Wording.Quoted(path)} -o {Wording.Quoted(folder.Root)}");
                return ExitCode.Interrupted;
            }

            terminal.End();
            if (outcome.IsOver)
            {
                terminal.During("making the report", () => HtmlReport.Write(ComparisonReport.Create(outcome), folder.Report));
            }

            Report(outcome, folder, terminal);
            return ExitCode.Done;
        });
    }

    private static void Tell(SweepPoint point, SweepResult done, SweepPlan plan, Terminal terminal) => terminal.Remark(string.Create(
        CultureInfo.InvariantCulture,
        $"{done.Job.Training}: {string.Join(", ", point.Settings.Select(one => $"{SweepKey.WordOf(one.Key)} {one.Value}"))}: {(double.IsFinite(done.ValidationLoss) ? $"validation {-done.ValidationLoss:0.0000}" : "numbers overflowed")} after {done.Iterations} iterations{(plan.Rungs > 1 ? $", rung {done.Job.Rung + 1} of {plan.Rungs}" : "")}"));

    private static void Report(SweepOutcome outcome, SweepFolder folder, Terminal terminal)
    {
        var (plan, ranked) = (outcome.Plan, outcome.Ranked);
        terminal.WriteJson(() => new JsonObject
        {
            ["sweep"] = folder.Root,
            ["over"] = outcome.IsOver,
            ["search"] = plan.Search.ToString().ToLowerInvariant(),
            ["validation_score"] = TrainingSession.NameOf(outcome.Score),
            ["report"] = outcome.IsOver ? folder.Report : null,
            ["best"] = ranked.Count > 0 ? ranked[0].Run.Root : null,
            ["points"] = new JsonArray([.. ranked.Select(one => (JsonNode)new JsonObject
            {
                ["point"] = one.Point.Number,
                ["settings"] = new JsonObject(one.Point.Settings.Select(setting => KeyValuePair.Create(setting.Key, (JsonNode?)JsonValue.Create(setting.Value)))),
                ["rung"] = one.Rung,
                ["iterations"] = one.Results[0].Iterations,
                ["validation_loss"] = Json.Number(one.Loss),
                ["deviation"] = Json.Number(one.Deviation),
                ["seconds"] = Json.Number(one.Results.Sum(result => result.Seconds)),
                ["run"] = one.Run.Root,
            })]),
        });
        if (!outcome.IsOver)
        {
            terminal.WriteLine("nothing is left to begin; other workers are at what there is. The same command tells when all is done.");
            return;
        }

        var varying = plan.Keys.Select(key => key.Path).ToList();
        terminal.WriteLine();
        terminal.WriteTable(
            ["point", .. varying.Select(SweepKey.WordOf), "iterations", "validation", plan.Seeds > 1 ? $"of {plan.Seeds} seeds" : "", "best run"],
            ranked.Take(Shown).Select(one => (IReadOnlyList<string>)
            [
                $"{one.Point.Number}", .. one.Point.Settings.Select(setting => setting.Value), $"{one.Results[0].Iterations}", Wording.Number(-one.Loss, "0.0000"),
                double.IsFinite(one.Deviation) ? $"± {Wording.Number(one.Deviation, "0.0000")}" : "", Path.GetFileName(one.Run.Root),
            ]));
        terminal.WriteLine($"validation: {TrainingSession.NameOf(outcome.Score)}, in nats per {(outcome.Score == Training.LearningObjective.Predictive ? "hidden entry, over each channel being constant" : "observed entry")}; it has chosen, so that the best scores a little less elsewhere");
        terminal.WriteLine($"all points: {folder.Table}, on a page: {folder.Report}");
        if (ranked.Count > 0 && double.IsFinite(ranked[0].Loss))
        {
            terminal.WriteLine($"best run: {ranked[0].Run.Root}");
            terminal.WriteLine($"next:  ilqr-vae report {Wording.Quoted(ranked[0].Run.Root)}");
        }
    }
}
