using CsCheck;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Tests;

public sealed class Recording_files
{
    public static TheoryData<string, Action<Hdf5Archive>, string> Spoilt => new()
    {
        { "no format", file => file.SetAttribute("/", "format", "something else"), "'format'" },
        { "a later version", file => file.SetAttribute("/", "version", 2), "'version'" },
        { "version as text", file => file.SetAttribute("/", "version", "one"), "'version'" },
        { "zero bin width", file => file.SetAttribute("/", "bin_width", 0.0), "'bin_width'" },
        { "bin width that is not a number", file => file.SetAttribute("/", "bin_width", double.NaN), "'bin_width'" },
        { "bin width as text", file => file.SetAttribute("/", "bin_width", "10 ms"), "'bin_width'" },
        { "unknown kind", file => file.SetAttribute("channels/spikes/values", "kind", "floats"), "'/channels/spikes/values'" },
        { "order as text", file => file.SetAttribute("channels/spikes/values", "order", "first"), "'order'" },
        { "mask of another shape", file => file.Add("channels/spikes/observed", new byte[3], 3, 1), "'/channels/spikes/observed'" },
        { "mask that is neither 0 nor 1", file => file.Add("channels/spikes/observed", [0, 1, 2, 1], 4, 1), "'/channels/spikes/observed'" },
        { "mask of texts", file => file.Add("channels/spikes/observed", ["a", "b", "c", "d"], 4, 1), "'/channels/spikes/observed'" },
        { "too few channel names", file => file.Add("channels/spikes/names", ["a", "b"]), "'/channels/spikes/names'" },
        { "a second group of other length", file => AddGroup(file, "lfp", new double[3], 3), "'/channels/lfp/values'" },
        { "a vector for a table", file => AddGroup(file, "lfp", new double[4]), "'/channels/lfp/values'" },
        { "texts for numbers", file => AddTexts(file, "lfp"), "'/channels/lfp/values'" },
        { "a table without kind", file => file.Add("channels/lfp/values", new double[4], 4, 1), "'kind'" },
        { "a group without values", file => file.SetAttribute("channels/lfp", "unit", "mV"), "'/channels/lfp/values'" },
        { "a value that is not a number", file => AddGroup(file, "lfp", [1, double.NaN, 3, 4], 4, 1), "'/channels/lfp/values'" },
        { "an infinite value", file => AddGroup(file, "lfp", [1, double.PositiveInfinity, 3, 4], 4, 1), "'/channels/lfp/values'" },
        { "external inputs of another length", file => file.Add("external/values", new double[3], 3, 1), "'/external/values'" },
        { "too many names of external inputs", file => AddExternal(file), "'/external/names'" },
        { "external inputs without values", file => file.Add("external/names", ["a"]), "'/external/values'" },
        { "truth of another length", file => file.Add("truth/states", new double[6], 3, 2), "'/truth/states'" },
        { "truth of texts", file => file.Add("truth/states", ["a", "b", "c", "d"], 4, 1), "'/truth/states'" },
    };

    public static TheoryData<string, Action<Hdf5Archive>, string> Incomplete => new()
    {
        { "no trials", file => AddCounts(file, [1, 2, 3, 4]), "'/trials/first_bin'" },
        { "no channels", file => AddTrials(file), "'/channels'" },
        { "fractional counts", file => { AddTrials(file); AddCounts(file, [1, 0.5, 3, 4]); }, "'/channels/spikes/values'" },
        { "negative counts", file => { AddTrials(file); AddCounts(file, [1, 2, -3, 4]); }, "'/channels/spikes/values'" },
        { "trial beyond the end", file => { AddTrials(file, bins: 5); AddCounts(file, [1, 2, 3, 4]); }, "'/trials/bins'" },
        { "trial of no bins", file => { AddTrials(file, bins: 0); AddCounts(file, [1, 2, 3, 4]); }, "'/trials/bins'" },
        { "trial before the start", file => { AddTrials(file, first: -1); AddCounts(file, [1, 2, 3, 4]); }, "'/trials/first_bin'" },
        { "trial of as many bins as there are numbers", file => { AddTrials(file, bins: long.MaxValue); AddCounts(file, [1, 2]); }, "'/trials/bins'" },
        { "a line break in a name", file => { AddTrials(file, name: "two\nlines"); AddCounts(file, [1, 2, 3, 4]); }, "'two lines'" },
        { "unknown split", file => { AddTrials(file, split: "training"); AddCounts(file, [1, 2, 3, 4]); }, "'/trials/split'" },
        { "starts as real numbers", file => { AddCounts(file, [1, 2, 3, 4]); file.Add("trials/first_bin", new double[1]); }, "'/trials/first_bin'" },
    };

