using System.Text.Json.Nodes;
using IlqrVae.Data;
using IlqrVae.Data.Tests;

namespace IlqrVae.Cli.Tests;

/// <summary>What infer and export write for programs of others.</summary>
public sealed class ExportCommands(ExportCommands.LearnedMaze maze) : IClassFixture<ExportCommands.LearnedMaze>
{
    private const int Trials = 8;
    private const int Bins = 20;

    [Theory]
    [InlineData("npz")]
    [InlineData("mat")]
    public void Infer_writes_at_once_what_export_makes_of_a_posterior_file(string extension)
    {
        using var line = maze.Copy();
        line.Must("infer", "@/run", "--data", "@/data.h5", "-o", $"@/inferred.{extension}", "--draws", "2", "--intervals");
        line.Must("infer", "@/run", "--data", "@/data.h5", "-o", "@/posterior.h5", "--draws", "2", "--intervals");
        Assert.Contains("posterior: ", line.Must("export", "@/posterior.h5", "-o", $"@/exported.{extension}"), StringComparison.Ordinal);
        if (extension == "npz")
        {
            Readers.Python("h5py", """
                import sys, json, h5py, numpy as np
                a, b = np.load(sys.argv[1]), np.load(sys.argv[2])
                with h5py.File(sys.argv[3]) as f:
                    names = []
                    f.visititems(lambda n, x: names.append(n) if isinstance(x, h5py.Dataset) else None)
                    assert set(a.files) == set(b.files) == set(names) | {"attributes"}
                    for n in names:
                        if f[n].dtype != object:
                            assert a[n].tobytes() == b[n].tobytes() == f[n][()].tobytes(), n
                assert json.loads(str(a["attributes"])) == json.loads(str(b["attributes"]))
                assert np.isnan(a["inputs/deviation"]).any()
                """, line["inferred.npz"], line["exported.npz"], line["posterior.h5"]);
        }
        else
        {
            Readers.Python("scipy.io", """
                import sys, scipy.io, numpy as np
                a, b = (scipy.io.loadmat(p, struct_as_record=False) for p in sys.argv[1:])
                for x, y in ((a, b),):
                    assert np.array_equal(x["states"][0, 0].mean, y["states"][0, 0].mean) and x["samples"][0, 0].states.shape == (2, 160, 3)
                    assert np.array_equal(x["inputs"][0, 0].deviation, y["inputs"][0, 0].deviation, equal_nan=True) and np.isnan(x["inputs"][0, 0].deviation).any()
                    assert x["channels"][0, 0].held_out[0, 0].intervals[0, 0].lower.shape == (3, 160, 3)
                """, line["inferred.mat"], line["exported.mat"]);
        }
    }

