using CsCheck;

namespace IlqrVae.Data.Tests;

public sealed class Hdf5_archives
{
    [Fact]
    public void Tables_and_attributes_of_every_type_are_read_back()
    {
        using var folder = new TestFolder();
        var file = new Hdf5Archive();
        file.Add("/a/doubles", [1.5, double.NaN, double.NegativeInfinity, 0, -0.0, 5], 2, 3);
        file.Add("a/floats", [1.5f, 2.5f]);
        file.Add("a/b/longs", [long.MinValue, long.MaxValue], 1, 2, 1);
        file.Add("a/b/ints", [int.MinValue, 7]);
        file.Add("texts", ["", "één", "line\nbreak"]);
        file.Add("nothing", Array.Empty<double>(), 0, 3);
        file.SetAttribute("/", "text", "a: 1\nb: [2, 3]\n");
        file.SetAttribute("a/b", "number", 0.1);
        file.SetAttribute("a/doubles", "whole", 42);
        file.SetAttribute("later", "text", "a group of attributes only");
        file.Save(folder["one.h5"]);
        file.Save(folder["two.h5"]);
        Assert.Equal(File.ReadAllBytes(folder["one.h5"]).Length, File.ReadAllBytes(folder["two.h5"]).Length);

        using var read = Hdf5Archive.Open(folder["two.h5"]);
        Assert.Equal(["a", "later", "nothing", "texts"], read.Children("/"));
        Assert.Equal([2, 3], read.ReadDoubles("a/doubles", -1, 3).Shape);
        Assert.Equal([1.5, double.NaN, double.NegativeInfinity, 0, -0.0, 5], read.ReadDoubles("a/doubles").Values);
        Assert.Equal([1.5f, 2.5f], read.ReadFloats("a/floats").Values);
        Assert.Equal([1.5, 2.5], read.ReadDoubles("a/floats", 2).Values);
        Assert.Equal([long.MinValue, long.MaxValue], read.ReadLongs("a/b/longs", 1, 2, 1).Values);
        Assert.Equal([int.MinValue, 7], read.ReadInts("/a/b/ints").Values);
        Assert.Equal(["", "één", "line\nbreak"], read.ReadStrings("texts", 3).Values);
        Assert.Equal([0, 3], read.ReadDoubles("nothing").Shape);
        Assert.Equal("a: 1\nb: [2, 3]\n", read.ReadText("/", "text"));
        Assert.Equal(0.1, read.ReadNumber("a/b", "number"));
        Assert.Equal(42, read.ReadWhole("a/doubles", "whole"));
        Assert.Equal(42.0, read.ReadNumber("a/doubles", "whole"));
        Assert.True(read.Contains("later"));
        Assert.False(read.ContainsTable("later"));
        Assert.False(read.Contains("a/doubles/further"));
        Assert.False(read.HasAttribute("/", "other"));
    }

    /// <summary>Each byte of a file in turn has a bit more, without or with one near it by which what follows is a length of a gigabyte, all bits or none, or says that a message is a value for missing entries: what is declared by it is compared with what there is before room is made for it.</summary>
    [Fact]
    public void No_byte_makes_room_for_what_is_not_there()
    {
        using var folder = new TestFolder(inMemory: true);
        var file = new Hdf5Archive();
        file.Add("a/numbers", [1.5, 2.5, 3.5], 3, 1);
        file.Add("counts", [.. Enumerable.Range(0, 300).Select(i => (byte)(i % 3))], 100, 3);
        file.Add("texts", ["a", "bc"]);
        file.SetAttribute("/", "format", "some");
        file.SetAttribute("a/numbers", "unit", 0.5);
        file.Save(folder["a.h5"]);
        var bytes = File.ReadAllBytes(folder["a.h5"]);
        var refused = 0;
        for (var at = 0; at < bytes.Length; at++)
        {
            foreach (var (value, isLong) in ((byte, bool)[])[((byte)(bytes[at] | 0x20), true), (0xff, false), (0, false), (4, false), (5, false)])
            {
                var copy = (byte[])bytes.Clone();
                copy[at] = value;
                copy[Math.Min(at + 4, bytes.Length - 1)] = isLong ? (byte)0x3b : copy[Math.Min(at + 4, bytes.Length - 1)];
                File.WriteAllBytes(folder["b.h5"], copy);
                var before = GC.GetAllocatedBytesForCurrentThread();
                refused += Mutations.Try(at, ($"{value}", () =>
                {
                    using var read = Hdf5Archive.Open(folder["b.h5"]);
                    read.ReadText("/", "format");
                    read.ReadNumber("a/numbers", "unit");
                    return read.ReadStrings("texts").Values.Length + read.ReadInts("counts").Values.Length + read.ReadDoubles("a/numbers").Values.Length;
                }));
                var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                Assert.True(allocated < 200_000_000, $"byte {at} as {value}: {allocated >> 20} MB");
            }
        }

        Assert.InRange(refused, bytes.Length / 20, 5 * bytes.Length);
    }

