using IlqrVae.Data.Import;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Tests;

/// <summary>Layouts as laboratories have them, made by Files/make_files.py: the count of unit u in bin t of trial k is (3u + 5t + k) % 4, the value of row r is r + t / 8 + k.</summary>
public sealed class Import_layouts
{
    private static readonly int[] Lengths = [12, 20, 16, 11, 30, 14];

    [Fact]
    public void More_units_than_bins_are_told_by_the_times_or_by_the_values()
    {
        var (recording, remarks) = Import("session.mat", new ImportOptions { Spikes = "wide", TrainFraction = 1 });
        Assert.Equal((60, 40), (recording.Groups[0].Channels, recording.Trials[0].Bins));
        AssertCounts(recording, 60);
        Assert.Contains("bins x units", Assert.Single(remarks), StringComparison.Ordinal);
        Assert.Contains("'time'", remarks[0], StringComparison.Ordinal);

        // Without times the values tell.
        using var folder = new TestFolder();
        var bare = new Hdf5Archive();
        bare.Add("spikes", [.. Enumerable.Range(0, 60 * 50).Select(i => (long)(i % 3))], 60, 50);
        bare.Add("hand", [.. Enumerable.Range(0, 100).Select(i => i / 7.0)], 50, 2);
        bare.Save(folder["bare.mat"]);
        ImportOptions options = new() { BinWidth = 0.01, TrainFraction = 1, Values = [new ImportedValues("hand", "hand")] };
        (recording, remarks) = RecordingImporters.Import(folder["bare.mat"], options);
        Assert.Equal((60, 50), (recording.Groups[0].Channels, recording.Trials[0].Bins));
        Assert.Contains("'hand'", Assert.Single(remarks), StringComparison.Ordinal);

        // Neither: asked, and done as told.
        Faults.Message(() => RecordingImporters.Import(folder["bare.mat"], options with { Values = [] }), "bare.mat", "50 x 60", "--units-first", "--bins-first");
        (recording, remarks) = RecordingImporters.Import(folder["bare.mat"], options with { Values = [], UnitsFirst = true });
        Assert.Equal((50, 60), (recording.Groups[0].Channels, recording.Trials[0].Bins));
        Assert.Empty(remarks);
        recording = RecordingImporters.Import(folder["bare.mat"], options with { Values = [], UnitsFirst = false }).Recording;
        Assert.Equal((60, 50), (recording.Groups[0].Channels, recording.Trials[0].Bins));
    }

    [Fact]
    public void A_square_is_asked_even_with_times()
    {
        Faults.Message(() => Import("session.mat", new ImportOptions { Spikes = "square" }), "40 x 40", "--units-first");
        AssertCounts(Import("session.mat", new ImportOptions { Spikes = "square", UnitsFirst = true, TrainFraction = 1 }).Recording, 40);
    }

    [Theory]
    [InlineData("trial.spikes")]
    [InlineData("cells")]
    [InlineData("padded")]
    public void Every_element_is_a_trial_of_its_own_length(string spikes)
    {
        var recording = Import("trials.mat", new ImportOptions { Spikes = spikes, BinWidth = 0.001 }).Recording;
        Assert.Equal(Lengths, recording.Trials.Select(trial => trial.Bins));
        Assert.Equal("trial-000 trial-001 trial-002 trial-003 trial-004 trial-005", string.Join(' ', recording.Trials.Select(trial => trial.Name)));
        AssertCounts(recording, 5);

        // 80 % of six trials are five, the fifth of which is for validation.
        TrialSplit[] splits = [TrialSplit.Train, TrialSplit.Train, TrialSplit.Train, TrialSplit.Train, TrialSplit.Validation, TrialSplit.Test];
        Assert.Equal(splits, recording.Trials.Select(trial => trial.Split));
        recording = Import("trials.mat", new ImportOptions { Spikes = spikes, BinWidth = 0.001, TrainFraction = 0.5, ValidationFraction = 0.3 }).Recording;
        splits = [TrialSplit.Train, TrialSplit.Train, TrialSplit.Train, TrialSplit.Validation, TrialSplit.Validation, TrialSplit.Test];
        Assert.Equal(splits, recording.Trials.Select(trial => trial.Split));
    }

