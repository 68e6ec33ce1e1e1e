using IlqrVae.Data.Import;

namespace IlqrVae.Data.Tests;

/// <summary>Files of others that are whole and say what they must not: a table that is gone, of another shape or type, a number that is none.</summary>
public sealed class Import_trees
{
    /// <summary>Half of those of a reader; the other half are damaged bytes.</summary>
    private static readonly int Copies = Mutations.Copies(1000);

    public static TheoryData<string> Files => ["a.nwb", "lfads.h5", "nlb.h5", "session.h5", "session73.mat"];

    [Theory]
    [MemberData(nameof(Files))]
    public void What_a_file_says_may_be_anything(string file)
    {
        using var folder = new TestFolder(inMemory: true);
        var (path, options) = (folder[$"copy-{file}"], OptionsFor(file));
        Write(folder[file]);
        var tree = MutatedTree.Read(folder[file], "neurodata_type", "namespace", "nwb_version", "conversion", "offset", "rate", "unit", "MATLAB_class", "MATLAB_empty", "MATLAB_int_decode");
        MutatedTree.Unchanged(tree).Save(path);
        Assert.All(options, one => Assert.NotEmpty(RecordingImporters.Import(path, one).Recording.Trials));
        var refused = 0;
        foreach (var seed in Mutations.Seeds(Copies))
        {
            MutatedTree.Change(tree, new Random(seed)).Save(path);
            refused += Mutations.Try(seed, [.. options.Select((one, i) => ($"{file} {i}", (Func<int>)(() => RecordingImporters.Import(path, one).Recording.Trials.Count))), ($"{file} inspect", () => RecordingImporters.Inspect(path) is null ? 0 : 1)]);
        }

        Mutations.Tell($"{file}, what it says", Copies, refused);
        Assert.InRange(refused, Copies / 20, 3 * Copies);
    }

    private static ImportOptions[] OptionsFor(string file) => file switch
    {
        "a.nwb" =>
        [
            new ImportOptions { BinWidth = 0.05, Align = "go_time", Window = (-0.2, 0.4), Where = "kind != 'no'", Behaviour = [new ImportedValues("y", "processing/behavior/y")], Conditions = ["kind"] },
            new ImportOptions { BinWidth = 0.05, ChunkSeconds = 1, ChunkOverlapSeconds = 0.5, Behaviour = [new ImportedValues("x", "x")] },
        ],
        "nlb.h5" => [new ImportOptions()],
        "session.h5" => [new ImportOptions { Values = [new ImportedValues("vel", "session/vel")] }],
        "session73.mat" => [new ImportOptions { Spikes = "counts", Values = [new ImportedValues("vel", "vel")] }],
        _ => [new ImportOptions { BinWidth = 0.01 }],
    };

    private static void Write(string path)
    {
        switch (Path.GetFileName(path))
        {
            case "a.nwb":
                var random = new Random(3);
                var builder = new NwbBuilder();
                builder.Units([10, 11, 12], [.. Enumerable.Range(0, 3).Select(_ => Enumerable.Range(0, 40).Select(_ => random.NextDouble() * 8).Order().ToArray())], Array.Empty<ushort>());
                builder.Observed([0, 4, 4.5, 8], [0, 4, 4.5, 8], [0, 8]);
                builder.Trials([0.5, 2, 3.9, 6], [1.5, 3, 5, 7], ("go_time", new[] { 1, 2.5, 4.2, double.NaN }), ("kind", new[] { "a", "b", "a", "no" }));
                builder.Series("processing/behavior/x", Enumerable.Range(0, 400).Select(i => (short)i).ToArray(), start: 0, rate: 50, conversion: 0.1);
                builder.Series("processing/behavior/y", Enumerable.Range(0, 200).Select(i => i * 0.5).ToArray(), times: [.. Enumerable.Range(0, 200).Select(i => i * 0.04)]);
                builder.Save(path);
                break;
            case "lfads.h5":
                Tensor_files.LfadsTorch().Save(path);
                break;
            case "nlb.h5":
                Tensor_files.Nlb().Save(path);
                break;
            default:
                var plain = new Hdf5Archive();
                var group = path.EndsWith(".mat", StringComparison.Ordinal) ? "" : "session/";
                plain.Add($"{group}counts", [.. Enumerable.Range(0, 400).Select(i => (byte)(i % 3))], 100, 4);
                plain.Add($"{group}time", [.. Enumerable.Range(0, 100).Select(i => i * 0.02)], 100);
                plain.Add($"{group}vel", new double[200], 100, 2);
                plain.Save(path);
                break;
        }
    }
}
