using IlqrVae.Data.Import;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Tests;

/// <summary>The five sets of the FALCON benchmark: bins as its own loaders make them, masks, trials, sessions, and commands that inspect proposes.</summary>
public sealed class Falcon_sets
{
    private static readonly ImportOptions s_bins = new() { BinWidth = FalconFiles.Step, ValidationEvery = 0, TrainFraction = 1 };

    private static ImportedValues Values(string path) => new(path[(path.LastIndexOf('/') + 1)..], path);

    private static double[] Row(Trial trial, int group, int bin) => [.. Enumerable.Range(0, trial.Observations[group].Channels).Select(channel => trial.Observations[group].IsObserved(bin, channel) ? trial.Observations[group][bin, channel] : double.NaN)];

    private static int FirstBin(Trial trial) => (int)Math.Round(trial.Labels["first_bin_time"].Number / FalconFiles.Step);

    [Fact]
    public void H1_has_the_bins_of_the_benchmark_though_its_rates_are_steps()
    {
        using var folder = new TestFolder();
        var path = FalconFiles.H1(folder["h1.nwb"]);
        var options = s_bins with { OnSessionGrid = true, LagSeconds = 0.01, ChunkSeconds = 4, Behaviour = [Values("OpenLoopKinematicsVelocity")], ValueMask = "eval_mask" };
        var (recording, remarks) = RecordingImporters.Import(path, options);
        Assert.Equal((5, 7), (recording.Groups[0].Channels, recording.Groups[1].Channels));
        Assert.Contains(remarks, remark => remark.Contains("'acquisition/OpenLoopKinematicsVelocity' says that it has 0.02 samples a second, by which it would last 75000 s where the rest lasts 30 s", StringComparison.Ordinal));

        // The benchmark's bin k lasts from t(k) - 20 ms to t(k), t(k) = .02 k, and has sample k: here it is bin k - 1.
        var spikes = FalconFiles.Spikes(5, 30);
        var bins = 0;
        foreach (var trial in recording.Trials)
        {
            for (var bin = 0; bin < trial.Bins; bin++, bins++)
            {
                var k = FirstBin(trial) + bin + 1;
                Assert.Equal(spikes.Select(unit => (double)unit.Count(time => time >= (k - 1) * 0.02 - 1e-9 && time < (k * 0.02) - 1e-9)), Row(trial, 0, bin));
                if (k < 1500)
                {
                    var values = Row(trial, 1, bin);
                    Assert.All(Enumerable.Range(0, 7), channel => Assert.Equal(FalconFiles.IsScored(k) ? FalconFiles.Value(k, channel, 1) : double.NaN, values[channel], 1e-9));
                }
            }
        }

        // The first of the benchmark's bins lies before the recording.
        Assert.Equal(1499, bins);
    }

