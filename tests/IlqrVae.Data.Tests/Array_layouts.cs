using IlqrVae.Data.Import;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Tests;

/// <summary>
/// Layouts of named arrays as laboratories have them, made by Files/make_arrays.py: spike j of unit u is at .05 (u + 1) + .25 j seconds; the count of unit u in bin t of trial k is
/// (3u + 5t + k) % 4, the value of row r is r + t / 8 + k.
/// </summary>
public sealed class Array_layouts
{
    [Fact]
    public void One_list_a_unit_is_counted_and_velocities_are_brought_to_the_bins()
    {
        var (recording, remarks) = Import("units.mat", new ImportOptions { BinWidth = 0.1, TrainFraction = 1, Behaviour = [new ImportedValues("vel", "vels", "m/s")] });
        Assert.Equal(["unit-000", "unit-001", "unit-002", "unit-003"], recording.Groups[0].ChannelNames!);
        var trial = Assert.Single(recording.Trials);
        for (var unit = 0; unit < 4; unit++)
        {
            AssertTimes(trial, unit, 36 + unit, start: 0, width: 0.1, unit);
        }

        // Lines t and 2 t: the mean over a bin is its middle's.
        Assert.Equal(("vel", 2, "m/s"), (recording.Groups[1].Name, recording.Groups[1].Channels, recording.Groups[1].Unit));
        Assert.Equal(0.35, trial.Observations[1][3, 0], 1e-9);
        Assert.Equal(0.70, trial.Observations[1][3, 1], 1e-9);
        Assert.Contains(remarks, remark => remark.Contains("'vel_times' is taken for the times of 'vels', as it has 1000 entries", StringComparison.Ordinal));
        Assert.Contains(remarks, remark => remark.Contains("4 units, one list each", StringComparison.Ordinal));
        Faults.Message(() => Import("units.mat", new ImportOptions { Behaviour = [new ImportedValues("vel", "vels")], Time = "spike_times" }), "'vels'", "--time");
        Faults.Message(() => Import("units.mat", new ImportOptions { UnitsFirst = true }), "--units-first", "times of spikes");
    }

    [Fact]
    public void Times_in_milliseconds_are_asked_about_and_taken_as_told()
    {
        Faults.Message(() => Import("units_ms.mat", new ImportOptions()), "'spike_times'", "are they in ms?", "--time-unit ms", "--time-unit s");
        foreach (var unit in (string[])["ms", "1000Hz"])
        {
            var recording = Import("units_ms.mat", new ImportOptions { BinWidth = 0.1, TrainFraction = 1, TimeUnit = unit }).Recording;
            AssertTimes(recording.Trials[0], 2, 38, start: 0.05, width: 0.1, unitOfTimes: 2);
        }

        Assert.True(Import("units_ms.mat", new ImportOptions { BinWidth = 1, TimeUnit = "s" }).Recording.Trials.Sum(trial => trial.Bins) > 9000);
        Faults.Message(() => Import("units_ms.mat", new ImportOptions { TimeUnit = "min" }), "--time-unit", "'min'", "30000Hz");
    }

    [Fact]
    public void Units_by_trials_are_told_by_a_list_of_conditions_and_each_trial_has_its_clock()
    {
        var (recording, remarks) = Import("grid.mat", new ImportOptions { BinWidth = 0.05, Window = (-0.4, 0.6), TrainFraction = 1, ValidationEvery = 0, Conditions = ["condition"] });
        Assert.Contains(remarks, remark => remark.Contains("units x trials, as 'condition' has 5 entries", StringComparison.Ordinal));
        Assert.Equal(5, recording.Trials.Count);
        Assert.Equal([0.0, 1, 0, 1, 0], recording.Trials.Select(trial => trial.Truth["condition"][0, 0]));
        foreach (var trial in recording.Trials)
        {
            Assert.Equal(20, trial.Bins);
            for (var unit = 0; unit < 3; unit++)
            {
                AssertTimes(trial, unit, 4, start: -0.4, width: 0.05, unit, first: -2);
            }
        }

        // Without a window from the bin of the first spike of all to that of the last.
        recording = Import("grid.mat", new ImportOptions { BinWidth = 0.05, TrainFraction = 1 }).Recording;
        Assert.All(recording.Trials, trial => Assert.Equal(recording.Trials[0].Bins, trial.Bins));
        AssertTimes(recording.Trials[4], 2, 8, start: -0.45, width: 0.05, 2, first: -2);
    }

