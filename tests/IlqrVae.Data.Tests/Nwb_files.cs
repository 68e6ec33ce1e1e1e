using IlqrVae.Data.Import;
using IlqrVae.Data.Import.Timed;
using IlqrVae.Recordings;
using PureHDF;

namespace IlqrVae.Data.Tests;

/// <summary>NWB files made here: what is counted, cut, resampled and left out.</summary>
public sealed class Nwb_files
{
    public static TheoryData<int> IndexTypes => [.. Enumerable.Range(0, 8)];

    private static ImportOptions Bins(double width) => new() { BinWidth = width };

    private static Recording Import(string path, ImportOptions options) => RecordingImporters.Import(path, options).Recording;

    private static double[] Column(Trial trial, int group, int channel) =>
        [.. Enumerable.Range(0, trial.Bins).Select(bin => trial.Observations[group].IsObserved(bin, channel) ? trial.Observations[group][bin, channel] : double.NaN)];

    /// <summary>One unit that fires in every bin, so that any cut has something to count, and a table of trials.</summary>
    private static NwbBuilder Session(double seconds = 10, double[]? observed = null, double[]? starts = null, double[]? stops = null, params (string, object)[] columns)
    {
        var builder = new NwbBuilder();
        builder.Units([7, 3], [[.. Enumerable.Range(0, (int)(seconds * 100)).Select(i => (i + 0.5) / 100)], [0.25, 1.25]], Array.Empty<ushort>());
        builder.Observed(observed ?? [0, seconds], observed ?? [0, seconds]);
        if (starts is not null)
        {
            builder.Trials(starts, stops!, columns);
        }

        return builder;
    }

    [Theory]
    [MemberData(nameof(IndexTypes))]
    public void Spikes_are_shared_out_by_indexes_of_any_width_signed_or_not(int type)
    {
        Array[] types = [Array.Empty<sbyte>(), Array.Empty<byte>(), Array.Empty<short>(), Array.Empty<ushort>(), Array.Empty<int>(), Array.Empty<uint>(), Array.Empty<long>(), Array.Empty<ulong>()];
        using var folder = new TestFolder();
        var builder = new NwbBuilder();
        builder.Units([20, 10, 30], [[0.05, 0.15, 0.151], [], [1.95]], types[type]);
        builder.Observed([0, 2], [0, 2], [0, 2]);
        var recording = Import(builder.Save(folder["a.nwb"]), Bins(0.1) with { TrainFraction = 1 });
        Assert.Equal(["unit-020", "unit-010", "unit-030"], recording.Groups[0].ChannelNames);
        var trial = Assert.Single(recording.Trials);
        Assert.Equal(20, trial.Bins);
        Assert.Equal([1, 2], Column(trial, 0, 0)[..2]);
        Assert.Equal([3, 0, 1], Enumerable.Range(0, 3).Select(unit => Column(trial, 0, unit).Sum()));
        Assert.Equal(1, trial.Observations[0][19, 2]);
    }

    [Fact]
    public void One_unit_needs_no_index_and_several_do()
    {
        using var folder = new TestFolder();
        var builder = new NwbBuilder();
        builder.Units([4], [[0.5, 1.5]]).Remove("spike_times_index");
        Assert.Equal(2, Import(builder.Save(folder["one.nwb"]), Bins(0.1) with { TrainFraction = 1 }).Trials.Sum(trial => Column(trial, 0, 0).Sum()));
        builder = new NwbBuilder();
        builder.Units([4, 5], [[0.5], [1.5]]).Remove("spike_times_index");
        Faults.Message(() => Import(builder.Save(folder["two.nwb"]), Bins(0.1)), "two.nwb", "no index");
    }

    [Fact]
    public void A_spike_on_an_edge_belongs_to_the_bin_that_starts_there()
    {
        // As doubles, 0.29 and 1.005 are a hair below what they say, and 3 * 0.1 above 0.3.
        using var folder = new TestFolder();
        var builder = new NwbBuilder();
        builder.Units([1], [[0.29, 0.3, 3 * 0.1, 0.99 - 0.69, 1.005, 0.0, 1.1]]);
        builder.Trials([0.0], [1.1]);
        builder.Observed([0, 1.1]);
        var fine = Column(Import(builder.Save(folder["a.nwb"]), Bins(0.005)).Trials[0], 0, 0);
        Assert.Equal(220, fine.Length);
        Assert.Equal((1, 1, 3, 1), (fine[0], fine[58], fine[60], fine[201]));
        Assert.Equal(6, fine.Sum());
    }

