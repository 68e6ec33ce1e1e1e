using IlqrVae.Data.Import;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Tests;

/// <summary>Files of lfads-torch and nlb_tools: the count of unit u in bin t of trial k is (3u + 5t + k) % 5.</summary>
public sealed class Tensor_files
{
    private const int Units = 4;
    private const int HeldOut = 2;
    private const int Window = 12;
    private const int Bins = 15;

    internal static Hdf5Archive LfadsTorch(double rateScale = 1)
    {
        var file = new Hdf5Archive();
        foreach (var (stem, trials) in new[] { ("train", 6), ("valid", 3), ("test", 2) })
        {
            file.Add($"{stem}_encod_data", Counts(trials, 0, Window, 0, Units), trials, Window, Units);
            file.Add($"{stem}_ext_input", [.. Enumerable.Range(0, trials * Bins).Select(i => i / 8.0)], trials, Bins, 1);
            if (stem != "test")
            {
                file.Add($"{stem}_recon_data", Counts(trials, 0, Bins, 0, Units + HeldOut), trials, Bins, Units + HeldOut);
                file.Add($"{stem}_truth", [.. Counts(trials, 0, Bins, 0, Units + HeldOut).Select(count => count * rateScale)], trials, Bins, Units + HeldOut);
                file.Add($"{stem}_behavior", [.. Enumerable.Range(0, trials * Window * 2).Select(i => i % 7 == 3 ? double.NaN : i)], trials, Window, 2);
            }
        }

        file.Add("train_cond_idx", (int[][])[[0, 2, 4], [1, 3, 5]]);
        file.Add("train_decode_mask", [true, false, true, false, true, false, false, true, false, true, false, true], 6, 2);
        file.Add("psth", new double[2 * Bins * Units], 2, Bins, Units);
        return file;
    }

    internal static Hdf5Archive Nlb(string group = "mc_maze_20")
    {
        var file = new Hdf5Archive();
        foreach (var (stem, trials) in new[] { ("train", 16), ("eval", 3) })
        {
            file.Add($"{group}/{stem}_spikes_heldin", Counts(trials, 0, Window, 0, Units), trials, Window, Units);
            file.Add($"{group}/{stem}_spikes_heldin_forward", Counts(trials, Window, Bins - Window, 0, Units), trials, Bins - Window, Units);
            if (stem == "train")
            {
                file.Add($"{group}/{stem}_spikes_heldout", Counts(trials, 0, Window, Units, HeldOut), trials, Window, HeldOut);
                file.Add($"{group}/{stem}_spikes_heldout_forward", Counts(trials, Window, Bins - Window, Units, HeldOut), trials, Bins - Window, HeldOut);
                file.Add($"{group}/{stem}_behavior", new double[trials * Window * 2], trials, Window, 2);
            }
        }

        return file;
    }

    /// <summary>A damaged length made millions of labels of a few bytes, and a gigabyte of those.</summary>
    [Theory]
    [InlineData(1000)]
    [InlineData(1001)]
    public void More_labels_than_a_trial_can_have_are_left_out(int labels)
    {
        using var folder = new TestFolder();
        var file = LfadsTorch();
        file.Add("valid_jitter", new double[3 * labels], 3, labels);
        file.Save(folder["a.h5"]);
        var (recording, remarks) = RecordingImporters.Import(folder["a.h5"], new ImportOptions { BinWidth = 0.005 });
        Assert.Equal(labels > 1000, remarks.Any(remark => remark.Contains("'/valid_jitter' has 1001 labels a trial, more than 1000", StringComparison.Ordinal)));
        Assert.Equal(labels > 1000 ? 0 : 1000, recording.TrialsOf(TrialSplit.Validation)[0].Labels.Keys.Count(name => name.StartsWith("jitter_", StringComparison.Ordinal)));
    }

