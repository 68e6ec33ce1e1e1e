using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using IlqrVae.Data.Import;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Tests;

/// <summary>Binned arrays whose behaviour has a rate of its own, whose units are chosen by what is known of them, or are of several areas.</summary>
public sealed class Binned_choices
{
    private static readonly ImportOptions Whole = new() { TrainFraction = 1, ValidationEvery = 0 };

    /// <summary>An archive of arrays: real numbers, or texts.</summary>
    private static string Write(string path, params (string Name, Array Values, int[] Shape)[] arrays)
    {
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (var (name, values, shape) in arrays)
        {
            using var stream = archive.CreateEntry($"{name}.npy").Open();
            stream.Write(values switch
            {
                double[] numbers => Numpy_files.Npy("<f8", false, shape, MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray()),
                _ => Numpy_files.Npy("|S4", false, shape, [.. ((string[])values).SelectMany(text => Encoding.ASCII.GetBytes(text.PadRight(4, '\0')))]),
            });
        }

        return path;
    }

    /// <summary>Unit u counts (u + t) % 3 in bin t.</summary>
    private static double[] Counts(int bins, int units, int first = 0) => [.. Enumerable.Range(0, bins * units).Select(i => (double)(((i % units) + first + (i / units)) % 3))];

    private static double[] Ramp(int count, double step, double start = 0) => [.. Enumerable.Range(0, count).Select(i => start + (i * step))];

    private static double[] Column(Trial trial, int group, int channel) =>
        [.. Enumerable.Range(0, trial.Bins).Select(bin => trial.Observations[group].IsObserved(bin, channel) ? trial.Observations[group][bin, channel] : double.NaN)];

    [Fact]
    public void Behaviour_with_times_of_its_own_is_brought_to_the_bins()
    {
        using var folder = new TestFolder();
        var vel = Ramp(500, 0.01).SelectMany(time => new[] { 3 * time, -time }).ToArray();
        var path = Write(folder["a.npz"], ("spikes", Counts(100, 4), [100, 4]), ("time", Ramp(100, 0.05, 1), [100]), ("vel", vel, [500, 2]), ("vel_t", Ramp(500, 0.01, 0.98), [500]), ("other_t", Ramp(500, 1), [500]));
        var options = Whole with { Values = [new ImportedValues("hand", "vel", "m/s", [1])], Maps = [] };
        var (recording, remarks) = RecordingImporters.Import(path, options);
        var trial = Assert.Single(recording.Trials);
        Assert.Equal((100, 0.05), (trial.Bins, recording.BinWidth));

        // Bins start at their times: the mean of the line is that of the middle; samples run .02 s ahead.
        Assert.Equal(-(0.025 + 0.02), Column(trial, 1, 0)[0], 1e-9);
        Assert.Equal(-((50 * 0.05) + 0.045), Column(trial, 1, 0)[50], 1e-9);
        Assert.Contains(remarks, remark => remark.Contains("'vel_t' is taken for the times of 'vel'", StringComparison.Ordinal));
        Assert.Contains(remarks, remark => remark.Contains("brought to the bins, which start at 'time'", StringComparison.Ordinal));

        // A lag reads later; the last bins then lie beyond the samples.
        recording = RecordingImporters.Import(path, options with { LagSeconds = 0.1 }).Recording;
        Assert.Equal(-(0.045 + 0.1), Column(recording.Trials[0], 1, 0)[0], 1e-9);
        Assert.Equal(double.NaN, Column(recording.Trials[0], 1, 0)[^1]);
        Faults.Message(() => RecordingImporters.Import(path, Whole with { LagSeconds = 0.1 }), "--lag", "no values");
        Faults.Message(() => RecordingImporters.Import(path, Whole with { LagSeconds = 0.1, Values = [new ImportedValues("x", "time")] }), "--lag", "no times of its own");
    }