    [Theory]
    [InlineData(0.02)]
    [InlineData(1.0 / 30)]
    [InlineData(0.0125)]
    [InlineData(1.0 / 7)]
    public void Counts_of_overlapping_windows_are_those_of_a_plain_search(double width)
    {
        var random = new Random(11);
        var spikes = Enumerable.Range(0, 3).Select(_ => Enumerable.Range(0, 2000).Select(_ => Math.Round(random.NextDouble() * 40, 4)).ToArray()).ToArray();
        double[] events = [.. Enumerable.Range(0, 25).Select(_ => Math.Round(1 + (random.NextDouble() * 37), random.Next(1, 5))).Order()];
        Array.Sort(spikes[0]);
        using var folder = new TestFolder();
        var builder = new NwbBuilder();
        builder.Units([1, 2, 3], spikes, Array.Empty<int>());
        builder.Observed([-5, 50], [-5, 50], [-5, 50]);
        builder.Trials(events, [.. events.Select(time => time + 1)], ("go_time", events));
        var recording = Import(builder.Save(folder["a.nwb"]), Bins(width) with { Align = "go_time", Window = (-0.4, 1.2) });
        Assert.Equal(25, recording.Trials.Count);
        var bins = (int)Math.Floor((1.6 / width) + 1e-9);
        for (var t = 0; t < events.Length; t++)
        {
            var start = (decimal)events[t] - 0.4m;
            Assert.Equal(bins, recording.Trials[t].Bins);
            for (var unit = 0; unit < 3; unit++)
            {
                var counts = new double[bins];
                foreach (var time in spikes[unit])
                {
                    var bin = (int)Math.Floor(((decimal)time - start) / (decimal)width);
                    if (bin >= 0 && bin < bins)
                    {
                        counts[bin]++;
                    }
                }

                Assert.Equal(counts, Column(recording.Trials[t], 0, unit));
            }
        }

        // Of a session in one piece as well.
        var whole = Import(folder["a.nwb"], Bins(width) with { ChunkSeconds = 4, TrainFraction = 1, ValidationEvery = 0 });
        Assert.Equal(spikes.Sum(one => one.Length), whole.Trials.Sum(trial => Enumerable.Range(0, 3).Sum(unit => Column(trial, 0, unit).Sum())));
    }

    [Theory]
    [InlineData(0.005, 5_000_000)]
    [InlineData(1.0 / 3, 333_333_333)]
    public void A_nanosecond_decides_about_a_bin(double width, long edge)
    {
        var grid = new TimeGrid(-7, 10, width);
        Assert.Equal(edge - 7, grid.Edge(1));
        Assert.Equal([-1, 0, 0, 1, 9, 10], [Math.Max(-1, grid.BinOf(-8)), grid.BinOf(-7), grid.BinOf(edge - 8), grid.BinOf(edge - 7), grid.BinOf(grid.Edge(10) - 1), grid.BinOf(grid.Edge(10))]);
        var part = grid.Part(4, 3);
        Assert.Equal((grid.Edge(4), grid.Edge(7)), (part.Span.Start, part.Span.End));
        Assert.Equal([0, 2], [part.BinOf(grid.Edge(4)), part.BinOf(grid.Edge(7) - 1)]);
        Assert.Equal([3, 2], [TimeGrid.WholeBins(grid.Edge(3) + 7, width), TimeGrid.WholeBins(grid.Edge(3) + 6, width)]);
    }

    [Fact]
    public void A_short_trial_inside_a_long_one_does_not_end_the_long_one()
    {
        using var folder = new TestFolder();
        var path = Session(10, null, [0, 1, 3, 3], [9, 2, 4, 3.5]).Save(folder["a.nwb"]);
        Assert.Equal([900, 100, 100, 50], Import(path, Bins(0.1)).Trials.Select(trial => Column(trial, 0, 0).Sum()));
    }

    [Fact]
    public void More_spikes_in_a_bin_than_a_byte_holds_are_counted()
    {
        using var folder = new TestFolder();
        var builder = new NwbBuilder();
        builder.Units([1], [[.. Enumerable.Repeat(0.55, 70_000), .. Enumerable.Repeat(0.15, 300), .. Enumerable.Repeat(0.25, 255)]], Array.Empty<uint>());
        builder.Observed([0, 2]);
        Assert.Equal([0, 300, 255, 0, 0, 70_000, 0], Column(Import(builder.Save(folder["a.nwb"]), Bins(0.1) with { TrainFraction = 1 }).Trials[0], 0, 0)[..7]);
    }

