using System.Text.Json.Nodes;
using IlqrVae.Data;
using IlqrVae.Evaluation;
using IlqrVae.Recordings;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Cli.Tests;

/// <summary>Every score of `evaluate` on tiny simulated recordings, against the definitions.</summary>
public sealed class Evaluations
{
    [Fact]
    public void Held_out_neurons_are_predicted_and_behaviour_is_decoded_from_rates()
    {
        using var line = Maze();
        var scores = Json(line, "evaluate", "@/run", "--data", "@/data.h5", "--hide", "held-out", "--decode", "velocity", "--json");
        Assert.True(scores["groups"]!["held-out"]!["hidden"]!.GetValue<bool>());
        Assert.False(scores["groups"]!["spikes"]!["hidden"]!.GetValue<bool>());
        foreach (var name in (string[])["rates", "rates.held-out"])
        {
            var truth = scores["truth"]![name]!;
            var (expected, best) = (Number(truth["expected_bits_per_spike"]), Number(truth["expected_bits_per_spike_of_truth"]));
            Assert.Equal(expected / best, Number(truth["share_of_truth"]), 1e-12);
            Assert.True(expected < best);
        }

        Assert.Equal(12, scores["truth"]!["rates"]!["r2_per_column"]!.AsArray().Count);
        Assert.Equal(4, scores["truth"]!["rates.held-out"]!["r2_per_column"]!.AsArray().Count);
        Assert.Equal(3, scores["psth"]!["spikes"]!["conditions"]!.GetValue<int>());
        Assert.InRange(Number(scores["psth"]!["held-out"]!["r2_of_true_rates"]), -5, 1);
        Assert.Equal("velocity", scores["decoding"]!["group"]!.GetValue<string>());
        Assert.Equal(2, scores["decoding"]!["r2_per_column"]!.AsArray().Count);
        Assert.InRange(Number(scores["decoding"]!["r2_from_true_rates"]), 0.6, 1);
    }

    [Fact]
    public void Baselines_and_chance_stand_beside_the_model()
    {
        using var line = Maze();
        string[] asked = ["evaluate", "@/run", "--data", "@/data.h5", "--hide", "held-out,velocity", "--baselines", "--shuffle"];
        Refused(line, ["velocity"], asked[4..]);
        asked[5] = "held-out";
        var scores = Json(line, [.. asked, "--json"]);
        var baselines = scores["baselines"]!["held-out"]!.AsObject();
        Assert.Equal(["constant", "psth", "poisson_regression", "factor_analysis", "linear_state_space"], baselines.Select(one => one.Key), StringComparer.Ordinal);
        Assert.Equal(0, Number(baselines["constant"]!["bits_per_spike_over_training_means"]), 1e-12);
        Assert.InRange(Number(baselines["poisson_regression"]!["bits_per_spike"]), -1, 1);
        Assert.True(Number(scores["shuffled"]!["held-out"]!["other_trial"]!["mean"]) <= Number(scores["shuffled"]!["held-out"]!["other_trial"]!["largest"]));
        Assert.Contains("bits per spike of held-out: smoothing + Poisson", line.Must(asked), StringComparison.Ordinal);
        Refused(line, ["--baselines", "--hide"], "--baselines");
        Refused(line, ["--baselines", "--forecast"], "--hide", "held-out", "--baselines", "--forecast", "3");
    }

