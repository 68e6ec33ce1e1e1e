using System.Text.Json.Nodes;
using IlqrVae.Data;
using IlqrVae.Data.Tests;

namespace IlqrVae.Cli.Tests;

/// <summary>NWB files on the command line: what inspect says, and import with all it takes.</summary>
public sealed class NwbCommands
{
    private static CommandLine WithSession()
    {
        var random = new Random(2);
        var line = new CommandLine();
        var builder = new NwbBuilder();
        builder.Units([4, 2, 9], [.. Enumerable.Range(0, 3).Select(_ => Enumerable.Range(0, 400).Select(_ => random.NextDouble() * 40).Order().ToArray())], Array.Empty<ushort>());
        builder.Observed([0, 18.25, 19, 40], [0, 18.25, 19, 40], [0, 18.25, 19, 40]);
        builder.Group("units")["heldout"] = new[] { H5Bool.FALSE, H5Bool.FALSE, H5Bool.TRUE };
        double[] starts = [.. Enumerable.Range(0, 20).Select(i => 2.0 * i)];
        builder.Trials(
            starts, [.. starts.Select(start => start + 1.5)],
            ("move_onset_time", starts.Select(start => start + 0.5).ToArray()), ("split", Enumerable.Range(0, 20).Select(i => i % 5 == 4 ? "test" : i % 5 == 2 ? "val" : "train").ToArray()), ("reward", Enumerable.Range(0, 20).Select(i => i % 4).ToArray()));
        builder.Series("processing/behavior/hand_vel", Enumerable.Range(0, 80_000).Select(i => (float)Math.Sin(i / 500.0)).ToArray(), channels: 2, start: 0, rate: 1000, unit: "m/s");
        builder.Save(line["session.nwb"]);
        return line;
    }