    [Fact]
    public void Trials_go_from_start_to_stop_and_keep_their_columns()
    {
        using var folder = new TestFolder();
        var path = Session(10, null, [0.5, 2, 4, 7], [1.5, 3.25, 6, 8], ("kind", new[] { "go", "no-go", "go", "" }), ("reward", new[] { 1, 2.5, double.NaN, 0 }), ("good", new[] { H5Bool.TRUE, H5Bool.FALSE, H5Bool.TRUE, H5Bool.TRUE })).Save(folder["a.nwb"]);
        var (recording, remarks) = RecordingImporters.Import(path, Bins(0.1) with { TrainFraction = 0.5, ValidationFraction = 0.25 });
        Assert.Empty(remarks);
        Assert.Equal(["trial-000", "trial-001", "trial-002", "trial-003"], recording.Trials.Select(trial => trial.Name), StringComparer.Ordinal);
        Assert.Equal([10, 12, 20, 10], recording.Trials.Select(trial => trial.Bins));
        Assert.Equal([TrialSplit.Train, TrialSplit.Train, TrialSplit.Validation, TrialSplit.Test], recording.Trials.Select(trial => trial.Split));
        Assert.All(recording.Trials, trial => Assert.All(Column(trial, 0, 0), count => Assert.Equal(10, count)));
        RecordingFile.Write(folder["a.h5"], recording);
        var read = RecordingFile.Read(folder["a.h5"]);
        foreach (var (one, other) in recording.Trials.Zip(read.Trials))
        {
            Assert.Equal(one.Labels.OrderBy(pair => pair.Key, StringComparer.Ordinal), other.Labels.OrderBy(pair => pair.Key, StringComparer.Ordinal));
        }

        Assert.Equal("no-go", read.Trials[1].Labels["kind"].Text);
        Assert.Equal(2.5, read.Trials[1].Labels["reward"].Number);
        Assert.Equal((1, 0), (read.Trials[0].Labels["good"].Number, read.Trials[1].Labels["good"].Number));
        Assert.Equal(4, read.Trials[2].Labels["first_bin_time"].Number);
        Assert.True(double.IsNaN(read.Trials[2].Labels["reward"].Number));
    }

    [Fact]
    public void Windows_lie_about_any_column_and_trials_without_it_are_left_out()
    {
        using var folder = new TestFolder();
        var path = Session(10, null, [0.5, 2, 4, 7], [1.5, 3, 6, 8], ("go_time", new[] { 1.01, double.NaN, 5, 7.5 })).Save(folder["a.nwb"]);
        var (recording, remarks) = RecordingImporters.Import(path, Bins(0.05) with { Align = "go_time", Window = (-0.25, 0.45) });
        Assert.Equal([0.76, 4.75, 7.25], recording.Trials.Select(trial => trial.Labels["first_bin_time"].Number));
        Assert.All(recording.Trials, trial => Assert.Equal(14, trial.Bins));
        Assert.Contains("'go_time' is missing", Assert.Single(remarks), StringComparison.Ordinal);
        Assert.Contains("1 trial is left out (row 1)", remarks[0], StringComparison.Ordinal);

        // Bins that all trials share: 0.76 is no multiple of 0.05.
        var grid = Import(path, Bins(0.05) with { Align = "go_time", Window = (-0.25, 0.45), OnSessionGrid = true });
        Assert.Equal([0.8, 4.75, 7.25], grid.Trials.Select(trial => trial.Labels["first_bin_time"].Number));
        Assert.Equal([13, 14, 14], grid.Trials.Select(trial => trial.Bins));

        // Without a column it is the trial's start.
        Assert.Equal([0.4, 1.9, 3.9, 6.9], Import(path, Bins(0.05) with { Window = (-0.1, 0.1) }).Trials.Select(trial => trial.Labels["first_bin_time"].Number), (a, b) => Math.Abs(a - b) < 1e-9);
        Faults.Message(() => Import(path, Bins(0.05) with { Align = "go_tim", Window = (0, 1) }), "--align", "did you mean 'go_time'?");
        Faults.Message(() => Import(path, Bins(0.05) with { Align = "go_time" }), "--window=");
        Faults.Message(() => Import(path, Bins(0.05) with { Align = "go_time", Window = (1, 0) }), "has no length");
        Faults.Message(() => Import(path, Bins(0.05) with { Trials = "epochs" }), "--trials", "no table of intervals 'epochs'", "trials");
    }

    [Fact]
    public void Other_tables_of_intervals_may_be_cut_by()
    {
        using var folder = new TestFolder();
        var builder = Session(10, null, [0.5], [1.5]);
        builder.Intervals("epochs", [2, 5], [4, 9]);
        var path = builder.Save(folder["a.nwb"]);
        Assert.Equal([20, 40], Import(path, Bins(0.1) with { Trials = "epochs" }).Trials.Select(trial => trial.Bins));
        Assert.Equal([20, 40], Import(path, Bins(0.1) with { Trials = "/intervals/epochs" }).Trials.Select(trial => trial.Bins));
        Assert.Equal([10], Import(path, Bins(0.1)).Trials.Select(trial => trial.Bins));
    }

