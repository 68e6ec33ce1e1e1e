using System.Globalization;
using System.IO.Compression;
using System.Text;
using IlqrVae.Data;
using IlqrVae.Data.Tests;

namespace IlqrVae.Cli.Tests;

/// <summary>What pages of the documentation expect to be there: recordings in several formats, a run, a configuration; each made when it is first asked for, once for all pages.</summary>
public sealed class PageFiles : IDisposable
{
    private readonly CommandLine _line = new();
    private readonly Lock _lock = new();

    public void Dispose() => _line.Dispose();

    /// <summary>Copies a file or folder to the folder of a page, if there is one of this name.</summary>
    internal void CopyTo(CommandLine line, string page, string name)
    {
        lock (_lock)
        {
            var stem = page[(page.LastIndexOf('/') + 1)..];
            if (OfPage(line, stem, name) || Find(name, stem) is not { } source)
            {
                return;
            }

            Copy(source, line[name]);
            if (name is "run" or "second-run" or "config.yaml" && !File.Exists(line["data.h5"]))
            {
                // A configuration names its data.
                CopyTo(line, page, "data.h5");
            }
        }
    }

    /// <summary>What is made anew for one page, of files of that page.</summary>
    private bool OfPage(CommandLine line, string page, string name)
    {
        switch (page, name)
        {
            case ("nlb.md", "000128/sub-Jenkins/*.nwb"):
                Directory.CreateDirectory(line["000128/sub-Jenkins"]);
                NeuralLatentsSessions.Write(line["000128/sub-Jenkins/sub-Jenkins_desc-train.nwb"], "mc_maze");
                NeuralLatentsSessions.Write(line["000128/sub-Jenkins/sub-Jenkins_desc-test.nwb"], "mc_maze", isTest: true);
                return true;
            case ("nlb.md", "config.yaml"):
                line.Write(name, $"data: {(File.Exists(line["maze.h5"]) ? "maze.h5" : "mc_maze.h5")}\nmodel: {{states: 3, inputs: 2}}\n");
                return true;
            case ("nlb.md", "eval_data_val.h5"):
                File.Copy(line["target.h5"], line[name]);
                return true;
            case ("nlb.md", "eval_data_test.h5"):
                // Spikes of held-out neurons in the test trials are in no file but that of the benchmark.
                using (var submission = Hdf5Archive.Open(line["test/submission.h5"]))
                {
                    var shape = submission.ShapeOf("mc_maze/eval_rates_heldout");
                    var file = new Hdf5Archive();
                    file.Add("mc_maze/eval_spikes_heldout", [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (size, one) => size * one)).Select(i => i % 7 == 0 ? 1.0 : 0)], [.. shape.Select(one => (int)one)]);
                    file.Save(line[name]);
                }

