using System.IO.Compression;

namespace IlqrVae.Data.Import.Arrays;

/// <summary>NumPy's archives of arrays (.npz): a zip of files of one array each. Entries are unpacked when they are asked for, and never further than their headers say.</summary>
internal static class NpzArchive
{
    private const int MostEntries = 10_000;
    private const int Deepest = 32;
    private const string Extension = ".npy";

    // Deflate cannot shrink data further than to about 1/1032; where there are very many entries, each byte hardly stands for more than some hundreds.
    private const long LargestCompression = 1100;
    private const long MostEntriesOfByte = 300;
    private const long VeryMany = 1 << 27;

    /// <summary>Opens an archive.</summary>
    /// <exception cref="InputException">It is no such archive, or it is damaged.</exception>
    public static ArrayFile Open(ImportSource source)
    {
        var path = source.Path;
        var root = new RecordNode(null, "", null, []);
        var arrays = new List<(string Name, Func<ArrayNode, string, ArrayNode> Make)>();
        var remarks = new List<string>();
        var archive = source.Keep(Guarded(path, () => new ZipArchive(InputFile.Open(path), ZipArchiveMode.Read)));
        var entries = Guarded(path, () => archive.Entries);
        if (entries.Count > MostEntries)
        {
            throw new InputException($"{path}: the archive has {entries.Count} entries, more than {MostEntries}; save fewer arrays.");
        }

        foreach (var entry in entries)
        {
            if (!entry.FullName.EndsWith(Extension, StringComparison.Ordinal))
            {
                ArrayTimes.AddOnce(remarks, $"{path}: '{Messages.OneLine(entry.FullName)}' is no array of NumPy and is passed over.");
                continue;
            }

            var name = entry.FullName[..^Extension.Length];
            if (arrays.Exists(one => one.Name == name))
            {
                throw new InputException($"{path}: the archive holds '{Messages.OneLine(name)}' twice; save it again.");
            }

            var what = $"{path}: '{Messages.OneLine(name)}'";
            var header = Guarded(path, () =>
            {
                using var content = entry.Open();
                return NpyFile.ReadHeader(content, what);
            });
            if (header.Fault is null)
            {
                NpyFile.RequireFits(header, what, entry.Length - header.DataOffset);
            }

            RequireSound(entry, header, what);

            arrays.Add((name, (parent, label) => NpyFile.Node(parent, label, header, read => Within(path, entry, header, read))));
        }

        if (arrays.Count == 0)
        {
            throw new InputException($"{path}: the archive holds no array of NumPy; save it with numpy.savez.");
        }

        Fill(root, "", arrays);
        return new ArrayFile(path, "NumPy archive", root, FirstIndex: 0) { Noun = "array", Remarks = remarks };
    }

    /// <summary>Arrays whose names have slashes, as "trials/start_time", are in groups, as those of HDF5; where a group and an array would have one name, the slash is part of the name.</summary>
    private static void Fill(RecordNode record, string folder, List<(string Name, Func<ArrayNode, string, ArrayNode> Make)> arrays)
    {
        var fields = new List<(string Name, ArrayNode Node)>();
        foreach (var group in arrays.GroupBy(array => FirstPart(array.Name, arrays), StringComparer.Ordinal))
        {
            var label = folder.Length == 0 ? group.Key : $"/{group.Key}";
            if (group.First() is var (name, make) && name == group.Key)
            {
                fields.Add((group.Key, make(record, label)));
                continue;
            }

            var inner = new RecordNode(record, label, null, []);
            Fill(inner, $"{folder}/{group.Key}", [.. group.Select(array => (array.Name[(group.Key.Length + 1)..], array.Make))]);
            fields.Add((group.Key, inner));
        }

        (record.Fields, record.Records) = ([.. fields.Select(field => field.Name)], [[.. fields.Select(field => field.Node)]]);
    }

    private static string FirstPart(string name, List<(string Name, Func<ArrayNode, string, ArrayNode> Make)> arrays)
    {
        var cut = name.IndexOf('/', StringComparison.Ordinal);
        return cut <= 0 || cut == name.Length - 1 || name.Count(letter => letter == '/') > Deepest || arrays.Exists(array => array.Name.AsSpan().SequenceEqual(name.AsSpan(0, cut))) ? name : name[..cut];
    }

    private static object Within(string path, ZipArchiveEntry entry, NpyFile.Header header, Func<Stream, long, object> read) => Guarded(path, () =>
    {
        using var content = entry.Open();
        content.ReadExactly(new byte[header.DataOffset]);
        return read(content, entry.Length - header.DataOffset);
    });

    private static void RequireSound(ZipArchiveEntry entry, NpyFile.Header header, string what)
    {
        if (entry.Length > Math.Max(1 << 12, entry.CompressedLength * LargestCompression) || (header.Count > VeryMany && header.Count > entry.CompressedLength * MostEntriesOfByte))
        {
            throw new InputException($"{what} claims to unpack from {entry.CompressedLength} bytes to {header.Count} entries in {entry.Length} bytes, which is not believed; save it again with numpy.savez, which does not compress.");
        }
    }

    private static T Guarded<T>(string path, Func<T> function)
    {
        try
        {
            return function();
        }
        catch (Exception exception) when (exception is not InputException)
        {
            throw new InputException($"{path}: the archive cannot be read ({Messages.OneLine(exception.Message)}); it is damaged, cut short or of an unusual kind, save it again with numpy.savez.", exception);
        }
    }
}