    [Fact]
    public void Trials_and_units_are_chosen_by_expressions_splits_by_a_column_conditions_by_several()
    {
        using var folder = new TestFolder();
        var builder = Session(
            10, null, [0, 1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6, 7],
            ("split", new[] { "train", "train", "val", "test", "none", "train", "train" }), ("kind", new[] { 2, 1, 2, 1, 2, 1, 1 }), ("side", new[] { "l", "l", "r", "r", "l", "l", "r" }), ("success", new[] { H5Bool.TRUE, H5Bool.TRUE, H5Bool.TRUE, H5Bool.TRUE, H5Bool.TRUE, H5Bool.FALSE, H5Bool.TRUE }));
        builder.Group("units")["heldout"] = new[] { H5Bool.FALSE, H5Bool.TRUE };
        builder.Group("units")["quality"] = new[] { "good", "mua" };
        var path = builder.Save(folder["a.nwb"]);
        var (recording, remarks) = RecordingImporters.Import(path, Bins(0.1) with { SplitColumn = "split", Where = "success", Conditions = ["kind", "side"], HeldOutUnits = "heldout" });
        Assert.Equal(["trial-000", "trial-001", "trial-002", "trial-003", "trial-006"], recording.Trials.Select(trial => trial.Name), StringComparer.Ordinal);
        Assert.Equal([TrialSplit.Train, TrialSplit.Train, TrialSplit.Validation, TrialSplit.Test, TrialSplit.Train], recording.Trials.Select(trial => trial.Split));

        // In the order of their words: (1, l), (1, r), (2, l), (2, r).
        Assert.Equal([2, 0, 3, 1, 1], recording.Trials.Select(trial => trial.Truth["condition"].Values[^1]));
        Assert.Equal(["spikes", "held-out"], recording.Groups.Select(group => group.Name), StringComparer.Ordinal);
        Assert.Equal("unit-003", Assert.Single(recording.Groups[1].ChannelNames!));
        Assert.Contains(remarks, remark => remark.Contains("6 of 7 trials", StringComparison.Ordinal));
        Assert.Contains(remarks, remark => remark.Contains("none of train, validation and test", StringComparison.Ordinal));

        Assert.Equal("unit-007", Assert.Single(Import(path, Bins(0.1) with { Units = "quality == 'good' and not heldout" }).Groups[0].ChannelNames!));
        Assert.Equal("unit-007", Assert.Single(Import(path, Bins(0.1) with { MinimumRate = 1 }).Groups[0].ChannelNames!));
        Faults.Message(() => Import(path, Bins(0.1) with { Units = "qality == 'good'" }), "--units", "did you mean 'quality'?");
        Faults.Message(() => Import(path, Bins(0.1) with { Units = "quality == 'none'" }), "--units", "no unit");
        Faults.Message(() => Import(path, Bins(0.1) with { HeldOutUnits = "id > 0" }), "--held-out-units", "2 of 2");
        Faults.Message(() => Import(path, Bins(0.1) with { Where = "kind > 5" }), "--where", "no trial");
        Faults.Message(() => Import(path, Bins(0.1) with { SplitColumn = "kind" }), "--split-column", "int32");
        Faults.Message(() => Import(path, Bins(0.1) with { SplitColumn = "side" }), "--split-column", "l, r");
        Faults.Message(() => Import(path, Bins(0.1) with { Conditions = ["sidee"] }), "--condition", "did you mean 'side'?");
        Faults.Message(() => Import(path, Bins(0.1) with { MinimumRate = 1000 }), "--minimum-rate");
    }

    [Fact]
    public void What_was_not_observed_is_missing_and_never_glued()
    {
        using var folder = new TestFolder();
        var builder = new NwbBuilder();
        double[] all = [.. Enumerable.Range(0, 1000).Select(i => (i + 0.5) / 100)];
        builder.Units([0, 1], [all, all], Array.Empty<short>());
        builder.Observed([0, 4.03, 5, 10], [0, 4.5, 4.6, 10]);
        builder.Trials([3.5, 4.52, 7], [5.5, 4.58, 8]);
        var path = builder.Save(folder["a.nwb"]);
        var (recording, remarks) = RecordingImporters.Import(path, Bins(0.1));

        // The second trial lies in the gap of both.
        Assert.Equal(["trial-000", "trial-002"], recording.Trials.Select(trial => trial.Name), StringComparer.Ordinal);
        Assert.Contains(remarks, remark => remark.Contains("shorter than a bin", StringComparison.Ordinal));
        Assert.Equal([.. Enumerable.Repeat(10.0, 5), .. Enumerable.Repeat(double.NaN, 10), .. Enumerable.Repeat(10.0, 5)], Column(recording.Trials[0], 0, 0));
        Assert.Equal([.. Enumerable.Repeat(10.0, 10), double.NaN, .. Enumerable.Repeat(10.0, 9)], Column(recording.Trials[0], 0, 1));
        Assert.True(recording.Trials[1].Observations[0].AllObserved);
        Assert.Contains(remarks, remark => remark.Contains("marked missing", StringComparison.Ordinal));
        var fine = RecordingImporters.Import(path, Bins(0.01));
        Assert.Equal(2, fine.Recording.Trials.Count);
        Assert.Contains(fine.Remarks, remark => remark.Contains("outside what was recorded", StringComparison.Ordinal));

        // Of the session in one piece, stretches are from 0 to 4.5 and from 4.6 to 10.
        var chunks = Import(path, Bins(0.1) with { ChunkSeconds = 2, TrainFraction = 1, ValidationEvery = 0 });
        Assert.Equal([0, 2, 4.6, 6.6, 8.6], chunks.Trials.Select(trial => trial.Labels["first_bin_time"].Number), (a, b) => Math.Abs(a - b) < 1e-9);
        Assert.Equal([20, 20, 20, 20, 14], chunks.Trials.Select(trial => trial.Bins));
        Assert.Equal(4, Column(chunks.Trials[2], 0, 0).Count(double.IsNaN));
    }