    [Fact]
    public void A_model_is_exported_with_its_parameters_for_Python_and_MATLAB_alone()
    {
        using var line = maze.Copy();
        Assert.Equal("model", JsonNode.Parse(line.Must("export", "@/run", "-o", "@/model.npz", "--json"))!["kind"]!.GetValue<string>());
        line.Must("export", "@/run/model.h5", "-o", "@/model.mat");
        Readers.Python("h5py, scipy.io", """
            import sys, json, h5py, numpy as np, scipy.io
            a, m = np.load(sys.argv[1]), scipy.io.loadmat(sys.argv[2], struct_as_record=False)
            about = json.loads(str(a["attributes"]))
            with h5py.File(sys.argv[3]) as f:
                for name in f["values"]:
                    assert np.array_equal(a["values/" + name], f["values"][name][()]), name
                    assert about["values/" + name]["constraint"] == f["values"][name].attrs["constraint"]
                    assert np.array_equal(getattr(m["values"][0, 0], name.replace(".", "_").replace("-", "_")), f["values"][name][()]), name
                assert about["/"]["format"] == "ilqr-vae model" and about["/"]["bin_width"] == f.attrs["bin_width"] and about["/"]["iteration"] == f.attrs["iteration"]
                assert str(a["configuration"][0]) == f["configuration"].asstr()[0]
            """, line["model.npz"], line["model.mat"], line["run/model.h5"]);
        Assert.Contains("a model is exported as .npz or .mat", Refused(line, "export", "@/run", "-o", "@/model.nwb"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_dataset_exported_for_NumPy_is_taken_where_a_dataset_is()
    {
        using var line = maze.Copy();
        line.Must("export", "@/data.h5", "-o", "@/data.npz");
        line.Must("infer", "@/run", "--data", "@/data.npz", "-o", "@/by-npz.npz", "--split", "test");
        line.Must("infer", "@/run", "--data", "@/data.h5", "-o", "@/by-h5.npz", "--split", "test");
        Assert.Equal(File.ReadAllBytes(line["by-h5.npz"]), File.ReadAllBytes(line["by-npz.npz"]));
        Assert.Contains("this is an exported posterior", Refused(line, "infer", "@/run", "--data", "@/by-h5.npz", "-o", "@/no.npz"), StringComparison.Ordinal);
    }

    [Fact]
    public void Rates_states_and_inputs_are_series_of_an_NWB_file()
    {
        using var line = maze.Copy();
        line.Must("infer", "@/run", "--data", "@/data.h5", "-o", "@/posterior.h5");
        line.Must("export", "@/posterior.h5", "-o", "@/posterior.nwb");
        using var posterior = Hdf5Archive.Open(line["posterior.h5"]);
        using var file = Hdf5Archive.Open(line["posterior.nwb"]);
        foreach (var (series, table, unit) in new[]
        {
            ("states_mean", "states/mean", "unknown"), ("inputs_mean", "inputs/mean", "unknown"), ("inputs_deviation", "inputs/deviation", "unknown"), ("spikes_mean", "channels/spikes/mean", "Hz"),
            ("held-out_deviation", "channels/held-out/deviation", "Hz"), ("velocity_predictive_deviation", "channels/velocity/predictive_deviation", "m/s"),
        })
        {
            var (shape, values) = file.ReadDoubles($"processing/ilqr_vae/{series}/data");
            Assert.Equal(posterior.ShapeOf(table), shape);
            Assert.Equal(posterior.ReadDoubles(table).Values, values);
            Assert.Equal(unit, file.ReadText($"processing/ilqr_vae/{series}/data", "unit"));
            Assert.Equal(Trials * Bins, file.ReadDoubles($"processing/ilqr_vae/{series}/timestamps").Values.Length);
        }

        Assert.Equal(Enumerable.Range(0, Trials).Select(t => 1 + (2.0 * t)), file.ReadDoubles("intervals/trials/start_time").Values);
        Assert.Equal(Enumerable.Range(0, Trials).Select(t => 1.4 + (2 * t)), file.ReadDoubles("intervals/trials/stop_time").Values);
        Assert.Equal(posterior.ReadStrings("trials/name").Values, file.ReadStrings("intervals/trials/trial_name").Values);
        Assert.Equal(posterior.ReadDoubles("trials/log_evidence").Values, file.ReadDoubles("intervals/trials/log_evidence").Values);

        // And what inspect says of it is what import takes.
        Assert.Contains("states_mean", line.Must("inspect", "@/posterior.nwb"), StringComparison.Ordinal);
    }

    [Fact]
    public void Lfads_torch_finds_its_arrays()
    {
        using var line = maze.Copy();
        line.Must("infer", "@/run", "--data", "@/data.h5", "-o", "@/posterior.h5");
        line.Must("infer", "@/run", "--data", "@/data.h5", "-o", "@/lfads_output_run.h5", "--format", "lfads");
        using var posterior = Hdf5Archive.Open(line["posterior.h5"]);
        using var file = Hdf5Archive.Open(line["lfads_output_run.h5"]);
        string[] arrays = ["co_means", "co_stds", "factors", "gen_init", "gen_inputs", "gen_states", "ic_mean", "ic_std", "output_params"];
        Assert.Equal([.. new[] { "test", "train", "valid" }.SelectMany(stem => arrays.Select(name => $"{stem}_{name}")).Prepend("dt")], file.Children("/").Order(StringComparer.Ordinal), StringComparer.Ordinal);
        var (spikes, held, states) = (posterior.ReadDoubles("channels/spikes/mean").Values, posterior.ReadDoubles("channels/held-out/mean").Values, posterior.ReadDoubles("states/mean").Values);
        var parameters = file.ReadFloats("valid_output_params");
        Assert.Equal([2, Bins, 12], parameters.Shape);

        // Validation trials come behind five training trials.
        for (var i = 0; i < parameters.Values.Length; i++)
        {
            var (row, column) = ((5 * Bins) + (i / 12), i % 12);
            Assert.Equal((float)(0.02 * (column < 9 ? spikes[(9 * row) + column] : held[(3 * row) + column - 9])), parameters.Values[i]);
        }

        Assert.Equal(states.Skip(5 * Bins * 3).Take(2 * Bins * 3).Select(value => (float)value), file.ReadFloats("valid_gen_states").Values);
        Assert.Equal(posterior.ReadDoubles("initial_state/deviation").Values.TakeLast(3).Select(value => (float)value), file.ReadFloats("test_ic_std").Values);
        Assert.Equal([1, Bins, 2], file.ShapeOf("test_co_stds"));
        Assert.Equal(posterior.ReadDoubles("inputs/deviation").Values.TakeLast(Bins * 2).Select(value => (float)value), file.ReadFloats("test_co_stds").Values);
        Assert.Equal(posterior.ReadDoubles("inputs/mean").Values.TakeLast(Bins * 2).Select(value => (float)value), file.ReadFloats("test_gen_inputs").Values);
    }

    [Theory]
    [InlineData("npz")]
    [InlineData("mat")]
    public void Exports_are_inspected_as_what_they_were_made_of(string extension)
    {
        using var line = maze.Copy();
        line.Must("infer", "@/run", "--data", "@/data.h5", "-o", "@/posterior.h5");
        foreach (var name in (string[])["posterior", "data"])
        {
            line.Must("export", $"@/{name}.h5", "-o", $"@/{name}.{extension}");
            var (one, other) = (JsonNode.Parse(line.Must("inspect", $"@/{name}.h5", "--json"))!.AsObject(), JsonNode.Parse(line.Must("inspect", $"@/{name}.{extension}", "--json"))!.AsObject());
            Assert.EndsWith($"{name}.{extension}", other["file"]!.GetValue<string>(), StringComparison.Ordinal);
            other["file"] = one["file"]!.DeepClone();
            Assert.Equal(one.ToJsonString(), other.ToJsonString());
        }

        Assert.Equal("posterior", JsonNode.Parse(line.Must("inspect", $"@/posterior.{extension}", "--json"))!["kind"]!.GetValue<string>());
    }

    [Fact]
    public void An_exported_dataset_is_imported_with_the_same_bits()
    {
        using var line = maze.Copy();
        var said = JsonNode.Parse(line.Must("export", "@/data.h5", "-o", "@/data.npz", "--json"))!;
        Assert.Equal(("npz", "dataset"), (said["format"]!.GetValue<string>(), said["kind"]!.GetValue<string>()));
        line.Must("import", "@/data.npz", "-o", "@/back.h5");

        // Written once more, tables stand in the order in which they are read.
        RecordingFile.Write(line["again.h5"], RecordingFile.Read(line["data.h5"]));
        Assert.Equal(File.ReadAllBytes(line["again.h5"]), File.ReadAllBytes(line["back.h5"]));
    }

    [Theory]
    [InlineData("--format", "export", "@/data.h5", "-o", "@/data.dat")]
    [InlineData("neither a dataset nor a posterior", "export", "@/run/checkpoint.h5", "-o", "@/x.npz")]
    [InlineData("run/model.h5: this belong", "export", "@/data.h5", "-o", "@/run/model.h5")]
    [InlineData("no dataset is made", "import", "@/posterior.npz", "-o", "@/x.h5")]
    [InlineData("no dataset is made", "import", "@/posterior.mat", "-o", "@/x.h5")]
    [InlineData("of which no options are taken", "import", "@/data.npz", "-o", "@/x.h5", "--bin-width", "0.02")]
    [InlineData("one length a split", "infer", "@/run", "--data", "@/ragged.h5", "-o", "@/x.h5", "--format", "lfads")]
    public void Faults_are_one_line_and_leave_nothing_behind(string said, params string[] arguments)
    {
        using var line = maze.Copy();
        line.Must("infer", "@/run", "--data", "@/data.h5", "-o", "@/posterior.npz");
        line.Must("infer", "@/run", "--data", "@/data.h5", "-o", "@/posterior.mat");
        line.Must("export", "@/data.h5", "-o", "@/data.npz");
        var recording = RecordingFile.Read(line["data.h5"]);
        RecordingFile.Write(line["ragged.h5"], recording with
        {
            Trials = [.. recording.Trials.Select((trial, i) => i > 0 ? trial : trial with { Bins = 10, Observations = [.. trial.Observations.Select(one => one.SelectBins(0, 10))], Truth = new Dictionary<string, Recordings.Table>(StringComparer.Ordinal) })],
        });
        var before = line.Contents();
        var outcome = line.Run(arguments);
        Assert.True(outcome.ExitCode == 2, outcome.ToString());
        Assert.Contains(said, outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error.Trim().Split('\n'));
        Assert.Equal(before, line.Contents());
    }

    private static string Refused(CommandLine line, params string[] arguments)
    {
        var outcome = line.Run(arguments);
        Assert.True(outcome.ExitCode == 2, outcome.ToString());
        return outcome.Error;
    }

    /// <summary>A run of a small maze.</summary>
    public sealed class LearnedMaze : IDisposable
    {
        private readonly CommandLine _line = new();

        public LearnedMaze()
        {
            _line.Must("simulate", "maze", "-o", "@/data.h5", "--trials", "5", "--validation-trials", "2", "--test-trials", "1", "--bins", "20", "--channels", "12", "--held-out", "3", "--conditions", "3", "--bin-width", "0.02");
            _line.Write("config.yaml", "data: data.h5\nmodel: {states: 3, inputs: 2, likelihoods: [{group: spikes}, {group: held-out}, {group: velocity}]}\ntraining: {iterations: 3}\n");
            _line.Must("train", "@/config.yaml", "-o", "@/run");
        }

        internal CommandLine Copy() => _line.CopyOfRun();

        public void Dispose() => _line.Dispose();
    }
}
