using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using IlqrVae.Data.Import;

namespace IlqrVae.Data.Tests;

public sealed class Numpy_files
{
    [Theory]
    [InlineData("|b1", 1)]
    [InlineData("|i1", 1)]
    [InlineData("|u1", 1)]
    [InlineData("<i2", 2)]
    [InlineData(">i2", 2)]
    [InlineData("<u2", 2)]
    [InlineData(">u2", 2)]
    [InlineData("<i4", 4)]
    [InlineData(">i4", 4)]
    [InlineData("<u4", 4)]
    [InlineData(">u4", 4)]
    [InlineData("<i8", 8)]
    [InlineData(">i8", 8)]
    [InlineData("<u8", 8)]
    [InlineData(">u8", 8)]
    [InlineData("<f2", -2)]
    [InlineData(">f2", -2)]
    [InlineData("<f4", -4)]
    [InlineData(">f4", -4)]
    [InlineData("<f8", -8)]
    [InlineData(">f8", -8)]
    public void Every_number_is_read_in_either_order_of_bytes_and_of_axes(string type, int size)
    {
        using var folder = new TestFolder();
        foreach (var isColumnMajor in (bool[])[false, true])
        {
            foreach (var version in (int[])[1, 2, 3])
            {
                // 40 bins x 3 units.
                var entries = new List<byte>();
                for (var i = 0; i < 120; i++)
                {
                    var (bin, unit) = isColumnMajor ? (i % 40, i / 40) : (i / 3, i % 3);
                    entries.AddRange(Bytes(Count(bin, unit), size, type[0] == '>'));
                }

                File.WriteAllBytes(folder["a.npy"], Npy(type, isColumnMajor, [40, 3], [.. entries], version));
                var (recording, remarks) = RecordingImporters.Import(folder["a.npy"], new ImportOptions { BinWidth = 0.01, TrainFraction = 1 });
                var counts = recording.Trials[0].Observations[0];
                Assert.Equal((40, 3), (counts.Bins, counts.Channels));
                for (var bin = 0; bin < 40; bin++)
                {
                    for (var unit = 0; unit < 3; unit++)
                    {
                        Assert.Equal(Count(bin, unit), counts[bin, unit]);
                    }
                }

                Assert.Contains("only array", remarks[0], StringComparison.Ordinal);
                Assert.Contains("much longer", remarks[1], StringComparison.Ordinal);
            }
        }

        int Count(int bin, int unit) => size == 1 && type[1] == 'b' ? (bin + unit) % 2 : ((7 * bin) + unit) % 100;
    }

