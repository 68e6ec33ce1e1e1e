using System.Text.Json.Nodes;
using IlqrVae.Data;
using IlqrVae.Data.Tests;
using IlqrVae.Recordings;

namespace IlqrVae.Cli.Tests;

/// <summary>The blocks of docs/data.md in order, on small files: every command runs, and says the lines that the page shows below it.</summary>
public sealed class DataPage
{
    private static readonly string[] s_extensions = [".nwb", ".mat", ".npz", ".h5"];

    [Fact]
    public void Every_command_of_the_page_runs_and_says_what_the_page_shows()
    {
        using var line = new CommandLine();
        MakeSession(line["session.nwb"]);
        foreach (var (name, from) in new[] { ("reaches.mat", "reaches.mat"), ("sorted.mat", "units.mat"), ("trials.npz", "trials.npz"), ("sorted.npz", "sorted.npz") })
        {
            File.Copy(SharedData.Committed(from), line[name]);
        }

        line.Must("simulate", "maze", "-o", "@/simulated.h5", "--trials", "20", "--validation-trials", "4", "--test-trials", "4", "--bins", "60", "--bin-width", "0.02", "--channels", "16");
        line.Must("export", "@/simulated.h5", "-o", "@/lfads.h5", "--format", "lfads");
        NeuralLatentsSessions.Write(line["sub-Jenkins_desc-train.nwb"], "mc_maze");

        var (ran, shown) = (new List<string>(), 0);
        var said = "";
        foreach (var (kind, text) in DocsPage.Blocks("data.md"))
        {
            if (kind == "text")
            {
                foreach (var row in text.Split('\n'))
                {
                    Assert.True(said.Contains(row, StringComparison.Ordinal), $"{ran[^1]}\ndoes not say\n{row}\nbut\n{said}");
                    shown++;
                }
            }
            else
            {
                var words = DocsPage.Words(text);
                Assert.Equal("ilqr-vae", words[0]);
                string[] arguments = [.. words.Skip(1).Select((word, i) => IsPath(words, i + 1) ? "@/" + word : word)];
                if (arguments[0] == "fit")
                {
                    // The page gives ten minutes; less than a second will do here.
                    Assert.Contains("--minutes 10", text, StringComparison.Ordinal);
                    arguments = [.. arguments.Select(word => word == "10" ? "0.01" : word), "--no-baselines"];
                }

                var outcome = line.Run(arguments);
                Assert.True(outcome.ExitCode == 0, $"{text}\n{outcome.Error}");
                said = (outcome.Error + outcome.Output).Replace(line.Folder + Path.DirectorySeparatorChar, "", StringComparison.Ordinal);
                ran.Add(text);
            }
        }

        Assert.True(shown >= 20, $"{shown} lines shown");
        Assert.Equal([5, 7, 6, 1, 1, 1, 1], new[] { "inspect ", "import ", "fit ", "infer ", "nlb predict ", "nlb score ", "evaluate " }.Select(name => ran.Count(one => one.StartsWith("ilqr-vae " + name, StringComparison.Ordinal))));

        AssertDataset(line["session.h5"], 36, 35, 0.02, "spikes 5, hand_vel 2, held-out 2", 25, 4, 7);
        AssertDataset(line["reaches.h5"], 21, 50, 0.01, "spikes 5, velocity 2, held-out 1", 15, 2, 4);
        AssertDataset(line["sorted.h5"], 10, 50, 0.02, "spikes 3, velocity 2, held-out 1", 7, 1, 2);
        AssertDataset(line["trials.h5"], 7, 20, 0.01, "spikes 4, hand 2, held-out 1", 3, 2, 2);
        AssertDataset(line["clusters.h5"], 9, 50, 0.02, "spikes 4", 7, 1, 1);
        AssertDataset(line["lfads-data.h5"], 28, 60, 0.02, "spikes 12, held-out 4, behavior 2", 20, 4, 4);
        AssertDataset(line["mc_maze.h5"], 14, 45, 0.02, "spikes 6, hand_vel 2, held-out 2", 9, 5, 0);

        // What the choices were for: the hand follows by 100 ms, units that are not good are gone, conditions are known.
        var session = RecordingFile.Read(line["session.h5"]);
        Assert.DoesNotContain("unit-003", session.Groups.SelectMany(group => group.ChannelNames ?? []), StringComparer.Ordinal);
        Assert.All(session.Trials, trial => Assert.Equal("success", trial.Labels["result"].Text));
        var first = session.Trials[0];
        Assert.Equal(4, session.Trials.Select(trial => trial.Truth["condition"][0, 0]).Distinct().Count());
        Assert.Equal(Math.Sin(first.Labels["move_onset_time"].Number - 0.25 + 0.01 + 0.1), first.Observations[1][0, 0], 1e-3);
        var last = RecordingFile.Read(line["sorted.h5"]).Trials[^1];
        Assert.False(last.Observations[1].IsObserved(last.Bins - 1, 0));
        var scores = JsonNode.Parse(line.Must("nlb", "score", "@/submission.h5", "--target", "@/target.h5", "--json"))!;
        Assert.Contains("mc_maze_20", scores.ToJsonString(), StringComparison.Ordinal);
    }

    private static bool IsPath(string[] words, int i)
        => s_extensions.Contains(Path.GetExtension(words[i]), StringComparer.Ordinal) || words[i - 1] == "-o" || words[i].EndsWith("-run", StringComparison.Ordinal);

    private static void AssertDataset(string path, int trials, int bins, double binWidth, string groups, int train, int validation, int test)
    {
        var recording = RecordingFile.Read(path);
        Assert.Equal((trials, binWidth), (recording.Trials.Count, recording.BinWidth));
        Assert.Equal(bins, recording.Trials[0].Bins);
        Assert.Equal(groups, string.Join(", ", recording.Groups.Select(group => $"{group.Name} {group.Channels}")));
        Assert.Equal((train, validation, test), (recording.TrialsOf(TrialSplit.Train).Count, recording.TrialsOf(TrialSplit.Validation).Count, recording.TrialsOf(TrialSplit.Test).Count));
    }

    /// <summary>40 reaches to four targets.</summary>
    private static void MakeSession(string path) => PageFiles.MakeSession(
        path, seed: 4,
        starts =>
        [
            ("move_onset_time", starts.Select((start, i) => start + 0.5 + (0.001 * (i % 7))).ToArray()), ("result", starts.Select((_, i) => i % 10 == 9 ? "abort" : "success").ToArray()),
            ("target", starts.Select((_, i) => i % 4).ToArray()),
        ]);
}
