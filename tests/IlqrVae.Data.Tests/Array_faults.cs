using System.IO.Compression;
using System.Text;
using IlqrVae.Data.Import;

namespace IlqrVae.Data.Tests;

/// <summary>Files of named arrays that are damaged, odd or hostile: one line or a remark, quickly and in little memory.</summary>
public sealed class Array_faults
{
    private static readonly int Copies = Mutations.Copies(500);

    /// <summary>Copies of a reader that has this file alone, and of one that has two.</summary>
    private static readonly (int Alone, int OfTwo) More = (Mutations.Copies(2000), Mutations.Copies(1000));

    public static TheoryData<string, int> Files => new()
    {
        { "nested.mat", 400 }, { "trial_data.mat", 400 }, { "bare_grid.mat", 2000 }, { "session73.mat", 16384 }, { "sparse73.mat", 4096 }, { "trials.npz", 200 }, { "sorted.npz", 200 }, { "level4.mat", 30 },
    };

    /// <summary>What is asked of a file so that as much of it as there is is read.</summary>
    private static IEnumerable<ImportOptions> OptionsFor(string file) => file switch
    {
        "nested.mat" => [new ImportOptions { BinWidth = 0.05, Align = "go", Window = (-0.25, 0.5), Where = "good", Conditions = ["kind"], Values = [new ImportedValues("hand", "trial.hand")] }],
        "trial_data.mat" => [new ImportOptions { Align = "idx_go_cue", Window = (-0.05, 0.1), Values = [new ImportedValues("vel", "trial_data.vel")], Conditions = ["result"] }],
        "bare_grid.mat" => [new ImportOptions { BinWidth = 0.05, Maps = [ArrayMapping.Parse("spikes=spikes:unit,trial,spike")] }],
        "session73.mat" =>
        [
            new ImportOptions { BinWidth = 0.05, Behaviour = [new ImportedValues("cursor", "cursor_pos")], Trials = "trial", Conditions = ["kind"] },
            new ImportOptions { Spikes = "trial.counts", BinWidth = 0.01, Where = "kind == 'left'" },
        ],
        "sparse73.mat" => [new ImportOptions { BinWidth = 0.01 }, new ImportOptions { Spikes = "cells", BinWidth = 0.01 }],
        "trials.npz" => [new ImportOptions { Values = [new ImportedValues("vel", "hand_vel")], Conditions = ["condition"] }],
        _ => [new ImportOptions { BinWidth = 0.1 }],
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void Mutated_copies_give_an_answer_or_one_line(string file, int headerBytes)
    {
        using var folder = new TestFolder(inMemory: true);
        Try(folder, file, File.ReadAllBytes(SharedData.Committed(file)), headerBytes, [.. OptionsFor(file)], isRead: !file.StartsWith("level4", StringComparison.Ordinal), copies: file.EndsWith(".npz", StringComparison.Ordinal) ? More.OfTwo : null);
    }

    [Fact]
    public void So_do_mutated_copies_of_one_array_of_tables_in_text_and_of_plain_HDF5()
    {
        using var folder = new TestFolder(inMemory: true);
        Try(folder, "a.npy", Numpy_files.Npy("<i2", isColumnMajor: true, [30, 4], [.. Enumerable.Range(0, 240).Select(i => (byte)(i % 2 == 0 ? i % 3 : 0))]), 128, [new ImportOptions { BinWidth = 0.01 }]);
        var wide = new StringBuilder("time,unit1,unit2,vel_x,kind\n");
        for (var bin = 0; bin < 40; bin++)
        {
            wide.Append(System.Globalization.CultureInfo.InvariantCulture, $"{bin * 0.01:F2},{bin % 3},{bin % 2},{bin / 7.0:F3},\"a,b\"\n");
        }

        Try(folder, "a.csv", Encoding.UTF8.GetBytes(wide.ToString()), 100, [new ImportOptions { Values = [new ImportedValues("vel", "vel_x")] }]);
        var spikes = new StringBuilder("unit\ttime\n");
        for (var spike = 0; spike < 60; spike++)
        {
            spikes.Append(System.Globalization.CultureInfo.InvariantCulture, $"{spike % 3}\t{spike * 0.11:F3}\n");
        }

        Try(folder, "a.tsv", Encoding.UTF8.GetBytes(spikes.ToString()), 100, [new ImportOptions { BinWidth = 0.05 }]);
        var plain = new Hdf5Archive();
        plain.Add("session/counts", [.. Enumerable.Range(0, 400).Select(i => (byte)(i % 3))], 100, 4);
        plain.Add("session/time", [.. Enumerable.Range(0, 100).Select(i => i * 0.02)], 100);
        plain.Add("session/vel", new double[200], 100, 2);
        plain.Save(folder["plain.h5"]);
        Try(folder, "plain.h5", File.ReadAllBytes(folder["plain.h5"]), 4096, [new ImportOptions { Values = [new ImportedValues("vel", "session/vel")] }]);
        Tensor_files.LfadsTorch().Save(folder["torch.h5"]);
        Try(folder, "torch.h5", File.ReadAllBytes(folder["torch.h5"]), 8192, [new ImportOptions { BinWidth = 0.01 }], copies: More.Alone);
        Tensor_files.Nlb().Save(folder["nlb.h5"]);
        Try(folder, "nlb.h5", File.ReadAllBytes(folder["nlb.h5"]), 8192, [new ImportOptions()]);
    }

    private static void Try(TestFolder folder, string file, byte[] bytes, int headerBytes, ImportOptions[] options, bool isRead = true, int? copies = null)
    {
        var path = folder[$"copy-{file}"];
        File.WriteAllBytes(path, bytes);
        Assert.All(options, one => Assert.True(!isRead || RecordingImporters.Import(path, one).Recording.Trials.Count > 0));
        var (refused, count) = (0, copies ?? Copies);
        foreach (var seed in Mutations.Seeds(count))
        {
            File.WriteAllBytes(path, Mutations.Of(bytes, new Random(seed), headerBytes));
            refused += Mutations.Try(seed, [.. options.Select((one, i) => ($"{file} {i}", (Func<int>)(() => RecordingImporters.Import(path, one).Recording.Trials.Count))), ($"{file} inspect", () => RecordingImporters.Inspect(path) is null ? 0 : 1)]);
        }

        Mutations.Tell(file, count, refused);
        Assert.InRange(refused, count / 20, 3 * count);
    }

    [Fact]
    public void Archives_that_unpack_to_very_much_are_refused_at_once()
    {
        using var folder = new TestFolder();

        // What deflate shrinks a thousandfold, more than anyone's spikes.
        Archive(folder["bomb.npz"], ("spikes", Numpy_files.Header("|u1", false, [200_000_000, 2]), 400_000_000L));
        Faults.Message(() => RecordingImporters.Import(folder["bomb.npz"], new ImportOptions { BinWidth = 0.01 }), "bomb.npz", "'spikes'", "not believed");
        Mutations.Try(0, ("bomb", () => RecordingImporters.Inspect(folder["bomb.npz"]) is null ? 0 : 1));

        // Much of nothing, but not too much: silence is believed, quickly and in little memory.
        Archive(folder["silence.npz"], ("spikes", Numpy_files.Header("|u1", false, [5_000_000, 2]), 10_000_000L));
        Mutations.Try(0, ("silence", () => RecordingImporters.Import(folder["silence.npz"], new ImportOptions { BinWidth = 0.001 }).Recording.Trials.Count));

        // A shape beyond what the entry holds.
        Archive(folder["claim.npz"], ("spikes", Numpy_files.Header("<i8", false, [2_000_000_000, 4]), 1000L));
        Faults.Message(() => RecordingImporters.Import(folder["claim.npz"], new ImportOptions { BinWidth = 0.01 }), "'spikes'", "2000000000 x 4", "where at most 1000 follow");
        Archive(folder["texts.npz"], ("spikes", Numpy_files.Header("<U0", false, [2_000_000_000]), 0L));
        Mutations.Try(0, ("texts", () => RecordingImporters.Import(folder["texts.npz"], new ImportOptions { BinWidth = 0.01 }).Recording.Trials.Count));
        Archive(folder["many.npz"], [.. Enumerable.Range(0, 12_000).Select(i => ($"a{i}", Array.Empty<byte>(), 0L))]);
        Faults.Message(() => RecordingImporters.Import(folder["many.npz"]), "12000 entries");
        Archive(folder["twice.npz"], ("a", Numpy_files.Header("<i8", false, [1]), 8L), ("a", Numpy_files.Header("<i8", false, [1]), 8L));
        Faults.Message(() => RecordingImporters.Import(folder["twice.npz"]), "'a' twice");
        using (var archive = ZipFile.Open(folder["none.npz"], ZipArchiveMode.Create))
        {
            archive.CreateEntry("readme.txt");
        }

        Faults.Message(() => RecordingImporters.Import(folder["none.npz"]), "no array of NumPy");
    }

    [Theory]
    [InlineData(2_000_000_000, 0)]
    [InlineData(0, 2_000_000_000)]
    [InlineData(2_000_000_000, 0, 3)]
    [InlineData(3, 2_000_000_000, 0)]
    public void Arrays_without_entries_are_none_however_long_their_other_axes(params int[] shape)
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder["a.npy"], Numpy_files.Npy("|u1", false, shape, []));
        string[] axes = shape.Length == 2 ? ["", ":bin,channel", ":unit,spike"] : ["", ":trial,bin,channel", ":trial,unit,spike"];
        foreach (var one in axes)
        {
            Mutations.Try(0, ("import", () =>
            {
                Faults.Message(() => RecordingImporters.Import(folder["a.npy"], new ImportOptions { BinWidth = 0.01, Maps = [ArrayMapping.Parse($"spikes=a{one}")] }), "a.npy", "'a'");
                return 1;
            }));
        }