    [Fact]
    public void A_file_that_was_changed_by_h5py_has_no_checksum_any_more_and_is_read()
    {
        using var folder = new TestFolder();
        RecordingFile.Write(folder["a.h5"], SomeRecording.OfCounts(1, 2, 3));
        Assert.Equal("3", Readers.Python("h5py", "import h5py, sys\nwith h5py.File(sys.argv[1], 'r') as f: print(f['channels/spikes/values'].shape[0])", folder["a.h5"]));
        RecordingFile.Read(folder["a.h5"]);
        Readers.Python("h5py", "import h5py, sys\nwith h5py.File(sys.argv[1], 'r+') as f: f['channels/spikes/values'][1, 0] = 7", folder["a.h5"]);
        Assert.Equal([1, 7, 3], RecordingFile.Read(folder["a.h5"]).Trials[0].Observations[0].ToTable().Values);
        var bytes = File.ReadAllBytes(folder["a.h5"]);
        Assert.True(bytes.AsSpan().IndexOf("ilqr-vae sha256:"u8) < 0);
    }

    [Fact]
    public void What_is_written_is_read_back() => Gen.Int.Sample(
        seed =>
        {
            using var folder = new TestFolder();
            var recording = SomeRecording.Draw(seed);
            RecordingFile.Write(folder["data.h5"], recording);
            SomeRecording.AssertSame(recording, RecordingFile.Read(folder["data.h5"]));
        },
        iter: 60);

    [Theory]
    [InlineData(255, 1)]
    [InlineData(256, 2)]
    [InlineData(65535, 2)]
    [InlineData(65536, 4)]
    [InlineData(int.MaxValue, 4)]
    public void Counts_take_the_smallest_integers_that_hold_them(int largest, int bytes)
    {
        using var folder = new TestFolder();
        RecordingFile.Write(folder["data.h5"], SomeRecording.OfCounts(0, largest));
        using var file = Hdf5Archive.Open(folder["data.h5"]);
        var (_, stored) = file.ReadStored("channels/spikes/values");
        Assert.Equal(bytes, Buffer.ByteLength(stored) / 2);
    }

    [Fact]
    public void Counts_beyond_32_bits_are_refused()
    {
        using var folder = new TestFolder();
        Faults.Message(() => RecordingFile.Write(folder["data.h5"], SomeRecording.OfAllegedCounts(3e9)), "data.h5", "/channels/spikes/values");
    }