    [Fact]
    public void More_channels_are_held_out_and_more_bins_lie_after_the_window()
    {
        using var folder = new TestFolder();
        LfadsTorch().Save(folder["a.h5"]);
        var (recording, remarks) = RecordingImporters.Import(folder["a.h5"], new ImportOptions { BinWidth = 0.005 });
        Assert.Equal([("spikes", Units), (HeldOutChannels.GroupName, HeldOut), ("behavior", 2)], recording.Groups.Select(group => (group.Name, group.Channels)));
        Assert.Equal([TrialSplit.Train, TrialSplit.Validation, TrialSplit.Test], recording.Trials.Select(trial => trial.Split).Distinct());
        Assert.Equal((6, 3, 2), (recording.TrialsOf(TrialSplit.Train).Count, recording.TrialsOf(TrialSplit.Validation).Count, recording.TrialsOf(TrialSplit.Test).Count));
        Assert.Contains(remarks, remark => remark.Contains("2 units are to be predicted from 4 others", StringComparison.Ordinal));
        Assert.Contains(remarks, remark => remark.Contains("the last 3 of 15 bins", StringComparison.Ordinal) && remark.Contains("--forward-bins 3", StringComparison.Ordinal));
        foreach (var split in (TrialSplit[])[TrialSplit.Train, TrialSplit.Validation])
        {
            AssertCounts(recording.TrialsOf(split), recording.Trials[0].Bins);
        }

        // Test trials have what inference sees, and nothing else.
        var test = recording.TrialsOf(TrialSplit.Test)[1];
        Assert.Equal(Bins, test.Bins);
        Assert.Equal(((3 * 2) + (5 * 7) + 1) % 5, test.Observations[0][7, 2]);
        Assert.Equal((Window * Units, 0L, 0L), (test.Observations[0].ObservedCount, test.Observations[1].ObservedCount, test.Observations[2].ObservedCount));

        var trial = recording.Trials[3];
        Assert.Equal(((3 * Bins) + 14) / 8.0, trial.External![14, 0]);
        Assert.Equal((3 * Window * 2) + (5 * 2) + 1, trial.Observations[2][5, 1]);
        Assert.False(trial.Observations[2].IsObserved(Window, 0));
        Assert.Equal(1, trial.Truth["condition"][0, 0]);
        Assert.Equal((0.0, 1.0), (trial.Labels["decode_mask_0"].Number, trial.Labels["decode_mask_1"].Number));
        Assert.Equal(((3 * 4) + (5 * 13) + 3) % 5 / 0.005, trial.Truth["rates.held-out"][13, 0], 1e-9);
        Assert.Equal(((3 * 1) + (5 * 2) + 3) % 5 / 0.005, trial.Truth["rates"][2, 1], 1e-9);
        RecordingFile.Write(folder["b.h5"], recording);
        Assert.Equal(recording.Trials.Select(one => one.Truth.Count), RecordingFile.Read(folder["b.h5"]).Trials.Select(one => one.Truth.Count));
    }

    [Fact]
    public void True_rates_tell_the_width_of_bins_and_their_scale()
    {
        using var folder = new TestFolder();
        LfadsTorch(rateScale: 200).Save(folder["a.h5"]);
        Assert.Equal(0.005, RecordingImporters.Import(folder["a.h5"]).Recording.BinWidth);
        var file = LfadsTorch(rateScale: 1 / 3.0);
        file.Add("conversion_factor", [1 / 3.0]);
        file.Save(folder["b.h5"]);
        var (recording, remarks) = RecordingImporters.Import(folder["b.h5"], new ImportOptions { BinWidth = 0.005 });
        Assert.Contains(remarks, remark => remark.Contains("divided by conversion_factor", StringComparison.Ordinal));
        Assert.Equal(((3 * 1) + (5 * 2)) % 5 / 0.005, recording.Trials[0].Truth["rates"][2, 1], 1e-9);
        LfadsTorch().Save(folder["c.h5"]);
        Faults.Message(() => RecordingImporters.Import(folder["c.h5"]), "c.h5", "bin width");
    }

