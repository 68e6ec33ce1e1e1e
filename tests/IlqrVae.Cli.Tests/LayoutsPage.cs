using System.IO.Compression;
using IlqrVae.Data;
using IlqrVae.Data.Tests;
using IlqrVae.Recordings;
using PureHDF;

namespace IlqrVae.Cli.Tests;

/// <summary>The tables of docs/layouts.md: a small file of each layout is made, and the command of its row does what the row says.</summary>
public sealed class LayoutsPage
{
    private const string Refused = "refused: ";

    /// <summary>What makes the file, or the folder, that a command names.</summary>
    private static readonly Dictionary<string, Action<string>> s_makers = new(StringComparer.Ordinal)
    {
        ["session.nwb"] = path => MakeSession(path),
        ["regions.nwb"] = path => Unpack("regions.nwb.gz", path),
        ["sub-Jenkins_desc-train.nwb"] = path => NeuralLatentsSessions.Write(path, "mc_maze"),
        ["h1.nwb"] = path => FalconFiles.H1(path),
        ["h2.nwb"] = path => FalconFiles.H2(path),
        ["m1.nwb"] = path => FalconFiles.M1(path),
        ["m2_Run1.nwb"] = path => FalconFiles.M2(path),
        ["m2_Run2.nwb"] = path => FalconFiles.M2(path),
        ["b1.nwb"] = path => FalconFiles.B1(path),
        ["nwb1.nwb"] = path => new H5File { ["nwb_version"] = "NWB-1.0.6", ["session_start_time"] = "2014" }.Write(path),
        ["objects.npy"] = path => File.Copy(SharedData.Committed("objects.npy"), path),
        ["alf"] = MakeAlf,
        ["probes"] = MakeProbes,
        ["kilosort"] = MakeKilosort,
        ["sorting.npz"] = path => NpyBytes.Archive(path, ("unit_ids", NpyBytes.Of([0, 1, 2])), ("num_segment", NpyBytes.Of([1])), ("sampling_frequency", NpyBytes.Of([30_000.0])),
            ("spike_indexes_seg0", NpyBytes.Of([.. Enumerable.Range(0, 300).Select(i => i * 3000)])), ("spike_labels_seg0", NpyBytes.Of([.. Enumerable.Range(0, 300).Select(i => i % 3)]))),
        ["areas.npz"] = path => NpyBytes.Archive(path, ("M1_spike_times", NpyBytes.Of(Times(300))), ("M1_spike_clusters", NpyBytes.Of(Units(300, 3))), ("PMd_spike_times", NpyBytes.Of(Times(300))), ("PMd_spike_clusters", NpyBytes.Of(Units(300, 2)))),
        ["example_data_s1.pickle"] = path => File.WriteAllBytes(path, [0x80, 4, 0x95, 0, 0, 0, 0]),
        ["counts.csv"] = path => File.WriteAllLines(path, Enumerable.Range(0, 200).Select(i => FormattableString.Invariant($"{i * 0.02},{i % 3},{i % 2},{Math.Sin(i / 9.0)}")).Prepend("time,unit1,unit2,vel_x")),
        ["spikes.csv"] = path => File.WriteAllLines(path, Times(200).Select((time, i) => FormattableString.Invariant($"{time},{i % 4}")).Prepend("time,unit")),
        ["session.res.1"] = path => File.WriteAllLines(path, Enumerable.Range(0, 50).Select(i => $"{i * 600}")),
        ["session.nev"] = path => File.WriteAllBytes(path, [.. "NEURALEV"u8, 2, 3, 0, 0]),
        ["lfads.h5"] = path => MakeLfads(path, "train_encod_data", "train_recon_data", "valid_encod_data", "valid_recon_data"),
        ["chaotic_rnn.h5"] = path =>
        {
            var file = new Hdf5Archive();
            file.Add("train_data", Counts(10 * 40 * 6), 10, 40, 6);
            file.Add("valid_data", Counts(4 * 40 * 6), 4, 40, 6);
            file.Save(path);
        },
        ["tensors.h5"] = path =>
        {
            var file = new Hdf5Archive();
            foreach (var (part, trials) in new[] { ("train", 8), ("eval", 4) })
            {
                file.Add($"mc_maze_20/{part}_spikes_heldin", Counts(trials * 35 * 5), trials, 35, 5);
                file.Add($"mc_maze_20/{part}_spikes_heldout", Counts(trials * 35 * 2), trials, 35, 2);
            }

            file.Save(path);
        },
        ["vlgp.h5"] = path =>
        {
            var file = new H5File { ["dt"] = 0.05 };
            for (var trial = 0; trial < 6; trial++)
            {
                file[$"trial_{trial}"] = new H5Group { ["ID"] = (double)trial, ["y"] = new H5Dataset(Enumerable.Range(0, (20 + trial) * 3).Select(i => i % 2.0).ToArray(), fileDims: [(ulong)(20 + trial), 3]) };
            }

            file.Write(path);
        },
        ["dad.mat"] = path =>
        {
            var file = new Hdf5Archive();
            // As MATLAB stores it, which reverses axes.
            file.Add("Yte", Counts(300 * 8), 8, 300);
            file.Save(path);
        },
        ["brainsets.h5"] = path => new H5File
        {
            ["spikes"] = new H5Group { ["timestamps"] = Times(400), ["unit_index"] = Units(400, 4) },
            ["train_domain"] = new H5Group { ["start"] = new[] { 0.0 }, ["end"] = new[] { 20.0 } },
            ["valid_domain"] = new H5Group { ["start"] = new[] { 20.0 }, ["end"] = new[] { 30.0 } },
            ["test_domain"] = new H5Group { ["start"] = new[] { 30.0 }, ["end"] = new[] { 40.0 } },
        }.Write(path),
    };

