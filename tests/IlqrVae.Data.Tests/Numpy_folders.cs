using System.Runtime.InteropServices;
using IlqrVae.Data.Import;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Tests;

/// <summary>Arrays that are files of their own, taken together: the Open Neurophysiology Environment (ALF), Kilosort, and binned arrays.</summary>
public sealed class Numpy_folders
{
    /// <summary>Unit c (2, 5 and 7) has c spikes in each of six trials of a second that start every 2 s from 10 s on; there are nine clusters, of which those with an even number are good.</summary>
    private static void WriteAlf(TestFolder folder)
    {
        int[] clusters = [2, 5, 7];
        var spikes = Enumerable.Range(0, 6).SelectMany(trial => clusters.SelectMany(unit => Enumerable.Range(0, unit).Select(j => (Time: 10.0 + (2 * trial) + 0.3 + (0.1 * j), Unit: unit)))).OrderBy(spike => spike.Time).ToList();
        Write(folder["spikes.times.npy"], [.. spikes.Select(spike => spike.Time)]);
        File.WriteAllBytes(folder["spikes.clusters.npy"], Numpy_files.Npy("<u2", false, [spikes.Count], [.. spikes.SelectMany(spike => BitConverter.GetBytes((ushort)spike.Unit))]));
        Write(folder["spikes.amps.npy"], [.. spikes.Select(_ => 1e-5)]);
        Write(folder["_ibl_trials.intervals.npy"], [.. Enumerable.Range(0, 6).SelectMany(trial => new[] { 10.0 + (2 * trial), trial == 4 ? double.NaN : 11 + (2 * trial) })], 6, 2);
        Write(folder["_ibl_trials.goCue_times.npy"], [.. Enumerable.Range(0, 6).Select(trial => trial == 1 ? double.NaN : 10.2 + (2 * trial))]);
        Write(folder["_ibl_trials.choice.npy"], [1, -1, 1, -1, 1, -1]);
        Write(folder["clusters.label.npy"], [.. Enumerable.Range(0, 9).Select(cluster => cluster % 2 == 0 ? 1.0 : 0)]);
        Write(folder["_ibl_wheel.position.npy"], [.. Enumerable.Range(0, 1400).Select(i => (i + 900) / 100.0)]);
        Write(folder["_ibl_wheel.timestamps.npy"], [.. Enumerable.Range(0, 1400).Select(i => (i + 900) / 100.0)]);
        Write(folder["pupil.timestamps.npy"], [.. Enumerable.Range(0, 1400).Select(i => (i + 900) / 50.0)]);
        File.Copy(SharedData.Committed("objects.npy"), folder["notes.npy"]);
    }

    private static void Write(string path, double[] values, params int[] shape) =>
        File.WriteAllBytes(path, Numpy_files.Npy("<f8", false, shape.Length == 0 ? [values.Length] : shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray()));

    private static double Sum(Trial trial, int unit) => Enumerable.Range(0, trial.Bins).Sum(bin => trial.Observations[0][bin, unit]);

    [Fact]
    public void A_folder_of_ALF_is_cut_by_its_intervals()
    {
        using var folder = new TestFolder();
        WriteAlf(folder);
        var options = new ImportOptions { BinWidth = 0.05, Behaviour = [new ImportedValues("wheel", "wheel.position", "rad")], Conditions = ["choice"], ValidationEvery = 0 };
        var (recording, remarks) = RecordingImporters.Import(folder[""], options);
        Assert.Equal(["unit-002", "unit-005", "unit-007"], recording.Groups[0].ChannelNames!);
        Assert.Equal([10.0, 12, 14, 16, 20], recording.Trials.Select(trial => trial.Labels["first_bin_time"].Number));
        Assert.All(recording.Trials, trial => Assert.Equal((20, 2, 5, 7), (trial.Bins, Sum(trial, 0), Sum(trial, 1), Sum(trial, 2))));
        Assert.All(recording.Trials, trial => Assert.Equal(trial.Labels["first_bin_time"].Number + 0.525, trial.Observations[1][10, 0], 1e-9));
        Assert.Equal([1.0, 0, 1, 0, 0], recording.Trials.Select(trial => trial.Truth["condition"][0, 0]));
        Assert.Contains(remarks, remark => remark.Contains("'spikes.clusters' says of which unit", StringComparison.Ordinal));
        Assert.Contains(remarks, remark => remark.Contains("'wheel.timestamps' is taken for the times of 'wheel.position'", StringComparison.Ordinal));
        Assert.Contains(remarks, remark => remark.Contains("1 trial is left out (row 4)", StringComparison.Ordinal));
        Assert.DoesNotContain(Path.DirectorySeparatorChar, recording.Source);
    }