    [Fact]
    public void Values_of_trials_go_with_their_counts_and_chunks_stay_within_trials()
    {
        var options = new ImportOptions { Spikes = "trial.spikes", Values = [new ImportedValues("hand", "trial.hand", "mm")], BinWidth = 0.001 };
        var recording = Import("trials.mat", options).Recording;
        for (var k = 0; k < Lengths.Length; k++)
        {
            var (counts, hand) = (recording.Trials[k].Observations[0], recording.Trials[k].Observations[1]);
            for (var t = 0; t < Lengths[k]; t++)
            {
                Assert.Equal((5 * t + k) % 4, counts[t, 0]);
                Assert.Equal(1 + (t / 8.0) + k, hand[t, 1]);
            }
        }

        var chunks = Import("trials.mat", options with { ChunkSeconds = 0.01, ChunkTest = true }).Recording.Trials;
        Assert.Equal([("trial-000-0", 10), ("trial-001-0", 10), ("trial-001-1", 10), ("trial-002-0", 10), ("trial-003-0", 10)], chunks.Take(5).Select(trial => (trial.Name, trial.Bins)));
        Assert.Equal(1 + (10 / 8.0) + 1, chunks[2].Observations[1][0, 1]);
    }

    [Fact]
    public void One_trial_may_be_named_with_one_subscript_or_with_two()
    {
        foreach (var name in (string[])["trial(5).spikes", "trial(2,2).spikes"])
        {
            var recording = Import("trials.mat", new ImportOptions { Spikes = name, BinWidth = 0.001, TrainFraction = 1 }).Recording;
            Assert.Equal(30, Assert.Single(recording.Trials).Bins);
            Assert.Equal((3 + 4) % 4, recording.Trials[0].Observations[0][0, 1]);
        }

        Faults.Message(() => Import("trials.mat", new ImportOptions { Spikes = "trial(4,1).spikes", BinWidth = 0.001 }), "'trial(4,1).spikes'", "trial.spikes");
        Faults.Message(() => Import("trials.mat", new ImportOptions { Spikes = "trial(1).spikes", Values = [new ImportedValues("hand", "trial.hand")], BinWidth = 0.001 }), "'trial.hand'", "6 trials", "one session");
    }

    [Theory]
    [InlineData("session.mat", "sparse")]
    [InlineData("sparse73.mat", "spikes")]
    public void Sparse_arrays_are_filled_in(string file, string name) =>
        AssertCounts(Import(file, new ImportOptions { Spikes = name, BinWidth = 0.01, TrainFraction = 1 }).Recording, 5);

    [Fact]
    public void What_cannot_be_read_is_refused_by_its_own_name() =>
        Faults.Message(() => Import("unread.mat", new ImportOptions()), "unread.mat", "'spikes'", "is complex");

    [Fact]
    public void Values_alone_make_a_recording()
    {
        var (recording, _) = Import("session.mat", new ImportOptions { Values = [new ImportedValues("calcium", "dff")], TrainFraction = 1 });
        Assert.Equal(new ChannelGroup("calcium", ChannelKind.Values, 3), Assert.Single(recording.Groups) with { ChannelNames = null });
        Assert.Equal(-2 + (39 / 8.0), recording.Trials[0].Observations[0][39, 0]);
        Faults.Message(() => Import("session.mat", new ImportOptions()), "--spikes", "--values", "dff");
        Faults.Message(() => Import("session.mat", new ImportOptions { Spikes = "dff", MinimumRate = 1 }), "'dff'", "-2", "--values 'NAME=dff'");

        // A variable that is only called spikes and holds no counts is left out where values are asked for, else it is refused with the way out.
        using var folder = new TestFolder();
        File.WriteAllBytes(folder["a.mat"], Matlab_files.Level5("spikes", [2, 20], [.. Enumerable.Range(0, 40).Select(i => i - 3.0)], isBig: false, isCompressed: false));
        ImportOptions options = new() { BinWidth = 0.01, TrainFraction = 1 };
        Faults.Message(() => RecordingImporters.Import(folder["a.mat"], options), "'spikes'", "-3", "--values 'NAME=spikes'");
        recording = RecordingImporters.Import(folder["a.mat"], options with { Values = [new ImportedValues("x", "spikes")] }).Recording;
        Assert.Equal(("x", ChannelKind.Values), (Assert.Single(recording.Groups).Name, recording.Groups[0].Kind));
    }