    [Fact]
    public void A_grid_that_nothing_tells_about_is_asked_and_taken_as_told()
    {
        Faults.Message(() => Import("bare_grid.mat", new ImportOptions()), "3 x 5 lists", "--map spikes=spikes:unit,trial,spike", "trial,unit,spike", "channel,unit,spike");
        var options = new ImportOptions { BinWidth = 0.05, Window = (-0.4, 0.6), TrainFraction = 1 };
        var recording = Import("bare_grid.mat", options with { Maps = [ArrayMapping.Parse("spikes=spikes:unit,trial,spike")] }).Recording;
        Assert.Equal((5, 3), (recording.Trials.Count, recording.Groups[0].Channels));
        recording = Import("bare_grid.mat", options with { Maps = [ArrayMapping.Parse("spikes=spikes:trial,unit,spike")] }).Recording;
        Assert.Equal((3, 5), (recording.Trials.Count, recording.Groups[0].Channels));
        AssertTimes(recording.Trials[2], 1, 5, start: -0.4, width: 0.05, 2, first: -2, channel: 1);
        recording = Import("bare_grid.mat", new ImportOptions { BinWidth = 0.05, TrainFraction = 1, Units = "channel == 2 and unit > 3", Maps = [ArrayMapping.Parse("spikes=spikes:channel,unit,spike")] }).Recording;
        Assert.Equal(["unit-008", "unit-009"], recording.Groups[0].ChannelNames!);
        AssertTimes(Assert.Single(recording.Trials), 1, 8, start: -0.4, width: 0.05, 1, first: -2, channel: 1);
        Faults.Message(() => Import("bare_grid.mat", options with { Maps = [ArrayMapping.Parse("spikes=spikes:unit,spike")] }), "--map", "which is not channel,spike");
        Faults.Message(() => Import("bare_grid.mat", options with { Maps = [ArrayMapping.Parse("spikes=spikes:spike,unit,trial")] }), "--map", "name spike last");
    }

    [Fact]
    public void Trials_that_follow_each_other_are_on_one_clock()
    {
        var (recording, remarks) = Import("one_clock.mat", new ImportOptions { BinWidth = 0.05, TrainFraction = 1 });
        Assert.Contains(remarks, remark => remark.Contains("units x trials, as the spikes of each column come behind", StringComparison.Ordinal));
        Assert.Contains(remarks, remark => remark.Contains("from their first to their last spike", StringComparison.Ordinal));
        Assert.Equal([0.05, 100.05, 200.05, 300.05, 400.05], recording.Trials.Select(trial => trial.Labels["first_bin_time"].Number), (one, other) => Math.Abs(one - other) < 1e-9);
        AssertTimes(recording.Trials[3], 1, 6, start: 0.05, width: 0.05, 1);
    }

