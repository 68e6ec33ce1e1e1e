using IlqrVae.Data.Import;
using PureHDF;

namespace IlqrVae.Data.Tests;

/// <summary>NWB files that are damaged, odd or hostile: one line or a remark, quickly and in little memory.</summary>
public sealed class Nwb_faults
{
    private static readonly int Copies = Mutations.Copies(1400);

    private static readonly ImportOptions Windows = new()
    {
        BinWidth = 0.02,
        Align = "go_time",
        Window = (-0.2, 0.4),
        Where = "kind != 'no' and good",
        Units = "id >= 0",
        Behaviour = [new ImportedValues("x", "x"), new ImportedValues("y", "processing/behavior/y")],
        Conditions = ["kind"],
    };

    private static readonly ImportOptions Chunks = new() { BinWidth = 0.02, ChunkSeconds = 1, ChunkOverlapSeconds = 0.5, Behaviour = [new ImportedValues("y", "y")] };

    private static NwbBuilder Whole()
    {
        var random = new Random(3);
        var builder = new NwbBuilder();
        builder.Units([10, 11, 12], [.. Enumerable.Range(0, 3).Select(_ => Enumerable.Range(0, 60).Select(_ => random.NextDouble() * 8).Order().ToArray())], Array.Empty<ushort>());
        builder.Observed([0, 4, 4.5, 8], [0, 4, 4.5, 8], [0, 8]);
        builder.Trials([0.5, 2, 3.9, 6], [1.5, 3, 5, 7], ("go_time", new[] { 1, 2.5, 4.2, double.NaN }), ("kind", new[] { "a", "b", "a", "no" }), ("good", new[] { H5Bool.TRUE, H5Bool.TRUE, H5Bool.TRUE, H5Bool.FALSE }));
        builder.Group("intervals/trials")["touch"] = new[] { 1.0, 2, 3 };
        builder.Group("intervals/trials")["touch_index"] = new byte[] { 1, 1, 2, 3 };
        builder.Series("processing/behavior/x", Enumerable.Range(0, 800).Select(i => (short)i).ToArray(), channels: 2, start: 0, rate: 50, conversion: 0.1, chunk: 100);
        builder.Series("processing/behavior/y", Enumerable.Range(0, 800).Select(i => i * 0.5).ToArray(), times: [.. Enumerable.Range(0, 800).Select(i => i * 0.01)], chunk: 100);
        builder.Series("acquisition/z", new float[800], timesOf: "/processing/behavior/y");
        return builder;
    }

    [Fact]
    public void Mutated_copies_give_an_answer_or_one_line()
    {
        using var folder = new TestFolder(inMemory: true);
        var bytes = File.ReadAllBytes(Whole().Save(folder["whole.nwb"]));
        Assert.NotEmpty(RecordingImporters.Import(folder["whole.nwb"], Windows).Recording.Trials);
        Assert.NotEmpty(RecordingImporters.Import(folder["whole.nwb"], Chunks).Recording.Trials);
        var refused = 0;
        foreach (var seed in Mutations.Seeds(Copies))
        {
            var random = new Random(seed);
            var path = folder["copy.nwb"];
            File.WriteAllBytes(path, Mutations.Of(bytes, random, headerBytes: 8192));
            refused += Mutations.Try(
                seed, ("windows", () => RecordingImporters.Import(path, Windows).Recording.Trials.Count), ("chunks", () => RecordingImporters.Import(path, Chunks).Recording.Trials.Count),
                ("inspect", () => RecordingImporters.Inspect(path) is null ? 0 : 1));
        }

        Mutations.Tell("NWB", Copies, refused);
        Assert.InRange(refused, Copies / 4, 3 * Copies);
    }

    [Fact]
    public void Columns_that_contradict_their_shape_are_not_read()
    {
        // Of four entries by their lengths, and of one, for they say that they are scalars.
        using var folder = new TestFolder();
        var bytes = File.ReadAllBytes(Whole().Save(folder["whole.nwb"]));
        byte[] simple = [2, 1, 0, 1, 4, 0, 0, 0, 0, 0, 0, 0];
        var found = 0;
        for (var at = bytes.AsSpan().IndexOf(simple); at >= 0; at = bytes.AsSpan().IndexOf(simple))
        {
            bytes[at + 3] = 0;
            found++;
        }

        Assert.InRange(found, 5, 20);
        var path = folder["contradiction.nwb"];
        File.WriteAllBytes(path, bytes);
        Faults.Message(() => RecordingImporters.Import(path, Windows), "1 entries where its shape has 4", "damaged");
        var trials = RecordingImporters.Inspect(path)!.Tables.Single(table => table.Path == "/intervals/trials");
        Assert.Contains("1 entries where its shape has 4", trials.Columns.Single(column => column.Name == "kind").Type, StringComparison.Ordinal);
        Assert.Contains("1 entries where its shape has 4", trials.Columns.Single(column => column.Name == "start_time").Type, StringComparison.Ordinal);
    }