    [Fact]
    public void Tables_of_many_chunks_survive_and_so_do_files_whose_trials_are_in_another_order()
    {
        using var folder = new TestFolder();
        var random = new Random(5);
        const int Channels = 120;
        Trial Draw(int k, int bins)
        {
            var counts = new Table(bins, Channels, [.. Enumerable.Range(0, bins * Channels).Select(_ => (double)random.Next(4))]);
            return new Trial
            {
                Name = $"t{k}",
                Bins = bins,
                Session = k % 2 == 0 ? "even" : "odd",
                Observations =
                [
                    Observations.FromCounts(counts, k == 1 ? [.. counts.Values.Select(_ => random.Next(3) > 0)] : null),
                    Observations.FromValues(new Table(bins, 30, [.. Enumerable.Range(0, bins * 30).Select(_ => random.NextDouble())])),
                ],
                Truth = k == 2 ? new Dictionary<string, Table>(StringComparer.Ordinal) : new(StringComparer.Ordinal) { ["states"] = new(bins, 2, [.. Enumerable.Range(0, 2 * bins).Select(i => (double)i)]) },
            };
        }

        var recording = new Recording
        {
            BinWidth = 0.01,
            Groups = [new ChannelGroup("spikes", ChannelKind.Counts, Channels), new ChannelGroup("hand", ChannelKind.Values, 30)],
            Trials = [Draw(0, 3000), Draw(1, 1), Draw(2, 5000), Draw(3, 2600)],
        };
        RecordingFile.Write(folder["data.h5"], recording);
        SomeRecording.AssertSame(recording, RecordingFile.Read(folder["data.h5"]));

        var tables = new Hdf5Archive();
        tables.SetAttribute("/", "format", "ilqr-vae dataset");
        tables.SetAttribute("/", "version", 1);
        tables.SetAttribute("/", "bin_width", 0.01);
        tables.Add("trials/first_bin", new long[] { 40_000, 0 });
        tables.Add("trials/bins", new long[] { 60_000, 40_000 });
        tables.Add("trials/name", ["late", "early"]);
        tables.Add("trials/split", ["train", "test"]);
        tables.Add("channels/spikes/values", [.. Enumerable.Range(0, 3_000_000).Select(i => i % 70_000)], 100_000, 30);
        tables.SetAttribute("channels/spikes/values", "kind", "counts");
        tables.Save(folder["other.h5"]);
        var other = RecordingFile.Read(folder["other.h5"]);
        Assert.Equal(40_000 * 30 % 70_000, other.Trials[0].Observations[0][0, 0]);
        Assert.Equal(2_999_999 % 70_000, other.Trials[0].Observations[0][59_999, 29]);
        Assert.Equal(0, other.Trials[1].Observations[0][0, 0]);
        Assert.Equal(1_199_999 % 70_000, other.Trials[1].Observations[0][39_999, 29]);
    }

    [Theory]
    [InlineData(0, 50)]
    [InlineData(60, 100)]
    [InlineData(99, 100)]
    public void Trials_that_share_bins_are_refused_by_name(long second, long first)
    {
        using var folder = new TestFolder();
        Save(folder["good.h5"], first - second);
        Assert.Equal(3, RecordingFile.Read(folder["good.h5"]).Trials.Count);
        Save(folder["bad.h5"], first - second + 1);
        Faults.Message(() => RecordingFile.Read(folder["bad.h5"]), "bad.h5", "'one'", "'other'", $"bins {first} to {first}");

        void Save(string path, long bins)
        {
            var tables = new Hdf5Archive();
            tables.SetAttribute("/", "format", "ilqr-vae dataset");
            tables.SetAttribute("/", "version", 1);
            tables.SetAttribute("/", "bin_width", 0.01);
            tables.Add("trials/first_bin", new long[] { first, second, 300 });
            tables.Add("trials/bins", new long[] { 100, bins, 20 });
            tables.Add("trials/name", ["one", "other", "third"]);
            tables.Add("trials/split", ["train", "test", "train"]);
            tables.Add("channels/spikes/values", new long[400], 400, 1);
            tables.SetAttribute("channels/spikes/values", "kind", "counts");
            tables.Save(path);
        }
    }

    [Fact]
    public void A_true_table_of_another_shape_than_its_trial_is_refused()
    {
        using var folder = new TestFolder();
        var recording = SomeRecording.OfCounts(1, 2, 3);
        Recording With(params Table[] truth) => recording with
        {
            Trials = [.. truth.Select((table, k) => recording.Trials[0] with { Name = $"t{k}", Truth = new Dictionary<string, Table>(StringComparer.Ordinal) { ["states"] = table } })],
        };
        With(new Table(3, 2), new Table(3, 2)).Validate("here");
        Faults.Message(() => With(new Table(2, 2)).Validate("here"), "here", "'states'", "'t0'", "2 x 2", "3 bins");
        Faults.Message(() => With(new Table(3, 2), new Table(3, 1)).Validate("here"), "here", "'states'", "'t1'", "3 x 1");
        Faults.Message(() => With(new Table(3, 2, new double[5])).Validate("here"), "here", "'states'", "5 entries");
        Faults.Message(() => RecordingFile.Write(folder["data.h5"], With(new Table(4, 2))), "data.h5", "'states'");
    }