    [Fact]
    public void Without_times_of_observation_the_session_lasts_from_the_first_to_the_last_event()
    {
        using var folder = new TestFolder();
        var builder = new NwbBuilder();
        builder.Units([0], [[-2.0, 1499.5, 1500.75]]);
        var recording = Import(builder.Save(folder["a.nwb"]), Bins(0.5) with { TrainFraction = 1 });
        Assert.Equal(3006, Assert.Single(recording.Trials).Bins);
        Assert.Equal(-2, recording.Trials[0].Labels["first_bin_time"].Number);
        Assert.Equal((1.0, 1.0), (recording.Trials[0].Observations[0][0, 0], recording.Trials[0].Observations[0][3005, 0]));

        // What lies beyond is missing.
        builder = new NwbBuilder();
        builder.Units([0], [[1.0, 2.0]]);
        builder.Trials([1, 1.5], [1.5, 2.5], ("go_time", new[] { 1.0, 2.0 }));
        var windows = Import(builder.Save(folder["b.nwb"]), Bins(0.5) with { Align = "go_time", Window = (-1, 1) });
        Assert.Equal([double.NaN, double.NaN, 1, 0], Column(windows.Trials[0], 0, 0));
        Assert.Equal([1, 0, 1, double.NaN], Column(windows.Trials[1], 0, 0));
    }

    [Fact]
    public void Faster_series_become_means_and_slower_ones_lines()
    {
        using var folder = new TestFolder();
        var builder = Session(10, null, [1, 4], [2, 5]);

        // A line is kept exactly, centred on bins; a wobble of a whole number of periods a bin is gone.
        double[] fast = [.. Enumerable.Range(0, 10_000).SelectMany(i => new[] { 3 + (i * 0.002), Math.Sin(2 * Math.PI * i / 20) })];
        builder.Series("processing/behavior/fast", fast, channels: 2, start: 0, rate: 1000, unit: "V", conversion: 10, offset: 1, chunk: 777);
        double[] times = [.. Enumerable.Range(0, 40).Select(i => i * 0.3)];
        builder.Series("processing/behavior/slow", Array.ConvertAll(times, time => (2 * time) - 1), times: times, chunk: 7);
        builder.Series("processing/behavior/linked", Array.ConvertAll(times, time => (float)(time * time)), timesOf: "/processing/behavior/slow");
        builder.Series("acquisition/box/raw", Array.ConvertAll(times, time => (short)Math.Round(time * 100)), times: times, conversion: 0.01);
        var path = builder.Save(folder["a.nwb"]);
        var recording = Import(path, Bins(0.02) with
        {
            Behaviour = [new ImportedValues("fast", "processing/behavior/fast"), new ImportedValues("slow", "/processing/behavior/slow"), new ImportedValues("linked", "linked"), new ImportedValues("raw", "acquisition/box", "cm")],
            Values = [new ImportedValues("one", "fast", "mV", [1])],
        });
        Assert.Equal(["spikes", "one", "fast", "slow", "linked", "raw"], recording.Groups.Select(group => group.Name), StringComparer.Ordinal);
        Assert.Equal(["", "mV", "V", "m", "m", "cm"], recording.Groups.Select(group => group.Unit), StringComparer.Ordinal);
        foreach (var trial in recording.Trials)
        {
            var start = trial.Labels["first_bin_time"].Number;
            for (var bin = 0; bin < trial.Bins; bin++)
            {
                var middle = start + ((bin + 0.5) * 0.02);
                Assert.Equal(1 + (10 * (3 + (2 * middle))), trial.Observations[2][bin, 0], 1e-9);
                Assert.Equal(1, trial.Observations[2][bin, 1], 1e-9);
                Assert.Equal(trial.Observations[2][bin, 1], trial.Observations[1][bin, 0]);
                Assert.Equal((2 * middle) - 1, trial.Observations[3][bin, 0], 1e-9);
                var (k, share) = ((int)Math.Floor(middle / 0.3), (middle / 0.3) - Math.Floor(middle / 0.3));
                var (before, after) = ((float)(times[k] * times[k]), (float)(times[k + 1] * times[k + 1]));
                Assert.Equal(before + (share * (after - before)), trial.Observations[4][bin, 0], 1e-6);
                Assert.Equal(middle, trial.Observations[5][bin, 0], 1e-2);
            }
        }

        // A lag reads later: the line says by how much.
        var lagged = Import(path, Bins(0.02) with { LagSeconds = 0.12, Behaviour = [new ImportedValues("fast", "fast"), new ImportedValues("slow", "slow")] });
        Assert.Equal(recording.Trials[0].Observations[2][0, 0] + (20 * 0.12), lagged.Trials[0].Observations[1][0, 0], 1e-9);
        Assert.Equal(recording.Trials[1].Observations[3][9, 0] + (2 * 0.12), lagged.Trials[1].Observations[2][9, 0], 1e-9);
        Assert.Equal(Column(recording.Trials[0], 0, 0), Column(lagged.Trials[0], 0, 0));

        Faults.Message(() => Import(path, Bins(0.02) with { Behaviour = [new ImportedValues("x", "processing/behavior/fst")] }), "--behaviour", "did you mean 'processing/behavior/fast'?");
        Faults.Message(() => Import(path, Bins(0.02) with { Behaviour = [new ImportedValues("x", "processing/behavior")] }), "--behaviour", "several series");
        Faults.Message(() => Import(path, Bins(0.02) with { Behaviour = [new ImportedValues("fast", "fast", "", [2])] }), "channels 0 to 1");
        Faults.Message(() => Import(path, Bins(0.02) with { Behaviour = [new ImportedValues("x", "fast"), new ImportedValues("x", "slow")] }), "two groups are called 'x'");
    }