    [Fact]
    public void The_command_that_inspect_proposes_works_as_it_is_printed()
    {
        using var line = WithSession();
        var output = line.Must("inspect", "@/session.nwb");
        foreach (var part in new[] { "NWB 2.6.0", "3 units in /units, 1200 spikes", "a pause: 18.25 s to 19 s", "/intervals/trials, 20 rows", "move_onset_time", "train (12), test (4), val (4)", "/processing/behavior/hand_vel", "40000 x 2", "m/s" })
        {
            Assert.Contains(part, output, StringComparison.Ordinal);
        }

        var words = output.Trim().Split('\n')[^1].Trim().Split(' ');
        Assert.Equal(["ilqr-vae", "import", line["session.nwb"], "-o", "data.h5", "--bin-width", "0.02", "--align", "move_onset_time", "--window=-0.25..0.45", "--split-column", "split", "--behaviour", "processing/behavior/hand_vel", "--held-out-units", "heldout"], words);
        var printed = line.Must([.. words.Skip(1).Select(word => word == "data.h5" ? line["data.h5"] : word)]);

        // One of the 20 trials lies in the pause.
        Assert.Contains("19 trials of 35 bins of 20 ms", printed, StringComparison.Ordinal);
        Assert.Contains("12 train, 4 validation, 3 test", printed, StringComparison.Ordinal);
        Assert.Contains("held-out", printed, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sub-Jenkins_ses-small_desc-test_ecephys.nwb")]
    [InlineData("sub_anm00239123_ses_20170627T093549_ecephys_and_ogen.nwb")]
    [InlineData("test_timestamps_linking.nwb")]
    [InlineData("session.nwb")]
    public void So_do_those_for_files_of_others(string name)
    {
        var path = SharedData.Require($"nwb/{name}");
        using var line = new CommandLine();
        var proposal = JsonNode.Parse(line.Must("inspect", path, "--json"))!["import"]!.AsArray().Select(word => word!.GetValue<string>()).ToList();
        line.Must([.. proposal.Select(word => word == "data.h5" ? line["data.h5"] : word)]);
        Assert.NotEmpty(RecordingFile.Read(line["data.h5"]).Trials);
    }

    [Fact]
    public void Inspect_speaks_JSON()
    {
        using var line = WithSession();
        var json = JsonNode.Parse(line.Must("inspect", "@/session.nwb", "--json"))!;
        Assert.Equal("recording", json["kind"]!.GetValue<string>());
        Assert.Equal(1200, json["units"]!["spikes"]!.GetValue<int>());
        Assert.Equal(3, json["units"]!["rates"]!.AsArray().Count);
        Assert.Equal(1000, json["series"]![0]!["rate"]!.GetValue<double>());
        Assert.Contains(json["tables"]!.AsArray(), table => table!["path"]!.GetValue<string>() == "/units" && table["columns"]!.AsArray().Any(column => column!["type"]!.GetValue<string>() == "bool"));
        Assert.Equal(18.25, json["units"]!["pauses"]![0]![0]!.GetValue<double>());
    }

    [Fact]
    public void Several_files_of_a_session_become_one_dataset()
    {
        using var line = WithSession();
        File.Copy(line["session.nwb"], line["more.nwb"]);
        line.Must("import", "@/session.nwb", "@/more.nwb", "-o", "@/both.h5", "--bin-width", "0.05", "--trials", "trials");
        line.Must("import", "@/session.nwb", "-o", "@/one.h5", "--bin-width", "0.05", "--trials", "trials");
        Assert.Equal(2 * RecordingFile.Read(line["one.h5"]).Trials.Count, RecordingFile.Read(line["both.h5"]).Trials.Count);
        var outcome = line.Run("import", "@/session.nwb", "@/both.h5", "-o", "@/x.h5");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("ilqr-vae join", outcome.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(line["x.h5"]));
    }

    [Fact]
    public void Every_option_arrives()
    {
        using var line = WithSession();
        line.Must("import", "@/session.nwb", "-o", "@/a.h5", "--bin-width", "0.05", "--where", "split == 'train' and reward in [0, 1, 2]", "--window", "-0.5..1", "--align", "move_onset_time", "--behavior", "hand=hand_vel[1]", "--lag", "0.1", "--condition", "reward", "--units", "id > 2", "--minimum-rate", "0.1");
        var recording = RecordingFile.Read(line["a.h5"]);
        Assert.Equal(["unit-004", "unit-009"], recording.Groups[0].ChannelNames);
        Assert.Equal(("hand", 1, "m/s"), (recording.Groups[1].Name, recording.Groups[1].Channels, recording.Groups[1].Unit));
        Assert.Equal(9, recording.Trials.Count);
        Assert.All(recording.Trials, trial => Assert.Equal((30, "train"), (trial.Bins, trial.Labels["split"].Text)));
        Assert.Equal(3, recording.Trials.Select(trial => trial.Truth["condition"].Values[0]).Distinct().Count());
        var first = recording.Trials[0];
        Assert.Equal(Math.Sin(((2 * 125) + 1) / 500.0), first.Observations[1][0, 0], 1e-3);

        line.Must("import", "@/session.nwb", "-o", "@/b.h5", "--bin-width", "0.05", "--window=0,1", "--session-grid", "--split-seed", "3", "--train-fraction", "0.5", "--validation-fraction", "0.25");
        Assert.Equal((10, 5, 5), (Count("b.h5", Recordings.TrialSplit.Train), Count("b.h5", Recordings.TrialSplit.Validation), Count("b.h5", Recordings.TrialSplit.Test)));
        line.Must("import", "@/session.nwb", "-o", "@/c.h5", "--bin-width", "0.05", "--chunk", "2", "--chunk-overlap", "1", "--split-blocks", "8", "--train-fraction", "0.5", "--validation-fraction", "0.25");
        Assert.True(Count("c.h5", Recordings.TrialSplit.Validation) > 1);
        var one = Held("--held-out", "1", "--held-out-seed", "1");
        Assert.Equal(one, Held("--held-out", "1", "--held-out-seed", "1"));
        Assert.NotEqual(one, Enumerable.Range(2, 8).Select(seed => Held("--held-out", "1", "--held-out-seed", $"{seed}")).First(other => other != one), StringComparer.Ordinal);
        Assert.Equal("unit-009", Held("--held-out-units", "heldout"));

        int Count(string file, Recordings.TrialSplit split) => RecordingFile.Read(line[file]).TrialsOf(split).Count;

        string Held(params string[] options)
        {
            line.Must(["import", "@/session.nwb", "-o", "@/held.h5", "--force", "--bin-width", "0.05", .. options]);
            var groups = RecordingFile.Read(line["held.h5"]).Groups;
            Assert.Equal(("held-out", 2), (groups[^1].Name, groups[0].Channels));
            return groups[^1].ChannelNames![0];
        }
    }

    [Theory]
    [InlineData("--where", "spilt == 'train'", "did you mean 'split'?")]
    [InlineData("--where", "reward >", "at character 9")]
    [InlineData("--window", "1", "FROM..TO")]
    [InlineData("--window", "-0,25..0,45", "FROM..TO")]
    [InlineData("--window", "0.5..0.1", "no length")]
    [InlineData("--behaviour", "a[b", "[NAME=]PATH[channels]")]
    [InlineData("--behaviour", "hand", "did you mean")]
    [InlineData("--held-out-seed", "1", "--held-out")]
    [InlineData("--spikes", "units", "--spikes")]
    [InlineData("--trials", "trails", "did you mean 'trials'?")]
    [InlineData("--chunk-overlap", "1", "--chunk")]
    public void Faults_are_one_line_and_leave_nothing_behind(string option, string value, string said)
    {
        using var line = WithSession();
        var before = line.Files();
        var outcome = line.Run("import", "@/session.nwb", "-o", "@/x.h5", "--bin-width", "0.05", option, value);
        Assert.True(outcome.ExitCode == 2, outcome.ToString());
        Assert.Contains(said, outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error.Trim().Split('\n'));
        Assert.Equal(before, line.Files());
    }
}
