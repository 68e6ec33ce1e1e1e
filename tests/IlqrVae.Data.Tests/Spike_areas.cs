using IlqrVae.Data.Import;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Tests;

/// <summary>Times of spikes of several areas: lists, one long list an area, padded arrays, groups, and folders of probes. They are one group with the area as a column, as counts of areas are.</summary>
public sealed class Spike_areas
{
    private static readonly ImportOptions s_bins = new() { BinWidth = 0.05, TrainFraction = 1, ValidationEvery = 0 };

    private static int Sum(Trial trial, int group, int unit) => (int)Enumerable.Range(0, trial.Bins).Sum(bin => trial.Observations[group][bin, unit]);

    private static byte[] Doubles(double[] values, params int[] shape) => NpyBytes.Of(values, shape);

    private static byte[] Whole(int[] values) => NpyBytes.Of(values);

    private static string Archive(string path, params (string Name, byte[] Array)[] arrays)
    {
        File.Delete(path);
        NpyBytes.Archive(path, arrays);
        return path;
    }

    /// <summary>Of an area all spikes in their order: unit u (first, first + 3 ...) fires every .1 (u + 1) s for 30 s.</summary>
    private static (double[] Times, int[] Units) Flat(params int[] units)
    {
        var all = units.SelectMany(unit => Enumerable.Range(0, (int)Math.Round(30 / (0.1 * (unit + 1)))).Select(i => (Time: 0.03 + (0.1 * (unit + 1) * i), Unit: unit))).OrderBy(one => one.Time).ToList();
        return ([.. all.Select(one => one.Time)], [.. all.Select(one => one.Unit)]);
    }

    [Fact]
    public void Cells_of_two_areas_stand_side_by_side()
    {
        var path = SharedData.Committed("areas.mat");
        Faults.Message(() => RecordingImporters.Import(path, s_bins), "spikes are in M1_spikes, PMd_spikes", "--spikes M1_spikes", "--spikes '*_spikes'");
        var (recording, remarks) = RecordingImporters.Import(path, s_bins with { Spikes = "*_spikes", Behaviour = [new ImportedValues("vels", "vels")] });
        Assert.Equal(["M1-0", "M1-1", "M1-2", "PMd-0", "PMd-1", "PMd-2", "PMd-3"], recording.Groups[0].ChannelNames!);
        Assert.Contains(remarks, remark => remark.Contains("units of M1 (3), PMd (4) are taken side by side; the column 'area'", StringComparison.Ordinal));
        Assert.Equal([200, 134, 100, 134, 100, 80, 67], Enumerable.Range(0, 7).Select(unit => Sum(recording.Trials[0], 0, unit)));
        Assert.Equal(2, recording.Groups[1].Channels);

        // An area alone, one that is held out, and one that is chosen.
        Assert.Equal(["unit-000", "unit-001", "unit-002"], RecordingImporters.Import(path, s_bins with { Spikes = "M1_spikes" }).Recording.Groups[0].ChannelNames!);
        recording = RecordingImporters.Import(path, s_bins with { Maps = [ArrayMapping.Parse("spikes=*_spikes:unit,spike")], HeldOutUnits = "area == 'PMd'" }).Recording;
        Assert.Equal((3, 4), (recording.Groups[0].Channels, recording.Groups[1].Channels));
        recording = RecordingImporters.Import(path, s_bins with { Spikes = "*_spikes", Units = "area == 'PMd' and index > 2 or area == 'M1' and index == 1" }).Recording;
        Assert.Equal(["M1-0", "PMd-2", "PMd-3"], recording.Groups[0].ChannelNames!);
        Assert.Equal([200, 80, 67], Enumerable.Range(0, 3).Select(unit => Sum(recording.Trials[0], 0, unit)));
        AssertProposal(path, "spikes=*_spikes:channel,spike", 7);
    }

    [Fact]
    public void Areas_of_the_same_trials_are_cut_together()
    {
        var path = SharedData.Committed("areas_trials.mat");
        var (recording, remarks) = RecordingImporters.Import(path, s_bins with { Spikes = "spike_times_*", Where = "trial_reward == 1" });
        Assert.Equal((3, 40), (recording.Trials.Count, recording.Trials[0].Bins));
        Assert.Equal(["M1-0", "M1-1", "M1-2", "PMd-0", "PMd-1"], recording.Groups[0].ChannelNames!);
        Assert.All(recording.Trials, trial => Assert.Equal([10, 7, 5, 7, 5], Enumerable.Range(0, 5).Select(unit => Sum(trial, 0, unit))));
        Assert.Equal([0.0, 6, 9], recording.Trials.Select(trial => Math.Round(trial.Labels["first_bin_time"].Number, 9)));
        Assert.Contains(remarks, remark => remark.Contains("M1 (3), PMd (2)", StringComparison.Ordinal));
        AssertProposal(path, "spikes=spike_times_*:channel,trial,spike", 5);
    }

