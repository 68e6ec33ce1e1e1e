namespace IlqrVae.Data.Tests;

/// <summary>Submission and target files of the benchmark, written and read again. Those that h5py wrote are read beside the scores.</summary>
public sealed class Neural_latents_files
{
    [Fact]
    public void What_is_written_is_read()
    {
        using var folder = new TestFolder();
        var path = folder["a.h5"];
        var file = new NeuralLatentsWriter("own_20");
        file.Add("eval_rates_heldout", [.. Enumerable.Range(0, 24).Select(i => i == 5 ? float.NaN : i / 8f)], 2, 3, 4);
        file.Add("eval_behavior", [1, 2, 3, 4], 2, 2);
        file.Add("eval_cond_idx", [[0, 2], [], [1]]);
        file.AddMasks("eval_decode_mask", [[true, false, false], [true, true, false]]);
        file.Save(path);
        using var read = NeuralLatentsFile.Open(path);
        Assert.Equal(["own_20"], read.Groups, StringComparer.Ordinal);
        var rates = read.ArrayOrNull("own_20", "eval_rates_heldout")!;
        Assert.Equal("2 x 3 x 4", rates.Shape);
        var trial = new double[12];
        rates.Read(1, trial);
        Assert.Equal([.. Enumerable.Range(12, 12).Select(i => i / 8.0)], trial);
        rates.Read(0, trial);
        Assert.Equal(double.NaN, trial[5]);
        Assert.Equal("2 x 1 x 2", read.ArrayOrNull("own_20", "eval_behavior", takesRows: true)!.Shape);
        Assert.Equal([[0, 2], [], [1]], read.ListsOrNull("own_20", "eval_cond_idx")!);
        Assert.Equal([[true, false, false], [true, true, false]], read.Masks("own_20", "eval_decode_mask"));
        Assert.Empty(read.Masks("own_20", "train_decode_mask"));
        Assert.Null(read.ArrayOrNull("own_20", "psth"));
        Assert.Null(read.ListsOrNull("own_20", "train_cond_idx"));
        Assert.Null(read.WholesOrNull("own_20", "eval_jitter"));
    }

    [Fact]
    public void Lists_of_one_length_may_be_a_table_of_two_axes()
    {
        using var folder = new TestFolder();
        var archive = new Hdf5Archive();
        archive.Add("g/eval_cond_idx", new long[] { 0, 1, 2, 3 }, 2, 2);
        archive.Add("g/eval_jitter", new long[] { 3, -1 });
        archive.Add("g/eval_decode_mask", new long[] { 1, 2 }, 2, 1);
        archive.Save(folder["a.h5"]);
        using var read = NeuralLatentsFile.Open(folder["a.h5"]);
        Assert.Equal([[0, 1], [2, 3]], read.ListsOrNull("g", "eval_cond_idx")!);
        Assert.Equal([3, -1], read.WholesOrNull("g", "eval_jitter")!);
        Assert.Contains("the value 2 at trial 1", Assert.Throws<InputException>(() => read.Masks("g", "eval_decode_mask")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_layouts_are_refused_by_name()
    {
        using var folder = new TestFolder();
        var archive = new Hdf5Archive();
        archive.Add("eval_rates_heldout", new double[6], 1, 2, 3);
        archive.Save(folder["root.h5"]);
        var message = Assert.Throws<InputException>(() => NeuralLatentsFile.Open(folder["root.h5"])).Message;
        Assert.Contains("eval_rates_heldout", message, StringComparison.Ordinal);
        Assert.Contains("mc_maze", message, StringComparison.Ordinal);
        archive = new Hdf5Archive();
        archive.Add("g/flat", new double[6], 2, 3);
        archive.Add("g/one", new double[6]);
        archive.Add("g/text", ["a"], 1, 1, 1);
        archive.Add("g/real", new double[2], 1, 2);
        archive.Save(folder["a.h5"]);
        using var read = NeuralLatentsFile.Open(folder["a.h5"]);
        Assert.Contains("2 x 3", Assert.Throws<InputException>(() => read.ArrayOrNull("g", "flat")).Message, StringComparison.Ordinal);
        Assert.Contains("'/g/one'", Assert.Throws<InputException>(() => read.ArrayOrNull("g", "one", takesRows: true)).Message, StringComparison.Ordinal);
        Assert.Contains("text", Assert.Throws<InputException>(() => read.ArrayOrNull("g", "text")).Message, StringComparison.Ordinal);
        Assert.Contains("whole numbers", Assert.Throws<InputException>(() => read.ListsOrNull("g", "real")).Message, StringComparison.Ordinal);
    }
}