    [Fact]
    public void A_mask_cuts_a_session_where_it_is_0_and_nothing_is_glued()
    {
        using var folder = new TestFolder();
        var options = s_bins with { OnSessionGrid = true, LagSeconds = 0.01, Mask = "acquisition/eval_mask", Behaviour = [Values("OpenLoopKinematics")], ChunkSeconds = 1.5 };
        var (recording, remarks) = RecordingImporters.Import(FalconFiles.H1(folder["h1.nwb"]), options);
        Assert.Contains(remarks, remark => remark.Contains("in 5 stretches where 'acquisition/eval_mask' is not 0", StringComparison.Ordinal));

        // 200 bins are scored in every 300: two chunks of 75 and one of 50, of sample 50 on, which is bin 49.
        Assert.Equal([.. Enumerable.Range(0, 5).SelectMany(k => new[] { (300 * k) + 49, (300 * k) + 124, (300 * k) + 199 })], recording.Trials.Select(FirstBin));
        Assert.Equal([.. Enumerable.Range(0, 5).SelectMany(_ => new[] { 75, 75, 50 })], recording.Trials.Select(trial => trial.Bins));
        Assert.All(recording.Trials, trial => Assert.All(Enumerable.Range(0, trial.Bins), bin => Assert.True(FalconFiles.IsScored(FirstBin(trial) + bin + 1) && trial.Observations[0].IsObserved(bin, 0))));

        // Within trials what is masked is missing, spikes and all; a trial without any bin left goes.
        recording = RecordingImporters.Import(folder["h1.nwb"], options with { ChunkSeconds = null, Trials = "epochs", Where = "tags in ['Reach', 'Grasp']" }).Recording;
        Assert.Equal([300, 600], recording.Trials.Select(trial => trial.Bins));
        Assert.Equal(["Reach", "Grasp"], recording.Trials.Select(trial => trial.Labels["tags"].Text), StringComparer.Ordinal);
        Assert.All(recording.Trials, trial => Assert.All(Enumerable.Range(0, trial.Bins), bin => Assert.All([0, 1], group =>
            Assert.Equal(FalconFiles.IsScored(FirstBin(trial) + bin + 1) && FirstBin(trial) + bin + 1 < 1500, trial.Observations[group].IsObserved(bin, 0)))));
        var windows = options with { ChunkSeconds = null, Trials = "epochs", Align = "start_time", Window = (0, 0.5) };
        Faults.Message(() => RecordingImporters.Import(folder["h1.nwb"], windows), "no trial", "4 trials are left out", "is 0 all through");
        Faults.Message(() => RecordingImporters.Import(folder["h1.nwb"], s_bins with { Mask = "OpenLoopKinematics" }), "--mask: 'acquisition/OpenLoopKinematics'", "7 channels");
        Faults.Message(() => RecordingImporters.Import(folder["h1.nwb"], s_bins with { Mask = "evalmask" }), "--mask:", "did you mean 'eval_mask'");
        Faults.Message(() => RecordingImporters.Import(folder["h1.nwb"], s_bins with { ValueMask = "eval_mask" }), "--mask-values", "--behaviour");
    }

    [Fact]
    public void Muscles_of_M1_are_one_group()
    {
        using var folder = new TestFolder();
        var path = FalconFiles.M1(folder["m1.nwb"]);
        var recording = RecordingImporters.Import(path, s_bins with { OnSessionGrid = true, LagSeconds = 0.01, ChunkSeconds = 5, Behaviour = [Values("preprocessed_emg")], ValueMask = "eval_mask" }).Recording;
        Assert.Equal(["APL", "BCPs", "Thenar"], recording.Groups[1].ChannelNames!);
        Assert.Equal("mV", recording.Groups[1].Unit);
        Assert.All(recording.Trials, trial => Assert.All(Enumerable.Range(0, trial.Bins).Where(bin => FirstBin(trial) + bin + 1 < 1500), bin => Assert.All(Enumerable.Range(0, 3), muscle =>
            Assert.Equal(FalconFiles.IsScored(FirstBin(trial) + bin + 1) ? FalconFiles.Value(FirstBin(trial) + bin + 1, muscle, 0) : double.NaN, Row(trial, 1, bin)[muscle], 1e-9))));

        // By the trials, with conditions.
        var (trials, remarks) = RecordingImporters.Import(path, s_bins with { Align = "move_onset_time", Window = (-0.25, 0.45), Conditions = ["tgt_obj", "tgt_loc"], Behaviour = [new ImportedValues("emg", "acquisition/preprocessed_emg", Rows: [2, 0])] });
        Assert.Equal((8, 35), (trials.Trials.Count, trials.Trials[0].Bins));
        Assert.Contains(remarks, remark => remark.Contains("4 conditions", StringComparison.Ordinal));
        Assert.Equal(["Thenar", "APL"], trials.Groups[1].ChannelNames!);
        Faults.Message(() => RecordingImporters.Import(path, s_bins with { Behaviour = [Values("acquisition")] }), "--behaviour", "several series 'acquisition'");
    }