    [Fact]
    public void Files_that_are_named_are_aligned_and_chosen_by_their_columns()
    {
        using var folder = new TestFolder();
        WriteAlf(folder);
        string[] files = [folder["spikes.times.npy"], folder["spikes.clusters.npy"], folder["clusters.label.npy"], folder["_ibl_trials.intervals.npy"], folder["_ibl_trials.goCue_times.npy"], folder["_ibl_trials.choice.npy"]];
        var recording = RecordingImporters.Import(files, new ImportOptions { BinWidth = 0.05, Align = "goCue_times", Window = (0.05, 0.55), Where = "choice == 1", Units = "label == 0" }).Recording;
        Assert.Equal(["unit-005", "unit-007"], recording.Groups[0].ChannelNames!);
        Assert.Equal([10.25, 14.25, 18.25], recording.Trials.Select(trial => trial.Labels["first_bin_time"].Number));
        Assert.All(recording.Trials, trial => Assert.Equal((10, 5, 5), (trial.Bins, Sum(trial, 0), Sum(trial, 1))));
        Assert.Equal("spikes.times.npy and 5 more", recording.Source);

        // Another table of starts and ends may be named, and without one it is one session.
        Write(folder["breaks.npy"], [10, 15, 15, 20], 2, 2);
        recording = RecordingImporters.Import([.. files, folder["breaks.npy"]], new ImportOptions { BinWidth = 0.05, Trials = "breaks" }).Recording;
        Assert.Equal([10.0, 15], recording.Trials.Select(trial => trial.Labels["first_bin_time"].Number));
        recording = RecordingImporters.Import(files[..2], new ImportOptions { BinWidth = 0.05, TrainFraction = 1 }).Recording;
        Assert.Equal(30, Sum(Assert.Single(recording.Trials), 1));
    }

    [Fact]
    public void A_folder_is_inspected_and_its_proposal_works()
    {
        using var folder = new TestFolder();
        WriteAlf(folder);
        var contents = RecordingImporters.Inspect(folder[""])!;
        Assert.Equal(3, contents.Units!.Count);
        Assert.Equal(Path.TrimEndingDirectorySeparator(folder[""]), contents.Proposal[1]);
        Assert.Contains(contents.Series, one => one.Path == "trials.intervals" && one.Shape.SequenceEqual([6, 2]));
        Assert.Contains(contents.Series, one => one.Path == "notes" && one.Note.Contains("Python objects", StringComparison.Ordinal));
        Assert.True(RecordingImporters.IsFolderOfArrays(folder[""]));
    }