    [Fact]
    public void Lists_of_units_in_structures_of_trials_are_aligned_and_chosen()
    {
        var options = new ImportOptions
        {
            BinWidth = 0.05, Align = "go", Window = (-0.25, 0.5), Where = "good and kind == 'right'", TrainFraction = 1, ValidationEvery = 0, Values = [new ImportedValues("hand", "trial.hand", "mm")],
        };
        var (recording, remarks) = Import("nested.mat", options);
        Assert.Equal("trial-000 trial-002 trial-004", string.Join(' ', recording.Trials.Select(trial => trial.Name)));
        Assert.Contains(remarks, remark => remark.Contains("trials x units, as its name says", StringComparison.Ordinal));
        for (var i = 0; i < 3; i++)
        {
            var (trial, k) = (recording.Trials[i], 2 * i);
            Assert.Equal(15, trial.Bins);
            AssertTimes(trial, 1, 8, start: 0.5 + (0.25 * k) - 0.25, width: 0.05, 1);

            // Samples every 50 ms: t / 8 is a line of 2.5 a second; the hand's own time begins at 0.
            Assert.Equal(1 + k + (2.5 * (0.25 + (0.25 * k) + 0.025)), trial.Observations[1][0, 1], 1e-6);
            Assert.Equal(("right", 1.0), (trial.Labels["kind"].Text, trial.Labels["good"].Number));
        }

        // A lag reads the hand later, on the trial's own clock.
        var late = Import("nested.mat", options with { LagSeconds = 0.1 }).Recording.Trials[0];
        Assert.Equal(1 + (2.5 * (0.25 + 0.025 + 0.1)), late.Observations[1][0, 1], 1e-6);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("M1_spikes:trial,bin,channel")]
    public void Structures_of_bins_are_aligned_to_numbers_of_bins(string? map)
    {
        var options = new ImportOptions
        {
            Align = "idx_go_cue", Window = (-0.05, 0.1), Where = "result == 'R'", TrainFraction = 1, ValidationEvery = 0, Values = [new ImportedValues("vel", "trial_data.vel")], Conditions = ["result"],
            Maps = map is null ? [] : [ArrayMapping.Parse($"spikes=trial_data.{map}")],
        };
        var (recording, remarks) = Import("trial_data.mat", options);

        // Trials 0 and 3 say F, trial 2 has no event.
        Assert.Equal([11.0, 14, 15], recording.Trials.Select(trial => trial.Labels["trial_id"].Number));
        Assert.Equal(0.01, recording.BinWidth);
        Assert.Contains(remarks, remark => remark.Contains("counted from 1", StringComparison.Ordinal));
        Assert.Contains(remarks, remark => remark.Contains("1 trial is left out (trial 2, from 0): 'idx_go_cue' is missing", StringComparison.Ordinal));
        int[] rows = [1, 4, 5];
        for (var i = 0; i < rows.Length; i++)
        {
            var (trial, k) = (recording.Trials[i], rows[i]);
            Assert.Equal(15, trial.Bins);

            // The cue is 5 bins behind the first bin, which is told as the file counts, from 1, and in seconds from the start of the file's trial.
            Assert.Equal((trial.Labels["idx_go_cue"].Number - 5, (11 + k - 1 - 5) * 0.01), (trial.Labels["first_bin_number"].Number, trial.Labels["first_bin_time"].Number));
            for (var bin = 0; bin < 15; bin++)
            {
                var t = 11 + k - 1 - 5 + bin;
                Assert.Equal(((3 * 2) + (5 * t) + k) % 4, trial.Observations[0][bin, 2]);
                Assert.Equal(1 + (t / 8.0) + k, trial.Observations[1][bin, 1]);
            }
        }
    }

    [Fact]
    public void Areas_are_asked_about()
    {
        using var folder = new TestFolder();
        var file = new Hdf5Archive();
        file.Add("M1_spikes", new long[100], 50, 2);
        file.Add("PMd_spikes", new long[100], 50, 2);
        file.Save(folder["a.h5"]);
        Faults.Message(() => RecordingImporters.Import(folder["a.h5"]), "M1_spikes, PMd_spikes", "--spikes M1_spikes");
        Assert.Equal(2, RecordingImporters.Import(folder["a.h5"], new ImportOptions { Spikes = "M1_spikes", BinWidth = 0.01, TrainFraction = 1 }).Recording.Groups[0].Channels);
    }

    [Theory]
    [InlineData("gpfa.mat", true)]
    [InlineData("seq.mat", false)]
    public void Sequences_of_GPFA_are_trials(string file, bool areSpikes)
    {
        Faults.Message(() => Import(file, new ImportOptions()), "bin width");
        var (recording, remarks) = Import(file, new ImportOptions { BinWidth = 0.001, TrainFraction = 1, Where = "trialId > 1" });
        Assert.Equal([31, 32, 33], recording.Trials.Select(trial => trial.Bins));
        for (var bin = 0; bin < 31; bin++)
        {
            var count = ((3 * 4) + (5 * bin) + 1) % 4;
            Assert.Equal(areSpikes ? count > 2 ? 1 : 0 : count, recording.Trials[0].Observations[0][bin, 4]);
        }

        Assert.Equal(areSpikes, !remarks.Any(remark => remark.Contains("'seq.y' is taken for the spikes", StringComparison.Ordinal)));
    }