                return true;
            case ("nwb.md", "sub-Jenkins/*.nwb"):
                Directory.CreateDirectory(line["sub-Jenkins"]);
                NeuralLatentsSessions.Write(line["sub-Jenkins/sub-Jenkins_desc-train.nwb"], "mc_maze");
                return true;
            case ("nwb.md", "h1.nwb"):
                FalconFiles.H1(line[name]);
                return true;
            case ("nwb.md", "h2.nwb" or "counts.nwb"):
                FalconFiles.H2(line[name]);
                return true;
            case ("nwb.md", "m1.nwb"):
                FalconFiles.M1(line[name]);
                return true;
            case ("nwb.md", "m2_Run1.nwb" or "m2_Run2.nwb"):
                FalconFiles.M2(line[name]);
                return true;
            case ("nwb.md", "b1.nwb"):
                FalconFiles.B1(line[name]);
                return true;
            default:
                return false;
        }
    }

    private string? Find(string name, string page)
    {
        var stored = name == "session.mat" ? $"{page}-{name}" : name;
        if (Path.Exists(_line[stored]))
        {
            return _line[stored];
        }

        switch (name)
        {
            case "data.h5":
                _line.Must("simulate", "maze", "-o", "@/data.h5", "--trials", "20", "--validation-trials", "6", "--test-trials", "6", "--bins", "60", "--bin-width", "0.02", "--channels", "16", "--conditions", "3");
                break;
            case "lorenz.h5" or "maze.h5" or "session.h5":
                _line.Must("simulate", "maze", "-o", $"@/{name}", "--trials", "12", "--validation-trials", "4", "--test-trials", "4", "--bins", "40", "--bin-width", "0.02", "--channels", "12");
                break;
            case "monday.h5" or "tuesday.h5" or "friday.h5":
                _line.Must("simulate", "maze", "-o", $"@/{name}", "--seed", $"{name.Length}", "--trials", "6", "--validation-trials", "2", "--test-trials", "2", "--bins", "40", "--bin-width", "0.02", "--channels", "9", "--held-out", "0");
                break;
            case "config.yaml":
                _line.Write(name, "data: data.h5\nmodel: {states: 3, inputs: 2}\ntraining: {iterations: 3}\n");
                break;
            case "run" or "second-run":
                Find("data.h5", page);
                _line.Write($"{name}.yaml", $"data: data.h5\nseed: {name.Length}\nmodel: {{states: 3, inputs: 2}}\ntraining: {{iterations: 3}}\n");
                _line.Must("train", $"@/{name}.yaml", "-o", $"@/{name}");
                break;
            case "posterior.h5":
                Find("run", page);
                _line.Must("infer", "@/run", "--data", "@/data.h5", "-o", $"@/{name}");
                break;
            case "data.nwb":
                Find("data.h5", page);
                _line.Must("export", "@/data.h5", "-o", $"@/{name}");
                break;
            case "dataset.h5":
                _line.Must("simulate", "maze", "-o", "@/fine.h5", "--trials", "8", "--validation-trials", "3", "--test-trials", "3", "--bins", "120", "--channels", "8");
                _line.Must("export", "@/fine.h5", "-o", $"@/{name}", "--format", "lfads");
                break;
            case "session.mat" when page == "matlab.md":
                MakeArrays(_line[stored]);
                break;
            case "session.mat":
                Experiments.SaveReaching(_line[stored]);
                break;
            case "chewie.mat":
                File.Copy(SharedData.Committed("reaches.mat"), _line[name]);
                break;
            case "trials.npz":
                MakeTrials(_line[name]);
                break;
            case "session.csv":
                MakeTable(_line[name]);
                break;
            case "file.h5":
                MakeLayout(_line[name]);
                break;
            case "session.nwb" or "session_part-1.nwb" or "session_part-2.nwb":
                MakeSession(_line[name], seed: name.Length + name[^5]);
                break;
            default:
                return null;
        }

        return _line[stored];
    }

    /// <summary>40 reaches, eight units of which one is noise, a hand whose velocity is sin(t), cos(t).</summary>
    private static void MakeSession(string path, int seed) => MakeSession(
        path, seed,
        starts =>
        [
            ("go_time", starts.Select(start => start + 0.3).ToArray()), ("move_onset_time", starts.Select((start, i) => start + 0.5 + (0.001 * (i % 7))).ToArray()),
            ("success", starts.Select((_, i) => i % 10 == 9 ? H5Bool.FALSE : H5Bool.TRUE).ToArray()), ("trial_type", starts.Select((_, i) => i % 4).ToArray()),
        ]);

    /// <summary>The same with columns of trials, given when these start.</summary>
    internal static void MakeSession(string path, int seed, Func<double[], (string Name, object Values)[]> columns)
    {
        var random = new Random(seed);
        var builder = new NwbBuilder();
        double[][] spikes = [.. Enumerable.Range(0, 8).Select(unit => Enumerable.Range(0, 300 + (100 * unit)).Select(_ => random.NextDouble() * 60).Order().ToArray())];
        builder.Units([1, 2, 3, 4, 5, 6, 7, 8], spikes, Array.Empty<ushort>());
        builder.Group("units")["quality"] = Enumerable.Range(1, 8).Select(id => id == 3 ? "noise" : "good").ToArray();
        double[] starts = [.. Enumerable.Range(0, 40).Select(i => 1.5 * i)];
        builder.Trials(starts, [.. starts.Select(start => start + 1.4)], columns(starts));
        builder.Series("processing/behavior/hand_vel", Enumerable.Range(0, 120_000).Select(i => i % 2 == 0 ? Math.Sin(i / 2000.0) : Math.Cos(i / 2000.0)).ToArray(), channels: 2, start: 0, rate: 1000, unit: "m/s");
        builder.Save(path);
    }

    /// <summary>Counts of bins x channels, and times of spikes of units x trials, as MATLAB 7.3 keeps them: axes the other way round.</summary>
    private static void MakeArrays(string path)
    {
        const int Units = 5;
        const int Trials = 12;
        const int Spikes = 9;
        var random = new Random(3);
        var times = new double[Spikes * Trials * Units];
        for (var trial = 0; trial < Trials; trial++)
        {
            for (var unit = 0; unit < Units; unit++)
            {
                double[] sorted = [.. Enumerable.Range(0, Spikes - unit).Select(_ => (random.NextDouble() * 1.5) - 0.5).Order()];
                for (var k = 0; k < Spikes; k++)
                {
                    times[(((k * Trials) + trial) * Units) + unit] = k < sorted.Length ? sorted[k] : double.NaN;
                }
            }
        }

        var file = new Hdf5Archive();
        file.Add("Yte", [.. Enumerable.Range(0, 6 * 400).Select(_ => (double)random.Next(3))], 6, 400);
        file.Add("sp", times, Spikes, Trials, Units);
        file.Save(path);
    }

    private static void MakeTrials(string path)
    {
        var random = new Random(5);
        using var zip = ZipFile.Open(path, ZipArchiveMode.Create);
        Add("counts", [12, 50, 6], () => random.Next(3));
        Add("hand_vel", [12, 50, 2], random.NextDouble);

        void Add(string name, int[] shape, Func<double> next)
        {
            using var stream = zip.CreateEntry($"{name}.npy").Open();
            var text = $"{{'descr': '<f8', 'fortran_order': False, 'shape': ({string.Join(", ", shape)}), }}".PadRight(117) + "\n";
            stream.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)text.Length, 0, .. Encoding.ASCII.GetBytes(text), .. Enumerable.Range(0, shape.Aggregate(1, (size, one) => size * one)).SelectMany(_ => BitConverter.GetBytes(next()))]);
        }
    }

    private static void MakeTable(string path)
    {
        var random = new Random(6);
        File.WriteAllLines(path, Enumerable.Range(0, 500).Select(bin => string.Join(',', [
            (0.02 * bin).ToString(CultureInfo.InvariantCulture), .. Enumerable.Range(0, 5).Select(_ => $"{random.Next(3)}"), .. Enumerable.Range(0, 2).Select(_ => random.NextDouble().ToString(CultureInfo.InvariantCulture))]))
            .Prepend("time,unit1,unit2,unit3,unit4,unit5,vel_x,vel_y"));
    }

    private static void MakeLayout(string path)
    {
        var random = new Random(7);
        var file = new Hdf5Archive();
        file.Add("session1/spikes", [.. Enumerable.Range(0, 600 * 6).Select(_ => (double)random.Next(3))], 600, 6);
        file.Add("session1/behavior/velocity", [.. Enumerable.Range(0, 600 * 2).Select(_ => random.NextDouble())], 600, 2);
        file.Save(path);
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        if (!Directory.Exists(from))
        {
            File.Copy(from, to, overwrite: true);
            return;
        }

        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from).Where(file => Path.GetFileName(file) != ".lock"))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
        }
    }
}