    public static TheoryData<string> Rows => [.. Table().Select(row => row.Layout)];

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_row_is_true(string layout)
    {
        var (_, command, comes) = Table().Single(row => row.Layout == layout);
        using var line = new CommandLine();
        var words = DocsPage.Words(command);
        Assert.Equal(["ilqr-vae", "import"], words[..2]);
        for (var i = 2; i < words.Length; i++)
        {
            var name = words[i].TrimEnd('/');
            if (words[i - 1] == "-o")
            {
                words[i] = "@/" + words[i];
            }
            else if (!words[i].StartsWith('-') && !words[i - 1].StartsWith('-') && Path.HasExtension(name) | s_makers.ContainsKey(name))
            {
                Make(name, line[name]);
                words[i] = "@/" + words[i];
            }
        }

        var outcome = line.Run(words[1..]);
        if (comes.StartsWith(Refused, StringComparison.Ordinal))
        {
            Assert.Equal(2, outcome.ExitCode);
            Assert.Contains(comes[Refused.Length..].Trim('“', '”'), outcome.Error, StringComparison.Ordinal);
            Assert.False(File.Exists(line["data.h5"]));
            return;
        }

        Assert.True(outcome.ExitCode == 0, $"{command}\n{outcome.Error}");
        Assert.Equal(comes, Words(RecordingFile.Read(line["data.h5"])));
    }

    /// <summary>The page on NWB shows the same files, with masks.</summary>
    [Fact]
    public void Commands_for_FALCON_on_the_page_of_NWB_run()
    {
        using var line = new CommandLine();
        var ran = 0;
        foreach (var (kind, text) in DocsPage.Blocks("nwb.md").Where(block => block.Text.Contains(" h1.nwb", StringComparison.Ordinal) || block.Text.Contains(" h2.nwb", StringComparison.Ordinal)
            || block.Text.Contains(" m1.nwb", StringComparison.Ordinal) || block.Text.Contains(" m2_Run1.nwb", StringComparison.Ordinal) || block.Text.Contains(" b1.nwb", StringComparison.Ordinal)))
        {
            Assert.Equal("commands", kind);
            foreach (var word in DocsPage.Words(text).Where(word => word.EndsWith(".nwb", StringComparison.Ordinal)))
            {
                Make(word, line[word]);
            }

            line.Must([.. DocsPage.Words(text).Skip(1).Select(word => Path.GetExtension(word) is ".nwb" or ".h5" ? "@/" + word : word)]);
            ran++;
        }

        Assert.Equal(5, ran);
        Assert.Contains(RecordingFile.Read(line["m1.h5"]).Trials, trial => !Enumerable.Range(0, trial.Bins).All(bin => trial.Observations[1].IsObserved(bin, 0)));
    }

    [Fact]
    public void The_page_tells_of_forty_layouts_each_once()
    {
        var rows = Table();
        Assert.True(rows.Count >= 40, $"{rows.Count} rows");
        Assert.Equal(rows.Count, rows.Select(row => row.Layout).Distinct(StringComparer.Ordinal).Count());
        Assert.All(s_makers.Keys, name => Assert.Contains(rows, row => row.Command.Contains(name, StringComparison.Ordinal)));
    }

    private static string Words(Recording recording)
    {
        var (least, most) = (recording.Trials.Min(trial => trial.Bins), recording.Trials.Max(trial => trial.Bins));
        return $"{recording.Trials.Count} {(recording.Trials.Count == 1 ? "trial" : "trials")} of {(least == most ? $"{least}" : $"{least} to {most}")} bins: {string.Join(", ", recording.Groups.Select(group => $"{group.Name} {group.Channels}"))}";
    }

