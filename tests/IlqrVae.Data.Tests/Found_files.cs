using System.Formats.Tar;
using System.IO.Compression;
using IlqrVae.Data.Import;

namespace IlqrVae.Data.Tests;

/// <summary>Small damaged files of all formats, each of which took a way through the readers that no other took: an answer or one line, whatever is in them.</summary>
public sealed class Found_files
{
    private static readonly ImportOptions Options = new() { BinWidth = 0.1, TrainFraction = 1 };

    [Fact]
    public void Files_that_take_every_way_through_the_readers_give_an_answer_or_one_line()
    {
        using var folder = new TestFolder();
        using var packed = new GZipStream(File.OpenRead(SharedData.Committed("found.tar.gz")), CompressionMode.Decompress);
        using var files = new TarReader(packed);
        var count = 0;
        while (files.GetNextEntry(copyData: true) is { } entry)
        {
            var path = folder[entry.Name];
            entry.ExtractToFile(path, overwrite: true);
            Mutations.Try(count++, (entry.Name, () => RecordingImporters.Import(path, Options).Recording.Trials.Count), ("inspect", () => RecordingImporters.Inspect(path) is null ? 0 : 1));
        }

        Assert.True(count > 50);
    }
}
