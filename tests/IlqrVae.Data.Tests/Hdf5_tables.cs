using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;

namespace IlqrVae.Data.Tests;

/// <summary>Tables that h5py wrote, of every type, filter, chunking and number of axes, against entries known from their place (Files/make_tables.py).</summary>
public sealed class Hdf5_tables
{
    [Theory]
    [InlineData("tables_earliest.h5", 110)]
    [InlineData("tables_latest.h5", 110)]
    [InlineData("many_earliest.h5", 2)]
    [InlineData("many_latest.h5", 2)]
    public void Every_entry_is_read_right(string file, int atLeast)
    {
        using var folder = new TestFolder();
        var tables = RequireRight(Unpack(file, folder));
        Assert.InRange(tables, atLeast, 1000);
    }

    [Fact]
    public void Every_entry_of_a_large_sweep_is_read_right()
    {
        using var folder = new TestFolder();
        var python = new[] { "python3", "/usr/bin/python3" }.FirstOrDefault(python => Run(python, "-c", "import h5py, numpy"));
        Assert.SkipWhen(python is null, "python3 with h5py is not installed; with it this test makes and reads more tables.");
        Assert.True(Run(python!, SharedData.Committed("make_tables.py"), folder.Path));
        var tables = Directory.GetFiles(folder.Path, "*.h5").Sum(RequireRight);
        Assert.InRange(tables, 1200, 5000);
    }

    [Theory]
    [InlineData("many_earliest.h5")]
    [InlineData("many_latest.h5")]
    public void Chunks_that_were_never_written_are_zeros(string file)
    {
        using var folder = new TestFolder();
        using var archive = Hdf5Archive.Open(Unpack(file, folder));
        var values = archive.ReadInts("zeros", 2300).Values;
        for (var i = 0; i < values.Length; i++)
        {
            Assert.Equal(i is >= 2000 and < 2010 ? i - 2000 : 0, values[i]);
        }
    }

    [Fact]
    public void A_flipped_bit_under_a_checksum_is_refused()
    {
        using var folder = new TestFolder();
        const string Table = "u1_fletcher32_17x12_17x5_fixed";
        var path = Unpack("tables_latest.h5", folder);
        byte[] chunk;
        using (var archive = Hdf5Archive.Open(path))
        {
            // The beginning of a chunk of five columns, by which it is found in the file; other tables begin alike.
            var values = archive.ReadInts(Table, 17, 12).Values;
            chunk = [.. values[..5].Concat(values[12..17]).Concat(values[24..29]).Select(value => (byte)value)];
        }

        var bytes = File.ReadAllBytes(path);
        for (var (at, next) = (0, 0); (next = bytes.AsSpan(at).IndexOf(chunk)) >= 0; at += next + chunk.Length)
        {
            bytes[at + next + 3] ^= 4;
        }

        File.WriteAllBytes(path, bytes);
        using var damaged = Hdf5Archive.Open(path);
        Faults.Message(() => damaged.ReadInts(Table), "tables_latest.h5", Table, "checksum", "fletcher32");
    }

    [Fact]
    public void Kinds_of_numbers_and_texts_are_read()
    {
        using var folder = new TestFolder();
        using var archive = Hdf5Archive.Open(Unpack("kinds.h5", folder));
        Assert.Equal([1, 0, 1], archive.ReadInts("bool").Values);
        Assert.Equal([0.5, -2, 65504, (double)(Half)6e-8], archive.ReadDoubles("half", 2, 2).Values);
        Assert.Equal([0.5f, -2, 65504, (float)(Half)6e-8], archive.ReadFloats("half").Values);
        Assert.Equal(1.5, archive.ReadNumber("/", "half"));
        Assert.Equal(["a", "bcd"], archive.ReadStrings("fixed texts").Values);
        Assert.Equal(["", "één"], archive.ReadStrings("texts").Values);
        Assert.Equal("abc", archive.ReadText("/", "fixed"));
        Assert.Equal(2.5, Assert.Single(archive.ReadDoubles("scalar").Values));
        Assert.Empty(archive.ReadDoubles("empty").Values);
        Assert.Equal(new byte[131060], archive.ReadInts("most chunks").Values.Select(value => (byte)value));
        Assert.Equal(archive.ReadInts("noise").Values, archive.ReadInts("noise shuffled").Values);
        Assert.Equal(archive.ReadInts("noise").Values, archive.ReadInts("noise checked").Values);
    }

