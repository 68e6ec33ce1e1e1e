using System.Buffers.Binary;
using System.IO.Compression;
using CsCheck;

namespace IlqrVae.Data.Tests;

public sealed class Matlab_files
{
    [Theory]
    [InlineData("compressed.mat")]
    [InlineData("plain.mat")]
    public void Every_class_of_level_5_is_read(string file)
    {
        var variables = MatFile.Read(SharedData.Committed(file)).ToDictionary(variable => variable.Name, StringComparer.Ordinal);
        Assert.Equal([3, 4], variables["spikes"].Shape);
        Assert.Equal("uint8", variables["spikes"].ClassName);
        Assert.Equal([0.0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11], variables["spikes"].Values);
        Assert.Equal([1.25, double.NaN, -2.5, 1e300], variables["real"].Values);
        Assert.Equal("single", variables["one"].ClassName);
        Assert.Equal([0.5, -0.25], variables["one"].Values);
        Assert.Equal([-128.0, 127], variables["a8"].Values);
        Assert.Equal([-32768.0, 32767], variables["a16"].Values);
        Assert.Equal([65535.0], variables["u16"].Values);
        Assert.Equal([-2147483648.0], variables["a32"].Values);
        Assert.Equal([4294967295.0], variables["u32"].Values);
        Assert.Equal([-4294967296.0], variables["a64"].Values);
        Assert.Equal([4294967296.0], variables["u64"].Values);
        Assert.Equal("logical", variables["yes"].ClassName);
        Assert.Equal([1.0, 0], variables["yes"].Values);
        Assert.Equal("hand velocity", variables["text"].Text);
        Assert.Equal([2, 3, 4], variables["cube"].Shape);
        Assert.Equal(12, variables["cube"].Values[1]);
        Assert.Equal([0, 3], variables["none"].Shape);
        Assert.Empty(variables["none"].Values);
        Assert.Equal([20.0], variables["session.rate"].Values);
        Assert.Equal("M1", variables["session.inner.name"].Text);
        Assert.Equal([7.0, 8], variables["session.inner.x"].Values);
        Assert.Equal([2.0], variables["people(2).age"].Values);
        Assert.Equal("b", variables["people(2).tag"].Text);
        Assert.Equal([1.5, 2.5, 3.5], variables["cells{1}"].Values);
        Assert.Empty(variables["cells{2}"].Values);
    }

    [Fact]
    public void What_is_not_read_is_listed_and_refused_by_name()
    {
        var variables = MatFile.Read(SharedData.Committed("compressed.mat")).ToDictionary(variable => variable.Name, StringComparer.Ordinal);
        Assert.False(variables["complex"].IsReadable);
        Faults.Message(() => _ = variables["complex"].Values, "compressed.mat", "'complex'", "real(...)");
        Assert.Equal([1.0, 0, 0, 0, 1, 0, 0, 0, 1], variables["sparse"].Values);
        Assert.Equal("people(1,2).age", variables["people(2).age"].Subscripted);
        Assert.Equal("cells{1,2}", variables["cells{2}"].Subscripted);
    }

    [Fact]
    public void Level_7_3_is_read()
    {
        var variables = MatFile.Read(SharedData.Committed("v73.mat")).ToDictionary(variable => variable.Name, StringComparer.Ordinal);
        Assert.Equal(["cells{1}", "complex", "none", "session.rate", "spikes", "text"], [.. variables.Keys.Order(StringComparer.Ordinal)]);
        Assert.Equal([3, 4], variables["spikes"].Shape);
        Assert.Equal("uint8", variables["spikes"].ClassName);
        Assert.Equal([0.0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11], variables["spikes"].Values);
        Assert.Equal("hand", variables["text"].Text);
        Assert.Equal([20.0], variables["session.rate"].Values);
        Assert.Empty(variables["none"].Values);
        Assert.Equal([1.0], variables["cells{1}"].Values);
        Faults.Message(() => _ = variables["complex"].Values, "v73.mat", "'complex'", "is complex", "-v7");
    }