    [Fact]
    public void Two_axes_of_trials_are_columns_to_choose_by()
    {
        var recording = Import("bmi.mat", new ImportOptions { BinWidth = 0.001, TrainFraction = 1, ValidationEvery = 0, Where = "index_2 == 2", Conditions = ["index_1"], Values = [new ImportedValues("hand", "trial.handPos")] }).Recording;
        Assert.Equal([3.0, 4, 5], recording.Trials.Select(trial => trial.Labels["trialId"].Number));
        Assert.Equal([0.0, 1, 2], recording.Trials.Select(trial => trial.Truth["condition"][0, 0]));
        Assert.Equal(2 + (4 / 8.0) + 5, recording.Trials[2].Observations[1][4, 2]);
        Assert.Equal(1, recording.Trials[0].Observations[0][0, 0]);
    }

    [Fact]
    public void Arrays_of_three_axes_are_told_by_lengths_that_they_share()
    {
        var (recording, remarks) = Import("run_manager.mat", new ImportOptions { TrainFraction = 1, Conditions = ["conditionId"], Maps = [ArrayMapping.Parse("inputs=externalInputs:trial,channel,bin")] });
        Assert.Contains(remarks, remark => remark.Contains("'counts' of 7 x 5 x 20 is taken as trials x units x bins, as 'timeVecMs' has 20 entries and 'conditionId' has 7 entries", StringComparison.Ordinal));
        Assert.Contains(remarks, remark => remark.Contains("in ms, as its name says", StringComparison.Ordinal));
        Assert.Equal((0.01, 7), (recording.BinWidth, recording.Trials.Count));
        for (var k = 0; k < 7; k++)
        {
            Assert.Equal(((3 * 4) + (5 * 19) + k) % 4, recording.Trials[k].Observations[0][19, 4]);
            Assert.Equal(1 + (19 / 8.0) + k, recording.Trials[k].External![19, 1]);
            Assert.Equal(k % 2, recording.Trials[k].Labels["conditionId"].Number);
        }

        Assert.Equal(["input-0", "input-1"], recording.ExternalNames);
        var chunks = Import("run_manager.mat", new ImportOptions { TrainFraction = 1, ChunkSeconds = 0.1, Maps = [ArrayMapping.Parse("inputs=externalInputs:trial,channel,bin")] }).Recording.Trials;
        Assert.Equal((14, 1 + (13 / 8.0) + 2), (chunks.Count, chunks[5].External![3, 1]));
        Faults.Message(() => Import("run_manager.mat", new ImportOptions { Maps = [ArrayMapping.Parse("spikes=counts:trial,bin,channel")] }), "'timeVecMs'", "5 bins");
    }

