using System.Text;

namespace IlqrVae.Data.Tests;

/// <summary>Structures of HDF5 files, each of which declares in one place what is not there (of the files of <see cref="Hdf5_structures"/>): refused in one line, before memory is taken by it.</summary>
public sealed class Hdf5_structure_faults
{
    private const string Earliest = "structures_earliest.h5";
    private const string Latest = "structures_latest.h5";
    private const uint Many = 0x30000000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Entries_in_a_header_that_are_more_than_the_header_holds(byte version)
    {
        Refused(
            Latest,
            file =>
            {
                // 24 bytes at an address become entries that follow their number.
                var layout = file.Message("many/table", Hdf5Header.Layout);
                Assert.Equal([4, 1], file.Bytes[layout..(layout + 2)]);
                file.Bytes.AsSpan(layout, 18).Clear();
                file.Bytes[layout] = version;
                file.Set(layout + 8, Many);
            },
            read => read.HasAttribute("many/table", "number 1"),
            "805306368 bytes in its header");
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(5, false)]
    public void An_early_layout_is_read_to_the_end_of_its_entries(uint size, bool isHeld)
    {
        var file = new Hdf5Bytes(new MemoryStream(), 0);
        byte[] message = [1, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, .. BitConverter.GetBytes(size), 7, 8, 9, 10];
        if (isHeld)
        {
            Assert.Equal([7, 8, 9, 10], Hdf5Layout.Read(new Hdf5Cursor(file, message), file).Compact!.Take(4).ToArray());
        }
        else
        {
            Assert.Throws<InvalidDataException>(() => Hdf5Layout.Read(new Hdf5Cursor(file, message), file));
        }
    }

    [Fact]
    public void Nodes_of_a_tree_of_chunks_that_hold_more_than_their_length()
    {
        const string Table = "grows both ways";
        Refused(Latest, file => file.Set(file.Index(Table) + 6, 1u << 30), read => read.ReadInts(Table), "unlikely shape");
        Refused(Latest, file => file.Bytes.AsSpan(file.Index(Table) + 24, 2).Fill(0xff), read => read.ReadInts(Table), "more entries than it has");
        Refused(
            Latest,
            file =>
            {
                // The number of entries of the first child stands behind the root's own entries, of an address and two places each, and the child's address.
                var tree = file.Index(Table);
                var root = (int)BitConverter.ToUInt64(file.Bytes, tree + 16);
                Assert.Equal("BTIN"u8, file.Bytes.AsSpan(root, 4));
                file.Bytes[root + 6 + (BitConverter.ToUInt16(file.Bytes, tree + 24) * 24) + 8] = 0xff;
            },
            read => read.ReadInts(Table),
            "more entries than it has");
    }

    [Fact]
    public void Chunks_in_a_tree_of_version_1_that_are_longer_than_the_file()
    {
        Refused(Earliest, file => file.Set(file.Index("fixed filtered") + 24, 2 * Many), read => read.ReadInts("fixed filtered"), "more bytes than the file has");
        Refused(Earliest, file => file.Set(file.Index("lists filtered") + 24, 2 * Many), read => read.ReadLists("lists filtered"), "more bytes than the file has");
    }

    [Fact]
    public void A_tree_of_chunks_that_leads_back_to_itself()
    {
        Refused(
            Earliest,
            file =>
            {
                var tree = file.Index("fixed");
                (file.Bytes[tree + 5], file.Bytes[tree + 6]) = (1, 1);
                BitConverter.GetBytes((ulong)tree).CopyTo(file.Bytes, tree + 24 + 32);
            },
            read => read.ReadInts("fixed"),
            "runs in circles");
    }

    /// <summary>Also where the message says that it is kept elsewhere, which PureHDF does not believe of layouts.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_single_chunk_that_is_longer_than_the_file(bool isShared)
    {
        Refused(
            Latest,
            file =>
            {
                var layout = file.Message("single", Hdf5Header.Layout);
                Assert.Equal([4, 2, 2, 3, 1, 6, 4, 1, 1], file.Bytes[layout..(layout + 9)]);
                file.Set(layout + 9, 2 * Many);
                file.Bytes[layout - 1] |= (byte)(isShared ? 2 : 0);
            },
            read => read.ReadInts("single"),
            "more bytes than the file has");
    }

    [Fact]
    public void An_array_of_chunks_that_has_more_entries_than_the_file_whatever_it_says_of_their_length()
    {
        Refused(
            Latest,
            file =>
            {
                var array = file.Index("fixed");
                (file.Bytes[array + 6], file.Bytes[array + 7]) = (0, 40);
                file.Set(array + 8, 1u << 30);
            },
            read => read.ReadInts("fixed"),
            "an index of 1073741824 chunks");
    }

