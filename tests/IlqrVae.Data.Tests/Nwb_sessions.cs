using IlqrVae.Data.Import;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Tests;

/// <summary>Several NWB files of one session: trials one after another, each file on a clock of its own.</summary>
public sealed class Nwb_sessions
{
    private static readonly long[] s_ids = [4, 9, 2];

    /// <summary>A file of trials of a second each, from a time on; unit u has (u + 1) spikes in each trial, and those of the second file stand in another order.</summary>
    private static string Write(string path, double start, int trials, bool isTurned = false, string day = "2021-09-01", double dim = 0, string kind = "a", bool isObserved = true, string unit = "m")
    {
        var builder = new NwbBuilder();
        builder.Root["session_start_time"] = $"{day}T12:00:00.000000+00:00";
        var order = isTurned ? (int[])[2, 0, 1] : [0, 1, 2];
        double[] starts = [.. Enumerable.Range(0, trials).Select(k => start + (1.5 * k))];
        builder.Units([.. order.Select(u => s_ids[u])], [.. order.Select(u => starts.SelectMany(time => Enumerable.Range(0, u + 1).Select(j => time + 0.25 + (0.1 * j))).ToArray())], Array.Empty<ushort>());
        builder.Group("units")["dim"] = order.Select(u => u == 1 ? dim : 1).ToArray();
        if (isObserved)
        {
            double[] observed = [start, start + (1.5 * trials)];
            builder.Observed(observed, observed, observed);
        }

        builder.Trials(starts, [.. starts.Select(time => time + 1)], ("go_time", starts.Select(time => time + 0.2).ToArray()), ("kind", Enumerable.Range(0, trials).Select(k => k % 2 == 0 ? kind : "b").ToArray()));
        builder.Series("processing/behavior/hand", Enumerable.Range(0, 100 * ((2 * trials) + 1)).Select(i => start + (i / 100.0)).ToArray(), times: [.. Enumerable.Range(0, 100 * ((2 * trials) + 1)).Select(i => start + (i / 100.0))], unit: unit);
        return builder.Save(path);
    }

    private static double[] Counts(Trial trial) => [.. Enumerable.Range(0, trial.Observations[0].Channels).Select(unit => Enumerable.Range(0, trial.Bins).Sum(bin => trial.Observations[0][bin, unit]))];