    [Fact]
    public void Missing_samples_and_pauses_of_a_series_are_missing()
    {
        using var folder = new TestFolder();
        var builder = Session(4, null, [0], [4]);
        double[] times = [.. Enumerable.Range(0, 100).Select(i => i * 0.01), .. Enumerable.Range(0, 100).Select(i => 2 + (i * 0.01))];
        double[] values = Array.ConvertAll(times, time => time);

        // Bins of 0.05 s are of five samples: one without the middle of bin 4, one without all of bin 6.
        values[22] = double.NaN;
        for (var i = 29; i <= 36; i++)
        {
            values[i] = double.NaN;
        }

        builder.Series("acquisition/x", values, times: times);
        var trial = Import(builder.Save(folder["a.nwb"]), Bins(0.05) with { Behaviour = [new ImportedValues("x", "acquisition/x")] }).Trials[0];
        var x = Column(trial, 1, 0);
        Assert.Equal(0.025, x[0], 1e-9);
        Assert.Equal([0.2 + (((1 * 0.005) + (2 * 0.04)) / 3)], [x[4]], (a, b) => Math.Abs(a - b) < 1e-9);
        Assert.True(double.IsNaN(x[6]));
        Assert.Equal(0.425, x[8], 1e-9);

        // From 0.99 to 2 the series pauses.
        Assert.Equal([.. Enumerable.Range(20, 20)], Enumerable.Range(0, 60).Where(bin => double.IsNaN(x[bin]) && bin != 6));
        Assert.Equal(2.025, x[40], 1e-9);
        Assert.All(Enumerable.Range(60, 20), bin => Assert.True(double.IsNaN(x[bin])));

        builder.Series("acquisition/y", new double[] { 1, 2, 3 }, times: [0, 0.5, 0.4]);
        Faults.Message(() => Import(builder.Save(folder["b.nwb"]), Bins(0.05) with { Behaviour = [new ImportedValues("y", "acquisition/y")] }), "go back from 0.5 s to 0.4 s at sample 2");
    }

    [Fact]
    public void Series_longer_than_a_block_are_joined_without_a_seam()
    {
        using var folder = new TestFolder();
        var builder = new NwbBuilder();
        builder.Series("acquisition/x", Enumerable.Range(0, 150_000).Select(i => i * 0.5).ToArray(), start: 10, rate: 1000, chunk: 5000);
        builder.Series("acquisition/y", Enumerable.Range(0, 150_000).Select(i => (float)i).ToArray(), times: [.. Enumerable.Range(0, 150_000).Select(i => 10 + (i / 1000.0))], chunk: 5000);
        builder.Trials([12, 40, 42.5, 130], [13, 43, 76, 159.9]);
        var recording = Import(builder.Save(folder["a.nwb"]), Bins(0.01) with { Behaviour = [new ImportedValues("x", "x"), new ImportedValues("y", "y")] });
        Assert.Equal([100, 300, 3350, 2990], recording.Trials.Select(trial => trial.Bins));
        foreach (var trial in recording.Trials)
        {
            var start = trial.Labels["first_bin_time"].Number;
            for (var bin = 0; bin < trial.Bins; bin++)
            {
                var sample = (start + ((bin + 0.5) * 0.01) - 10) * 1000;
                Assert.Equal(0.5 * sample, trial.Observations[0][bin, 0], 1e-6);
                Assert.Equal(sample, trial.Observations[1][bin, 0], 1e-3);
            }
        }
    }