    [Fact]
    public void Runs_of_M2_are_one_dataset_and_targets_are_columns()
    {
        using var folder = new TestFolder();
        string[] paths = [FalconFiles.M2(folder["ses-2020-10-19-Run1.nwb"]), FalconFiles.M2(folder["ses-2020-10-19-Run2.nwb"], 900)];
        var options = s_bins with { Behaviour = [Values("finger_vel")], Conditions = ["tgt_loc_0"], ValueMask = "eval_mask" };
        var (recording, remarks) = RecordingImporters.Import(paths, options);
        Assert.Equal(["index", "mrs"], recording.Groups[1].ChannelNames!);
        Assert.Equal([10, 10], recording.Trials.GroupBy(trial => trial.Labels["file"].Text, StringComparer.Ordinal).Select(file => file.Count()));
        Assert.Contains(remarks, remark => remark.Contains("2 conditions: (0.25), (0.75)", StringComparison.Ordinal));
        Assert.Equal([0, 0.25, 0.5, 0.75, 1, 0], recording.Trials.Take(6).Select(trial => trial.Labels["tgt_loc_1"].Number));

        // A sample stands at the end of its bin: read 9 ms late it is taken as it is.
        var exact = RecordingImporters.Import(paths[0], s_bins with { OnSessionGrid = true, LagSeconds = 0.009, ChunkSeconds = 5, Behaviour = [Values("finger_vel")] }).Recording;
        Assert.All(exact.Trials, trial => Assert.All(Enumerable.Range(0, trial.Bins), bin => Assert.Equal(FalconFiles.Value(FirstBin(trial) + bin, 1, 1), Row(trial, 1, bin)[1], 1e-9)));
        Faults.Message(() => RecordingImporters.Import([paths[0], FalconFiles.M2(folder["other.nwb"], day: "2020-10-20")], options), "2020-10-20", "'ilqr-vae join'");
    }

    [Fact]
    public void Counts_of_H2_are_taken_as_they_are_trial_by_trial()
    {
        using var folder = new TestFolder();
        int[] bins = [150, 120, 200, 130];
        var path = FalconFiles.H2(folder["h2.nwb"], bins);
        var (recording, remarks) = RecordingImporters.Import(path, s_bins with { Conditions = ["cue"] });
        Assert.Contains(remarks, remark => remark.Contains("'acquisition/binned_spikes' is taken for their counts", StringComparison.Ordinal));
        Assert.Contains(remarks, remark => remark.Contains("4 trials stop where their last sample", StringComparison.Ordinal));
        Assert.Equal(bins, recording.Trials.Select(trial => trial.Bins));
        Assert.Equal(["unit-000", "unit-001", "unit-002", "unit-003", "unit-004", "unit-005"], recording.Groups[0].ChannelNames!);
        AssertCounts(recording);
        Assert.Equal("the>royal>navy~", recording.Trials[1].Labels["cue"].Text);
        Assert.Equal((150 + 500 + 119) * 0.02, recording.Trials[1].Labels["stop_time"].Number, 1e-9);

        // In time, too, nothing reaches over a pause; bins may be wider, and channels chosen.
        recording = RecordingImporters.Import(path, s_bins with { ChunkSeconds = 1, Spikes = "binned_spikes" }).Recording;
        Assert.Equal(bins.Sum(), recording.Trials.Sum(trial => trial.Bins));
        AssertCounts(recording);
        recording = RecordingImporters.Import(path, s_bins with { BinWidth = 0.04, Units = "id >= 4", MinimumRate = 0.1 }).Recording;
        Assert.Equal([75, 60, 100, 65], recording.Trials.Select(trial => trial.Bins));
        Assert.Equal(Enumerable.Range(0, 60).SelectMany(bin => new[] { 4, 5 }.Select(unit => (double)FalconFiles.Count(150 + (2 * bin), unit) + FalconFiles.Count(151 + (2 * bin), unit))),
            Enumerable.Range(0, 60).SelectMany(bin => Row(recording.Trials[1], 0, bin)));

        // A window begins at the sample that is nearest.
        (recording, remarks) = RecordingImporters.Import(path, s_bins with { Align = "start_time", Window = (0.213, 0.613) });
        Assert.Contains(remarks, remark => remark.Contains("up to 7 ms from where they were asked", StringComparison.Ordinal));
        Assert.All(recording.Trials, trial => Assert.Equal(20, trial.Bins));
        Assert.Equal(FalconFiles.Count(11, 1), recording.Trials[0].Observations[0][0, 1]);

        // Of counts without a pause a trial stops where its table says, and on the last sample before the next trial with that sample.
        var builder = new NwbBuilder();
        builder.Trials([0, 0.6, 1.2], [0.4, 1.18, 1.6]);
        builder.Series("acquisition/binned_spikes", Enumerable.Range(0, 400).Select(i => (byte)(i % 3)).ToArray(), 2, rate: 50);
        Assert.Equal([20, 30, 20], RecordingImporters.Import(builder.Save(folder["even.nwb"]), s_bins).Recording.Trials.Select(trial => trial.Bins));

        Faults.Message(() => RecordingImporters.Import(path, s_bins with { BinWidth = 0.03 }), "bins of 0.02 s", "--bin-width 0.02");
        Faults.Message(() => RecordingImporters.Import(path, s_bins with { BinWidth = 0.01 }), "bins of 0.02 s", "--bin-width 0.02");
        Faults.Message(() => RecordingImporters.Import(FalconFiles.M1(folder["m1.nwb"]), s_bins with { Spikes = "preprocessed_emg/APL" }), "no count of spikes", "--behaviour");

        void AssertCounts(Recording all)
        {
            // The trial of each bin by its time: what its sample's number is.
            var next = 0;
            foreach (var trial in all.Trials)
            {
                for (var bin = 0; bin < trial.Bins; bin++, next++)
                {
                    Assert.Equal(Enumerable.Range(0, 6).Select(unit => (double)FalconFiles.Count(next, unit)), Row(trial, 0, bin));
                }
            }
        }
    }