    [Fact]
    public void More_texts_than_the_file_can_hold_are_refused_before_memory_is_taken()
    {
        using var folder = new TestFolder();
        var file = new Hdf5Archive();
        file.Add("texts", [.. Enumerable.Range(0, 4321).Select(_ => "a")]);
        file.Save(folder["a.h5"]);
        using (var whole = Hdf5Archive.Open(folder["a.h5"]))
        {
            Assert.Equal(4321, whole.ReadStrings("texts").Values.Length);
        }

        var bytes = File.ReadAllBytes(folder["a.h5"]);
        foreach (var claimed in (int[])[15_000_000, 1_900_000_000])
        {
            var copy = (byte[])bytes.Clone();
            var place = copy.AsSpan().IndexOf(BitConverter.GetBytes(4321L));
            BitConverter.GetBytes((long)claimed).CopyTo(copy, place);
            File.WriteAllBytes(folder["b.h5"], copy);
            using var read = Hdf5Archive.Open(folder["b.h5"]);
            var before = GC.GetAllocatedBytesForCurrentThread();
            Faults.Message(() => read.ReadStrings("texts"), "b.h5", "'/texts'", $"declares the shape {claimed}", "damaged");
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000_000);
        }
    }

    [Fact]
    public void Integers_of_any_size_and_shape_survive_their_compression() => Gen.Select(Gen.Int[1, 3000], Gen.Int[1, 40], Gen.Int).Sample(
        (rows, columns, seed) =>
        {
            using var folder = new TestFolder();
            var random = new Random(seed);
            var bytes = new byte[rows * columns];
            random.NextBytes(bytes);
            var words = Array.ConvertAll(bytes, value => (ushort)(value * 257));
            var file = new Hdf5Archive();
            file.Add("bytes", bytes, rows, columns);
            file.Add("words", words, rows, columns);
            file.Save(folder["a.h5"]);
            using var read = Hdf5Archive.Open(folder["a.h5"]);
            Assert.Equal(Array.ConvertAll(bytes, value => (int)value), read.ReadInts("bytes", rows, columns).Values);
            Assert.Equal(Array.ConvertAll(words, value => (long)value), read.ReadLongs("words", rows, columns).Values);
        },
        iter: 20);

    [Fact]
    public void Many_tables_and_long_texts_fit_in_one_file()
    {
        using var folder = new TestFolder();
        var file = new Hdf5Archive();
        for (var i = 0; i < 500; i++)
        {
            file.Add($"parameters/layer {i}", [i, i + 0.5]);
            file.SetAttribute($"parameters/layer {i}", "constraint", "none");
        }

        var text = new string('x', 200_000);
        file.SetAttribute("/", "configuration", text);
        file.Add("names", [.. Enumerable.Range(0, 20_000).Select(i => $"trial {i}")]);
        file.Save(folder["a.h5"]);
        using var read = Hdf5Archive.Open(folder["a.h5"]);
        Assert.Equal(500, read.Children("parameters").Count);
        Assert.Equal([499, 499.5], read.ReadDoubles("parameters/layer 499").Values);
        Assert.Equal(text, read.ReadText("/", "configuration"));
        Assert.Equal("trial 19999", read.ReadStrings("names").Values[^1]);
    }

    [Fact]
    public void A_table_of_a_hundred_megabytes_is_written_and_read_without_copies()
    {
        using var folder = new TestFolder();
        var values = new double[12_500_000];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = i * 0.1;
        }

        var file = new Hdf5Archive();
        file.Add("values", values, 125_000, 100);
        var before = GC.GetAllocatedBytesForCurrentThread();
        file.Save(folder["a.h5"]);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 60_000_000);
        before = GC.GetAllocatedBytesForCurrentThread();
        using var read = Hdf5Archive.Open(folder["a.h5"]);
        var back = read.ReadDoubles("values", 125_000, 100).Values;
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 100_000_000, 160_000_000);
        Assert.True(values.AsSpan().SequenceEqual(back));
    }

    [Fact]
    public void What_is_missing_or_of_another_kind_is_named()
    {
        using var folder = new TestFolder();
        var file = new Hdf5Archive();
        file.Add("a/numbers", [1.0, 2.5, 3e300], 3, 1);
        file.Add("a/texts", ["x"]);
        file.Add("big", [long.MaxValue]);
        file.SetAttribute("a", "text", "x");
        file.Save(folder["a.h5"]);
        using var read = Hdf5Archive.Open(folder["a.h5"]);
        Faults.Message(() => read.ReadDoubles("a/other"), "a.h5", "'/a/other'");
        Faults.Message(() => read.ReadDoubles("a"), "a.h5", "'/a'");
        Faults.Message(() => read.Children("a/numbers"), "a.h5", "'/a/numbers'");
        Faults.Message(() => read.ReadDoubles("a/texts"), "a.h5", "'/a/texts'", "text");
        Faults.Message(() => read.ReadStrings("a/numbers"), "a.h5", "'/a/numbers'", "real numbers");
        Faults.Message(() => read.ReadLongs("a/numbers"), "a.h5", "'/a/numbers'", "whole numbers");
        Faults.Message(() => read.ReadInts("big"), "a.h5", "'/big'");
        Faults.Message(() => read.ReadDoubles("a/numbers", 3, 2), "a.h5", "'/a/numbers'", "3 x 1", "3 x 2");
        Faults.Message(() => read.ReadDoubles("a/numbers", -1), "a.h5", "'/a/numbers'", "any");
        Faults.Message(() => read.ReadText("a", "other"), "a.h5", "'/a'", "'other'");
        Faults.Message(() => read.ReadNumber("a", "text"), "a.h5", "'/a'", "'text'");
        Faults.Message(() => read.ReadText("b", "text"), "a.h5", "'/b'");
    }

    [Fact]
    public void A_text_that_HDF5_cannot_hold_is_refused() => Faults.Message(() => new Hdf5Archive().Add("names", ["a\0b"]), "names", "NUL");

    [Fact]
    public void A_shape_that_the_entries_do_not_fill_is_a_mistake_of_the_program()
    {
        var file = new Hdf5Archive();
        Assert.Throws<ArgumentException>(() => file.Add("a", new double[5], 2, 3));
        Assert.Throws<ArgumentException>(() => file.Add("/", new double[5]));
        file.Add("a", new double[5]);
        Assert.Throws<ArgumentException>(() => file.Add("a", new double[5]));
    }

    [Fact]
    public void A_checksum_counts_every_table_shape_type_group_and_attribute()
    {
        using var folder = new TestFolder();
        Some(_ => { }).Save(folder["a.h5"], withChecksum: true);
        var written = Verified(folder["a.h5"]);
        Assert.Equal("sha256:05b679ebd665b1ccad5db35725b847f67122c362a2a29387eaac99a656815016", written);

        // A copy made in another order says the same; every change says something else.
        var copy = new Hdf5Archive();
        copy.SetAttribute("a", "whole", 3);
        copy.SetAttribute("a", "text", "x");
        copy.Add("a/texts", ["x", ""]);
        copy.Add("a/numbers", [1.0, 2.5, -0.0, double.NaN], 2, 2);
        copy.SetAttribute("a/numbers", "unit", 0.5);
        copy.Save(folder["copy.h5"], withChecksum: true);
        Assert.Equal(written, Verified(folder["copy.h5"]));
        List<Action<Hdf5Archive>> changes =
        [
            file => file.Add("b", [1.0]),
            file => file.SetAttribute("b", "x", "group"),
            file => file.SetAttribute("a", "whole", 4),
            file => file.SetAttribute("a", "whole", 3.0),
            file => file.SetAttribute("a", "text", "y"),
            file => file.SetAttribute("a/numbers", "unit", 0.25),
            file => file.SetAttribute("/", "text", "x"),
            file => file.Add("numbers", [1.0, 2.5, 0.0, double.NaN], 2, 2),
            file => file.Add("numbers", [1.0, 2.5, -0.0, double.NaN], 4),
            file => file.Add("numbers", [1f, 2.5f, -0f, float.NaN], 2, 2),
            file => file.Add("numbers", [1.0, 2.5, -0.0, double.NaN], 2, 2),
        ];
        var sums = new HashSet<string>(StringComparer.Ordinal) { written };
        foreach (var change in changes)
        {
            Some(change).Save(folder["b.h5"], withChecksum: true);
            Assert.True(sums.Add(Verified(folder["b.h5"])));
        }
    }

    [Fact]
    public void Content_that_does_not_fit_the_checksum_is_refused()
    {
        using var folder = new TestFolder();
        Some(_ => { }).Save(folder["plain.h5"]);
        using (var read = Hdf5Archive.Open(folder["plain.h5"]))
        {
            Assert.False(read.HasChecksum);
            Faults.Message(read.VerifyChecksum, "plain.h5", "'checksum'");
        }

        Some(_ => { }).Save(folder["a.h5"], withChecksum: true);
        var bytes = File.ReadAllBytes(folder["a.h5"]);
        var at = bytes.AsSpan().IndexOf(BitConverter.GetBytes(2.5));
        Assert.True(at > 0);
        bytes[at] ^= 1;
        File.WriteAllBytes(folder["flipped.h5"], bytes);
        using var flipped = Hdf5Archive.Open(folder["flipped.h5"]);
        Assert.True(flipped.HasChecksum);
        Assert.NotEqual(2.5, flipped.ReadDoubles("a/numbers").Values[1]);
        Faults.Message(flipped.VerifyChecksum, "flipped.h5", "checksum");
    }

    private static Hdf5Archive Some(Action<Hdf5Archive> change)
    {
        var file = new Hdf5Archive();
        file.Add("a/numbers", [1.0, 2.5, -0.0, double.NaN], 2, 2);
        file.SetAttribute("a/numbers", "unit", 0.5);
        file.Add("a/texts", ["x", ""]);
        file.SetAttribute("a", "text", "x");
        file.SetAttribute("a", "whole", 3);
        change(file);
        return file;
    }

    private static string Verified(string path)
    {
        using var read = Hdf5Archive.Open(path);
        read.VerifyChecksum();
        return read.ReadText("/", "checksum");
    }
}