    [Fact]
    public void One_long_list_an_area_has_its_units_beside_it()
    {
        using var folder = new TestFolder();

        // As many spikes in both areas, so that lengths do not tell which list is whose.
        var (one, two) = (Flat(2, 5), Flat(2, 5));
        int[] others = [.. two.Units.Select(unit => unit == 2 ? 11 : 4)];
        foreach (var (times, units) in new[] { ("{0}_spike_times", "{0}_spike_clusters"), ("spike_times_{0}", "clusters_{0}"), ("{0}/spike_times", "{0}/spike_clusters"), ("{0}/spikes.times", "{0}/spikes.clusters") })
        {
            string Name(string pattern, string area) => pattern.Replace("{0}", area, StringComparison.Ordinal);
            var path = Archive(folder["a.npz"], (Name(times, "PMd"), Doubles(two.Times)), (Name(times, "M1"), Doubles(one.Times)), (Name(units, "M1"), Whole(one.Units)), (Name(units, "PMd"), Whole(others)),
                ("quality_of_everything_M1", Doubles([1, 2, 3])), ("all_spikes_times_and_more", Doubles([1, 2, 3])));
            Faults.Message(() => RecordingImporters.Import(path, s_bins), "spikes are in", $"--spikes '{Name(times, "*")}'");
            var recording = RecordingImporters.Import(path, s_bins with { Spikes = Name(times, "*") }).Recording;
            Assert.Equal(["PMd-04", "PMd-11", "M1-02", "M1-05"], recording.Groups[0].ChannelNames!);
            Assert.Equal([50, 100, 100, 50], Enumerable.Range(0, 4).Select(unit => Sum(recording.Trials[0], 0, unit)));
            AssertProposal(path, $"spikes={Name(times, "*")}", 4);
        }

        // Lists of other names are named with the star too.
        var odd = Archive(folder["b.npz"], ("M1_when", Doubles(one.Times)), ("PMd_when", Doubles(two.Times)), ("M1_who", Whole(one.Units)), ("PMd_who", Whole(others)));
        Faults.Message(() => RecordingImporters.Import(odd, s_bins with { Maps = [ArrayMapping.Parse("spikes=M1_wen")] }), "did you mean 'M1_when'");
        Assert.Equal(4, RecordingImporters.Import(Archive(folder["b.npz"], ("M1_times", Doubles(one.Times)), ("M1_unit", Whole(one.Units)), ("PMd_times", Doubles(two.Times)), ("PMd_unit", Whole(others))), s_bins with { Spikes = "*_times" }).Recording.Groups[0].Channels);
    }

    [Fact]
    public void Padded_arrays_and_HDF5_groups_do_as_well()
    {
        using var folder = new TestFolder();
        double[] padded = [0.1, 0.2, double.NaN, 1.1, 1.2, 1.3];
        var path = Archive(folder["a.npz"], ("M1_spike_times", Doubles(padded, 2, 3)), ("PMd_spike_times", Doubles([0.3, 1.4, 0.5, 1.2], 2, 2)));
        var recording = RecordingImporters.Import(path, s_bins with { Maps = [ArrayMapping.Parse("spikes=*_spike_times:unit,spike")] }).Recording;
        Assert.Equal(["M1-0", "M1-1", "PMd-0", "PMd-1"], recording.Groups[0].ChannelNames!);
        Assert.Equal([2, 3, 2, 2], Enumerable.Range(0, 4).Select(unit => Sum(recording.Trials[0], 0, unit)));

        var (one, two) = (Flat(2, 5), Flat(1));
        var file = new Hdf5Archive();
        file.Add("M1/spike_times", one.Times, one.Times.Length);
        file.Add("M1/unit_id", [.. one.Units.Select(unit => (double)unit)], one.Units.Length);
        file.Add("PMd/spike_times", two.Times, two.Times.Length);
        file.Add("PMd/unit_id", [.. two.Units.Select(unit => (double)unit)], two.Units.Length);
        file.Save(folder["a.h5"]);
        recording = RecordingImporters.Import(folder["a.h5"], s_bins with { Spikes = "*/spike_times" }).Recording;
        Assert.Equal(["M1-2", "M1-5", "PMd-1"], recording.Groups[0].ChannelNames!);
        Assert.Equal([100, 50, 150], Enumerable.Range(0, 3).Select(unit => Sum(recording.Trials[0], 0, unit)));
        AssertProposal(folder["a.h5"], "spikes=*/spike_times", 3);
    }