    [Fact]
    public void A_mask_without_missing_entries_is_not_written()
    {
        using var folder = new TestFolder();
        var recording = SomeRecording.OfCounts(1, 2);
        var trial = recording.Trials[0];
        var masked = trial with { Observations = [Observations.FromCounts(trial.Observations[0].ToTable(), [true, true])] };
        RecordingFile.Write(folder["data.h5"], recording with { Trials = [masked] });
        using var file = Hdf5Archive.Open(folder["data.h5"]);
        Assert.Equal(["values"], file.Children("channels/spikes"));
    }

    [Fact]
    public void Whatever_stands_in_a_missing_entry_is_written_as_zero()
    {
        using var folder = new TestFolder();
        var masked = new Trial
        {
            Name = "a",
            Bins = 2,
            Observations = [Observations.FromCounts(new Table(2, 1, [double.NaN, 3]), [false, true])],
        };
        RecordingFile.Write(folder["data.h5"], new Recording { BinWidth = 0.01, Groups = SomeRecording.OfCounts(1).Groups, Trials = [masked] });
        Assert.Equal([0.0, 3.0], RecordingFile.Read(folder["data.h5"]).Trials[0].Observations[0].ToTable().Values);
    }

    [Fact]
    public void An_invalid_recording_is_not_written()
    {
        using var folder = new TestFolder();
        Faults.Message(() => RecordingFile.Write(folder["data.h5"], SomeRecording.OfAllegedCounts(1, -1)), "data.h5", "spikes");
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("")]
    [InlineData("..")]
    public void Names_that_are_no_names_in_HDF5_are_refused(string name)
    {
        using var folder = new TestFolder();
        var recording = SomeRecording.OfCounts(1);
        var renamed = new Recording { BinWidth = 0.01, Groups = [recording.Groups[0] with { Name = name }], Trials = recording.Trials };
        Faults.Message(() => RecordingFile.Write(folder["data.h5"], renamed), "data.h5", "channel group");
    }

    [Fact]
    public void A_file_of_h5py_is_read_whatever_its_types()
    {
        var recording = RecordingFile.Read(SharedData.Committed("h5py_dataset.h5"));
        Assert.Equal(0.25, recording.BinWidth);
        Assert.Equal(["spikes", "velocity"], [.. recording.Groups.Select(group => group.Name)]);
        Assert.Equal("m/s", recording.Groups[1].Unit);
        Assert.Equal(["one", "two"], [.. recording.Trials.Select(trial => trial.Name)]);
        Assert.Equal([TrialSplit.Train, TrialSplit.Test], recording.Trials.Select(trial => trial.Split));
        Assert.Equal([0.0, 1, 2, 3, 4, 5], recording.Trials[0].Observations[0].ToTable().Values);
        Assert.True(recording.Trials[0].Observations[0].AllObserved);
        Assert.Equal([6.0, 7, 8, 0], recording.Trials[1].Observations[0].ToTable().Values);
        Assert.Equal([true, true, true, false], recording.Trials[1].Observations[0].ToMask()!);
        Assert.Equal([0.75, 1.0], recording.Trials[1].Observations[1].ToTable().Values);
        Assert.Equal([9.0, 10, 11, 12, 13, 14], recording.Trials[1].Truth["states"].Values);
    }

    [Fact]
    public void A_table_in_another_byte_order_is_refused_by_name()
    {
        using var file = Hdf5Archive.Open(SharedData.Committed("h5py_dataset.h5"));
        Faults.Message(() => file.ReadDoubles("big_endian"), "h5py_dataset.h5", "'/big_endian'", "big-endian");
    }

    [Theory]
    [MemberData(nameof(Spoilt))]
    public void A_faulty_file_is_refused_in_one_line_that_names_it_and_the_object(string fault, Action<Hdf5Archive> spoil, string mentioned)
    {
        var file = Headed();
        AddTrials(file);
        AddCounts(file, [1, 2, 3, 4]);
        AssertRefused(file, fault, spoil, mentioned);
    }

