using System.Text.Json.Nodes;
using IlqrVae.Data;
using IlqrVae.Data.Tests;
using IlqrVae.Recordings;

namespace IlqrVae.Cli.Tests;

/// <summary>Files of named arrays on the command line: what inspect says and proposes, and import with all it takes.</summary>
public sealed class ArrayCommands
{
    [Theory]
    [InlineData("units.mat", "spikes=spike_times:channel,spike", "--behaviour vels", "'spike_times' is taken for times of spikes: 4 units")]
    [InlineData("units_ms.mat", "spikes=spike_times:channel,spike", "--time-unit ms", "are they in ms?")]
    [InlineData("grid.mat", "spikes=spikes:channel,trial,spike", "", "as 'condition' has 5 entries")]
    [InlineData("one_clock.mat", "spikes=spikes:channel,trial,spike", "", "come behind")]
    [InlineData("nested.mat", "spikes=trial.spikes:trial,channel,spike", "", "as its name says")]
    [InlineData("trial_data.mat", "spikes=trial_data.M1_spikes:trial,bin,channel", "--values vel=trial_data.vel", "as 'trial_data.bin_size' says")]
    [InlineData("gpfa.mat", "spikes=dat.spikes:trial,channel,bin", "--bin-width 0.01", "nothing tells the width of bins")]
    [InlineData("seq.mat", "spikes=seq.y:trial,channel,bin", "--bin-width 0.01", "'seq.y' is taken for the spikes")]
    [InlineData("bmi.mat", "spikes=trial.spikes:trial,channel,bin", "--values handPos=trial.handPos", "trials differ in length")]
    [InlineData("run_manager.mat", "spikes=counts:trial,channel,bin", "", "as 'timeVecMs' has 20 entries and 'conditionId' has 7 entries")]
    [InlineData("session73.mat", "spikes=spikes:channel,channel,spike", "--behaviour cursor_pos", "as they last as long as 't'")]
    [InlineData("trials.npz", "spikes=spikes:trial,bin,channel", "--values hand_vel=hand_vel", "as 'time' has 20 entries")]
    [InlineData("sorted.npz", "spikes=spike_times", "", "'spike_clusters' says of which unit each is")]
    public void What_inspect_proposes_works_as_it_is_printed(string file, string map, string option, string why)
    {
        using var line = new CommandLine();
        var path = SharedData.Committed(file);
        var inspected = line.Run("inspect", path, "--json");
        Assert.True(inspected.ExitCode == 0, inspected.Error);
        Assert.Contains(why, inspected.Error, StringComparison.Ordinal);
        var json = JsonNode.Parse(inspected.Output)!;
        Assert.Contains(json["remarks"]!.AsArray(), remark => remark!.GetValue<string>().Contains(why, StringComparison.Ordinal));
        List<string> proposal = [.. json["import"]!.AsArray().Select(word => word!.GetValue<string>())];
        Assert.Equal(map, proposal[proposal.IndexOf("--map") + 1]);
        Assert.Contains(option, string.Join(' ', proposal), StringComparison.Ordinal);
        line.Must([.. proposal.Select(word => word == "data.h5" ? line["data.h5"] : word)]);

        // The very same as without a word of what is what, where that is not refused.
        var recording = RecordingFile.Read(line["data.h5"]);
        Assert.NotEmpty(recording.Trials);
        var plain = line.Run(["import", path, "-o", line["plain.h5"], .. proposal.Skip(4).Where((_, i) => i > 1)]);
        Assert.True(plain.ExitCode == 0, plain.Error);
        Assert.Equal(RecordingFingerprint.Of(recording).Whole, RecordingFingerprint.Of(RecordingFile.Read(line["plain.h5"])).Whole);
    }

    [Fact]
    public void Inspect_shows_tables_arrays_and_units()
    {
        using var line = new CommandLine();
        var output = line.Must("inspect", SharedData.Committed("trial_data.mat"));
        foreach (var part in new[] { "MATLAB level 5", "table trial_data, 6 rows", "idx_go_cue", "R (4), F (2)", "counts, trial,bin,channel", "40 x 5", "lists of 6" })
        {
            Assert.Contains(part, output, StringComparison.Ordinal);
        }

        output = line.Must("inspect", SharedData.Committed("session73.mat"));
        foreach (var part in new[] { "MATLAB 7.3", "6 units in spikes, 1400 spikes", "table trial, 4 rows", "left (2), right (2)", "M1 000, M1 001, M1 002", "1420 x 1", "20" })
        {
            Assert.Contains(part, output, StringComparison.Ordinal);
        }

        line.Write("a.csv", "time,unit1,unit2,vel_x,vel_y\n" + string.Concat(Enumerable.Range(0, 30).Select(bin => $"{bin / 100.0:F2},{bin % 2},1,0.5,{bin}\n")));
        output = line.Must("inspect", "@/a.csv");
        Assert.Contains("--map 'spikes=unit*' --values 'vel=vel_*'", output, StringComparison.Ordinal);
        Assert.Contains("separated by commas", output, StringComparison.Ordinal);
        Assert.Contains("0.29 s", output, StringComparison.Ordinal);
        line.Must("import", "@/a.csv", "-o", "@/a.h5", "--map", "spikes=unit*", "--values", "vel=vel_*:m/s");
        Assert.Equal(("vel", 2, "m/s"), RecordingFile.Read(line["a.h5"]).Groups[1] is var group ? (group.Name, group.Channels, group.Unit) : default);
    }