    [Fact]
    public void An_array_of_three_axes_that_nothing_tells_about_is_asked()
    {
        using var folder = new TestFolder();
        var file = new Hdf5Archive();
        file.Add("y", [.. Enumerable.Range(0, 7 * 20 * 5).Select(i => (long)(i % 4))], 7, 20, 5);
        file.Save(folder["a.h5"]);
        var message = Faults.Message(() => RecordingImporters.Import(folder["a.h5"], new ImportOptions { BinWidth = 0.01 }), "'y' of 7 x 20 x 5", "trials x bins x units", "units x bins x trials", "--map spikes=y:trial,bin,channel");
        Assert.Single(message.Split('\n'));
        foreach (var (axes, trials, bins, units) in new[] { ("trial,bin,channel", 7, 20, 5), ("channel,bin,trial", 5, 20, 7), ("bin,trial,unit", 20, 7, 5) })
        {
            var recording = RecordingImporters.Import(folder["a.h5"], new ImportOptions { BinWidth = 0.01, TrainFraction = 1, Maps = [ArrayMapping.Parse($"spikes=y:{axes}")] }).Recording;
            Assert.Equal((trials, bins, units), (recording.Trials.Count, recording.Trials[0].Bins, recording.Groups[0].Channels));

            // Where the next trial, bin or unit stands in the array.
            var (trialStep, binStep, unitStep) = axes switch { "trial,bin,channel" => (100, 5, 1), "channel,bin,trial" => (1, 5, 100), _ => (5, 100, 1) };
            Assert.Equal(((2 * trialStep) + (3 * binStep) + unitStep) % 4, recording.Trials[2].Observations[0][3, 1]);
        }

        foreach (var (axes, said) in new[] { ("trial,bin", "name every axis"), ("trial,bin,bin", "name bin once"), ("trial,channel,-", "name bin once"), ("trial,channel,bin,-", "name every axis") })
        {
            Faults.Message(() => RecordingImporters.Import(folder["a.h5"], new ImportOptions { BinWidth = 0.01, Maps = [ArrayMapping.Parse($"spikes=y:{axes}")] }), "--map", said);
        }
    }

    [Fact]
    public void Level_7_3_holds_channels_by_units_and_structures_of_trials()
    {
        var options = new ImportOptions { BinWidth = 0.05, Units = "channel != 2", Behaviour = [new ImportedValues("cursor", "cursor_pos", "mm", [1])], Trials = "trial", TrainFraction = 1, ValidationEvery = 0, Conditions = ["kind"] };
        var (recording, remarks) = Import("session73.mat", options);
        Assert.Contains(remarks, remark => remark.Contains("channels x units of one session, as they last as long as 't'", StringComparison.Ordinal));
        Assert.Contains(remarks, remark => remark.Contains("1 of 6 places for units hold no spike", StringComparison.Ordinal));
        Assert.Equal(["unit-000", "unit-001", "unit-004"], recording.Groups[0].ChannelNames!);
        Assert.Equal([(200, "right"), (200, "left"), (200, "right"), (200, "left")], recording.Trials.Select(trial => (trial.Bins, trial.Labels["kind"].Text)));
        for (var k = 0; k < 4; k++)
        {
            // Channel 0 has two units, 0 and 3 by their times; channel 2 has one, 2.
            AssertTimes(recording.Trials[k], 1, 280, start: 2 + (15 * k), width: 0.05, 3, channel: 1);
            AssertTimes(recording.Trials[k], 2, 280, start: 2 + (15 * k), width: 0.05, 2, channel: 2);
            Assert.Equal(-(52 + (15 * k) + 0.025), recording.Trials[k].Observations[1][0, 0], 1e-6);
        }

        var held = Import("session73.mat", options with { Units = null, HeldOutUnits = "chan_names == 'M1 001'" }).Recording.Groups[^1];
        Assert.Equal(["unit-002", "unit-003"], held.ChannelNames!);

        // The same file's structures of counts.
        recording = Import("session73.mat", new ImportOptions { Spikes = "trial.counts", BinWidth = 0.01, TrainFraction = 1, Where = "kind == 'left'" }).Recording;
        Assert.Equal([21, 23], recording.Trials.Select(trial => trial.Bins));
        Assert.Equal(((3 * 1) + (5 * 20) + 1) % 4, recording.Trials[0].Observations[0][20, 1]);
    }

    [Fact]
    public void Level_4_is_refused_by_name() =>
        Faults.Message(() => Import("level4.mat", new ImportOptions()), "level4.mat", "level 4", "-v7");