    [Theory]
    [MemberData(nameof(Incomplete))]
    public void An_incomplete_or_inconsistent_file_is_refused_likewise(string fault, Action<Hdf5Archive> fill, string mentioned) =>
        AssertRefused(Headed(), fault, fill, mentioned);

    [Fact]
    public void A_file_that_is_absent_empty_of_another_kind_or_cut_short_is_refused()
    {
        using var folder = new TestFolder();
        Faults.Message(() => RecordingFile.Read(folder["data.h5"]), "data.h5", "no such file");
        Faults.Message(() => RecordingFile.Read(folder.Path), "folder");
        File.WriteAllBytes(folder["empty.h5"], []);
        Faults.Message(() => RecordingFile.Read(folder["empty.h5"]), "empty.h5", "not an HDF5 file");
        File.WriteAllText(folder["text.h5"], "Hello");
        Faults.Message(() => RecordingFile.Read(folder["text.h5"]), "text.h5", "not an HDF5 file");

        RecordingFile.Write(folder["whole.h5"], SomeRecording.Draw(3));
        var whole = File.ReadAllBytes(folder["whole.h5"]);
        for (var length = 8; length < whole.Length; length += 1 + (whole.Length / 100))
        {
            File.WriteAllBytes(folder["part.h5"], whole[..length]);
            Faults.Message(() => RecordingFile.Read(folder["part.h5"]), "part.h5");
        }
    }

    [Fact]
    public void Flipped_bytes_are_refused_or_harmless()
    {
        using var folder = new TestFolder();
        RecordingFile.Write(folder["whole.h5"], SomeRecording.Draw(11));
        var whole = File.ReadAllBytes(folder["whole.h5"]);
        var random = new Random(5);
        for (var i = 0; i < 300; i++)
        {
            var spoilt = (byte[])whole.Clone();
            spoilt[random.Next(spoilt.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(folder["spoilt.h5"], spoilt);
            try
            {
                RecordingFile.Read(folder["spoilt.h5"]);
            }
            catch (InputException exception)
            {
                Assert.DoesNotContain('\n', exception.Message);
            }
        }
    }

    private static Hdf5Archive Headed()
    {
        var file = new Hdf5Archive();
        file.SetAttribute("/", "format", "ilqr-vae dataset");
        file.SetAttribute("/", "version", 1);
        file.SetAttribute("/", "bin_width", 0.01);
        return file;
    }

    private static void AssertRefused(Hdf5Archive file, string fault, Action<Hdf5Archive> change, string mentioned)
    {
        using var folder = new TestFolder();
        change(file);
        file.Save(folder["data.h5"]);
        var message = Faults.Message(() => RecordingFile.Read(folder["data.h5"]), folder["data.h5"], mentioned);
        Assert.False(message.Contains("damaged", StringComparison.Ordinal), $"{fault}: {message}");
    }

    private static void AddTrials(Hdf5Archive file, long first = 0, long bins = 4, string split = "train", string name = "only")
    {
        file.Add("trials/first_bin", [first]);
        file.Add("trials/bins", [bins]);
        file.Add("trials/name", [name]);
        file.Add("trials/split", [split]);
    }

    private static void AddCounts(Hdf5Archive file, double[] counts)
    {
        file.Add("channels/spikes/values", counts, counts.Length, 1);
        file.SetAttribute("channels/spikes/values", "kind", "counts");
    }

    private static void AddGroup(Hdf5Archive file, string name, double[] values, params int[] shape)
    {
        file.Add($"channels/{name}/values", values, shape is [var bins] ? [bins, 1] : shape);
        file.SetAttribute($"channels/{name}/values", "kind", "values");
    }

    private static void AddTexts(Hdf5Archive file, string name)
    {
        file.Add($"channels/{name}/values", ["a", "b", "c", "d"], 4, 1);
        file.SetAttribute($"channels/{name}/values", "kind", "values");
    }

    private static void AddExternal(Hdf5Archive file)
    {
        file.Add("external/values", new double[4], 4, 1);
        file.Add("external/names", ["a", "b"]);
    }
}
