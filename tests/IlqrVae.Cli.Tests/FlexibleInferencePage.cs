using System.Globalization;
using IlqrVae.Data;
using IlqrVae.Recordings;

namespace IlqrVae.Cli.Tests;

/// <summary>The blocks of docs/flexible-inference.md in order: configurations are written, commands run, and what the page does in Python is done to the same files.</summary>
public sealed class FlexibleInferencePage
{
    private static readonly Dictionary<string, Func<Recording, Recording>> Scripts = new(StringComparer.Ordinal) { ["linear.h5"] = Shortened, ["known.h5"] = WithKnownInput };

    [Fact]
    public void Every_block_of_the_page_runs_and_its_scores_are_better_than_constants()
    {
        using var line = new CommandLine();
        var scores = new List<(string Command, IReadOnlyList<string[]> Rows)>();
        var scripted = new List<string>();
        foreach (var (kind, text) in DocsPage.Blocks("flexible-inference.md"))
        {
            if (kind == "yaml")
            {
                line.Write(text.Split('\n')[0].TrimStart('#', ' '), text);
            }
            else if (kind == "python")
            {
                var name = Scripts.Keys.Single(one => text.Contains($"\"{one}\"", StringComparison.Ordinal));
                RecordingFile.Write(line[name], Scripts[name](RecordingFile.Read(line[name])));
                scripted.Add(name);
            }
            else
            {
                foreach (var command in text.Split('\n').Where(one => one.StartsWith("ilqr-vae ", StringComparison.Ordinal)))
                {
                    var words = DocsPage.Words(command)[1..];
                    var output = line.Must([.. words.Select((word, i) => IsPath(words, i) ? "@/" + word : word)]);
                    if (words[0] == "evaluate")
                    {
                        scores.Add((command, [.. output.Split('\n').Select(row => row.Trim().Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Where(row => row.Length > 1)]));
                    }
                }
            }
        }

        Assert.Equal(Scripts.Keys.Order(StringComparer.Ordinal), scripted.Order(StringComparer.Ordinal));
        Assert.Equal(6, scores.Count);
        foreach (var (command, rows) in scores)
        {
            Assert.True(Value(rows, "log evidence") > Value(rows, "no model"), command);
            foreach (var part in (string[])["gap", "forecast"])
            {
                if (command.Contains("--" + part, StringComparison.Ordinal))
                {
                    var row = Assert.Single(rows, row => row[0].EndsWith(", " + part, StringComparison.Ordinal));
                    Assert.True(Number(row[1]) > 0, command);
                    Assert.Contains("R2 against the truth", row[2], StringComparison.Ordinal);
                    Assert.True(Number(row[2].Split(' ')[^1]) > 0.3, command);
                }
            }
        }

        Assert.Contains(scores, score => score.Command.Contains("--forecast", StringComparison.Ordinal));
        Assert.Equal(4, scores.Count(score => score.Command.Contains("--gap", StringComparison.Ordinal)));

        // Some channels are easier than all; a known input tells what an inferred one cannot.
        Assert.True(OfTruth(scores[1].Rows) > OfTruth(scores[0].Rows));
        Assert.True(OfTruth(scores[5].Rows) > OfTruth(scores[3].Rows));
        Assert.True(Value(scores[4].Rows, "R2 of states") > 0.7);

        static double OfTruth(IReadOnlyList<string[]> rows) => Number(rows.Single(row => row[0].EndsWith(", gap", StringComparison.Ordinal))[2].Split(' ')[^1]);
    }

    private static bool IsPath(string[] words, int i)
        => words[i].EndsWith(".h5", StringComparison.Ordinal) || words[i].EndsWith(".yaml", StringComparison.Ordinal) || (i == 1 && words[0] == "evaluate") || (i > 0 && words[i - 1] == "-o");

    private static double Value(IReadOnlyList<string[]> rows, string start) => Number(rows.First(row => row[0].StartsWith(start, StringComparison.Ordinal))[1]);

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>Trials of 60, 59, ... 31 bins.</summary>
    private static Recording Shortened(Recording recording) => recording with
    {
        Trials =
        [
            .. recording.Trials.Select((trial, i) => trial with
            {
                Bins = 60 - (i % 30),
                Observations = [.. trial.Observations.Select(one => one.SelectBins(0, 60 - (i % 30)))],
                Truth = trial.Truth.ToDictionary(pair => pair.Key, pair => new Table(60 - (i % 30), pair.Value.Columns, pair.Value.Values[..((60 - (i % 30)) * pair.Value.Columns)]), StringComparer.Ordinal),
            }),
        ],
    };

    private static Recording WithKnownInput(Recording recording) => recording with
    {
        ExternalNames = ["external-0"],
        Trials =
        [
            .. recording.Trials.Select(trial => trial with
            {
                External = trial.Truth["inputs"].SelectColumns([0]),
                Truth = trial.Truth.ToDictionary(pair => pair.Key, pair => pair.Key == "inputs" ? pair.Value.SelectColumns([1]) : pair.Value, StringComparer.Ordinal),
            }),
        ],
    };
}
