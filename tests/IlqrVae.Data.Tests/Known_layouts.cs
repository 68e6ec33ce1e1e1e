using System.IO.Compression;
using System.Runtime.InteropServices;
using IlqrVae.Data.Import;

namespace IlqrVae.Data.Tests;

/// <summary>Layouts of public data sets and tools that differ from others in names or units. Spike j of unit u is at .05 (u + 1) + .25 j seconds.</summary>
public sealed class Known_layouts
{
    private const int Units = 3;
    private const int Spikes = 120;

    // In the order of time, as sorters write them.
    private static readonly (double Time, long Unit)[] s_all =
        [.. Enumerable.Range(0, Units).SelectMany(unit => Enumerable.Range(0, Spikes).Select(j => ((0.05 * (unit + 1)) + (0.25 * j), (long)(4 + unit)))).OrderBy(spike => spike.Item1)];

    [Theory]
    [InlineData("spikes.times", "spikes.clusters")]
    [InlineData("SpikeTimes", "SpikeIDs")]
    [InlineData("spikes/timestamps", "spikes/unit_index")]
    [InlineData("Spikes/SpikeTimes", "Spikes/SpikeIDs")]
    public void Units_of_spikes_are_found_by_the_names_that_archives_use(string times, string units)
    {
        using var folder = new TestFolder();
        var path = Write(folder, times, units);
        var imported = RecordingImporters.Import(path, new ImportOptions { BinWidth = 0.05, TrainFraction = 1, ValidationEvery = 0 });
        Assert.Contains(imported.Remarks, remark => remark.Contains($"'{units}' says of which unit each is", StringComparison.Ordinal));
        var trial = Assert.Single(imported.Recording.Trials);
        Assert.Equal(["unit-004", "unit-005", "unit-006"], imported.Recording.Groups[0].ChannelNames!);

        // The bins of a unit follow each other every fifth, from its own on.
        var firsts = Enumerable.Range(0, Units).Select(unit => Enumerable.Range(0, trial.Bins).First(t => trial.Observations[0][t, unit] > 0)).ToList();
        Assert.Equal([firsts[0], firsts[0] + 1, firsts[0] + 2], firsts);
        Assert.All(Enumerable.Range(0, trial.Bins), t => Assert.All(Enumerable.Range(0, Units), unit => Assert.Equal(t >= firsts[unit] && (t - firsts[unit]) % 5 == 0 ? 1 : 0, trial.Observations[0][t, unit])));
        Assert.Equal(["import", path, "-o", "data.h5", "--map", $"spikes={times}", "--bin-width", "0.02"], RecordingImporters.Inspect(path)!.Proposal.Take(8), StringComparer.Ordinal);
    }

    [Fact]
    public void One_list_without_units_is_one_unit_and_that_is_told()
    {
        using var folder = new TestFolder();
        var imported = RecordingImporters.Import(Write(folder, "spikes.times", null), new ImportOptions { BinWidth = 0.05 });
        Assert.Equal(1, imported.Recording.Groups[0].Channels);
        Assert.Contains(imported.Remarks, remark => remark.Contains("'spikes.times'", StringComparison.Ordinal) && remark.Contains("one unit", StringComparison.Ordinal) && remark.Contains("--map unit=NAME", StringComparison.Ordinal));

        // An own name of the list does as well.
        var path = Write(folder, "spikes.times", "whose");
        imported = RecordingImporters.Import(path, new ImportOptions { BinWidth = 0.05, Maps = [ArrayMapping.Parse("unit=whose")] });
        Assert.Equal(Units, imported.Recording.Groups[0].Channels);
        Assert.DoesNotContain(imported.Remarks, remark => remark.Contains("one unit", StringComparison.Ordinal));
    }