    [Fact]
    public void Probes_of_ALF_are_areas_with_clusters_of_their_own()
    {
        using var folder = new TestFolder();
        var (one, two) = (Flat(2, 5), Flat(0, 2));
        Write("probe00", one, [0.5, 0.1, 1, 0.2, 0.3, 0]);
        Write("probe01/pykilosort", two, [1, 0.2, 1, 0.7]);
        File.WriteAllBytes(folder["_ibl_trials.intervals.npy"], Doubles([.. Enumerable.Range(0, 9).SelectMany(k => new[] { 3.0 * k, (3 * k) + 2 })], 9, 2));
        File.WriteAllBytes(folder["_ibl_trials.choice.npy"], Doubles([1, -1, 1, -1, 1, -1, 1, -1, 1]));
        Faults.Message(() => RecordingImporters.Import(folder[""], s_bins), "probe00/spikes.times, probe01/spikes.times", "--spikes '*/spikes.times'");
        var recording = RecordingImporters.Import(folder[""], s_bins with { Spikes = "*/spikes.times", Units = "label == 1", Where = "choice == 1" }).Recording;
        Assert.Equal(["probe00-2", "probe01-0", "probe01-2"], recording.Groups[0].ChannelNames!);
        Assert.Equal((5, 40), (recording.Trials.Count, recording.Trials[0].Bins));
        Assert.Equal([7, 20, 7], Enumerable.Range(0, 3).Select(unit => Sum(recording.Trials[0], 0, unit)));
        recording = RecordingImporters.Import(folder[""], s_bins with { Spikes = "*/spikes.times", HeldOutUnits = "area == 'probe01'" }).Recording;
        Assert.Equal((2, 2), (recording.Groups[0].Channels, recording.Groups[1].Channels));

        // One probe alone, with its own clusters.
        recording = RecordingImporters.Import(folder[""], s_bins with { Spikes = "probe01/spikes.times", Units = "label < 1.5" }).Recording;
        Assert.Equal(["unit-000", "unit-002"], recording.Groups[0].ChannelNames!);
        Assert.True(RecordingImporters.IsFolderOfArrays(folder[""]));
        AssertProposal(Path.TrimEndingDirectorySeparator(folder[""]), "spikes=*/spikes.times", 4);

        // The folder of one probe is what it was.
        Assert.Equal(2, RecordingImporters.Import(folder["probe00"], s_bins).Recording.Groups[0].Channels);

        void Write(string probe, (double[] Times, int[] Units) spikes, double[] labels)
        {
            Directory.CreateDirectory(folder[probe]);
            File.WriteAllBytes(folder[$"{probe}/spikes.times.npy"], Doubles(spikes.Times));
            File.WriteAllBytes(folder[$"{probe}/spikes.clusters.npy"], Whole(spikes.Units));
            File.WriteAllBytes(folder[$"{probe}/clusters.label.npy"], Doubles(labels));
        }
    }

    [Fact]
    public void Lists_beside_the_times_in_their_own_structure_are_columns_of_the_units()
    {
        var path = SharedData.Committed("cellinfo.mat");
        Assert.Equal(["unit-000", "unit-001"], Units("region == 'CA1'"));
        Assert.Equal(["unit-001", "unit-002"], Units("cluID > 4 and UID != 1"));

        string[] Units(string expression) => [.. RecordingImporters.Import(path, s_bins with { Units = expression }).Recording.Groups[0].ChannelNames!];
    }

    [Fact]
    public void Areas_that_differ_in_trials_are_told()
    {
        using var folder = new TestFolder();
        var one = Flat(2, 5);
        byte[] Trials(int trials) => Whole([.. one.Times.Select(time => (int)time % trials)]);
        var path = Archive(folder["a.npz"], ("M1/spike_times", Doubles(one.Times)), ("M1/unit", Whole(one.Units)), ("M1/trial", Trials(3)), ("PMd/spike_times", Doubles(one.Times)), ("PMd/unit", Whole(one.Units)), ("PMd/trial", Trials(4)));
        Faults.Message(() => RecordingImporters.Import(path, s_bins with { Spikes = "*/spike_times" }), "'PMd/spike_times' is trial,spike of 4 trials where 'M1/spike_times' is trial,spike of 3 trials");
    }

    private static void AssertProposal(string path, string map, int units)
    {
        var contents = RecordingImporters.Inspect(path)!;
        Assert.Equal(["import", path, "-o", "data.h5", "--map", map, "--bin-width", "0.02"], contents.Proposal.Take(8), StringComparer.Ordinal);
        Assert.Equal(units, contents.Units!.Count);
        Assert.Equal(units, RecordingImporters.Import(path, s_bins with { Maps = [ArrayMapping.Parse(map)] }).Recording.Groups[0].Channels);
    }
}
