using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using IlqrVae.Data.Import;
using IlqrVae.Recordings;
using PureHDF;

namespace IlqrVae.Data.Tests;

/// <summary>Trials of two axes, trials that are a group or an array each, and stretches of a session that say what they are for.</summary>
public sealed class Trial_layouts
{
    private static readonly ImportOptions Options = new() { BinWidth = 0.05, ValidationEvery = 0 };

    private static double Count(int unit, int condition, int trial, int bin) => (unit + (2 * condition) + trial + bin) % 4;

    private static double[] Column(Trial trial, int unit) => [.. Enumerable.Range(0, trial.Bins).Select(bin => trial.Observations[0][bin, unit])];

    private static void Add(ZipArchive archive, string name, double[] values, params int[] shape)
    {
        using var stream = archive.CreateEntry($"{name}.npy").Open();
        stream.Write(Numpy_files.Npy("<f8", false, shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray()));
    }

    [Fact]
    public void Conditions_times_repeats_are_trials_with_their_condition()
    {
        using var folder = new TestFolder();
        using (var archive = ZipFile.Open(folder["a.npz"], ZipArchiveMode.Create))
        {
            // Repeat 3 of condition 0 was not recorded.
            Add(archive, "spikes", [.. from unit in Enumerable.Range(0, 3) from condition in Enumerable.Range(0, 2) from trial in Enumerable.Range(0, 4) from bin in Enumerable.Range(0, 20)
                select condition == 0 && trial == 3 ? double.NaN : Count(unit, condition, trial, bin)], 3, 2, 4, 20);
            Add(archive, "hand", [.. from condition in Enumerable.Range(0, 2) from trial in Enumerable.Range(0, 4) from bin in Enumerable.Range(0, 20) select condition + (10.0 * trial) + (100 * bin)], 2, 4, 20);
            using var stream = archive.CreateEntry("stim_name.npy").Open();
            stream.Write(Numpy_files.Npy("|S1", false, [2], Encoding.ASCII.GetBytes("ab")));
        }

        var options = Options with { Conditions = ["condition"], Maps = [ArrayMapping.Parse("spikes=spikes:unit,condition,trial,bin"), ArrayMapping.Parse("hand=hand:stimulus,repeat,bin")] };
        var recording = RecordingImporters.Import(folder["a.npz"], options).Recording;
        Assert.Equal((7, 3), (recording.Trials.Count, recording.Groups[0].Channels));
        Assert.Equal([(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (1, 3)], recording.Trials.Select(trial => ((int)trial.Labels["condition"].Number, (int)trial.Labels["repeat"].Number)));
        Assert.Equal(["a", "a", "a", "b", "b", "b", "b"], recording.Trials.Select(trial => trial.Labels["stim_name"].Text), StringComparer.Ordinal);
        foreach (var trial in recording.Trials)
        {
            var (condition, repeat) = ((int)trial.Labels["condition"].Number, (int)trial.Labels["repeat"].Number);
            Assert.Equal(condition, trial.Truth["condition"][0, 0]);
            Assert.Equal(condition + (10 * repeat) + 500, trial.Observations[1][5, 0]);
            Assert.All(Enumerable.Range(0, 3), unit => Assert.Equal(Enumerable.Range(0, 20).Select(bin => Count(unit, condition, repeat, bin)), Column(trial, unit)));
        }

        recording = RecordingImporters.Import(folder["a.npz"], options with { Where = "stim_name == 'b' and repeat > 1" }).Recording;
        Assert.Equal([2.0, 3], recording.Trials.Select(trial => trial.Labels["repeat"].Number));
        Faults.Message(() => RecordingImporters.Import(folder["a.npz"], options with { Maps = [ArrayMapping.Parse("spikes=spikes:unit,condition,condition,bin")] }), "condition at most once");
        Faults.Message(() => RecordingImporters.Import(folder["a.npz"], options with { Maps = [ArrayMapping.Parse("spikes=spikes:unit,condition,trial,spike")] }), "times of spikes");
        Faults.Message(() => RecordingImporters.Import(folder["a.npz"], options with { Maps = [ArrayMapping.Parse("spikes=spikes:unit,condition,trial,bin"), ArrayMapping.Parse("hand=hand:-,trial,bin")] }), "hand");
    }

    [Fact]
    public void Axes_that_are_told_of_counts_tell_those_of_values_that_are_as_long()
    {
        using var folder = new TestFolder();
        using (var archive = ZipFile.Open(folder["a.npz"], ZipArchiveMode.Create))
        {
            Add(archive, "counts", [.. from trial in Enumerable.Range(0, 7) from bin in Enumerable.Range(0, 20) from unit in Enumerable.Range(0, 3) select Count(unit, 0, trial, bin)], 7, 20, 3);
            Add(archive, "hand", [.. from trial in Enumerable.Range(0, 7) from bin in Enumerable.Range(0, 20) from axis in Enumerable.Range(0, 2) select (100.0 * trial) + bin + (0.5 * axis)], 7, 20, 2);
        }

        var options = Options with { Values = [new ImportedValues("hand", "hand")] };
        Faults.Message(() => RecordingImporters.Import(folder["a.npz"], options with { Spikes = "counts" }), "could be");
        var recording = RecordingImporters.Import(folder["a.npz"], options with { Maps = [ArrayMapping.Parse("spikes=counts:trial,bin,channel")] }).Recording;
        Assert.Equal((7, 20, 312.5), (recording.Trials.Count, recording.Trials[3].Bins, recording.Trials[3].Observations[1][12, 1]));
    }

    [Fact]
    public void Groups_that_are_alike_are_a_trial_each()
    {
        // As of vlgp: y is bins x units, and trials differ in length; ten comes behind nine.
        using var folder = new TestFolder();
        var file = new H5File { ["dt"] = 0.05 };
        for (var trial = 0; trial < 12; trial++)
        {
            var bins = 15 + trial;
            file[$"trial_{trial}"] = new H5Group
            {
                ["ID"] = (double)(100 + trial),
                ["y"] = new H5Dataset(Enumerable.Range(0, bins * 3).Select(i => Count(i % 3, 0, trial, i / 3)).ToArray(), fileDims: [(ulong)bins, 3]),
            };
        }

        file.Write(folder["a.h5"]);
        var (recording, remarks) = RecordingImporters.Import(folder["a.h5"], new ImportOptions { ValidationEvery = 0 });
        Assert.Equal((12, 3, 0.05), (recording.Trials.Count, recording.Groups[0].Channels, recording.BinWidth));
        for (var trial = 0; trial < 12; trial++)
        {
            Assert.Equal((15 + trial, 100.0 + trial), (recording.Trials[trial].Bins, recording.Trials[trial].Labels["ID"].Number));
            Assert.Equal(Enumerable.Range(0, 15 + trial).Select(bin => Count(2, 0, trial, bin)), Column(recording.Trials[trial], 2));
        }

        Assert.Contains(remarks, remark => remark.Contains("12 groups from 'trial_0' to 'trial_11'", StringComparison.Ordinal));
        Assert.Contains(RecordingImporters.Inspect(folder["a.h5"])!.Proposal, word => word == "spikes=trials/y:trial,bin,channel");

        // Groups that are not alike stay what they are.
        file = new H5File { ["session1"] = new H5Group { ["spikes"] = new H5Dataset(new double[60], fileDims: [20, 3]) }, ["session2"] = new H5Group { ["other"] = new double[3] } };
        file.Write(folder["b.h5"]);
        Assert.Single(RecordingImporters.Import(folder["b.h5"], Options with { Spikes = "session1/spikes", TrainFraction = 1 }).Recording.Trials);
    }

    [Fact]
    public void Arrays_that_are_a_trial_each_are_taken_by_a_star()
    {
        using var folder = new TestFolder();
        using (var archive = ZipFile.Open(folder["a.npz"], ZipArchiveMode.Create))
        {
            for (var trial = 11; trial >= 0; trial--)
            {
                Add(archive, $"trial_{trial}", [.. Enumerable.Range(0, (30 + trial) * 3).Select(i => Count(i % 3, 0, trial, i / 3))], 30 + trial, 3);
            }
        }

        var recording = RecordingImporters.Import(folder["a.npz"], Options with { Spikes = "trial_*" }).Recording;
        Assert.Equal(Enumerable.Range(30, 12), recording.Trials.Select(trial => trial.Bins));
        Assert.Equal(Enumerable.Range(0, 41).Select(bin => Count(1, 0, 11, bin)), Column(recording.Trials[11], 1));
    }

    [Fact]
    public void Domains_say_what_stretches_and_trials_are_for()
    {
        using var folder = new TestFolder();
        var file = new H5File
        {
            ["spikes"] = new H5Group { ["timestamps"] = Enumerable.Range(0, 400).Select(i => i * 0.1).ToArray(), ["unit_index"] = Enumerable.Range(0, 400).Select(i => (long)(i % 2)).ToArray() },
            ["train_domain"] = new H5Group { ["start"] = new[] { 0.0, 20 }, ["end"] = new[] { 10.0, 30 } },
            ["valid_domain"] = new H5Group { ["start"] = new[] { 10.0 }, ["end"] = new[] { 20.0 } },
            ["test_domain"] = new H5Group { ["start"] = new[] { 30.0 }, ["end"] = new[] { 38.0 } },
        };
        file.Write(folder["a.h5"]);
        var options = new ImportOptions { BinWidth = 0.1 };
        var recording = RecordingImporters.Import(folder["a.h5"], options).Recording;
        Assert.Equal([(0.0, TrialSplit.Train), (10, TrialSplit.Validation), (20, TrialSplit.Train), (30, TrialSplit.Test)], recording.Trials.Select(trial => (trial.Labels["first_bin_time"].Number, trial.Split)));
        Assert.Equal([100, 100, 100, 80], recording.Trials.Select(trial => trial.Bins));
        recording = RecordingImporters.Import(folder["a.h5"], options with { ChunkSeconds = 5 }).Recording;
        Assert.Equal((4, 2, 1), (recording.TrialsOf(TrialSplit.Train).Count, recording.TrialsOf(TrialSplit.Validation).Count, recording.TrialsOf(TrialSplit.Test).Count));

        // With trials: those in a stretch as a whole. An option of splits goes before it.
        file["trials"] = new H5Group { ["start"] = new[] { 1.0, 8, 12, 31, 37 }, ["end"] = new[] { 3.0, 11, 14, 33, 39 } };
        file.Write(folder["b.h5"]);
        recording = RecordingImporters.Import(folder["b.h5"], options).Recording;
        Assert.Equal([(1.0, TrialSplit.Train), (12, TrialSplit.Validation), (31, TrialSplit.Test)], recording.Trials.Select(trial => (trial.Labels["first_bin_time"].Number, trial.Split)));
        foreach (var other in (ImportOptions[])[options with { TrainFraction = 1 }, options with { ValidationEvery = 0, TrainFraction = 1 }, options with { SplitSeed = 1 }])
        {
            Assert.Equal(5, RecordingImporters.Import(folder["b.h5"], other).Recording.Trials.Count);
        }
    }
}
