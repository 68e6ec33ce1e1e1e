using System.Text.Json.Nodes;
using IlqrVae.Data;
using IlqrVae.Runs.Files;

namespace IlqrVae.Cli.Tests;

/// <summary>Several sessions through the command line: joined, learned together, and a new one by what was learned.</summary>
public sealed class Sessions
{
    private const string Configuration =
        """
        data: joined.h5
        model: {states: 4, inputs: 2}
        training: {iterations: 6, batch: 6, validation-interval: 3, threads: 1}
        """;

    [Fact]
    public void Frozen_parts_keep_their_bits_through_training_and_resuming_and_others_are_learned()
    {
        using var line = Prepared();
        line.Must("train", "@/config.yaml", "-o", "@/run");
        line.Must("join", "@/c.h5", "-o", "@/new.h5", "--sessions", "c", "--shared", "velocity");
        Assert.Equal(130, line.Run(Train("third", "--stop-after", "4")).ExitCode);
        line.Must("train", "@/third/config.yaml", "--resume");
        line.Must(Train("at-once"));
        Assert.Contains("freeze: [\"dynamics\", \"prior\", \"initial\", \"likelihood:velocity\"]", File.ReadAllText(line["third/config.yaml"]), StringComparison.Ordinal);
        Assert.Contains("start-from: \"../run\"", File.ReadAllText(line["third/config.yaml"]), StringComparison.Ordinal);

        var (before, after, atOnce) = (Values(line["run"]), Values(line["third"]), Values(line["at-once"]));
        foreach (var (name, values) in after)
        {
            Assert.Equal(atOnce[name], values);
            if (name.StartsWith("dynamics.", StringComparison.Ordinal) || name.StartsWith("prior.", StringComparison.Ordinal) || name.StartsWith("initial.", StringComparison.Ordinal))
            {
                Assert.Equal(before[name], values);
            }
            else if (name.StartsWith("likelihood.velocity.", StringComparison.Ordinal))
            {
                // The same values in the units of other data, to rounding.
                Assert.All(before[name].Zip(values), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
            }
            else if (before.TryGetValue(name, out var old))
            {
                Assert.NotEqual(old, values);
            }
        }

        Assert.DoesNotContain(after.Keys, name => name.Contains("@a", StringComparison.Ordinal));
        string[] Train(string run, params string[] more) =>
            ["train", "@/config.yaml", "-o", "@/" + run, "--data", "@/new.h5", "--from", "@/run", "--freeze", "dynamics,prior,initial,likelihood:velocity", .. more];
    }

    [Fact]
    public void A_dataset_of_one_session_needs_none_of_the_others()
    {
        using var line = Prepared();
        line.Must("train", "@/config.yaml", "-o", "@/run");
        line.Must("join", "@/b.h5", "-o", "@/one.h5", "--sessions", "b", "--shared", "velocity");
        var outcome = line.Run("infer", "@/run", "--data", "@/one.h5", "-o", "@/posterior.h5", "--hide", "velocity");
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Contains("nothing was recorded in the model's session 'a'", outcome.Error, StringComparison.Ordinal);

        // The same as in the joined recording.
        line.Must("infer", "@/run", "--data", "@/joined.h5", "-o", "@/all.h5", "--hide", "velocity");
        using var one = Hdf5Archive.Open(line["posterior.h5"]);
        using var all = Hdf5Archive.Open(line["all.h5"]);
        var states = one.ReadDoubles("states/mean", -1, 4).Values;
        Assert.Equal(states, all.ReadDoubles("states/mean", -1, 4).Values[^states.Length..]);
        Assert.Equal(one.ShapeOf("channels/spikes@a/mean")[0], one.ShapeOf("channels/spikes@b/mean")[0]);

        // Of a session the whole is needed, and something of the model at least.
        line.Must("join", "@/c.h5", "-o", "@/other.h5", "--sessions", "c");
        Assert.Equal(2, line.Run("infer", "@/run", "--data", "@/other.h5", "-o", "@/none.h5").ExitCode);
        var scores = JsonNode.Parse(line.Must("evaluate", "@/run", "--data", "@/one.h5", "--hide", "velocity", "--json"))!;
        Assert.NotNull(scores["groups"]!["spikes@b"]);
        Assert.Null(scores["groups"]!["spikes@a"]);
    }

    [Fact]
    public void What_cannot_be_started_from_is_refused_in_one_line()
    {
        using var line = Prepared();
        line.Must("train", "@/config.yaml", "-o", "@/run");
        Refuses("no such run", "--from", "@/none");
        Refuses("freeze names 'dynamic'", "--freeze", "dynamic");
        Refuses("freeze names 'likelihood:other'", "--freeze", "likelihood:other");
        line.Write("larger.yaml", Configuration.Replace("states: 4", "states: 5", StringComparison.Ordinal));
        RefusesOf("larger.yaml", "4 states and 2 inputs where the configuration has 5 and 2", "--from", "@/run");
        line.Write("linear.yaml", Configuration.Replace("inputs: 2", "inputs: 2, dynamics: {kind: linear}", StringComparison.Ordinal));
        RefusesOf("linear.yaml", "'kind: mini-gru' in its dynamics", "--from", "@/run");
        line.Must("join", "@/c.h5", "-o", "@/swapped.h5", "--sessions", "a", "--shared", "velocity");
        Refuses("group 'spikes@a' has 5 channels there and 7 here", "--from", "@/run", "--data", "@/swapped.h5");
        line.Write("aligned.yaml", Configuration.Replace("threads: 1", "threads: 1, alignment: behaviour", StringComparison.Ordinal));
        RefusesOf("aligned.yaml", "alignment is 'behaviour'", "--data", "@/a.h5");
        Assert.False(Directory.Exists(line["refused"]));

        void Refuses(string why, params string[] options) => RefusesOf("config.yaml", why, options);

        void RefusesOf(string configuration, string why, params string[] options)
        {
            var outcome = line.Run(["train", "@/" + configuration, "-o", "@/refused", .. options]);
            Assert.Equal(2, outcome.ExitCode);
            Assert.Contains(why, outcome.Error, StringComparison.Ordinal);
            Assert.Single(outcome.Error.Trim().Split('\n'));
        }
    }

    [Fact]
    public void Joining_says_what_does_not_fit()
    {
        using var line = Prepared();
        foreach (var (why, words) in (IEnumerable<(string, string[])>)
        [
            ("1 names for 2 files", ["@/a.h5", "@/b.h5", "--sessions", "a"]),
            ("no session has a channel group 'hand'", ["@/a.h5", "@/b.h5", "--shared", "hand"]),
            ("two sessions are called 'a'", ["@/a.h5", "@/a.h5"]),
        ])
        {
            var outcome = line.Run(["join", .. words, "-o", "@/refused.h5"]);
            Assert.Equal(2, outcome.ExitCode);
            Assert.Contains(why, outcome.Error, StringComparison.Ordinal);
        }

        Assert.False(File.Exists(line["refused.h5"]));
    }

    [Fact]
    public void Aligned_readouts_start_where_channels_follow_the_shared_behaviour()
    {
        using var line = Prepared();
        line.Must("train", "@/config.yaml", "-o", "@/run", "--iterations", "1");
        line.Write("none.yaml", Configuration.Replace("threads: 1", "threads: 1, alignment: none", StringComparison.Ordinal));
        line.Must("train", "@/none.yaml", "-o", "@/none", "--iterations", "1");
        var (aligned, random) = (Values(line["run"])["likelihood.velocity.C"], Values(line["none"])["likelihood.velocity.C"]);

        // Velocity reads its own two coordinates of the state, and nearly nothing of the other's.
        Assert.True(Math.Abs(aligned[0]) > 4 * Math.Abs(aligned[1]) && Math.Abs(aligned[5]) > 4 * Math.Abs(aligned[4]));
        Assert.NotEqual(aligned, random);
        Assert.Contains("aligned by shared behaviour", File.ReadAllText(line["run/log.txt"]), StringComparison.Ordinal);
        Assert.DoesNotContain("aligned by shared behaviour", File.ReadAllText(line["none/log.txt"]), StringComparison.Ordinal);
    }

    private static Dictionary<string, double[]> Values(string run)
    {
        using var archive = Hdf5Archive.Open(new RunFolder(run).Model);
        return ModelFile.Parameters(archive).ToDictionary(one => one.Name, one => archive.ReadDoubles($"values/{one.Name}", one.Rows, one.Columns).Values, StringComparer.Ordinal);
    }

    /// <summary>Sessions a, b and c with 5, 6 and 7 neurons and the velocity of a hand; the first two joined.</summary>
    private static CommandLine Prepared()
    {
        var line = new CommandLine();
        foreach (var (name, neurons) in (IEnumerable<(string, string)>)[("a", "5"), ("b", "6"), ("c", "7")])
        {
            line.Must(
                "simulate", "maze", "-o", $"@/{name}.h5", "--channels", neurons, "--held-out", "0", "--trials", "8", "--validation-trials", "2", "--test-trials", "2",
                "--bins", "60", "--conditions", "4", "--seed", neurons);
        }

        line.Must("join", "@/a.h5", "@/b.h5", "-o", "@/joined.h5", "--shared", "velocity");
        line.Write("config.yaml", Configuration);
        return line;
    }
}
