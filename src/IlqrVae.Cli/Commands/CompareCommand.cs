using System.CommandLine;
using IlqrVae.Reports;
using IlqrVae.Reports.Html;
using IlqrVae.Runs.Scores;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Cli.Commands;

/// <summary>ilqr-vae compare</summary>
internal static class CompareCommand
{
    private const string Description =
        """
        Puts runs side by side: the settings they differ in, how training went, and with --data their scores on the same trials.

        Example:
          ilqr-vae compare run second-run
          ilqr-vae compare runs/* --data data.h5 --split test --hide velocity --report compared.html
        """;

    /// <summary>Tables are no wider: that of a page and of a window.</summary>
    private const int Width = 100;

    /// <summary>What a column takes besides its cells.</summary>
    private const int Gap = 3;
    private const int LongestName = 40;
    private const int LongestCell = 22;

    public static Command Create(Terminal terminal)
    {
        var runs = new Argument<string[]>("RUN") { Description = "The runs' folders, or their model.h5.", Arity = ArgumentArity.OneOrMore };
        var data = Arguments.Data("A dataset file to score all runs on.", isRequired: false);
        var split = Arguments.Split("With --data: which trials; by default the test trials, or if there are none the validation or training trials.");
        var hide = Arguments.Hide();
        var byPosition = Arguments.ByPosition();
        var threads = Arguments.Threads();
        var page = new Option<string?>("--report") { Description = "Write them to a page (.html) too, with their learning curves.", HelpName = "FILE" };
        var force = Arguments.Force("Replace the page if it is there.");
        var json = Arguments.Json();
        return Arguments.Make("compare", Description, [runs, data, split, hide, byPosition, threads, page, force, json], result =>
        {
            terminal.IsJson = result.GetValue(json);
            var (paths, path) = (result.GetValue(runs)!, result.GetValue(data));
            if (path is null && (result.GetValue(split) is not null || result.GetValue(hide) is { Length: > 0 } || result.GetValue(byPosition)))
            {
                throw new InputException("--split, --hide and --by-position say how to score trials; give them with --data.");
            }

            var file = result.GetValue(page);
            if (file is not null)
            {
                Arguments.RequireFree(file, result.GetValue(force));
            }

            var comparison = new RunComparison([.. paths.Select(RunComparison.Read)]);
            if (path is not null)
            {
                var recording = terminal.Read(path);
                var request = new InferenceRequest
                {
                    Split = result.GetValue(split), Hidden = Arguments.Names(result.GetValue(hide)), ByPosition = result.GetValue(byPosition), ElboDraws = 16, Threads = result.GetValue(threads),
                };
                comparison = new RunComparison([.. comparison.Runs.Select(run =>
                {
                    var found = InferenceSession.Run(run.Path, path, recording, request, terminal.OfInference($"inferring with {Path.GetFileName(run.Path)}"), terminal.Interrupt);
                    terminal.Remarks(found.Remarks.Select(remark => $"{run.Path}: {remark}"));
                    return run with { Report = terminal.During("scoring", () => EvaluationReport.Of(found)) };
                })]);
            }

            terminal.Remarks(path is null ? comparison.Remarks : []);
            if (file is not null)
            {
                terminal.During("making the report", () => HtmlReport.Write(ComparisonReport.Create(comparison), file));
            }

            terminal.WriteJson(() =>
            {
                var found = comparison.ToJson();
                found["report"] = file;
                return found;
            });
            Report(comparison, terminal);
            if (file is not null)
            {
                terminal.WriteLine();
                terminal.WriteLine($"report: {file}");
            }

            return ExitCode.Done;
        });
    }

    private static void Report(RunComparison comparison, Terminal terminal)
    {
        // Paths would not fit above their columns.
        List<string> names = [.. comparison.Runs.Select((_, i) => $"({i + 1})")];
        foreach (var (name, run) in names.Zip(comparison.Runs))
        {
            terminal.WriteLine($"{name} {run.Path}");
        }

        List<IReadOnlyList<string>> settings = [.. comparison.SettingRows()];
        if (comparison.Runs.Count > 1 && settings.Count == 0)
        {
            terminal.WriteLine("the settings are the same");
        }

        List<IReadOnlyList<string>> scores = [.. comparison.ScoreRows()];
        var (first, cell) = (Longest(settings.Concat(scores).Select(row => row[0]), LongestName), Longest(settings.Concat(scores).SelectMany(row => row.Skip(1)).Concat(names), LongestCell));
        var columns = Math.Max(1, (Width - first - (2 * Gap)) / (cell + Gap));
        for (var from = 0; from < names.Count; from += columns)
        {
            foreach (var (title, rows) in ((string, List<IReadOnlyList<string>>)[])[("setting", settings), ("score", scores)])
            {
                if (rows.Count > 0)
                {
                    terminal.WriteLine();
                    terminal.WriteTable([title, .. names.Skip(from).Take(columns)], rows.Select(row => (IReadOnlyList<string>)[Cut(row[0], first), .. row.Skip(1 + from).Take(columns).Select(text => Cut(text, cell))]));
                }
            }
        }
    }

    private static int Longest(IEnumerable<string> texts, int most) => Math.Min(most, texts.Max(text => text.Length));

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..(length - 3)] + "...";
}