    [Fact]
    public void Inputs_are_averaged_around_onsets_of_movement()
    {
        using var line = Maze();
        var onsets = Json(line, "evaluate", "@/run", "--data", "@/data.h5", "--onsets", "velocity", "--figures", "@/figures", "--json")["onsets"]!;
        Assert.InRange(onsets["count"]!.GetValue<int>(), 1, 100);
        var lags = onsets["seconds"]!.AsArray();
        Assert.Equal(-0.5, Number(lags[0]), 1e-9);
        Assert.Equal(1, Number(lags[^1]), 1e-9);
        var zero = lags.ToList().FindIndex(lag => Math.Abs(Number(lag)) < 1e-9);
        Assert.True(Number(onsets["speed"]![zero]) >= Number(onsets["threshold"]));
        Assert.True(Number(onsets["speed"]![zero - 1]) < Number(onsets["threshold"]));
        Assert.Equal(lags.Count, onsets["input_energy"]!.AsArray().Count);
        Assert.Equal(lags.Count, onsets["inputs"]!.AsArray().Count);
        Assert.True(File.Exists(line["figures/onsets.png"]));
        Assert.Equal(2, line.Run("evaluate", "@/run", "--data", "@/data.h5", "--onsets", "spikes").ExitCode);
        Assert.Equal(2, line.Run("evaluate", "@/run", "--data", "@/data.h5", "--onsets", "none").ExitCode);
    }