    [Fact]
    public void Middles_of_bins_pauses_and_bins_without_times_are_minded()
    {
        using var folder = new TestFolder();
        double[] centres = [.. Ramp(40, 0.05, 0.025), .. Ramp(40, 0.05, 10.025)];
        var path = Write(folder["a.npz"], ("spikes", Counts(80, 3), [80, 3]), ("bin_centers", centres, [80]), ("vel", Ramp(1300, 0.01), [1300]), ("vel_times", Ramp(1300, 0.01), [1300]));
        var values = Whole with { Values = [new ImportedValues("vel", "vel")] };
        var recording = RecordingImporters.Import(path, values).Recording;
        Assert.Equal([40, 40], recording.Trials.Select(trial => trial.Bins));
        Assert.Equal(0.025, Column(recording.Trials[0], 1, 0)[0], 1e-9);
        Assert.Equal(10.025, Column(recording.Trials[1], 1, 0)[0], 1e-9);

        var bare = Write(folder["b.npz"], ("spikes", Counts(80, 3), [80, 3]), ("vel", Ramp(500, 0.01), [500]), ("t", Ramp(500, 0.01), [500]));
        var (timed, remarks) = RecordingImporters.Import(bare, values with { BinWidth = 0.05 });
        Assert.Equal(0.025, Column(timed.Trials[0], 1, 0)[0], 1e-9);
        Assert.Contains(remarks, remark => remark.Contains("start at 0 s", StringComparison.Ordinal));

        // By a number of samples a second; slower than bins, along lines.
        var rated = Write(folder["c.npz"], ("spikes", Counts(80, 3), [80, 3]), ("vel", Ramp(41, 0.1), [41]), ("vel_rate", Ramp(1, 0, 10), []));
        timed = RecordingImporters.Import(rated, values with { BinWidth = 0.05 }).Recording;
        Assert.Equal(0.025, Column(timed.Trials[0], 1, 0)[0], 1e-9);
        Assert.Equal(3.975, Column(timed.Trials[0], 1, 0)[79], 1e-9);
    }

    [Fact]
    public void What_has_no_times_or_others_is_told()
    {
        using var folder = new TestFolder();
        var values = Whole with { BinWidth = 0.05, Values = [new ImportedValues("vel", "vel")] };
        var path = Write(folder["a.npz"], ("spikes", Counts(80, 3), [80, 3]), ("vel", Ramp(500, 0.01), [500]));
        Faults.Message(() => RecordingImporters.Import(path, values), "'vel' is 500 x 1", "80 bins", "vel_times");
        path = Write(folder["b.npz"], ("spikes", Counts(80, 3), [80, 3]), ("vel", Ramp(500, 0.01), [500]), ("a_times", Ramp(500, 1), [500]), ("b_times", Ramp(500, 1), [500]));
        Faults.Message(() => RecordingImporters.Import(path, values), "'vel' could be a_times, b_times", "--time");
        path = Write(folder["c.npz"], ("spikes", Counts(80, 3), [80, 3]), ("vel", Ramp(500, 0.01), [500]), ("vel_times", Ramp(500, 0.01, 1000), [500]));
        Faults.Message(() => RecordingImporters.Import(path, values), "no bin lies within the times of 'vel'", "1000", "one clock");
        path = Write(folder["d.npz"], ("spikes", Counts(80, 3), [80, 3]), ("vel", Ramp(500, 0.01), [500]), ("vel_times", Ramp(500, -0.01, 5), [500]));
        Faults.Message(() => RecordingImporters.Import(path, values), "vel_times", "go back");
    }

    [Fact]
    public void Trials_have_behaviour_on_their_own_clocks()
    {
        using var folder = new TestFolder();
        var vel = Enumerable.Range(0, 3).SelectMany(trial => Ramp(100, 0.01, trial)).ToArray();
        var path = Write(folder["a.npz"], ("spikes", Counts(60, 4), [3, 20, 4]), ("trial_kind", new[] { 1.0, 2, 1 }, [3]), ("vel", vel, [3, 100, 1]), ("vel_t", Ramp(100, 0.01), [100]));
        var recording = RecordingImporters.Import(path, Whole with { BinWidth = 0.05, Maps = [ArrayMapping.Parse("spikes=spikes:trial,bin,unit"), ArrayMapping.Parse("hand=vel:trial,bin,unit")], Where = "trial_kind == 1" }).Recording;
        Assert.Equal([0.025, 2.025], recording.Trials.Select(trial => Math.Round(Column(trial, 1, 0)[0], 9)));
        Assert.Equal([0.925, 2.925], recording.Trials.Select(trial => Math.Round(Column(trial, 1, 0)[18], 9)));
    }