    [Fact]
    public void Tensors_of_the_benchmark_know_their_bins()
    {
        using var folder = new TestFolder();
        Nlb().Save(folder["a.h5"]);
        var (recording, remarks) = RecordingImporters.Import(folder["a.h5"], new ImportOptions());
        Assert.Equal(0.02, recording.BinWidth);
        Assert.Contains(remarks, remark => remark.Contains("'mc_maze_20'", StringComparison.Ordinal));
        Assert.Equal((14, 2, 3), (recording.TrialsOf(TrialSplit.Train).Count, recording.TrialsOf(TrialSplit.Validation).Count, recording.TrialsOf(TrialSplit.Test).Count));
        Assert.Equal(TrialSplit.Validation, recording.Trials[4].Split);
        AssertCounts([.. recording.Trials.Take(16)], Bins);
        Assert.Equal(Bins * Units, recording.Trials[17].Observations[0].ObservedCount);
        Assert.Equal(0, recording.Trials[17].Observations[1].ObservedCount);
        Assert.Empty(RecordingImporters.Import(folder["a.h5"], new ImportOptions { ValidationEvery = 0 }).Recording.TrialsOf(TrialSplit.Validation));
        Nlb("mc_maze").Save(folder["b.h5"]);
        Assert.Equal(0.005, RecordingImporters.Import(folder["b.h5"]).Recording.BinWidth);
        Nlb("other").Save(folder["c.h5"]);
        Faults.Message(() => RecordingImporters.Import(folder["c.h5"]), "bin width");
        var proposal = RecordingImporters.Inspect(folder["c.h5"])!.Proposal;
        Assert.Equal(["import", folder["c.h5"], "-o", "data.h5", "--bin-width", "0.005"], proposal);
    }

    /// <summary>Copies that declare a list of up to two thousand million entries.</summary>
    [Theory]
    [InlineData(13961106)]
    [InlineData(13261603)]
    public void A_list_that_declares_more_than_the_file_holds_is_refused_before_room_is_made(int seed)
    {
        using var folder = new TestFolder();
        LfadsTorch().Save(folder["torch.h5"]);
        File.WriteAllBytes(folder["copy.h5"], Mutations.Of(File.ReadAllBytes(folder["torch.h5"]), new Random(seed), headerBytes: 8192));
        Faults.Message(() => RecordingImporters.Import(folder["copy.h5"], new ImportOptions { BinWidth = 0.01 }), "'/train_cond_idx'", "a list of ", "more than its heap holds");
    }

    [Fact]
    public void Arrays_that_do_not_fit_each_other_are_refused()
    {
        using var folder = new TestFolder();
        var options = new ImportOptions { BinWidth = 0.01 };
        foreach (var (name, shape, said) in new (string, int[], string)[]
        {
            ("train_recon_data", [6, Window - 1, Units], "'train_recon_data' of 6 x 11 x 4"), ("train_recon_data", [6, Window, Units - 1], "at least as many bins and channels"),
            ("train_recon_data", [5, Window, Units], "as many trials"), ("train_behavior", [5, Window, 2], "train_behavior"), ("train_ext_input", [6, Window - 1, 1], "the inputs of every bin"),
            ("valid_encod_data", [2, Window, Units + 1], "'valid' has 5 units where 'train' has 4"), ("valid_ext_input", [2, Window, 1], "external inputs"), ("train_truth", [6, Window], "train_truth"),
        })
        {
            var file = new Hdf5Archive();
            file.Add("train_encod_data", Counts(6, 0, Window, 0, Units), 6, Window, Units);
            if (name == "valid_ext_input")
            {
                file.Add("valid_encod_data", Counts(2, 0, Window, 0, Units), 2, Window, Units);
            }

            file.Add(name, new double[shape.Aggregate((product, length) => product * length)], shape);
            file.Save(folder["a.h5"]);
            Faults.Message(() => RecordingImporters.Import(folder["a.h5"], options), "a.h5", said);
        }

        // Conditions that name a trial that is not there.
        var odd = new Hdf5Archive();
        odd.Add("train_encod_data", Counts(6, 0, Window, 0, Units), 6, Window, Units);
        odd.Add("train_cond_idx", (int[][])[[0, 6]]);
        odd.Save(folder["b.h5"]);
        Faults.Message(() => RecordingImporters.Import(folder["b.h5"], options), "train_cond_idx", "trial 6 of 6");
    }

    private static void AssertCounts(IReadOnlyList<Trial> trials, int bins)
    {
        for (var k = 0; k < trials.Count; k++)
        {
            for (var t = 0; t < bins; t++)
            {
                for (var u = 0; u < Units + HeldOut; u++)
                {
                    Assert.Equal(((3 * u) + (5 * t) + k) % 5, u < Units ? trials[k].Observations[0][t, u] : trials[k].Observations[1][t, u - Units]);
                }
            }
        }
    }

    private static double[] Counts(int trials, int firstBin, int bins, int firstUnit, int units) =>
    [
        .. from k in Enumerable.Range(0, trials) from t in Enumerable.Range(firstBin, bins) from u in Enumerable.Range(firstUnit, units) select (double)(((3 * u) + (5 * t) + k) % 5),
    ];
}
