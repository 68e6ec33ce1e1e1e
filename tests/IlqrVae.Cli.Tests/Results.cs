using System.Text.Json.Nodes;
using IlqrVae.Data;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Cli.Tests;

/// <summary>Results never replace anything unasked, a run's files never at all.</summary>
public sealed class Results : IClassFixture<Results.Trained>
{
    private readonly CommandLine _line;

    public Results(Trained trained) => _line = trained.Line;

    public static TheoryData<string> Commands =>
    [
        "simulate lorenz --trials 2 --bins 5 -o",
        "import @/data.h5 -o",
        "infer @/run --data @/data.h5 -o",
    ];

    [Theory]
    [MemberData(nameof(Commands))]
    public void A_file_that_is_there_is_replaced_by_force_alone(string command)
    {
        _line.Write("there.h5", "mine");
        Refused("--force", [.. command.Split(' '), "@/there.h5"]);
        _line.Must([.. command.Split(' '), "@/there.h5", "--force"]);
        Assert.True(new FileInfo(_line["there.h5"]).Length > 100);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void A_runs_files_are_never_replaced(string command)
    {
        foreach (var name in (string[])["config.yaml", "model.h5", "checkpoint.h5", "history.csv", "history.jsonl", "log.txt", ".lock"])
        {
            Refused("", [.. command.Split(' '), $"@/run/{name}", "--force"]);
        }

        File.Delete(_line["link.h5"]);
        File.CreateSymbolicLink(_line["link.h5"], _line["run/checkpoint.h5"]);
        Refused("", [.. command.Split(' '), "@/link.h5", "--force"]);
        _line.Must([.. command.Split(' '), "@/run/result.h5", "--force"]);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void A_folder_that_is_not_there_is_told_before_any_work(string command) => Refused("folder does not exist", [.. command.Split(' '), "@/nowhere/x.h5"]);

    [Fact]
    public void Figures_are_replaced_by_force_alone()
    {
        Directory.CreateDirectory(_line["figures"]);
        _line.Write("figures/found.png", "mine");
        Refused("found.png", "evaluate", "@/run", "--data", "@/data.h5", "--figures", "@/figures");
        _line.Must("evaluate", "@/run", "--data", "@/data.h5", "--figures", "@/figures", "--force");
        Assert.True(new FileInfo(_line["figures/found.png"]).Length > 5000);
    }

    [Fact]
    public void A_demonstration_does_not_replace_data_that_are_not_its_own()
    {
        Directory.CreateDirectory(_line["mine"]);
        _line.Write("mine/data.h5", "mine");
        Refused("--force", "demo", "sparse", "-o", "@/mine", "--iterations", "1");
    }

    [Fact]
    public void An_interrupted_simulation_writes_nothing()
    {
        using var interrupt = new CancellationTokenSource();
        interrupt.Cancel();
        foreach (var command in (string[])["simulate lorenz -o @/interrupted.h5", "import @/data.h5 -o @/interrupted.h5"])
        {
            var outcome = _line.Run(interrupt.Token, command.Split(' '));
            Assert.Equal(130, outcome.ExitCode);
            Assert.Contains("nothing was written", outcome.Error, StringComparison.Ordinal);
            Assert.False(File.Exists(_line["interrupted.h5"]));
        }
    }

    [Fact]
    public void The_next_command_is_named_as_a_shell_reads_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "quotes of another shell");
        var output = _line.Must("train", "@/config.yaml", "-o", "@/a run", "--force");
        Assert.Contains($"next:  ilqr-vae infer '{_line["a run"]}' --data {_line["data.h5"]} -o posterior.h5", output, StringComparison.Ordinal);
        var stopped = _line.Run("train", "@/a run", "--resume", "--iterations", "9", "--stop-after", "1");
        Assert.Contains($"ilqr-vae train '{_line["a run/config.yaml"]}' --resume", stopped.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_few_bins_to_decode_from_are_refused()
    {
        RecordingFile.Write(_line["few.h5"], Noise(trainBins: 4));
        Refused("4 bins of training trials", "evaluate", "@/run", "--data", "@/few.h5", "--decode", "velocity");
        RecordingFile.Write(_line["few.h5"], Noise(trainBins: 6));
        _line.Must("evaluate", "@/run", "--data", "@/few.h5", "--decode", "velocity");
    }

    [Fact]
    public void Noise_is_told_from_what_was_learned()
    {
        RecordingFile.Write(_line["noise.h5"], Noise(trainBins: 40));
        _line.Write("noise.yaml", "data: noise.h5\nmodel: {states: 3, inputs: 2, likelihoods: [{group: spikes}]}\ntraining: {iterations: 20, validation-interval: 5}\n");
        var trained = _line.Run("train", "@/noise.yaml", "-o", "@/noise", "--force", "--json");
        var outcome = JsonNode.Parse(trained.Output)!;
        Assert.Contains("no better than each channel being constant", trained.Error, StringComparison.Ordinal);
        Assert.True(-outcome["validation_loss"]!.GetValue<double>() <= outcome["validation_null_log_likelihood"]!.GetValue<double>());

        var evaluated = _line.Run("evaluate", "@/noise", "--data", "@/noise.h5", "--json");
        var scores = JsonNode.Parse(evaluated.Output)!;
        Assert.True(scores["groups"]!["spikes"]!["bits_per_spike"]!.GetValue<double>() > 0);
        Assert.True(scores["groups"]!["spikes"]!["in_sample"]!.GetValue<bool>());
        Assert.True(scores["no_better_than_constant"]!.GetValue<bool>());
        Assert.True(scores["elbo"]!.GetValue<double>() < scores["elbo_null_log_likelihood"]!.GetValue<double>());
        Assert.Contains("no better than each channel being constant", evaluated.Error, StringComparison.Ordinal);
        Assert.Contains("NO BETTER", _line.Must("evaluate", "@/noise", "--data", "@/noise.h5"), StringComparison.Ordinal);
    }

    private void Refused(string mentioned, params string[] arguments)
    {
        var before = _line.Contents();
        var outcome = _line.Run(arguments);
        Assert.True(outcome.ExitCode == 2, outcome.ToString());
        Assert.Contains(mentioned, outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error.Trim().Split('\n'));
        Assert.Equal(before, _line.Contents());
    }

    /// <summary>Poisson counts of constant rate, and a velocity that is noise too.</summary>
    private static Recording Noise(int trainBins)
    {
        var random = new CounterRandom(4, 5, 6);
        Trial Trial(int k, int bins)
        {
            var (spikes, velocity) = (new Table(bins, 4), new Table(bins, 1));
            foreach (ref var count in spikes.Values.AsSpan())
            {
                count = random.NextDouble() < 0.3 ? 1 : 0;
            }

            foreach (ref var value in velocity.Values.AsSpan())
            {
                value = random.NextDouble();
            }

            return new Trial
            {
                Name = $"trial-{k}",
                Bins = bins,
                Split = k == 0 ? TrialSplit.Train : k < 6 ? TrialSplit.Validation : TrialSplit.Test,
                Observations = [Observations.FromCounts(spikes), Observations.FromValues(velocity)],
            };
        }

        return new Recording
        {
            BinWidth = 0.01,
            Groups = [new ChannelGroup("spikes", ChannelKind.Counts, 4), new ChannelGroup("velocity", ChannelKind.Values, 1)],
            Trials = [.. Enumerable.Range(0, 11).Select(k => Trial(k, k == 0 ? trainBins : 40))],
        };
    }

    public sealed class Trained : IDisposable
    {
        public Trained()
        {
            RecordingFile.Write(Line["data.h5"], Noise(trainBins: 10));
            Line.Write("config.yaml", "data: data.h5\nmodel: {states: 2, inputs: 1, likelihoods: [{group: spikes}]}\ntraining: {iterations: 2}\n");
            Line.Must("train", "@/config.yaml", "-o", "@/run");
        }

        internal CommandLine Line { get; } = new();

        public void Dispose() => Line.Dispose();
    }
}