    [Fact]
    public void Figures_are_drawn_with_a_learning_curve_where_there_is_one()
    {
        using var line = Maze();
        line.Must("evaluate", "@/run", "--data", "@/data.h5", "--figures", "@/figures");
        Assert.Equal("found.png loss.png trial.png", Names("figures"));
        File.Copy(line["run/model.h5"], line["model.h5"]);
        line.Must("evaluate", "@/model.h5", "--data", "@/data.h5", "--figures", "@/alone");
        Assert.Equal("found.png trial.png", Names("alone"));
        Assert.Equal(2, line.Run("evaluate", "@/run", "--data", "@/data.h5", "--figures", "@/data.h5/x").ExitCode);

        string Names(string folder) => string.Join(" ", Directory.GetFiles(line[folder]).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Scores_do_not_depend_on_the_threads_nor_on_what_else_is_asked()
    {
        using var line = Maze();
        string[] everything = ["evaluate", "@/run", "--data", "@/data.h5", "--iwae", "20", "--horizon", "2,9", "--coverage", "--free-run", "50", "--energy-at", "3", "--json"];
        var (one, two) = (Json(line, [.. everything, "--threads", "1"]), Json(line, [.. everything, "--threads", "3"]));
        one["solver"] = two["solver"] = null;
        Assert.True(JsonNode.DeepEquals(one, two));
        var alone = Json(line, "evaluate", "@/run", "--data", "@/data.h5", "--iwae", "20", "--json");
        Assert.True(JsonNode.DeepEquals(alone["iwae"], two["iwae"]));
        Assert.True(JsonNode.DeepEquals(alone["elbo"], two["elbo"]));
        Assert.Null(alone["prediction"]);
        Assert.Null(alone["coverage"]);
        Assert.Null(alone["free_run"]);
        Assert.NotEmpty(line.Must([.. everything.SkipLast(1)]));
    }

    [Fact]
    public void Importance_weighted_bounds_are_reported_for_a_trial_and_for_an_entry()
    {
        using var line = Maze();
        var scores = Json(line, "evaluate", "@/run", "--data", "@/data.h5", "--iwae", "50", "--json");
        Assert.Equal(50, scores["iwae"]!["samples"]!.GetValue<int>());
        var entries = scores["observed_entries"]!.GetValue<long>();
        foreach (var posterior in (string[])["shared", "laplace"])
        {
            var found = scores["iwae"]![posterior]!;
            var trials = found["trials"]!.GetValue<int>();
            Assert.Equal(4, trials);
            foreach (var name in (string[])["elbo", "iwae", "gap"])
            {
                Assert.Equal(Number(found["per_trial"]![name]) * trials / entries, Number(found["per_entry"]![name]), 1e-9);
            }

            Assert.Equal(Number(found["per_trial"]!["iwae"]) - Number(found["per_trial"]!["elbo"]), Number(found["per_trial"]!["gap"]), 1e-9);
            Assert.True(Number(found["per_trial"]!["gap"]) > 0);
            Assert.InRange(Number(found["effective_samples"]), 1, 50);
        }

        // Of the same posterior as the ELBO that is always reported, by other draws.
        Assert.Equal(Number(scores["elbo"]), Number(scores["iwae"]!["shared"]!["per_entry"]!["elbo"]), 0.02);
    }

    [Fact]
    public void Predictions_are_scored_by_their_definition()
    {
        using var line = new CommandLine();
        line.Must("simulate", "lorenz", "-o", "@/data.h5", "--trials", "6", "--test-trials", "3", "--bins", "20");
        line.Write("config.yaml", "data: data.h5\nmodel: {states: 4, inputs: 2}\ntraining: {iterations: 15}\n");
        line.Must("train", "@/config.yaml", "-o", "@/run");
        var scores = Json(line, "evaluate", "@/run", "--data", "@/data.h5", "--horizon", "5,20", "--json")["prediction"]!.AsArray();
        Assert.Equal([5, 20], scores.Select(score => score!["bins"]!.GetValue<int>()));
        Assert.Equal(0.05, Number(scores[0]!["seconds"]), 1e-12);
        Assert.Null(scores[1]!["r2"]!["mean"]);

        var found = InferenceSession.Run(
            line["run"], line["data.h5"], RecordingFile.Read(line["data.h5"]), new InferenceRequest { Horizons = [5] }, interrupt: TestContext.Current.CancellationToken);
        var (residual, total) = (0.0, 0.0);
        for (var k = 0; k < 3; k++)
        {
            var truth = found.Trials[k].Truth["mean"];
            for (var c = 0; c < 3; c++)
            {
                var mean = Enumerable.Range(0, 20).Average(t => truth[t, c]);
                for (var t = 0; t + 5 < 20; t++)
                {
                    residual += Math.Pow(truth[t + 5, c] - found.Estimates[k].Predictions[0].Means[0][t, c], 2);
                    total += Math.Pow(truth[t + 5, c] - mean, 2);
                }
            }
        }

        Assert.Equal(1 - (residual / total), Number(scores[0]!["r2"]!["mean"]), 1e-9);
        Assert.True(Number(scores[0]!["r2"]!["states"]) <= 1);
    }

    [Fact]
    public void Autonomous_models_put_everything_into_the_initial_state_and_their_eigenvalues_are_compared()
    {
        using var line = new CommandLine();
        line.Must("simulate", "linear", "-o", "@/data.h5", "--states", "3", "--channels", "4", "--input-process", "none", "--trials", "8", "--test-trials", "4", "--bins", "20", "--spectral-radius", "0.9", "--rotations", "1");
        line.Write("config.yaml", "data: data.h5\nmodel: {states: 3, inputs: 0, dynamics: {kind: linear}, prior: {kind: gaussian}}\ntraining: {iterations: 40}\n");
        line.Must("train", "@/config.yaml", "-o", "@/run");
        line.Must("infer", "@/run", "--data", "@/data.h5", "-o", "@/posterior.h5", "--draws", "2");
        var scores = Json(line, "evaluate", "@/run", "--data", "@/data.h5", "--iwae", "10", "--coverage", "--free-run", "200", "--json");
        Assert.Equal(1, Number(scores["input_energy"]!["initial_state"]), 1e-12);
        Assert.Equal(1, Number(scores["input_energy"]!["initial_state_by_effect"]), 1e-12);
        var dynamics = scores["learned"]!["dynamics"]!;
        Assert.Equal(3, dynamics["eigenvalues"]!.AsArray().Count);
        var first = dynamics["true_eigenvalues"]![0]!;
        Assert.Equal(0.9, Math.Sqrt(Math.Pow(Number(first[0]), 2) + Math.Pow(Number(first[1]), 2)), 1e-9);
        Assert.InRange(Number(dynamics["largest_distance"]), 0, 1);

        // The exponent of a linear system is the logarithm of its spectral radius.
        var largest = dynamics["eigenvalues"]!.AsArray().Max(pair => Math.Sqrt(Math.Pow(Number(pair![0]), 2) + Math.Pow(Number(pair[1]), 2)));
        Assert.Equal(Math.Log(largest), Number(scores["free_run"]!["lyapunov_exponent_per_bin"]), 0.01);
        Assert.Equal(Number(scores["free_run"]!["lyapunov_exponent_per_bin"]) / 0.01, Number(scores["free_run"]!["lyapunov_exponent_per_second"]), 1e-9);
        Assert.Equal(3, scores["free_run"]!["states"]!.AsArray().Count);
        Assert.Null(scores["coverage"]!["laplace"]!["inputs"]);
        Assert.Equal(3, scores["coverage"]!["laplace"]!["mean"]!.AsArray().Count);
    }

    [Fact]
    public void Energy_of_inputs_is_given_at_named_bins_and_at_true_jumps()
    {
        using var line = new CommandLine();
        line.Must("simulate", "duffing", "-o", "@/data.h5", "--channels", "10", "--trials", "6", "--test-trials", "2", "--bins", "40");
        line.Write("config.yaml", "data: data.h5\nmodel: {states: 4, inputs: 2, prior: {degrees-of-freedom: 5}}\ntraining: {iterations: 10}\n");
        line.Must("train", "@/config.yaml", "-o", "@/run");
        var scores = Json(line, "evaluate", "@/run", "--data", "@/data.h5", "--energy-at", "19", "--energy-window", "1", "--coverage", "--json");

        // The jump of every trial leads from bin 19 to 20, which is where the named bin is.
        var energy = scores["input_energy"]!;
        Assert.True(JsonNode.DeepEquals(energy["at_bins"], energy["at_true_inputs"]));
        Assert.Equal(3.0 / 39, Number(energy["at_bins"]!["steps"]), 1e-12);
        Assert.InRange(Number(energy["at_bins"]!["energy"]), 0, 1 - Number(energy["initial_state"]));
        Assert.InRange(Number(energy["initial_state_by_effect"]), 0.01, 0.9999);
        Assert.True(Number(scores["learned"]!["prior"]!["degrees_of_freedom"]) > 2);
        Assert.Equal(2, scores["learned"]!["prior"]!["scale"]!.AsArray().Count);
        Assert.Null(scores["learned"]!["dynamics"]!["eigenvalues"]);
        Assert.Equal(3, scores["coverage"]!["shared"]!["inputs"]!.AsArray().Count);

        var refused = line.Run("evaluate", "@/run", "--data", "@/data.h5", "--energy-at", "19,40");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("--energy-at: there is no bin 40", refused.Error, StringComparison.Ordinal);

        // Without rare true inputs there is nothing to be near to.
        line.Must("simulate", "linear", "-o", "@/ar.h5", "--input-process", "autoregressive", "--input-coefficient", "0.5", "--trials", "2", "--bins", "10");
        line.Write("ar.yaml", "data: ar.h5\nmodel: {states: 3, inputs: 3, dynamics: {kind: linear}}\ntraining: {iterations: 2}\n");
        line.Must("train", "@/ar.yaml", "-o", "@/ar");
        Assert.Null(Json(line, "evaluate", "@/ar", "--data", "@/ar.h5", "--json")["input_energy"]!["at_true_inputs"]);
    }

    [Fact]
    public void The_end_of_trials_is_predicted_without_having_been_seen()
    {
        using var line = Maze();
        var scores = Json(line, "evaluate", "@/run", "--data", "@/data.h5", "--hide", "held-out", "--forecast", "10", "--json");
        var whole = Json(line, "evaluate", "@/run", "--data", "@/data.h5", "--json");
        Assert.Equal(10, scores["forecast"]!["bins"]!.GetValue<int>());
        Assert.Equal(4 * 40 * 12, scores["observed_entries"]!.GetValue<long>());
        Assert.Equal(4 * 50 * 16, whole["observed_entries"]!.GetValue<long>());
        Assert.True(double.IsFinite(Number(scores["forecast"]!["groups"]!["held-out"]!["bits_per_spike"])));

        // What is hidden has no say: other spikes there leave everything found the same, but the score of the forecast.
        var recording = RecordingFile.Read(line["data.h5"]);
        RecordingFile.Write(line["other.h5"], recording with { Trials = [.. recording.Trials.Select(trial => trial with { Observations = [.. trial.Observations.Select(OtherEnd)] })] });
        var other = Json(line, "evaluate", "@/run", "--data", "@/other.h5", "--hide", "held-out", "--forecast", "10", "--json");
        Assert.True(JsonNode.DeepEquals(scores["groups"], other["groups"]));
        Assert.True(JsonNode.DeepEquals(scores["truth"], other["truth"]));
        Assert.True(JsonNode.DeepEquals(scores["elbo"], other["elbo"]));
        Assert.False(JsonNode.DeepEquals(scores["forecast"], other["forecast"]));
        Assert.False(JsonNode.DeepEquals(scores["groups"], whole["groups"]));
        Refused(line, ["--forecast", "test-0000", "50"], "--forecast", "50");

        static Observations OtherEnd(Observations one)
        {
            var table = one.ToTable();
            table.Values.AsSpan(40 * one.Channels).Fill(1);
            return Observations.Of(one.AreCounts ? ChannelKind.Counts : ChannelKind.Values, table, one.ToMask());
        }
    }

    [Theory]
    [InlineData("20:30")]
    [InlineData("spikes:20:30")]
    [InlineData("spikes[2-4,9]:20:30")]
    [InlineData("45:100")]
    public void A_gap_is_predicted_as_if_it_had_been_marked_missing(string gap)
    {
        using var line = Maze();
        var recording = RecordingFile.Read(line["data.h5"]);
        var isPart = gap.Contains('[', StringComparison.Ordinal);
        bool IsHidden(int group, int bin, int channel) => bin >= (gap == "45:100" ? 45 : 20) && bin < (gap == "45:100" ? 50 : 30)
            && (gap[0] != 's' || recording.Groups[group].Name == "spikes") && (!isPart || channel is 2 or 3 or 4 or 9);
        RecordingFile.Write(line["missing.h5"], recording with
        {
            Trials = [.. recording.Trials.Select(trial => trial with { Observations = [.. trial.Observations.Select((one, g) => one.Hide((bin, channel) => IsHidden(g, bin, channel)))] })],
        });
        var scores = Json(line, "evaluate", "@/run", "--data", "@/data.h5", "--gap", gap, "--json");
        var missing = Json(line, "evaluate", "@/run", "--data", "@/missing.h5", "--json");
        foreach (var name in (string[])["observed_entries", "elbo", "log_evidence", "null_log_likelihood", "elbo_null_log_likelihood", "groups", "truth"])
        {
            Assert.True(JsonNode.DeepEquals(missing[name], scores[name]), name);
        }

        Assert.Null(missing["gap"]);
        Assert.Equal([gap], scores["gap"]!["hidden"]!.AsArray().Select(one => one!.GetValue<string>()), StringComparer.Ordinal);
        Assert.Equal(gap[0] == 's' ? ["spikes"] : ["spikes", "held-out"], scores["gap"]!["groups"]!.AsObject().Select(pair => pair.Key), StringComparer.Ordinal);
        var found = InferenceSession.Run(line["run"], "missing.h5", RecordingFile.Read(line["missing.h5"]), new InferenceRequest(), interrupt: TestContext.Current.CancellationToken);
        foreach (var (name, of) in scores["gap"]!["groups"]!.AsObject())
        {
            var (g, index) = (name == "spikes" ? 0 : 1, recording.IndexOfGroup(name));
            var tests = recording.TrialsOf(TrialSplit.Test);
            var expected = found.Estimates.Select(estimate => Scaled(estimate.Means[g], recording.BinWidth)).ToList();
            var masks = tests.Select(trial => (bool[]?)[.. Enumerable.Range(0, trial.Bins * expected[0].Columns)
                .Select(i => IsHidden(index, i / expected[0].Columns, i % expected[0].Columns))]).ToList();
            Assert.Equal(Metrics.BitsPerSpike(expected, [.. tests.Select(trial => trial.Observations[index].ToTable())], masks), Number(of!["bits_per_spike"]), 1e-12);
            var rates = Metrics.R2PerColumn([.. tests.Select(trial => Scaled(trial.Truth[g == 0 ? "rates" : "rates.held-out"], recording.BinWidth))], expected, masks);
            Assert.Equal(rates.Where(double.IsFinite).Average(), Number(of["r2_of_truth"]), 1e-12);
            Assert.False(of["in_sample"]!.GetValue<bool>());
            Assert.Equal(isPart ? 4 : expected[0].Columns, rates.Count(double.IsFinite));
        }

        Assert.Contains($"{gap} hidden", line.Must("evaluate", "@/run", "--data", "@/data.h5", "--gap", gap), StringComparison.Ordinal);

        static Table Scaled(Table rates, double width) => new(rates.Bins, rates.Columns, Array.ConvertAll(rates.Values, rate => rate * width));
    }

    [Fact]
    public void Gaps_stand_beside_forecasts_hidden_groups_and_coverage()
    {
        using var line = Maze();
        string[] asked = ["evaluate", "@/run", "--data", "@/data.h5", "--hide", "held-out", "--forecast", "10", "--coverage", "--json"];
        var (scores, without) = (Json(line, [.. asked, "--gap", "10:15", "--gap", "spikes[0]:38:45"]), Json(line, asked));
        Assert.Equal((4 * 35 * 12) - (4 * 2), scores["observed_entries"]!.GetValue<long>());
        Assert.Equal(["spikes", "held-out"], scores["gap"]!["groups"]!.AsObject().Select(pair => pair.Key), StringComparer.Ordinal);
        Assert.Equal(["spikes", "held-out"], scores["forecast"]!["groups"]!.AsObject().Select(pair => pair.Key), StringComparer.Ordinal);

        // Of each entry one reason is counted: bins 38 and 39 are in the gap of one channel, what follows is forecast.
        long Entries(JsonNode of, string why, string group) => of["coverage"]![why]![group]!["entries"]!.GetValue<long>();
        Assert.Equal(4 * ((5 * 12) + 2), Entries(scores, "gap", "spikes"));
        Assert.Equal(4 * 5 * 4, Entries(scores, "gap", "held-out"));
        Assert.Equal(4 * 10 * 12, Entries(scores, "forecast", "spikes"));
        Assert.Equal(Entries(without, "forecast", "held-out"), Entries(scores, "forecast", "held-out"));
        Assert.Equal(Entries(without, "hidden", "held-out") - Entries(scores, "gap", "held-out"), Entries(scores, "hidden", "held-out"));
        Assert.Null(without["coverage"]!["gap"]);
    }

    [Fact]
    public void Gaps_that_are_none_are_refused_in_one_line()
    {
        using var line = Maze();
        foreach (var text in (string[])["40", "40:", ":60", "a:60", "40:b", "-4:60", "4.5:60", ":40:60", "40-60", "spikes:40"])
        {
            Refused(line, ["--gap", $"'{text}'", "40:60"], $"--gap={text}");
        }

        Refused(line, ["--gap", "ends before it starts"], "--gap", "60:40");
        Refused(line, ["--gap", "ends before it starts"], "--gap", "40:40");
        Refused(line, ["--gap none:4:6", "'none'", "'spikes'", "'held-out'"], "--gap", "none:4:6");
        Refused(line, ["'velocity'", "'spikes'"], "--gap", "velocity:4:6");
        Refused(line, ["--gap spikes[0-12]:4:6", "no channel 12", "has 12"], "--gap", "spikes[0-12]:4:6");
        foreach (var channels in (string[])["", "x", "3-1", "1-2-3", "0,", "-1"])
        {
            Refused(line, ["--gap", "[0-9]", $"spikes[{channels}]:4:6"], "--gap", $"spikes[{channels}]:4:6");
        }

        Refused(line, ["no bin 50", "has 50"], "--gap", "50:60");
        Refused(line, ["held-out", "--hide"], "--gap", "held-out:4:6", "--hide", "held-out");
        Refused(line, ["--baselines", "--gap"], "--hide", "held-out", "--baselines", "--gap", "4:6");
        line.Must("evaluate", "@/run", "--data", "@/data.h5", "--gap", "49:50", "--gap", "spikes[11]:0:1");
        line.Must("evaluate", "@/run", "--data", "@/data.h5", "--gap", "0:50");
    }

    [Fact]
    public void Coverage_counts_the_true_rates_inside_intervals_of_the_posterior()
    {
        using var line = Maze();
        var scores = Json(line, "evaluate", "@/run", "--data", "@/data.h5", "--coverage", "--json")["coverage"]!;
        Assert.Equal([0.5, 0.9, 0.95], scores["levels"]!.AsArray().Select(Number));
        foreach (var posterior in (string[])["laplace", "shared"])
        {
            foreach (var name in (string[])["rates", "rates.held-out", "inputs"])
            {
                var shares = scores[posterior]![name]!.AsArray().Select(Number).ToArray();
                Assert.Equal(IntervalCoverage.Levels.Count, shares.Length);
                Assert.True(shares[0] <= shares[1] && shares[1] <= shares[2] && shares[2] <= 1 && shares[0] >= 0);
            }
        }
    }

    [Fact]
    public void What_cannot_be_scored_is_refused_in_one_line()
    {
        using var line = Maze();
        Refused(line, ["velocities", "'velocity'"], "--decode", "velocities");
        Refused(line, ["held-out", "counts"], "--decode", "held-out");
        line.Write("seen.yaml", "data: data.h5\nmodel: {states: 3, inputs: 1}\ntraining: {iterations: 1}\n");
        line.Must("train", "@/seen.yaml", "-o", "@/run", "--force");
        Refused(line, ["velocity", "--hide velocity"], "--decode", "velocity");
        line.Write("behaviour.yaml", "data: data.h5\nmodel: {states: 3, inputs: 1, likelihoods: [{group: velocity}]}\ntraining: {iterations: 1}\n");
        line.Must("train", "@/behaviour.yaml", "-o", "@/run", "--force");
        Refused(line, ["no rates"], "--hide", "velocity", "--decode", "velocity");

        RecordingFile.Write(line["data.h5"], new Recording
        {
            BinWidth = 0.01,
            Groups = [new ChannelGroup("spikes", ChannelKind.Counts, 3)],
            ExternalNames = ["light"],
            Trials = [new Trial { Name = "one", Bins = 4, Observations = [Observations.FromCounts(new Table(4, 3))], External = new Table(4, 1) }],
        });
        line.Write("light.yaml", "data: data.h5\nmodel: {states: 3, inputs: 1}\ntraining: {iterations: 1}\n");
        line.Must("train", "@/light.yaml", "-o", "@/run", "--force");
        Refused(line, ["--free-run", "external"], "--free-run", "10");
    }

    /// <summary>A run of a small population of delayed reaches that explains its spikes and not its velocity.</summary>
    private static CommandLine Maze()
    {
        var line = new CommandLine();
        line.Must(
            "simulate", "maze", "-o", "@/data.h5", "--trials", "12", "--test-trials", "4", "--validation-trials", "0", "--bins", "50", "--channels", "16",
            "--conditions", "3", "--bin-width", "0.01", "--seed", "2");
        line.Write("config.yaml", "data: data.h5\nmodel: {states: 5, inputs: 2, likelihoods: [{group: spikes}, {group: held-out}]}\ntraining: {iterations: 12}\n");
        line.Must("train", "@/config.yaml", "-o", "@/run");
        return line;
    }

    private static void Refused(CommandLine line, string[] mentioned, params string[] options)
    {
        var outcome = line.Run(["evaluate", "@/run", "--data", "@/data.h5", .. options]);
        Assert.Equal(2, outcome.ExitCode);
        Assert.Empty(outcome.Output);
        Assert.Single(outcome.Error.Trim().Split('\n'));
        Assert.All(mentioned, word => Assert.Contains(word, outcome.Error, StringComparison.Ordinal));
    }

    private static JsonNode Json(CommandLine line, params string[] arguments) => JsonNode.Parse(line.Must(arguments))!;

    private static double Number(JsonNode? node) => node!.GetValue<double>();
}