    [Fact]
    public void Crossings_of_B1_are_counted_in_bins_of_any_width()
    {
        using var folder = new TestFolder();
        var path = FalconFiles.B1(folder["b1.nwb"]);
        foreach (var width in new[] { 0.02, 0.001, 0.0125, 0.04 })
        {
            var recording = RecordingImporters.Import(path, s_bins with { BinWidth = width, Spikes = "acquisition/tx", Behaviour = [Values("vocalizations")], ValueMask = "eval_mask_audio" }).Recording;
            Assert.Equal(4, recording.Trials.Count);
            for (var t = 0; t < 4; t++)
            {
                var trial = recording.Trials[t];
                Assert.Equal((int)Math.Round(0.4 / width), trial.Bins);
                for (var bin = 0; bin < trial.Bins; bin++)
                {
                    var (first, end) = (bin * width * 30_000, (bin + 1) * width * 30_000);
                    Assert.Equal(Enumerable.Range(0, 3).Select(channel => (double)Enumerable.Range(0, 12_000).Count(i => i + 0.5 >= first && i + 0.5 < end && FalconFiles.Crosses((t * 12_000) + i, channel))), Row(trial, 0, bin));
                    var isScored = bin * width > 0.1 - 1e-9 && (bin + 1) * width < 0.3 + 1e-9;
                    Assert.Equal(isScored, trial.Observations[1].IsObserved(bin, 0));
                }
            }
        }

        Faults.Message(() => RecordingImporters.Import(path, s_bins with { Behaviour = [Values("intervals/trials/spectrogram_values")] }), "--behaviour", "'intervals/trials/spectrogram_values' is a column of a table and no series");
    }

