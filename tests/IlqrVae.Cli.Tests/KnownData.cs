using System.Text.Json.Nodes;
using IlqrVae.Data;
using IlqrVae.Recordings;
using IlqrVae.Runs.Files;

namespace IlqrVae.Cli.Tests;

/// <summary>Models and runs know what they were made from: neurons in another order are put in order, and what is not the same is refused.</summary>
public sealed class KnownData
{
    private static readonly string[] Neurons = ["unit-a", "unit-b", "unit-c", "unit-d"];

    [Fact]
    public void Neurons_and_external_inputs_in_another_order_are_the_same_ones()
    {
        using var line = Trained();
        var scores = Scores(line, "@/data.h5");
        RecordingFile.Write(line["other.h5"], Make(order: [3, 1, 0, 2], swapped: true));
        var outcome = line.Run("evaluate", "@/run", "--data", "@/other.h5", "--json");
        Assert.Equal(0, outcome.ExitCode);
        Assert.Contains("'spikes' are in another order", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("external inputs are in another order", outcome.Error, StringComparison.Ordinal);
        Assert.True(JsonNode.DeepEquals(scores, WithoutTime(outcome.Output)));
        Assert.False(JsonNode.DeepEquals(scores, Scores(line, "@/other.h5", "--by-position")));

        line.Must("infer", "@/run", "--data", "@/data.h5", "-o", "@/one.h5");
        line.Must("infer", "@/run", "--data", "@/other.h5", "-o", "@/two.h5");
        line.Must("infer", "@/run", "--data", "@/other.h5", "-o", "@/three.h5", "--by-position");
        using var one = Hdf5Archive.Open(line["one.h5"]);
        using var two = Hdf5Archive.Open(line["two.h5"]);
        using var three = Hdf5Archive.Open(line["three.h5"]);
        Assert.Equal(one.ReadDoubles("channels/spikes/mean").Values, two.ReadDoubles("channels/spikes/mean").Values);
        Assert.Equal(Neurons, two.ReadStrings("channels/spikes/names", 4).Values);
        Assert.NotEqual(one.ReadDoubles("channels/spikes/mean").Values, three.ReadDoubles("channels/spikes/mean").Values);
    }

    [Fact]
    public void Other_neurons_are_refused_and_named()
    {
        using var line = Trained();
        RecordingFile.Write(line["other.h5"], Make(names: ["unit-a", "unit-b", "unit-c", "unit-z"]));
        foreach (var command in (string[][])[["evaluate", "@/run", "--data", "@/other.h5"], ["infer", "@/run", "--data", "@/other.h5", "-o", "@/p.h5"]])
        {
            Refused(line, "'unit-d' is missing and 'unit-z' is new", command);
            line.Must([.. command, "--by-position"]);
        }
    }

    [Fact]
    public void A_model_of_the_version_without_names_takes_channels_by_their_order()
    {
        using var line = new CommandLine();
        line.Must(
            "simulate", "lorenz", "-o", "@/d.h5", "--observation", "spikes", "--channels", "3", "--trials", "2", "--test-trials", "1", "--validation-trials", "0", "--bins", "8", "--seed", "4");
        var scores = JsonNode.Parse(line.Must("evaluate", Path.Combine(AppContext.BaseDirectory, "Files", "model-version-1.h5"), "--data", "@/d.h5", "--json"))!;
        Assert.Equal(-0.9502074226885157, scores["log_evidence"]!.GetValue<double>(), 1e-9);
    }

    [Fact]
    public void A_run_is_resumed_on_its_own_recording_wherever_that_lies_and_on_no_other()
    {
        using var line = Trained();
        File.Move(line["data.h5"], line["moved.h5"]);
        line.Must("train", "@/run", "--resume", "--iterations", "3", "--data", "@/moved.h5");
        RecordingFile.Write(line["data.h5"], Make(order: [3, 1, 0, 2]));
        Refused(line, "their channels", "train", "@/run", "--resume", "--iterations", "4", "--data", "@/data.h5");
        RecordingFile.Write(line["data.h5"], Make(trial: "other"));
        Refused(line, "their trials", "train", "@/run", "--resume", "--iterations", "4", "--data", "@/data.h5");
        RecordingFile.Write(line["data.h5"], Make(shift: 1));
        Refused(line, "the observed values", "train", "@/run", "--resume", "--iterations", "4", "--data", "@/data.h5");
    }

    [Theory]
    [InlineData("learning-rate: 0.03", "learning-rate: 0.04", "'training.learning-rate'")]
    [InlineData("seed: 7", "seed: 8", "'seed'")]
    [InlineData("link: exp", "link: softplus", "'model.likelihoods'")]
    [InlineData("training:", null, "'training.learning-rate'")]
    public void A_configuration_edited_in_the_runs_folder_is_noticed(string word, string? other, string mentioned)
    {
        using var line = Trained();
        var text = File.ReadAllText(line["run/config.yaml"]);
        Assert.Contains(word, text, StringComparison.Ordinal);
        line.Write("run/config.yaml", other is null ? text[..text.IndexOf(word, StringComparison.Ordinal)] : text.Replace(word, other, StringComparison.Ordinal));
        Refused(line, mentioned, "train", "@/run", "--resume", "--iterations", "3");
        line.Write("run/config.yaml", text.Replace("iterations: 2", "iterations: 3", StringComparison.Ordinal));
        line.Must("train", "@/run", "--resume");
    }

    [Fact]
    public void Files_of_another_run_in_the_folder_are_noticed()
    {
        using var line = Trained();
        line.Must("train", "@/config.yaml", "-o", "@/seeded", "--seed", "8");
        RecordingFile.Write(line["shifted.h5"], Make(shift: 1));
        line.Must("train", "@/config.yaml", "-o", "@/shifted", "--data", "@/shifted.h5");
        Swap("seeded", "checkpoint.h5", "'seed'");
        Swap("seeded", "model.h5", "'seed'");
        Swap("shifted", "checkpoint.h5", "the observed values");
        Swap("shifted", "model.h5", "another recording");
        File.Delete(line["run/model.h5"]);
        line.Must("train", "@/run", "--resume", "--iterations", "3");
        Assert.True(File.Exists(line["run/model.h5"]));

        void Swap(string from, string name, string mentioned)
        {
            File.Copy(line[$"run/{name}"], line["kept.h5"], overwrite: true);
            File.Copy(line[$"{from}/{name}"], line[$"run/{name}"], overwrite: true);
            Refused(line, mentioned, "train", "@/run", "--resume", "--iterations", "3");
            File.Copy(line["kept.h5"], line[$"run/{name}"], overwrite: true);
        }
    }

    [Theory]
    [InlineData("checkpoint.h5")]
    [InlineData("model.h5")]
    public void A_file_with_a_flipped_bit_is_refused_or_holds_the_same_all_the_same(string name)
    {
        using var line = Trained();
        var bytes = File.ReadAllBytes(line[$"run/{name}"]);
        var reference = ModelFile.Read(line["run/model.h5"]).Raw;
        var refused = 0;
        const int Flips = 60;
        for (var flip = 0; flip < Flips; flip++)
        {
            var spoiled = (byte[])bytes.Clone();
            spoiled[(int)((long)flip * bytes.Length / Flips) + (flip % 7)] ^= (byte)(1 << (flip % 8));
            File.WriteAllBytes(line[$"run/{name}"], spoiled);
            try
            {
                if (name == "model.h5")
                {
                    Assert.Equal(reference, ModelFile.Read(line["run/model.h5"]).Raw);
                }
                else
                {
                    CheckpointFile.ReadOrigin(line["run/checkpoint.h5"]);
                }
            }
            catch (InputException exception)
            {
                Assert.Contains(name, exception.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        Assert.True(refused > Flips / 2, $"{refused} of {Flips} refused");

        // A number of the parameters themselves.
        var at = bytes.AsSpan().IndexOf(BitConverter.GetBytes(reference[2]));
        bytes[at + 3] ^= 4;
        File.WriteAllBytes(line[$"run/{name}"], bytes);
        if (name == "checkpoint.h5")
        {
            Refused(line, "checksum", "train", "@/run", "--resume", "--iterations", "3");
            return;
        }

        // Of a model there is all in the checkpoint: training goes on, and writes it anew.
        Refused(line, "checksum", "evaluate", "@/run", "--data", "@/data.h5");
        var resumed = line.Run("train", "@/run", "--resume", "--iterations", "3");
        Assert.Equal(0, resumed.ExitCode);
        Assert.Contains("Training goes on without it", resumed.Error, StringComparison.Ordinal);
        line.Must("evaluate", "@/run", "--data", "@/data.h5");
    }

    [Theory]
    [InlineData("history.jsonl", "5")]
    [InlineData("history.jsonl", "null")]
    [InlineData("history.jsonl", "{\"iteration\": \"x\"}")]
    [InlineData("history.csv", "1,2")]
    public void A_history_with_a_line_that_is_none_is_refused(string name, string text)
    {
        using var line = Trained();
        var lines = File.ReadAllLines(line[$"run/{name}"]).ToList();
        lines.Insert(1, text);
        File.WriteAllLines(line[$"run/{name}"], lines);
        Refused(line, $"{name}, line 2", "train", "@/run", "--resume", "--iterations", "3");
        File.Delete(line[$"run/{name}"]);
        line.Must("train", "@/run", "--resume", "--iterations", "3");
    }

    [Fact]
    public void Two_trainings_do_not_share_a_folder()
    {
        using var line = Trained();
        using (new FileStream(line["run/.lock"], FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            Refused(line, "another training is at work", "train", "@/run", "--resume", "--iterations", "3");
            Refused(line, "another training is at work", "train", "@/config.yaml", "-o", "@/run", "--force");
        }

        line.Must("train", "@/run", "--resume", "--iterations", "3");
    }

    [Fact]
    public void A_configuration_that_lies_in_the_folder_is_not_replaced_unasked()
    {
        using var line = Trained();
        Refused(line, "config.yaml", "train", "@/config.yaml", "-o", "@/");
    }

    [Fact]
    public void A_model_with_numbers_that_are_not_finite_is_refused()
    {
        using var line = Trained();
        var (description, raw, summary) = ModelFile.Read(line["run/model.h5"]);
        raw[3] = double.NaN;
        ModelFile.Write(line["run/model.h5"], description, description.Build<double>(), raw, summary);
        Refused(line, "not finite", "evaluate", "@/run", "--data", "@/data.h5");
        Refused(line, "not finite", "infer", "@/run", "--data", "@/data.h5", "-o", "@/p.h5");
    }

    private static CommandLine Trained()
    {
        var line = new CommandLine();
        RecordingFile.Write(line["data.h5"], Make());
        line.Write("config.yaml", "data: data.h5\nseed: 7\nmodel: {states: 3, inputs: 1}\ntraining: {iterations: 2, learning-rate: 0.03, batch: 2}\n");
        line.Must("train", "@/config.yaml", "-o", "@/run");
        return line;
    }

    private static void Refused(CommandLine line, string mentioned, params string[] arguments)
    {
        var before = line.Contents();
        var outcome = line.Run(arguments);
        Assert.True(outcome.ExitCode == 2, outcome.ToString());
        Assert.Contains(mentioned, outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error.Trim().Split('\n'));
        Assert.Equal(before, line.Contents());
    }

    private static JsonNode Scores(CommandLine line, string data, params string[] options) => WithoutTime(line.Must(["evaluate", "@/run", "--data", data, "--json", .. options]));

    private static JsonNode WithoutTime(string output)
    {
        var scores = JsonNode.Parse(output)!;
        scores["solver"] = null;
        return scores;
    }

    /// <summary>Four neurons that differ, two external inputs that differ.</summary>
    private static Recording Make(int[]? order = null, bool swapped = false, string[]? names = null, string trial = "trial", int shift = 0)
    {
        order ??= [0, 1, 2, 3];
        return new Recording
        {
            BinWidth = 0.02,
            Groups = [new ChannelGroup("spikes", ChannelKind.Counts, 4, "", names ?? [.. order.Select(neuron => Neurons[neuron])])],
            ExternalNames = swapped ? ["sound", "light"] : ["light", "sound"],
            Trials = [.. Enumerable.Range(0, 4).Select(k => new Trial
            {
                Name = $"{trial}-{k}",
                Bins = 10 + k,
                Split = k == 3 ? TrialSplit.Test : TrialSplit.Train,
                Observations = [Observations.FromCounts(Table(10 + k, 4, (t, c) => (((t + k) * (order[c] + 1)) + (order[c] * order[c]) + shift) % (order[c] + 2)))],
                External = Table(10 + k, 2, (t, c) => c == (swapped ? 1 : 0) ? Math.Sin(t + k) : t % 3),
                Truth = new Dictionary<string, Table>(StringComparer.Ordinal) { ["rates"] = Table(10 + k, 4, (t, c) => 10 * (1 + order[c]) * (1.5 + Math.Sin(t))) },
            })],
        };
    }

    private static Table Table(int bins, int columns, Func<int, int, double> entry)
        => new(bins, columns, [.. Enumerable.Range(0, bins * columns).Select(i => entry(i / columns, i % columns))]);
}