        Mutations.Try(0, ("inspect", () => RecordingImporters.Inspect(folder["a.npy"]) is null ? 0 : 1));
        File.WriteAllBytes(folder["b.mat"], Matlab_files.Level5("spikes", shape, [], isBig: false, isCompressed: false));
        Mutations.Try(0, ("matlab", () =>
        {
            Faults.Message(() => RecordingImporters.Import(folder["b.mat"], new ImportOptions { BinWidth = 0.01 }), "b.mat", "'spikes'");
            return 1;
        }));
    }

    [Fact]
    public void One_number_is_no_table()
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder["spikes.npy"], Numpy_files.Npy("<i2", false, [], [3, 0]));
        Faults.Message(() => RecordingImporters.Import(folder["spikes.npy"], new ImportOptions { BinWidth = 0.01 }), "spikes.npy", "'spikes' has shape", "units x bins");
        Assert.Empty(RecordingImporters.Inspect(folder["spikes.npy"])!.Proposal);
        foreach (var axes in (string[])[":bin", ":bin,channel", ":trial,bin,channel"])
        {
            Faults.Message(() => RecordingImporters.Import(folder["spikes.npy"], new ImportOptions { BinWidth = 0.01, Maps = [ArrayMapping.Parse($"spikes=spikes{axes}")] }), "spikes.npy");
        }
    }

    [Fact]
    public void Cells_without_entries_are_none_however_long_their_other_axis()
    {
        using var folder = new TestFolder();
        var bytes = File.ReadAllBytes(SharedData.Committed("bare_grid.mat"));
        var place = bytes.AsSpan().IndexOf((byte[])[3, 0, 0, 0, 5, 0, 0, 0]);
        BitConverter.GetBytes(20_000_000).CopyTo(bytes, place);
        BitConverter.GetBytes(0).CopyTo(bytes, place + 4);
        File.WriteAllBytes(folder["a.mat"], bytes);
        Mutations.Try(0, ("cells", () =>
        {
            Faults.Message(() => RecordingImporters.Import(folder["a.mat"], new ImportOptions { BinWidth = 0.01 }), "a.mat", "'spikes'");
            return 1;
        }));
    }

    [Fact]
    public void Cells_in_circles_and_structures_that_are_shared_very_often_are_refused()
    {
        using var folder = new TestFolder();
        var root = new PureHDF.H5File();
        var group = new PureHDF.H5Group();
        group.Attributes["MATLAB_class"] = "struct";
        group["x"] = new double[] { 1 };
        var cells = new PureHDF.H5Dataset(Enumerable.Repeat(new PureHDF.H5ObjectReference(group), 1000).ToArray(), fileDims: [1000, 1]);
        cells.Attributes["MATLAB_class"] = "cell";
        root["pool"] = group;
        root["spikes"] = cells;
        root.Write(folder["a.mat"]);
        Faults.Message(() => RecordingImporters.Import(folder["a.mat"], new ImportOptions { BinWidth = 0.01 }), "a.mat", "referred to more than 16 times");
    }

    [Fact]
    public void Tables_of_text_that_are_none_are_told_with_their_line()
    {
        using var folder = new TestFolder();
        foreach (var (text, said) in new[]
        {
            ("", "no table"), ("# nothing\n\n", "no table"), ("time,unit1\n", "no row"), ("time,unit1\n0,1\n0.1\n", "line 3 has 1 cells where the first has 2"),
            ("time;unit1\n0,1;2\n", "'0,1' in line 2 has a decimal comma"), ("a,a\n1,2\n", "two columns are called 'a'"), ("1,2\n3,x\n", "column 2 holds texts and no first line"),
            ("a,b\n\"1,2\n3,4\n", "quotes that begin in line 2 do not end"), ("a,b\n1,\0\n", "line 2 holds a zero byte"),
        })
        {
            File.WriteAllText(folder["a.csv"], text);
            Faults.Message(() => RecordingImporters.Import(folder["a.csv"], new ImportOptions { BinWidth = 0.01 }), "a.csv", said);
        }

        File.WriteAllText(folder["long.csv"], "a," + new string('1', 20_000_000));
        Faults.Message(() => RecordingImporters.Import(folder["long.csv"]), "long.csv", "longer than");
        File.WriteAllText(folder["wide.csv"], string.Join(',', Enumerable.Range(0, 200_000)));
        Faults.Message(() => RecordingImporters.Import(folder["wide.csv"]), "wide.csv", "more than 100000");
    }

    private static void Archive(string path, params (string Name, byte[] Header, long Zeros)[] entries)
    {
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (var (name, header, zeros) in entries)
        {
            using var stream = archive.CreateEntry($"{name}.npy", CompressionLevel.Optimal).Open();
            stream.Write(header);
            var block = new byte[1 << 20];
            for (var left = zeros; left > 0; left -= block.Length)
            {
                stream.Write(block, 0, (int)Math.Min(left, block.Length));
            }
        }
    }
}
