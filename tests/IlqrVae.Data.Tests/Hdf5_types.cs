using System.IO.Compression;

namespace IlqrVae.Data.Tests;

/// <summary>Types as they are stored: passed over to their last byte, and refused where they declare what they do not hold.</summary>
public sealed class Hdf5_types
{
    [Theory]
    [InlineData("types_earliest.h5.gz", 8)]
    [InlineData("types_latest.h5.gz", 8)]
    [InlineData("kinds.h5.gz", 15)]
    [InlineData("tables_earliest.h5.gz", 100)]
    [InlineData("tables_latest.h5.gz", 100)]
    [InlineData("regions_latest.nwb.gz", 5)]
    [InlineData("session73.mat", 5)]
    [InlineData("h5py_dataset.h5", 3)]
    public void Types_of_others_end_where_their_messages_end(string name, int atLeast)
    {
        var objects = new Hdf5Objects(new MemoryStream(Bytes(name)), name.EndsWith(".mat", StringComparison.Ordinal) ? 512 : 0, name);
        var types = 0;
        Walk("");
        Assert.InRange(types, atLeast, 10_000);

        void Walk(string path)
        {
            if (objects.Find(path) is not { } found)
            {
                return;
            }

            foreach (var type in found.Header.All(Hdf5Header.Datatype))
            {
                // Messages of old headers are filled up to eights.
                Hdf5TypeCheck.Pass(type);
                Assert.True(type.Remaining < 8, $"{path}: {type.Remaining} bytes are left");
                types++;
            }

            if (found.Header.IsGroup)
            {
                foreach (var child in objects.Names(found))
                {
                    string? wrong = null;
                    try
                    {
                        Walk($"{path}/{child}");
                    }
                    catch (InputException exception)
                    {
                        wrong = exception.Message;
                    }

                    // Of what others wrote to be refused: links into other files, and in circles.
                    Assert.True(wrong is null || wrong.Contains("link", StringComparison.Ordinal) || wrong.Contains("another file", StringComparison.Ordinal), wrong);
                }
            }
        }
    }

    /// <summary>Wherever an enumeration lies: in a table, an attribute, a compound, or by itself as a type that others share.</summary>
    [Theory]
    [InlineData("types_earliest.h5.gz")]
    [InlineData("types_latest.h5.gz")]
    public void No_enumeration_makes_room_for_values_that_it_has_not(string name)
    {
        using var folder = new TestFolder(inMemory: true);
        var bytes = Bytes(name);
        var places = Enumerable.Range(0, bytes.Length - 8).Where(at => (bytes[at] & 0x0f) == 8 && bytes.AsSpan(at + 1, 7).SequenceEqual(new byte[] { 3, 0, 0, 2, 0, 0, 0 })).ToList();
        Assert.InRange(places.Count, 6, 20);
        foreach (var place in places)
        {
            var copy = (byte[])bytes.Clone();
            BitConverter.GetBytes(0x20000000).CopyTo(copy, place + 4);
            File.WriteAllBytes(folder["a.h5"], copy);
            using var read = Hdf5Archive.Open(folder["a.h5"]);
            var refused = 0;
            foreach (var table in (string[])["outer", "answers", "of_type", "of_answer"])
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    read.ShapeOf(table);
                    read.HasAttribute(table, "kind");
                }
                catch (InputException exception)
                {
                    Assert.Contains("more values than it has", exception.Message, StringComparison.Ordinal);
                    refused++;
                }

                Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000_000);
            }

            Assert.InRange(refused, 1, 2);
        }
    }

    /// <summary>Every number in a table's header that may be an address becomes the table's own, of which one is that of its type: that would be looked for there without end.</summary>
    [Theory]
    [InlineData("types_earliest.h5.gz")]
    [InlineData("types_latest.h5.gz")]
    public void A_type_is_not_looked_for_in_circles(string name)
    {
        using var folder = new TestFolder(inMemory: true);
        var bytes = Bytes(name);
        var own = new Hdf5Objects(new MemoryStream(bytes), 0, name).Find("of_answer")!.Address;
        var circles = 0;
        for (var place = (int)own; place < (int)own + 300; place++)
        {
            if (BitConverter.ToUInt64(bytes, place) is 0 || BitConverter.ToUInt64(bytes, place) >= (ulong)bytes.Length)
            {
                continue;
            }

            var copy = (byte[])bytes.Clone();
            BitConverter.GetBytes(own).CopyTo(copy, place);
            File.WriteAllBytes(folder["a.h5"], copy);
            Mutations.Try(place, (name, () =>
            {
                try
                {
                    using var read = Hdf5Archive.Open(folder["a.h5"]);
                    return read.ShapeOf("of_answer").Count;
                }
                catch (InputException exception) when (exception.Message.Contains("there elsewhere again", StringComparison.Ordinal))
                {
                    circles++;
                    return 0;
                }
            }));
        }

        Assert.InRange(circles, 1, 4);
    }

    [Theory]
    [InlineData(1u, true)]
    [InlineData(2u, false)]
    [InlineData(400_000_000u, false)]
    [InlineData(uint.MaxValue, false)]
    public void An_enumeration_holds_its_values(uint size, bool isHeld)
    {
        var type = Cursor([0x38, 2, 0, 0, .. BitConverter.GetBytes(size), .. Whole, (byte)'n', 0, (byte)'y', 0, 0, 1]);
        if (isHeld)
        {
            Hdf5TypeCheck.Pass(type);
            Assert.Equal(0, type.Remaining);
        }
        else
        {
            Assert.Contains("more values than it has", Assert.Throws<InvalidDataException>(() => Hdf5TypeCheck.Pass(type)).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(0x19)]
    [InlineData(0x38)]
    [InlineData(0x3a)]
    public void Types_in_types_are_not_followed_for_ever(byte first)
    {
        // Lists, enumerations and arrays of such; an array has one axis here.
        byte[] one = first == 0x3a ? [first, 0, 0, 0, 8, 0, 0, 0, 1, 2, 0, 0, 0] : [first, 0, 0, 0, 8, 0, 0, 0];
        var few = Cursor([.. Enumerable.Repeat(one, 32).SelectMany(bytes => bytes), .. Whole]);
        Hdf5TypeCheck.Pass(few);
        Assert.Equal(0, few.Remaining);
        Assert.Contains("without end", Assert.Throws<InvalidDataException>(() => Hdf5TypeCheck.Pass(Cursor([.. Enumerable.Repeat(one, 4000).SelectMany(bytes => bytes), .. Whole]))).Message, StringComparison.Ordinal);
    }

    private static byte[] Bytes(string name)
    {
        using var file = File.OpenRead(SharedData.Committed(name));
        using var unpacked = name.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : (Stream)file;
        using var stream = new MemoryStream();
        unpacked.CopyTo(stream);
        return stream.ToArray();
    }

    /// <summary>A whole number of one byte.</summary>
    private static byte[] Whole => [0x10, 8, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0];

    private static Hdf5Cursor Cursor(byte[] bytes) => new(new Hdf5Bytes(new MemoryStream(), 0), bytes);
}