    [Theory]
    [InlineData("big-endian", "big-endian")]
    [InlineData("bfloat16", "unusual format", "float32")]
    [InlineData("twenty bits", "unusual format")]
    [InlineData("complex", "a type that is not read")]
    [InlineData("scaleoffset", "scaleoffset", "gzip")]
    [InlineData("external", "other files")]
    [InlineData("virtual", "virtual")]
    [InlineData("too many chunks", "more chunks", "libver='earliest'")]
    [InlineData("grows sideways", "another axis", "libver='earliest'")]
    public void What_is_not_read_is_refused_by_its_name(string table, params string[] mentioned)
    {
        using var folder = new TestFolder();
        using var archive = Hdf5Archive.Open(Unpack("kinds.h5", folder));
        var message = Faults.Message(() => archive.ReadDoubles(table), ["kinds.h5", $"'/{table}'", .. mentioned]);
        Assert.DoesNotContain("damaged", message, StringComparison.Ordinal);
        Assert.Throws<InputException>(() => archive.ReadRows(table, -1, -1));
    }

    [Fact]
    public void A_shape_of_another_number_of_axes_is_refused()
    {
        using var folder = new TestFolder();
        using var archive = Hdf5Archive.Open(Unpack("kinds.h5", folder));
        Assert.Equal([2, 2], archive.ReadShape("half", rank: 2));
        Faults.Message(() => archive.ReadShape("scalar", rank: 2), "'/scalar'", "scalar", "any x any");
        Faults.Message(() => archive.ReadShape("bool", rank: 2), "'/bool'", "shape 3");
    }

    [Fact]
    public void Tables_are_read_by_rows_side_by_side()
    {
        using var folder = new TestFolder();
        using var archive = Hdf5Archive.Open(Unpack("tables_earliest.h5", folder));
        var names = archive.Children("/").Where(name => name.Split('_')[2].Contains("17x12", StringComparison.Ordinal)).ToList();
        Assert.InRange(names.Count, 30, 200);
        var tables = names.ConvertAll(name => archive.ReadRows(name, 17, 12));
        for (var first = 16; first >= 0; first -= 4)
        {
            for (var t = 0; t < tables.Count; t++)
            {
                var rows = new double[Math.Min(4, 17 - first) * 12];
                tables[t].Copy<double>(first, rows.Length / 12, rows);
                for (var i = 0; i < rows.Length; i++)
                {
                    Assert.True(rows[i] == Entry(names[t], (first * 12) + i), $"{names[t]} at {first}, {i}");
                }
            }
        }
    }

    [Fact]
    public void The_chunks_used_last_are_kept_and_no_more_than_asked_for()
    {
        var cache = new Hdf5ChunkCache(bytes: 30);
        var read = new List<ulong>();
        foreach (var index in new ulong[] { 1, 2, 3, 1, 4, 1, 2, 5, 5 })
        {
            var chunk = cache.GetChunk(index, () =>
            {
                read.Add(index);
                return Enumerable.Repeat((byte)index, index == 5 ? 50 : 10).ToArray();
            });
            Assert.Equal(index, chunk.Span[0]);
        }

        // 4 pushes out 2, which was used before 3 and 1; a chunk larger than all is kept alone.
        Assert.Equal([1UL, 2, 3, 4, 2, 5], read);
    }

    internal static string Unpack(string name, TestFolder folder)
    {
        using var packed = new GZipStream(File.OpenRead(SharedData.Committed(name + ".gz")), CompressionMode.Decompress);
        using var file = File.Create(folder[name]);
        packed.CopyTo(file);
        return folder[name];
    }

    private static int RequireRight(string path)
    {
        using var archive = Hdf5Archive.Open(path);
        var names = archive.Children("/").Where(name => name.Contains('_', StringComparison.Ordinal)).ToList();
        foreach (var name in names)
        {
            var (shape, values) = archive.ReadDoubles(name);
            Assert.Equal(name.Split('_')[2], string.Join('x', shape));
            for (var i = 0; i < values.Length; i++)
            {
                Assert.True(values[i] == Entry(name, i), $"{Path.GetFileName(path)}, {name}: {values[i]} at {i} where {Entry(name, i)} was written");
            }
        }

        return names.Count;
    }

    private static double Entry(string name, int index)
    {
        var k = ((index * 7919L) + 13) % 65521;
        return name.Split('_')[0] switch
        {
            "u1" => k % 256,
            "i1" => (k % 256) - 128,
            "u2" => k,
            "i2" => (k % 32768) - 16384,
            "u4" => k * 60000,
            "i4" => (k * 30000) - 1_000_000_000,
            "u8" => k * 1_000_000_000,
            "i8" => (k * 1_000_000_000) - 30_000_000_000_000,
            "f2" => k % 2048,
            "f4" or "f8" => (k / 8.0) - 1000,
            "bool" => k % 2,
            var type => throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"The table {name} has the unknown type {type}.")),
        };
    }

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
