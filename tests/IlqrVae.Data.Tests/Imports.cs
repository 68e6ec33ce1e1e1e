using CsCheck;
using IlqrVae.Data.Import;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Tests;

public sealed class Imports
{
    [Fact]
    public void The_reaching_session_has_132_units_and_a_test_trial_of_3107_bins()
    {
        var path = SharedData.Require("m1_stevenson_2011/m1_stevenson_2011.mat");
        Assert.Equal([171, 15536], MatFile.Read(path).Single(variable => string.Equals(variable.Name, "spikes", StringComparison.Ordinal)).Shape);
        var options = new ImportOptions
        {
            MinimumRate = 1,
            Values = [new ImportedValues("velocity", "handVel", "m/s", [0, 1])],
            ChunkSeconds = 4,
        };
        var recording = RecordingImporters.Import(path, options).Recording;
        Assert.Equal(0.05, recording.BinWidth);
        Assert.Equal(132, recording.Groups[0].Channels);
        Assert.Equal("unit-000", recording.Groups[0].ChannelNames![0]);
        Assert.Equal(2, recording.Groups[1].Channels);
        Assert.Equal("m/s", recording.Groups[1].Unit);
        Assert.Equal(15536, recording.Trials.Sum(trial => trial.Bins));
        var test = Assert.Single(recording.TrialsOf(TrialSplit.Test));
        Assert.Equal(("test", 3107), (test.Name, test.Bins));

        // 12,429 bins are 155 chunks of 80 and one of 29.
        var fit = recording.Trials.Take(156).ToList();
        Assert.Equal(29, fit[^1].Bins);
        Assert.All(fit.Take(155), trial => Assert.Equal(80, trial.Bins));
        Assert.Equal("chunk-155", fit[^1].Name);
        Assert.Equal(19, recording.TrialsOf(TrialSplit.Validation).Count);
        Assert.Equal(137, recording.TrialsOf(TrialSplit.Train).Count);
        Assert.Equal("chunk-004", recording.TrialsOf(TrialSplit.Validation)[0].Name);

        using var folder = new TestFolder();
        RecordingFile.Write(folder["reach.h5"], recording);
        SomeRecording.AssertSame(recording, RecordingFile.Read(folder["reach.h5"]));
    }

    [Fact]
    public void The_Lorenz_trials_keep_their_counts_rates_and_states()
    {
        var path = SharedData.Require("lfads_lorenz/lfads_lorenz.h5");
        var recording = RecordingImporters.Import(path).Recording;
        Assert.Equal(0.01, recording.BinWidth);
        Assert.Equal(640, recording.TrialsOf(TrialSplit.Train).Count);
        Assert.Equal(160, recording.TrialsOf(TrialSplit.Validation).Count);
        Assert.Equal(new ChannelGroup("spikes", ChannelKind.Counts, 60), Assert.Single(recording.Groups));
        Assert.All(recording.Trials, trial => Assert.Equal(100, trial.Bins));
        Assert.All(recording.Trials, trial => Assert.Equal((60, 3), (trial.Truth["rates"].Columns, trial.Truth["states"].Columns)));

        // Counts are what rates in Hz and the bin width promise, within three standard errors.
        var counts = recording.Trials.Sum(trial => trial.Observations[0].ToTable().Values.Sum());
        var promised = recording.Trials.Sum(trial => trial.Truth["rates"].Values.Sum()) * recording.BinWidth;
        Assert.InRange(counts, promised - (3 * Math.Sqrt(promised)), promised + (3 * Math.Sqrt(promised)));
    }