    [Fact]
    public void Masks_may_be_slow_have_no_numbers_and_lie_a_little_before_the_edges()
    {
        using var folder = new TestFolder();
        var builder = new NwbBuilder();
        builder.Units([1], [[.. Enumerable.Range(0, 1000).Select(i => (i + 0.5) / 50)]]);
        builder.Observed([0, 20]);

        // One sample in ten bins, the second and the fourth left out; and one a bin, 100 ns early as single precision makes it.
        builder.Series("acquisition/slow", Enumerable.Range(0, 100).Select(i => i is 1 or 3 ? 0.0 : 1).ToArray(), rate: 5);
        builder.Series("acquisition/nan", Enumerable.Range(0, 1000).Select(i => i is >= 20 and < 500 ? double.NaN : i < 500 ? 2.0 : -1).ToArray(), rate: 50);
        builder.Series("acquisition/early", Enumerable.Range(0, 1000).Select(i => i >= 50 && i < 100 ? 1 : 0).ToArray(), times: [.. Enumerable.Range(0, 1000).Select(i => (i / 50.0) - (i == 0 ? 0 : 1e-7))]);
        builder.Series("acquisition/back", new double[100], times: [.. Enumerable.Range(0, 100).Select(i => i == 60 ? 0.1 : i / 50.0)]);
        var path = builder.Save(folder["a.nwb"]);
        Assert.Equal([(0, 10), (20, 10), (40, 960)], Stretches("slow"));
        Assert.Equal([(0, 20), (500, 500)], Stretches("nan"));
        Assert.Equal([(50, 50)], Stretches("early"));
        Faults.Message(() => Stretches("back"), "'acquisition/back' go back from 1.18 s to 0.1 s");

        List<(int First, int Bins)> Stretches(string mask) => [.. RecordingImporters.Import(path, s_bins with { Mask = mask }).Recording.Trials.Select(trial => (FirstBin(trial), trial.Bins))];
    }

    [Fact]
    public void Series_are_one_group_only_where_a_container_says_so_and_all_have_the_same_times()
    {
        using var folder = new TestFolder();
        var builder = new NwbBuilder();
        foreach (var (owner, kind, shift) in new[] { ("acquisition/same", "BehavioralTimeSeries", 0.0), ("acquisition/later", "BehavioralTimeSeries", 0.01), ("processing/module", "ProcessingModule", 0) })
        {
            builder.Series($"{owner}/x", Enumerable.Range(0, 100).Select(i => i * 1.0).ToArray(), times: [.. Enumerable.Range(0, 100).Select(i => i / 50.0)]);
            builder.Series($"{owner}/y", Enumerable.Range(0, 100).Select(i => i * 2.0).ToArray(), times: [.. Enumerable.Range(0, 100).Select(i => (i / 50.0) + (i == 99 ? shift : 0))]);
            builder.Group(owner).Attributes["neurodata_type"] = kind;
        }

        builder.Series("acquisition/wide/x", new double[200], 2, times: [.. Enumerable.Range(0, 100).Select(i => i / 50.0)]);
        builder.Series("acquisition/wide/y", new double[100], times: [.. Enumerable.Range(0, 100).Select(i => i / 50.0)]);
        builder.Group("acquisition/wide").Attributes["neurodata_type"] = "Position";
        var path = builder.Save(folder["a.nwb"]);
        Assert.Equal(["x", "y"], RecordingImporters.Import(path, s_bins with { Behaviour = [Values("same")] }).Recording.Groups[0].ChannelNames!);
        foreach (var name in new[] { "later", "module", "wide" })
        {
            Faults.Message(() => RecordingImporters.Import(path, s_bins with { Behaviour = [Values(name)] }), $"several series '{name}'", $"{name}/x");
        }
    }

    [Fact]
    public void Bins_in_which_a_drifting_clock_has_no_sample_are_missing_and_large_counts_are_whole()
    {
        // A thousandth of a bin a step: of some 2000 bins two have no sample's middle.
        using var folder = new TestFolder();
        var builder = new NwbBuilder();
        builder.Series("acquisition/binned_spikes", Enumerable.Range(0, 2000).Select(i => i == 7 ? 70_000 : 1 + (i == 3 ? 299 : 0)).ToArray(), times: [.. Enumerable.Range(0, 2000).Select(i => i * 0.02001)]);
        var path = builder.Save(folder["a.nwb"]);
        var counts = Assert.Single(RecordingImporters.Import(path, s_bins).Recording.Trials).Observations[0];
        Assert.Equal((2001, 300.0, 70_000.0), (counts.Bins, counts[3, 0], counts[7, 0]));
        Assert.Equal(1, Enumerable.Range(0, counts.Bins).Count(bin => !counts.IsObserved(bin, 0)));
        Assert.Equal(1998 + 300 + 70_000, Enumerable.Range(0, counts.Bins).Sum(bin => counts[bin, 0]));
        var wide = RecordingImporters.Import(path, s_bins with { BinWidth = 0.16 }).Recording.Trials[0].Observations[0];
        Assert.Equal(6 + 300 + 70_000, wide[0, 0]);

        // Thirds of a second are no whole nanoseconds: the last bin is not lost by that.
        builder = new NwbBuilder();
        builder.Series("acquisition/binned_spikes", Enumerable.Repeat(1, 11).ToArray(), times: [.. Enumerable.Range(2, 11).Select(i => i / 3.0)]);
        Assert.Equal(11, RecordingImporters.Import(builder.Save(folder["thirds.nwb"]), s_bins with { BinWidth = 1 / 3.0 }).Recording.Trials.Sum(trial => trial.Bins));
    }

