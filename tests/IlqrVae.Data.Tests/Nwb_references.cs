using System.IO.Compression;
using IlqrVae.Data.Import;

namespace IlqrVae.Data.Tests;

/// <summary>NWB files whose lists are told apart by references, made by Files/make_references.py.</summary>
public sealed class Nwb_references
{
    private static readonly int Copies = Mutations.Copies(300);

    private static readonly ImportOptions Options = new() { BinWidth = 0.1, TrainFraction = 1 };

    private static byte[] Bytes(string name)
    {
        using var packed = new GZipStream(File.OpenRead(SharedData.Committed($"{name}.nwb.gz")), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        packed.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static string Unpack(TestFolder folder, string name)
    {
        File.WriteAllBytes(folder[$"{name}.nwb"], Bytes(name));
        return folder[$"{name}.nwb"];
    }

    private static double[] Times(string path, int unit)
    {
        var trial = Assert.Single(RecordingImporters.Import(path, Options).Recording.Trials);
        Assert.Equal(20, trial.Bins);
        return [.. Enumerable.Range(0, trial.Bins).Where(bin => trial.Observations[0][bin, unit] == 1)];
    }

    [Theory]
    [InlineData("regions")]
    [InlineData("regions_latest")]
    public void Lists_are_told_apart_by_references_to_their_parts_in_any_order(string name)
    {
        using var folder = new TestFolder();
        var path = Unpack(folder, name);
        Assert.Equal([1, 2], Times(path, 0));
        Assert.Empty(Times(path, 1));
        Assert.Equal([11, 12, 13], Times(path, 2));
        Assert.Equal([3], Times(path, 3));
        var contents = RecordingImporters.Inspect(path)!;
        Assert.Equal(6, contents.Units!.Spikes);
        var columns = contents.Tables.Single(table => table.Path == "/units").Columns;
        Assert.Equal(["[0.1, 0.2]", "[]", "[1.1, 1.2, 1.3]"], columns.Single(column => column.Name == "spike_times").Examples.Take(3), StringComparer.Ordinal);
        Assert.Contains("region reference", columns.Single(column => column.Name == "electrodes").Type, StringComparison.Ordinal);
        Faults.Message(() => RecordingImporters.Import(path, Options with { Units = "electrodes == 1" }), "electrodes", "region reference");
    }

    [Fact]
    public void An_index_is_of_what_it_says_whatever_it_is_called()
    {
        using var folder = new TestFolder();
        var path = Unpack(folder, "target_by_name");
        Assert.Equal([11, 12, 13], Times(path, 0));
        Assert.Equal([1, 2], Times(path, 2));
        var columns = RecordingImporters.Inspect(path)!.Tables.Single(table => table.Path == "/units").Columns;
        Assert.DoesNotContain(columns, column => column.Name == "which_unit");
        Assert.Equal("lists of float64", columns.Single(column => column.Name == "spike_times").Type);
    }

    [Theory]
    [InlineData("regions_of_another", "reference 0 of '/units/spike_times_index'", "leads to another table")]
    [InlineData("regions_of_columns", "reference 0 of '/units/obs_intervals_index'", "not of one run")]
    [InlineData("regions_in_pieces", "reference 0 of '/units/spike_times_index'", "not of one run")]
    [InlineData("regions_of_patterns", "reference 0 of '/units/spike_times_index'", "not of one run")]
    [InlineData("regions_of_points", "/units/spike_times_index", "single points")]
    [InlineData("regions_of_nothing", "reference 1 of '/units/spike_times_index'", "leads nowhere")]
    [InlineData("regions_too_few", "'/units/spike_times_index' has 2 entries", "4 rows")]
    [InlineData("objects", "/units/spike_times_index", "object references")]
    [InlineData("target_of_another", "'/units/spike_times_index'", "attribute 'target' leads elsewhere")]
    public void What_would_give_wrong_numbers_is_refused_by_name(string name, string what, string why)
    {
        using var folder = new TestFolder();
        var path = Unpack(folder, name);
        Faults.Message(() => RecordingImporters.Import(path, Options), what, why);
        Assert.True(Record.Exception(() => RecordingImporters.Inspect(path)) is null or InputException);
    }

    [Theory]
    [InlineData("regions")]
    [InlineData("regions_latest")]
    public void Mutated_copies_give_an_answer_or_one_line(string name)
    {
        using var folder = new TestFolder(inMemory: true);
        var (bytes, refused) = (Bytes(name), 0);
        foreach (var seed in Mutations.Seeds(Copies))
        {
            var path = folder["copy.nwb"];
            File.WriteAllBytes(path, Mutations.Of(bytes, new Random(seed), headerBytes: bytes.Length));
            refused += Mutations.Try(seed, ("import", () => RecordingImporters.Import(path, Options).Recording.Trials.Count), ("inspect", () => RecordingImporters.Inspect(path) is null ? 0 : 1));
        }

        Mutations.Tell($"NWB, {name}", Copies, refused);
    }

    [Fact]
    public void Newer_forms_of_references_are_read()
    {
        // Entries 4 to 6 of a table of one axis: by a start, a stride, a count and the length of a block of eight and of four bytes, and by their ends of two.
        Assert.Equal((4UL, 6UL), Part(2, 2, 0x01, Whole(4, 36), Whole(4, 1), Whole(8, 4), Whole(8, 1), Whole(8, 3), Whole(8, 1)));
        Assert.Equal((4UL, 6UL), Part(2, 3, 0x01, [4], Whole(4, 1), Whole(4, 4), Whole(4, 3), Whole(4, 1), Whole(4, 3)));
        Assert.Equal((4UL, 6UL), Part(2, 3, 0x00, [2], Whole(4, 1), Whole(2, 1), Whole(2, 4), Whole(2, 6)));
        Assert.Null(Part(2, 3, 0x01, [4], Whole(4, 1), Whole(4, 4), Whole(4, 3), Whole(4, 0), Whole(4, 3)));
        Assert.Throws<NotSupportedException>(() => Part(2, 3, 0x01, [4], Whole(4, 1), Whole(4, 4), Whole(4, 3), Whole(4, 2), Whole(4, 1)));
        Assert.Throws<NotSupportedException>(() => Part(2, 4, 0x01, [4], Whole(4, 1)));
        Assert.Throws<InvalidDataException>(() => Part(2, 3, 0x00, [2], Whole(4, 1), Whole(2, 9), Whole(2, 4), Whole(2, 6)));
        Assert.Throws<InvalidDataException>(() => Part(2, 3, 0x00, [3], Whole(4, 1), Whole(2, 1), Whole(2, 4), Whole(2, 6)));

        static byte[] Whole(int size, ulong value) => BitConverter.GetBytes(value)[..size];

        static (ulong, ulong)? Part(uint kind, uint version, byte flags, params byte[][] rest)
        {
            byte[] piece = [.. Whole(8, 800), .. Whole(4, kind), .. Whole(4, version), flags, .. rest.SelectMany(bytes => bytes)];
            byte[] padded = [.. piece, .. new byte[(8 - (piece.Length % 8)) % 8]];
            byte[] heap = [.. "GCOL"u8, 1, 0, 0, 0, .. Whole(8, (ulong)(16 + 16 + padded.Length + 16)), .. Whole(2, 7), 0, 0, 0, 0, 0, 0, .. Whole(8, (ulong)piece.Length), .. padded, .. new byte[16]];
            using var stream = new MemoryStream([.. new byte[64], .. heap]);
            var region = new Hdf5Regions(new Hdf5Bytes(stream, 0)).Find(64, 7)!;
            Assert.Equal(800UL, region.Address);
            return region.Blocks is [var (first, last)] ? (Assert.Single(first), Assert.Single(last)) : null;
        }
    }
}