    [Fact]
    public void Every_bin_goes_to_one_trial_or_to_a_rest_too_short_for_one() =>
        Gen.Select(Gen.Int[60, 400], Gen.Double[0.2, 1], Gen.Double[0, 1], Gen.Int[10, 50], Gen.Bool).Sample((bins, train, share, chunk, chunkTest) =>
        {
            using var folder = new TestFolder();
            var counts = Enumerable.Range(0, bins).SelectMany(bin => new double[] { bin, 1 }).ToArray();
            var validation = (1 - train) * share * bins < 12 ? 0 : (1 - train) * share;
            var trials = Import(folder, [2, bins], counts, new ImportOptions
            {
                BinWidth = 0.02,
                TrainFraction = train,
                ValidationFraction = validation,
                ChunkSeconds = chunk * 0.02,
                ChunkTest = chunkTest,
                UnitsFirst = true,
            }).Trials;
            var next = 0.0;
            foreach (var trial in trials)
            {
                var first = trial.Observations[0][0, 0];
                Assert.InRange(first, next, next + SessionCut.ShortestTrial - 1);
                Assert.InRange(trial.Bins, SessionCut.ShortestTrial, trial.Split == TrialSplit.Test && !chunkTest ? bins : chunk);
                for (var bin = 0; bin < trial.Bins; bin++)
                {
                    Assert.Equal(first + bin, trial.Observations[0][bin, 0]);
                }

                next = first + trial.Bins;
            }

            Assert.InRange(bins - next, 0, (3 * SessionCut.ShortestTrial) - 3);
            Assert.Equal(trials.Count, trials.Select(trial => trial.Name).Distinct(StringComparer.Ordinal).Count());
            Assert.True(trials.Select(trial => trial.Split).SequenceEqual(trials.Select(trial => trial.Split).Order()) || validation == 0);
        });

    [Theory]
    [InlineData(100, 0.8, 20)]
    [InlineData(15536, 0.8, 3107)]
    [InlineData(30, 0.5, 15)]
    [InlineData(31, 0.5, 15)]
    [InlineData(1000, 0.7, 300)]
    public void A_bin_on_the_boundary_goes_to_the_earlier_part(int bins, double train, int test)
    {
        using var folder = new TestFolder();
        var options = new ImportOptions { BinWidth = 0.02, TrainFraction = train };
        var trials = Import(folder, [1, bins], new double[bins], options).Trials;
        Assert.Equal([("train", bins - test), ("test", test)], [.. trials.Select(trial => (trial.Name, trial.Bins))]);
    }

    [Fact]
    public void Time_is_the_longer_axis_whichever_way_round()
    {
        using var folder = new TestFolder();
        var counts = Enumerable.Range(0, 60).Select(i => (double)i).ToArray();
        var options = new ImportOptions { BinWidth = 0.02, TrainFraction = 1 };
        var rows = Import(folder, [3, 20], counts, options).Trials[0].Observations[0].ToTable();
        var columns = Import(folder, [20, 3], counts, options).Trials[0].Observations[0].ToTable();
        Assert.Equal((20, 3), (rows.Bins, rows.Columns));
        Assert.Equal((20, 3), (columns.Bins, columns.Columns));
        Assert.Equal([0.0, 1, 2], rows.Row(0));
        Assert.Equal([0.0, 20, 40], columns.Row(0));
    }