    [Fact]
    public void Both_byte_orders_and_small_and_compressed_elements_are_read_alike() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, 5], Gen.Bool, Gen.Bool, Gen.Int).Sample((rows, columns, isBig, isCompressed, seed) =>
        {
            var random = new Random(seed);
            var values = Enumerable.Range(0, rows * columns).Select(_ => (double)random.Next(-30000, 30000)).ToArray();
            var bytes = Level5("a", [rows, columns], values, isBig, isCompressed);
            var variable = Assert.Single(MatFile.Read(bytes, "a.mat"));
            Assert.Equal("a", variable.Name);
            Assert.Equal([rows, columns], variable.Shape);
            Assert.Equal(values, variable.Values);
        });

    [Theory]
    [InlineData("compressed.mat", 1500)]
    [InlineData("plain.mat", 6000)]
    public void Flipped_bytes_are_refused_or_harmless(string file, int times)
    {
        times = Mutations.Copies(times);
        var whole = File.ReadAllBytes(SharedData.Committed(file));
        var random = new Random(7);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < times; i++)
        {
            var spoilt = (byte[])whole.Clone();
            for (var flips = random.Next(1, 4); flips > 0; flips--)
            {
                spoilt[random.Next(spoilt.Length)] = (byte)random.Next(256);
            }

            ReadAll(spoilt);
        }

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / times, 0, 4_000_000);
    }

    [Theory]
    [InlineData("compressed.mat")]
    [InlineData("plain.mat")]
    public void A_file_cut_short_is_refused_unless_it_ends_between_variables(string file)
    {
        var whole = File.ReadAllBytes(SharedData.Committed(file));
        var all = MatFile.Read(whole, file).Count;
        var refused = 0;
        for (var length = 0; length < whole.Length; length++)
        {
            var count = ReadAll(whole[..length]);
            refused += count is null ? 1 : 0;
            Assert.InRange(count ?? 0, 0, all);
        }

        Assert.InRange(refused, whole.Length * 9 / 10, whole.Length);
    }

    [Fact]
    public void Bytes_inside_a_compressed_variable_may_be_anything()
    {
        var whole = File.ReadAllBytes(SharedData.Committed("plain.mat"));
        var random = new Random(9);
        for (var i = 0; i < 1500; i++)
        {
            var spoilt = (byte[])whole.Clone();
            spoilt[random.Next(128, spoilt.Length)] ^= (byte)(1 << random.Next(8));
            using var packed = new MemoryStream();
            packed.Write(spoilt, 0, 128);
            using (var content = new MemoryStream())
            {
                using (var deflate = new ZLibStream(content, CompressionLevel.Fastest, leaveOpen: true))
                {
                    deflate.Write(spoilt.AsSpan(128));
                }

                packed.Write([.. Word(15, isBig: false), .. Word((int)content.Length, isBig: false)]);
                content.WriteTo(packed);
            }

            ReadAll(packed.ToArray());
        }
    }

    [Fact]
    public void A_small_file_that_claims_a_gigabyte_is_refused_at_once()
    {
        var bytes = Level5("a", [2, 2], [1, 2, 3, 4], isBig: false, isCompressed: false);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(128 + 4), 1 << 30);
        Faults.Message(() => MatFile.Read(bytes, "a.mat"), "a.mat", "damaged");
    }

    [Fact]
    public void A_file_of_another_kind_is_refused()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["a.mat"], "Hello");
        Faults.Message(() => MatFile.Read(folder["a.mat"]), "a.mat", "-v7");
        Faults.Message(() => MatFile.Read(folder["b.mat"]), "b.mat", "no such file");
    }

    /// <summary>A level 5 file of one variable of class double, stored as int16 as MATLAB does with whole numbers.</summary>
    internal static byte[] Level5(string name, int[] shape, double[] values, bool isBig, bool isCompressed)
    {
        var matrix = new MemoryStream();
        Element(matrix, 6, isBig, [.. Word(6, isBig), .. Word(0, isBig)]);
        Element(matrix, 5, isBig, [.. shape.SelectMany(length => Word(length, isBig))]);
        Element(matrix, 1, isBig, System.Text.Encoding.ASCII.GetBytes(name));
        Element(matrix, 3, isBig, [.. values.SelectMany(value => Half((short)value, isBig))]);
        var element = new MemoryStream();
        element.Write([.. Word(14, isBig), .. Word((int)matrix.Length, isBig)]);
        matrix.WriteTo(element);

        var file = new MemoryStream();
        file.Write(new byte[124]);
        file.Write(Half(0x0100, isBig));
        file.Write(Half(('M' << 8) | 'I', isBig));
        if (isCompressed)
        {
            var packed = new MemoryStream();
            using (var deflate = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            {
                element.WriteTo(deflate);
            }

            file.Write([.. Word(15, isBig), .. Word((int)packed.Length, isBig)]);
            packed.WriteTo(file);
        }
        else
        {
            element.WriteTo(file);
        }

        return file.ToArray();
    }

    private static int? ReadAll(byte[] bytes)
    {
        try
        {
            var variables = MatFile.Read(bytes, "a.mat");
            foreach (var variable in variables.Where(variable => variable.IsReadable))
            {
                _ = variable.Values;
            }

            return variables.Count;
        }
        catch (InputException exception)
        {
            Assert.DoesNotContain('\n', exception.Message);
            return null;
        }
    }

    private static void Element(MemoryStream stream, int type, bool isBig, byte[] data)
    {
        if (data.Length is > 0 and <= 4)
        {
            stream.Write(Word((data.Length << 16) | type, isBig));
            stream.Write(data);
            stream.Write(new byte[4 - data.Length]);
            return;
        }

        stream.Write(Word(type, isBig));
        stream.Write(Word(data.Length, isBig));
        stream.Write(data);
        stream.Write(new byte[(8 - (data.Length % 8)) % 8]);
    }

    private static byte[] Word(int value, bool isBig)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, isBig ? BinaryPrimitives.ReverseEndianness(value) : value);
        return bytes;
    }

    private static byte[] Half(int value, bool isBig)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteInt16LittleEndian(bytes, isBig ? BinaryPrimitives.ReverseEndianness((short)value) : (short)value);
        return bytes;
    }
}