    [Fact]
    public void Chunks_may_overlap_but_not_across_splits()
    {
        using var folder = new TestFolder();
        var path = Session(100).Save(folder["a.nwb"]);
        var options = Bins(0.05) with { ChunkSeconds = 2, ChunkOverlapSeconds = 1, TrainFraction = 0.8 };
        var recording = Import(path, options);
        Assert.Equal(5, recording.TrialsOf(TrialSplit.Test)[0].Bins / 80);
        var (owner, shared) = (new TrialSplit?[2000], 0);
        foreach (var trial in recording.Trials)
        {
            var first = (int)Math.Round(trial.Labels["first_bin_time"].Number / 0.05);
            for (var bin = first; bin < first + trial.Bins; bin++)
            {
                Assert.True(owner[bin] is null || owner[bin] == trial.Split, $"bin {bin} is of {owner[bin]} and {trial.Split}");
                shared += owner[bin] is null ? 0 : 1;
                owner[bin] = trial.Split;
            }
        }

        Assert.DoesNotContain(null, owner);
        Assert.True(shared > 1000, $"{shared} bins shared");
        Faults.Message(() => Import(path, options with { ChunkOverlapSeconds = 2 }), "shorter than a chunk");
        Faults.Message(() => Import(path, Bins(0.05) with { ChunkOverlapSeconds = 1 }), "--chunk");
    }

    [Fact]
    public void Splits_may_be_blocks_of_time_or_drawn_at_random()
    {
        using var folder = new TestFolder();
        double[] starts = [.. Enumerable.Range(0, 40).Select(i => i * 0.25)];
        var path = Session(10, null, starts, [.. starts.Select(start => start + 0.2)]).Save(folder["a.nwb"]);
        var shares = Bins(0.02) with { TrainFraction = 0.6, ValidationFraction = 0.2 };
        var drawn = Import(path, shares with { SplitSeed = 5 });
        Assert.Equal((24, 8, 8), (drawn.TrialsOf(TrialSplit.Train).Count, drawn.TrialsOf(TrialSplit.Validation).Count, drawn.TrialsOf(TrialSplit.Test).Count));
        Assert.Equal(drawn.Trials.Select(trial => trial.Split), Import(path, shares with { SplitSeed = 5 }).Trials.Select(trial => trial.Split));
        Assert.NotEqual(drawn.Trials.Select(trial => trial.Split), Import(path, shares with { SplitSeed = 6 }).Trials.Select(trial => trial.Split));
        Assert.NotEqual(drawn.Trials.Select(trial => trial.Split), Import(path, shares).Trials.Select(trial => trial.Split));

        // Blocks of one second are four trials; five blocks are three, one and one of each kind.
        var blocks = Import(path, shares with { SplitBlockSeconds = 1 }).Trials.Select(trial => trial.Split).ToList();
        Assert.All(Enumerable.Range(0, 40), i => Assert.Equal(blocks[i / 4 * 4], blocks[i]));
        Assert.All([0, 20], half => Assert.Equal((12, 4, 4), (blocks.Skip(half).Take(20).Count(split => split == TrialSplit.Train), blocks.Skip(half).Take(20).Count(split => split == TrialSplit.Validation), blocks.Skip(half).Take(20).Count(split => split == TrialSplit.Test))));

        // A session in time, too: no chunk crosses a block.
        var cut = Import(path, shares with { SplitBlockSeconds = 2, ChunkSeconds = 0.6 });
        Assert.All(cut.Trials, trial => Assert.True(Math.Floor(trial.Labels["first_bin_time"].Number / 2) == Math.Floor((trial.Labels["first_bin_time"].Number + (trial.Bins * 0.02) - 1e-6) / 2), trial.Name));
        Assert.Equal(3, cut.Trials.Select(trial => trial.Split).Distinct().Count());
        Assert.Equal(3, Import(path, shares with { SplitSeed = 5, ChunkSeconds = 0.5 }).Trials.Select(trial => trial.Split).Distinct().Count());
        Faults.Message(() => Import(path, shares with { SplitSeed = 5, SplitBlockSeconds = 1 }), "--split-blocks and --split-seed");
        Faults.Message(() => Import(Session(10).Save(folder["b.nwb"]), shares with { SplitSeed = 5 }), "--chunk");
    }

    [Fact]
    public void Windows_that_share_time_across_splits_are_told()
    {
        using var folder = new TestFolder();
        double[] starts = [.. Enumerable.Range(0, 16).Select(i => 1 + (i * 0.5))];
        var path = Session(10, null, starts, [.. starts.Select(start => start + 0.4)]).Save(folder["a.nwb"]);
        Assert.Contains(RecordingImporters.Import(path, Bins(0.02) with { Window = (-0.2, 0.6) }).Remarks, remark => remark.Contains("share time", StringComparison.Ordinal));
        Assert.Empty(RecordingImporters.Import(path, Bins(0.02) with { Window = (-0.1, 0.4) }).Remarks);
    }