    [Fact]
    public void An_array_of_chunks_that_is_built_otherwise_than_its_table_says()
    {
        Refused(Latest, file => file.Bytes[file.Index("grows") + 11] = 0, read => read.ReadInts("grows"), "unlikely shape");
        Refused(Latest, file => file.Bytes[file.Index("grows filtered") + 9] = 0xf0, read => read.ReadInts("grows filtered"), "unlikely shape");
    }

    [Fact]
    public void Chunks_of_entries_of_another_length_than_their_type()
    {
        Refused(Latest, file => file.Bytes[file.Message("grows both ways", Hdf5Header.Layout) + 7]++, read => read.ReadInts("grows both ways"), "chunks of other entries");
    }

    [Fact]
    public void More_chunks_than_the_file_has_bytes()
    {
        // 16 million chunks of one entry, none of which was written.
        Refused(
            Earliest,
            file =>
            {
                var space = file.Message("grows", Hdf5Header.Dataspace);
                file.Set(space + 8, 16_000_000);
                var layout = file.Message("grows", Hdf5Header.Layout);
                file.Bytes.AsSpan(layout + 3, 8).Fill(0xff);
            },
            read => read.ReadInts("grows"),
            "write it with larger chunks");
    }

    [Theory]
    [InlineData("number 17\0", 0x11, "many/table")]
    [InlineData("large\0", 0x13, "large")]
    public void Attributes_outside_a_header_that_declare_more_than_they_hold(string name, byte type, string path)
    {
        // Behind the name, the type: of real numbers, and of a text that has a piece of its own.
        Refused(Latest, file => file.Set(file.Find([.. Encoding.ASCII.GetBytes(name), type]) + name.Length + 4, Many), read => read.HasAttribute(path, "number 3"), "an attribute declares more entries");
    }

    [Fact]
    public void An_attribute_of_a_version_to_come_that_declares_more_than_it_holds()
    {
        // PureHDF looks at its version last.
        Refused(
            Latest,
            file =>
            {
                var at = file.Find([.. "number 17\0"u8, 0x11]);
                (file.Bytes[at - 9], file.Bytes[at - 1]) = (4, 0);
                new byte[] { 0x11, 0x20, 0x3f, 0 }.CopyTo(file.Bytes, at);
                file.Set(at + 4, Many);
                new byte[] { 2, 0, 0, 0 }.CopyTo(file.Bytes, at + 20);
            },
            read => read.HasAttribute("many/table", "number 3"),
            "an attribute declares more entries");
    }

    [Fact]
    public void A_heap_of_attributes_of_an_impossible_shape()
    {
        Refused(Latest, file => file.Set(file.Find("FRHP"u8) + 128, 1), read => _ = read.HasAttribute("many", "number 3") | read.HasAttribute("many/table", "number 3") | read.HasAttribute("large", "number 3"), "unlikely shape");
    }

    [Fact]
    public void A_block_of_a_heap_that_says_it_is_another()
    {
        Refused(
            Latest,
            file =>
            {
                foreach (var block in file.All("FHDB"u8))
                {
                    file.Bytes[block + 4 + 1 + 8]++;
                }
            },
            read => read.HasAttribute("many", "number 3"),
            "says it is another");
    }

    [Fact]
    public void An_attribute_of_a_shared_type_that_is_longer_than_what_it_holds()
    {
        Refused(
            Latest,
            file =>
            {
                var type = file.Message("word", Hdf5Header.Datatype);
                Assert.Equal([5, 0, 0, 0], file.Bytes[(type + 4)..(type + 8)]);
                file.Set(type + 4, Many);
            },
            read => read.HasAttribute("shared", "word"),
            "an attribute declares more entries");
    }

    /// <summary>What is kept elsewhere is read there with all that stands beside it.</summary>
    [Theory]
    [InlineData("fixed", Hdf5Header.Dataspace)]
    [InlineData("fixed filtered", Hdf5Header.Filters)]
    [InlineData("shared", Hdf5Header.Attribute)]
    [InlineData("shared", Hdf5Header.Datatype)]
    public void Messages_that_lead_to_a_header_that_declares_more_than_it_holds(string table, int kind)
    {
        Refused(
            Latest,
            file =>
            {
                var type = file.Message("answer", Hdf5Header.Datatype);
                Assert.Equal(0x38, file.Bytes[type]);
                file.Set(type + 4, Many);
                var message = file.Message(table, kind);
                file.Bytes[message - 1] |= 2;
                new byte[] { 3, 2 }.CopyTo(file.Bytes, message);
                BitConverter.GetBytes(file.Address("answer")).CopyTo(file.Bytes, message + 2);
            },
            read => read.HasAttribute(table, "other"),
            "more values than it has");
    }