    [Fact]
    public void Trials_follow_each_other_and_are_shared_out_together()
    {
        using var folder = new TestFolder();
        string[] paths = [Write(folder["first.nwb"], start: 100, trials: 6), Write(folder["second.nwb"], start: 3, trials: 4, isTurned: true, kind: "c")];
        var options = new ImportOptions { BinWidth = 0.05, Behaviour = [new ImportedValues("hand", "hand")], Conditions = ["kind"], ValidationEvery = 0 };
        var (recording, remarks) = RecordingImporters.Import(paths, options);
        Assert.Equal(["first/trial-000", "first/trial-001", "first/trial-002", "first/trial-003", "first/trial-004", "first/trial-005", "second/trial-000", "second/trial-001", "second/trial-002", "second/trial-003"], recording.Trials.Select(trial => trial.Name), StringComparer.Ordinal);
        Assert.Equal(["unit-004", "unit-009", "unit-002"], recording.Groups[0].ChannelNames!);
        Assert.All(recording.Trials, trial => Assert.Equal([1.0, 2, 3], Counts(trial)));
        Assert.Equal([.. Enumerable.Repeat(TrialSplit.Train, 8), TrialSplit.Test, TrialSplit.Test], recording.Trials.Select(trial => trial.Split));

        // Each file keeps its clock, and conditions are counted over both.
        Assert.Equal([100, 101.5, 103, 104.5, 106, 107.5, 3, 4.5, 6, 7.5], recording.Trials.Select(trial => trial.Labels["first_bin_time"].Number));
        Assert.Equal(["first.nwb", "second.nwb"], recording.Trials.Select(trial => trial.Labels["file"].Text).Distinct(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.Equal([0.0, 1, 0, 1, 0, 1, 2, 1, 2, 1], recording.Trials.Select(trial => trial.Truth["condition"][0, 0]));
        Assert.All(recording.Trials, trial => Assert.Equal(trial.Labels["first_bin_time"].Number + 0.475, trial.Observations[1][9, 0], 1e-9));
        Assert.Equal("first.nwb (NWB 2.6.0); second.nwb (NWB 2.6.0)", recording.Source);
        Assert.Contains(remarks, remark => remark.Contains("files of one session", StringComparison.Ordinal));

        // What is in a file is what it gives alone.
        var alone = RecordingImporters.Import(paths[1], options with { Behaviour = [] }).Recording;
        Assert.DoesNotContain("file", alone.Trials[0].Labels.Keys, StringComparer.Ordinal);
        Assert.Equal("trial-000", alone.Trials[0].Name);
        var copy = folder["data.h5"];
        RecordingFile.Write(copy, recording);
        Assert.Equal("second.nwb", RecordingFile.Read(copy).Trials[7].Labels["file"].Text);
    }

    [Fact]
    public void Without_trials_each_file_is_cut_by_itself_and_nothing_lies_between_them()
    {
        using var folder = new TestFolder();
        string[] paths = [Write(folder["first.nwb"], start: 100, trials: 6, isObserved: false), Write(folder["second.nwb"], start: 3, trials: 4, isObserved: false)];
        var recording = RecordingImporters.Import(paths, new ImportOptions { BinWidth = 0.05, ChunkSeconds = 2, TrainFraction = 0.5, ValidationEvery = 0, ChunkTest = true, MinimumRate = 0.9 }).Recording;
        Assert.Equal(["chunk-000", "chunk-001"], recording.Trials.Take(2).Select(trial => trial.Name), StringComparer.Ordinal);
        Assert.Equal(["unit-009", "unit-002"], recording.Groups[0].ChannelNames!);
        Assert.Equal([20.0, 30], recording.Trials.Select(Counts).Aggregate((sum, one) => [.. sum.Zip(one, (a, b) => a + b)]));
        Assert.True(recording.Trials.Sum(trial => trial.Bins) * 0.05 < 8.6 + 5.6);
        Assert.Equal(2, recording.Trials.Select(trial => trial.Labels["file"].Text).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void Blocks_of_time_go_on_from_file_to_file()
    {
        // Six trials of 1.5 s are 8.5 s long: the second file starts there, and so lies in other blocks of 10 s than by its own clock.
        using var folder = new TestFolder();
        string[] paths = [Write(folder["first.nwb"], start: 100, trials: 6), Write(folder["second.nwb"], start: 3, trials: 4)];
        var recording = RecordingImporters.Import(paths, new ImportOptions { BinWidth = 0.05, SplitBlockSeconds = 10, TrainFraction = 0.5, ValidationEvery = 0 }).Recording;
        Assert.Equal([.. Enumerable.Repeat(TrialSplit.Train, 7), .. Enumerable.Repeat(TrialSplit.Test, 3)], recording.Trials.Select(trial => trial.Split));
    }

    [Fact]
    public void Units_to_hold_out_and_to_choose_are_told_by_each_file()
    {
        using var folder = new TestFolder();
        string[] paths = [Write(folder["first.nwb"], start: 0, trials: 4), Write(folder["second.nwb"], start: 3, trials: 4, isTurned: true)];
        var recording = RecordingImporters.Import(paths, new ImportOptions { BinWidth = 0.05, HeldOutUnits = "id == 9", Units = "id != 4" }).Recording;
        Assert.Equal(["unit-002"], recording.Groups[0].ChannelNames!);
        Assert.Equal(["unit-009"], recording.Groups[1].ChannelNames!);
        Assert.All(recording.Trials, trial => Assert.Equal(2, Enumerable.Range(0, trial.Bins).Sum(bin => trial.Observations[1][bin, 0])));
        Write(folder["third.nwb"], start: 3, trials: 4, dim: 1);
        Faults.Message(() => RecordingImporters.Import([paths[0], folder["third.nwb"]], new ImportOptions { Units = "dim == 1" }), "third.nwb", "unit-009 is only in it", "import each", "join");
    }

    [Fact]
    public void Files_that_do_not_belong_together_point_to_join()
    {
        using var folder = new TestFolder();
        var first = Write(folder["first.nwb"], start: 0, trials: 4);
        Directory.CreateDirectory(folder["other"]);
        var builder = new NwbBuilder();
        builder.Units([4, 9], [[0.5], [1.5]]);
        builder.Trials([0], [2]);
        Faults.Message(() => RecordingImporters.Import([first, builder.Save(folder["b.nwb"])]), "b.nwb has other units than", "lacks unit-002", "'ilqr-vae join'");
        Faults.Message(() => RecordingImporters.Import([first, Write(folder["c.nwb"], start: 0, trials: 4, day: "2021-09-02")]), "recorded on 2021-09-02", "2021-09-01", "'ilqr-vae join'");
        Faults.Message(() => RecordingImporters.Import([first, Write(folder["d.nwb"], start: 0, trials: 4, unit: "cm")], new ImportOptions { Behaviour = [new ImportedValues("hand", "hand")] }), "d.nwb: group 'hand'", "'cm'", "'m'");
        Faults.Message(() => RecordingImporters.Import([first, first]), "given twice");
        var dataset = folder["data.h5"];
        RecordingFile.Write(dataset, RecordingImporters.Import(first).Recording);
        Faults.Message(() => RecordingImporters.Import([first, dataset]), "data.h5 is a dataset file", "join");
        Faults.Message(() => RecordingImporters.Import([dataset, Copy(dataset, folder["data2.h5"])]), "2 files", "a recording of its own", "join");

        // Files of the same name in different folders are told apart by their number.
        var second = Write(folder["other/first.nwb"], start: 9, trials: 2);
        var recording = RecordingImporters.Import([first, second]).Recording;
        Assert.Equal("1/trial-000", recording.Trials[0].Name);
        Assert.Equal("2/trial-001", recording.Trials[^1].Name);
    }

    private static string Copy(string from, string to)
    {
        File.Copy(from, to);
        return to;
    }
}