    [Fact]
    public void Columns_of_every_type_are_read_or_named()
    {
        using var folder = new TestFolder();
        var builder = Session(10, null, [0, 2, 4], [1, 3, 5], ("kind", new[] { "a", "b", "a" }), ("good", new[] { H5Bool.TRUE, H5Bool.FALSE, H5Bool.TRUE }), ("day", new[] { DayOfWeek.Monday, DayOfWeek.Friday, DayOfWeek.Monday }), ("code", new byte[] { 1, 2, 255 }));
        var trials = builder.Group("intervals/trials");
        trials["touch"] = new[] { 0.5, 0.75, 4.25 };
        trials["touch_index"] = new byte[] { 2, 2, 3 };
        trials["word"] = new[] { "p", "q", "r" };
        trials["word_index"] = new byte[] { 1, 3 };
        trials["word_index_index"] = new byte[] { 1, 1, 2 };
        trials["matrix"] = new H5Dataset(new[] { 1.0, 2, 3, 4, 5, 6 }, fileDims: [3, 2]);
        trials["series"] = new[] { new Part { First = 1, Count = 2 }, new Part { First = 3, Count = 4 }, new Part { First = 5, Count = 6 } };
        var target = builder.Group("general/probe");
        trials["probe"] = new H5ObjectReference[] { new(target), new(target), new(target) };
        trials["short"] = new[] { 1.0, 2.0 };
        var path = builder.Save(folder["a.nwb"]);
        var table = RecordingImporters.Inspect(path)!.Tables.Single(one => one.Path == "/intervals/trials");
        var columns = table.Columns.ToDictionary(column => column.Name, StringComparer.Ordinal);
        Assert.Equal(3, table.Rows);
        Assert.Equal(("bool", "2 true, 1 false"), (columns["good"].Type, columns["good"].Summary));
        Assert.Equal(("text", "a (2), b (1)"), (columns["kind"].Type, columns["kind"].Summary));
        Assert.Equal("Monday (2), Friday (1)", columns["day"].Summary);
        Assert.Equal(("uint8", "1 to 255"), (columns["code"].Type, columns["code"].Summary));
        Assert.Equal(("lists of float64", "[0.5, 0.75] | [] | [4.25]"), (columns["touch"].Type, string.Join(" | ", columns["touch"].Examples)));
        Assert.Equal(("lists of lists of text", "[['p']] | [] | [['q', 'r']]"), (columns["word"].Type, string.Join(" | ", columns["word"].Examples)));
        Assert.Equal(("float64, 2 a row", "[1, 2]"), (columns["matrix"].Type, columns["matrix"].Examples[0]));
        Assert.Equal(("object reference", "<object reference>"), (columns["probe"].Type, columns["probe"].Examples[0]));
        Assert.StartsWith("compound (First, 1 more)", columns["series"].Type, StringComparison.Ordinal);
        Assert.Contains("2 entries for 3 rows", columns["short"].Type, StringComparison.Ordinal);
        Assert.Equal(2, Import(path, Bins(0.1) with { Where = "day == 'Monday' and code > 0" }).Trials.Count);
        Faults.Message(() => Import(path, Bins(0.1) with { Where = "touch > 0" }), "lists of float64");
    }

    [Fact]
    public void Inspect_tells_units_series_and_pauses()
    {
        using var folder = new TestFolder();
        var builder = Session(10, [0, 4, 6, 10], [0.5], [1.5]);
        builder.Series("processing/behavior/Position/hand", new float[] { 1, 2, 3, 4 }, channels: 2, start: 1.5, rate: 50, unit: "m", conversion: 0.001);
        builder.Series("acquisition/lick", new double[] { 1, 2, 3 }, times: [1, 1.25, 1.5]);
        builder.Series("acquisition/lick2", new double[] { 1, 2, 3 }, timesOf: "/acquisition/lick");
        var contents = RecordingImporters.Inspect(builder.Save(folder["a.nwb"]))!;
        Assert.Equal("NWB 2.6.0", contents.Format);
        Assert.Equal((2, 1002L, 0.005, 9.995), (contents.Units!.Count, contents.Units.Spikes, contents.Units.First, contents.Units.Last));
        Assert.Equal([125, 0.25], contents.Units.Rates);
        Assert.Equal([(4, 6)], contents.Units.Pauses);
        var hand = contents.Series.Single(one => one.Path == "/processing/behavior/Position/hand");
        Assert.Equal(("m", 50, 1.5, 1.52, "x 0.001"), (hand.Unit, hand.Rate, hand.First, hand.Last, hand.Note));
        Assert.Equal([2, 2], hand.Shape);
        var lick = contents.Series.Single(one => one.Path == "/acquisition/lick2");
        Assert.Equal((4, 1, 1.5, "times of /acquisition/lick/timestamps"), (lick.Rate, lick.First, lick.Last, lick.Note));
        Assert.Equal(["import", folder["a.nwb"], "-o", "data.h5", "--bin-width", "0.02", "--trials", "trials", "--behaviour", "processing/behavior/Position/hand"], contents.Proposal);
    }

    private struct Part
    {
        public int First;
        public int Count;
    }
}