    [Fact]
    public void Units_are_chosen_and_held_out_by_their_columns()
    {
        using var folder = new TestFolder();
        var path = Write(folder["a.npz"], ("spikes", Counts(100, 4), [100, 4]), ("time", Ramp(100, 0.05), [100]), ("unit_area", new[] { "M1", "PMd", "M1", "PMd" }, [4]), ("unit_depth", Ramp(4, 1, 1), [4]));
        var (recording, remarks) = RecordingImporters.Import(path, Whole with { Units = "unit_area == 'M1' or unit_depth > 3", HeldOutUnits = "index == 2" });
        Assert.Equal(["unit-0", "unit-3"], recording.Groups[0].ChannelNames!);
        Assert.Equal(("held-out", "unit-2"), (recording.Groups[1].Name, Assert.Single(recording.Groups[1].ChannelNames!)));
        Assert.Equal(2, recording.Trials[0].Observations[1][0, 0]);
        Assert.Equal(0, recording.Trials[0].Observations[0][0, 1]);
        Assert.Contains(remarks, remark => remark.Contains("3 of 4 units are as --units asks", StringComparison.Ordinal));
        Faults.Message(() => RecordingImporters.Import(path, Whole with { Units = "unit_area == 'S1'" }), "--units", "no unit");
        Faults.Message(() => RecordingImporters.Import(path, Whole with { HeldOutUnits = "index >= 0" }), "--held-out-units", "4 of 4");
        Faults.Message(() => RecordingImporters.Import(path, Whole with { Units = "depth > 1" }), "no column 'depth'", "unit_depth");
        Faults.Message(() => RecordingImporters.Import(path, Whole with { Units = "index > 1", Spikes = null, Values = [new ImportedValues("x", "spikes")] }), "no units to choose from");

        // With a limit of the rate, of the units that were chosen: unit 0 counts 99 in 5 s as all do.
        Faults.Message(() => RecordingImporters.Import(path, Whole with { Units = "index == 0", MinimumRate = 30 }), "30 Hz");
    }

    [Fact]
    public void Several_areas_become_one_group_side_by_side()
    {
        using var folder = new TestFolder();
        var path = Write(folder["a.npz"], ("M1_spikes", Counts(90, 4), [90, 4]), ("PMd_spikes", Counts(90, 12, first: 1), [90, 12]), ("time", Ramp(90, 0.05), [90]));
        Faults.Message(() => RecordingImporters.Import(path, Whole), "spikes are in M1_spikes, PMd_spikes", "--spikes M1_spikes", "--spikes '*_spikes'");
        var (recording, remarks) = RecordingImporters.Import(path, Whole with { Spikes = "*_spikes" });
        Assert.Equal(16, recording.Groups[0].Channels);
        Assert.Equal(["M1-3", "PMd-00"], recording.Groups[0].ChannelNames!.Skip(3).Take(2), StringComparer.Ordinal);
        for (var unit = 0; unit < 16; unit++)
        {
            Assert.Equal(Enumerable.Range(0, 90).Select(bin => (double)(((unit < 4 ? unit : unit - 3) + bin) % 3)), Column(recording.Trials[0], 0, unit));
        }

        Assert.Contains(remarks, remark => remark.Contains("M1 (4), PMd (12)", StringComparison.Ordinal));
        recording = RecordingImporters.Import(path, Whole with { Maps = [ArrayMapping.Parse("spikes=*_spikes")], HeldOutUnits = "area == 'PMd'" }).Recording;
        Assert.Equal((4, 12), (recording.Groups[0].Channels, recording.Groups[1].Channels));

        // Of trials, and areas with as many units each: the longer axis is not asked for where time tells it.
        var odd = Write(folder["b.npz"], ("M1_spikes", Counts(90, 4), [90, 4]), ("PMd_spikes", Counts(80, 12), [80, 12]));
        Faults.Message(() => RecordingImporters.Import(odd, Whole with { Spikes = "*_spikes", BinWidth = 0.05, UnitsFirst = false }), "80 bins", "90");
        var trials = Write(folder["c.npz"], ("M1_spikes", Counts(60, 4), [3, 20, 4]), ("PMd_spikes", Counts(60, 2), [3, 20, 2]));
        recording = RecordingImporters.Import(trials, Whole with { Maps = [ArrayMapping.Parse("spikes=*_spikes:trial,bin,unit")], BinWidth = 0.05, Units = "area == 'PMd' and index > 4" }).Recording;
        Assert.Equal(3, recording.Trials.Count);
        Assert.Equal(Enumerable.Range(20, 20).Select(bin => (double)((1 + bin) % 3)), Column(recording.Trials[1], 0, 0));
    }
}