    [Fact]
    public void Counts_off_by_rounding_are_rounded_and_rates_of_counts_are_counts_again()
    {
        foreach (var name in (string[])["rounded", "rates"])
        {
            var (recording, remarks) = Import("session.mat", new ImportOptions { Spikes = name, TrainFraction = 1 });
            AssertCounts(recording, 5);
            Assert.Equal(2, remarks.Count);
            Assert.Contains(name == "rates" ? "multiples of 100" : "rounded", remarks[1], StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0.01)]
    public void A_pause_ends_a_trial_and_no_chunk_reaches_over_it(double? binWidth)
    {
        ImportOptions options = new() { Spikes = "sparse", Time = "pausing", BinWidth = binWidth, TrainFraction = 1, ValidationEvery = 0 };
        var (recording, remarks) = Import("session.mat", options);
        Assert.Equal([("train-000", 25), ("train-001", 15)], recording.Trials.Select(trial => (trial.Name, trial.Bins)));
        Assert.Equal(5 * 25 % 4, recording.Trials[1].Observations[0][0, 0]);
        Assert.Equal(0.01, recording.BinWidth, 1e-12);
        Assert.Contains("5.01 s from entry 24 to entry 25", remarks[^1], StringComparison.Ordinal);
        recording = Import("session.mat", options with { ChunkSeconds = 0.1 }).Recording;
        Assert.Equal([10, 10, 15 - 5], recording.Trials.Select(trial => trial.Bins));
        Assert.Equal(5 * 25 % 4, recording.Trials[2].Observations[0][0, 0]);
    }

    [Fact]
    public void A_bin_width_that_the_times_contradict_is_refused()
        => Faults.Message(() => Import("session.mat", new ImportOptions { Spikes = "sparse", BinWidth = 0.02 }), "'time'", "0.01 s", "0.02 s");

    [Fact]
    public void Bins_that_were_not_observed_do_not_lower_a_rate()
    {
        using var folder = new TestFolder();

        // One spike in the two bins of a unit that was observed in no other, one in twenty bins of the other unit.
        var counts = Enumerable.Repeat(double.NaN, 40).ToArray();
        counts[0] = 1;
        counts[2] = 0;
        for (var bin = 0; bin < 20; bin++)
        {
            counts[(2 * bin) + 1] = bin == 0 ? 1 : 0;
        }

        var file = new Hdf5Archive();
        file.Add("spikes", counts, 20, 2);
        file.Save(folder["a.mat"]);
        var recording = RecordingImporters.Import(folder["a.mat"], new ImportOptions { BinWidth = 0.1, MinimumRate = 4, TrainFraction = 1 }).Recording;
        Assert.Equal(["unit-0"], recording.Groups[0].ChannelNames!);
        Assert.Equal(2, recording.Trials[0].Observations[0].ObservedCount);
    }

    [Theory]
    [InlineData(3.0, 3.0)]
    [InlineData(3.0, 1 / 3.0)]
    [InlineData(3.0, 0.01)]
    [InlineData(3.0, 1.0)]
    [InlineData(0.0, 0.01)]
    [InlineData(0.0, 1.0)]
    [InlineData(7.0, 2.0, false)]
    [InlineData(0.0, 2.0, false)]
    public void Either_convention_of_the_conversion_factor_is_told_by_the_counts(double factor, double countsOfTruth, bool isKept = true)
    {
        using var folder = new TestFolder();
        const double Width = 0.01;
        var file = new Hdf5Archive();
        file.Add("train_data", [.. Enumerable.Repeat(3L, 2000)], 10, 100, 2);
        file.Add("train_truth", [.. Enumerable.Repeat(3 / countsOfTruth, 2000)], 10, 100, 2);
        file.Add("dt", [Width]);
        if (factor > 0)
        {
            file.Add("conversion_factor", [factor]);
        }

        file.Save(folder["a.h5"]);
        var (recording, remarks) = RecordingImporters.Import(folder["a.h5"]);
        Assert.Equal(3, recording.Trials[0].Observations[0][0, 0]);
        if (!isKept)
        {
            Assert.Empty(recording.Trials[0].Truth);
            Assert.Contains("left out", Assert.Single(remarks), StringComparison.Ordinal);
            return;
        }

        Assert.Equal(3 / Width, recording.Trials[0].Truth["rates"][0, 0], 1e-9);
        Assert.Equal(factor > 0 ? 1 : 0, remarks.Count);
    }

    [Fact]
    public void Rates_with_a_scale_of_their_own_do_not_tell_the_bin_width_and_dt_in_ms_is_not_believed()
    {
        using var folder = new TestFolder();
        var file = new Hdf5Archive();
        file.Add("train_data", [.. Enumerable.Range(0, 2000).Select(i => (long)(i % 2))], 10, 100, 2);
        file.Add("train_truth", [.. Enumerable.Repeat(1.0, 2000)], 10, 100, 2);
        file.Save(folder["a.h5"]);
        Faults.Message(() => RecordingImporters.Import(folder["a.h5"]), "a.h5", "'/train_truth'", "bin width");
        file.Add("dt", [10.0]);
        file.Save(folder["a.h5"]);
        Faults.Message(() => RecordingImporters.Import(folder["a.h5"]), "'/dt'", "10 s", "--bin-width 0.01");
        Assert.Equal(0.01, RecordingImporters.Import(folder["a.h5"], new ImportOptions { BinWidth = 0.01 }).Recording.BinWidth);
    }

    [Fact]
    public void Options_that_a_format_does_not_take_are_refused_by_name()
    {
        Faults.Message(() => RecordingImporters.Import(SharedData.Committed("h5py_dataset.h5"), new ImportOptions { BinWidth = 0.01, ChunkTest = true }), "--bin-width, --chunk-test", "dataset");
        using var folder = new TestFolder();
        var file = new Hdf5Archive();
        file.Add("train_data", [1.0, 0], 1, 2, 1);
        file.Save(folder["a.h5"]);
        ImportOptions all = new()
        {
            Spikes = "a", Values = [new ImportedValues("b", "c")], Time = "d", BinWidth = 1, MinimumRate = 1, TrainFraction = 1, ValidationFraction = 0.1, ChunkSeconds = 1,
            ValidationEvery = 2, ChunkTest = true, UnitsFirst = true, Behaviour = [new ImportedValues("e", "f")], LagSeconds = 0.1, Mask = "p", ValueMask = "q", Trials = "g", Align = "h", Window = (0, 1), OnSessionGrid = true,
            Where = "i", Units = "j", HeldOutUnits = "k", Conditions = ["l"], ChunkOverlapSeconds = 0.5, SplitColumn = "m", SplitBlockSeconds = 10, SplitSeed = 1,
            Maps = [ArrayMapping.Parse("n=o")], TimeUnit = "ms",
        };
        var message = Faults.Message(() => RecordingImporters.Import(folder["a.h5"], all), "a.h5", "LFADS");
        Assert.StartsWith("--spikes, --values, --time, --minimum-rate, --train-fraction, --validation-fraction, --chunk, --validation-every, --chunk-test, --behaviour, --lag, ", message, StringComparison.Ordinal);
        Assert.Contains("--bins-first:", Faults.Message(() => RecordingImporters.Import(folder["a.h5"], new ImportOptions { UnitsFirst = false })), StringComparison.Ordinal);
        Assert.All(RecordingImporters.All, importer => Assert.Empty(importer.Options.Except([.. all.Given(), "--bins-first"], StringComparer.Ordinal)));
    }

    private static ImportedRecording Import(string file, ImportOptions options) => RecordingImporters.Import(SharedData.Committed(file), options);

    private static void AssertCounts(Recording recording, int units)
    {
        for (var k = 0; k < recording.Trials.Count; k++)
        {
            var counts = recording.Trials[k].Observations[0];
            Assert.Equal(units, counts.Channels);
            Assert.True(counts.AreCounts && counts.AllObserved);
            for (var t = 0; t < counts.Bins; t++)
            {
                for (var u = 0; u < units; u++)
                {
                    Assert.Equal(((3 * u) + (5 * t) + k) % 4, counts[t, u]);
                }
            }
        }
    }
}