    [Fact]
    public void Units_that_fire_less_than_the_minimum_are_left_out_and_names_keep_their_number()
    {
        using var folder = new TestFolder();
        var counts = new double[3 * 20];
        counts[0] = 1;
        counts[2] = 2;
        var options = new ImportOptions { BinWidth = 0.05, TrainFraction = 1, MinimumRate = 1 };
        var group = Import(folder, [3, 20], counts, options).Groups[0];
        Assert.Equal(["unit-0", "unit-2"], group.ChannelNames!);
        Faults.Message(() => Import(folder, [3, 20], counts, options with { MinimumRate = 3 }), "a.mat", "'spikes'", "3 Hz");
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("fires", "fires")]
    [InlineData("", "'nobody'")]
    public void A_variable_that_is_not_there_is_named_with_those_that_are(string spikes, string mentioned)
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder["a.mat"], Matlab_files.Level5(mentioned.Contains('\'', StringComparison.Ordinal) ? "spikes" : "other", [1, 20], new double[20], isBig: false, isCompressed: true));
        var options = new ImportOptions
        {
            Spikes = spikes.Length > 0 ? spikes : null,
            BinWidth = 0.01,
            Values = mentioned.Length > 0 ? [new ImportedValues("velocity", "nobody")] : [],
        };
        Faults.Message(() => _ = RecordingImporters.Import(folder["a.mat"], options).Recording, "a.mat", mentioned, mentioned.Contains('\'', StringComparison.Ordinal) ? "spikes" : "other");
    }

    [Fact]
    public void Options_that_do_not_fit_are_refused()
    {
        using var folder = new TestFolder();
        var counts = new double[40];
        var good = new ImportOptions { BinWidth = 0.05 };
        Import(folder, [2, 20], counts, good with { TrainFraction = 1 });
        Faults.Message(() => Import(folder, [2, 20], counts, good with { BinWidth = null }), "a.mat", "bin width");
        Faults.Message(() => Import(folder, [2, 20], counts, good with { BinWidth = -1 }), "bin width");
        Faults.Message(() => Import(folder, [2, 20], counts, good with { TrainFraction = 0 }), "training");
        Faults.Message(() => Import(folder, [2, 20], counts, good with { ValidationFraction = 0.5 }), "validation");
        Faults.Message(() => Import(folder, [2, 20], counts, good with { TrainFraction = 0.2 }), "a.mat", "training part");
        Faults.Message(() => Import(folder, [2, 20], counts, good with { ValidationFraction = 0.1 }), "a.mat", "validation part");
        Faults.Message(() => Import(folder, [2, 20], counts, good with { ChunkSeconds = 0 }), "chunk");
        Faults.Message(() => Import(folder, [2, 20], counts, good with { ChunkSeconds = 0.1 }), "a.mat", "chunks");
        Faults.Message(() => Import(folder, [2, 20], counts, good with { ValidationEvery = 1 }), "validation");
        Faults.Message(() => Import(folder, [2, 20], counts, good with { MinimumRate = double.NaN }), "Hz");
        Faults.Message(() => Import(folder, [2, 20], counts, good with { Time = "spikes" }), "a.mat", "'spikes'", "times");
        Faults.Message(() => Import(folder, [2, 20], counts, good with { Values = [new ImportedValues("v", "spikes", "", [0, 2])] }), "a.mat", "rows");
    }

    [Fact]
    public void Times_must_be_evenly_spaced()
    {
        using var folder = new TestFolder();
        var times = Enumerable.Range(0, 20).Select(bin => (double)bin * 10).ToArray();
        var options = new ImportOptions { Values = [new ImportedValues("x", "x")], Time = "x", TrainFraction = 1 };
        Faults.Message(() => Import(folder, [1, 20], times, options, "x"), "a.mat", "'x'", "bins of 10 s", "in ms", "--bin-width 0.01");
        Assert.Equal(10, Import(folder, [1, 20], times, options with { BinWidth = 10 }, "x").BinWidth);
        Assert.Equal(0.01, Import(folder, [1, 20], times, options with { BinWidth = 0.01 }, "x").BinWidth);
        Faults.Message(() => Import(folder, [1, 20], times, options with { BinWidth = 0.02 }, "x"), "a.mat", "'x'", "10 s", "0.02 s");
        times[7] += 3;
        Faults.Message(() => Import(folder, [1, 20], times, options with { BinWidth = 10 }, "x"), "a.mat", "'x'", "entry 7");
        Faults.Message(() => Import(folder, [1, 20], new double[20], options, "x"), "a.mat", "'x'", "rise");
    }

    [Fact]
    public void Lfads_files_need_their_training_data_and_little_else()
    {
        using var folder = new TestFolder();
        var file = new Hdf5Archive();
        file.Add("train_data", [1, 0, 2, 3, 1, 1], 1, 3, 2);
        file.Add("train_ext_input", [.1, .2, .3], 1, 3, 1);
        file.Save(folder["a.h5"]);
        Faults.Message(() => _ = RecordingImporters.Import(folder["a.h5"], new()).Recording, "a.h5", "bin width");
        var recording = RecordingImporters.Import(folder["a.h5"], new ImportOptions { BinWidth = 0.02 }).Recording;
        Assert.Equal(["input-0"], recording.ExternalNames);
        Assert.Equal([.1, .2, .3], recording.Trials[0].External!.Values);
        Assert.Empty(recording.Trials[0].Truth);

        file.Add("dt", [0.005]);
        file.Save(folder["a.h5"]);
        Assert.Equal(0.005, RecordingImporters.Import(folder["a.h5"], new()).Recording.BinWidth);

        file.Add("train_truth", new double[4], 1, 2, 2);
        file.Save(folder["a.h5"]);
        Faults.Message(() => _ = RecordingImporters.Import(folder["a.h5"], new()).Recording, "a.h5", "'/train_truth'");

        var without = new Hdf5Archive();
        without.Add("valid_data", [1, 0, 2, 3, 1, 1], 1, 3, 2);
        without.Save(folder["b.h5"]);
        Faults.Message(() => _ = RecordingImporters.Import(folder["b.h5"]).Recording, "b.h5", "'/train_data'");
    }

    [Fact]
    public void Rates_per_bin_are_told_from_rates_in_Hz_by_the_counts()
    {
        using var folder = new TestFolder();
        foreach (var perSecond in new[] { 1.0, 200 })
        {
            var file = new Hdf5Archive();
            file.Add("train_data", [.. Enumerable.Repeat(2L, 2000)], 10, 100, 2);
            file.Add("train_truth", [.. Enumerable.Repeat(2 * perSecond, 2000)], 10, 100, 2);
            file.Save(folder["a.h5"]);
            var recording = RecordingImporters.Import(folder["a.h5"], new ImportOptions { BinWidth = 0.005 }).Recording;
            Assert.Equal(400, recording.Trials[0].Truth["rates"].Values[0], 1e-9);
        }

        // Rates that are neither are left out and told.
        var (kept, remarks) = RecordingImporters.Import(folder["a.h5"], new ImportOptions { BinWidth = 0.05 });
        Assert.Empty(kept.Trials[0].Truth);
        Assert.Equal(2, kept.Trials[0].Observations[0][0, 0]);
        Assert.Contains("left out", Assert.Single(remarks), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_no_known_kind_is_refused_with_the_kinds_that_are_known()
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder["a.zip"], [0x50, 0x4b, 3, 4]);
        Faults.Message(() => _ = RecordingImporters.Import(folder["a.zip"]).Recording, "a.zip", "MATLAB", "LFADS", "dataset", "NumPy", ".csv");
        File.WriteAllText(folder["a.mat"], "text");
        Faults.Message(() => _ = RecordingImporters.Import(folder["a.mat"]).Recording, "a.mat", "-v7");
        var file = new Hdf5Archive();
        file.Add("something", [1.0]);
        file.Save(folder["a.h5"]);
        Faults.Message(() => _ = RecordingImporters.Import(folder["a.h5"]).Recording, "a.h5", "something", "--spikes");
        Faults.Message(() => _ = RecordingImporters.Import(folder["none"]).Recording, "none", "no such file");
    }

    [Fact]
    public void A_dataset_file_and_a_level_7_3_file_are_told_by_their_content()
    {
        Assert.Equal(2, RecordingImporters.Import(SharedData.Committed("h5py_dataset.h5")).Recording.Trials.Count);
        using var folder = new TestFolder();
        File.Copy(SharedData.Committed("v73.mat"), folder["renamed.h5"]);
        var options = new ImportOptions { BinWidth = 0.05, UnitsFirst = true };
        var message = Faults.Message(() => _ = RecordingImporters.Import(folder["renamed.h5"], options).Recording, "renamed.h5", "4 bins");
        Assert.Contains("shorter", message, StringComparison.Ordinal);
    }

    private static Recording Import(TestFolder folder, int[] shape, double[] values, ImportOptions options, string name = "spikes")
    {
        File.WriteAllBytes(folder["a.mat"], Matlab_files.Level5(name, shape, values, isBig: false, isCompressed: true));
        return RecordingImporters.Import(folder["a.mat"], options).Recording;
    }
}