    [Fact]
    public void Mutated_copies_give_an_answer_or_one_line()
    {
        using var folder = new TestFolder();
        var masked = s_bins with { ChunkSeconds = 2, Behaviour = [Values("OpenLoopKinematicsVelocity")], Mask = "eval_mask" };
        var fingers = s_bins with { Behaviour = [Values("finger_vel")], Conditions = ["tgt_loc_0"], ValueMask = "eval_mask" };
        var refused = 0;
        foreach (var (file, options) in new[] { (FalconFiles.H1(folder["h1.nwb"], 600), masked), (FalconFiles.H2(folder["h2.nwb"], 60, 40, 50), s_bins), (FalconFiles.M2(folder["m2.nwb"], 900), fingers) })
        {
            var bytes = File.ReadAllBytes(file);
            for (var seed = 0; seed < Mutations.Copies(120); seed++)
            {
                var path = folder["copy.nwb"];
                File.WriteAllBytes(path, Mutations.Of(bytes, new Random(seed), headerBytes: 8192));
                refused += Mutations.Try(seed, (Path.GetFileName(file), () => RecordingImporters.Import(path, options).Recording.Trials.Count), ("inspect", () => RecordingImporters.Inspect(path) is null ? 0 : 1));
            }
        }

        Assert.True(refused > 20, $"{refused} refused");
    }

    [Fact]
    public void What_inspect_proposes_for_each_set_works()
    {
        using var folder = new TestFolder();
        (string Path, string[] Words)[] sets =
        [
            (FalconFiles.H1(folder["h1.nwb"]), ["--bin-width", "0.02", "--chunk", "4", "--behaviour", "acquisition/OpenLoopKinematicsVelocity", "--mask-values", "acquisition/eval_mask"]),
            (FalconFiles.H2(folder["h2.nwb"]), ["--spikes", "acquisition/binned_spikes", "--bin-width", "0.02", "--trials", "trials"]),
            (FalconFiles.M1(folder["m1.nwb"]), ["--bin-width", "0.02", "--align", "move_onset_time", "--window=-0.25..0.45", "--behaviour", "acquisition/preprocessed_emg", "--mask-values", "acquisition/eval_mask"]),
            (FalconFiles.M2(folder["m2.nwb"]), ["--bin-width", "0.02", "--trials", "trials", "--behaviour", "acquisition/finger_vel", "--mask-values", "acquisition/eval_mask"]),
            (FalconFiles.B1(folder["b1.nwb"]), ["--spikes", "acquisition/tx", "--bin-width", "0.02", "--trials", "trials"]),
        ];
        foreach (var (path, words) in sets)
        {
            var contents = RecordingImporters.Inspect(path)!;
            Assert.Equal(["import", path, "-o", "data.h5", .. words], contents.Proposal, StringComparer.Ordinal);
        }

        var kinematics = RecordingImporters.Inspect(sets[0].Path)!.Series.Single(one => one.Path == "/acquisition/OpenLoopKinematics");
        Assert.Equal(50, kinematics.Rate, 1e-3);
        Assert.Equal(29.98, kinematics.Last, 1e-3);
    }
}