    [Fact]
    public void Archives_of_NumPy_are_told_by_lengths_too()
    {
        var (recording, remarks) = Import("trials.npz", new ImportOptions { TrainFraction = 1, ValidationEvery = 0, Where = "condition == 'b'", Values = [new ImportedValues("vel", "hand_vel")] });
        Assert.Contains(remarks, remark => remark.Contains("trials x bins x units, as 'time' has 20 entries and 'condition' has 7 entries", StringComparison.Ordinal));
        Assert.Equal(3, recording.Trials.Count);
        for (var i = 0; i < 3; i++)
        {
            var k = (2 * i) + 1;
            Assert.Equal(((3 * 3) + (5 * 7) + k) % 4, recording.Trials[i].Observations[0][7, 3]);
            Assert.Equal(1 + (7 / 8.0) + k, recording.Trials[i].Observations[1][7, 1]);
        }

        (recording, remarks) = Import("sorted.npz", new ImportOptions { BinWidth = 0.1, TrainFraction = 1, Units = "id > 2" });
        Assert.Equal(["unit-005", "unit-007", "unit-011"], recording.Groups[0].ChannelNames!);
        AssertTimes(recording.Trials[0], 1, 40, start: 0.1, width: 0.1, 2, channel: 1);
        Assert.Contains(remarks, remark => remark.Contains("'spike_clusters' says of which unit each is", StringComparison.Ordinal));
        Faults.Message(() => Import("objects.npy", new ImportOptions()), "objects.npy", "pickle", "numpy.savez");
    }

    [Theory]
    [InlineData("spikes")]
    [InlineData("=x")]
    [InlineData("spikes=")]
    public void Maps_that_are_none_are_refused(string text) => Faults.Message(() => ArrayMapping.Parse(text), "--map", "NAME=PATH[:axes]");

    [Fact]
    public void Axes_have_several_words_and_others_are_refused()
    {
        Assert.Equal([ArrayAxis.Trial, ArrayAxis.Channel, ArrayAxis.Bin, ArrayAxis.None, ArrayAxis.Spike], ArrayMapping.Parse("a=b:trials, neuron,time,-,spike").Axes);
        Assert.Equal(("a", "b.c(2).d"), ArrayMapping.Parse("a=b.c(2).d") is var map ? (map.Name, map.Path) : default);
        Faults.Message(() => ArrayMapping.Parse("a=b:trial,chanel"), "'chanel'", "did you mean 'channel'?");
    }

    [Fact]
    public void Misspelt_names_are_told_with_those_that_are_there()
    {
        Faults.Message(() => Import("trial_data.mat", new ImportOptions { Spikes = "trial_data.M1_spike" }), "did you mean 'trial_data.M1_spikes'?");
        Faults.Message(() => Import("trial_data.mat", new ImportOptions { Where = "rsult == 'R'" }), "--where", "did you mean 'result'?");
        Faults.Message(() => Import("trial_data.mat", new ImportOptions { Units = "id > 1" }), "--units", "no column 'id'", "index");
        Faults.Message(() => Import("trial_data.mat", new ImportOptions { OnSessionGrid = true }), "--session-grid", "binned");
        Faults.Message(() => Import("session.mat", new ImportOptions { Spikes = "sparse", Where = "a > 1" }), "one session in bins", "--chunk");
        Faults.Message(() => Import("trial_data.mat", new ImportOptions { Spikes = "a", Maps = [ArrayMapping.Parse("spikes=b")] }), "--spikes and --map");
    }

    private static ImportedRecording Import(string file, ImportOptions options) => RecordingImporters.Import(SharedData.Committed(file), options);

    /// <summary>The counts of a unit, of whose spikes some stand in the file, in bins of a trial that begins at a time.</summary>
    private static void AssertTimes(Trial trial, int unit, int last, double start, double width, int unitOfTimes, int first = 0, int? channel = null)
    {
        var counts = new double[trial.Bins];
        for (var spike = first; spike < last; spike++)
        {
            var bin = (int)Math.Floor((((0.05 * (unitOfTimes + 1)) + (0.25 * spike) - start) / width) + 1e-9);
            if (bin >= 0 && bin < counts.Length)
            {
                counts[bin]++;
            }
        }

        Assert.True(counts.Sum() > 0);
        Assert.Equal(counts, Enumerable.Range(0, trial.Bins).Select(bin => trial.Observations[0][bin, channel ?? unit]));
    }
}