    /// <summary>Rows of the page's tables whose third cell is a command.</summary>
    private static List<(string Layout, string Command, string Comes)> Table() =>
    [
        .. File.ReadLines(DocsPage.PathOf("layouts.md")).Where(text => text.StartsWith("| ", StringComparison.Ordinal)).Select(text => text.Trim('|', ' ').Split(" | "))
            .Where(cells => cells.Length == 4 && cells[2].StartsWith('`')).Select(cells => (cells[0], cells[2].Trim('`'), cells[3])),
    ];

    private static void Make(string name, string path)
    {
        if (s_makers.TryGetValue(name, out var make))
        {
            make(path);
        }
        else
        {
            File.Copy(SharedData.Committed(name), path);
        }
    }

    private static void MakeSession(string path)
    {
        var builder = new NwbBuilder();
        builder.Units([3, 4, 8], FalconFiles.Spikes(3, 40), Array.Empty<uint>());
        builder.Group("units")["quality"] = new[] { "good", "mua", "good" };
        builder.Observed([0, 40], [0, 40], [0, 40]);
        double[] starts = [.. Enumerable.Range(0, 12).Select(k => 3.0 * k)];
        builder.Trials(starts, [.. starts.Select(one => one + 2)], ("go_time", starts.Select(one => one + 0.5).ToArray()), ("result", starts.Select((_, k) => k % 4 == 3 ? "abort" : "success").ToArray()));
        builder.Series("processing/behavior/hand_vel", Enumerable.Range(0, 8000).Select(i => Math.Sin(i / 99.0)).ToArray(), channels: 2, rate: 100, unit: "m/s");
        builder.Save(path);
    }

    private static void Unpack(string name, string path)
    {
        using var packed = new GZipStream(File.OpenRead(SharedData.Committed(name)), CompressionMode.Decompress);
        using var file = File.Create(path);
        packed.CopyTo(file);
    }

    private static void MakeAlf(string folder)
    {
        Directory.CreateDirectory(folder);
        Write(folder, "spikes.times", NpyBytes.Of(Times(300)));
        Write(folder, "spikes.clusters", NpyBytes.Of(Units(300, 3)));
        Write(folder, "clusters.label", NpyBytes.Of([1.0, 0.5, 1]));
        MakeTrials(folder);
        Write(folder, "_ibl_wheel.position", NpyBytes.Of([.. Enumerable.Range(0, 3000).Select(i => Math.Sin(i / 50.0))]));
        Write(folder, "_ibl_wheel.timestamps", NpyBytes.Of([.. Enumerable.Range(0, 3000).Select(i => i / 100.0)]));
    }

    private static void MakeTrials(string folder)
    {
        double[] starts = [.. Enumerable.Range(0, 9).Select(k => 3.0 * k)];
        Write(folder, "_ibl_trials.intervals", NpyBytes.Of([.. starts.SelectMany(one => new[] { one, one + 2 })], 9, 2));
        Write(folder, "_ibl_trials.goCue_times", NpyBytes.Of([.. starts.Select(one => one + 0.6)]));
    }

    private static void MakeProbes(string folder)
    {
        foreach (var (probe, units) in new[] { ("probe00", 3), ("probe01", 2) })
        {
            Directory.CreateDirectory(Path.Combine(folder, probe));
            Write(Path.Combine(folder, probe), "spikes.times", NpyBytes.Of(Times(300)));
            Write(Path.Combine(folder, probe), "spikes.clusters", NpyBytes.Of(Units(300, units)));
        }

        MakeTrials(folder);
    }

    private static void MakeKilosort(string folder)
    {
        Directory.CreateDirectory(folder);
        Write(folder, "spike_times", NpyBytes.Of([.. Enumerable.Range(0, 300).Select(i => i * 3000)], 300, 1));
        Write(folder, "spike_clusters", NpyBytes.Of(Units(300, 3)));
        File.WriteAllText(Path.Combine(folder, "cluster_group.tsv"), "cluster_id\tgroup\n0\tgood\n1\tnoise\n2\tgood\n");
        File.WriteAllText(Path.Combine(folder, "params.py"), "sample_rate = 30000.\n");
    }

    private static void MakeLfads(string path, params string[] tables)
    {
        var file = new Hdf5Archive();
        foreach (var table in tables)
        {
            var (trials, units) = (table.StartsWith("train", StringComparison.Ordinal) ? 10 : 3, table.Contains("recon", StringComparison.Ordinal) ? 6 : 4);
            file.Add(table, Counts(trials * 50 * units), trials, 50, units);
        }

        file.Save(path);
    }

    private static void Write(string folder, string name, byte[] array) => File.WriteAllBytes(Path.Combine(folder, name + ".npy"), array);

    private static double[] Times(int spikes) => [.. Enumerable.Range(0, spikes).Select(i => 0.03 + (i * 0.1))];

    private static int[] Units(int spikes, int units) => [.. Enumerable.Range(0, spikes).Select(i => i % units)];

    private static long[] Counts(int entries) => [.. Enumerable.Range(0, entries).Select(i => (long)(i * 7 % 11 % 3))];
}