    [Theory]
    [InlineData("|O", "pickle")]
    [InlineData("<c16", "complex")]
    [InlineData("<f16", "more than eight bytes")]
    [InlineData("<M8[ns]", "dates")]
    [InlineData("|V8", "records")]
    [InlineData("<q8", "type <q8")]
    public void Other_types_are_refused_by_name(string type, string said)
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder["a.npy"], Npy(type, false, [40, 3], new byte[4000]));
        Faults.Message(() => RecordingImporters.Import(folder["a.npy"]), "a.npy", said);

        // In an archive they do not stand in the way of others.
        using (var archive = ZipFile.Open(folder["a.npz"], ZipArchiveMode.Create))
        {
            foreach (var (name, bytes) in new[] { ("odd", Npy(type, false, [40, 3], new byte[4000])), ("spikes", Npy("|u1", false, [40, 3], new byte[120])) })
            {
                using var stream = archive.CreateEntry($"{name}.npy").Open();
                stream.Write(bytes);
            }
        }

        Assert.Single(RecordingImporters.Import(folder["a.npz"], new ImportOptions { BinWidth = 0.01, TrainFraction = 1 }).Recording.Groups);
        Faults.Message(() => RecordingImporters.Import(folder["a.npz"], new ImportOptions { BinWidth = 0.01, Spikes = "odd" }), "a.npz", "'odd'", said);
        Assert.Contains(RecordingImporters.Inspect(folder["a.npz"])!.Series, one => one.Path == "odd" && one.Note.Contains(said, StringComparison.Ordinal));
    }

    [Fact]
    public void A_header_of_fields_is_records()
    {
        using var folder = new TestFolder();
        var text = "{'descr': [('a', '<f8'), ('b', '<i4', (2,))], 'fortran_order': False, 'shape': (3,), }\n";
        File.WriteAllBytes(folder["a.npy"], [0x93, .. "NUMPY"u8, 1, 0, (byte)text.Length, 0, .. Encoding.ASCII.GetBytes(text), .. new byte[60]]);
        Faults.Message(() => RecordingImporters.Import(folder["a.npy"]), "records", "each of their fields");
    }

    [Theory]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), ")]
    [InlineData("{'descr': '<f8', 'fortran_order': Maybe, 'shape': (3, 4), }")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (3, -4), }")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, }")]
    [InlineData("{'descr': '<f8', 'shape': (99999999999, 4), 'fortran_order': False}")]
    [InlineData("{'descr': '<f8' 'fortran_order': False, 'shape': (3, 4), }")]
    [InlineData("{}")]
    [InlineData("import os")]
    public void Headers_that_are_none_are_refused(string text)
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder["a.npy"], [0x93, .. "NUMPY"u8, 1, 0, (byte)text.Length, 0, .. Encoding.ASCII.GetBytes(text), .. new byte[96]]);
        Faults.Message(() => RecordingImporters.Import(folder["a.npy"]), "a.npy", "not NumPy's");
    }

    [Fact]
    public void Files_cut_short_or_of_another_version_are_refused()
    {
        using var folder = new TestFolder();
        var whole = Npy("<i8", false, [40, 3], new byte[960]);
        for (var length = 6; length < whole.Length; length += 13)
        {
            File.WriteAllBytes(folder["a.npy"], whole[..length]);
            Faults.Message(() => RecordingImporters.Import(folder["a.npy"], new ImportOptions { BinWidth = 0.01 }), "a.npy");
        }

        whole[6] = 9;
        File.WriteAllBytes(folder["a.npy"], whole);
        Faults.Message(() => RecordingImporters.Import(folder["a.npy"]), "version 9");
        File.WriteAllBytes(folder["a.npy"], Npy("<i8", false, [40, 3000], new byte[960]));
        Faults.Message(() => RecordingImporters.Import(folder["a.npy"]), "40 x 3000", "960000 bytes, where at most 960 follow");
    }

    [Fact]
    public void Texts_of_either_kind_are_labels()
    {
        using var folder = new TestFolder();
        using (var archive = ZipFile.Open(folder["a.npz"], ZipArchiveMode.Create))
        {
            byte[] wide = [.. ((string[])["left", "rechts", ""]).SelectMany(word => word.PadRight(6, '\0').SelectMany(letter => Bytes(letter, 4, isBig: true)))];
            foreach (var (name, bytes) in new[] { ("spikes", Npy("|u1", false, [3, 40, 2], new byte[240])), ("time", Npy("<f8", false, [40], [.. Enumerable.Range(0, 40).SelectMany(i => Bytes(i, -8, false))])), ("trial_kind", Npy(">U6", false, [3], wide)), ("trial_code", Npy("|S2", false, [3], "ab\0\0c\0"u8.ToArray())) })
            {
                using var stream = archive.CreateEntry($"{name}.npy").Open();
                stream.Write(bytes);
            }
        }

        var trials = RecordingImporters.Import(folder["a.npz"], new ImportOptions { TrainFraction = 1 }).Recording.Trials;
        Assert.Equal("left,rechts,", string.Join(',', trials.Select(trial => trial.Labels["trial_kind"].Text)));
        Assert.Equal("ab,,c", string.Join(',', trials.Select(trial => trial.Labels["trial_code"].Text)));
    }

    /// <summary>A file of one array.</summary>
    internal static byte[] Npy(string type, bool isColumnMajor, int[] shape, byte[] entries, int version = 1) => [.. Header(type, isColumnMajor, shape, version), .. entries];

    internal static byte[] Header(string type, bool isColumnMajor, int[] shape, int version = 1) => NpyBytes.Header(type, isColumnMajor, shape, version);

    /// <summary>A number in so many bytes, negative for a real one.</summary>
    [Fact]
    public void Names_with_slashes_are_groups_as_those_of_HDF5()
    {
        using var folder = new TestFolder();
        Write(folder["sorted.npz"], ("session/spike_times", "<f8", Doubles(0.05, 0.15, 1.05, 1.25, 1.35)), ("trials/start_time", "<f8", Doubles(0, 1)), ("trials/stop_time", "<f8", Doubles(0.5, 1.5)), ("trials/side/of", "<f8", Doubles(3, 4)), ("trials/side", "<f8", Doubles(5, 6)));
        var (recording, _) = RecordingImporters.Import(folder["sorted.npz"], new ImportOptions { BinWidth = 0.1, Trials = "trials", Maps = [ArrayMapping.Parse("spikes=session/spike_times:spike")] });
        Assert.Equal(2, recording.Trials.Count);
        Assert.Equal([1, 1, 0, 0, 0], Enumerable.Range(0, 5).Select(bin => recording.Trials[0].Observations[0][bin, 0]));
        Assert.Equal([1, 0, 1, 1, 0], Enumerable.Range(0, 5).Select(bin => recording.Trials[1].Observations[0][bin, 0]));
        Assert.Equal(5, recording.Trials[0].Labels["side"].Number);

        static byte[] Doubles(params double[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

        static void Write(string path, params (string Name, string Type, byte[] Entries)[] arrays)
        {
            using var zip = ZipFile.Open(path, ZipArchiveMode.Create);
            foreach (var (name, type, entries) in arrays)
            {
                using var stream = zip.CreateEntry($"{name}.npy").Open();
                stream.Write(Npy(type, isColumnMajor: false, [entries.Length / 8], entries, 1));
            }
        }
    }

    private static byte[] Bytes(double value, int size, bool isBig)
    {
        var bytes = new byte[Math.Abs(size)];
        switch (size)
        {
            case -2: BinaryPrimitives.WriteHalfLittleEndian(bytes, (Half)value); break;
            case -4: BinaryPrimitives.WriteSingleLittleEndian(bytes, (float)value); break;
            case -8: BinaryPrimitives.WriteDoubleLittleEndian(bytes, value); break;
            default:
                for (var i = 0; i < bytes.Length; i++)
                {
                    bytes[i] = (byte)((long)value >> (8 * i));
                }

                break;
        }

        if (isBig)
        {
            Array.Reverse(bytes);
        }

        return bytes;
    }
}