    [Theory]
    [InlineData(Latest, "lists")]
    [InlineData(Latest, "lists in a row")]
    [InlineData(Earliest, "lists")]
    [InlineData(Earliest, "lists in a row")]
    public void Lists_that_are_longer_than_their_heap(string name, string table)
    {
        Refused(
            name,
            file =>
            {
                // Entries say how long a list is, and then where a heap is.
                var heaps = file.All("GCOL"u8).ToHashSet();
                for (var at = 0; at < file.Bytes.Length - 16; at++)
                {
                    if (BitConverter.ToUInt32(file.Bytes, at) == 3 && BitConverter.ToUInt64(file.Bytes, at + 4) < int.MaxValue && heaps.Contains((int)BitConverter.ToUInt64(file.Bytes, at + 4)))
                    {
                        file.Set(at, Many / 3);
                    }
                }
            },
            read => read.ReadLists(table),
            "a list of 268435456 entries, more than its heap holds");
    }

    [Theory]
    [InlineData(100_000, false)]
    [InlineData(5_000, true)]
    public void Texts_that_share_one_piece_of_a_heap(int length, bool isRead)
    {
        // Those that were never written do, where there is a value for missing entries.
        const int Count = 5000;
        using var folder = new TestFolder(inMemory: true);
        var archive = new Hdf5Archive();
        var text = new string('x', length);
        archive.Add("names", [text, .. Enumerable.Repeat("a", Count - 1)], Count);
        archive.Save(folder["a.h5"]);
        var bytes = File.ReadAllBytes(folder["a.h5"]);
        var heaps = new Patched(bytes).All("GCOL"u8).Select(at => (ulong)at).ToHashSet();
        var first = Enumerable.Range(0, bytes.Length - 16).First(at => (BitConverter.ToUInt32(bytes, at) == length || BitConverter.ToUInt32(bytes, at) == length + 1) && heaps.Contains(BitConverter.ToUInt64(bytes, at + 4)));
        Assert.Contains(BitConverter.ToUInt64(bytes, first + 16 + 4), heaps);
        for (var i = 1; i < Count; i++)
        {
            bytes.AsSpan(first, 16).CopyTo(bytes.AsSpan(first + (16 * i)));
        }

        File.WriteAllBytes(folder["a.h5"], bytes);
        using var read = Hdf5Archive.Open(folder["a.h5"]);
        if (isRead)
        {
            Assert.All(read.ReadStrings("names").Values, one => Assert.Equal(text, one));
            return;
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        Faults.Message(() => read.ReadStrings("names"), "together have more than 268435456 bytes");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 50_000_000);
    }

    [Fact]
    public void Attributes_in_a_heap_that_overlap()
    {
        using var folder = new TestFolder(inMemory: true);
        const int Longer = 4000;
        var file = new Patched([.. File.ReadAllBytes(Hdf5_tables.Unpack(Latest, folder)), .. new byte[Longer]]);
        foreach (var leaf in file.All("BTLF"u8).Where(at => file.Bytes[at + 5] == 8))
        {
            // Behind a byte of flags and five of the place stands how long a piece is.
            for (var record = leaf + 6; record + 17 < leaf + 400 && file.Bytes[record] == 0; record += 17)
            {
                BitConverter.GetBytes((ushort)Longer).CopyTo(file.Bytes, record + 6);
            }
        }

        File.WriteAllBytes(folder["a.h5"], file.Bytes);
        using var read = Hdf5Archive.Open(folder["a.h5"]);
        Faults.Message(() => read.HasAttribute("many/table", "number 1"), "a.h5", "together are longer than the file");
    }

    [Fact]
    public void Nodes_of_an_early_tree_of_chunks_that_overlap()
    {
        // A root whose children lie 24 bytes apart, each of which declares entries to the end of the file.
        const int Children = 200, Entries = 4000, KeyBytes = 8 + (3 * 8), Prefix = 24;
        using var folder = new TestFolder(inMemory: true);
        var bytes = File.ReadAllBytes(Hdf5_tables.Unpack(Earliest, folder));
        var file = new Patched(bytes);
        var root = (bytes.Length + 7) & ~7;
        BitConverter.GetBytes((ulong)root).CopyTo(bytes, file.Message("fixed", Hdf5Header.Layout) + 3);
        var leaves = root + Prefix + (Children * (KeyBytes + 8)) + KeyBytes;
        Array.Resize(ref bytes, leaves + (Children * Prefix) + (Entries * (KeyBytes + 8)) + KeyBytes);
        Node(root, level: 1, Children);
        for (var child = 0; child < Children; child++)
        {
            var leaf = leaves + (child * Prefix);
            BitConverter.GetBytes((ulong)leaf).CopyTo(bytes, root + Prefix + (child * (KeyBytes + 8)) + KeyBytes);
            Node(leaf, level: 0, Entries);
        }

        File.WriteAllBytes(folder["a.h5"], bytes);
        using var read = Hdf5Archive.Open(folder["a.h5"]);
        Faults.Message(() => read.ReadInts("fixed"), "a.h5", "runs in circles");

        void Node(int at, byte level, ushort count)
        {
            "TREE"u8.CopyTo(bytes.AsSpan(at));
            (bytes[at + 4], bytes[at + 5]) = (1, level);
            BitConverter.GetBytes(count).CopyTo(bytes, at + 6);
            bytes.AsSpan(at + 8, 16).Fill(0xff);
        }
    }