    [Fact]
    public void An_index_of_more_chunks_than_the_file_holds_is_refused()
    {
        using var folder = new TestFolder();
        var bytes = File.ReadAllBytes(Whole().Save(folder["whole.nwb"]));
        var found = 0;
        for (var at = bytes.AsSpan().IndexOf("FAHD"u8); at >= 0; at = bytes.AsSpan(at + 1).IndexOf("FAHD"u8) is >= 0 and var next ? at + 1 + next : -1)
        {
            // 2^40 entries and some.
            bytes[at + 8 + 5]++;
            found++;
        }

        Assert.InRange(found, 2, 8);
        var path = folder["many.nwb"];
        File.WriteAllBytes(path, bytes);
        Faults.Message(() => RecordingImporters.Import(path, Chunks), "an index of 10995", "more than the file holds");
    }

    [Fact]
    public void An_index_of_millions_of_rows_is_not_read_to_show_three()
    {
        using var folder = new TestFolder();
        var builder = Whole();
        builder.Group("intervals/trials")["touch_index"] = new byte[2_000_000];
        var contents = RecordingImporters.Inspect(builder.Save(folder["a.nwb"]))!;
        Assert.Equal(["...", "...", "..."], contents.Tables.Single(table => table.Path == "/intervals/trials").Columns.Single(column => column.Name == "touch").Examples);
    }

    [Fact]
    public void Odd_spike_times_are_counted_where_they_lie_or_left_out()
    {
        using var folder = new TestFolder();
        var builder = new NwbBuilder();
        builder.Units([5, 5], [[1.5, double.NaN, -0.5, 0.25, double.PositiveInfinity, 0.15, 1e300], [99, -99]]);
        builder.Observed([-1, 2], [-1, 2]);
        var (recording, remarks) = RecordingImporters.Import(builder.Save(folder["a.nwb"]), new ImportOptions { BinWidth = 0.1, TrainFraction = 1 });
        var counts = recording.Trials[0].Observations[0].ToTable();
        Assert.Equal(30, counts.Bins);
        Assert.Equal((1, 1, 1, 1), (counts[5, 0], counts[11, 0], counts[12, 0], counts[25, 0]));
        Assert.Equal(4, counts.Values.Sum());
        Assert.Equal(["unit-000", "unit-001"], recording.Groups[0].ChannelNames);
        Assert.Contains(remarks, remark => remark.Contains("3 spikes have a time that is no number", StringComparison.Ordinal));
        Assert.Contains(remarks, remark => remark.Contains("not unique", StringComparison.Ordinal));
        var contents = RecordingImporters.Inspect(folder["a.nwb"])!;
        Assert.Contains(contents.Remarks, remark => remark.Contains("not sorted", StringComparison.Ordinal));
    }

    [Fact]
    public void Trials_that_are_none_are_told()
    {
        using var folder = new TestFolder();
        var builder = new NwbBuilder();
        builder.Units([1], [[0.5, 3]]);
        builder.Trials([], []);
        var path = builder.Save(folder["a.nwb"]);
        Faults.Message(() => RecordingImporters.Import(path, new ImportOptions { Trials = "trials" }), "is empty", "--chunk");
        Assert.NotEmpty(RecordingImporters.Import(path, new ImportOptions { BinWidth = 0.05 }).Recording.Trials);

        builder = new NwbBuilder();
        builder.Units([1], [[0.5, 3]]);
        path = builder.Save(folder["b.nwb"]);
        Faults.Message(() => RecordingImporters.Import(path, new ImportOptions { Where = "id > 0" }), "no table of trials");
        builder.Trials([1, 2, 5], [double.NaN, 1, 1e7]);
        path = builder.Save(folder["c.nwb"]);
        Faults.Message(() => RecordingImporters.Import(path, new ImportOptions { BinWidth = 0.05 }), "no trial of the table", "shorter than a bin");
    }

    [Fact]
    public void Files_without_units_or_with_odd_ones_are_told()
    {
        using var folder = new TestFolder();
        var path = new NwbBuilder().Save(folder["a.nwb"]);
        Faults.Message(() => RecordingImporters.Import(path), "no units with spike times", "--behaviour");
        Assert.Empty(RecordingImporters.Inspect(path)!.Proposal);
        path = new NwbBuilder("1.0.6").Save(folder["b.nwb"]);
        Faults.Message(() => RecordingImporters.Import(path), "NWB 1.0.6", "convert it");
        Faults.Message(() => RecordingImporters.Inspect(path), "NWB 1.0.6");

        var builder = new NwbBuilder();
        builder.Units([1, 2], [[0.5], [1, 2]])["spike_times_index"] = new long[] { 2, 1 };
        Faults.Message(() => RecordingImporters.Import(builder.Save(folder["c.nwb"])), "'/units/spike_times_index'", "row 1 ends at entry 1", "damaged");
        builder.Group("units")["spike_times_index"] = new long[] { 2, 99 };
        Faults.Message(() => RecordingImporters.Import(builder.Save(folder["d.nwb"])), "row 1 ends at entry 99 of 3");
        builder.Group("units")["spike_times_index"] = new long[] { -1, 3 };
        Faults.Message(() => RecordingImporters.Import(builder.Save(folder["e.nwb"])), "row 0 ends at entry -1");
        builder.Group("units")["spike_times_index"] = new[] { 1.0, 3.0 };
        Faults.Message(() => RecordingImporters.Import(builder.Save(folder["f.nwb"])), "whole numbers");
        builder.Group("units")["spike_times_index"] = new long[] { 1 };
        Faults.Message(() => RecordingImporters.Import(builder.Save(folder["g.nwb"])), "spike_times_index", "shape 1 where 2");
        builder.Group("units")["spike_times_index"] = new long[] { 1, 3 };
        builder.Group("units")["spike_times"] = new[] { "a", "b", "c" };
        Faults.Message(() => RecordingImporters.Import(builder.Save(folder["h.nwb"])), "text where numbers are needed");
    }

