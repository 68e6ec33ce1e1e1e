using CsCheck;
using IlqrVae.Data.Export;
using IlqrVae.Data.Import;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Tests;

/// <summary>Datasets in the formats of others: what comes back when they are imported, and what programs of others find in them.</summary>
public sealed class Exports
{
    // Everything of an HDF5 file, by path; texts as texts.
    private const string Walk = """
        import sys, json, h5py, numpy as np
        def walk(path):
            found = {}
            with h5py.File(path) as f:
                f.visititems(lambda n, x: found.__setitem__(n, x.asstr()[()] if x.dtype == object else x[()]) if isinstance(x, h5py.Dataset) else None)
            return found

        """;

    [Fact]
    public void A_dataset_exported_for_NumPy_comes_back_with_the_same_bits() => Gen.Int.Sample(
        seed =>
        {
            using var folder = new TestFolder();
            var recording = SomeRecording.Draw(seed);
            Export(folder, recording, "data.npz");
            SomeRecording.AssertSame(recording, RecordingImporters.Import(folder["data.npz"]).Recording);
            SomeRecording.AssertSame(recording, RecordingFile.Read(folder["data.npz"]));
        },
        iter: 30);

    [Fact]
    public void A_dataset_exported_for_MATLAB_comes_back_with_the_same_bits() => Gen.Int.Sample(
        seed =>
        {
            using var folder = new TestFolder();
            var recording = SomeRecording.Draw(seed);
            Export(folder, recording, "data.mat");
            SomeRecording.AssertSame(recording, RecordingImporters.Import(folder["data.mat"]).Recording);
        },
        iter: 30);

    [Fact]
    public void Names_that_MATLAB_cannot_have_come_back_too()
    {
        using var folder = new TestFolder();
        var some = Some(0.02);
        var recording = some with
        {
            Groups = [some.Groups[0] with { Name = "held out: 1 " }, some.Groups[1] with { Name = "held_out__1_" }, .. some.Groups.Skip(2)],
            Trials = [.. some.Trials.Select(trial => trial with { Labels = new Dictionary<string, TrialLabel>(trial.Labels, StringComparer.Ordinal) { ["µ² "] = TrialLabel.Of("a b "), [new string('n', 70)] = new(2) } })],
        };
        Export(folder, recording, "data.mat");
        SomeRecording.AssertSame(recording, RecordingImporters.Import(folder["data.mat"]).Recording);
    }

    [Fact]
    public void Damaged_exports_for_MATLAB_are_told_in_one_line()
    {
        using var folder = new TestFolder();
        Export(folder, Some(0.02), "data.mat");
        var bytes = File.ReadAllBytes(folder["data.mat"]);
        foreach (var seed in Mutations.Seeds(Mutations.Copies(200)))
        {
            var path = folder["copy.mat"];
            File.WriteAllBytes(path, Mutations.Of(bytes, new Random(seed), headerBytes: bytes.Length));
            Mutations.Try(seed, ("import", () => RecordingImporters.Import(path).Recording.Trials.Count));
        }

        // One that was written before it could be read again.
        var text = System.Text.Encoding.Latin1.GetString(bytes).Replace("/\0a\0r\0r\0a\0y\0s\0", "/\0a\0r\0r\0a\0y\0z\0", StringComparison.Ordinal);
        File.WriteAllBytes(folder["older.mat"], System.Text.Encoding.Latin1.GetBytes(text));
        Faults.Message(() => RecordingImporters.Import(folder["older.mat"]), "older.mat", "export it again");
    }