    [Fact]
    public void A_header_that_ends_within_a_message()
    {
        // PureHDF would go on with what follows.
        Refused(Earliest, file => file.Bytes[(int)file.Address("single") + 8] += 4, read => read.ReadInts("single"), "ends within a message");
    }

    [Fact]
    public void A_header_that_goes_on_with_itself()
    {
        Refused(
            Earliest,
            file =>
            {
                var (header, more) = ((int)file.Address("many"), file.Message("many", 0x10));
                BitConverter.GetBytes((ulong)header + 16).CopyTo(file.Bytes, more);
                BitConverter.GetBytes((ulong)BitConverter.ToUInt32(file.Bytes, header + 8)).CopyTo(file.Bytes, more + 8);
            },
            read => read.HasAttribute("many", "number 3"),
            "without end");
    }

    [Fact]
    public void A_header_with_two_layouts()
    {
        // PureHDF takes the last one.
        Refused(Latest, file => file.Bytes[file.Message("fixed", Hdf5Header.FillValue) - 4] = Hdf5Header.Layout, read => read.ReadInts("fixed"), "says twice");
    }

    private static void Refused(string name, Action<Patched> patch, Action<Hdf5ArchiveReader> action, params string[] mentioned)
    {
        using var folder = new TestFolder(inMemory: true);
        var file = new Patched(File.ReadAllBytes(Hdf5_tables.Unpack(name, folder)));
        patch(file);
        File.WriteAllBytes(folder["a.h5"], file.Bytes);
        using var read = Hdf5Archive.Open(folder["a.h5"]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Faults.Message(() => action(read), ["a.h5", .. mentioned]);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 30_000_000);
    }

    /// <summary>A file to be changed, and where things are in it.</summary>
    private sealed class Patched(byte[] bytes)
    {
        private readonly Hdf5Objects objects = new(new MemoryStream((byte[])bytes.Clone()), 0, "a.h5");

        public byte[] Bytes => bytes;

        /// <summary>Where a header is, also of a type.</summary>
        public ulong Address(string path) => objects.Find(path)?.Address ?? Hdf5Links.Read(objects.Bytes, objects.Find("")!.Header).Single(link => link.Name == path).Address;

        public void Set(int at, uint value) => BitConverter.GetBytes(value).CopyTo(bytes, at);

        public int Find(ReadOnlySpan<byte> what) => bytes.AsSpan().IndexOf(what) is >= 0 and var at ? at : throw new InvalidDataException("it is not there");

        public List<int> All(ReadOnlySpan<byte> what)
        {
            var places = new List<int>();
            for (var from = 0; bytes.AsSpan(from).IndexOf(what) is >= 0 and var at; from += at + 1)
            {
                places.Add(from + at);
            }

            return places;
        }

        /// <summary>Where the index of a table's chunks is.</summary>
        public int Index(string path)
        {
            var layout = Message(path, Hdf5Header.Layout);
            if (bytes[layout] == 3)
            {
                return (int)BitConverter.ToUInt64(bytes, layout + 3);
            }

            // Behind the lengths of a chunk, the kind of the index and what it is built by.
            var kind = layout + 5 + (bytes[layout + 3] * bytes[layout + 4]);
            return (int)BitConverter.ToUInt64(bytes, kind + 1 + bytes[kind] switch { 3 => 1, 4 => 5, 5 => 6, _ => 0 });
        }

        /// <summary>Where the first message of a kind is in the first block of a header.</summary>
        public int Message(string path, int kind)
        {
            var header = (int)Address(path);
            var isFirst = bytes[header] == 1;
            var sizeBytes = 1 << (bytes[header + 5] & 3);
            for (var at = isFirst ? header + 16 : header + 6 + ((bytes[header + 5] & 0x20) != 0 ? 16 : 0) + sizeBytes; ;)
            {
                var size = BitConverter.ToUInt16(bytes, at + (isFirst ? 2 : 1));
                var data = at + (isFirst ? 8 : 4);
                if (bytes[at] == kind)
                {
                    return data;
                }

                // The next block, for those of these files end with where that is.
                at = bytes[at] == 0x10 ? (int)BitConverter.ToUInt64(bytes, data) + (isFirst ? 0 : 4) : data + size;
            }
        }
    }
}