    [Fact]
    public void Lists_of_Kilosort_and_binned_arrays_need_no_trials()
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder["spike_times.npy"], Numpy_files.Npy("<u8", false, [400, 1], [.. Enumerable.Range(0, 400).SelectMany(i => BitConverter.GetBytes((ulong)(i * 3000)))]));
        File.WriteAllBytes(folder["spike_clusters.npy"], Numpy_files.Npy("<i4", false, [400], [.. Enumerable.Range(0, 400).SelectMany(i => BitConverter.GetBytes(i % 4))]));
        Write(folder["templates.npy"], new double[24], 2, 3, 4);
        var recording = RecordingImporters.Import(folder[""], new ImportOptions { BinWidth = 0.1, TimeUnit = "30000Hz", TrainFraction = 1 }).Recording;
        Assert.Equal([100.0, 100, 100, 100], Enumerable.Range(0, 4).Select(unit => Sum(recording.Trials[0], unit)));

        using var binned = new TestFolder();
        Write(binned["counts.npy"], [.. Enumerable.Range(0, 120).Select(i => i % 3.0)], 40, 3);
        Write(binned["time.npy"], [.. Enumerable.Range(0, 40).Select(i => i * 0.02)]);
        Write(binned["speed.npy"], [.. Enumerable.Range(0, 40).Select(i => i * 2.0)]);
        recording = RecordingImporters.Import([binned["counts.npy"], binned["time.npy"], binned["speed.npy"]], new ImportOptions { TrainFraction = 1, Values = [new ImportedValues("speed", "speed")] }).Recording;
        Assert.Equal((0.02, 3, 78.0), (recording.BinWidth, recording.Groups[0].Channels, recording.Trials[0].Observations[1][39, 0]));
    }

    [Fact]
    public void Tables_of_phy_choose_units_and_its_parameters_tell_the_rate()
    {
        using var folder = new TestFolder();
        WriteKilosort(folder);
        var options = new ImportOptions { BinWidth = 0.1, TrainFraction = 1 };
        var (recording, remarks) = RecordingImporters.Import(folder[""], options with { Units = "group == 'good'" });
        Assert.Equal(["unit-003", "unit-012"], recording.Groups[0].ChannelNames!);
        Assert.Equal([100.0, 100], Enumerable.Range(0, 2).Select(unit => Sum(recording.Trials[0], unit)));
        Assert.Contains(remarks, remark => remark.Contains("'spike_times' is taken for numbers of samples at 30000 Hz, as params.py says", StringComparison.Ordinal));
        Assert.Equal(400, recording.Trials[0].Bins);

        // A cluster that nobody has looked at has the sorter's label alone; depths come from another table, whose ids stand in another order.
        Assert.Equal(["unit-003", "unit-007", "unit-012"], Units("KSLabel == 'good'"));
        Assert.Equal(["unit-007"], Units("group == ''"));
        Assert.Equal(["unit-004", "unit-012"], Units("depth > 100 and group != ''"));
        Faults.Message(() => Units("quality == 'good'"), "no column 'quality'", "KSLabel", "depth");

        // Files that are named, in any order; the rate is then asked for, as params.py is not among them.
        string[] files = [folder["cluster_group.tsv"], folder["spike_times.npy"], folder["spike_clusters.npy"]];
        Faults.Message(() => RecordingImporters.Import(files, options), "--time-unit 30000Hz");
        Assert.Equal(2, RecordingImporters.Import(files, options with { TimeUnit = "30000Hz", Units = "group == 'good'" }).Recording.Groups[0].Channels);
        Faults.Message(() => RecordingImporters.Import([.. files, folder["odd.csv"]], options with { TimeUnit = "30000Hz" }), "odd.csv", "no row");

        var contents = RecordingImporters.Inspect(folder[""])!;
        Assert.Equal(["--map", "spikes=spike_times", "--bin-width", "0.02", "--units", "group == 'good'", "--chunk", "4"], contents.Proposal.Skip(4), StringComparer.Ordinal);
        Assert.Contains(contents.Remarks, remark => remark.Contains("odd.csv is left aside", StringComparison.Ordinal));

        // Tables alone are no folder of arrays.
        Directory.CreateDirectory(folder["tables"]);
        File.Copy(folder["cluster_group.tsv"], folder["tables/cluster_group.tsv"]);
        Assert.False(RecordingImporters.IsFolderOfArrays(folder["tables"]));

        string[] Units(string expression) => [.. RecordingImporters.Import(folder[""], options with { Units = expression }).Recording.Groups[0].ChannelNames!];
    }

    [Fact]
    public void Tables_of_ALF_are_columns_of_clusters_and_trials()
    {
        using var folder = new TestFolder();
        WriteAlf(folder);
        File.Delete(folder["_ibl_trials.choice.npy"]);
        File.WriteAllText(folder["clusters.metrics.csv"], "cluster_id,presence\n7,0.9\n2,0.4\n5,0.8\n");
        File.WriteAllText(folder["clusters.acronyms.tsv"], string.Concat(Enumerable.Range(0, 9).Select(cluster => $"{(cluster < 5 ? "CA1" : "VISp")}\n").Prepend("acronym\n")));
        File.WriteAllText(folder["_ibl_trials.laterals.csv"], "choice,side\n1,left\n-1,right\n1,left\n-1,left\n1,right\n-1,left\n");
        var options = new ImportOptions { BinWidth = 0.05, ValidationEvery = 0, TrainFraction = 1 };
        var recording = RecordingImporters.Import(folder[""], options with { Units = "presence > 0.5 and acronym == 'VISp'", Where = "side == 'left'", Conditions = ["choice"] }).Recording;
        Assert.Equal(["unit-005", "unit-007"], recording.Groups[0].ChannelNames!);
        Assert.Equal([10.0, 14, 16, 20], recording.Trials.Select(trial => trial.Labels["first_bin_time"].Number));
        Assert.Equal([1.0, 1, 0, 0], recording.Trials.Select(trial => trial.Truth["condition"][0, 0]));

        // A table of trials alone, as the International Brain Laboratory names its columns.
        File.Delete(folder["_ibl_trials.intervals.npy"]);
        File.Delete(folder["_ibl_trials.laterals.csv"]);
        File.WriteAllText(folder["_ibl_trials.table.csv"], "intervals_0,intervals_1,goCue_times,choice\n10,11,10.2,1\n12,13,12.2,-1\n14,15,14.2,1\n");
        recording = RecordingImporters.Import(folder[""], options with { Align = "goCue_times", Window = (0.05, 0.55), Where = "choice == 1" }).Recording;
        Assert.Equal([10.25, 14.25], recording.Trials.Select(trial => trial.Labels["first_bin_time"].Number));
    }

    /// <summary>Clusters 3, 4, 7 and 12 by turns every 100 ms for 40 s, in samples at 30 kHz.</summary>
    internal static void WriteKilosort(TestFolder folder)
    {
        int[] clusters = [3, 4, 7, 12];
        File.WriteAllBytes(folder["spike_times.npy"], Numpy_files.Npy("<u8", false, [400, 1], [.. Enumerable.Range(0, 400).SelectMany(i => BitConverter.GetBytes((ulong)(i * 3000)))]));
        File.WriteAllBytes(folder["spike_clusters.npy"], Numpy_files.Npy("<i4", false, [400], [.. Enumerable.Range(0, 400).SelectMany(i => BitConverter.GetBytes(clusters[i % 4]))]));
        File.WriteAllText(folder["cluster_group.tsv"], "cluster_id\tgroup\n3\tgood\n4\tnoise\n12\tgood\n");
        File.WriteAllText(folder["cluster_KSLabel.tsv"], "cluster_id\tKSLabel\n3\tgood\n4\tmua\n7\tgood\n12\tgood\n");
        File.WriteAllText(folder["cluster_info.tsv"], "id\tAmplitude\tdepth\tgroup\n12\t30.5\t300\tgood\n4\t20\t200\tnoise\n3\t10\t100\tgood\n7\t9\t50\t\n");
        File.WriteAllText(folder["params.py"], "dat_path = r'raw.bin'\nn_channels_dat = 384\nsample_rate = 30000.\nhp_filtered = False\n");
        File.WriteAllText(folder["odd.csv"], "a,b\n");
    }

    [Fact]
    public void Folders_and_files_that_do_not_belong_together_are_told()
    {
        using var folder = new TestFolder();
        WriteAlf(folder);
        Directory.CreateDirectory(folder["other"]);
        Faults.Message(() => RecordingImporters.Import(folder["other"]), "other", "no arrays of NumPy");
        File.Copy(folder["spikes.times.npy"], folder["other/spikes.times.npy"]);
        Faults.Message(() => RecordingImporters.Import([folder["spikes.times.npy"], folder["other/spikes.times.npy"]]), "both called 'spikes.times'");
        Faults.Message(() => RecordingImporters.Import([folder["other"], folder["spikes.times.npy"]]), "is a folder", "alone");
        Faults.Message(() => RecordingImporters.Import([SharedData.Committed("trials.npz"), SharedData.Committed("sorted.npz")]), "a recording of its own", "join");
        File.WriteAllBytes(folder["other/short.npy"], File.ReadAllBytes(folder["spikes.times.npy"])[..300]);
        Faults.Message(() => RecordingImporters.Import(folder["other"]), "short.npy", "cut short");
        Faults.Message(() => RecordingImporters.Import(folder["other"], new ImportOptions { HeldOutUnits = "id == 1", Trials = "spikes.times" }), "short.npy");
    }
}