    [Fact]
    public void Times_in_samples_are_not_taken_for_milliseconds()
    {
        using var folder = new TestFolder();

        // Numbers of a quarter of an hour at 30 kHz, which would be 7.5 hours of milliseconds; and those of half a minute in milliseconds.
        foreach (var (scale, ask, unit) in new[] { (900_000.0, "samples at 30 kHz? Then give --time-unit 30000Hz", "30000Hz"), (1000, "in ms? Then give --time-unit ms", "ms") })
        {
            var path = Write(folder, "spike_times", "spike_clusters", scale);
            Faults.Message(() => RecordingImporters.Import(path, new ImportOptions { BinWidth = 0.05 }), "'spike_times'", ask, "--time-unit s");
            var proposal = RecordingImporters.Inspect(path)!.Proposal.ToList();
            Assert.Equal(unit, proposal[proposal.IndexOf("--time-unit") + 1]);
        }
    }

    [Theory]
    [InlineData("example_data_s1.pickle")]
    [InlineData("achilles.jl")]
    [InlineData("model.PKL")]
    public void Pickles_are_refused_with_what_to_do(string name)
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder[name], [0x80, 4, 0x95, 0, 0, 0, 0]);
        Faults.Message(() => RecordingImporters.Import(folder[name]), name, "pickle", "numpy.savez");
        Faults.Message(() => RecordingImporters.Inspect(folder[name]), name, "pickle", "numpy.savez");

        // What is HDF5 is read, whatever its name.
        var path = Write(folder, "spikes/timestamps", "spikes/unit_index");
        File.Move(path, folder[name], overwrite: true);
        Assert.Equal(Units, RecordingImporters.Import(folder[name], new ImportOptions { BinWidth = 0.05 }).Recording.Groups[0].Channels);
    }

    [Fact]
    public void Structures_of_units_in_structures_of_trials_are_read_and_a_hand_without_times_is_refused_as_such()
    {
        var path = SharedData.Committed("structures.mat");
        var options = new ImportOptions { BinWidth = 0.05, Maps = [ArrayMapping.Parse("spikes=R.unit.spikeTimes:trial,unit,spike")], TimeUnit = "ms", Align = "timeGoCue", Window = (-0.3, 0.4), TrainFraction = 1, ValidationEvery = 0 };
        var trials = RecordingImporters.Import(path, options).Recording.Trials;
        Assert.Equal((5, 14), (trials.Count, trials[0].Bins));

        // The cue of trial 1 is at .6 s, its window from .3 s: spikes of unit 0 at .3, .55 and .8 s.
        Assert.Equal([0, 5, 10], Enumerable.Range(0, 14).Where(t => trials[1].Observations[0][t, 0] > 0));
        Faults.Message(() => RecordingImporters.Import(path, options with { Behaviour = [new ImportedValues("hand", "R.HAND.X")] }), "nothing tells the times of 'R.HAND.X'", "--time");
    }

    /// <summary>An archive of NumPy, or where names are paths an HDF5 file, of all spikes; with a scale times are whole numbers of so many ticks a second.</summary>
    private static string Write(TestFolder folder, string times, string? units, double scale = 0)
    {
        double[] clock = [.. s_all.Select(spike => scale == 0 ? spike.Time : Math.Round(spike.Time * scale))];
        if (times.Contains('/', StringComparison.Ordinal))
        {
            var file = new Hdf5Archive();
            file.Add(times, clock, clock.Length);
            file.Add(units!, [.. s_all.Select(spike => (double)spike.Unit)], clock.Length);
            file.Save(folder["spikes.h5"]);
            return folder["spikes.h5"];
        }

        File.Delete(folder["spikes.npz"]);
        using var archive = ZipFile.Open(folder["spikes.npz"], ZipArchiveMode.Create);
        Entry(times, "<f8", MemoryMarshal.AsBytes(clock.AsSpan()));
        if (units is not null)
        {
            Entry(units, "<i8", MemoryMarshal.AsBytes(s_all.Select(spike => spike.Unit).ToArray().AsSpan()));
        }

        return folder["spikes.npz"];

        void Entry(string name, string type, ReadOnlySpan<byte> bytes)
        {
            using var stream = archive.CreateEntry(name + ".npy").Open();
            stream.Write(Numpy_files.Npy(type, false, [s_all.Length], bytes.ToArray()));
        }
    }
}