    [Fact]
    public void Impossible_lengths_of_time_are_refused_before_memory_is_taken()
    {
        using var folder = new TestFolder();
        var builder = new NwbBuilder();
        builder.Units([1], [[0.5, 1e8]]);
        Faults.Message(() => RecordingImporters.Import(builder.Save(folder["a.nwb"])), "1157 days", "in seconds?");
        builder = new NwbBuilder();
        builder.Units([.. Enumerable.Range(0, 100).Select(i => (long)i)], [.. Enumerable.Range(0, 100).Select(i => new[] { i, 2e6 })]);
        Faults.Message(() => RecordingImporters.Import(builder.Save(folder["b.nwb"])), "more than a file of", "in seconds?");
        builder.Trials([0], [2e6]);
        Faults.Message(() => RecordingImporters.Import(builder.Save(folder["c.nwb"])), "more than a file of");
        Faults.Message(() => RecordingImporters.Import(folder["c.nwb"], new ImportOptions { Window = (-1e9, 1e9) }), "too long");
        Faults.Message(() => RecordingImporters.Import(folder["c.nwb"], new ImportOptions { BinWidth = 1e-9 }), "one microsecond");
    }

    [Fact]
    public void Links_in_circles_or_to_nowhere_do_no_harm()
    {
        using var folder = new TestFolder();
        var builder = Whole();
        builder.Group("acquisition")["self"] = new H5SoftLink("/acquisition");
        builder.Group("acquisition")["round"] = new H5SoftLink("/acquisition/round");
        builder.Group("acquisition")["nowhere"] = new H5SoftLink("/nothing");
        builder.Group("acquisition/lost")["data"] = new[] { 1.0 };
        builder.Group("acquisition/lost")["timestamps"] = new H5SoftLink("/nothing/timestamps");
        builder.Series("acquisition/w", new float[800], timesOf: "/acquisition/round");
        var path = builder.Save(folder["a.nwb"]);
        Assert.NotEmpty(RecordingImporters.Import(path, Windows).Recording.Trials);
        var contents = RecordingImporters.Inspect(path)!;
        Assert.Contains(contents.Series, one => one.Path == "/acquisition/z");
        Assert.Contains(contents.Remarks, remark => remark.Contains("leads to itself", StringComparison.Ordinal));
        Faults.Message(() => RecordingImporters.Import(path, Windows with { Behaviour = [new ImportedValues("w", "acquisition/w")] }), "'/acquisition/w/timestamps'", "leads to itself");
        Faults.Message(() => RecordingImporters.Import(path, Windows with { Behaviour = [new ImportedValues("w", "acquisition/lost")] }), "no series 'acquisition/lost'");
    }

    [Fact]
    public void Series_that_are_none_are_told()
    {
        using var folder = new TestFolder();
        var builder = Whole();
        builder.Series("acquisition/stopped", new double[10], start: 0, rate: 0);
        builder.Series("acquisition/words", new[] { "a", "b" }, start: 0, rate: 1);
        builder.Series("acquisition/short", new double[10], times: [0, 1, 2]);
        builder.Group("acquisition/movie")["data"] = new H5Dataset(new double[8], fileDims: [2, 2, 2]);
        builder.Group("acquisition/movie")["timestamps"] = new[] { 0.0, 1 };
        var path = builder.Save(folder["a.nwb"]);
        foreach (var (name, what) in new[] { ("stopped", "rate"), ("words", "text where numbers"), ("movie", "2 x 2 x 2") })
        {
            Faults.Message(() => RecordingImporters.Import(path, Windows with { Behaviour = [new ImportedValues("w", $"acquisition/{name}")] }), $"/acquisition/{name}", what);
        }

        Assert.Contains(RecordingImporters.Import(path, Windows with { Behaviour = [new ImportedValues("w", "acquisition/short")] }).Remarks, remark => remark.Contains("10 samples and 3 times", StringComparison.Ordinal));
        Assert.NotEmpty(RecordingImporters.Inspect(path)!.Series);
    }
}
