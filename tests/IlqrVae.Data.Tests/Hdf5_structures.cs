namespace IlqrVae.Data.Tests;

/// <summary>Every index of chunks, attributes that are many or large, shared types, lists and texts of variable length, as h5py writes them (Files/make_structures.py): read right, and refused where they are damaged.</summary>
public sealed class Hdf5_structures
{
    private static readonly int s_copies = Mutations.Copies(400);

    /// <summary>What the files hold: numbers are k % 100 for entry k.</summary>
    private static readonly string[] s_numbers =
        ["single", "implicit", "fixed", "fixed filtered", "grows", "grows filtered", "grows both ways", "grows both ways filtered", "paged", "many/table"];

    [Theory]
    [InlineData("structures_earliest.h5")]
    [InlineData("structures_latest.h5")]
    public void Whole_files_are_read_right(string file)
    {
        using var folder = new TestFolder();
        using var read = Hdf5Archive.Open(Hdf5_tables.Unpack(file, folder));
        foreach (var table in s_numbers)
        {
            var values = read.ReadDoubles(table).Values;
            Assert.True(values.Length > 0 && values.Index().All(pair => pair.Item == pair.Index % 100), table);
        }

        foreach (var table in (string[])["lists", "lists filtered", "lists in a row"])
        {
            Assert.All(read.ReadLists(table).Index(), pair => Assert.Equal(Enumerable.Range(pair.Index, pair.Index % 4), pair.Item));
        }

        foreach (var table in (string[])["texts", "texts filtered"])
        {
            Assert.All(read.ReadStrings(table, 10).Values.Index(), pair => Assert.Equal(string.Concat(Enumerable.Repeat($"text {pair.Index} ", pair.Index % 3)), pair.Item));
        }

        Assert.Equal([0, 1, 1], read.ReadInts("shared").Values);
        Assert.Equal("hello", read.ReadText("shared", "word"));
        Assert.Equal("some text", read.ReadText("many", "text"));
        Assert.Equal(["a", "bc", "def"], read.ReadTexts("many", "texts"));
        Assert.Equal(3.5, read.ReadNumber("many", "number 3"));
        Assert.All(Enumerable.Range(0, 40), k => Assert.Equal(k + 0.5, read.ReadNumber("many/table", $"number {k}")));
        if (read.Contains("large"))
        {
            Assert.Equal(new string('x', 5000), read.ReadText("large", "large"));
            Assert.Equal(8.5, read.ReadNumber("large", "number 8"));
        }
    }

    [Fact]
    public void A_type_may_have_an_attribute_of_a_type_that_is_kept_elsewhere()
    {
        using var folder = new TestFolder();
        using var read = Hdf5Archive.Open(Hdf5_tables.Unpack("type_with_attribute.h5", folder));
        Assert.Equal([0, 1, 2], read.ReadInts("table").Values);
    }

    [Theory]
    [InlineData("structures_earliest.h5")]
    [InlineData("structures_latest.h5")]
    public void Mutated_copies_give_an_answer_or_one_line(string file)
    {
        using var folder = new TestFolder(inMemory: true);
        var bytes = File.ReadAllBytes(Hdf5_tables.Unpack(file, folder));
        var (path, refused) = (folder["copy.h5"], 0);
        foreach (var seed in Mutations.Seeds(s_copies))
        {
            File.WriteAllBytes(path, Mutations.Of(bytes, new Random(seed), headerBytes: bytes.Length));
            refused += Mutations.Try(
                seed,
                [
                    ("names", With(read => read.Children("/").Count)),
                    .. s_numbers.Select(table => (table, With(read => read.ReadDoubles(table).Values.Length))),
                    .. ((string[])["lists", "lists filtered", "lists in a row"]).Select(table => (table, With(read => read.ReadLists(table).Length))),
                    .. ((string[])["texts", "texts filtered"]).Select(table => (table, With(read => read.ReadStrings(table).Values.Length))),
                    ("shared", With(read => read.ReadInts("shared").Values.Length + (read.HasAttribute("shared", "answer") ? 1 : 0) + read.ReadText("shared", "word").Length)),
                    ("many", With(read => read.ReadText("many", "text").Length + read.ReadTexts("many", "texts").Count + (int)read.ReadNumber("many", "number 7"))),
                    ("attributes", With(read => (int)Enumerable.Range(0, 40).Sum(k => read.ReadNumber("many/table", $"number {k}")))),
                    .. file == "structures_latest.h5" ? [("large", With(read => read.ReadText("large", "large").Length + (int)read.ReadNumber("large", "number 5")))] : ((string, Func<int>)[])[],
                ]);
        }

        Mutations.Tell(file, s_copies, refused);
        Assert.InRange(refused, s_copies / 4, 20 * s_copies);

        Func<int> With(Func<Hdf5ArchiveReader, int> action) => () =>
        {
            using var read = Hdf5Archive.Open(path);
            action(read);
            return 0;
        };
    }
}