    [Fact]
    public void What_is_no_exported_dataset_is_not_read_as_one()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["text.npz"], "no archive");
        Assert.Contains("not an HDF5 file", Assert.Throws<InputException>(() => RecordingFile.Read(folder["text.npz"])).Message, StringComparison.Ordinal);
        Assert.Contains("there is no such file", Assert.Throws<InputException>(() => RecordingFile.Read(folder["nothing.npz"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void So_it_does_as_a_dataset_file_and_twice_exported_it_is_the_same_file()
    {
        using var folder = new TestFolder();
        var recording = Some(0.02);
        Export(folder, recording, "again.h5");
        SomeRecording.AssertSame(recording, RecordingFile.Read(folder["again.h5"]));
        foreach (var extension in (string[])["npz", "mat"])
        {
            Export(folder, recording, $"1.{extension}");
            Export(folder, recording, $"2.{extension}");
            Assert.Equal(File.ReadAllBytes(folder[$"1.{extension}"]), File.ReadAllBytes(folder[$"2.{extension}"]));
        }
    }

    [Theory]
    [InlineData(0.02)]
    [InlineData(0.005)]
    [InlineData(1.0 / 30)]
    [InlineData(0.0037)]
    public void A_dataset_exported_as_NWB_comes_back_with_the_same_counts_values_and_splits(double width)
    {
        using var folder = new TestFolder();
        var recording = Some(width);
        Export(folder, recording, "data.nwb");
        var back = RecordingImporters.Import(folder["data.nwb"], new ImportOptions
        {
            BinWidth = width, SplitColumn = "split", HeldOutUnits = "heldout", Behaviour = [new ImportedValues("hand", "behavior/hand")], ValidationEvery = 0,
        }).Recording;
        Assert.Equal(["spikes", "hand", "held-out"], back.Groups.Select(group => group.Name), StringComparer.Ordinal);
        Assert.Equal(("m/s", 2), (back.Groups[1].Unit, back.Groups[1].Channels));
        Assert.Equal(["x", "y"], back.Groups[1].ChannelNames!);
        Assert.Equal(recording.Trials.Select(trial => (trial.Bins, trial.Split)), back.Trials.Select(trial => (trial.Bins, trial.Split)));
        foreach (var (one, other) in recording.Trials.Zip(back.Trials))
        {
            Assert.Equal(one.Name, other.Labels["trial_name"].Text);
            Assert.Equal(one.Labels["reaction"].Number, other.Labels["reaction"].Number);
            Assert.Equal(one.Labels["name"].Text, other.Labels["label_name"].Text);
            foreach (var (g, name) in recording.Groups.Select((group, g) => (g, group.Name)))
            {
                var (data, read) = (one.Observations[g], other.Observations[back.IndexOfGroup(name)]);
                Assert.Equal(data.ToMask(), read.ToMask());
                for (var i = 0; i < data.Bins * data.Channels; i++)
                {
                    var (bin, channel) = (i / data.Channels, i % data.Channels);
                    Assert.Equal(data.IsObserved(bin, channel) ? data[bin, channel] : 0, read.IsObserved(bin, channel) ? read[bin, channel] : 0);
                }
            }
        }
    }

    [Fact]
    public void NumPy_reads_what_h5py_reads()
    {
        using var folder = new TestFolder();
        Export(folder, Some(0.02), "data.npz");
        var said = Readers.Python("h5py", Walk + """
            h, z = walk(sys.argv[1]), np.load(sys.argv[2])
            assert set(z.files) == set(h) | {"attributes"}, set(z.files) ^ set(h)
            for n, v in h.items():
                assert z[n].shape == v.shape, n
                assert list(z[n].ravel()) == list(v.ravel()) if v.dtype == object else z[n].dtype == v.dtype and z[n].tobytes() == v.tobytes(), n
            a = json.loads(str(z["attributes"]))
            print(a["/"]["bin_width"], a["channels/hand/values"]["unit"], a["channels/spikes/values"]["kind"], len(h))
            """, folder["data.h5"], folder["data.npz"]);
        Assert.Equal("0.02 m/s counts 17", said);
    }

    [Fact]
    public void SciPy_reads_the_MATLAB_file()
    {
        using var folder = new TestFolder();
        Export(folder, Some(0.02), "data.mat");
        var said = Readers.Python("h5py, scipy.io", Walk + """
            import scipy.io
            h, m = walk(sys.argv[1]), scipy.io.loadmat(sys.argv[2], struct_as_record=False, uint16_codec="utf-16")
            for n, v in h.items():
                o = m
                for i, p in enumerate(n.split("/")):
                    p = p.replace("-", "_").replace(" ", "_")
                    o = o[p] if i == 0 else getattr(o[0, 0], p)
                if v.dtype == object:
                    assert [str(c[0]) if c.size else "" for c in o.ravel()] == list(v), n
                else:
                    assert np.array_equal(o if v.ndim > 1 else o[:, 0], v, equal_nan=v.dtype.kind == "f"), n
            a = json.loads(m["attributes"][0])
            print(float(m["bin_width"][0, 0]), a["channels/hand/values"]["unit"], m["channels"][0, 0].held_out[0, 0].values.dtype, len(h))
            """, folder["data.h5"], folder["data.mat"]);
        Assert.Equal("0.02 m/s uint16 17", said);
    }

    [Fact]
    public void Octave_reads_the_MATLAB_file()
    {
        using var folder = new TestFolder();
        var recording = Some(0.02);
        Export(folder, recording, "data.mat");
        var said = Readers.Octave($$"""
            d = load('{{folder["data.mat"]}}');
            h = d.channels.hand.values; s = d.channels.spikes.values;
            printf('%d %d %.17g %.17g %d %s %s %s %g %d', size(h, 1), size(h, 2), h(3, 2), sum(h(:)), sum(double(s(:))), class(s), d.trials.name{2}, d.trials.split{3}, d.bin_width, isnan(d.truth.states(end, 1)));
            """).Split(' ');
        var rows = recording.Trials.Sum(trial => trial.Bins);
        var values = recording.Trials.SelectMany(trial => trial.Observations[1].ToTable().Values.Select((value, i) => trial.Observations[1].IsObserved(i / 2, i % 2) ? value : 0)).ToList();
        Assert.Equal([$"{rows}", "2"], said[..2]);
        Assert.Equal(values[5], double.Parse(said[2], System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(values.Sum(), double.Parse(said[3], System.Globalization.CultureInfo.InvariantCulture), 1e-12);
        Assert.Equal($"{recording.Trials.Sum(trial => trial.Observations[0].ToTable().Values.Sum(value => double.IsNaN(value) ? 0 : value))}", said[4]);
        Assert.Equal(["uint8", "second", "test", "0.02", "1"], said[5..]);
    }

    [Fact]
    public void H5py_finds_in_the_NWB_file_what_the_standard_asks_for()
    {
        using var folder = new TestFolder();
        Export(folder, Some(0.02), "data.nwb");
        var said = Readers.Python("h5py", Walk + """
            f = h5py.File(sys.argv[1])
            assert f.attrs["nwb_version"] == "2.6.0" and f.attrs["neurodata_type"] == "NWBFile"
            for n in ["identifier", "session_description", "session_start_time", "timestamps_reference_time"]:
                assert f[n].shape == () and f[n].asstr()[()], n
            assert f["file_create_date"].shape == (1,)
            assert len({h5py.h5o.get_info(f[n].id).addr for n in ["session_start_time", "timestamps_reference_time"]}) == 2
            for t in ["units", "intervals/trials"]:
                for c in f[t].attrs["colnames"]:
                    assert f[t][c].attrs["neurodata_type"] == "VectorData" and f[t][c].attrs["description"], c
                    if c + "_index" in f[t]:
                        assert f[f[t][c + "_index"].attrs["target"]] == f[t][c] and f[t][c + "_index"].dtype.kind == "u"
            s = f["processing/behavior/hand"]
            assert s["data"].attrs["unit"] == "m/s" and s["data"].attrs["conversion"] == 1 and s["timestamps"].attrs["unit"] == "seconds"
            print(*s["data"].shape, *s["timestamps"].shape, f["processing/truth/states/timestamps"][0], f["units/heldout"].dtype, np.isnan(s["data"][()]).sum())
            """, folder["data.nwb"]);
        var recording = Some(0.02);
        var rows = recording.Trials.Sum(trial => trial.Bins);
        Assert.Equal($"{rows} 2 {rows} 1.01 bool {recording.Trials.Sum(trial => (2 * trial.Bins) - trial.Observations[1].ObservedCount)}", said);
    }

    [Fact]
    public void Pynwb_opens_it_without_a_complaint()
    {
        using var folder = new TestFolder();
        Export(folder, Some(0.02), "data.nwb");
        Assert.Equal("[] 3 5 (1.0, 'first')", Readers.Python("pynwb", """
            import sys, pynwb
            io = pynwb.NWBHDF5IO(sys.argv[1], "r")
            f = io.read()
            t = f.trials.to_dataframe()
            print(pynwb.validate(io), len(t), len(f.units.to_dataframe()), (t.start_time[0], t.trial_name[0]))
            """, folder["data.nwb"]));
    }

    [Fact]
    public void Arrays_for_lfads_torch_have_a_trial_each_held_out_neurons_last_and_NaN_where_missing()
    {
        using var folder = new TestFolder();
        var recording = Some(0.02, areRagged: false);
        Export(folder, recording, "lfads.h5", "lfads");
        using var archive = Hdf5Archive.Open(folder["lfads.h5"]);
        Assert.Equal(["dt", "test_behavior", "test_encod_data", "test_ext_input", "test_recon_data", "train_behavior", "train_encod_data", "train_ext_input", "train_recon_data", "valid_behavior", "valid_encod_data", "valid_ext_input", "valid_recon_data"], archive.Children("/").Order(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.Equal([0.02], archive.ReadDoubles("dt").Values);
        foreach (var (split, stem) in new[] { (TrialSplit.Train, "train"), (TrialSplit.Validation, "valid"), (TrialSplit.Test, "test") })
        {
            var trial = recording.TrialsOf(split).Single();
            Assert.Equal([1, 20, 3], archive.ShapeOf($"{stem}_encod_data"));
            var (encoded, all, hand) = (archive.ReadFloats($"{stem}_encod_data").Values, archive.ReadFloats($"{stem}_recon_data").Values, archive.ReadFloats($"{stem}_behavior").Values);
            Assert.Equal(trial.External!.Values.Select(value => (float)value), archive.ReadFloats($"{stem}_ext_input").Values);
            for (var bin = 0; bin < 20; bin++)
            {
                for (var channel = 0; channel < 5; channel++)
                {
                    var (g, own) = channel < 3 ? (0, channel) : (2, channel - 3);
                    var expected = trial.Observations[g].IsObserved(bin, own) ? (float)trial.Observations[g][bin, own] : float.NaN;
                    Assert.Equal(expected, all[(5 * bin) + channel]);
                    Assert.Equal(expected, channel < 3 ? encoded[(3 * bin) + channel] : expected);
                }

                Assert.Equal(trial.Observations[1].IsObserved(bin, 0) ? (float)trial.Observations[1][bin, 0] : float.NaN, hand[2 * bin]);
            }
        }
    }

    [Fact]
    public void What_cannot_be_written_is_told_and_leaves_what_was_there()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["lfads.h5"], "as it was");
        Faults.Message(() => Export(folder, Some(0.02), "lfads.h5", "lfads", force: true), "lfads.h5", "'first'", "20 and 23 bins", "one length");
        Assert.Equal("as it was", File.ReadAllText(folder["lfads.h5"]));
        Faults.Message(() => ExportFile.FormatOf("a.txt", null), "a.txt", ".npz", "--format");
        Faults.Message(() => ExportFile.FormatOf("a.txt", "mathlab"), "did you mean 'matlab'?");
        Assert.Equal(ExportFormat.Hdf5, ExportFile.FormatOf("a.txt", null, ExportFormat.Hdf5));
        Assert.Equal(ExportFormat.Nwb, ExportFile.FormatOf("a.NWB", null));
        Assert.Equal(ExportFormat.Lfads, ExportFile.FormatOf("a.npz", "lfads"));
        var other = new Hdf5Archive();
        other.Add("a", [1.0]);
        other.Save(folder["other.h5"]);
        Faults.Message(() => ArrayTree.Read(folder["other.h5"]), "other.h5", "neither a dataset nor a posterior");
        Faults.Message(() => ExportFile.Write(folder["none/a.npz"], ExportFormat.Npz, ArrayTree.Read(folder["data.h5"])), "none");
        Assert.Empty(Directory.GetFiles(folder.Path, "*.tmp"));
    }

    [Fact]
    public void Damaged_archives_are_refused_in_one_line()
    {
        using var folder = new TestFolder();
        Export(folder, Some(0.02), "data.npz");
        var whole = File.ReadAllBytes(folder["data.npz"]);
        var random = new Random(3);
        for (var i = 0; i < 200; i++)
        {
            var bytes = whole.ToArray();
            if (i % 2 == 0)
            {
                bytes = bytes[..random.Next(bytes.Length)];
            }
            else
            {
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            }

            File.WriteAllBytes(folder["data.npz"], bytes);
            try
            {
                RecordingImporters.Import(folder["data.npz"]);
            }
            catch (InputException exception)
            {
                Assert.DoesNotContain('\n', exception.Message);
            }
        }
    }

    [Fact]
    public void Counts_that_are_all_zero_are_exported_too()
    {
        using var folder = new TestFolder();
        Export(folder, SomeRecording.OfCounts([.. new double[12]]), "data.nwb");
        var back = RecordingImporters.Import(folder["data.nwb"], new ImportOptions { BinWidth = 0.01, TrainFraction = 1, ValidationEvery = 0 }).Recording;
        Assert.Equal((12, 0L), (back.Trials.Single().Bins, (long)back.Trials[0].Observations[0].ToTable().Values.Sum()));
    }

    [Fact]
    public void A_channel_that_was_never_observed_stays_so_and_long_tables_are_whole()
    {
        using var folder = new TestFolder();
        const int Length = 50_000;
        var counts = new Table(Length, 3);
        for (var i = 0; i < counts.Values.Length; i++)
        {
            counts.Values[i] = i % 7 == 0 ? i % 3 : 0;
        }

        var recording = new Recording
        {
            BinWidth = 0.001,
            Groups = [new ChannelGroup("spikes", ChannelKind.Counts, 3), new ChannelGroup("hand", ChannelKind.Values, 2, "m")],
            Trials =
            [
                new Trial
                {
                    Name = "one",
                    Bins = Length,
                    Observations =
                    [
                        Observations.FromCounts(counts, [.. counts.Values.Select((_, i) => i % 3 != 1)]),
                        Observations.FromValues(new Table(Length, 2, [.. Enumerable.Range(0, 2 * Length).Select(i => i / 7.0)])),
                    ],
                },
            ],
        };
        Export(folder, recording, "data.npz");
        SomeRecording.AssertSame(recording, RecordingImporters.Import(folder["data.npz"]).Recording);
        Export(folder, recording, "data.nwb");
        var back = RecordingImporters.Import(folder["data.nwb"], new ImportOptions { BinWidth = 0.001, Trials = "trials", TrainFraction = 1, ValidationEvery = 0 }).Recording;
        Assert.Equal(recording.Trials[0].Observations[0].ToMask(), back.Trials.Single().Observations[0].ToMask());
        Assert.Equal(recording.Trials[0].Observations[0].ToTable().Values, back.Trials[0].Observations[0].ToTable().Values);
    }

    [Fact]
    public void Held_out_neurons_come_last_wherever_they_stand()
    {
        using var folder = new TestFolder();
        Recording Of(string name, int count, string other, int others) => new()
        {
            BinWidth = 0.01,
            Groups = [new ChannelGroup(name, ChannelKind.Counts, 1), new ChannelGroup(other, ChannelKind.Counts, 1)],
            Trials = [new Trial { Name = "one", Bins = 2, Observations = [Observations.FromCounts(new Table(2, 1, [count, count])), Observations.FromCounts(new Table(2, 1, [others, others]))] }],
        };
        Export(folder, Of("held-out", 4, "cortex", 1), "lfads.h5", "lfads");
        using var archive = Hdf5Archive.Open(folder["lfads.h5"]);
        Assert.Equal([1, 4, 1, 4], archive.ReadFloats("train_recon_data").Values);
        Assert.Equal([1, 1], archive.ReadFloats("train_encod_data").Values);
    }

    [Theory]
    [InlineData(0.01, 0)]
    [InlineData(0.0101, 1)]
    [InlineData(0, 1)]
    public void A_sample_at_the_middle_of_each_bin_is_its_value_and_others_are_averaged(double start, int isMean)
    {
        using var folder = new TestFolder();
        var builder = new NwbBuilder();
        builder.Trials([0.4, 1.4], [0.8, 1.8]);
        double[] values = [.. Enumerable.Range(0, 200).Select(i => i % 2 == 0 ? 1.0 : 3)];
        builder.Series("processing/behavior/hand", values, 1, [.. values.Select((_, i) => start + (0.02 * i))]);
        builder.Save(folder["a.nwb"]);
        var trial = RecordingImporters.Import(folder["a.nwb"], new ImportOptions { BinWidth = 0.02, Trials = "trials", TrainFraction = 1, ValidationEvery = 0, Behaviour = [new ImportedValues("hand", "hand")] }).Recording.Trials[0];
        Assert.Equal(20, trial.Bins);
        Assert.All(Enumerable.Range(0, 20), bin =>
        {
            // Of a line that goes up and down between 1 and 3 the mean over a bin is never near either.
            var value = trial.Observations[0][bin, 0];
            Assert.True(isMean == 0 ? value == (bin % 2 == 0 ? 1.0 : 3) : value is > 1.4 and < 2.6, $"bin {bin}: {value}");
        });
    }

    /// <summary>Counts, values, held-out counts with all that can be missing; labels called as columns are.</summary>
    private static Recording Some(double width, bool areRagged = true)
    {
        var random = new Random(5);
        var trials = new List<Trial>();
        foreach (var (name, split) in new[] { ("first", TrialSplit.Train), ("second", TrialSplit.Validation), ("third", TrialSplit.Test) })
        {
            var bins = 20 + (areRagged ? 3 * trials.Count : 0);
            trials.Add(new Trial
            {
                Name = name,
                Bins = bins,
                Split = areRagged && name == "second" ? TrialSplit.Train : split,
                Observations =
                [
                    Observe(ChannelKind.Counts, 3, 4, hides: name == "second" ? 1 : 0),
                    Observe(ChannelKind.Values, 2, 0, hides: name == "third" ? 3 : 0),
                    Observe(ChannelKind.Counts, 2, 300, hides: name == "first" ? 100 : 0),
                ],
                External = Real(bins, 1),
                Truth = name == "third" ? [] : new Dictionary<string, Table>(StringComparer.Ordinal) { ["states"] = Real(bins, 2) },
                Labels = new Dictionary<string, TrialLabel>(StringComparer.Ordinal) { ["reaction"] = new(name == "third" ? double.NaN : 0.1 + trials.Count), ["name"] = TrialLabel.Of($"é{trials.Count}") },
            });

            Observations Observe(ChannelKind kind, int channels, int largest, int hides)
            {
                var table = Real(bins, channels);
                for (var i = 0; i < table.Values.Length && kind == ChannelKind.Counts; i++)
                {
                    table.Values[i] = random.Next(largest);
                }

                return hides == 0 ? Observations.Of(kind, table) : Observations.Of(kind, table, [.. table.Values.Select((_, i) => hides < 100 && (hides == 1 ? i % channels != 0 || i / channels is < 4 or > 9 : i / channels != 7))]);
            }
        }

        return new Recording
        {
            BinWidth = width,
            Groups = [new ChannelGroup("spikes", ChannelKind.Counts, 3), new ChannelGroup("hand", ChannelKind.Values, 2, "m/s", ["x", "y"]), new ChannelGroup("held-out", ChannelKind.Counts, 2, "", ["u", "v"])],
            ExternalNames = ["cue"],
            Trials = trials,
            Source = "drawn",
        };

        Table Real(int bins, int columns)
        {
            var table = new Table(bins, columns);
            for (var i = 0; i < table.Values.Length; i++)
            {
                table.Values[i] = random.NextDouble() - 0.5;
            }

            return table;
        }
    }

    private static void Export(TestFolder folder, Recording recording, string name, string? format = null, bool force = false)
    {
        RecordingFile.Write(folder["data.h5"], recording);
        Assert.True(force || !File.Exists(folder[name]));
        ExportFile.Write(folder[name], ExportFile.FormatOf(name, format), ArrayTree.Read(folder["data.h5"]));
    }
}