    [Fact]
    public void Values_alone_and_times_in_milliseconds_are_proposed_too()
    {
        using var line = new CommandLine();
        foreach (var (name, values) in new[] { ("dff", true), ("spikes", false) })
        {
            var file = new Hdf5Archive();
            file.Add(name, [.. Enumerable.Range(0, 400).Select(i => values ? Math.Sin(i) : i % 3)], 100, 4);
            file.Add("time", [.. Enumerable.Range(0, 100).Select(i => values ? i * 0.05 : i * 10.0)], 100);
            file.Save(line["a.h5"]);
            var inspected = line.Run("inspect", "@/a.h5", "--json");
            Assert.Contains(values ? "as 'time' has as many entries" : "are the times in ms?", inspected.Error, StringComparison.Ordinal);
            List<string> proposal = [.. JsonNode.Parse(inspected.Output)!["import"]!.AsArray().Select(word => word!.GetValue<string>())];
            Assert.EndsWith(values ? "--values dff=dff" : "--time-unit ms", string.Join(' ', proposal), StringComparison.Ordinal);
            line.Must([.. proposal.Select(word => word == "data.h5" ? line[$"{name}.h5"] : word)]);
            var recording = RecordingFile.Read(line[$"{name}.h5"]);
            Assert.Equal((values ? ChannelKind.Values : ChannelKind.Counts, values ? 0.05 : 0.01), (Assert.Single(recording.Groups).Kind, recording.BinWidth));
        }
    }

    [Fact]
    public void What_cannot_be_told_is_said_and_nothing_is_proposed()
    {
        using var line = new CommandLine();
        var inspected = line.Run("inspect", SharedData.Committed("bare_grid.mat"));
        Assert.Equal(0, inspected.ExitCode);
        Assert.Contains("--map spikes=spikes:unit,trial,spike", inspected.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("to import it", inspected.Output, StringComparison.Ordinal);
        Assert.Equal(2, line.Run("inspect", SharedData.Committed("level4.mat")).ExitCode);
    }

    [Theory]
    [InlineData("--map", "spikes", "NAME=PATH[:axes]")]
    [InlineData("--map", "spikes=trial.spikes:unit,trail,spike", "did you mean 'trial'?")]
    [InlineData("--map", "spikes=trial.spike", "did you mean 'trial.spikes'?")]
    [InlineData("--map", "spikes=trial.spikes:trial,spike", "which is not trial,spike")]
    [InlineData("--time-unit", "m", "--time-unit: 'm' is no unit")]
    [InlineData("--align", "goo", "did you mean 'go'?")]
    [InlineData("--behaviour", "trial.hnd", "did you mean 'trial.hand'?")]
    [InlineData("--units-first", null, "times of spikes and no bins")]
    [InlineData("--trials", "trial.go", "no table of trials")]
    public void Faults_are_one_line_and_leave_nothing_behind(string option, string? value, string said)
    {
        using var line = new CommandLine();
        var outcome = line.Run(["import", SharedData.Committed("nested.mat"), "-o", "@/x.h5", "--bin-width", "0.05", "--window=-0.2..0.4", option, .. value is null ? [] : (string[])[value]]);
        Assert.True(outcome.ExitCode == 2, outcome.ToString());
        Assert.Contains(said, outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error.Trim().Split('\n'));
        Assert.Empty(line.Files());
    }

    [Fact]
    public void Every_option_arrives()
    {
        using var line = new CommandLine();
        line.Must(
            "import", SharedData.Committed("nested.mat"), "-o", "@/a.h5", "--map", "spikes=trial.spikes:trial,unit,spike", "--map", "hand=trial.hand:trial,channel,bin", "--map", "time=trial.time", "--time-unit", "s",
            "--bin-width", "0.05", "--align", "go", "--window=-0.2..0.3", "--where", "good", "--condition", "kind", "--lag", "0.05", "--units", "index != 2", "--split-seed", "1");
        var recording = RecordingFile.Read(line["a.h5"]);
        Assert.Equal(["unit-000", "unit-002"], recording.Groups[0].ChannelNames);
        Assert.Equal(("hand", 2), (recording.Groups[1].Name, recording.Groups[1].Channels));
        Assert.Equal((4, 10), (recording.Trials.Count, recording.Trials[0].Bins));
        var first = recording.Trials[0];
        Assert.Equal((2.5 * (0.5 - 0.2 + 0.025 + 0.05)) + 1, first.Observations[1][0, 1], 1e-6);
        Assert.Equal([0, 1], recording.Trials.Select(trial => (int)trial.Truth["condition"][0, 0]).Distinct().Order());
    }
}
